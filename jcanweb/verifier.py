#!/usr/bin/env python3
"""Checks a receipt or an evidence bundle of jcanweb, trusting nothing in it but the pinned keys.

One file that runs alone: `python3 verifier.py FILE --key receipt.pem` (Python 3.11, cryptography 42, or newer).
It asks no network and writes nothing. Exit: 0 everything holds under a pinned key, 1 something does not (named),
2 not readable, 3 all holds, but the key, or the root of the time-stamp, is only what the file itself says.
"""

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

try:
    from datetime import UTC, date, datetime, timedelta

    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    if not hasattr(x509.Certificate, "not_valid_after_utc"):
        raise ImportError("cryptography is older than 42")
except ImportError as missing:  # must not end like a receipt that does not hold
    print(f"Python 3.11 と cryptography 42 以上が必要です: {missing}", file=sys.stderr)
    raise SystemExit(2) from None

LARGEST = 20 * 2**20  # bytes of a file, and of all that is packed in it
MOST = 200_000  # commas and brackets of JSON
SCHEMAS = {"receipt": "jcanweb/receipt/v1", "manifest": "jcanweb/bundle/v1"}
PARTS = {"alg", "key", "key_id", "value"}  # of a signature
NEEDED = {"receipt.json", "application.json", "certificate.cer", "audit.json"}
VERBS = {"agree": "同意します", "acknowledge": "認めます", "promise": "約束します"}
AUTHORITIES = {"representative": "代表者", "delegate": "委任を受けた人"}
# Object identifiers as they are encoded: RFC 5652 §5 and §11, RFC 3161 §2.4.2, RFC 5035 §3 and §4
SIGNED_DATA, TST_INFO = "2a864886f70d010702", "2a864886f70d0109100104"
CONTENT_TYPE, MESSAGE_DIGEST = "2a864886f70d010903", "2a864886f70d010904"
SIGNING_CERTIFICATE = {"2a864886f70d010910020c": "sha1", "2a864886f70d010910022f": "sha256"}
DIGESTS = {f"6086480165030402{n:02x}": f"sha{bits}" for n, bits in ((1, 256), (2, 384), (3, 512))}
METHODS = {"2a864886f70d010101": set(DIGESTS.values())}  # rsaEncryption; then RFC 4055 §5, RFC 5758 §3.2
METHODS |= {f"2a864886f70d0101{n:02x}": {f"sha{bits}"} for n, bits in ((11, 256), (12, 384), (13, 512))}
METHODS |= {f"2a8648ce3d0403{n:02x}": {f"sha{bits}"} for n, bits in ((2, 256), (3, 384), (4, 512))}

Json = dict[str, Any]
Checks = dict[str, Callable[..., str]]
Certificates = list[x509.Certificate]


class Unreadable(ValueError):
    """None of these files; the text is the Japanese sentence."""


class Told(Exception):
    """What a part says that does not hold (False), or that holds by nothing but what the file says (None)."""

    def __init__(self, sentence: str, ok: bool | None = False) -> None:
        super().__init__(sentence)
        self.ok = ok


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool | None
    """None: holds, but rests on a key or certificate that nobody pinned"""
    sentence: str


def verify(content: bytes, trusted_keys: Collection[str] = (), tsa_roots: Collection[bytes] = ()) -> list[Finding]:  # fmt: skip
    """What holds of a receipt or a bundle. `trusted_keys`: of `fingerprint`; `tsa_roots`: PEM.
    Raises Unreadable, and ValueError for a root that is no PEM."""
    if len(content) > LARGEST:
        raise Unreadable("ファイルが大きすぎます（20 MB まで）。")
    roots = [one for pem in tsa_roots for one in x509.load_pem_x509_certificates(pem)]
    if content.startswith(b"PK"):
        return _bundle(content, trusted_keys, roots)
    return _receipt(content, trusted_keys, roots)[1]


def exit_code(findings: Collection[Finding]) -> int:
    """0, 1 or 3, as the command ends."""
    said = {finding.ok for finding in findings}
    return 1 if False in said else 3 if None in said else 0


