"""Forms about recoveries: the request, a refusal, and the two ways to open a share."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from jcanweb import labels
from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import Rule, choice_field
from jcanweb.names import check_words
from jcanweb.vocabulary import RecoveryGround, SecretKind


class RequestForm(FlaskForm):
    ground = choice_field("回復の理由", RecoveryGround)
    proof = TextAreaField(
        "本人確認の方法",
        [
            DataRequired("依頼した人をどのように確認したかを入力してください。"),
            Rule(lambda typed: check_words(typed, "本人確認の方法")),
        ],
    )


class DeclineForm(VersionForm):
    reason = TextAreaField(
        "回復しない理由",
        [
            DataRequired("回復しないと判断した理由を入力してください。"),
            Rule(lambda typed: check_words(typed, "回復しない理由")),
        ],
    )


class OpenForm(FlaskForm):
    passphrase = PasswordField("合言葉", [InputRequired("合言葉を入力してください。")])


class PackagesForm(FlaskForm):
    """packages_form() adds one field for each share of the custodian."""

    def packages(self) -> dict[int, str]:
        """Share id → what was pasted for it."""
        return {
            int(field.name.partition("_")[2]): field.data
            for field in self
            if field.name.startswith("package_")
        }


def packages_form(shares: list[tuple[int, SecretKind]], **source: Any) -> PackagesForm:
    """The form for these shares: id and record of each."""
    fields = {
        f"package_{share}": TextAreaField(
            f"開封した持分: {labels.word(kind)}",
            [DataRequired("手元のパソコンで開封した結果のJSONを貼り付けてください。")],
        )
        for share, kind in shares
    }
    form: PackagesForm = type("PackagesForm", (PackagesForm,), fields)(**source)
    return form
