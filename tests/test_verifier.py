"""The stand-alone verifier: what holds, and for every doctoring the part that does not."""

import ast
import base64
import io
import json
import resource
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from jcanweb import verifier
from jcanweb.pki import receipt as receipts_of
from jcanweb.pki.canonical import base64_text, canonical
from jcanweb.pki.tree import inclusion_proof, leaf_hash, node_hash, root_of, verify_inclusion
from tests import receipts, tsa

KEY = receipts_of.fingerprint(receipts.key("receipt").public_key())
WHOLE = ["形式", "署名", "署名の鍵", "規約の文面", "項目", "提示", "承諾", "監査記録の位置", "タイムスタンプ"]


def authority(kind="ec"):
    """A time-stamping authority with keys of this kind, the same in all tests."""
    return made_authority(kind)


@cache
def made_authority(kind):
    root_key, key = tsa.new_key(kind), tsa.new_key(kind)
    root = tsa.certify("Sample TSA Root", root_key, ca=True)
    return tsa.Tsa(Path(), kind, root, root_key, tsa.certify("Sample TSA", key, root, root_key), key)


@cache
def stamped():
    """A receipt with a time-stamp."""
    content = receipts_of.build(receipts.sample())
    signature = receipts_of.sign(content, receipts.key("receipt"))
    return receipts_of.write(content, signature, authority().stamp(signature.value))


@cache
def bundled():
    return receipts.evidence(receipts.files())


def findings(content, keys=(KEY,), roots=None):
    return verifier.verify(content, keys, [authority().root_pem] if roots is None else roots)


def wrong(content, **pins):
    """The names of what does not hold."""
    return {finding.name for finding in findings(content, **pins) if finding.ok is False}


def doctored(change, *, sign=True, by="receipt"):
    """The receipt's file after `change(receipt)`, signed again with the right key or left as it was."""
    whole = json.loads(receipts.file())
    change(whole["receipt"])
    content = canonical(whole["receipt"])
    return receipts.signed(content, by=by) if sign else canonical(whole)


def other(text):
    """The text with its middle character changed."""
    at = len(text) // 2
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def put(value, *path):
    """A change that sets, or passes through a function, what is at the path."""

    def change(whole):
        for step in path[:-1]:
            whole = whole[step]
        whole[path[-1]] = value(whole[path[-1]]) if callable(value) else value

    return change


def moved(text, **span):
    return (datetime.fromisoformat(text) + timedelta(**span)).isoformat(timespec="microseconds")


def placed(**changes):
    """A change that puts another entry into the tree, rightly under its root."""
    entry, head = receipts.placed(receipts.entry_text(**changes))
    fields = receipts_of.entry_fields(entry) | receipts_of.head_fields(head)
    return put(fields, "audit")


# -- what holds


def test_a_receipt_holds_in_every_part_under_the_pinned_key():
    said = findings(receipts.file(), roots=[])
    assert [one.name for one in said] == WHOLE
    assert {one.ok for one in said} == {True}
    assert "付いていません" in said[-1].sentence


def test_each_line_says_what_was_found():
    said = {one.name: one.sentence for one in findings(stamped())}
    assert receipts.EDITION_SHA256 in said["規約の文面"]
    assert "(1) 同意します、(2) 認めます、(3) 約束します" in said["項目"]
    assert "2026-11-24 09:51:00（日本時間）に提示" in said["提示"]
    assert "青空建設株式会社 の委任を受けた人 青空 太郎" in said["承諾"]
    assert "18 行目" in said["監査記録の位置"]
    assert "CN=Sample TSA" in said["タイムスタンプ"]
    assert "2026-11-24 10:00:05（日本時間）" in said["タイムスタンプ"]
    assert "失効は確かめていません" in said["タイムスタンプ"]


def test_without_a_pinned_key_it_holds_only_by_what_the_file_says():
    said = findings(receipts.file(), keys=(), roots=[])
    assert [one.name for one in said if one.ok is None] == ["署名の鍵"]
    assert KEY in said[2].sentence
    assert verifier.exit_code(said) == 3


