"""The shares of a recovery, each opened by its own custodian, and what a child makes of all four (security.md §4.3)."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from jcanweb import audit, clock, keys
from jcanweb.calendar import japanese_datetime
from jcanweb.config import setting
from jcanweb.database import db, flush, lock
from jcanweb.errors import (
    CoolingOff,
    FieldRefused,
    RecoveryFailed,
    RecoveryRefused,
    RuleViolation,
    TwoPersonRule,
    WrongState,
)
from jcanweb.events import Event, Subject
from jcanweb.models import Backup, BackupShare, Certificate, Custodian, Officer, Recovery, ShareOpening
from jcanweb.pki import enclave
from jcanweb.services import backup, delivery, trail
from jcanweb.services.recovery import check, ephemeral_context, forget, lapse, left_act, not_own
from jcanweb.services.recovery_ledger import awaited, own_shares
from jcanweb.states import move
from jcanweb.vocabulary import RecoveryState

ASKED = "鍵回復を依頼した担当者は、持分を開封できません。ほかの鍵の管理者が開封します。"
AUTHORIZED = "鍵回復を承認した担当者は、持分を開封できません。ほかの鍵の管理者が開封します。"
NO_SHARE = (
    "あなたが開封できる持分はありません。ほかの鍵の管理者が開封していないか、画面を更新して確認してください。"
)
TOO_LATE = "開封の期限が過ぎました。必要なときは、もう一度鍵回復を依頼してください。"
SPOILT = (
    "開封した持分を確かめられませんでした。この画面から持分をダウンロードし直し、もう一度開封してください。"
)
INCOMPLETE = "開封されていない持分があります。すべての持分が開封されると、回復が完了します。"
NOT_OPENED = (
    "開封の途中で問題が起きました。持分は開封されていません。少し待ってから、もう一度開封してください。"
)


def package(recovery: Recovery, share_id: int, *, by: Officer) -> str:
    """The JSON of one own share for the custodian's computer. Raises as `open_here`."""
    return backup.package_text(backup.share_package(_own(recovery, share_id, by), recovery))


def open_here(recovery: Recovery, passphrase: str, *, by: Officer) -> None:
    """Open every own share with the key kept here; with the last of the four halves, `finish`.

    Raises TwoPersonRule for who asked or authorised, OwnApplication, CoolingOff, RecoveryRefused, WrongKey,
    RecoveryFailed, WrongState.
    """
    shares = own_shares(recovery, _guard(recovery, by))
    if not shares:
        raise RecoveryRefused(NO_SHARE)
    for share in shares:
        _keep(recovery, share, lambda share: backup.open_share(share, recovery, passphrase), by)
    if not awaited(recovery):
        finish(recovery, by=by)


def open_with(recovery: Recovery, packages: Mapping[int, str], *, by: Officer) -> None:
    """Take own shares that were opened on the custodian's own computer: share id → the JSON that came out there.

    Raises as `open_here`, and FieldRefused at `package_<share id>` for a text that is none, another's or spoilt.
    """
    shares = [_own(recovery, share_id, by) for share_id in packages]
    for share in shares:
        try:
            _keep(
                recovery, share, lambda share: backup.accept_package(packages[share.id], share, recovery), by
            )
        except FieldRefused as refused:
            raise FieldRefused(refused.sentence, field=f"package_{share.id}") from None
    if not awaited(recovery):
        finish(recovery, by=by)


def unfinished(recovery: Recovery) -> bool:
    """All halves are there and the joining did not come to its end: `finish` takes it up again."""
    return recovery.state is RecoveryState.AUTHORIZED and not awaited(recovery)


def spoilt(recovery: Recovery) -> bool:
    """Was it closed because the halves did not fit together: a backup or a share is broken."""
    if recovery.state is not RecoveryState.LAPSED:
        return False
    tries = trail.page(event=Event.RECOVERY_OPENED, subject=Subject.RECOVERY, subject_id=str(recovery.id))
    return any(entry.facts.get("reason") == enclave.CannotOpen.__name__ for entry in tries)


