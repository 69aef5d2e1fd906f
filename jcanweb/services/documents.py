"""Documents handed in by applicants: kept sealed, opened only to be read by an officer (product.md §4)."""

import hashlib

from jcanweb import clock, keys
from jcanweb.database import db, flush
from jcanweb.models import Document, Person


def keep(content: bytes, *, by: Person) -> Document:
    """Seal the bytes of an uploaded PDF for this person; only size and SHA-256 stay open."""
    sha256 = hashlib.sha256(content).hexdigest()
    sealed = keys.sealer().seal(content, _context(by.id, sha256))
    document = Document(
        person_id=by.id, sha256=sha256, size=len(content), content=sealed, uploaded_at=clock.now()
    )
    db.session.add(document)
    flush()
    return document


def content(document: Document) -> bytes:
    """The bytes as they were handed in. Raises pki.sealbox.CannotUnseal for a row that was moved or changed."""
    return keys.sealer().open(document.content, _context(document.person_id, document.sha256))


def _context(person_id: int, sha256: str) -> str:
    return f"document.content of person {person_id}, sha256 {sha256}"
