"""The issued certificates of the tests are what issuance makes, on both databases."""

from typing import Any

import pytest

from jcanweb import keys
from jcanweb.database import db
from jcanweb.issuers.port import CertificateStatus
from jcanweb.models import Backup, Certificate
from jcanweb.pki.pfx import open_pfx
from jcanweb.vocabulary import CertificateState
from tests.issued import issued


@pytest.mark.parametrize("state", CertificateState)
def test_a_certificate_of_every_state(context: Any, state: CertificateState) -> None:
    made = issued(state)
    db.session.commit()
    db.session.expire_all()
    found = db.session.get(Certificate, made.certificate.id)
    assert found is not None
    assert found.state is state
    assert keys.issuer().status(int(found.serial_number, 16)).state is CertificateStatus.GOOD
    assert found.application.state.value == "issued"


def test_its_file_opens_with_its_pin_and_both_are_backed_up(context: Any) -> None:
    made = issued()
    assert open_pfx(made.pfx, made.pin).friendly_name == made.certificate.jc_number
    backups = db.session.query(Backup).filter_by(certificate_id=made.certificate.id).all()
    assert {(one.kind.value, share.half) for one in backups for share in one.shares} == {
        ("pfx", "custodian"), ("pfx", "security"), ("pin", "custodian"), ("pin", "security")
    }  # fmt: skip


def test_two_certificates_stand_side_by_side(context: Any) -> None:
    first, second = issued().certificate, issued().certificate
    assert first.jc_number != second.jc_number