def finish(recovery: Recovery, *, by: Officer) -> None:
    """Join the four halves in a child: same key, new PIN, new backups, two new deliveries; the old are gone.

    The intent and the opened shares are committed first; when the child fails (RecoveryFailed) another call takes
    the same act up again. Halves that do not fit together close the recovery. Raises as `open_here`.
    """
    _guard(recovery, by)
    if awaited(recovery):
        raise RecoveryRefused(INCOMPLETE)
    to, facts = delivery.outlet(), {"certificate": recovery.certificate_id}
    act = audit.begin(Event.RECOVERY_OPENED, Subject.RECOVERY, recovery.id, by=by, act=left_act(recovery),
                      deliveries=[], **facts)  # fmt: skip
    try:
        _guard(recovery, by)  # begin has let go of the locks
        finished = enclave.recover(**_halves(recovery), **to.arguments())
    except RuleViolation as violation:
        violation.act = act
        raise
    except enclave.CannotOpen:
        audit.refuse(Event.RECOVERY_OPENED, Subject.RECOVERY, recovery.id, by=by, act=act,
                     reason=enclave.CannotOpen.__name__)  # fmt: skip
        lock(recovery.certificate)
        lock(recovery)
        lapse(recovery, by=by)
        return
    except enclave.EnclaveError:
        raise RecoveryFailed() from None
    certificate = recovery.certificate
    for old in backup.living(certificate).values():
        backup.destroy(old, by=by)
    delivery.end(certificate, "recovered", by=by)
    deliveries = delivery.put_out(certificate, finished, to, recovery_id=recovery.id, by=by)
    move(recovery, RecoveryState.OPENED)
    recovery.opened_at = clock.now()
    forget(recovery)
    flush()
    audit.record(Event.RECOVERY_OPENED, Subject.RECOVERY, recovery.id, by=by, act=act,
                 deliveries=[one.id for one in deliveries], **facts)  # fmt: skip
    delivery.announce(certificate, to.tokens)


def _guard(recovery: Recovery, by: Officer) -> Custodian:
    """Hold certificate and recovery; the custodian who may open now."""
    lock(recovery.certificate)
    lock(recovery)
    if recovery.state is not RecoveryState.AUTHORIZED or not recovery.open_from or not recovery.open_until:
        raise WrongState("Recovery", recovery.state, RecoveryState.OPENED)
    if by.id in (recovery.requested_by, recovery.authorized_by):
        raise TwoPersonRule(ASKED if by.id == recovery.requested_by else AUTHORIZED)
    custodian = db.session.scalar(
        select(Custodian).where(Custodian.officer_id == by.id, Custodian.released_at.is_(None))
    )
    if custodian is None:
        raise RecoveryRefused(NO_SHARE)
    not_own(recovery.certificate, by)
    check(recovery.certificate)
    if clock.now() < recovery.open_from:
        raise CoolingOff(
            f"利用者への通知後の待機期間中です。{japanese_datetime(recovery.open_from)}から開封できます。"
        )
    if clock.now() >= recovery.open_until:
        raise RecoveryRefused(TOO_LATE)
    return custodian


def _own(recovery: Recovery, share_id: int, by: Officer) -> BackupShare:
    found = [share for share in own_shares(recovery, _guard(recovery, by)) if share.id == share_id]
    if not found:
        raise RecoveryRefused(NO_SHARE)
    return found[0]


def _keep(
    recovery: Recovery, share: BackupShare, opener: Callable[[BackupShare], bytes], by: Officer
) -> None:
    """Open a share, try it against this recovery while its custodian is at the page, and keep it."""
    try:
        resealed = opener(share)
        enclave.check_share(_ephemeral(recovery), resealed, backup.reseal_info(share, recovery))
    except enclave.CannotOpen:
        raise FieldRefused(SPOILT) from None
    except enclave.EnclaveError:
        raise RecoveryFailed(NOT_OPENED) from None
    made = ShareOpening(
        recovery_id=recovery.id, backup_id=share.backup_id, half=share.half, custodian_id=share.custodian_id,
        requested_by=recovery.requested_by, authorized_by=recovery.authorized_by, opened_by=by.id,
        opened_at=clock.now(), resealed=resealed,
    )  # fmt: skip
    made.backup, made.custodian = db.session.get_one(Backup, share.backup_id), share.custodian
    recovery.openings.append(made)
    flush()
    audit.record(Event.RECOVERY_SHARE_OPENED, Subject.RECOVERY, recovery.id, by=by, backup=share.backup_id,
                 half=share.half, custodian=share.custodian_id)  # fmt: skip


def _ephemeral(recovery: Recovery) -> bytes:
    return keys.sealer().open(recovery.ephemeral_sealed or b"", ephemeral_context(recovery))


def _halves(recovery: Recovery) -> dict[str, Any]:
    certificate: Certificate = recovery.certificate
    resealed = {(one.backup_id, one.half): one.resealed or b"" for one in recovery.openings}
    query = select(Backup).where(Backup.id.in_({one.backup_id for one in recovery.openings}))
    backups = {
        one.kind.value: enclave.OpenedBackup(one.record_id, one.nonce, one.ciphertext or b"",
                                             resealed[one.id, "custodian"], resealed[one.id, "security"])
        for one in db.session.scalars(query.options(undefer(Backup.ciphertext)))
    }  # fmt: skip
    return {
        "ephemeral_private_key": _ephemeral(recovery), "recovery_id": str(recovery.id),
        "serial": int(certificate.serial_number, 16), "cert_sha256": hashlib.sha256(certificate.der).hexdigest(),
        "rounds": setting("PFX_ROUNDS"), **backups,
    }  # fmt: skip
