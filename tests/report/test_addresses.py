"""No address stays in a text, however it is written."""

from __future__ import annotations

import pytest

from report.database import without_addresses


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("For jo@example.com, again", "For (address), again"),
        ("<o'brien@example.com>.", "<(address)>."),
        ("'anna@example.com'", "'(address)'"),
        ('"John Smith"@example.com', "(address)"),
        ("john(work)@example.com", "(address)"),
        ("john@[10.0.0.1]", "(address)"),
        ("john@10.0.0.1", "(address)"),
        ("mary@intranet", "(address)"),
        ("anna@example\N{IDEOGRAPHIC FULL STOP}com", "(address)"),
        ("anna\N{FULLWIDTH COMMERCIAL AT}example.com", "(address)"),
        ("anna@b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example", "(address)"),
        ("anna&#64;example.com", "(address)"),
        ("anna&#x40;example.com", "(address)"),
        ("anna=40example.com", "(address)"),
        ("bounce+anna=example.com@lists.example.com", "(address)"),
        ("https://example.com/?e=anna%40example.com&b=1", "https://example.com/(address)&b=1"),
        ("https://example.com/?e=anna%2540example%2Ecom", "https://example.com/(address)"),
        ("mailto:jo@example.com?subject=Hello", "mailto:(address)?subject=Hello"),
    ],
)
def test_an_address_is_left_out(text: str, shown: str) -> None:
    assert without_addresses(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Follow @handle",
        "https://example.com/@handle",
        "meet @ 5",
        "Pens 3@1.99",
        "https://example.com/?page=40&b=1.5",
        "width=40px",
    ],
)
def test_what_is_no_address_stays(text: str) -> None:
    assert without_addresses(text) == text


@pytest.mark.timeout(10)
@pytest.mark.parametrize("end", ["", "@", "@example.com"])
def test_a_long_text_takes_no_longer_than_its_length(end: str) -> None:
    # With a search that is quadratic, minutes.
    text = "a" * 40_000
    assert without_addresses(text + end).startswith("a" * 39_000)
