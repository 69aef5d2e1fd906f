"""The form that keeps what was looked into."""

from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from jcanweb.forms.rules import DayField


class VettingForm(FlaskForm):
    vetted_on = DayField("確認した日")
    evidence = TextAreaField("確認の内容", [InputRequired("何をどう確かめたかを入力してください。")])
