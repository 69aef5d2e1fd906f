"""Backups over the real rows: what the server and each set of custodians can open, and what is left when destroyed."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import pkcs12
from sqlalchemy import text

from jcanweb import audit, clock, keys
from jcanweb.database import db
from jcanweb.errors import FieldRefused, WrongKey
from jcanweb.events import Event
from jcanweb.models import AuditEntry, Backup, BackupShare, Certificate, Custodian, Recovery
from jcanweb.pki import share_file, vault
from jcanweb.pki.officer_key import load_officer_key
from jcanweb.pki.sealbox import CannotUnseal
from jcanweb.roles import Role
from jcanweb.services import backup as service
from jcanweb.vocabulary import CustodianGroup, RecoveryGround, RecoveryState, SecretKind
from tests.issued import PASSPHRASE, Issued, issued, officer_key
from tests.people import officer

KEY, PIN, SECURITY = CustodianGroup.KEY, CustodianGroup.PIN, CustodianGroup.SECURITY
OPENS = {frozenset({KEY, SECURITY}): {SecretKind.PFX}, frozenset({PIN, SECURITY}): {SecretKind.PIN},
         frozenset(CustodianGroup): {SecretKind.PFX, SecretKind.PIN}}  # fmt: skip
SETS = [frozenset(chosen) for size in range(4) for chosen in combinations(CustodianGroup, size)]


@pytest.fixture
def made(context: Any) -> Issued:
    return issued()


def recovery(certificate: Certificate) -> tuple[Recovery, X25519PrivateKey]:
    """An authorised recovery and the key that shares are sealed to."""
    key = X25519PrivateKey.generate()
    found = Recovery(certificate_id=certificate.id, state=RecoveryState.REQUESTED, ground=RecoveryGround.SUBSCRIBER_LOST_PFX,
                     proof="旅券", requested_by=officer(Role.OPERATOR).id, requested_at=clock.now(),
                     ephemeral_public=key.public_key().public_bytes_raw())  # fmt: skip
    found.certificate = certificate
    db.session.add(found)
    db.session.flush()
    return found, key


def halves(kept: Backup, certificate: Certificate, people: dict[int, X25519PrivateKey]) -> list[bytes]:
    """Every half of this record that one of these keys opens, tried with the rows as they are."""
    found = []
    for share in kept.shares:
        for name, key in people.items():
            for half in ("custodian", "security"):
                info = vault.share_info(service.aad(kept, certificate), half, str(name))  # type: ignore[arg-type]  # both tried
                try:
                    found.append(vault.open_share(key, share.sealed, info))
                except vault.CannotOpen:
                    continue
    return found


def opened(made: Issued, people: dict[int, X25519PrivateKey]) -> dict[SecretKind, bytes]:
    """What the database and these keys give: every pair of halves is tried on every record."""
    found: dict[SecretKind, bytes] = {}
    for kind, kept in service.living(made.certificate).items():
        aad = service.aad(kept, made.certificate)
        known = halves(kept, made.certificate, people) + [
            bytes(32)
        ]  # the zero half: one half alone as the key
        for one, other in combinations(known, 2):
            try:
                found[kind] = vault.join(kept.nonce, kept.ciphertext or b"", aad, one, other)
            except vault.CannotOpen:
                continue
    return found


@pytest.mark.parametrize("groups", SETS, ids=lambda groups: "+".join(sorted(groups)) or "nobody")
def test_a_set_of_groups_opens_what_it_should_and_no_two_get_a_usable_key(
    made: Issued, groups: frozenset[CustodianGroup]
) -> None:
    people = {one.id: load_officer_key(one.private_pem or b"", PASSPHRASE)
              for one in db.session.query(Custodian) if one.group in groups}  # fmt: skip
    found = opened(made, people)
    assert set(found) == OPENS.get(groups, set())
    if SecretKind.PFX in found:
        assert found[SecretKind.PFX] == made.pfx
    if SecretKind.PIN in found:
        assert found[SecretKind.PIN] == made.pin.encode()
    if len(groups) < 3 and SecretKind.PFX in found:
        for guess in (None, b"", PASSPHRASE.encode(), made.certificate.jc_number.encode()):
            with pytest.raises((ValueError, TypeError)):
                pkcs12.load_key_and_certificates(found[SecretKind.PFX], guess)


def test_the_servers_own_files_open_no_backup(app: Any, made: Issued) -> None:
    db.session.commit()
    files = [path.read_bytes() for path in Path(app.instance_path).rglob("*")
             if path.is_file() and "sqlite" not in path.name]  # fmt: skip
    secrets = {content for content in files if len(content) == 32}
    assert secrets
    for kept in service.living(made.certificate).values():
        aad = service.aad(kept, made.certificate)
        for secret in secrets:
            with pytest.raises(InvalidTag):
                AESGCM(secret).decrypt(kept.nonce, kept.ciphertext or b"", aad)
            names = {share.custodian_id: X25519PrivateKey.from_private_bytes(secret) for share in kept.shares}
            assert halves(kept, made.certificate, names) == []
        for share in kept.shares:
            with pytest.raises(CannotUnseal):
                keys.sealer().open(share.sealed, "backup")
        for secret_text in (made.pin.encode(), made.pfx):
            assert all(secret_text not in content for content in files)


def test_two_records_have_keys_of_their_own(made: Issued) -> None:
    kept = service.living(made.certificate)
    people = {
        one.id: load_officer_key(one.private_pem or b"", PASSPHRASE) for one in db.session.query(Custodian)
    }
    halves_of = {kind: halves(one, made.certificate, people) for kind, one in kept.items()}
    assert all(len(found) == 2 for found in halves_of.values())
    assert not set(halves_of[SecretKind.PFX]) & set(halves_of[SecretKind.PIN])


# --- a share and its recovery -------------------------------------------------------------------------


def own_share(certificate: Certificate, kind: SecretKind, group: CustodianGroup) -> BackupShare:
    who = db.session.query(Custodian).filter_by(group=group, released_at=None).one()
    share = service.share_of(service.living(certificate)[kind], who)
    assert share is not None
    return share


def test_a_share_is_opened_on_the_custodians_computer_for_one_recovery(made: Issued) -> None:
    asked, key = recovery(made.certificate)
    share = own_share(made.certificate, SecretKind.PFX, KEY)
    package = service.package_text(service.share_package(share, asked))
    resealed = share_file.reseal(share_file.read_share(package), officer_key(KEY).private_pem, PASSPHRASE)
    answer = json.dumps(share_file.write(resealed))
    accepted = service.accept_package(answer, share, asked)
    assert len(vault.open_share(key, accepted, service.reseal_info(share, asked))) == 32


def test_a_share_is_opened_here_with_the_passphrase(made: Issued) -> None:
    asked, key = recovery(made.certificate)
    share = own_share(made.certificate, SecretKind.PIN, SECURITY)
    resealed = service.open_share(share, asked, PASSPHRASE)
    assert len(vault.open_share(key, resealed, service.reseal_info(share, asked))) == 32
    with pytest.raises(WrongKey):
        service.open_share(share, asked, "eight grey herons")


def test_a_key_that_is_not_kept_here_does_not_open_here(made: Issued) -> None:
    asked, _ = recovery(made.certificate)
    share = own_share(made.certificate, SecretKind.PIN, SECURITY)
    share.custodian.private_pem = None
    with pytest.raises(WrongKey, match="手元の鍵ファイル"):
        service.open_share(share, asked, PASSPHRASE)


def test_nobody_has_a_share_of_a_record_that_was_not_sealed_to_them(made: Issued) -> None:
    for kept in service.living(made.certificate).values():
        outsider = (
            db.session.query(Custodian).filter_by(group=PIN if kept.kind is SecretKind.PFX else KEY).one()
        )
        assert service.share_of(kept, outsider) is None


@pytest.mark.parametrize("other", ["half", "kind", "recovery"])
def test_an_opened_share_of_another_place_is_refused(made: Issued, other: str) -> None:
    asked, _ = recovery(made.certificate)
    share = own_share(made.certificate, SecretKind.PFX, KEY)
    wrong_share, wrong_recovery = share, asked
    if other == "half":
        wrong_share = own_share(made.certificate, SecretKind.PFX, SECURITY)
    elif other == "kind":
        wrong_share = own_share(made.certificate, SecretKind.PIN, PIN)
    else:
        other_officer = officer(Role.APPROVER)
        asked.state = RecoveryState.DECLINED
        asked.declined_by, asked.declined_at, asked.declined_reason = other_officer.id, clock.now(), "誤り"
        wrong_recovery, _ = recovery(made.certificate)
    there = share_file.read_share(service.package_text(service.share_package(wrong_share, wrong_recovery)))
    answer = json.dumps(
        share_file.write(share_file.ResealedShare(there.recovery, there.record, there.half, bytes(80)))
    )
    with pytest.raises(FieldRefused, match="別の") as refused:
        service.accept_package(answer, share, asked)
    assert refused.value.field == "package"


@pytest.mark.parametrize(
    "typed", ["", "{}", "持分", '{"format": "jcanweb/resealed-share/v1"}', "null", "[" * 100_000]
)
def test_a_text_that_is_no_opened_share_is_refused(made: Issued, typed: str) -> None:
    asked, _ = recovery(made.certificate)
    with pytest.raises(FieldRefused, match="読めません"):
        service.accept_package(typed, own_share(made.certificate, SecretKind.PFX, KEY), asked)


def test_a_share_moved_to_another_record_by_sql_does_not_open(made: Issued) -> None:
    asked, _ = recovery(made.certificate)
    mine = own_share(made.certificate, SecretKind.PFX, SECURITY)
    other = own_share(made.certificate, SecretKind.PIN, SECURITY)
    db.session.execute(text("UPDATE backup_share SET sealed = :sealed WHERE id = :id"),
                       {"sealed": other.sealed, "id": mine.id})  # fmt: skip
    db.session.refresh(mine)
    with pytest.raises(WrongKey):
        service.open_share(mine, asked, PASSPHRASE)


# --- destroyed ----------------------------------------------------------------------------------------


def test_destroyed_it_opens_for_nobody_and_leaves_a_tombstone(made: Issued, hands: Any) -> None:
    people = {
        one.id: load_officer_key(one.private_pem or b"", PASSPHRASE) for one in db.session.query(Custodian)
    }
    kept = service.living(made.certificate)[SecretKind.PFX]
    record_id, commit_sha256, sealed_at = kept.record_id, kept.commit_sha256, kept.sealed_at
    hands.forward(days=1)
    by = officer(Role.OPERATOR)
    service.destroy(kept, by=by)
    db.session.commit()
    db.session.expire_all()
    left = db.session.query(Backup).filter_by(record_id=record_id).one()
    assert (left.commit_sha256, left.sealed_at, left.destroyed_at) == (commit_sha256, sealed_at, clock.now())
    assert (left.ciphertext, left.shares) == (None, [])
    assert set(opened(made, people)) == {SecretKind.PIN}
    entry = db.session.query(AuditEntry).filter_by(event=Event.BACKUP_DESTROYED).one()
    assert (entry.facts["commit_sha256"], entry.actor) == (commit_sha256, f"officer:{by.id}")
    assert db.session.query(BackupShare).filter_by(backup_id=left.id).count() == 0
    assert audit.verify() == []
