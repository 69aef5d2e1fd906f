"""What an applicant has begun is kept until they come back: ticks and the place in the terms, the form as typed.

Neither is an act of the registration authority, so neither is checked or recorded: a tick becomes a consent and a
value a part of the application only by `enrollment.accept` and `enrollment.save`.
"""

from jcanweb import clock
from jcanweb.calendar import jst_date
from jcanweb.database import db, flush, lock
from jcanweb.errors import AlreadySubmitted, FieldRefused, PresentationAltered, StalePage
from jcanweb.models import Application, Edition, FormProgress, Person, ReadingProgress
from jcanweb.services import documents
from jcanweb.services import enrollment_ledger as ledger
from jcanweb.services.enrollment import EDITABLE, consented

LONGEST = 1000
"""Characters of one value as typed; the form's own limits are far below."""


def keep_reading(edition_id: int, ticked: set[int], *, article: int = 0, application: Application | None = None,
                 by: Person) -> None:  # fmt: skip
    """Remember the ticks and the last article marked as read (0: as before) of the edition that was shown.

    The ticks of another edition end. A tick that comes after the consent, overtaken by the button, is dropped: it must
    not stand in the next application. Raises PresentationAltered for an edition that was never shown to anybody.
    """
    edition = db.session.get(Edition, edition_id)
    if edition is None or edition.effective_on is None or edition.effective_on > jst_date(clock.now()):
        raise PresentationAltered()
    lock(by)
    application = application or ledger.drafted(by)
    if application is not None and consented(application, edition):
        return
    kept = reading(by)
    if kept is None or kept.edition_id != edition.id:
        discard_reading(by)
        kept = ReadingProgress(person_id=by.id, edition_id=edition.id, article=0)
    kept.ticked, kept.saved_at = sorted(ticked), clock.now()
    kept.article = article or kept.article
    db.session.add(kept)
    flush()


def reading(person: Person) -> ReadingProgress | None:
    """Where the person is in the terms; `edition` says in which, perhaps no longer the one in force."""
    return db.session.get(ReadingProgress, person.id)


def discard_reading(person: Person) -> None:
    """The consent was given, or another edition is read."""
    kept = reading(person)
    if kept is not None:
        db.session.delete(kept)
        flush()


def keep_form(application: Application, typed: dict[str, str], *, paper: bytes | None, version: int) -> None:
    """Remember the form as it stands; `paper`: the bytes of a new PDF, None keeps the one kept before.

    Raises AlreadySubmitted, StalePage, and FieldRefused for a file that is no PDF or a value that nothing could hold.
    """
    lock(application)
    if application.state not in EDITABLE:
        raise AlreadySubmitted()
    if application.version != version:
        raise StalePage()
    for name, value in typed.items():
        if len(value) > LONGEST or "\0" in value:
            raise FieldRefused("長すぎるか、使えない文字があるため、保存できません。直してください。", name)
    if paper is not None:
        documents.check_pdf(paper)
    document = documents.keep(paper, by=application.person) if paper is not None else None
    kept = form(application)
    if kept is None:
        discard_form(application)
        kept = FormProgress(application_id=application.id, application_version=version)
    kept.typed, kept.saved_at = typed, clock.now()
    kept.seal_certificate = document or kept.seal_certificate
    db.session.add(kept)
    flush()


def form(application: Application) -> FormProgress | None:
    """What was typed since the application was last saved; none once it has been saved elsewhere."""
    kept = db.session.get(FormProgress, application.id)
    return kept if kept and kept.application_version == application.version else None


def discard_form(application: Application) -> None:
    """The form was saved whole, or the application has ended."""
    kept = db.session.get(FormProgress, application.id)
    if kept is not None:
        db.session.delete(kept)
        flush()
