import hashlib
import subprocess
import sys
from dataclasses import dataclass, replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from jcanweb.pki import enclave, pfx, vault
from jcanweb.pki.profile import build, new_serial
from jcanweb.pki.sealbox import new_token
from jcanweb.vocabulary import SecretKind

ROUNDS = 2048


@dataclass(frozen=True)
class Made:
    certificate: x509.Certificate
    sha256: str
    finished: enclave.Finished
    tokens: dict


def certify(ca, profile, subject, public_key_der, at):
    key = serialization.load_der_public_key(public_key_der)
    builder = build(profile, subject, 2, key, ca.issuing.certificate, new_serial(), at)
    return builder.sign(ca.issuing.key, hashes.SHA256())


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def outlet(holders, name, tokens):
    return {
        "pfx_custodians": [holders["key"].officer],
        "pin_custodians": [holders["pin"].officer],
        "security_officers": [holders["security"].officer],
        "pfx_record_id": f"{name}-pfx",
        "pin_record_id": f"{name}-pin",
        "pfx_delivery_token": tokens["pfx"],
        "pin_delivery_token": tokens["pin"],
        "pfx_delivery_context": f"{name}:pfx",
        "pin_delivery_context": f"{name}:pin",
    }


@pytest.fixture(scope="module")
def made(ca, profile, subject, holders, at):
    tokens = {"pfx": new_token(), "pin": new_token()}
    with enclave.Issuing(rounds=ROUNDS) as issuing:
        certificate = certify(ca, profile, subject, issuing.public_key, at)
        chain = [der(ca.issuing.certificate), der(ca.root.certificate)]
        finished = issuing.finish(der(certificate), chain, "JC-00000017", **outlet(holders, "first", tokens))
    return Made(certificate, hashlib.sha256(der(certificate)).hexdigest(), finished, tokens)


def taken(finished, tokens, name):
    content = enclave.open_delivery(tokens["pfx"], finished.pfx_delivery, f"{name}:pfx")
    return content, enclave.open_delivery(tokens["pin"], finished.pin_delivery, f"{name}:pin").decode()


def opened(made, holders, kind, custodian, recovery_id, public_key):
    """What the two officers of one record do: each opens the own share towards the recovery."""
    record = made.finished.pfx_sealed if kind is SecretKind.PFX else made.finished.pin_sealed
    aad = vault.record_aad(kind, f"first-{kind.value}", made.certificate.serial_number, made.sha256)
    resealed = {}
    for share, name in zip(record.shares, (custodian, "security"), strict=True):
        holder = holders[name]
        resealed[share.half] = enclave.open_custodian_share(
            holder.key.private_pem,
            holder.passphrase,
            share.sealed,
            vault.share_info(aad, share.half, holder.officer_id),
            public_key,
            vault.reseal_info(aad, share.half, recovery_id),
        )
    return enclave.OpenedBackup(
        f"first-{kind.value}", record.nonce, record.ciphertext, resealed["custodian"], resealed["security"]
    )


@pytest.fixture(scope="module")
def recovery(made, holders):
    """Everything `recover` needs for recovery r-1 of the first record, the outlet excepted."""
    private_key, public_key = enclave.new_ephemeral()
    return {
        "ephemeral_private_key": private_key,
        "recovery_id": "r-1",
        "serial": made.certificate.serial_number,
        "cert_sha256": made.sha256,
        "pfx": opened(made, holders, SecretKind.PFX, "key", "r-1", public_key),
        "pin": opened(made, holders, SecretKind.PIN, "pin", "r-1", public_key),
        "rounds": ROUNDS,
    }


def test_the_delivered_file_opens_with_the_delivered_pin(made, ca):
    content, pin = taken(made.finished, made.tokens, "first")
    store = pfx.open_pfx(content, pin)
    assert store.certificate == made.certificate
    assert store.key.public_key() == made.certificate.public_key()
    assert set(store.chain) == {ca.issuing.certificate, ca.root.certificate}
    assert store.friendly_name == "JC-00000017"


def test_nothing_that_comes_back_holds_key_or_pin_in_clear(made):
    content, pin = taken(made.finished, made.tokens, "first")
    everything = [made.finished.pfx_delivery, made.finished.pin_delivery]
    for record in (made.finished.pfx_sealed, made.finished.pin_sealed):
        everything += [record.ciphertext, *(share.sealed for share in record.shares)]
    assert not any(pin.encode() in one or content[:64] in one for one in everything)


def test_a_recovery_gives_the_same_key_under_a_new_pin_and_new_backups(made, holders, recovery):
    tokens = {"pfx": new_token(), "pin": new_token()}
    again = enclave.recover(**recovery, **outlet(holders, "second", tokens))
    old_pin = taken(made.finished, made.tokens, "first")[1]
    content, pin = taken(again, tokens, "second")
    assert pin != old_pin
    store = pfx.open_pfx(content, pin)
    assert store.certificate == made.certificate
    assert store.friendly_name == "JC-00000017"
    with pytest.raises(pfx.CannotOpenPfx):
        pfx.open_pfx(content, old_pin)
    assert again.pfx_sealed.commit_sha256 != made.finished.pfx_sealed.commit_sha256
    assert [share.officer_id for share in again.pin_sealed.shares] == ["12", "13"]


def test_without_the_pin_record_the_file_stays_shut(holders, recovery):
    tokens = {"pfx": new_token(), "pin": new_token()}
    wrong = {**recovery, "pin": recovery["pfx"]}
    with pytest.raises(enclave.CannotOpen):
        enclave.recover(**wrong, **outlet(holders, "third", tokens))


