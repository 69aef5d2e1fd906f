"""Who is this? Officers by Flask-Security (Argon2id, TOTP), applicants by link and code."""

from datetime import timedelta
from typing import Any

from flask import Flask, Response, g, request, session
from flask_login import user_logged_out
from flask_security import Security, SQLAlchemyUserDatastore
from flask_security.signals import password_changed, tf_profile_changed, user_authenticated
from flask_security.totp import Totp
from flask_security.utils import hash_password
from sqlalchemy import or_, select

from jcanweb import audit, clock
from jcanweb.database import db
from jcanweb.events import Event, Subject
from jcanweb.forms.sign_in import AgainForm, CodeForm, PasswordForm, SignInForm
from jcanweb.models import Custodian, Officer, OfficerRole, Person
from jcanweb.web import limiter

TRIED = (
    "security.login",
    "security.verify",
    "security.change_password",
    "security.two_factor_token_validation",
)
"""where a password or a code is tried"""

_ERRORS = {
    "GENERIC_AUTHN_FAILED": "メールアドレスまたはパスワードが違います。",
    "INVALID_PASSWORD": "パスワードが違います。",
    "INVALID_PASSWORD_CODE": "パスワードが違います。",
    "PASSWORD_NOT_PROVIDED": "パスワードを入力してください。",
    "EMAIL_NOT_PROVIDED": "メールアドレスを入力してください。",
    "INVALID_EMAIL_ADDRESS": "メールアドレスの形を確認してください。",
    "PASSWORD_INVALID_LENGTH": "パスワードは%(length)s文字以上にしてください。",
    "RETYPE_PASSWORD_MISMATCH": "確認用のパスワードが一致しません。",
    "PASSWORD_IS_THE_SAME": "今のパスワードと違うものにしてください。",
    "PASSWORD_TOO_SIMPLE": "推測されやすいパスワードです。もっと長いものにしてください。",
    "TWO_FACTOR_INVALID_TOKEN": "認証コードが違います。アプリに表示されている6桁の数字を入力してください。",
    "TWO_FACTOR_PERMISSION_DENIED": "この操作の前に、もう一度サインインしてください。",
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": "認証方法を選んでください。",
    "TWO_FACTOR_SETUP_EXPIRED": "設定の時間が過ぎました。もう一度はじめから設定してください。",
    "REAUTHENTICATION_REQUIRED": "大切な操作の前に、もう一度本人確認をしてください。",
    "UNAUTHENTICATED": "サインインしてください。",
    "LOGIN": "サインインしてください。",
    "REFRESH": "もう一度サインインしてください。",
    "DISABLED_ACCOUNT": "メールアドレスまたはパスワードが違います。",
}
_SAID = {
    "PASSWORD_CHANGE": "パスワードを変更しました。",
    "REAUTHENTICATION_SUCCESSFUL": "本人確認ができました。",
    "TWO_FACTOR_LOGIN_SUCCESSFUL": "認証コードを確認しました。",
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": "認証アプリを登録しました。",
    "TWO_FACTOR_DISABLED": "認証アプリの登録を外しました。",
}


class Datastore(SQLAlchemyUserDatastore):
    """Flushes where the library would commit: the request's own transaction decides."""

    def commit(self) -> None:
        db.session.flush()


class SingleUseTotp(Totp):
    """Remembers the counter of the last code accepted, so that one code works once."""

    def get_last_counter(self, user: Any) -> Any:
        return user.totp_counter

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        user.totp_counter = tmatch.counter


