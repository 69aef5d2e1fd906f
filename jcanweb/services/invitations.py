"""The way in for applicants: a personal link, and a six-digit code sent to their address (product.md §1).

The link proves that an officer invited, the code that the person reads the mail. Every link that does not
open gives the same answer.
"""

import hmac
import re
import secrets
import unicodedata
from datetime import timedelta

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from sqlalchemy import select

from jcanweb import audit, clock, keys
from jcanweb.config import setting
from jcanweb.database import db, flush, lock
from jcanweb.errors import FieldRefused, LinkExpired, TooManyAttempts, WrongCode
from jcanweb.events import Event, Subject
from jcanweb.models import AccessCode, Invitation, Officer, Person
from jcanweb.pki.sealbox import new_token, token_hash

_DOUBLE_CLICK = timedelta(seconds=20)


class _Signer(TimestampSigner):
    """Stamps by the clock of the house."""

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


def invite(person: Person, *, by: Officer) -> str:
    """Make a personal link for INVITATION_DAYS; earlier links of the person end. The link's text is returned.

    The text is signed and holds the invitation's id and a random token; the row keeps only the token's hash.
    """
    at = clock.now()
    living = select(Invitation).where(Invitation.person_id == person.id, Invitation.revoked_at.is_(None))
    for earlier in db.session.scalars(living):
        earlier.revoked_at = at
    invitation, link = add(person, by=by)
    audit.record(Event.PERSON_INVITED, Subject.PERSON, person.id, by=by, corporation=person.corporation_id,
                 invitation=invitation.id)  # fmt: skip
    return link


def add(person: Person, *, by: Officer | None = None) -> tuple[Invitation, str]:
    """A further personal link beside those that live, made by itself (`by` None) where a mail asks for something.

    It ends no other, since an application may be under way by that one; the caller records it.
    """
    at, token = clock.now(), new_token()
    invitation = Invitation(
        person_id=person.id, token_sha256=token_hash(token), invited_by=by.id if by else None, invited_at=at,
        expires_at=at + timedelta(days=setting("INVITATION_DAYS")),
    )  # fmt: skip
    db.session.add(invitation)
    flush()
    return invitation, str(_serializer().dumps([invitation.id, token]))


def open_link(text: str) -> Invitation:
    """The living invitation of this link; consumes nothing. Raises LinkExpired, whatever the cause."""
    try:
        invitation_id, token = _serializer().loads(text, max_age=setting("INVITATION_DAYS") * 86400)
    except BadData:
        raise LinkExpired() from None
    found = db.session.get(Invitation, invitation_id)
    if found is None or not hmac.compare_digest(found.token_sha256, token_hash(token)):
        raise LinkExpired()
    if found.revoked_at is not None or found.expires_at <= clock.now():
        raise LinkExpired()
    return found


def send_code(invitation: Invitation) -> str | None:
    """Make a six-digit code for ACCESS_CODE_MINUTES; earlier ones end. None when one has just been sent.

    Raises TooManyAttempts after ACCESS_CODES_PER_HOUR: with ACCESS_CODE_ATTEMPTS tries each, guessing stays
    hopeless. The row keeps an HMAC-SHA256 of the code.
    """
    person, at = invitation.person, clock.now()
    lock(person)
    sent = select(AccessCode).where(
        AccessCode.person_id == person.id, AccessCode.sent_at > at - timedelta(hours=1)
    )
    recent = list(db.session.scalars(sent.order_by(AccessCode.id)))
    if recent and recent[-1].used_at is None and recent[-1].sent_at > at - _DOUBLE_CLICK:
        return None
    if len(recent) >= setting("ACCESS_CODES_PER_HOUR"):
        raise TooManyAttempts(
            "確認コードの送付が続いたため、しばらく送れません。1時間ほど待ってからお試しください。"
        )
    for earlier in recent:
        earlier.expires_at = min(earlier.expires_at, at)
    digits = f"{secrets.randbelow(1_000_000):06}"
    code = AccessCode(person_id=person.id, code_hmac=_hmac(person, digits), sent_at=at,
                      expires_at=at + timedelta(minutes=setting("ACCESS_CODE_MINUTES")))  # fmt: skip
    db.session.add(code)
    flush()
    audit.record(Event.PERSON_CODE_SENT, Subject.PERSON, person.id, by=person, code=code.id)
    return digits


def newest_code(invitation: Invitation) -> AccessCode | None:
    """The code that counts: the last one sent to this person."""
    query = select(AccessCode).where(AccessCode.person_id == invitation.person_id)
    return db.session.scalar(query.order_by(AccessCode.sent_at.desc(), AccessCode.id.desc()).limit(1))


def six_digits(typed: str) -> str:
    """The code as six ASCII digits; full-width, spaces and hyphens are accepted. Raises FieldRefused."""
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed))
    if not re.fullmatch(r"[0-9]{6}", digits):
        raise FieldRefused("確認コードは6桁の数字です。メールに記載の数字を入力してください。", field="code")
    return digits


def sign_in(invitation: Invitation, typed: str) -> Person:
    """The person, when the code is right, unused, in time and not tried too often; it works once.

    Wrong tries are the refusals in the audit record. Raises FieldRefused, WrongCode, TooManyAttempts.
    """
    digits, code, person = six_digits(typed), newest_code(invitation), invitation.person
    if code is None:
        raise WrongCode("確認コードはまだ送られていません。前の画面で「確認コードを送る」を押してください。")
    lock(code)
    if audit.refusals(Event.CODE_DENIED, Subject.ACCESS_CODE, code.id) >= setting("ACCESS_CODE_ATTEMPTS"):
        raise TooManyAttempts()
    if code.used_at is not None or code.expires_at <= clock.now():
        raise WrongCode(
            "この確認コードは使用済みか、有効期限が切れています。新しい確認コードを請求してください。"
        )
    if not hmac.compare_digest(code.code_hmac, _hmac(person, digits)):
        raise WrongCode()
    code.used_at = clock.now()
    flush()
    audit.record(Event.PERSON_SIGNED_IN, Subject.PERSON, person.id, by=person)
    return person


def sign_out(*, by: Person) -> None:
    """Record that the person has left; the caller ends the session."""
    audit.record(Event.PERSON_SIGNED_OUT, Subject.PERSON, by.id, by=by)


def masked(email: str) -> str:
    """The address as shown to whoever holds the link: the first character and the domain."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}***@{domain}"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(setting("SECRET_KEY"), salt="jcanweb/invitation/v1", signer=_Signer)


def _hmac(person: Person, digits: str) -> str:
    key = keys.derive(setting("SECRET_KEY").encode(), "access code")
    return hmac.new(bytes.fromhex(key), f"{person.id}:{digits}".encode(), "sha256").hexdigest()