@pytest.mark.parametrize(
    "change",
    [
        {"recovery_id": "r-2"},
        {"serial": 5},
        {"cert_sha256": "00" * 32},
        {"ephemeral_private_key": bytes(range(32))},
    ],
)
def test_shares_opened_for_one_recovery_serve_no_other(holders, recovery, change):
    tokens = {"pfx": new_token(), "pin": new_token()}
    with pytest.raises(enclave.CannotOpen):
        enclave.recover(**{**recovery, **change}, **outlet(holders, "third", tokens))


def test_a_half_missing_from_a_recovery_opens_nothing(holders, recovery):
    tokens = {"pfx": new_token(), "pin": new_token()}
    half = replace(recovery["pfx"], security_share=recovery["pfx"].custodian_share)
    with pytest.raises(enclave.CannotOpen):
        enclave.recover(**{**recovery, "pfx": half}, **outlet(holders, "third", tokens))


def test_a_delivery_does_not_open_with_another_token_or_place(made):
    for token, context in ((new_token(), "first:pfx"), (made.tokens["pfx"], "first:pin")):
        with pytest.raises(enclave.CannotOpen) as refusal:
            enclave.open_delivery(token, made.finished.pfx_delivery, context)
        assert token not in str(refusal.value)


def test_an_officer_with_a_wrong_passphrase_opens_no_share(made, holders):
    share = made.finished.pfx_sealed.shares[0]
    with pytest.raises(enclave.WrongPassphrase) as refusal:
        enclave.open_custodian_share(
            holders["key"].key.private_pem, "eight grey herons", share.sealed, b"", bytes(32), b""
        )
    assert "herons" not in str(refusal.value)


def test_a_certificate_of_another_key_is_not_packed(holders, certificate):
    tokens = {"pfx": new_token(), "pin": new_token()}
    with enclave.Issuing(rounds=ROUNDS) as issuing, pytest.raises(enclave.KeyMismatch):
        issuing.finish(der(certificate), [], "JC-1", **outlet(holders, "x", tokens))


def test_custodians_who_stand_in_two_groups_get_no_backup(ca, profile, subject, holders, at):
    tokens = {"pfx": new_token(), "pin": new_token()}
    groups = outlet(holders, "x", tokens) | {"pin_custodians": [holders["key"].officer]}
    with enclave.Issuing(rounds=ROUNDS) as issuing:
        certificate = certify(ca, profile, subject, issuing.public_key, at)
        with pytest.raises(enclave.GroupsOverlap):
            issuing.finish(der(certificate), [], "JC-1", **groups)


def test_a_key_is_used_once(ca, profile, subject, holders, at):
    tokens = {"pfx": new_token(), "pin": new_token()}
    with enclave.Issuing(rounds=ROUNDS) as issuing:
        certificate = certify(ca, profile, subject, issuing.public_key, at)
        issuing.finish(der(certificate), [], "JC-1", **outlet(holders, "x", tokens))
        with pytest.raises(enclave.EnclaveFailed, match="out_of_order"):
            issuing.finish(der(certificate), [], "JC-1", **outlet(holders, "y", tokens))


def test_a_child_that_takes_too_long_is_ended():
    issuing = enclave.Issuing(timeout=0.01)
    with pytest.raises(enclave.EnclaveFailed, match="ended or took too long"):
        issuing.__enter__()
    assert issuing._child._process.returncode is not None


def test_the_child_is_gone_when_the_block_is_left():
    with enclave.Issuing() as issuing:
        process = issuing._child._process
        assert process.poll() is None
    assert process.returncode is not None


def test_a_child_that_dies_is_reported_without_detail():
    with enclave.Issuing() as issuing:
        issuing._child._process.kill()
        issuing._child._process.wait()
        with pytest.raises(enclave.EnclaveFailed, match="ended or took too long"):
            issuing._child.ask("begin", key_bits=2048)


def test_a_fault_without_a_name_says_no_more_than_failed():
    with enclave.Issuing() as issuing, pytest.raises(enclave.EnclaveFailed) as fault:
        issuing._child.ask("open_delivery", token=["himitsu"], sealed=b"", context="")
    assert str(fault.value) == "open_delivery: failed"


def test_an_officers_key_is_made_and_checked_in_a_child():
    key = enclave.new_officer_key("seven grey herons")
    assert enclave.check_officer_key(key.private_pem, "seven grey herons") == key.public_key
    with pytest.raises(enclave.WrongPassphrase):
        enclave.check_officer_key(key.private_pem, "eight grey herons")
    with pytest.raises(enclave.PassphraseTooShort):
        enclave.new_officer_key("fourteen chars")


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def test_the_child_loads_neither_the_web_nor_the_database():
    heavy = run(
        "import sys, jcanweb.pki.enclave_process\n"
        "print(*({'flask', 'sqlalchemy', 'jinja2', 'sqlite3', 'jcanweb.config'} & set(sys.modules)))"
    )
    assert heavy == []


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_the_child_leaves_no_core_and_lets_nobody_look_in():
    said = run(
        "import ctypes, resource, jcanweb.pki.enclave_process as child\n"
        "child.harden()\n"
        "print(*resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    assert said == ["0", "0", "0"]


def test_a_share_brought_to_its_recovery_is_tried_before_it_is_kept(made, recovery):
    aad = vault.record_aad(SecretKind.PFX, "first-pfx", made.certificate.serial_number, made.sha256)
    info, private_key = vault.reseal_info(aad, "custodian", "r-1"), recovery["ephemeral_private_key"]
    enclave.check_share(private_key, recovery["pfx"].custodian_share, info)
    with pytest.raises(enclave.CannotOpen):
        enclave.check_share(private_key, recovery["pfx"].security_share, info)
