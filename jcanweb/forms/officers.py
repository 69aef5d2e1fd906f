"""Forms about officers."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, SelectMultipleField, StringField
from wtforms.validators import EqualTo, InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from jcanweb import labels
from jcanweb.forms.rules import options_of
from jcanweb.roles import Role


def whole_number(typed: object) -> int:
    """What the page showed as its version; anything else counts as a page that is too old."""
    digits = str(typed)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


class VersionForm(FlaskForm):
    version = HiddenField(filters=[whole_number])


class JoinForm(FlaskForm):
    name = StringField(
        "氏名",
        [InputRequired("氏名を入力してください。"), Length(max=100, message="氏名は100文字以内です。")],
    )
    email = StringField(
        "メールアドレス",
        [
            InputRequired("メールアドレスを入力してください。"),
            Length(max=254, message="メールアドレスが長すぎます。"),
        ],
    )
    password = PasswordField(
        "パスワード",
        [
            InputRequired("パスワードを入力してください。"),
            Length(min=15, max=128, message="パスワードは15文字以上128文字以内にしてください。"),
        ],
    )
    again = PasswordField("パスワード（確認）", [EqualTo("password", "確認用のパスワードが一致しません。")])


class RolesField(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def roles_field() -> RolesField:
    return RolesField("役割", choices=options_of(labels.choices(Role)))


class InviteForm(FlaskForm):
    name = StringField(
        "氏名",
        [InputRequired("氏名を入力してください。"), Length(max=100, message="氏名は100文字以内です。")],
    )
    email = StringField(
        "メールアドレス",
        [
            InputRequired("メールアドレスを入力してください。"),
            Length(max=254, message="メールアドレスが長すぎます。"),
        ],
    )
    roles = roles_field()


class RolesForm(VersionForm):
    roles = roles_field()
