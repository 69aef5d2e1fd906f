"""What officers write to each other about an application; nobody outside ever reads it."""

from sqlalchemy import select

from jcanweb import audit, clock
from jcanweb.database import db, flush, lock
from jcanweb.errors import OwnApplication, words_at
from jcanweb.events import Event, Subject
from jcanweb.models import Application, Comment, Officer
from jcanweb.names import check_words
from jcanweb.services import screening


def write(application: Application, words: str, *, by: Officer) -> None:
    """Keep a comment of 1 to 1,000 characters for good; the newest once more by the same officer changes nothing.

    Raises OwnApplication; at `words` WordsNeeded and FieldRefused.
    """
    lock(application)
    if screening.own(application, by):
        raise OwnApplication()
    words = words_at("words", check_words, words, "コメント")
    last = next(iter(of(application, 1)), None)
    if last and (last.words, last.written_by) == (words, by.id):
        return
    made = Comment(application_id=application.id, words=words, written_by=by.id, written_at=clock.now())
    db.session.add(made)
    flush()
    audit.record(Event.APPLICATION_COMMENTED, Subject.APPLICATION, application.id, by=by, comment=made.id)


def of(application: Application, most: int = 50) -> list[Comment]:
    """The newest comments on it, newest first."""
    query = select(Comment).where(Comment.application_id == application.id)
    return list(db.session.scalars(query.order_by(Comment.id.desc()).limit(most)))
