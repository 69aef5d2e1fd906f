"""The builders make rows that both databases accept."""

from typing import Any

import pytest

from jcanweb.database import db
from jcanweb.models import Application
from jcanweb.services import documents
from jcanweb.vocabulary import ApplicationState as A
from tests import builders

STATES = [A.DRAFT, A.SUBMITTED, A.SCREENING, A.RETURNED, A.APPROVED, A.REJECTED, A.WITHDRAWN, A.LAPSED]


@pytest.mark.parametrize("state", STATES)
def test_an_application_of_every_state_up_to_approved(context: Any, state: A) -> None:
    made = builders.application(state)
    db.session.commit()
    db.session.expire_all()
    found = db.session.get(Application, made.id)
    assert found is not None
    assert found.state is state
    assert [one.number for one in found.consents[0].statements] == [1, 2, 3, 4, 5, 6]
    assert found.seal_certificate is not None
    assert documents.content(found.seal_certificate) == builders.PDF


def test_a_screened_application_has_every_field_checked(context: Any) -> None:
    made = builders.application(A.SCREENING, screened=True)
    db.session.commit()
    assert (made.screened_by, len(made.checks)) == (made.screening_by, 4)
