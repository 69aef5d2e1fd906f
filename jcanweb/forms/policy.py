"""The form about a CP document; its approval asks for a day alone, as that of an edition does."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.validators import InputRequired, ValidationError

from jcanweb.config import setting
from jcanweb.errors import RuleViolation
from jcanweb.forms.rules import DayField, text_field
from jcanweb.services import policy
from jcanweb.services.policy import PolicyEntry


class RegisterForm(FlaskForm):
    name = text_field("名称", policy.check_name)
    version = StringField("版", [InputRequired("版を入力してください。")])
    url = text_field("URL", policy.address)
    oid = text_field("OID", policy.policy_oid)
    proposed_on = DayField("施行日の案")
    file = FileField("文書のファイル（任意）")

    content: bytes | None = None
    """The bytes that came with the form, if any."""

    def validate_file(self, field: Any) -> None:
        if not field.data:
            return
        self.content = field.data.read(setting("UPLOAD_MAX_BYTES") + 1)
        try:
            policy.check_content(self.content)
        except RuleViolation as violation:
            raise ValidationError(violation.sentence) from None

    def entry(self) -> PolicyEntry:
        """What was typed, once it is valid."""
        return PolicyEntry(self.name.data or "", self.version.data or "", self.url.data or "", self.oid.data or "",
                           self.proposed_on.data, self.content)  # fmt: skip
