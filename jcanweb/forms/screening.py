"""Forms of screening: a verdict on one field, the reason for returning or rejecting."""

from typing import Any

from wtforms import HiddenField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, ValidationError

from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import Rule
from jcanweb.names import check_words
from jcanweb.vocabulary import Verdict


def _reason(what: str) -> TextAreaField:
    return TextAreaField(
        what,
        [DataRequired(f"{what}を入力してください。"), Rule(lambda typed: check_words(typed, what))],
    )


class CheckForm(VersionForm):
    """One for each field of the table; the two buttons carry the verdict."""

    verdict = HiddenField(
        validators=[AnyOf([*Verdict], message="「適合」か「不適合」のボタンを押してください。")]
    )
    comment = TextAreaField("コメント", [Rule(lambda typed: check_words(typed, "コメント"))])

    def validate_comment(self, field: Any) -> None:
        if self.verdict.data == Verdict.FAIL and not (field.data or "").strip():
            raise ValidationError("不適合とするときは、申請者が直せるように理由を入力してください。")


class ReturnForm(VersionForm):
    reason = _reason("差戻しの理由")


class RejectForm(VersionForm):
    reason = _reason("却下の理由")