def fingerprint(pem: bytes) -> str:
    """What names a public key: sha256: and the digest of its DER SubjectPublicKeyInfo. Raises ValueError."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    der = serialization.load_pem_public_key(pem).public_bytes(serialization.Encoding.DER, form)
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def _tell(name: str, check: Callable[..., str], *arguments: object) -> Finding:
    ok: bool | None = True
    try:
        sentence = check(*arguments)
    except Told as told:
        ok, sentence = told.ok, str(told)
    except Exception:  # whatever a hostile file makes go wrong, it proves nothing
        ok, sentence = False, "あるはずの記載がないか、形が崩れています。"
    return Finding(_printable(name, 80), ok, _printable(sentence, 600))


def _printable(text: str, longest: int) -> str:
    return "".join(one if one.isprintable() else "?" for one in text[:longest])


def _need(holds: object, sentence: str) -> None:
    if not holds:
        raise Told(sentence)


# -- JSON ------------------------------------------------------------------------------------------------------


def _load(content: bytes) -> Any:
    """JSON without fractions, without a key twice, and not of too many parts. Raises Unreadable."""
    try:
        if sum(map(content.count, (b"[", b"{", b","))) > MOST:
            raise ValueError("too many parts")
        return json.loads(content.decode(), object_pairs_hook=_once, parse_float=_no, parse_constant=_no)
    except (ValueError, RecursionError):
        raise Unreadable("正しい JSON ではないため、読み取れません。") from None


def _once(pairs: list[tuple[str, Any]]) -> Json:
    return dict(pairs) if len(dict(pairs)) == len(pairs) else _no("a key stands twice")


def _no(reason: str) -> Any:
    raise ValueError(reason)


def _canonical(value: object) -> bytes:
    """RFC 8785, for what `_load` gives with keys in ASCII, whose order is the same in every encoding."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _bytes(text: str) -> bytes:
    """Of base64 in its one form."""
    content = base64.b64decode(text, validate=True)
    return content if base64.b64encode(content).decode() == text else _no("bits left over")


def _base64url(text: str) -> bytes:
    return _bytes((text + "=" * (-len(text) % 4)).replace("-", "+").replace("_", "/"))


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _jst(at: datetime) -> str:
    return f"{at + timedelta(hours=9):%Y-%m-%d %H:%M:%S}（日本時間）"


# -- What the receipt key signed -------------------------------------------------------------------------------


def _signed(content: bytes, part: str, keys: Collection[str], of: str = "") -> tuple[Json, list[Finding]]:
    """The whole object, and findings on form, signature and key. Raises Unreadable."""
    whole = _load(content)
    if not isinstance(whole, dict) or not isinstance(whole.get(part), dict):
        raise Unreadable("受領証でも証拠ファイルでもありません。")
    checks: Checks = {"形式": _form, "署名": _signature, "署名の鍵": _key}
    return whole, [_tell(of + name, check, whole, part, content, keys) for name, check in checks.items()]


def _form(whole: Json, part: str, content: bytes, _: object) -> str:
    _need(whole[part]["schema_version"] == SCHEMAS[part], "この検証プログラムの知らない版です。")
    same = {*whole} == {part, "signature", "timestamp"} and {*whole["signature"]} == PARTS
    _need(same and _canonical(whole) == content, "作られたままではありません（空白や項目が違います）。")
    return "登録局が作ったままの形です。"


def _signature(whole: Json, part: str, *_: object) -> str:
    signature, wrong = (
        whole["signature"],
        "署名が内容と合いません。署名のあとに、どちらかが変えられています。",
    )
    _need(signature["alg"] == "Ed25519", "知らない署名方式です。")
    _ed25519(signature["key"], _bytes(signature["value"]), _canonical(whole[part]), wrong)
    return "署名されてから、一文字も変わっていません。"


def _ed25519(key: str, signature: bytes, content: bytes, wrong: str) -> None:
    public = serialization.load_der_public_key(_bytes(key))
    if not isinstance(public, Ed25519PublicKey):
        raise Told("知らない種類の鍵です。")
    try:
        public.verify(signature, content)
    except InvalidSignature:
        raise Told(wrong) from None


