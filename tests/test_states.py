"""The table of states: no path leaves a final state, and move() refuses whatever the table does not name."""

from collections import deque
from enum import StrEnum
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jcanweb import events, labels, vocabulary
from jcanweb.errors import WrongState
from jcanweb.states import FOLLOWS, move
from jcanweb.vocabulary import (
    ApplicationState,
    CertificateState,
    OrderState,
    ReconsentState,
    RecoveryState,
    RevocationState,
)

LIVES: dict[type[StrEnum], StrEnum] = {
    ApplicationState: ApplicationState.DRAFT, CertificateState: CertificateState.ISSUED,
    OrderState: OrderState.ASKED, RevocationState: RevocationState.RECEIVED,
    RecoveryState: RecoveryState.REQUESTED, ReconsentState: ReconsentState.ASKED,
}  # fmt: skip
"""Each kind of state and where its life begins."""
MEMBERS = [member for kind in LIVES for member in kind]


def next_of(state: StrEnum) -> frozenset[StrEnum]:
    return FOLLOWS[type(state)][state]


def allowed(source: StrEnum, target: StrEnum) -> bool:
    return type(source) is type(target) and target in next_of(source)


class Lives(RuleBasedStateMachine):
    """A thing of each kind, pushed about at will, and a model that knows only where each stands."""

    @initialize()
    def begin(self) -> None:
        self.things: dict[type[StrEnum], Any] = {
            kind: SimpleNamespace(state=first) for kind, first in LIVES.items()
        }
        self.model = dict(LIVES)

    @rule(kind=st.sampled_from(list(LIVES)), to=st.sampled_from(MEMBERS))
    def push(self, kind: type[StrEnum], to: StrEnum) -> None:
        """Anywhere, also into a state of another kind."""
        before = self.model[kind]
        if allowed(before, to):
            move(self.things[kind], to)
            self.model[kind] = to
        else:
            with pytest.raises(WrongState) as caught:
                move(self.things[kind], to)
            assert (caught.value.source, caught.value.target) == (str(before), str(to))

    @precondition(lambda self: any(next_of(state) for state in self.model.values()))
    @rule(data=st.data())
    def go_on(self, data: Any) -> None:
        """Where the table leads, so that long lives are lived too."""
        kind = data.draw(st.sampled_from([kind for kind, state in self.model.items() if next_of(state)]))
        to = data.draw(st.sampled_from(sorted(next_of(self.model[kind]))))
        move(self.things[kind], to)
        self.model[kind] = to

    @invariant()
    def each_stands_where_the_model_says(self) -> None:
        for kind, thing in self.things.items():
            assert thing.state is self.model[kind]


def test_no_life_leaves_the_table() -> None:
    quick = settings(max_examples=50, stateful_step_count=30, deadline=None, derandomize=True, database=None)
    run_state_machine_as_test(Lives, settings=quick)


def test_every_pair_is_allowed_by_the_table_or_refused() -> None:
    for source, target in product(MEMBERS, MEMBERS):
        thing = SimpleNamespace(state=source)
        if allowed(source, target):
            move(thing, target)
            assert thing.state is target
        else:
            with pytest.raises(WrongState):
                move(thing, target)
            assert thing.state is source


def test_every_state_has_its_line_and_keeps_to_its_kind() -> None:
    kinds = {kind for name, kind in vars(vocabulary).items() if name.endswith("State")}
    assert kinds - {vocabulary.AgreementState, vocabulary.EditionState} == set(LIVES) == set(FOLLOWS)
    for kind, lives in FOLLOWS.items():
        assert [source for source in kind if source not in lives] == []
        for source, targets in lives.items():
            assert {type(source), *map(type, targets)} == {kind}
            assert source not in targets


@pytest.mark.parametrize("kind", list(LIVES), ids=lambda kind: kind.__name__)
def test_every_state_is_reached_from_the_first_and_reaches_an_end(kind: type[StrEnum]) -> None:
    assert reach(LIVES[kind]) == set(kind)
    for state in kind:
        assert [found for found in reach(state) if not next_of(found)]


def test_the_final_states_are_these() -> None:
    final = {f"{type(state).__name__}.{state.name}" for state in MEMBERS if not next_of(state)}
    assert final == {
        "ApplicationState.ISSUED", "ApplicationState.REJECTED", "ApplicationState.WITHDRAWN", "ApplicationState.LAPSED",
        "OrderState.DONE", "OrderState.FAILED", "CertificateState.REVOKED", "RevocationState.REFUSED",
        "RevocationState.EXECUTED", "RecoveryState.OPENED", "RecoveryState.DECLINED", "RecoveryState.LAPSED",
        "ReconsentState.AGREED",
    }  # fmt: skip


def test_states_of_two_kinds_with_one_word_are_told_apart() -> None:
    assert (labels.tone(ApplicationState.ISSUED), labels.tone(CertificateState.ISSUED)) == ("good", "active")
    assert labels.tone(RevocationState.REFUSED) == "neutral"
    assert labels.tone(events.Outcome.REFUSED) == "bad"


def reach(start: StrEnum) -> set[StrEnum]:
    found, waiting = {start}, deque([start])
    while waiting:
        for target in next_of(waiting.popleft()) - found:
            found.add(target)
            waiting.append(target)
    return found
