"""Forms of screening: a verdict on one field, a reason for returning or rejecting."""

from typing import Any

from wtforms import TextAreaField
from wtforms.validators import DataRequired, ValidationError

from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import Rule, choice_field
from jcanweb.names import check_words
from jcanweb.vocabulary import Verdict


class CheckForm(VersionForm):
    verdict = choice_field("判定", Verdict)
    comment = TextAreaField("コメント", [Rule(lambda typed: check_words(typed, "コメント"))])

    def validate_comment(self, field: Any) -> None:
        if self.verdict.data == Verdict.FAIL and not (field.data or "").strip():
            raise ValidationError("不適合とするときは、申請者が直せるように理由を入力してください。")


class ReturnForm(VersionForm):
    reason = TextAreaField(
        "差戻しの理由",
        [
            DataRequired("差戻しの理由を入力してください。"),
            Rule(lambda typed: check_words(typed, "差戻しの理由")),
        ],
    )


class RejectForm(VersionForm):
    reason = TextAreaField(
        "却下の理由",
        [
            DataRequired("却下の理由を入力してください。"),
            Rule(lambda typed: check_words(typed, "却下の理由")),
        ],
    )