def test_a_time_stamp_without_a_pinned_root_is_not_trusted():
    said = findings(stamped(), roots=[])
    assert [one.name for one in said if one.ok is None] == ["タイムスタンプ"]
    assert "確かめていません" in said[-1].sentence
    assert verifier.exit_code(said) == 3


def test_who_pins_a_root_is_told_that_there_is_no_time_stamp():
    assert [one.name for one in findings(receipts.file()) if one.ok is None] == ["タイムスタンプ"]


def test_the_terms_of_a_pdf_are_compared_by_digest_alone_and_that_is_said():
    edition = receipts_of.EditionText("3.0", receipts.EDITION.effective_on, "application/pdf", receipts.TEXT)
    said = {one.name: one for one in findings(receipts.file(edition=edition), roots=[])}
    assert said["項目"].ok
    assert "確かめていません" in said["項目"].sentence


def test_a_consent_without_an_application_holds_too():
    assert wrong(receipts.file(kind="reconsent", application=None)) == set()


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("ess", ["sha1", "sha256", "sha512"])
@tsa.needs_openssl
def test_the_time_stamps_of_openssl_hold(tmp_path, kind, ess):
    from jcanweb.pki.timestamp import accept, request

    made = tsa.make(tmp_path, kind, ess)
    content = receipts_of.build(receipts.sample())
    signature = receipts_of.sign(content, receipts.key("receipt"))
    asked = request(signature.value)
    token = accept(made.answer(asked.content), asked, signature.value, [made.root_pem]).content
    said = findings(receipts_of.write(content, signature, token), roots=[made.root_pem])
    assert verifier.exit_code(said) == 0


def test_a_time_stamp_through_an_intermediate_certificate_holds():
    made, middle_key = authority(), tsa.new_key("ec")
    middle = tsa.certify("Sample TSA Middle", middle_key, made.root, made.root_key, ca=True)
    leaf = tsa.certify("Sample TSA", made.key, middle, middle_key)
    assert stamp_says(leaf, others=[middle]).ok
    assert stamp_says(leaf).ok is False
    no_ca = tsa.certify("Sample TSA Middle", middle_key, made.root, made.root_key)
    assert stamp_says(leaf, others=[no_ca]).ok is False


def test_a_bundle_holds_in_every_part():
    said = findings(bundled(), roots=[])
    assert {one.ok for one in said} == {True}
    names = [one.name for one in said]
    assert names[:5] == ["ZIP の形", "目録の形式", "目録の署名", "目録の署名の鍵", "ファイルの一覧"]
    assert [f"受領証の{name}" for name in WHOLE] == names[12:21]
    assert names[21:] == ["申請と証明書", "監査記録", "失効リスト"]
    assert "載っていません" in said[-1].sentence


def test_a_bundle_of_a_revoked_certificate_says_so():
    said = findings(receipts.evidence(receipts.files(crl__crl=receipts.crl(5, 4711))), roots=[])
    assert "2026-11-29 10:00:00（日本時間）の失効として載っています" in said[-1].sentence