def _key(whole: Json, _part: str, _content: bytes, keys: Collection[str]) -> str:
    found = f"sha256:{hashlib.sha256(_bytes(whole['signature']['key'])).hexdigest()}"
    _need(whole["signature"]["key_id"] == found, "鍵の指紋が、書かれている鍵のものではありません。")
    if not keys:
        raise Told(f"ファイルに書かれた鍵です。登録局が公表する指紋と見比べてください: {found}", None)
    _need(found in keys, f"指定された鍵の署名ではありません。署名した鍵: {found}")
    return f"指定された鍵です: {found}"


def _receipt(content: bytes, keys: Collection[str], roots: Certificates) -> tuple[Json, list[Finding]]:
    whole, findings = _signed(content, "receipt", keys)
    checks: Checks = {"規約の文面": _terms, "項目": _statements, "提示": _presentation}
    checks |= {"承諾": _event, "監査記録の位置": _audit}
    findings += [_tell(name, check, whole["receipt"]) for name, check in checks.items()]
    return whole["receipt"], [*findings, _tell("タイムスタンプ", _timestamp, whole, roots)]


def _terms(receipt: Json) -> str:
    terms, content = receipt["terms"], _bytes(receipt["terms"]["content"])
    digest, since = hashlib.sha256(content).hexdigest(), date.fromisoformat(terms["effective_on"])
    _need(digest == terms["sha256"], "文面が、書かれているダイジェスト（SHA-256）と合いません。")
    return f"版 {terms['version']}（{since} 施行）の全文 {len(content)} バイト、SHA-256 は {digest} です。"


def _statements(receipt: Json) -> str:
    said, terms = receipt["statements"], receipt["terms"]
    numbers = [one["number"] for one in said]
    fit = 0 < len(numbers) < 100 and numbers == sorted(set(numbers))
    _need(fit, "項目がないか、番号が重なっています。")
    words = "、".join(f"({one['number']}) {VERBS[one['verb']]}" for one in said)
    _need(_shown(receipt)["statements"] == said, "承諾された項目が、提示された項目と違います。")
    if terms["media_type"] != "text/plain":
        return f"提示されたとおりです: {words}（この形式の文面にあるかは確かめていません）"
    lines = ["".join(line.split()) for line in _bytes(terms["content"]).decode("utf-8-sig").splitlines()]
    shapes = [re.sub(r"\d+", "#", line) for line in lines]
    often = Counter(shapes)  # page numbers and running heads stand more than once, also inside a sentence
    once = "".join(line for line, shape in zip(lines, shapes, strict=True) if often[shape] == 1)
    every, texts = "".join(lines), ["".join(one["text"].split()) for one in said]
    _need(all(text in every or text in once for text in texts), "規約の文面にない言葉の項目があります。")
    return f"規約の文面にあり、提示されたとおりです: {words}"


def _shown(receipt: Json) -> Any:
    return _load(_base64url(receipt["presentation"]["text"].partition(".")[0]))


def _presentation(receipt: Json) -> str:
    payload, _, signature = receipt["presentation"]["text"].partition(".")
    wrong = "提示の署名が合いません。見せる前に署名した内容ではありません。"
    _ed25519(receipt["presentation"]["key"], _base64url(signature), _base64url(payload), wrong)
    shown, terms = _shown(receipt), receipt["terms"]
    _need(shown["schema_version"] == "jcanweb/presentation/v1", "提示の記録ではありません。")
    edition = {"version": terms["version"], "sha256": terms["sha256"]}
    _need(shown["edition"] == edition, "提示された規約が、受領証の規約と違います。")
    _need(f"person:{shown['person_id']}" == receipt["pii_principal_id"], "別の人に提示されたものです。")
    same = (shown["button"], shown["locale"]) == (receipt["button"], receipt["language"])
    _need(same, "提示されたボタンの言葉か言語が、受領証と違います。")
    served, expires = _moment(shown["served_at"]), _moment(shown["expires_at"])
    given = _moment(receipt["event"]["event_time"])
    _need(served <= given < expires, "承諾の日時が、提示が有効な間ではありません。")
    return f"この人に {_jst(served)}に提示され、「{shown['button']}」が押されました。"


