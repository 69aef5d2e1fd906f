"""The form of the public check."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms.validators import ValidationError

from jcanweb.services.receipts import LARGEST


class VerifyForm(FlaskForm):
    file = FileField("受領証または証拠ファイル")
    content = b""
    """The bytes that came with the form; one more than the largest, when there are more."""

    def validate_file(self, field: Any) -> None:
        if not field.data:
            raise ValidationError("受領証（.json）または証拠ファイル（.zip）を選んでください。")
        self.content = field.data.read(LARGEST + 1)
        if not self.content:
            raise ValidationError("ファイルが空です。受領証または証拠ファイルを選び直してください。")
