"""What a day came to at the desk, counted once it is over: later returns and corrections change nothing of it."""

from datetime import date

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from jcanweb.database import Base


class MeasuredDay(Base):
    __tablename__ = "measured_day"

    day: Mapped[date] = mapped_column(primary_key=True)  # in Japan
    submitted: Mapped[int]
    decided: Mapped[int]  # approved or rejected
    in_time: Mapped[int]  # of these, by the day they were due (lead_time)
    returned: Mapped[int]
    returned_for: Mapped[dict[str, int]] = mapped_column(JSON)
    """CheckedField → in how many of these returns its last verdict was against it"""
