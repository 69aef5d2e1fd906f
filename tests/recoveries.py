"""Recoveries up to any point, with the people in them; the custodians' own computers are played in this process."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from jcanweb import clock, keys
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.models import (
    Backup,
    BackupShare,
    Certificate,
    Custodian,
    Mail,
    Officer,
    Recovery,
    ShareOpening,
)
from jcanweb.pki import share_file, vault
from jcanweb.pki.officer_key import OfficerKey, load_officer_key, new_officer_key
from jcanweb.roles import Role
from jcanweb.services import backup, recovery_ledger
from jcanweb.services import recovery as service
from jcanweb.vocabulary import CustodianGroup, RecoveryGround, RecoveryState, SecretKind
from tests.issued import PASSPHRASE, custodian, custodians, officer_key
from tests.people import officer


@dataclass(frozen=True)
class Sent:
    template: str
    to: str
    subject: str
    body: str


def sent() -> list[Sent]:
    """The mails that wait to be handed over, the oldest first."""
    found = db.session.query(Mail).filter(Mail.sealed.is_not(None)).order_by(Mail.id)
    return [
        Sent(mail.template, **json.loads(keys.sealer().open(mail.sealed or b"", "mail"))) for mail in found
    ]


def token(kind: SecretKind) -> str:
    """Of the newest link to this thing."""
    place = {SecretKind.PFX: "receive", SecretKind.PIN: "pin"}[kind]
    bodies = [mail.body for mail in sent() if mail.template == f"delivery_{kind.value}"]
    return re.findall(rf"/{place}/(\S+)", bodies[-1])[0]


@cache
def second_key(group: CustodianGroup) -> OfficerKey:
    """The key of another custodian of this group, under PASSPHRASE."""
    return new_officer_key(PASSPHRASE, iterations=1000)


def colleague(group: CustodianGroup, who: Officer | None = None) -> Custodian:
    """Another custodian of this group."""
    return custodian(group, who, second_key(group))


def also_sealed_to(certificate: Certificate, kind: SecretKind, holder: Custodian) -> Custodian:
    """Another custodian of the group holds this record's half too."""
    kept = backup.living(certificate)[kind]
    first = next(share for share in kept.shares if share.custodian.group is holder.group)
    key, bound = (
        load_officer_key(officer_key(holder.group).private_pem, PASSPHRASE),
        backup.aad(kept, certificate),
    )
    mine, theirs = (vault.share_info(bound, "custodian", str(one.id)) for one in (first.custodian, holder))
    sealed = vault.reseal_share(key, first.sealed, mine, holder.public_key or b"", theirs)
    kept.shares.append(BackupShare(half=first.half, custodian_id=holder.id, sealed=sealed))
    db.session.flush()
    return holder


class Cast:
    """An operator who asks, an approver who authorises, a custodian in each group."""

    def __init__(self) -> None:
        self.operator, self.approver = officer(Role.OPERATOR), officer(Role.APPROVER)
        self.holders = custodians()

    def holder(self, group: CustodianGroup) -> Officer:
        return db.session.get_one(Officer, self.holders[group].officer_id)

    def ask(self, certificate: Certificate, **values: Any) -> Recovery:
        asked: dict[str, Any] = {"ground": RecoveryGround.SUBSCRIBER_LOST_PIN, "by": self.operator,
                                 "proof": "登録の電話番号に折り返して確認。", **values}  # fmt: skip
        return service.request(certificate, **asked)

    def authorize(self, recovery: Recovery, by: Officer | None = None) -> Recovery:
        service.authorize(recovery, version=recovery.version, by=by or self.approver)
        return recovery

    def authorized(self, certificate: Certificate) -> Recovery:
        """As after `authorize`, but nobody is told; quicker than through the child process."""
        made, key, at = self.ask(certificate), X25519PrivateKey.generate(), clock.now()
        made.state, made.authorized_by, made.authorized_at = RecoveryState.AUTHORIZED, self.approver.id, at
        made.open_from = at + timedelta(hours=setting("RECOVERY_COOLING_OFF_HOURS"))
        made.open_until = made.open_from + timedelta(days=setting("RECOVERY_OPEN_DAYS"))
        made.ephemeral_public = key.public_key().public_bytes_raw()
        made.ephemeral_sealed = keys.sealer().seal(key.private_bytes_raw(), service.ephemeral_context(made))
        db.session.flush()
        return made


def shares_of(recovery: Recovery, holder: Custodian) -> list[BackupShare]:
    return recovery_ledger.own_shares(recovery, holder)


def at_home(share: BackupShare, recovery: Recovery, key: OfficerKey | None = None) -> str:
    """What the custodian's own computer prints for a share."""
    package = backup.package_text(backup.share_package(share, recovery))
    pem = (key or officer_key(share.custodian.group)).private_pem
    return json.dumps(share_file.write(share_file.reseal(share_file.read_share(package), pem, PASSPHRASE)))


def put_halves(recovery: Recovery, *holders: Custodian) -> None:
    """The shares of these custodians as opened; quicker than through the child processes."""
    for holder in holders:
        for share in shares_of(recovery, holder):
            kept = db.session.get_one(Backup, share.backup_id)
            made = ShareOpening(
                recovery_id=recovery.id, backup_id=kept.id, half=share.half, custodian_id=holder.id,
                requested_by=recovery.requested_by, authorized_by=recovery.authorized_by,
                opened_by=holder.officer_id, opened_at=clock.now(),
                resealed=share_file.read_resealed(at_home(share, recovery)).resealed,
            )  # fmt: skip
            made.backup, made.custodian = kept, holder
            recovery.openings.append(made)
            db.session.flush()
