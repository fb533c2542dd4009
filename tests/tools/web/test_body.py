from hypothesis import given
from hypothesis import strategies as st

from tamsa.tools.web.body import decode, kind_of


def test_charset_is_found() -> None:
    for body, type in (
        ("é".encode(), "text/html"),
        ("é".encode("latin-1"), "text/html; charset=latin-1"),
        ("é".encode("latin-1"), "text/html; charset=utf-8"),
        ("é".encode("latin-1"), "text/html; charset=nonsense"),
        ("é".encode("utf-16"), "text/html"),
        ("é".encode("utf-8-sig"), "text/html; charset=latin-1"),
    ):
        assert decode(type, body) == "é"
    assert "я" in decode("text/html", "<meta charset='windows-1251'>я".encode("windows-1251"))
    assert decode("text/html; charset=utf-7", b"+ADw-script+AD4-") == "+ADw-script+AD4-"
    for codec in ("hex", "zip", "base64", "rot13", "idna", "undefined"):
        decode(f"text/html; charset={codec}", b"\xff\xfe\xfd")


@given(st.text(max_size=80), st.binary(max_size=200))
def test_any_bytes_have_a_kind_and_decode(type: str, body: bytes) -> None:
    assert kind_of(type, body) in ("pdf", "html", "text", "")
    decode(type, body)
