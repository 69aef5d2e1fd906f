"""The form by which the consent to a backup is withdrawn."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired


class WithdrawalForm(FlaskForm):
    read = HiddenField()
    """what names the words that were shown"""
    confirmation = StringField("JC番号", [InputRequired("確認のため、JC番号を入力してください。")])