def _event(receipt: Json) -> str:
    event, person = receipt["event"], receipt["pii_principal"]
    fits = {"application": str, "reconsent": type(None)}.get(receipt["kind"]) is type(receipt["application"])
    _need(fits, "承諾の種類と、申請の受付番号の有無が合いません。")
    given, local = _moment(event["event_time"]), datetime.fromisoformat(event["event_time_jst"])
    same = local == given and local.utcoffset() == timedelta(hours=9)
    _need(same, "世界時と日本時間が、同じ時ではありません。")
    _need(event["entity_id"] == receipt["pii_principal_id"], "承諾した人が、受領証の人と違います。")
    first, last = person["delegated_from"] or "0001-01-01", person["delegated_to"] or "9999-12-31"
    valid = person["authority"] == "representative" or first <= event["event_time_jst"][:10] <= last
    _need(valid, "承諾の日が、委任の期間に入っていません。")
    who = f"{receipt['organization']['name']} の{AUTHORITIES[person['authority']]} {person['name']}"
    return f"{_jst(given)}、{who} によるものです。"


def _audit(receipt: Json) -> str:
    audit, principal, terms = receipt["audit"], receipt["pii_principal_id"], receipt["terms"]
    _under(audit, audit["tree_size"], audit["root"])
    entry = _load(audit["entry"].encode())
    facts, numbers = entry["facts"], [one["number"] for one in receipt["statements"]]
    same = (entry["sequence"], entry["event"], entry["outcome"]) == (
        audit["index"] + 1,
        "consent:given",
        "done",
    )
    same = same and (entry["actor"], f"consent:{facts['consent']}") == (principal, receipt["record_id"])
    same = same and (facts["edition_sha256"], facts["statements"]) == (terms["sha256"], numbers)
    apart = datetime.fromisoformat(entry["at"]) - _moment(receipt["event"]["event_time"])
    _need(same and abs(apart) < timedelta(minutes=5), "監査記録の行が、この承諾のものではありません。")
    return f"{entry['sequence']} 行目にあります（{audit['tree_size']} 行の木の根 {audit['root']}）。"


def _under(place: Json, size: int, root: str) -> None:
    """RFC 9162 §2.1.3.2: the entry's path leads to the root."""
    node, last = place["index"], size - 1
    _need(0 <= node <= last, "監査記録の位置が、木の大きさと合いません。")
    current = hashlib.sha256(b"\x00" + place["entry"].encode()).digest()
    for step in map(_bytes, place["path"]):
        _need(last, "監査記録の経路が、木の大きさと合いません。")
        left = node & 1 or node == last
        current = hashlib.sha256(b"\x01" + (step + current if left else current + step)).digest()
        while left and node and not node & 1:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    _need(last == 0 and current == _bytes(root), "監査記録の行、経路、根のどれかが変わっています。")


# -- RFC 3161 time-stamp ---------------------------------------------------------------------------------------


def _timestamp(whole: Json, roots: Certificates) -> str:
    if whole["timestamp"] is None:
        raise Told("付いていません。日時は登録局の時計によります。", None if roots else True)
    token, stamped = _bytes(whole["timestamp"]), _bytes(whole["signature"]["value"])
    _need(len(token) < 2**16, "タイムスタンプが長すぎます。")
    at, signer, pool = _token(token, stamped, roots)
    said = f"{signer.subject.rfc4514_string()} が、{_jst(at)}にこの署名があったと示しています"
    if not roots:
        raise Told(f"{said}。その時刻認証局を信頼できるかは確かめていません（--tsa-root）。", None)
    for _ in range(5):  # from the signer to a pinned certificate, each valid at that time
        valid = signer.not_valid_before_utc <= at <= signer.not_valid_after_utc
        _need(valid, "時刻が、時刻認証局の証明書の有効期間に入っていません。")
        if signer in roots:
            return f"{said}。証明書は指定されたルートに連なります（失効は確かめていません）。"
        signer = next((one for one in pool if _issued(signer, one)), signer)
    raise Told("時刻認証局の証明書が、指定されたルートに連なりません。")


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
        return issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except Exception:  # another's, or of a kind that is not known here
        return False


