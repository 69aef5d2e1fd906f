"""The way in: `python3 -m jcanweb [command]`, with nothing but Python 3.11 and pip (or venv) on the machine.

In a checkout, the first use makes `.venv` from `requirements.lock` and every use goes on inside it. Where
jcanweb is installed as a package, whoever installed it chose the environment, and nothing is made. Standard
library only, and so is what `jcanweb/__init__.py` imports at its top: both run before anything is installed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent
LOCK = PACKAGE / "requirements.lock"
VENV = CHECKOUT / ".venv"
STAMP = VENV / "jcanweb.stamp"


def refusal(version: tuple[int, ...]) -> str:
    """Why this Python cannot run jcanweb, in one line; empty where it can."""
    if tuple(version[:2]) >= OLDEST:
        return ""
    return f"jcanweb needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is Python {version[0]}.{version[1]}."


def fingerprint(lock: bytes, version: str) -> str:
    """What an environment was made from: the lock file's bytes and the full version of the Python."""
    return hashlib.sha256(lock + b"\0" + version.encode()).hexdigest()


def is_installed() -> bool:
    """Whether jcanweb is a package of this environment, by wheel or as an editable install."""
    try:
        return bool(importlib.metadata.version("jcanweb"))
    except importlib.metadata.PackageNotFoundError:
        return False


def is_ready() -> bool:
    """Whether `.venv` is a finished set-up of this very lock and Python; an interrupted one has no stamp."""
    return STAMP.is_file() and STAMP.read_text() == fingerprint(LOCK.read_bytes(), sys.version)


def inside() -> bool:
    """Whether this process runs in the checkout's own `.venv`, whatever VIRTUAL_ENV says."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def interpreter(windows: bool) -> Path:
    """The Python of `.venv`."""
    return VENV / "Scripts" / "python.exe" if windows else VENV / "bin" / "python"


def has(python: str, module: str) -> bool:
    """Whether that Python can import the module."""
    return subprocess.run([python, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


def set_up() -> None:
    """Makes `.venv` anew and stamps it last, so that whatever interrupts this is redone at the next start."""
    maker = getattr(sys, "_base_executable", sys.executable) if inside() else sys.executable
    inner = str(interpreter(os.name == "nt"))
    bundled = has(maker, "venv, ensurepip")
    if not bundled and not has(maker, "venv, pip"):
        sys.exit("jcanweb needs pip or venv to set itself up; on Debian and Ubuntu: apt install python3-venv")
    print(f"First use: setting up {VENV} (about a minute) ...", file=sys.stderr, flush=True)
    pip = [inner, "-m", "pip"] if bundled else [maker, "-m", "pip", "--python", inner]
    quiet = ["-qq", "--disable-pip-version-check", "--no-input"]
    environment = os.environ | {"PIP_USER": "0"}
    make = [maker, "-m", "venv", "--clear", *([] if bundled else ["--without-pip"]), str(VENV)]
    install = [*pip, "install", *quiet, "--no-deps", "--require-hashes", "-r", str(LOCK)]
    try:
        STAMP.unlink(missing_ok=True)
        subprocess.run(make, check=True)
        subprocess.run(install, check=True, env=environment)
    except (OSError, subprocess.CalledProcessError, KeyboardInterrupt) as failure:
        reason = str(failure) or "interrupted"
        sys.exit(f"The set-up stopped: {reason}\nThe same command starts it afresh.")
    STAMP.write_text(fingerprint(LOCK.read_bytes(), sys.version))


def become(*command: str) -> None:
    """Replaces this process by the Python of `.venv`; on Windows, without a true exec, waits for a child."""
    python = str(interpreter(os.name == "nt"))
    if os.name == "nt":
        sys.exit(subprocess.call([python, *command]))
    os.execv(python, [python, *command])


def main() -> None:
    """Sets up where needed, then hands the arguments to the command line; without any, that is `run`."""
    problem = refusal(sys.version_info[:3])
    if problem:
        sys.exit(problem)
    arguments = sys.argv[1:] or ["run"]
    if not is_installed():
        if not is_ready():
            set_up()
        if arguments[0] == "test":
            os.chdir(CHECKOUT)
            become("-m", "pytest", *(arguments[1:] or ["-n", "auto"]))
        if not inside():
            become("-m", "jcanweb", *arguments)
    from jcanweb.commands import main as command_line

    command_line(args=arguments, prog_name="python3 -m jcanweb")


if __name__ == "__main__":
    main()
