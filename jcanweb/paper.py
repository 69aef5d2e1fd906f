"""A paper that was handed in as PDF, opened only in a child process with limits of its own."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from jcanweb.paper_process import SECONDS, Refusal

HOME = Path(__file__).resolve().parents[1]
KNOWN = 200
"""answers that are kept by the SHA-256 of the paper: a form is looked at several times on its way"""

_answers: dict[str, Refusal | None] = {}


def refusal(content: bytes) -> Refusal | None:
    """Why it is not accepted; None for a paper of few pages that can be drawn and does nothing."""
    digest = hashlib.sha256(content).hexdigest()
    if digest not in _answers:
        answer = _ask(content)
        while len(_answers) >= KNOWN:
            _answers.pop(next(iter(_answers)), None)
        _answers[digest] = answer
    return _answers[digest]


def _ask(content: bytes) -> Refusal | None:
    try:
        child = subprocess.run(  # noqa: S603 - our own module under our own interpreter
            [sys.executable, "-m", "jcanweb.paper_process"],
            cwd=HOME,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=3 * SECONDS,
            check=True,
        )
        answer = json.loads(child.stdout)["refusal"]
    except (subprocess.SubprocessError, ValueError):  # ended by its limits
        return Refusal.TOO_HEAVY
    return Refusal(answer) if answer else None
