"""The command line, as a person types it."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jcanweb import terms
from jcanweb.commands import main


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Typed":
    monkeypatch.setenv("JCANWEB_INSTANCE", str(tmp_path / "instance"))
    return Typed()


class Typed:
    def __call__(self, *words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == code, result.output
        return result


def test_every_command_is_in_the_help(typed: Typed) -> None:
    shown = typed("--help").output
    for name in main.commands:
        assert name in shown


def test_a_text_is_imported_once_and_the_record_is_whole(typed: Typed, tmp_path: Path) -> None:
    text = tmp_path / "terms.txt"
    text.write_bytes(terms.sample())
    words = ("terms", "import", str(text), "--version", "9.0", "--effective", date(2026, 1, 1).isoformat())
    shown = typed(*words).output
    assert terms.read(terms.sample()).sha256 in shown
    assert "既に登録" in typed(*words, code=1).output
    assert "whole" in typed("verify-audit").output


def test_what_cannot_be_read_is_refused(typed: Typed, tmp_path: Path) -> None:
    text = tmp_path / "terms.txt"
    text.write_bytes("第１条（規約）".encode("cp932"))
    typed("terms", "import", str(text), "--version", "9.0", "--effective", "2026-01-01", code=1)
    typed("terms", "import", str(text), "--version", "9.0", "--effective", "soon", code=1)
