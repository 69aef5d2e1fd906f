"""What several forms share: a rule of the domain as a validator, a day, a refusal shown at its field."""

from collections.abc import Callable, Iterable
from typing import Any

from wtforms import Field, RadioField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import AnyOf, InputRequired, ValidationError
from wtforms.widgets import DateInput

from jcanweb import labels
from jcanweb.calendar import read_day
from jcanweb.config import setting
from jcanweb.errors import RuleViolation


class Rule:
    """Ask the function that keeps the value later; its sentence stands at the field."""

    def __init__(self, rule: Callable[[str], Any]) -> None:
        self.rule = rule

    def __call__(self, form: Any, field: Any) -> None:
        try:
            self.rule(field.data or "")
        except RuleViolation as violation:
            raise ValidationError(violation.sentence) from None


def text_field(label: str, rule: Callable[[str], Any], *, required: bool = True) -> StringField:
    """One line of text under a rule; an optional one may stay empty."""
    if required:
        return StringField(label, [InputRequired(f"{label}を入力してください。"), Rule(rule)])
    return StringField(label, [Rule(lambda typed: rule(typed) if typed.strip() else None)])


def options_of(choices: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Pairs of (value, label) as fields take them."""
    return [SelectChoice(value, label) for value, label in choices]


def choice_field(label: str, kind: Any, **options: Any) -> RadioField:
    """One member of an enum, with a Japanese sentence for any other value."""
    words = f"{label}を選んでください。"
    known = [member.value for member in kind]
    return RadioField(label, [InputRequired(words), AnyOf(known, message=words)], choices=options_of(labels.choices(kind)),
                      validate_choice=False, **options)  # fmt: skip


class DayField(Field):
    """A day: 2026-11-22 as browsers send it, or as calendar.read_day takes it."""

    widget = DateInput()

    def __init__(self, label: str, *, required: bool = True, **options: Any) -> None:
        self.typed = ""
        super().__init__(
            label, [InputRequired(f"{label}を入力してください。")] if required else [], **options
        )

    def _value(self) -> str:
        return self.data.isoformat() if self.data else self.typed

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed, self.data = (valuelist[0] if valuelist else "").strip()[:40], None
        if not self.typed:
            return
        try:
            self.data = read_day(self.typed)
        except ValueError:
            raise ValueError(f"{self.label.text}を「2026-11-22」の形で入力してください。") from None


def sent(field: Any) -> bytes | None:
    """The bytes of the PDF that came in this field, one more than may be at most; None without a file."""
    return field.data.read(setting("UPLOAD_MAX_BYTES") + 1) if field.data else None


def show(form: Any, problem: RuleViolation) -> str | None:
    """Put the refusal at its field; the sentence for the head of the page when it has none."""
    if problem.field in form:
        form[problem.field].errors = [problem.sentence]
        return None
    return problem.sentence
