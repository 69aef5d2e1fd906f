"""Forms of the desk: why an application is put aside, who is to go on with it, a comment between officers."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, TextAreaField
from wtforms.validators import DataRequired, ValidationError

from jcanweb.forms.officers import VersionForm, whole_number
from jcanweb.forms.rules import Rule
from jcanweb.names import check_words


class HoldForm(VersionForm):
    reason = TextAreaField(
        "保留の理由",
        [
            DataRequired("保留の理由を入力してください。"),
            Rule(lambda typed: check_words(typed, "保留の理由")),
        ],
    )


class AssignForm(VersionForm):
    officer = SelectField("新しい担当", coerce=whole_number, validate_choice=False)


class CommentForm(FlaskForm):
    words = TextAreaField("コメント", [Rule(lambda typed: check_words(typed, "コメント"))])

    def validate_words(self, field: Any) -> None:
        if not (field.data or "").strip():
            raise ValidationError("コメントを入力してください。")
