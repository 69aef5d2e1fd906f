"""Withdrawals of the consent to a backup."""

from typing import Any

from jcanweb.models import Certificate, ConsentWithdrawal
from jcanweb.services import withdrawal


def withdraw(certificate: Certificate, **values: Any) -> ConsentWithdrawal:
    """As the certificate's own subscriber does it on the page."""
    given: dict[str, Any] = {"confirmation": certificate.jc_number, "read": withdrawal.shown(),
                             "by": certificate.application.person, **values}  # fmt: skip
    return withdrawal.withdraw(certificate, **given)
