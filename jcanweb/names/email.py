"""E-mail addresses: one ASCII mailbox, safe to put in a header."""

import re

from jcanweb.names.refusal import NameRefused

LONGEST = 254
"""RFC 5321 §4.5.3.1.3: a path is 256 octets with its brackets."""
_LONGEST_LOCAL = 64
"""RFC 5321 §4.5.3.1.1."""

_HALF_WIDTH = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20}
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def normalise_email(typed: str) -> str:
    """The address in ASCII with its domain in lower case; the local part keeps its case (RFC 5321 §2.4).

    Full-width ASCII and outer spaces are accepted. Only a dot-atom local part and a host name with a dot
    (RFC 5321 §4.1.2), at most 254 characters: quotes, comments, address literals, line breaks and non-ASCII
    raise `NameRefused`.
    """
    if len(typed) > 4 * LONGEST:
        raise NameRefused(f"メールアドレスは{LONGEST}文字以内で入力してください。")
    address = typed.translate(_HALF_WIDTH).strip(" ")
    if not address:
        raise NameRefused("メールアドレスを入力してください。")
    if not address.isascii():
        raise NameRefused(
            "メールアドレスに使えない文字が含まれています。半角の英数字と記号で入力してください。"
        )
    if not address.isprintable() or " " in address:
        raise NameRefused("メールアドレスの途中に空白や改行が含まれています。取り除いてください。")
    if address.count("@") != 1:
        raise NameRefused("メールアドレスは「名前@会社のドメイン」の形で、1件だけ入力してください。")
    local, domain = address.split("@")
    if len(address) > LONGEST or len(local) > _LONGEST_LOCAL:
        raise NameRefused(
            f"メールアドレスが長すぎます。全体で{LONGEST}文字、@ の前は{_LONGEST_LOCAL}文字までです。"
        )
    if not _LOCAL.fullmatch(local):
        raise NameRefused(
            "メールアドレスの @ の前を確かめてください。「.」を先頭、"
            "末尾、続けて置くことや、かっこや引用符は使えません。"
        )
    labels = domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise NameRefused("メールアドレスの @ の後ろを確かめてください（例：name@example.co.jp）。")
    return f"{local}@{domain.lower()}"
