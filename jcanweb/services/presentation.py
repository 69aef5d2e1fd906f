"""What a person is shown before accepting: signed when it is served, looked at again when it comes back."""

from datetime import timedelta

from jcanweb import clock, keys, terms
from jcanweb.config import setting
from jcanweb.errors import PresentationAltered, PresentationAnothers, PresentationExpired, PresentationRefused
from jcanweb.models import Edition, Person
from jcanweb.pki import presentation as pki
from jcanweb.pki.presentation import Presentation, Why

LOCALE = "ja"
REFUSED: dict[Why, type[PresentationRefused]] = {
    Why.GARBAGE: PresentationAltered, Why.ALTERED: PresentationAltered,
    Why.ANOTHERS: PresentationAnothers, Why.EXPIRED: PresentationExpired,
}  # fmt: skip


def statements(shown: tuple[terms.Statement, ...]) -> tuple[pki.Statement, ...]:
    """The statements of an edition as a presentation and a receipt hold them."""
    return tuple(pki.Statement(one.number, one.verb.value, one.text) for one in shown)


def serve(edition: Edition, shown: tuple[terms.Statement, ...], *, button: str, to: Person) -> str:
    """The text of the hidden field for one page; it may be accepted for PRESENTATION_HOURS, once."""
    now = clock.now()
    return pki.sign(
        Presentation(
            edition.version, edition.sha256, statements(shown), button, LOCALE, to.id, pki.new_nonce(), now,
            now + timedelta(hours=setting("PRESENTATION_HOURS")),
        ),
        keys.presentation_key(),
    )  # fmt: skip


def read(text: str, *, by: Person) -> Presentation:
    """What was served to this person. Raises PresentationAltered, PresentationAnothers, PresentationExpired."""
    try:
        return pki.read(text, keys.presentation_key().public_key(), now=clock.now(), person_id=by.id)
    except pki.PresentationRefused as refusal:
        raise REFUSED[refusal.why]() from None
