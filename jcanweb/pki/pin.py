"""The PIN of a PKCS#12: activation data in the sense of RFC 3647 §6.4."""

import secrets

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
"""57 characters: digits and letters without 0, O, 1, I and l, which are mistaken for one another on paper."""

LENGTH = 20
"""20 × log2(57) = 116.6 bits, above the 112 that S/MIME BR §6.1.2 asks of a PKCS#12, whatever its
iterations."""


def new_pin() -> str:
    """A new PIN: 20 characters of ALPHABET, each drawn from the system's random source."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
