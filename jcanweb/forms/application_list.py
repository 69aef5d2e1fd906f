"""The filters of the list of applications, asked for in the address."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField

from jcanweb import labels
from jcanweb.calendar import japanese_date
from jcanweb.forms.rules import DayField, options_of
from jcanweb.services.application_list import Filters, Hands
from jcanweb.vocabulary import ApplicationKind, ApplicationState

STATES = [
    (state.value, labels.word(state)) for state in ApplicationState if state is not ApplicationState.DRAFT
]
KINDS = [(kind.value, labels.word(kind)) for kind in ApplicationKind]
HANDS = [(Hands.MINE.value, "自分"), (Hands.NOBODY.value, "いない")]


class ListForm(FlaskForm):
    class Meta:
        csrf = False  # it only reads

    q = StringField("法人名・OU2・CN・番号")
    state = SelectField("状態", choices=options_of([("", "すべて"), *STATES]), validate_choice=False)
    kind = SelectField("種別", choices=options_of([("", "すべて"), *KINDS]), validate_choice=False)
    hands = SelectField("審査の担当", choices=options_of([("", "すべて"), *HANDS]), validate_choice=False)
    overdue = BooleanField("期限超過")
    since = DayField("提出日（から）", required=False, name="from")
    until = DayField("提出日（まで）", required=False, name="to")

    def filters(self) -> Filters:
        """What was picked; a word that is none of the choices asks for nothing."""
        return Filters(
            typed=(self.q.data or "").strip(),
            state=next((one for one in ApplicationState if one.value == self.state.data), None),
            kind=next((one for one in ApplicationKind if one.value == self.kind.data), None),
            hands=next((one for one in Hands if one.value == self.hands.data), None),
            overdue=self.overdue.data, since=self.since.data, until=self.until.data,
        )  # fmt: skip

    def conditions(self) -> list[tuple[str, str]]:
        """(name in the address, in words) of each condition that was set."""
        asked = self.filters()
        words = {
            "q": f"「{asked.typed}」" if asked.typed else "",
            "state": f"状態「{labels.word(asked.state)}」" if asked.state else "",
            "kind": f"種別「{labels.word(asked.kind)}」" if asked.kind else "",
            "hands": f"審査の担当「{dict(HANDS)[asked.hands]}」" if asked.hands else "",
            "overdue": "期限超過" if asked.overdue else "",
            "from": f"提出日 {japanese_date(asked.since)}から" if asked.since else "",
            "to": f"提出日 {japanese_date(asked.until)}まで" if asked.until else "",
        }
        return [(name, said) for name, said in words.items() if said]
