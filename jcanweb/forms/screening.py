"""Forms of screening: a verdict on one field, the second entry, the reason for returning or rejecting."""

from typing import Any

from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, ValidationError

from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import Rule
from jcanweb.names import check_words
from jcanweb.vocabulary import CheckedField, PaperPoint, Verdict


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

    @property
    def matched(self) -> frozenset[PaperPoint]:
        """What of the paper was ticked as the same."""
        return frozenset()


class PaperCheckForm(CheckForm):
    """The 印鑑証明書: what is compared is ticked, point by point."""

    corporation_name = BooleanField("法人名が登録と同じ")
    representative = BooleanField("代表者が登録と同じ")
    issued_on = BooleanField("発行日が入力と同じ")

    @property
    def matched(self) -> frozenset[PaperPoint]:
        return frozenset(point for point in PaperPoint if self[point.value].data)


def check_form(field: CheckedField, **given: Any) -> CheckForm:
    """The form of this line of the table."""
    kind = PaperCheckForm if field is CheckedField.SEAL_CERTIFICATE else CheckForm
    return kind(prefix=f"{field}-", **given)


class EntryForm(VersionForm):
    """OU2 and CN as the approver reads them from the evidence."""

    organization_unit = StringField("OU2（組織名・英字）", [DataRequired("OU2を入力してください。")])
    common_name = StringField("CN（利用者名・英字）", [DataRequired("CNを入力してください。")])


class ReturnForm(VersionForm):
    reason = _reason("差戻しの理由")


class RejectForm(VersionForm):
    reason = _reason("却下の理由")
