"""Forms about editions of the terms."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.validators import InputRequired, ValidationError

from jcanweb.forms.rules import DayField

MAXIMUM = 1_000_000
"""bytes on the web; a larger PDF can take longer to read than a browser waits. The terminal takes 10 MB."""


class ImportForm(FlaskForm):
    file = FileField("規約のファイル")
    version = StringField("版", [InputRequired("版を入力してください。")])
    proposed_on = DayField("施行日の案")

    content = b""
    """The bytes that came with the form."""

    def validate_file(self, field: Any) -> None:
        if not field.data:
            raise ValidationError("規約のファイルを選んでください。")
        self.content = field.data.read(MAXIMUM + 1)
        if len(self.content) > MAXIMUM:
            raise ValidationError(
                "ファイルが1 MBを超えています。大きい文書は、端末で python3 -m jcanweb terms import を使って取り込んでください。"
            )


class ApproveForm(FlaskForm):
    effective_on = DayField("施行日")
