"""Time-stamps of receipts (RFC 3161), asked of the authority at TSA_URL after the consent; without one, none.

Receipts are numbered and committed under the lock of the audit record, so none comes in below a higher one: those
that wait are those above the newest that is stamped.
"""

import urllib.request
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from jcanweb import verifier
from jcanweb.config import setting
from jcanweb.database import db, transaction
from jcanweb.models import Receipt, ReceiptTimestamp
from jcanweb.pki import receipt, timestamp

BATCH = 20
SECONDS = 10
"""of silence before the authority is given up until the next sweep"""


def run() -> None:
    """Stamp up to BATCH receipts, oldest first, each kept before the next is asked for.

    No transaction is open while the authority is spoken to. The first that fails ends the round and waits for the
    next one. Raises OSError (authority silent or refusing, TSA_CA_FILE unreadable), timestamp.TimestampRefused.
    """
    if not setting("TSA_URL"):
        return
    pinned = [Path(setting("TSA_CA_FILE")).read_bytes()]
    for one in _waiting():
        asked = timestamp.request(one.signature)
        token = timestamp.accept(_ask(asked.content), asked, one.signature, pinned)
        file = receipt.write(one.content, receipt.Signature(one.signature_key, one.signature), token.content)
        if verifier.exit_code(verifier.verify(file, tsa_roots=pinned)) == 1:
            raise timestamp.TimestampRefused("of a kind that the verifier does not know")
        with transaction():
            db.session.add(ReceiptTimestamp(receipt_id=one.id, token=token.content, stamped_at=token.at))


def roots() -> list[bytes]:
    """What the time-stamps of this installation are checked against, as PEM; none where it cannot be read."""
    try:
        pem = Path(setting("TSA_CA_FILE")).read_bytes()
    except OSError:
        return []
    return [pem] if timestamp.is_root(pem) else []


def _waiting() -> list[Receipt]:
    with transaction():
        newest = db.session.scalar(select(func.max(ReceiptTimestamp.receipt_id))) or 0
        query = select(Receipt).where(Receipt.id > newest).order_by(Receipt.id).limit(BATCH)
        return list(db.session.scalars(query.options(undefer(Receipt.content))))


def _ask(content: bytes) -> bytes:
    """RFC 3161 §3.4: a POST and its answer."""
    url = setting("TSA_URL")
    if not url.startswith(("http://", "https://")):
        raise OSError("TSA_URL is no address of the web")
    request = urllib.request.Request(url, content, {"Content-Type": timestamp.REQUEST_TYPE})  # noqa: S310 - see above
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        read: bytes = answer.read(timestamp.LONGEST + 1)
    return read
