"""First start: the audit head, the embedded CA, the sample edition and CP, the set-up link."""

import hashlib

from cryptography.hazmat.primitives.serialization import Encoding

from jcanweb import audit, clock, keys
from jcanweb.database import db, flush
from jcanweb.events import Event, Subject
from jcanweb.models import AuditHead, Edition, PolicyDocument
from jcanweb.pki.tree import Frontier
from jcanweb.services import policy, terms
from jcanweb.terms import sample


def prepare() -> None:
    """Make what is missing of a first start."""
    if db.session.get(AuditHead, 1) is None:
        empty = Frontier()
        db.session.add(AuditHead(id=1, size=0, frontier=empty.dump(), root=empty.root().hex()))
        flush()
        der = keys.create_ca(clock.now()).certificate.public_bytes(Encoding.DER)
        audit.record(Event.INSTALLATION_CREATED, Subject.INSTALLATION, 1, by=None,
                     issuer_sha256=hashlib.sha256(der).hexdigest())  # fmt: skip
    if db.session.query(Edition).first() is None:
        terms.set_up_sample(sample())
    if db.session.query(PolicyDocument).first() is None:
        policy.set_up_sample()
