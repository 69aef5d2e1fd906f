"""Forms about revocations."""

from datetime import UTC, datetime

from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired

from jcanweb.calendar import midnight
from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import DayField, choice_field
from jcanweb.vocabulary import RevocationReason, RevocationRequester


class ReceiveForm(FlaskForm):
    requester = choice_field("請求した人", RevocationRequester)
    reason = choice_field("失効の理由", RevocationReason)
    words = TextAreaField("理由の説明")
    invalid_from = DayField("鍵が疑わしくなった日", required=False)

    def moment(self) -> datetime | None:
        """The beginning of the day in Japan, in UTC."""
        day = self.invalid_from.data
        return midnight(day).astimezone(UTC) if day else None


class RefuseForm(VersionForm):
    words = TextAreaField("失効しない理由", [InputRequired("失効しないと判断した理由を入力してください。")])


class ExecuteForm(VersionForm):
    confirmation = StringField("JC番号", [InputRequired("確認のため、JC番号を入力してください。")])
