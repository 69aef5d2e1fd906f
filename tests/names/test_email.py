from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcanweb.names.email import normalise_email
from jcanweb.names.refusal import NameRefused


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("taro@example.co.jp", "taro@example.co.jp"),
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏ．ｊｐ", "taro@example.co.jp"),
        ("　taro.yamada+jcan@Example.CO.JP ", "taro.yamada+jcan@example.co.jp"),
        ("Taro_Y@xn--wgv71a.jp", "Taro_Y@xn--wgv71a.jp"),
        ("a" * 64 + "@example.jp", "a" * 64 + "@example.jp"),
    ],
)
def test_a_right_address_is_written_in_ascii(typed: str, address: str) -> None:
    assert normalise_email(typed) == address


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("", "入力してください"),
        ("　 ", "入力してください"),
        ("taro", "1件だけ"),
        ("taro@a.jp,jiro@b.jp", "1件だけ"),
        ("a@b@example.jp", "1件だけ"),
        ("山田@example.jp", "半角"),
        ("taro@例え.jp", "半角"),
        ("t\u0430ro@example.jp", "半角"),
        ("taro\u200b@example.jp", "半角"),
        ("taro@example.jp\r\nBcc: x@example.jp", "改行"),
        ("taro@example.jp\n", "改行"),
        ("ta ro@example.jp", "改行"),
        ("taro\x00@example.jp", "改行"),
        ("taro\x7f@example.jp", "改行"),
        (".taro@example.jp", "前を"),
        ("taro.@example.jp", "前を"),
        ("ta..ro@example.jp", "前を"),
        ('"taro"@example.jp', "前を"),
        ("<taro@example.jp>", "前を"),
        ("@example.jp", "前を"),
        ("taro@", "後ろを"),
        ("taro@localhost", "後ろを"),
        ("taro@example..jp", "後ろを"),
        ("taro@-example.jp", "後ろを"),
        ("taro@[192.0.2.1]", "後ろを"),
        ("taro@192.0.2.1", "後ろを"),
        ("taro@example.jp.", "後ろを"),
        ("taro@exa_mple.jp", "後ろを"),
        ("a" * 65 + "@example.jp", "長すぎます"),
        ("a@" + ("b" * 60 + ".") * 4 + "example.jp", "長すぎます"),
        ("a" * 2000, "254文字以内"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_wrong_address_is_refused_with_its_reason(typed: str, word: str) -> None:
    with pytest.raises(NameRefused, match=word):
        normalise_email(typed)


@given(st.text(max_size=30) | st.from_regex(r"[!-~]{1,20}@[a-zA-Z0-9.-]{1,30}\.[a-z]{2,4}", fullmatch=True))
def test_whatever_is_accepted_stands_in_a_header_as_one_address(typed: str) -> None:
    try:
        address = normalise_email(typed)
    except NameRefused:
        return
    message = EmailMessage()
    message["To"] = address
    assert [a.addr_spec for a in message["To"].addresses] == [address]
    assert normalise_email(address) == address
