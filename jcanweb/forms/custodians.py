"""Forms about the custodians of the keys."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, TextAreaField
from wtforms.validators import EqualTo, InputRequired, Length

from jcanweb.forms.rules import choice_field, options_of
from jcanweb.models import Officer
from jcanweb.vocabulary import CustodianGroup


class AppointForm(FlaskForm):
    officer = SelectField("担当者", [InputRequired("担当者を選んでください。")], validate_choice=False)
    group = choice_field("区分", CustodianGroup)

    def offer(self, eligible: list[Officer]) -> "AppointForm":
        """These officers to choose from; others are refused by the service."""
        self.officer.choices = options_of(
            [("", "選んでください")] + [(str(one.id), one.name) for one in eligible]
        )
        return self


class ReleaseForm(FlaskForm):
    sure = BooleanField(
        "影響を確認しました。解任します。", [InputRequired("影響を確認し、チェックを付けてください。")]
    )


class PublicKeyForm(FlaskForm):
    public_key = TextAreaField(
        "公開鍵",
        [InputRequired("公開鍵を貼り付けてください。"), Length(max=2000, message="公開鍵として長すぎます。")],
    )


class PassphraseForm(FlaskForm):
    passphrase = PasswordField(
        "合言葉",
        [
            InputRequired("合言葉を入力してください。"),
            Length(min=15, max=128, message="合言葉は15文字以上128文字以内にしてください。"),
        ],
    )
    again = PasswordField("合言葉（確認）", [EqualTo("passphrase", "確認用の合言葉が一致しません。")])
