"""Backups: PKCS#12 and PIN in two vault records that the server seals and never opens (security.md §4.2)."""

import hashlib
import json
from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from jcanweb import audit, clock
from jcanweb.database import db, flush
from jcanweb.errors import FieldRefused, WrongKey
from jcanweb.events import Event, Subject
from jcanweb.models import Backup, BackupShare, Certificate, Custodian, Recovery
from jcanweb.pki import enclave, share_file, vault
from jcanweb.vocabulary import SecretKind


def keep(certificate: Certificate, kind: SecretKind, record_id: str, sealed: vault.SealedRecord, *,
         by: object) -> Backup:  # fmt: skip
    """Keep a sealed record with its shares; the database lets one of each kind live per certificate."""
    made = Backup(record_id=record_id, certificate_id=certificate.id, kind=kind, nonce=sealed.nonce,
                  ciphertext=sealed.ciphertext, commit_sha256=sealed.commit_sha256, sealed_at=clock.now())  # fmt: skip
    made.shares = [BackupShare(half=share.half, custodian_id=int(share.officer_id), sealed=share.sealed)
                   for share in sealed.shares]  # fmt: skip
    db.session.add(made)
    flush()
    audit.record(Event.BACKUP_SEALED, Subject.BACKUP, made.id, by=by, certificate=certificate.id, kind=kind.value,
                 commit_sha256=made.commit_sha256,
                 custodians=[share.custodian_id for share in made.shares])  # fmt: skip
    return made


def living(certificate: Certificate) -> dict[SecretKind, Backup]:
    """The backups of this certificate that are not destroyed, with their shares and holders."""
    holders = selectinload(Backup.shares).joinedload(BackupShare.custodian).joinedload(Custodian.officer)
    query = select(Backup).where(Backup.certificate_id == certificate.id, Backup.destroyed_at.is_(None))
    return {backup.kind: backup for backup in db.session.scalars(query.options(holders))}


def destroy(backup: Backup, *, by: object) -> None:
    """Drop ciphertext and seals for good; number, digest and time stay as the record."""
    backup.ciphertext, backup.destroyed_at, backup.shares = None, clock.now(), []
    flush()
    audit.record(Event.BACKUP_DESTROYED, Subject.BACKUP, backup.id, by=by, certificate=backup.certificate_id,
                 kind=backup.kind.value, commit_sha256=backup.commit_sha256)  # fmt: skip


def share_of(backup: Backup, custodian: Custodian) -> BackupShare | None:
    """This custodian's own share of this backup, if it was sealed to them."""
    query = select(BackupShare).where(
        BackupShare.backup_id == backup.id, BackupShare.custodian_id == custodian.id
    )
    return db.session.scalar(query.options(joinedload(BackupShare.custodian)))


def share_package(share: BackupShare, recovery: Recovery) -> dict[str, Any]:
    """The JSON a custodian takes to the own computer: `python3 -m jcanweb custodian open FILE --key KEY`."""
    return share_file.write(_sealed_share(share, recovery))


def accept_package(text: str, share: BackupShare, recovery: Recovery) -> bytes:
    """The share sealed to the recovery's key, from the JSON that the command printed.

    Raises FieldRefused (field `package`) for another text, or one of another share or recovery.
    """
    expected = _sealed_share(share, recovery)
    try:
        found = share_file.read_resealed(text)
    except share_file.ShareFileRefused:
        raise FieldRefused("開封した持分として読めません。表示されたJSONをすべて貼り付けてください。",
                           field="package") from None  # fmt: skip
    if (found.recovery, found.record, found.half) != (expected.recovery, expected.record, expected.half):
        raise FieldRefused("別の鍵回復または別の持分のものです。この画面から持分をダウンロードし直してください。",
                           field="package")  # fmt: skip
    return found.resealed


def open_share(share: BackupShare, recovery: Recovery, passphrase: str) -> bytes:
    """The same for a key that is kept here under the custodian's passphrase, opened in a child process.

    Raises WrongKey for a wrong passphrase, or when the key is not kept here.
    """
    there = _sealed_share(share, recovery)
    if share.custodian.private_pem is None:
        raise WrongKey("この管理者の鍵はサーバーに保管されていません。手元の鍵ファイルで開封してください。")
    try:
        return enclave.open_custodian_share(share.custodian.private_pem, passphrase, there.sealed, there.info,
                                            there.ephemeral_public_key, there.reseal_info)  # fmt: skip
    except (enclave.WrongPassphrase, enclave.CannotOpen):
        raise WrongKey() from None


def reseal_info(share: BackupShare, recovery: Recovery) -> bytes:
    """What this share is bound to on its way to this recovery."""
    return _sealed_share(share, recovery).reseal_info


def aad(backup: Backup, certificate: Certificate) -> bytes:
    """What the record is bound to: kind, record id, serial number, SHA-256 of the certificate."""
    sha256 = hashlib.sha256(certificate.der).hexdigest()
    return vault.record_aad(backup.kind, backup.record_id, int(certificate.serial_number, 16), sha256)


def _sealed_share(share: BackupShare, recovery: Recovery) -> share_file.SealedShare:
    backup = db.session.get_one(Backup, share.backup_id)
    half = next(name for name in get_args(vault.Half) if name == share.half)
    bound, name = aad(backup, recovery.certificate), str(recovery.id)
    return share_file.SealedShare(
        recovery=name, record=backup.record_id, half=half, jc_number=recovery.certificate.jc_number,
        sealed=share.sealed, info=vault.share_info(bound, half, str(share.custodian_id)),
        ephemeral_public_key=recovery.ephemeral_public or b"",
        reseal_info=vault.reseal_info(bound, half, name),
    )  # fmt: skip


def package_text(package: dict[str, Any]) -> str:
    """The JSON as it is downloaded."""
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"
