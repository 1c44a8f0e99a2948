"""The bodies of good answers, with all the oddities that they may have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.decoding import decode_json, decode_json_text, decode_page, in_utf8
from tap_acton.errors import RepeatableError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('a\\"u0\0\n\u00e4\U0001f600/', max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
).filter(lambda payload: payload != {})


def without_nul(payload: Any) -> Any:
    if isinstance(payload, str):
        return payload.replace("\0", "")
    if isinstance(payload, list):
        return [without_nul(part) for part in payload]
    if isinstance(payload, dict):
        return {name: without_nul(part) for name, part in payload.items()}
    return payload


TEXT = '{"a": "Zo\u00eb, \u0141\u00f3d\u017a, \u6771\u4eac"}'


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        (None, "utf-8"),
        ("", "utf-8"),
        ("application/json", "utf-8"),
        ("application/json;charset=UTF-8", "utf-8"),
        ("text/csv; charset=us-ascii", "utf-8"),
        ("text/csv; charset=unheard-of", "utf-8"),
        ("text/csv; charset=base64", "utf-8"),
        ("text/csv; charset=", "utf-8"),
        ("text/csv; header=present; charset=ISO-8859-1", "latin-1"),
        ('text/csv; charset="iso-8859-2"', "iso-8859-2"),
        ("TEXT/CSV;CHARSET=windows-1250", "cp1250"),
        ("application/json; charset=utf-16", "utf-16"),
        ("application/json; charset=Shift_JIS", "shift_jis"),
    ],
)
@pytest.mark.parametrize("length", [1, 3, 1000])
def test_a_charset_that_is_stated_counts(
    content_type: str | None, charset: str, length: int
) -> None:
    text = TEXT.encode(charset, "ignore").decode(charset)
    body = text.encode(charset)
    pieces = [body[at : at + length] for at in range(0, len(body), length)]
    assert b"".join(in_utf8(pieces, content_type)).decode() == text


@pytest.mark.parametrize("piece", [b"\x81", b"a,b\n1,\x81\n", b"\xe9" * 9])
def test_what_is_not_in_the_charset_that_is_stated_is_not_valid(piece: bytes) -> None:
    body = b"".join(in_utf8(iter([b"a,b\n", piece, b"1,2\n"]), "text/csv; charset=shift_jis"))
    assert body.startswith(b"a,b\n")
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b" \r\n[1, 2]\n", [1, 2]),
        (b"{}", {}),
        (b" {} ", {}),
        (b"null", None),
        (b'"text"', "text"),
        (b'{}{"a": 1}', {"a": 1}),
        (b'{}\r\n\r\n{"a": 1}', {"a": 1}),
        (b"{}[]", []),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        ('{"a": "Zoë"}'.encode(), {"a": "Zoë"}),
        ('{"a": "Zoë"}'.encode("latin-1"), {"a": "Zo\N{REPLACEMENT CHARACTER}"}),
    ],
)
def test_json_is_decoded_with_all_the_oddities_it_may_have(body: bytes, expected: object) -> None:
    assert decode_json(body, "messages") == expected


@pytest.mark.parametrize("body", [b"", b" \n", b"\t"])
def test_an_empty_body_is_said_to_be_empty(body: bytes) -> None:
    with pytest.raises(RepeatableError, match=r"^messages: Act-On sent an empty response\.$"):
        decode_json(body, "messages")


@pytest.mark.parametrize(
    "body",
    [
        b"<html></html>",
        b"{",
        b'{"a": 1',
        b'{"a": 1,}',
        b"{}{}{}",
        b"{} x",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=range(9),
)
def test_any_other_body_is_said_not_to_be_json(body: bytes) -> None:
    with pytest.raises(RepeatableError, match=r"^messages: Act-On sent a response that is not"):
        decode_json(body, "messages")


@pytest.mark.parametrize(
    "numeral", ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", "9" * 5_000, "-" + "9" * 400]
)
def test_numbers_of_which_no_json_can_be_made_again_are_texts(numeral: str) -> None:
    found = decode_json(b'{"a": %s, "b": 2.5}' % numeral.encode(), "messages")

    assert str(found["a"]) == numeral
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["b"] == 2.5


@given(payload=JSON, is_ascii=st.booleans())
def test_good_json_comes_as_it_is_without_the_characters_that_no_warehouse_takes(
    payload: Any, *, is_ascii: bool
) -> None:
    body = json.dumps(payload, ensure_ascii=is_ascii).encode()

    assert decode_json(body, "messages") == without_nul(payload)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb'{"a": "\ud83d"}', "?"),
        (rb'{"a": "x\ud83d\u0000y"}', "x?y"),
        (rb'{"a": "\ud83d\ude00"}', "\N{GRINNING FACE}"),
        (rb'{"a": "\\u0000"}', "\\u0000"),
        (rb'{"a": "\\\u0000"}', "\\"),
    ],
)
def test_halves_of_characters_and_escapes_are_mended(body: bytes, expected: str) -> None:
    assert decode_json(body, "messages") == {"a": expected}


@given(st.binary(max_size=40) | st.text('{}[]":,\\ue1-. \ud800', max_size=30).map(encoded))
def test_whatever_comes_it_is_decoded_or_refused(body: bytes) -> None:
    try:
        decode_json(body, "messages")
    except RepeatableError as error:
        assert error.sentence.startswith("messages: Act-On sent a")  # noqa: PT017 - both are right


@pytest.mark.parametrize("start", [b"", b" \r\n", b"\xef\xbb\xbf"])
def test_a_page_of_html_comes_as_text(start: bytes) -> None:
    body = start + "<p>Zoë\0</p>".encode()
    page = decode_page(body, "landing_page_details")["html"]
    assert page == start.decode("utf-8-sig") + "<p>Zoë</p>"


def test_json_in_the_place_of_a_page_is_decoded() -> None:
    assert decode_page(b'{}{"a": "<p>"}', "landing_page_details") == {"a": "<p>"}
    for body in (b"", b"neither"):
        with pytest.raises(RepeatableError, match=r"^landing_page_details: Act-On sent an? "):
            decode_page(body, "landing_page_details")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        ('{"a": "\\ud800"}', {"a": "?"}),
        ('{"\\ud800": 1}', {"?": 1}),
        ("[7]", [7]),
        ("", None),
        ("no JSON", None),
        (7, None),
        (None, None),
    ],
)
def test_json_within_a_text_is_mended_like_any_other(text: object, found: object) -> None:
    assert decode_json_text(text) == found
