"""RFC 3161 time-stamps: what is asked of an authority, and whether its answer holds. Speaks no HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

REQUEST_TYPE, ANSWER_TYPE = "application/timestamp-query", "application/timestamp-reply"
"""RFC 3161 §3.4"""
GRANTED = bytes.fromhex("3003020100")
"""PKIStatusInfo with status 0 (RFC 3161 §2.4.2)"""
LONGEST = 64 * 1024
"""bytes of an answer"""


class TimestampRefused(ValueError):
    """Not an answer to this request, not over these bytes, or not of a pinned authority."""


@dataclass(frozen=True)
class Request:
    content: bytes
    """DER TimeStampReq, to be posted"""
    nonce: int


@dataclass(frozen=True)
class Token:
    content: bytes
    """DER ContentInfo, to be kept"""
    at: datetime
    """genTime, in UTC"""
    serial_number: int


def request(signed: bytes) -> Request:
    """Asks for a time-stamp over the SHA-256 of these bytes, with a nonce, and for the authority's certificate."""
    made = TimestampRequestBuilder(hash_algorithm=HashAlgorithm.SHA256).data(signed).build()
    return Request(made.as_bytes(), made.nonce or 0)


def accept(answer: bytes, asked: Request, signed: bytes, roots: Sequence[bytes]) -> Token:
    """The token in the authority's answer, when it is granted, carries the nonce and passes `check`.

    `roots`: PEM, one or more certificates each. Raises TimestampRefused.
    """
    response = _read(answer)
    if response.tst_info.nonce != asked.nonce:
        raise TimestampRefused("the answer to another request")
    return _verified(response, signed, roots)


def check(token: bytes, signed: bytes, roots: Sequence[bytes]) -> Token:
    """A token kept earlier, looked at again. Raises TimestampRefused."""
    return _verified(_read(_tlv(0x30, GRANTED + token)), signed, roots)


def is_root(pem: bytes) -> bool:
    """Does it hold certificates?"""
    try:
        return bool(x509.load_pem_x509_certificates(pem))
    except ValueError:
        return False


def _read(answer: bytes) -> TimeStampResponse:
    if len(answer) > LONGEST:
        raise TimestampRefused("too long for a time-stamp")
    try:
        response = decode_timestamp_response(answer)
        response.tst_info.gen_time  # noqa: B018  read here, since a refusal has no token
    except ValueError:
        raise TimestampRefused("no time-stamp") from None
    return response


def _verified(response: TimeStampResponse, signed: bytes, roots: Sequence[bytes]) -> Token:
    try:
        pinned = [one for pem in roots for one in x509.load_pem_x509_certificates(pem)]
        VerifierBuilder(roots=pinned).build().verify_message(response, signed)
    except (VerificationError, ValueError) as refusal:
        raise TimestampRefused(str(refusal)) from None
    told = response.tst_info
    return Token(response.time_stamp_token(), told.gen_time, told.serial_number)


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content
