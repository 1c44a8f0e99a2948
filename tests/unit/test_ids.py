"""Ids stay what they are, and tell rows apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_acton.records.ids import (
    LONGEST_SHOWN,
    IdNumbers,
    fingerprint,
    has_address,
    header_identity,
    kept_text,
    shown,
    without_addresses,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def test_fingerprint_never_changes() -> None:
    # A change of these values doubles every row that is already in a warehouse.
    assert fingerprint() == "cae66941d9efbd404e4d88758ea67670"
    assert fingerprint("s-0042-2603", "CLICKED", None, 1773765600000, "Zoë", "") == (
        "5ede07a11f465a4bd88f5cb5ab4f0125"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a",), ("a", "")),
        ((None,), ("",)),
        ((None,), ("n",)),
        ((1,), ("1",)),
        ((12,), (1, 2)),
        (("a", "b"), ("b", "a")),
        (("1:a",), ("a",)),
        (("\ud83d",), ("\ufffd",)),
        ((), (None,)),
    ],
)
def test_fingerprint_tells_alike_rows_apart(
    one: tuple[str | int | None, ...], other: tuple[str | int | None, ...]
) -> None:
    assert fingerprint(*one) != fingerprint(*other)


parts = st.lists(st.none() | st.integers(-20, 20) | st.text("ns1i:;\ud83d", max_size=4), max_size=4)


@settings(max_examples=3 * settings().max_examples // 2)
@given(parts, parts)
def test_fingerprint_is_the_same_only_for_the_same_parts(
    one: list[str | int | None], other: list[str | int | None]
) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


def numbered_ids(rows: Iterable[tuple[str | None, ...]]) -> list[str]:
    """Return the ids of the rows of one query."""
    numbers = IdNumbers()
    return [numbers.next_id(*row) for row in rows]


def test_ids_of_numbered_rows_never_change() -> None:
    # A change of these values doubles every row that is already in a warehouse.
    assert numbered_ids(
        [("m-1", "CLICKED", None), ("m-1", "CLICKED", None), ("m-2", "", "Zoë")]
    ) == [
        "7606eb6099edb3527987d2e219e250c7",
        "8682e298191f57f65bdf629c4d742a54",
        "4dd36a73a8e2de31539ab890b204aa9a",
    ]


def test_identical_rows_are_numbered_from_one() -> None:
    a, b = ("l-1", "a"), ("l-1", None)
    assert numbered_ids([a, b, a, a, b]) == [
        fingerprint("l-1", "a", 1),
        fingerprint("l-1", None, 1),
        fingerprint("l-1", "a", 2),
        fingerprint("l-1", "a", 3),
        fingerprint("l-1", None, 2),
    ]
    assert numbered_ids([]) == []


def test_rows_that_are_read_again_get_the_ids_of_the_first_time() -> None:
    rows = [("l-1", "a")] * 2
    assert numbered_ids(rows) == numbered_ids(rows)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("list l-1", "list l-1"),
        ("list ann@example.com", "list (an address)"),
        ("a@b, c d@e", "(an address) c (an address)"),
        ("@ann @", "@ann @"),
        ("x" * 1000 + "@example.com", "(an address)"),
    ],
)
def test_what_is_logged_has_no_address(text: str, clean: str) -> None:
    assert without_addresses(text) == shown(text) == clean


def test_what_the_account_calls_something_is_logged_in_short_and_no_sentence_is_cut() -> None:
    assert shown("x" * 1000) == "x" * LONGEST_SHOWN + "..."
    assert shown("x" * LONGEST_SHOWN) == "x" * LONGEST_SHOWN
    assert without_addresses("x" * 1000) == "x" * 1000


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("l-1", "l-1"),
        ("@ann", "@ann"),
        ("ann@example.com", "df0e89fd0ab305e30243c124aeed27dd"),
    ],
)
def test_a_text_with_an_address_is_kept_as_a_digest_that_never_changes(
    text: str, kept: str
) -> None:
    # States and catalogs hold the digests.
    assert kept_text(text) == kept
    assert has_address(text) is (text != kept)


def test_the_identity_of_a_header_never_changes() -> None:
    # States and catalogs hold it; with another one, its column would get another name.
    assert header_identity("E-mail Address") == "header 8c7fb761ec75959e"


def test_an_identity_of_a_header_stays_as_it_is() -> None:
    identity = header_identity("E-mail Address")

    assert header_identity(identity) == identity


@pytest.mark.parametrize(
    "header", ["header ", "header 8c7fb761ec75959e5", "Header 8c7fb761ec75959e"]
)
def test_a_header_that_only_resembles_an_identity_gets_one_of_its_own(header: str) -> None:
    assert header_identity(header) == f"header {fingerprint(header)[:16]}"
