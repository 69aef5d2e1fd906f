"""The README names every setting and every command there is."""

from pathlib import Path

from jcanweb.commands import main
from jcanweb.config import DEFAULTS

README = (Path(__file__).resolve().parents[1] / "README.md").read_text("utf-8")


def test_every_setting_stands_in_the_table() -> None:
    assert [name for name in DEFAULTS if f"`{name}`" not in README] == []


def test_every_command_is_named() -> None:
    assert [
        name for name in main.commands if f"jcanweb {name}" not in README and name not in {"run", "migrate"}
    ] == []
