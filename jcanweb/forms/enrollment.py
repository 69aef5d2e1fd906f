"""Forms of the applicant: the code, the six statements, the application."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.validators import AnyOf, InputRequired, ValidationError

from jcanweb import labels, names
from jcanweb.errors import RuleViolation
from jcanweb.forms.officers import VersionForm, whole_number
from jcanweb.forms.rules import DayField, Rule, options_of, sent, text_field
from jcanweb.services import documents
from jcanweb.services.enrollment_entries import Entry, subject_text
from jcanweb.services.invitations import six_digits
from jcanweb.terms import ConsentVerb, Statement
from jcanweb.terms.statements import DUTIES


class CodeForm(FlaskForm):
    code = StringField("確認コード", [InputRequired("確認コードを入力してください。"), Rule(six_digits)])


class ConsentForm(FlaskForm):
    """What was served; consent_form() adds one checkbox for each statement."""

    presentation = HiddenField()
    edition = HiddenField(filters=[whole_number])
    article = HiddenField(filters=[whole_number])
    """The button that was pressed below an article: read up to here."""
    text_size = HiddenField()
    """The button that was pressed for larger or smaller text."""

    def accepted(self) -> set[int]:
        """The numbers of the statements that were ticked."""
        return {
            int(field.name.split("_")[1])
            for field in self
            if field.name.startswith("statement_") and field.data
        }

    def boxes(self) -> dict[tuple[int, int], BooleanField]:
        """(article, item) → the checkbox that stands below that item."""
        return {
            (DUTIES, int(field.name.split("_")[1])): field
            for field in self
            if field.name.startswith("statement_")
        }


def consent_form(statements: tuple[Statement, ...], **source: Any) -> ConsentForm:
    """The form for these statements, each accepted by its own checkbox in its own verb."""
    boxes = {}
    for one in statements:
        words = f"（{one.number}）{'に' if one.verb is ConsentVerb.AGREE else 'を'}{labels.word(one.verb)}"
        asked = f"「{words}」にチェックを入れてください。"
        boxes[f"statement_{one.number}"] = BooleanField(words, [InputRequired(asked)])
    form: ConsentForm = type("ConsentForm", (ConsentForm,), boxes)(**source)
    return form


class ApplicationForm(VersionForm):
    organization_unit = text_field("会社名・組織名（英字）", subject_text)
    organization_unit_ja = text_field(
        "会社名・組織名（日本語）", lambda typed: names.check_name(typed, "会社名・組織名（日本語）")
    )
    common_name = text_field("部署・役職または氏名（英字）", subject_text)
    common_name_ja = text_field(
        "部署・役職または氏名（日本語）",
        lambda typed: names.check_name(typed, "部署・役職または氏名（日本語）"),
    )
    years = RadioField(
        "有効期間",
        [
            InputRequired("有効期間を選んでください。"),
            AnyOf(["1", "2"], message="有効期間を選んでください。"),
        ],
        choices=options_of([("2", "2年"), ("1", "1年")]),
        validate_choice=False,
    )
    pin_recipient_name = text_field(
        "PIN送付先の氏名", lambda typed: names.check_name(typed, "PIN送付先の氏名")
    )
    pin_recipient_email = text_field("PIN送付先のメールアドレス", names.normalise_email)
    seal_certificate = FileField("印鑑証明書（PDF）")
    seal_certificate_on = DayField("印鑑証明書の発行日")

    kept = False
    """Is there a PDF from an earlier time, so that none need be sent again?"""
    content: bytes | None = None
    """The bytes of the PDF that came with the form, once it was found good."""

    def typed(self) -> dict[str, str]:
        """What was sent, as it was typed, by the fields' names; no file."""
        apart = ("csrf_token", "version", "seal_certificate")
        return {one.name: one.raw_data[0] for one in self if one.raw_data and one.name not in apart}

    def sent_file(self) -> bytes | None:
        return sent(self.seal_certificate)

    def entry(self, earlier: bytes | None) -> Entry:
        """What is saved of a form that was found good; `earlier`: the PDF that came at an earlier time."""
        assert self.seal_certificate_on.data is not None  # noqa: S101 - the form asks for it
        return Entry(
            organization_unit=self.organization_unit.data or "",
            organization_unit_ja=self.organization_unit_ja.data or "",
            common_name=self.common_name.data or "",
            common_name_ja=self.common_name_ja.data or "",
            years=int(self.years.data),
            pin_recipient_name=self.pin_recipient_name.data or "",
            pin_recipient_email=self.pin_recipient_email.data or "",
            seal_certificate_on=self.seal_certificate_on.data,
            seal_certificate=self.content or earlier,
        )

    def validate_seal_certificate(self, field: Any) -> None:
        content = self.sent_file()
        if content is None:
            if not self.kept:
                raise ValidationError("印鑑証明書のPDFを選んでください。")
            return
        try:
            documents.check_pdf(content)
        except RuleViolation as violation:
            raise ValidationError(violation.sentence) from None
        self.content = content

    def validate_seal_certificate_on(self, field: Any) -> None:
        if field.data:
            try:
                documents.check_issued_on(field.data)
            except RuleViolation as violation:
                raise ValidationError(violation.sentence) from None