def init_app(app: Flask) -> None:
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of a hash
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SINGLE_HASH=True,
        SECURITY_PASSWORD_LENGTH_MIN=15,  # ASVS 6.2.1
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_TWO_FACTOR=True,
        SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
        SECURITY_TWO_FACTOR_RESCUE_EMAIL=False,
        SECURITY_TOTP_ISSUER="jcanweb",
        SECURITY_FRESHNESS=timedelta(minutes=app.config["FRESH_SIGN_IN_MINUTES"]),
        SECURITY_FRESHNESS_GRACE_PERIOD=timedelta(0),
        SECURITY_POST_LOGIN_VIEW="/desk",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_POST_CHANGE_VIEW="/desk",
        SECURITY_POST_VERIFY_VIEW="/desk",
        SECURITY_TWO_FACTOR_POST_SETUP_VIEW="/desk",
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_REDIRECT_BEHAVIOR=None,
        **{f"SECURITY_MSG_{name}": (words, "error") for name, words in _ERRORS.items()},
        **{f"SECURITY_MSG_{name}": (words, "success") for name, words in _SAID.items()},
    )
    Security(app, Datastore(db, Officer, OfficerRole), totp_cls=SingleUseTotp, login_form=SignInForm,
             verify_form=AgainForm, change_password_form=PasswordForm, two_factor_verify_code_form=CodeForm)  # fmt: skip
    for endpoint in TRIED:
        by_account = limiter.limit("10 per 5 minutes", key_func=_account, methods=["POST"])
        by_address = limiter.limit("30 per 5 minutes", methods=["POST"])
        view: Any = app.view_functions[endpoint]
        app.view_functions[endpoint] = by_address(by_account(view))
    app.before_request(identify)
    app.after_request(notice_authentication)
    app.after_request(notice_refusal)
    user_authenticated.connect(_signed_in, app)
    user_logged_out.connect(_signed_out, app)
    password_changed.connect(_password_changed, app)
    tf_profile_changed.connect(_totp_enrolled, app)


def identify() -> None:
    """Fill g.officer, g.custodian and g.person for this request."""
    from flask_login import current_user

    officer: Any = current_user
    g.officer = officer._get_current_object() if officer.is_authenticated else None
    g.person = g.custodian = None
    if g.officer is not None:
        g.custodian = db.session.scalar(
            select(Custodian).where(Custodian.officer_id == g.officer.id, Custodian.released_at.is_(None))
        )
    elif "person" in session:
        g.person = db.session.get(Person, session["person"])


def notice_authentication(response: Response) -> Response:
    """Stamp by our own clock when the library has just seen the password (sign-in, or again)."""
    if session.get("fs_paa") != session.get("authenticated"):
        session["authenticated"], session["fresh_at"] = session.get("fs_paa"), clock.now().timestamp()
    return response


def notice_refusal(response: Response) -> Response:
    """A sign-in the library refused by showing its form again: recorded, and answered as a refusal (422)."""
    if request.endpoint in TRIED and request.method == "POST" and response.status_code == 200:
        named = or_(Officer.email == _account(), Officer.fs_uniquifier == _account())
        tried = g.officer or db.session.scalar(select(Officer).where(named))
        audit.refuse(Event.OFFICER_SIGNED_IN, Subject.OFFICER, tried.id if tried else "unknown", by=g.officer,
                     reason=str(request.endpoint).removeprefix("security."))  # fmt: skip
        response.status_code = 422
    return response


def _account() -> str:
    """Whose secret is tried: the officer of the session, or the address as typed."""
    from flask_login import current_user

    known = getattr(current_user, "email", None) or request.form.get("email", "")
    return str(known or session.get("tf_user_id", "")).strip().lower()[:254]


def hash_of(password: str) -> str:
    """Argon2id, for a new officer's own password or a one-time one."""
    return str(hash_password(password))


def _signed_in(app: Flask, user: Officer, authn_via: Any = (), **_: Any) -> None:
    session.pop("person", None)
    session["officer"] = user.id
    user.signed_in_at = clock.now()
    audit.record(
        Event.OFFICER_SIGNED_IN, Subject.OFFICER, user.id, by=user, methods=sorted(authn_via or ["password"])
    )


def _signed_out(app: Flask, user: Any, **_: Any) -> None:
    session.clear()
    if isinstance(getattr(user, "id", None), int):
        audit.record(Event.OFFICER_SIGNED_OUT, Subject.OFFICER, user.id, by=f"officer:{user.id}")


def _password_changed(app: Flask, user: Officer, **_: Any) -> None:
    user.password_changed_at = clock.now()
    audit.record(Event.OFFICER_PASSWORD_CHANGED, Subject.OFFICER, user.id, by=user)


def _totp_enrolled(app: Flask, user: Officer, **_: Any) -> None:
    audit.record(Event.OFFICER_TOTP_ENROLLED, Subject.OFFICER, user.id, by=user)
