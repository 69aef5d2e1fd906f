"""The library's sign-in forms with Japanese labels."""

from typing import Any

from flask_security.forms import ChangePasswordForm, LoginForm, TwoFactorVerifyCodeForm, VerifyForm

LABELS = {
    "email": "メールアドレス",
    "password": "パスワード",
    "new_password": "新しいパスワード",
    "new_password_confirm": "新しいパスワード（確認）",
    "code": "認証コード",
}


class Labelled:
    """Gives each field its Japanese label."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name, words in LABELS.items():
            if hasattr(self, name):
                getattr(self, name).label.text = words


class SignInForm(Labelled, LoginForm):
    pass


class AgainForm(Labelled, VerifyForm):
    pass


class PasswordForm(Labelled, ChangePasswordForm):
    pass


class CodeForm(Labelled, TwoFactorVerifyCodeForm):
    pass
