import hashlib
import io
import json
import subprocess
import zipfile
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from jcanweb.pki import bundle, receipt
from jcanweb.pki.canonical import JsonRefused, canonical, read
from jcanweb.pki.tree import inclusion_proof
from tests import receipts
from tests.tsa import needs_openssl

FILES = {"receipt.json": b"{}", "application.json": b"{}", "certificate.cer": b"0"}


def test_the_receipt_holds_what_was_accepted_in_the_words_of_the_standard():
    made = json.loads(receipt.build(receipts.sample()))
    assert made["schema_version"] == "jcanweb/receipt/v1"
    assert (made["record_id"], made["pii_principal_id"], made["language"]) == ("consent:17", "person:7", "ja")
    assert made["pii_controllers"] == [{"party_name": "見本登録局"}]
    assert made["event"] == {
        "event_type": "explicit", "event_state": "consent given", "entity_id": "person:7",
        "event_time": "2026-11-24T01:00:00.000000Z", "event_time_jst": "2026-11-24T10:00:00.000000+09:00",
    }  # fmt: skip
    assert made["terms"]["sha256"] == hashlib.sha256(receipts.TEXT).hexdigest()
    assert made["statements"][1] == {"number": 2, "verb": "acknowledge", "text": receipts.STATEMENTS[1].text}
    assert made["presentation"]["text"] == receipts.shown()
    assert made["pii_principal"]["delegated_to"] == "2026-12-31"
    assert made["application"] == "A-000005"


def test_the_bytes_are_canonical_and_the_same_each_time():
    content = receipt.build(receipts.sample())
    assert canonical(read(content)) == content
    assert receipt.build(receipts.sample()) == content


def test_an_audit_entry_that_is_not_under_its_head_is_not_signed():
    _, other = receipts.placed(b"another")
    with pytest.raises(receipt.ReceiptRefused):
        receipt.build(receipts.sample(head=other))


@pytest.mark.parametrize(
    ("kind", "number"), [("application", None), ("reconsent", "A-000005"), ("other", None)]
)
def test_a_kind_that_does_not_fit_the_application_is_not_signed(kind, number):
    with pytest.raises(receipt.ReceiptRefused):
        receipt.build(receipts.sample(kind=kind, application=number))


def test_words_that_no_json_can_carry_are_not_signed():
    with pytest.raises(JsonRefused):
        receipt.build(receipts.sample(button="\ud800"))


def test_the_file_is_canonical_too_and_its_signature_holds():
    content = receipt.build(receipts.sample())
    signature = receipt.sign(content, receipts.key("receipt"))
    file = receipt.write(content, signature, b"token")
    whole = read(file)
    assert canonical(whole) == file
    assert canonical(whole["receipt"]) == content
    assert whole["timestamp"] == "dG9rZW4="
    assert whole["signature"]["key_id"] == receipt.fingerprint(receipts.key("receipt").public_key())
    receipts.key("receipt").public_key().verify(signature.value, content)


@needs_openssl
def test_the_fingerprint_is_the_one_that_openssl_gives(tmp_path):
    public = receipts.key("receipt").public_key()
    pem = receipt.public_key_pem(public)
    assert load_pem_public_key(pem.encode()) == public
    (tmp_path / "receipt.pem").write_text(pem)
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", tmp_path / "receipt.pem", "-outform", "DER"],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    assert receipt.fingerprint(public) == f"sha256:{hashlib.sha256(der).hexdigest()}"


def test_the_newest_leafs_path_is_known_before_it_is_appended():
    for size in range(1, 35):
        leaves = receipts.leaves(size, {})
        frontier = receipts.Frontier()
        for leaf in leaves[:-1]:
            frontier.append(leaf)
        assert frontier.next_path() == inclusion_proof(leaves, size - 1)


def test_a_bundle_is_an_ordinary_zip_with_one_form():
    packed = receipts.evidence(FILES)
    assert packed == receipts.evidence(dict(reversed(FILES.items())))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["manifest.json", "application.json", "audit.json", "certificate.cer", "receipt.json"]  # fmt: skip
        manifest = read(archive.read("manifest.json"))["manifest"]
        entries = read(archive.read("audit.json"))
    assert manifest["files"]["certificate.cer"] == {"sha256": hashlib.sha256(b"0").hexdigest(), "size": 1}
    assert manifest["audit"]["tree_size"] == 40
    assert [entry["index"] for entry in entries] == [3, 17]


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "/x", "", ".x", "X", "x\0", "あ", "manifest.json", "audit.json", "x" * 65]
)
def test_a_name_that_could_lead_elsewhere_is_refused(name):
    with pytest.raises(bundle.BundleRefused):
        receipts.evidence(FILES | {name: b""})


def test_a_bundle_with_an_entry_under_another_head_is_refused():
    _, other = receipts.placed()
    with pytest.raises(bundle.BundleRefused, match="head"):
        receipts.evidence(FILES, head=other)


def test_a_bundle_that_the_verifier_would_not_read_is_refused():
    with pytest.raises(bundle.BundleRefused, match="large"):
        receipts.evidence(FILES | {"crl.crl": bytes(bundle.LARGEST)})


def test_times_need_a_zone():
    with pytest.raises(JsonRefused):
        receipts.evidence(FILES, made_at=(receipts.GIVEN + timedelta(1)).replace(tzinfo=None))
