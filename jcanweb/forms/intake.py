"""The form that hands in a file of rows."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField
from wtforms.validators import ValidationError

from jcanweb.config import setting
from jcanweb.forms.rules import choice_field
from jcanweb.vocabulary import IntakeKind


class IntakeForm(FlaskForm):
    kind = choice_field("何の表ですか", IntakeKind)
    file = FileField("表のファイル")
    again = BooleanField("同じファイルをもう一度取り込む")

    content = b""
    """The bytes that came with the form."""

    def validate_file(self, field: Any) -> None:
        if not field.data:
            raise ValidationError("表のファイルを選んでください。")
        limit = setting("INTAKE_MAX_BYTES")
        self.content = field.data.read(limit + 1)
        if len(self.content) > limit:
            raise ValidationError(
                f"ファイルが{limit // 2**20} MBを超えています。行を分けて取り込んでください。"
            )
