"""Many rows from one file: received, read in the background, looked at, started, carried out row by row.

One path with the work done by hand: a kind of rows names its columns, judges rows by the same validators, and
carries one out by the same service. Reading and carrying out go on in batches, each a transaction of its own: a crash
loses at most the batch under way, and what it had done is found by its row.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import func, select, update

from jcanweb import audit, clock, database, keys, sheets
from jcanweb.database import db, flush, lock
from jcanweb.errors import FieldRefused, NothingToDo, RuleViolation
from jcanweb.models import Intake, IntakeRow, Officer
from jcanweb.services import intake_corporations
from jcanweb.sheets import Column, Row, SheetRefused
from jcanweb.vocabulary import Event, IntakeKind, RowResult, Subject

BATCH = 200
"""rows of one transaction"""
TO_DO = (RowResult.NEW, RowResult.CHANGED)
PAGE = 50


@dataclass(frozen=True)
class Judged:
    """What a row would do."""

    result: RowResult
    notes: dict[str, str]
    """column → the sentence that refuses it, or the former value; "" for the row as a whole"""


@dataclass(frozen=True)
class Kind:
    columns: tuple[Column, ...]
    judge: Callable[[Sequence[Row]], list[tuple[RowResult, dict[str, str]]]]
    carry_out: Callable[[dict[str, str], Officer], int]
    """the id of what a row was carried out on; raises RuleViolation"""
    key: Callable[[dict[str, str]], str]
    """what may stand in a file only once"""


KINDS: dict[IntakeKind, Kind] = {
    IntakeKind.CORPORATIONS: Kind(
        intake_corporations.COLUMNS, intake_corporations.judge, intake_corporations.carry_out, intake_corporations.key
    ),
}
