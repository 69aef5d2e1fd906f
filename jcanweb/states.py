"""Which state may follow which. `move()` is the only writer of `.state`."""

from enum import StrEnum
from typing import Any

from jcanweb.errors import WrongState
from jcanweb.vocabulary import (
    ApplicationState as A,
)
from jcanweb.vocabulary import (
    CertificateState as C,
)
from jcanweb.vocabulary import (
    OrderState as O,  # noqa: E741 - reads as a column head below
)
from jcanweb.vocabulary import (
    ReconsentState as N,
)
from jcanweb.vocabulary import (
    RecoveryState as K,
)
from jcanweb.vocabulary import (
    RevocationState as R,
)

FOLLOWS: dict[type[StrEnum], dict[StrEnum, frozenset[StrEnum]]] = {
    A: {
        A.DRAFT: frozenset({A.SUBMITTED, A.WITHDRAWN, A.LAPSED}),
        A.SUBMITTED: frozenset({A.SCREENING, A.WITHDRAWN, A.LAPSED}),
        A.SCREENING: frozenset({A.RETURNED, A.APPROVED, A.REJECTED, A.WITHDRAWN}),
        A.RETURNED: frozenset({A.SUBMITTED, A.WITHDRAWN, A.LAPSED}),
        A.APPROVED: frozenset({A.ISSUING, A.WITHDRAWN}),
        A.ISSUING: frozenset({A.ISSUED, A.APPROVED}),
        A.ISSUED: frozenset(),
        A.REJECTED: frozenset(),
        A.WITHDRAWN: frozenset(),
        A.LAPSED: frozenset(),
    },
    O: {
        O.ASKED: frozenset({O.DONE, O.FAILED}),
        O.DONE: frozenset(),
        O.FAILED: frozenset(),
    },
    C: {
        C.ISSUED: frozenset({C.DELIVERED, C.SUSPENDED, C.REVOKED}),
        C.DELIVERED: frozenset({C.SUSPENDED, C.REVOKED}),
        C.SUSPENDED: frozenset({C.ISSUED, C.DELIVERED, C.REVOKED}),
        C.REVOKED: frozenset(),
    },
    R: {
        R.RECEIVED: frozenset({R.DECIDED, R.REFUSED}),
        R.DECIDED: frozenset({R.EXECUTED}),
        R.REFUSED: frozenset(),
        R.EXECUTED: frozenset(),
    },
    N: {
        N.ASKED: frozenset({N.AGREED, N.REFUSED}),
        N.REFUSED: frozenset({N.AGREED}),
        N.AGREED: frozenset(),
    },
    K: {
        K.REQUESTED: frozenset({K.AUTHORIZED, K.DECLINED, K.LAPSED}),
        K.AUTHORIZED: frozenset({K.OPENED, K.DECLINED, K.LAPSED}),
        K.OPENED: frozenset(),
        K.DECLINED: frozenset(),
        K.LAPSED: frozenset(),
    },
}
"""By kind first: members of two StrEnums with one value are equal, and one key."""


def move(thing: Any, target: StrEnum) -> None:
    """Take `thing` to `target`, or raise WrongState. Lock the row first (database.lock)."""
    source = thing.state
    if type(source) is not type(target) or target not in FOLLOWS[type(source)][source]:
        raise WrongState(type(thing).__name__, str(source), str(target))
    thing.state = target
