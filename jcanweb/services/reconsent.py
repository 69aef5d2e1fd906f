"""A subscriber's answer to changed terms (同意 or 拒否), and what an approver decides on a refusal (改定履歴, product.md §3)."""

from sqlalchemy import select

from jcanweb import audit, clock, states
from jcanweb.database import db, flush, lock
from jcanweb.errors import (
    AlreadyAnswered,
    CommentMissing,
    OwnApplication,
    PresentationUsed,
    RevocationOpen,
    TermsChanged,
    at_field,
)
from jcanweb.events import Event, Subject
from jcanweb.models import Certificate, Officer, Person, Reconsent
from jcanweb.names import check_words
from jcanweb.services import addresses, campaign, consents, organizations, presentation, revocation, terms
from jcanweb.terms.statements import Statement
from jcanweb.vocabulary import ReconsentDecision, ReconsentState, RevocationReason, RevocationRequester

BUTTON = "以上をすべて承諾して、新しい規約に同意する"
REPLACED = "この版は、より新しい版に置き換わったため、答えられません。あなたのページから、新しい版のご案内を確認してください。"
OWN = "ご自身が利用者になっているため、この拒否への対応は決められません。別の承認者に引き継いでください。"


def serve(asked: Reconsent, statements: tuple[Statement, ...]) -> str:
    """The statements as they are about to be shown on one page: the text of its hidden field."""
    return presentation.serve(asked.campaign.edition, statements, button=BUTTON, to=asked.person)


def agree(
    asked: Reconsent, served: str, accepted: set[int], *, address: str | None = None, by: Person
) -> None:
    """Keep the consent to every statement of the edition that was asked for, with its receipt.

    Also after a refusal, until that is decided on; a second click finds it done. `address`: the IP address it came
    from, kept only where a setting says so. Raises NotEligible,
    PresentationRefused, ConsentMissing, AlreadyAnswered, and TermsChanged when a later edition has taken its place.
    """
    lock(by)
    organizations.check_eligible(by)
    lock(asked)
    edition = asked.campaign.edition
    shown = consents.look_at(served, accepted, edition=edition, button=BUTTON, by=by)
    if asked.state is ReconsentState.AGREED:
        return
    _check_open(asked)
    if consents.is_used(shown.nonce):
        raise PresentationUsed()
    given = consents.keep(shown, served, edition=edition, about=(Subject.RECONSENT, asked.id), by=by)
    addresses.keep(given, address)


def refuse(asked: Reconsent, *, words: str, by: Person) -> None:
    """Keep that the person does not accept the edition; an approver decides what follows.

    `words`: why, up to 1,000 characters, may be empty. Raises AlreadyAnswered, TermsChanged, FieldRefused.
    """
    lock(by)
    lock(asked)
    _check_open(asked)
    if asked.state is not ReconsentState.ASKED:
        raise AlreadyAnswered()
    asked.words = at_field("words", check_words, words, "理由")
    states.move(asked, ReconsentState.REFUSED)
    asked.answered_at, asked.mail_due_at = clock.now(), None
    flush()
    audit.record(Event.RECONSENT_REFUSED, Subject.RECONSENT, asked.id, by=by,
                 edition=asked.campaign.edition_id)  # fmt: skip


def decide(asked: Reconsent, decision: ReconsentDecision, *, comment: str, version: int, by: Officer) -> None:
    """What follows a refusal: revocations received for every living certificate, or nothing, and why.

    Each revocation is then decided by another approver. A certificate whose revocation is already under way is left
    to it. Raises StalePage, AlreadyAnswered when there is nothing to decide, OwnApplication, CommentMissing,
    FieldRefused.
    """
    lock(asked, version)
    if asked.state is not ReconsentState.REFUSED or asked.decided_at is not None:
        raise AlreadyAnswered("この拒否への対応は既に決まっているか、利用者が答え直しました。")
    if own(asked, by):
        raise OwnApplication(OWN)
    comment = at_field("comment", check_words, comment, "理由")
    if decision is ReconsentDecision.KEEP and not comment:
        raise CommentMissing()
    asked.decision, asked.comment = decision, comment
    asked.decided_by, asked.decided_at = by.id, clock.now()
    flush()
    received = _receive(asked, by) if decision is ReconsentDecision.REVOKE else []
    audit.record(Event.RECONSENT_DECIDED, Subject.RECONSENT, asked.id, by=by, decision=decision,
                 edition=asked.campaign.edition_id, revocations=received)  # fmt: skip


def own(asked: Reconsent, officer: Officer) -> bool:
    """Is this officer the subscriber who was asked?"""
    return asked.person.email.casefold() == officer.email.casefold()


def _receive(asked: Reconsent, by: Officer) -> list[int]:
    words = f"利用者が利用規約の版 {asked.campaign.edition.version} への同意を拒否したため。"
    made = []
    query = select(Certificate).where(
        Certificate.person_id == asked.person_id, Certificate.living(clock.now())
    )
    for certificate in db.session.scalars(query.order_by(Certificate.id)):
        try:
            made.append(revocation.receive(
                certificate, reason=RevocationReason.CESSATION_OF_OPERATION, words=words,
                requester=RevocationRequester.REGISTRATION_AUTHORITY, by=by).id)  # fmt: skip
        except RevocationOpen:
            continue
    return made


def _check_open(asked: Reconsent) -> None:
    terms.lock_in_force()
    if asked.decided_at is not None:
        raise AlreadyAnswered()
    if asked.campaign.edition not in campaign.open_editions():
        raise TermsChanged(REPLACED)