def _token(token: bytes, stamped: bytes, roots: Certificates) -> tuple[datetime, x509.Certificate, Certificates]:  # fmt: skip
    """RFC 3161 §2.4.2: genTime of a time-stamp over these bytes, its signer, and all certificates at hand."""
    kind, wrapped = _take(_only(token), 0x06, 0xA0)
    version, digests, inner, bag, _, signers = _take(_only(wrapped), 0x02, 0x31, 0x30, -0xA0, -0xA1, 0x31)
    inner_kind, content = _take(inner, 0x06, 0xA0)
    info, by_whom = _only(content, 0x04), _only(signers)
    number, sid, by, _, method, signature, _ = _take(by_whom, 0x02, 0x30, 0x30, 0xA0, 0x30, 0x04, -0xA1)
    known = (kind.hex(), inner_kind.hex(), version, number) == (SIGNED_DATA, TST_INFO, b"\x03", b"\x01")
    _need(known and (0x30, by) in [each[:2] for each in _der(digests)], "タイムスタンプではありません。")
    _, _, imprint, _, at = _take(_only(info), 0x02, 0x06, 0x30, 0x02, 0x18, 0)
    algorithm, digest = _take(imprint, 0x30, 0x04)
    same = hashlib.new(DIGESTS[_name(algorithm)], stamped).digest() == digest
    _need(same, "別の署名に付けられたタイムスタンプです。")
    signed = _der(by_whom)[3]  # digested as a SET, whatever its tag is here (RFC 5652 §5.4)
    pairs = [_take(one, 0x06, 0x31) for _, one, _ in _der(signed[1])]
    facts, used = {each.hex(): value for each, value in pairs}, DIGESTS[_name(by)]
    same = _only(facts[MESSAGE_DIGEST], 0x04) == hashlib.new(used, info).digest()
    _need(same and _only(facts[CONTENT_TYPE], 0x06).hex() == TST_INFO, "時刻などの内容が変えられています。")
    bound = next(each for each in SIGNING_CERTIFICATE if each in facts)
    other, digest = _take(_only(_only(_only(facts[bound]), 0x30, 0), 0x30, 0), -0x30, 0x04, 0)
    hashed = DIGESTS[_name(other)] if other else SIGNING_CERTIFICATE[bound]
    pool = [*roots, *(x509.load_der_x509_certificate(each) for _, _, each in _der(bag)[:10])]
    der = serialization.Encoding.DER
    signer = next(one for one in pool if hashlib.new(hashed, one.public_bytes(der)).digest() == digest)
    use = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    right = use.critical and list(use.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
    right = right and all(each in signer.tbs_certificate_bytes for _, _, each in _der(sid))
    _need(right and used in METHODS[_name(method)], "時刻認証用の証明書か署名方式ではありません。")
    key, chosen = signer.public_key(), getattr(hashes, used.upper())()
    elliptic = isinstance(key, ec.EllipticCurvePublicKey)
    scheme = (ec.ECDSA(chosen),) if elliptic else (padding.PKCS1v15(), chosen)
    key.verify(signature, b"\x31" + signed[2][1:], *scheme)  # type: ignore[union-attr]  # other keys are told as broken
    text = at.decode().rstrip("Z").partition(".")[0]
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC), signer, pool


def _name(algorithm: bytes) -> str:
    identifier, null = _take(algorithm, 0x06, -0x05)
    return _no("parameters") if null else identifier.hex()


def _only(data: bytes, *tags: int) -> bytes:
    return _take(data, *(tags or (0x30,)))[0]


def _take(data: bytes, *tags: int) -> list[bytes]:
    """What is in elements of these tags, in this order; a negative one may be missing, after 0 others follow."""
    elements, found = _der(data), []
    for tag in filter(None, tags):
        there = elements and elements[0][0] == abs(tag)
        found.append(elements.pop(0)[1] if there else b"" if tag < 0 else _no("another element"))
    return found if not elements or 0 in tags else _no("more elements")


