"""An application as typed, and the columns that come of it: one set of rules for the form and for rows of a file."""

from dataclasses import dataclass, field
from datetime import date

from jcanweb import names
from jcanweb.errors import FieldRefused, at_field
from jcanweb.services import documents

LONGEST_TYPED = 200


@dataclass(frozen=True)
class Content:
    """What the certificate is to say and who gets its PIN, as typed."""

    organization_unit: str
    organization_unit_ja: str
    common_name: str
    common_name_ja: str
    years: int
    pin_recipient_name: str
    pin_recipient_email: str


@dataclass(frozen=True)
class Entry(Content):
    """The form as typed. `seal_certificate` are the bytes of a new PDF, None to keep the one handed in."""

    seal_certificate_on: date
    seal_certificate: bytes | None = field(default=None, repr=False)


def subject_text(typed: str) -> str:
    """The certificate's text of an OU2 or CN that may be kept as typed. Raises NameRefused, FieldRefused."""
    text = names.certificate_text(typed)
    if len(typed) > LONGEST_TYPED:
        raise FieldRefused(
            f"空白が多すぎます。空白を含めて{LONGEST_TYPED}文字以内で入力してください（いま {len(typed)} 文字）。"
        )
    return text


def entry_values(entry: Entry) -> dict[str, object]:
    """The columns that this form would make. Raises names.NameRefused, FieldRefused with the field's name."""
    documents.check_issued_on(entry.seal_certificate_on)
    if entry.seal_certificate is not None:
        documents.check_pdf(entry.seal_certificate)
    return content_values(entry) | {"seal_certificate_on": entry.seal_certificate_on}


def content_values(entry: Content) -> dict[str, object]:
    """The columns of the certificate's content; one check for each field, the same for every way in. Raises as `entry_values`."""
    if entry.years not in (1, 2):
        raise FieldRefused("有効期間は1年または2年を選んでください。", field="years")
    return {
        "organization_unit_typed": entry.organization_unit,
        "organization_unit": at_field("organization_unit", subject_text, entry.organization_unit),
        "organization_unit_ja": _name(
            "organization_unit_ja", entry.organization_unit_ja, "会社名・組織名（日本語）"
        ),
        "common_name_typed": entry.common_name,
        "common_name": at_field("common_name", subject_text, entry.common_name),
        "common_name_ja": _name("common_name_ja", entry.common_name_ja, "部署・役職または氏名（日本語）"),
        "years": entry.years,
        "pin_recipient_name": _name("pin_recipient_name", entry.pin_recipient_name, "PIN送付先の氏名"),
        "pin_recipient_email": at_field(
            "pin_recipient_email", names.normalise_email, entry.pin_recipient_email
        ),
    }


def _name(column: str, typed: str, word: str) -> str:
    return at_field(column, names.check_name, typed, word)
