"""The period of the measures and how it is divided, asked for in the address."""

from wtforms import SelectField
from wtforms.validators import AnyOf

from jcanweb import labels
from jcanweb.forms.reports import PeriodForm
from jcanweb.forms.rules import options_of
from jcanweb.vocabulary import Interval


class MeasuresForm(PeriodForm):
    by = SelectField("区切り", [AnyOf([*Interval], message="区切りを選んでください。")], default=Interval.MONTH.value,
                    choices=options_of(labels.choices(Interval)), validate_choice=False)  # fmt: skip
