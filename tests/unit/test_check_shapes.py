"""What a check says of answers and values in words: their form, and nothing of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.exchange import Exchange
from tap_acton.check.shapes import decoded, is_answer, pattern_of, refusal_of, shape_of


def exchange(
    content: bytes, *, status: int = 200, content_type: str = "application/json"
) -> Exchange:
    """Make an exchange with an answer."""
    headers = {"content-type": content_type}
    return Exchange("logos", "GET", "/api/1/logo", {}, None, status, headers, content)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("2026-03-17 07:05:09 PDT", "9999-99-99 99:99:99 AAA"),
        ("2026-03-17T07:05:09.123Z", "9999-99-99A99:99:99.999A"),
        ("Mar 17 2026 7:05 AM Europe/Berlin", "Aaa 99 9999 9:99 AA Aaa/Aaa"),
        ("17. März 2026", "99. Aaa 9999"),
        ("हिन्दी 🍕", "aaaaaa a"),
        ("==== ★★★★ -- 7", "= aaaa - 9"),
        (1773729909123, "milliseconds since 1970"),
        ("1773729909123", "milliseconds since 1970, as text"),
        (1773729909, "seconds since 1970"),
        ("1773729909.5", "seconds since 1970, as text"),
        (20260317, "a number"),
        ("", "an empty text"),
        (None, "null"),
        (True, "a truth value"),
        ([1], "an array that holds no rows"),
        ({"at": 1}, "an object"),
        ("9" * 3 + "x" * 90, "999aaa"),
    ],
)
def test_a_timestamp_is_shown_as_its_pattern(value: Any, form: str) -> None:
    assert pattern_of(value) == form


@given(st.text(min_size=4, max_size=60))
def test_a_pattern_holds_no_word_of_the_value(value: str) -> None:
    """No four letters or digits in a row of a value are in its form, but for the form's own."""
    form = pattern_of(value)
    assert form.isascii()
    letters = {one for one in form if one.isalnum()}
    assert letters <= set("9Aa") or form in {
        *("an empty text", "a number, as text"),
        *("seconds since 1970, as text", "milliseconds since 1970, as text"),
    }


@pytest.mark.parametrize(
    ("content", "shape"),
    [
        (b"", "an empty body"),
        (b"\xef\xbb\xbf <html>Ann</html>", "a page of HTML"),
        (b"Ann", "a body that is not JSON"),
        (
            b"[" + b"[{}]," * 500_000 + b"1]",
            "a body that is larger than what the tap reads into memory",
        ),
        (b"null", "nothing but null"),
        (b'"Ann"', "nothing but a text"),
        (b"7", "nothing but a number"),
        (b"[]", "an array without rows"),
        (b'{"data": []}', "an object with data without rows"),
        (b'[{"id": 7, "Ann Example": 1}]', "an array (fields: id, 1 other)"),
        (b'{"result": {"title": 1}}', "an object around result (fields: title)"),
        (b'{"Smith": {"title": 1}}', "an object around a field (fields: title)"),
        (b'{"Smith": [{"Salary": 1}]}', "an object with a field (fields: 1 other)"),
        (b'{"Smith": {"a": 1}, "l-0a41": {"a": 1}}', "a bare object (fields: 2 others)"),
    ],
)
def test_an_answer_is_described_by_its_shape(content: bytes, shape: str) -> None:
    assert shape_of(exchange(content)) == shape


NAMES = st.lists(
    st.from_regex(r"Zq[A-Za-z0-9_.-]{3,20}", fullmatch=True), min_size=1, max_size=20, unique=True
)


@given(NAMES, st.sampled_from([{}, {"id": 1}, [], [{"id": 1}], 7, None]))
def test_a_shape_names_nothing_that_no_document_names(names: list[str], value: Any) -> None:
    for payload in (dict.fromkeys(names, value), [dict.fromkeys(names, value)]):
        shape = shape_of(exchange(json.dumps(payload).encode()))
        assert [name for name in names if name in shape] == []


def test_an_answer_is_decoded_by_the_charset_that_it_states() -> None:
    latin = exchange('{"name": "Zoë"}'.encode("latin-1"), content_type="text/json; charset=latin-1")
    assert decoded(latin) == {"name": "Zoë"}


@pytest.mark.parametrize(
    ("status", "content", "refusal"),
    [
        (400, b'{"errorCode": "10030", "message": "Invalid"}', "HTTP 400, code 10030"),
        (404, b"", "HTTP 404"),
        (200, b'{"errorCode": 99999, "message": "Failed"}', "HTTP 200, code 99999"),
        (400, b'{"errorCode": 4915112345678, "message": "Failed"}', "HTTP 400"),
        (403, b'{"httpCode": "403", "httpMessage": "Forbidden"}', "HTTP 403"),
    ],
)
def test_a_refusal_is_its_status_and_code(status: int, content: bytes, refusal: str) -> None:
    refused = exchange(content, status=status)
    assert refusal_of(refused) == refusal
    assert not is_answer(refused)


def test_what_is_no_error_is_an_answer() -> None:
    assert is_answer(exchange(b'{"result": []}'))
    assert is_answer(exchange(b"<html>"))