# -- one byte changed by someone without the key: the stand-alone file names the part


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """The verifier alone in a folder, with the public key and the root of the time-stamp."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copy(verifier.__file__, folder / "verifier.py")
    (folder / "receipt.pem").write_text(receipts_of.public_key_pem(receipts.key("receipt").public_key()))
    (folder / "root.pem").write_bytes(authority().root_pem)
    return folder


def run(folder, content, *options, **how):
    (folder / "file").write_bytes(content)
    command = [sys.executable, "-I", "verifier.py", "file", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, encoding="utf-8", **how)


PINNED = ("--key", "receipt.pem", "--tsa-root", "root.pem")


def test_the_file_alone_finds_everything_right(outside):
    said = run(outside, stamped(), *PINNED)
    assert said.returncode == 0, said.stderr
    assert [line[0] for line in said.stdout.splitlines()[:-1]] == ["○"] * len(WHOLE)
    assert said.stdout.endswith("すべて確かめられました。\n")
    assert run(outside, bundled(), "--key", KEY.upper().replace("SHA256", "sha256")).returncode == 0


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (("receipt", "terms", "content"), "規約の文面"),
        (("receipt", "statements", 1, "text"), "項目"),
        (("receipt", "statements", 1, "verb"), "項目"),
        (("receipt", "presentation", "text"), "提示"),
        (("receipt", "event", "event_time"), "承諾"),
        (("receipt", "audit", "entry"), "監査記録の位置"),
        (("receipt", "audit", "path", 0), "監査記録の位置"),
        (("receipt", "audit", "root"), "監査記録の位置"),
        (("signature", "value"), "署名"),
        (("signature", "key"), "署名の鍵"),
        (("timestamp",), "タイムスタンプ"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_one_byte_changed_is_named(outside, path, named):
    whole = json.loads(stamped())
    put(other, *path)(whole)
    said = run(outside, canonical(whole), *PINNED, "--json")
    assert said.returncode == 1
    told = {one["name"] for one in json.loads(said.stdout)["findings"] if one["ok"] is False}
    assert named in told
    assert path[0] != "receipt" or "署名" in told


def test_the_four_ends_of_the_command(outside):
    assert run(outside, receipts.file()).returncode == 3
    assert run(outside, receipts.file(), "--key", "sha256:" + "0" * 64).returncode == 1
    for content in (b"", b"{}", b"no receipt", b"PK\3\4", b'{"receipt":5}'):
        said = run(outside, content, *PINNED)
        assert (said.returncode, said.stderr) == (2, ""), content
    for option in (
        ("--key", "nowhere.pem"),
        ("--key", "verifier.py"),
        ("--tsa-root", "verifier.py"),
        ("--key",),
    ):
        assert run(outside, receipts.file(), *option).returncode == 2


def test_without_its_library_it_does_not_end_like_a_wrong_receipt(outside):
    (outside / "file").write_bytes(receipts.file())
    command = [sys.executable, "-I", "-S", "verifier.py", "file"]
    said = subprocess.run(command, cwd=outside, capture_output=True, check=False, encoding="utf-8")
    assert said.returncode == 2
    assert "cryptography" in said.stderr


def test_a_console_of_another_encoding_gets_its_lines_too(outside):
    said = run(outside, receipts.file(), env={"PYTHONIOENCODING": "ascii", "LC_ALL": "POSIX"})
    assert said.returncode == 3


# -- doctored and signed again with the right key: every check stands on its own

AUDIT = {"監査記録の位置"}
DOCTORINGS = {
    "a byte of the terms": (put(lambda text: "QUJD" + text[4:], "terms", "content"), {"規約の文面"}),
    "the terms' digest": (put("0" * 64, "terms", "sha256"), {"規約の文面", "提示"} | AUDIT),
    "the version": (put("3.1", "terms", "version"), {"提示"}),
    "a day that is none": (put("2025-02-30", "terms", "effective_on"), {"規約の文面"}),
    "terms that are no base64": (put("?", "terms", "content"), {"規約の文面", "項目"}),
    "a word of a statement": (put(other, "statements", 0, "text"), {"項目"}),
    "a verb": (put("agree", "statements", 2, "verb"), {"項目"}),
    "a verb that is none": (put("wish", "statements", 2, "verb"), {"項目"}),
    "a statement's number": (put(4, "statements", 2, "number"), {"項目"} | AUDIT),
    "a statement left out": (lambda made: made["statements"].pop(), {"項目"} | AUDIT),
    "a statement twice": (lambda made: made["statements"].append(made["statements"][0]), {"項目"} | AUDIT),
    "no statement": (put([], "statements"), {"項目"} | AUDIT),
    "the button": (put(other, "button"), {"提示"}),
    "the language": (put("en", "language"), {"提示"}),
    "what was shown": (put(lambda text: other(text.partition(".")[0]) + "." + text.partition(".")[2],
                           "presentation", "text"), {"項目", "提示"}),
    "the signature of what was shown": (put(lambda text: text[:-9] + other(text[-9:]), "presentation", "text"),
                                        {"提示"}),
    "the key of what was shown": (put(lambda _: json.loads(receipts.file())["signature"]["key"],
                                      "presentation", "key"), {"提示"}),
    "another kind of key": (put(base64_text(tsa.new_key("ec").public_key().public_bytes(
        tsa.DER, tsa.serialization.PublicFormat.SubjectPublicKeyInfo)), "presentation", "key"), {"提示"}),
    "shown to another person": (put(receipts.shown(person_id=8), "presentation", "text"), {"提示"}),
    "shown in another edition": (put(receipts.shown(edition_version="2.0"), "presentation", "text"), {"提示"}),
    "shown with another button": (put(receipts.shown(button="次へ"), "presentation", "text"), {"提示"}),
    "shown too long ago": (put(receipts.shown(expires_at=receipts.GIVEN), "presentation", "text"), {"提示"}),
    "shown after the answer": (put(receipts.shown(served_at=receipts.GIVEN + timedelta(seconds=1)),
                                   "presentation", "text"), {"提示"}),
    "shown in fewer statements": (put(receipts.shown(statements=receipts.STATEMENTS[:2]),
                                      "presentation", "text"), {"項目"}),
    "the person": (put("person:8", "pii_principal_id"), {"提示", "承諾"} | AUDIT),
    "the time": (put(lambda text: text.replace(".000000Z", ".000001Z"), "event", "event_time"), {"承諾"}),
    "the time in Japan": (put(lambda text: moved(text, microseconds=1), "event", "event_time_jst"), {"承諾"}),
    "the time elsewhere": (put("2026-11-24T01:00:00.000000+00:00", "event", "event_time_jst"), {"承諾"}),
    "a kind without its number": (put("reconsent", "kind"), {"承諾"}),
    "a number without its kind": (put(None, "application"), {"承諾"}),
    "who gave it": (put("person:8", "event", "entity_id"), {"承諾"}),
    "an authority that is none": (put("friend", "pii_principal", "authority"), {"承諾"}),
    "a delegation that had ended": (put("2026-11-23", "pii_principal", "delegated_to"), {"承諾"}),
    "a delegation to come": (put("2026-11-25", "pii_principal", "delegated_from"), {"承諾"}),
    "the audit entry": (put(other, "audit", "entry"), AUDIT),
    "its index": (put(16, "audit", "index"), AUDIT),
    "the size of the tree": (put(19, "audit", "tree_size"), AUDIT),
    "a step of its path": (put(other, "audit", "path", 1), AUDIT),
    "a path too short": (lambda made: made["audit"]["path"].pop(), AUDIT),
    "a path too long": (lambda made: made["audit"]["path"].append(made["audit"]["root"]), AUDIT),
    "the root": (put(base64_text(bytes(32)), "audit", "root"), AUDIT),
    "a place beyond the tree": (put(99, "audit", "index"), AUDIT),
    "a place before the tree": (put(-1, "audit", "index"), AUDIT),
    "the entry of another act": (placed(event="consent:withdrawn"), AUDIT),
    "the entry of an act refused": (placed(outcome="refused"), AUDIT),
    "the entry of another person": (placed(actor="person:8"), AUDIT),
    "the entry of another place": (placed(sequence=17), AUDIT),
    "the entry of another time": (placed(at=moved(receipts.GIVEN.isoformat(), hours=1)), AUDIT),
    "the entry without facts": (placed(facts={}), AUDIT),
    "the entry of another consent": (put("consent:18", "record_id"), AUDIT),
    "another kind of file": (put("jcanweb/receipt/v2", "schema_version"), {"形式"}),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCTORINGS)
def test_what_is_doctored_is_named_and_nothing_else(name):
    change, named = DOCTORINGS[name]
    assert wrong(doctored(change)) == named
    assert wrong(doctored(change, sign=False)) == named | {"署名"}
    assert wrong(doctored(change, by="another")) == named | {"署名の鍵"}


def test_a_statement_that_the_terms_do_not_hold_is_named_though_it_was_shown():
    said = (receipts.Statement(1, "agree", "何でもする。"), *receipts.STATEMENTS[1:])
    made = receipts.file(statements=said, presentation=receipts.shown(statements=said))
    assert wrong(made) == {"項目"}


@pytest.mark.parametrize("said", [(), receipts.STATEMENTS[:1] * 2, receipts.STATEMENTS[::-1]])
def test_statements_that_are_none_or_out_of_order_are_named_though_they_were_shown(said):
    made = receipts.file(statements=said, presentation=receipts.shown(statements=said))
    assert "項目" in wrong(made)


def test_a_text_of_another_kind_under_the_key_of_presentations_is_no_presentation():
    payload = receipts.shown().partition(".")[0]
    fields = json.loads(verifier._base64url(payload)) | {"schema_version": "jcanweb/other/v1"}
    content = canonical(fields)
    parts = content, receipts.key("presentation").sign(content)
    text = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    assert wrong(doctored(put(text, "presentation", "text"))) == {"提示"}


def test_a_place_in_the_audit_record_is_believed_when_the_tree_believes_it():
    for size in range(1, 12):
        record = receipts.leaves(size, {})
        root, entries = root_of(record), [b"entry %d" % index for index in range(size)]
        for index, entry in enumerate(entries):
            path = inclusion_proof(record, index)
            for place, steps in ((index, path), (index, path[:-1]), (index, [*path, root]), (index + size, path),
                                 (index - size, path), (index ^ 1, path)):  # fmt: skip
                fields = {"entry": entry.decode(), "index": place, "path": list(map(base64_text, steps))}
                told = verifier._tell(
                    "", lambda *said: verifier._under(*said) or "", fields, size, base64_text(root)
                )
                assert told.ok is verify_inclusion(record[index], place, size, steps, root)
    step, leaf = bytes(32), leaf_hash(b"entry")
    fields = {"entry": "entry", "index": 0, "path": [base64_text(step)]}
    with pytest.raises(verifier.Told):  # a root made to fit a path that a tree of one leaf has not
        verifier._under(fields, 1, base64_text(node_hash(step, leaf)))


@pytest.mark.parametrize("name", sorted(json.loads(receipts.file())["receipt"]))
@pytest.mark.parametrize("value", [None, 5, "", [], {}, [[]], True])
def test_a_part_of_another_shape_is_told_and_never_crashes(name, value):
    told = wrong(doctored(put(value, name)))
    assert told or name in {"application", "pii_controllers"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda whole: whole.update(more=1), {"形式"}),
        (lambda whole: whole["signature"].update(more=1), {"形式"}),
        (lambda whole: whole["signature"].update(alg="none"), {"署名"}),
        (lambda whole: whole["signature"].update(key_id="sha256:" + "0" * 64), {"署名の鍵"}),
        (lambda whole: whole.pop("signature"), {"形式", "署名", "署名の鍵"}),
        (lambda whole: whole.pop("timestamp"), {"形式", "タイムスタンプ"}),
        (lambda whole: whole.update(signature=[]), {"形式", "署名", "署名の鍵"}),
    ],
)
def test_what_stands_around_the_receipt_is_looked_at_too(change, named):
    whole = json.loads(receipts.file())
    change(whole)
    assert wrong(canonical(whole)) == named


def test_base64_with_bits_left_over_is_no_signature():
    whole = json.loads(receipts.file())
    value = whole["signature"]["value"]
    whole["signature"]["value"] = value[:-3] + chr(ord(value[-3]) + 1) + "=="
    assert base64.b64decode(whole["signature"]["value"]) == base64.b64decode(value)
    assert wrong(canonical(whole)) == {"署名"}


def test_a_key_that_stands_twice_is_not_read():
    with pytest.raises(verifier.Unreadable):
        findings(receipts.file().replace(b'"kind":', b'"kind":"x","kind":'))


@pytest.mark.parametrize("layout", [{"indent": 1}, {"ensure_ascii": True}, {"sort_keys": False}])
def test_a_file_written_anew_holds_but_for_its_form(layout):
    whole = json.loads(receipts.file())
    whole = dict(reversed(whole.items()))
    assert wrong(json.dumps(whole, **layout).encode()) == {"形式"}


# -- time-stamps that openssl would not give


def stamp_says(certificate=None, *, kind="ec", over=None, roots=None, **options):
    """The finding on a receipt with a time-stamp made by hand."""
    content = receipts_of.build(receipts.sample())
    signature = receipts_of.sign(content, receipts.key("receipt"))
    token = authority(kind).stamp(over or signature.value, certificate, **options)
    roots = [authority(kind).root_pem] if roots is None else roots
    return findings(receipts_of.write(content, signature, token), roots=roots)[-1]


def certified(**options):
    made = authority()
    return tsa.certify("Sample TSA", made.key, made.root, made.root_key, **options)


def test_a_time_stamp_by_hand_is_right_or_the_next_tests_say_nothing():
    assert stamp_says().ok
    assert stamp_says(kind="rsa").ok
    assert stamp_says(at="20261124010005.25Z").ok
    assert stamp_says(roots=[authority().certificate.public_bytes(tsa.PEM)]).ok


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"over": b"another signature"}, "別の署名"),
        ({"certificate": certified(usage=())}, "形が崩れて"),
        ({"certificate": certified(usage=(ExtendedKeyUsageOID.CLIENT_AUTH,))}, "証明書"),
        ({"certificate": certified(critical=False)}, "証明書"),
        ({"certificate": certified(until=datetime(2026, 11, 24, 1, tzinfo=UTC))}, "有効期間"),
        ({"certificate": tsa.certify("Sample TSA", authority().key, ca=False)}, "連なりません"),
        ({"roots": [tsa.certify("Sample TSA Root", tsa.new_key("ec"), ca=True).public_bytes(tsa.PEM)]}, "連なりません"),
        ({"kind": "ec", "told": tsa.tlv(0x06, b"\x2a")}, "変えられて"),
        ({"method": tsa.METHODS["rsa"][:-3] + b"\x02\x05\x00"}, "形が崩れて"),
        ({"method": bytes.fromhex("300a06082a8648ce3d040303")}, "署名方式"),
        ({"at": "2026"}, "形が崩れて"),
    ],
)  # fmt: skip
def test_a_time_stamp_that_proves_nothing_is_refused(options, words):
    said = stamp_says(**options)
    assert said.ok is False
    assert words in said.sentence


def test_a_time_stamp_that_is_too_long_is_not_even_read():
    content = receipts_of.build(receipts.sample())
    signature = receipts_of.sign(content, receipts.key("receipt"))
    said = findings(receipts_of.write(content, signature, bytes(2**16)))[-1]
    assert (said.ok, said.sentence) == (False, "タイムスタンプが長すぎます。")


@pytest.mark.parametrize("der", ["0480", "048101ff", "04820001ff", "0402ff", "04", "0484ffffffff", "0481"])
def test_a_length_in_another_form_than_its_one_is_refused(der):
    assert verifier._der(bytes.fromhex("0401ff0400")) == [
        (4, b"\xff", b"\x04\x01\xff"),
        (4, b"", b"\x04\x00"),
    ]
    with pytest.raises((ValueError, IndexError)):
        verifier._der(bytes.fromhex(der))


def test_parameters_of_an_algorithm_are_null_or_left_out():
    assert verifier._name(bytes.fromhex("06012a0500")) == verifier._name(bytes.fromhex("06012a")) == "2a"
    for other_parameters in ("06012a050100", "06012a0400", "06012a05000500"):
        with pytest.raises(ValueError, match="parameters|elements"):
            verifier._name(bytes.fromhex(other_parameters))


# -- bundles


def again(change, **options):
    """A bundle of which `change(files)` doctored the packed files, and packed in the same form."""
    with zipfile.ZipFile(io.BytesIO(bundled())) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, data, options.get("compression"))
    return buffer.getvalue()


def manifest(*path, value, sign=True):
    def change(files):
        whole = json.loads(files["manifest.json"])
        put(value, *path)(whole["manifest"])
        content = canonical(whole["manifest"])
        files["manifest.json"] = receipts.signed(content, part="manifest") if sign else canonical(whole)

    return change


BUNDLES = {
    "a file changed": (lambda: again(put(b"[]", "decision.json")), {"ファイル decision.json"}),
    "a file too many": (lambda: again(lambda files: files.update({"more.txt": b""})),
                        {"ZIP の形", "ファイルの一覧", "ファイル more.txt"}),
    "a file missing": (lambda: again(lambda files: files.pop("decision.json")), {"ファイルの一覧"}),
    "a name that leads elsewhere": (lambda: again(lambda files: files.update({"../x": b""})),
                                    {"ZIP の形", "ファイルの一覧", "ファイル ../x"}),
    "another order": (lambda: again(lambda files: files.update({"audit.json": files.pop("audit.json")})),
                      {"ZIP の形"}),
    "compressed": (lambda: again(lambda files: None, compression=zipfile.ZIP_DEFLATED), {"ZIP の形"}),
    "something behind": (lambda: bundled() + b"\0", {"ZIP の形"}),
    "the manifest's digest": (lambda: again(manifest("files", "decision.json", "sha256", value=other, sign=False)),
                              {"目録の署名", "ファイル decision.json"}),
    "the manifest's digest, signed": (lambda: again(manifest("files", "decision.json", "sha256", value=other)),
                                      {"ファイル decision.json"}),
    "the head of the audit record": (lambda: again(manifest("audit", "root", value=base64_text(bytes(32)))),
                                     {"監査記録"}),
    "a listed name that leads elsewhere": (lambda: again(lambda files: (
        files.update({"../x": b""}), manifest("files", value=lambda listed: listed | {
            "../x": {"sha256": verifier.hashlib.sha256().hexdigest(), "size": 0}})(files))),
        {"ZIP の形", "ファイルの一覧"}),
    "a chain without an end": (lambda: receipts.evidence(
        receipts.files(chain__pem=receipts.chain() + authority().root_pem * 4)),
        {"申請と証明書", "失効リスト"}),
    "another schema": (lambda: again(manifest("schema_version", value="x")), {"目録の形式"}),
    "another application in the manifest": (lambda: again(manifest("application", value="A-000006")),
                                            {"申請と証明書"}),
    "another application": (lambda: receipts.evidence(
        receipts.files(application__json=receipts.application(number="A-000006"))), {"申請と証明書"}),
    "another common name": (lambda: receipts.evidence(
        receipts.files(application__json=receipts.application(common_name="Another"))), {"申請と証明書"}),
    "another corporation": (lambda: receipts.evidence(
        receipts.files(certificate__cer=receipts.certificate(number="CN-1").public_bytes(tsa.DER))),
        {"申請と証明書"}),
    "another chain": (lambda: receipts.evidence(
        receipts.files(chain__pem=authority().root_pem, crl__crl=None)), {"申請と証明書"}),
    "the list of another authority": (lambda: receipts.evidence(receipts.files(crl__crl=receipts.crl(by=1))),
                                      {"失効リスト"}),
    "no receipt": (lambda: receipts.evidence(receipts.files(receipt__json=None)),
                   {"ファイルの一覧", "受領証の形式", "申請と証明書", "監査記録"}),
    "another receipt": (lambda: receipts.evidence(receipts.files(receipt__json=receipts.signed(
        receipts_of.build(receipts.sample(consent_id=18, entry=receipts.placed(b"{}")[0],
                                          head=receipts.placed(b"{}")[1]))))), {"受領証の監査記録の位置", "監査記録"}),
    "a receipt by another key": (lambda: receipts.evidence(receipts.files(
        receipt__json=receipts.signed(receipts_of.build(receipts.sample()), by="another"))), {"受領証の署名の鍵"}),
    "no audit entry of the consent": (lambda: receipts.evidence(receipts.files(), entries=()), {"監査記録"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BUNDLES)
def test_a_doctored_bundle_is_told_by_its_part(name):
    made, named = BUNDLES[name]
    assert wrong(made(), roots=[]) == named


# -- anything at all


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_no_receipt_with_a_single_bit_flipped_holds(data):
    content = bytearray(stamped())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    never_right(bytes(content))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_time_stamp_with_a_single_bit_flipped_holds(data):
    whole = json.loads(stamped())
    token = bytearray(base64.b64decode(whole["timestamp"]))
    token[data.draw(st.integers(0, len(token) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    whole["timestamp"] = base64_text(bytes(token))
    assert "タイムスタンプ" in wrong(canonical(whole))


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_no_bundle_with_a_single_bit_flipped_holds(data):
    content = bytearray(bundled())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    never_right(bytes(content))


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\3\4", b'{"receipt":{', b'{"manifest":']))
def test_bytes_of_any_kind_never_hold(content, start):
    never_right(start + content)


def never_right(content):
    try:
        said = findings(content)
    except verifier.Unreadable:
        return
    assert verifier.exit_code(said) == 1


@cache
def bomb(size, name=b"manifest.json"):
    """A ZIP whose one file would unpack to this many zeros."""
    packer = zlib.compressobj(1, wbits=-15)
    data = b"".join(packer.compress(bytes(2**20)) for _ in range(size // 2**20)) + packer.flush()
    return b"PK\3\4" + struct.pack("<5H3I2H", 20, 0, 8, 0, 33, 0, len(data), size, len(name), 0) + name + data


@pytest.mark.parametrize(
    "content",
    [
        b'{"receipt":' * 1_500_000,
        b"[" * (20 * 2**20),
        b"[" + b"{}," * 6_000_000 + b"{}]",
        b'{"receipt":' + b"9" * 10_000_000 + b"}",
        b" " * (20 * 2**20 + 1),
        bomb(2**29),
        bomb(15 * 2**20, b"a") + bomb(15 * 2**20, b"b") + bomb(2**29),
        b"PK\3\4" * 5_000_000,
    ],
    ids=[
        "nested objects",
        "nested arrays",
        "many parts",
        "a long number",
        "too long",
        "a bomb",
        "three bombs",
        "many heads",
    ],
)
def test_what_is_made_to_exhaust_is_refused_within_little_memory(outside, content):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (400 * 2**20, 400 * 2**20))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    said = run(outside, content, *PINNED, preexec_fn=limit)
    assert (said.returncode, said.stderr) == (2, "")


def test_many_statements_cannot_keep_it_busy():
    said = [{"number": number, "verb": "agree", "text": "あ" * 20} for number in range(1, 30_000)]
    assert "項目" in wrong(doctored(put(said, "statements")))


def test_what_is_printed_cannot_move_the_terminal():
    made = receipts.file(organization=receipts_of.Organization("7000012050002", "AO-1", "\x1b[2J\u202e偽"))
    sentence = next(one.sentence for one in findings(made, roots=[]) if one.name == "承諾")
    assert sentence.isprintable()


def test_the_file_knows_only_the_standard_library_and_cryptography():
    tree = ast.parse(Path(verifier.__file__).read_text("utf-8"))
    names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names | {"cryptography"}