def _der(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """Tag, content and whole of each element (X.690 §10.1: a length has one form)."""
    found, at = [], 0
    while at < len(data):
        size, start = data[at + 1], at + 2
        if size > 127:
            start += size & 127
            size = int.from_bytes(data[at + 2 : start])
        length = size.to_bytes((size.bit_length() + 7) // 8 or 1)
        if data[at + 1 : start] != (length if size < 128 else bytes([128 | len(length)]) + length):
            _no("a length in another form")
        found.append((data[at], data[start : start + size], data[at : start + size]))
        at = start + size
    return found if at == len(data) else _no("cut off")


# -- Evidence bundle -------------------------------------------------------------------------------------------


def _bundle(content: bytes, keys: Collection[str], roots: Certificates) -> list[Finding]:
    files = _unpack(content)
    whole, findings = _signed(files.get("manifest.json", b""), "manifest", keys, "目録の")
    try:
        receipt, told = _receipt(files.get("receipt.json", b""), keys, roots)
    except Unreadable as trouble:
        receipt, told = {}, [Finding("形式", False, str(trouble))]
    if whole.get("timestamp") is not None:
        findings.append(_tell("目録のタイムスタンプ", _timestamp, whole, roots))
    names = [name for name in files if name != "manifest.json"]
    checks: Checks = {"申請と証明書": _certificate, "監査記録": _entries}
    if "crl.crl" in files:
        checks["失効リスト"] = _crl
    return [
        _tell("ZIP の形", _packed, files, content),
        *findings,
        _tell("ファイルの一覧", _listed, whole["manifest"], names),
        *(_tell(f"ファイル {name}", _same, whole["manifest"], name, files[name]) for name in names),
        *(Finding(f"受領証の{one.name}", one.ok, one.sentence) for one in told),
        *(_tell(name, check, files, whole["manifest"], receipt) for name, check in checks.items()),
    ]


def _unpack(content: bytes) -> dict[str, bytes]:
    """The files of a ZIP, stored or deflated, no more than LARGEST bytes of them. Raises Unreadable."""
    files: dict[str, bytes] = {}
    at, room = 0, LARGEST
    try:
        while content[at : at + 4] == b"PK\3\4" and len(files) < 200:
            method, size, length, extra = struct.unpack_from("<H8xI4xHH", content, at + 8)
            start = at + 30 + length + extra
            name, data, at = content[at + 30 : start - extra], content[start : start + size], start + size
            if method == 8:
                data = zlib.decompressobj(-15).decompress(data, room + 1)
            files[name.decode("ascii")], room = data, room - len(data)
            if room < 0 or method not in {0, 8}:
                raise ValueError("more than may be, or packed in another way")
    except (ValueError, struct.error, zlib.error):
        raise Unreadable("ZIP として読み取れません。") from None
    return files


def _packed(files: dict[str, bytes], content: bytes) -> str:
    """Written again, the ZIP has the same bytes: nothing before, between, behind, twice or compressed."""
    local = central = b""
    for name, data in files.items():
        facts = struct.pack("<5H3I2H", 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data), len(name), 0)
        rest = struct.pack("<3H2I", 0, 0, 0, 0o600 << 16, len(local))
        central += b"PK\1\2\x14\3" + facts + rest + name.encode()
        local += b"PK\3\4" + facts + name.encode() + data
    end = struct.pack("<4H2IH", 0, 0, len(files), len(files), len(central), len(local), 0)
    ordered = list(files) == ["manifest.json", *sorted(files.keys() - {"manifest.json"})]
    _need(ordered and local + central + b"PK\5\6" + end == content, "作られたままの ZIP ではありません。")
    return "登録局が作ったままの形です。"


def _listed(manifest: Json, names: list[str]) -> str:
    odd = (manifest["files"].keys() ^ set(names)) | (NEEDED - set(names))
    _need(not odd, f"目録にないもの、または欠けているものがあります: {'、'.join(sorted(odd))}")
    allowed = all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name, re.ASCII) for name in names)
    _need(allowed, "使えない名前のファイルがあります。")
    return f"{manifest['jc_number']}、{_jst(_moment(manifest['made_at']))}作成、目録のとおり {len(names)} 個です。"


def _same(manifest: Json, name: str, data: bytes) -> str:
    told = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    _need(manifest["files"][name] == told, "目録のダイジェストと合いません。")
    return "目録のダイジェストと一致します。"


