"""What was made here, judged by programs of others: OpenSSL, NSS, Java, pkilint.

Where one is not installed, its tests are skipped by its name.
"""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from jcanweb.pki.crl import CrlEntry, build_crl
from jcanweb.pki.officer_key import new_officer_key
from jcanweb.pki.pfx import PfxContent, build_pfx
from jcanweb.pki.pin import new_pin
from jcanweb.vocabulary import RevocationReason

PEM = serialization.Encoding.PEM
FRIENDLY_NAME = "JC-00000017 青空建設"


def tool(name):
    """The program's path; beside this Python first, since CI tools live in the same environment."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def needs(name):
    return pytest.mark.skipif(tool(name) is None, reason=f"{name} is not installed")


def run(*command, **options):
    return subprocess.run(
        [tool(command[0]), *map(str, command[1:])], capture_output=True, text=True, check=False, **options
    )


@pytest.fixture
def files(ca, certificate, subscriber_key, tmp_path, at):
    """root, chain, leaf, the list before and after its revocation, the file and its PIN"""
    pin = new_pin()
    chain = (ca.issuing.certificate, ca.root.certificate)
    content = PfxContent(subscriber_key, certificate, chain, FRIENDLY_NAME)
    entries = [
        CrlEntry(certificate.serial_number, at, RevocationReason.KEY_COMPROMISE, at - timedelta(days=1))
    ]
    lists = {
        name: build_crl(ca.issuing.certificate, ca.issuing.key, number, at, at + timedelta(days=7), listed)
        for number, (name, listed) in enumerate({"before": [], "after": entries}.items(), 1)
    }
    for name, made in (
        ("root.pem", ca.root.certificate.public_bytes(PEM)),
        ("issuing.pem", ca.issuing.certificate.public_bytes(PEM)),
        ("leaf.pem", certificate.public_bytes(PEM)),
        ("before.crl", lists["before"]),
        ("after.crl", lists["after"]),
        ("file.p12", build_pfx(content, pin, 2048)),
        ("pin", pin.encode()),
        ("wrong", pin.swapcase().encode()),
    ):
        (tmp_path / name).write_bytes(made)
    return tmp_path


def verify(files, crl, at):
    """openssl verify at a fixed moment, with the list in PEM as it wants it."""
    run("openssl", "crl", "-inform", "DER", "-in", files / crl, "-out", files / "list.pem")
    return run(
        "openssl", "verify", "-x509_strict", "-crl_check", "-purpose", "sslclient",
        "-attime", int(at.timestamp()) + 60,
        "-CAfile", files / "root.pem", "-untrusted", files / "issuing.pem", "-CRLfile", files / "list.pem",
        files / "leaf.pem",
    )  # fmt: skip


@needs("openssl")
def test_openssl_finds_the_certificate_good_before_its_revocation(files, at):
    said = verify(files, "before.crl", at)
    assert said.returncode == 0, said.stderr


@needs("openssl")
def test_openssl_finds_the_certificate_revoked_after(files, at):
    said = verify(files, "after.crl", at)
    assert said.returncode != 0
    assert "certificate revoked" in said.stderr


@needs("openssl")
def test_openssl_reads_reason_and_invalidity_date_in_the_list(files):
    said = run("openssl", "crl", "-inform", "DER", "-in", files / "after.crl", "-noout", "-text")
    assert "Key Compromise" in said.stdout
    assert "Invalidity Date" in said.stdout


@needs("openssl")
def test_openssl_opens_the_file_and_finds_no_old_cipher(files):
    said = run(
        "openssl", "pkcs12", "-in", files / "file.p12", "-passin", f"file:{files / 'pin'}", "-info", "-noout"
    )
    assert said.returncode == 0, said.stderr
    assert "MAC: sha256" in said.stderr
    assert set(re.findall(r"(?:PBES2|pbeWith)[^\n]*", said.stderr)) == {
        "PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256"
    }


@needs("openssl")
def test_openssl_refuses_a_wrong_pin(files):
    said = run("openssl", "pkcs12", "-in", files / "file.p12", "-passin", f"file:{files / 'wrong'}", "-noout")
    assert said.returncode != 0


@needs("openssl")
def test_openssl_opens_an_officers_key_file(tmp_path):
    (tmp_path / "key.pem").write_bytes(new_officer_key("seven grey herons", iterations=1000).private_pem)
    said = run(
        "openssl", "pkey", "-in", tmp_path / "key.pem", "-passin", "pass:seven grey herons", "-noout", "-text"
    )
    assert "X25519 Private-Key" in said.stdout, said.stderr


@needs("keytool")
def test_java_opens_the_file_and_sees_the_whole_chain(files):
    said = run(
        "keytool", "-list", "-v", "-storetype", "PKCS12", "-keystore", files / "file.p12",
        "-storepass:file", files / "pin", "-J-Duser.language=en", "-J-Dfile.encoding=UTF-8",
    )  # fmt: skip
    assert said.returncode == 0, said.stdout
    assert "PrivateKeyEntry" in said.stdout
    assert "Certificate chain length: 3" in said.stdout


@needs("keytool")
def test_java_refuses_a_wrong_pin(files):
    said = run(
        "keytool", "-list", "-storetype", "PKCS12", "-keystore", files / "file.p12",
        "-storepass:file", files / "wrong",
    )  # fmt: skip
    assert said.returncode != 0


@needs("pk12util")
def test_nss_takes_the_file_into_its_database(files):
    database = f"sql:{files}"
    (files / "empty").write_text("\n")
    run("certutil", "-N", "-d", database, "-f", files / "empty")
    said = run(
        "pk12util", "-i", files / "file.p12", "-d", database, "-k", files / "empty", "-w", files / "pin"
    )
    assert said.returncode == 0, said.stderr
    assert "IMPORT SUCCESSFUL" in said.stdout
    keys = run("certutil", "-K", "-d", database, "-f", files / "empty")
    assert "JC-00000017" in keys.stdout


@needs("pk12util")
def test_nss_refuses_a_wrong_pin(files):
    assert run("pk12util", "-l", files / "file.p12", "-w", files / "wrong").returncode != 0


def findings(program, *arguments):
    """pkilint's findings of severity WARNING and above."""
    said = run(
        program,
        "lint",
        *arguments,
        "-f",
        "CSV",
        "-s",
        "WARNING",
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert said.stdout.startswith("node_path"), said.stderr
    return [row["code"] for row in csv.DictReader(io.StringIO(said.stdout))]


@needs("lint_pkix_cert")
@pytest.mark.parametrize("name", ["root.pem", "issuing.pem", "leaf.pem"])
def test_pkilint_has_nothing_against_the_certificates(files, name):
    assert findings("lint_pkix_cert", files / name) == []


@needs("lint_crl")
@pytest.mark.parametrize("name", ["before.crl", "after.crl"])
def test_pkilint_has_nothing_against_the_lists(files, name):
    assert findings("lint_crl", "-t", "CRL", "-p", "PKIX", files / name) == []
