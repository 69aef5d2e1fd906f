"""The one error this package raises."""

from jcanweb.errors import RuleViolation


class NameRefused(RuleViolation, ValueError):
    """A typed value that cannot be kept; `sentence` is what the person reads and names the mend.

    The typed value itself is not held, so that no name reaches a log through this error.
    """