def _certificate(files: dict[str, bytes], manifest: Json, receipt: Json) -> str:
    application, (certificate, *issuers) = _load(files["application.json"]), _certificates(files)
    numbers = application["number"], receipt["application"], manifest["application"]
    _need(len({*numbers}) == 1, "申請の番号が、受領証、申請、目録で一致しません。")
    subject = certificate.subject
    units = {one.value for one in subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)}
    names = {one.value for one in subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
    wanted = {application["organization_unit"], f"CN-{receipt['organization']['corporate_number']}"}
    _need(wanted <= units and {application["common_name"]} == names, "証明書の名前が、申請と違います。")
    linked = all(map(_issued, [certificate, *issuers], issuers))
    _need(linked, "証明書が、添えられた認証局の証明書に連なりません。")
    return f"申請 {application['number']} のとおりで、認証局の証明書 {len(issuers)} 枚に連なります。"


def _certificates(files: dict[str, bytes]) -> Certificates:
    issuers = x509.load_pem_x509_certificates(files["chain.pem"]) if "chain.pem" in files else []
    _need(len(issuers) < 6, "認証局の証明書が多すぎます。")
    return [x509.load_der_x509_certificate(files["certificate.cer"]), *issuers]


def _entries(files: dict[str, bytes], manifest: Json, receipt: Json) -> str:
    entries, head = _load(files["audit.json"]), manifest["audit"]
    for one in entries:
        _under(one, head["tree_size"], head["root"])
    own = receipt["audit"]["index"], receipt["audit"]["entry"]
    _need(own in [(one["index"], one["entry"]) for one in entries], "受領証の承諾の行がありません。")
    return f"{len(entries)} 行とも、署名された目録の木（{head['tree_size']} 行）の中にあります。"


def _crl(files: dict[str, bytes], _: Json, __: Json) -> str:
    crl, (certificate, issuer, *_rest) = x509.load_der_x509_crl(files["crl.crl"]), _certificates(files)
    right = crl.issuer == issuer.subject and crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # other keys are told as broken
    _need(right, "失効リストの署名が、認証局のものではありません。")
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    said = f"{_jst(entry.revocation_date_utc)}の失効として載っています" if entry else "載っていません"
    return f"{_jst(crl.last_update_utc)}発行のリストに、この証明書は{said}。"


# -- The command -----------------------------------------------------------------------------------------------

MARKS = {True: "○", False: "×", None: "△"}
VERDICTS = {
    0: "すべて確かめられました。",
    1: "合わないものがあります。× の行を見てください。",
    3: "合わないものはありません。ただし △ は、指定のない鍵や証明書によるものです。",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each finding; the exit code."""
    said = "終了コード: 0 すべて合う、1 合わないものがある、2 読み取れない、3 合うが鍵などの指定がない"
    parser = argparse.ArgumentParser(description="受領証、証拠ファイルを確かめます。", epilog=said)
    parser.add_argument("file", metavar="FILE", type=Path)
    key = "登録局が公表する鍵（PEM）か、その指紋 sha256:…（いくつでも）"
    parser.add_argument("--key", action="append", default=[], metavar="KEY", help=key)
    root = "時刻認証局のルート証明書（PEM、いくつでも）"
    parser.add_argument("--tsa-root", action="append", default=[], type=Path, metavar="FILE", help=root)
    parser.add_argument("--json", action="store_true", help="結果を JSON で出します")
    options = parser.parse_args(arguments)
    findings: list[Finding] = []
    try:
        fixed = [one.lower() for one in options.key if one.startswith("sha256:")]
        fixed += [fingerprint(Path(one).read_bytes()) for one in options.key if not one.startswith("sha256:")]
        with options.file.open("rb") as file:
            content = file.read(LARGEST + 1)
        findings = verify(content, fixed, [path.read_bytes() for path in options.tsa_root])
        sentence = VERDICTS[code := exit_code(findings)]
    except Unreadable as trouble:
        code, sentence = 2, str(trouble)
    except (OSError, ValueError, UnsupportedAlgorithm) as trouble:
        code, sentence = 2, f"ファイル、鍵、ルート証明書のどれかを読み取れません: {trouble}"
    if options.json:
        report = {"exit": code, "sentence": sentence, "findings": [asdict(one) for one in findings]}
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print(*(f"{MARKS[one.ok]} {one.name}: {one.sentence}" for one in findings), sentence, sep="\n")
    return code


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a console of another encoding
    sys.exit(main())
