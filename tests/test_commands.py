"""The command line, as a person types it."""

import base64
import hashlib
import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from jcanweb import create_app, terms
from jcanweb.commands import main
from jcanweb.database import transaction
from jcanweb.pki import officer_key, receipt, share_file, vault
from jcanweb.services import addresses
from tests import builders, receipts


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Typed":
    monkeypatch.setenv("JCANWEB_INSTANCE", str(tmp_path / "instance"))
    return Typed()


class Typed:
    def __call__(self, *words: str, code: int = 0, typing: str | None = None) -> Result:
        result = CliRunner().invoke(main, list(words), input=typing)
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
    assert "draft and not in force" in shown
    assert "/terms/editions/2" in shown
    assert "既に登録" in typed(*words, code=1).output
    assert "whole" in typed("verify-audit").output


def test_what_cannot_be_read_is_refused(typed: Typed, tmp_path: Path) -> None:
    text = tmp_path / "terms.txt"
    text.write_bytes("第１条（規約）".encode("cp932"))
    typed("terms", "import", str(text), "--version", "9.0", "--effective", "2026-01-01", code=1)
    typed("terms", "import", str(text), "--version", "9.0", "--effective", "soon", code=1)


def test_a_receipt_is_checked_without_an_instance(typed: Typed, tmp_path: Path) -> None:
    file, key = tmp_path / "receipt.json", receipt.fingerprint(receipts.key("receipt").public_key())
    file.write_bytes(receipts.file())
    assert "すべて確かめられました。" in typed("verify", str(file), "--key", key).output
    typed("verify", str(file), code=3)
    assert "× 署名の鍵" in typed("verify", str(file), "--key", f"sha256:{'0' * 64}", code=1).output
    typed("verify", str(tmp_path / "none.json"), code=2)
    assert "--tsa-root" in typed("verify", "--help").output
    assert not (tmp_path / "instance").exists()


def test_the_address_of_a_consent_is_read_at_the_terminal(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JCANWEB_CONSENT_ADDRESS_DAYS", "30")
    typed("migrate")
    with create_app().app_context(), transaction():
        one = builders.application()
        addresses.keep(one.consents[0], "192.0.2.7")
    assert "192.0.2.7" in typed("consent-address", one.number, "--ground", "dispute").output
    assert "no address" in typed("consent-address", "T99999999", "--ground", "dispute", code=1).output
    typed("consent-address", one.number, "--ground", "curiosity", code=2)
    typed("consent-address", one.number, code=2)
    assert "whole" in typed("verify-audit").output


# --- a custodian's own computer -----------------------------------------------------------------------

PASSPHRASE = "seven grey herons"


def test_a_key_is_made_and_its_public_half_printed(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    made = typed("custodian", "new-key", str(file), typing=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert file.stat().st_mode & 0o777 == 0o600
    key = officer_key.load_officer_key(file.read_bytes(), PASSPHRASE)
    public_key = key.public_key().public_bytes_raw()
    assert share_file.read_public_key(made.stdout) == public_key
    assert hashlib.sha256(public_key).hexdigest() in made.stderr
    assert PASSPHRASE not in made.output
    assert "PRIVATE" not in made.output
    assert not (tmp_path / "instance").exists()


def test_a_key_file_is_never_written_over(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(b"mine")
    said = typed("custodian", "new-key", str(file), code=1).output
    assert "there already" in said
    assert file.read_bytes() == b"mine"
    with pytest.raises(FileExistsError):
        officer_key.write_key_file(file, b"other")


def test_a_short_passphrase_makes_no_key(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    said = typed("custodian", "new-key", str(file), code=1, typing="too short\ntoo short\n").stderr
    assert said.splitlines()[-1] == "Error: a passphrase has at least 15 characters; no key was made"
    assert not file.exists()


def test_a_key_file_in_a_folder_that_is_not_there_is_refused(typed: Typed, tmp_path: Path) -> None:
    words = ("custodian", "new-key", str(tmp_path / "none" / "key.pem"))
    assert "no key was made" in typed(*words, code=1, typing=f"{PASSPHRASE}\n{PASSPHRASE}\n").stderr


class Share:
    """A share sealed to a custodian's key file, as it is downloaded from a recovery's page."""

    def __init__(self, folder: Path) -> None:
        made = officer_key.new_officer_key(PASSPHRASE, iterations=1000)
        self.key, self.file, self.half = folder / "key.pem", folder / "share.json", b"h" * 32
        officer_key.write_key_file(self.key, made.private_pem)
        self.recovery = X25519PrivateKey.generate()
        sealed = vault.SUITE.encrypt(
            self.half, X25519PublicKey.from_public_bytes(made.public_key), info=b"share"
        )
        self.share = share_file.SealedShare("7", "record", "security", "JC-00000012", sealed, b"share",
                                            self.recovery.public_key().public_bytes_raw(), b"reseal")  # fmt: skip
        self.file.write_text(json.dumps(share_file.write(self.share)))

    def words(self) -> tuple[str, ...]:
        return ("custodian", "open", str(self.file), "--key", str(self.key))


@pytest.fixture
def share(tmp_path: Path) -> Share:
    return Share(tmp_path)


def test_a_share_is_opened_and_sealed_to_its_recovery(typed: Typed, share: Share, tmp_path: Path) -> None:
    made = typed(*share.words(), typing=f"{PASSPHRASE}\n")
    resealed = share_file.read_resealed(made.stdout)
    assert vault.open_share(share.recovery, resealed.resealed, b"reseal") == share.half
    assert (resealed.recovery, resealed.record, resealed.half) == ("7", "record", "security")
    assert "JC-00000012" in made.stderr
    assert base64.b64encode(share.half).decode() not in made.output
    assert not (tmp_path / "instance").exists()


def test_a_wrong_passphrase_opens_no_share(typed: Typed, share: Share) -> None:
    made = typed(*share.words(), code=1, typing="eight grey herons\n")
    assert made.stderr.splitlines()[-1] == f"Error: {share.key} does not open with this passphrase"
    assert made.stdout == ""


def test_a_share_of_another_custodian_does_not_open(typed: Typed, share: Share) -> None:
    other = officer_key.new_officer_key(PASSPHRASE, iterations=1000)
    share.key.write_bytes(other.private_pem)
    assert "not sealed to the key" in typed(*share.words(), code=1, typing=f"{PASSPHRASE}\n").stderr


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", "共有".encode("cp932"), b'{"format": "jcanweb/share/v1"}']
)
def test_what_is_no_share_file_is_refused_before_the_passphrase(
    typed: Typed, share: Share, content: bytes
) -> None:
    share.file.write_bytes(content)
    assert typed(*share.words(), code=1).stderr == f"Error: {share.file} is no share file of jcanweb\n"


def test_a_file_that_is_no_key_is_refused(typed: Typed, share: Share) -> None:
    share.key.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    assert "does not open" in typed(*share.words(), code=1, typing=f"{PASSPHRASE}\n").stderr
