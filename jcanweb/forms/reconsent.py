"""Forms about changed terms: the refusal, and what an officer decides on it."""

from flask_wtf import FlaskForm
from wtforms import TextAreaField

from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import choice_field
from jcanweb.vocabulary import ReconsentDecision


class RefuseForm(FlaskForm):
    words = TextAreaField("同意しない理由（書かなくてもかまいません）")


class DecideForm(VersionForm):
    decision = choice_field("対応", ReconsentDecision)
    comment = TextAreaField("理由・経緯")
