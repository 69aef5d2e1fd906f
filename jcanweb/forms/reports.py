"""The period of a report, asked for in the address."""

from typing import Any

from flask_wtf import FlaskForm

from jcanweb.errors import FieldRefused
from jcanweb.forms.rules import DayField, show
from jcanweb.services import reports


class PeriodForm(FlaskForm):
    class Meta:
        csrf = False  # it only reads

    first = DayField("期間の初日", name="from")
    last = DayField("期間の末日", name="to")

    def validate(self, extra_validators: Any = None) -> bool:
        """Fill `period`, or tell at the field why not."""
        if not super().validate(extra_validators):
            return False
        try:
            self.period = reports.period(self.first.data, self.last.data)
        except FieldRefused as refusal:
            show(self, refusal)
            return False
        return True
