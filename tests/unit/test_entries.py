"""Entries of settings that name items of a listing."""

from __future__ import annotations

import pytest

from tap_acton.settings.entries import Entries

ITEMS = [("l-0a41", "Customers"), ("l-0a44", ""), ("l-0a47", "Größe & Maß")]


@pytest.mark.parametrize(
    ("setting", "entries", "sentences"),
    [
        ("list_ids", ["l-0a44"], []),
        ("list_ids", ["Customers"], ["Entry 1 of list_ids matches no list: Customers."]),
        ("list_names", ["cust*", "*GRÖSSE*", "l-0a44"], [2, 3]),
        ("list_streams", ["cust*", "l-0a44", "l-ffff"], [3]),
        ("list_names", ["*", "*@example.com"], ["Entry 2 of list_names matches no list."]),
    ],
)
def test_those_that_match_nothing_are_named(
    setting: str, entries: list[str], sentences: list[str | int]
) -> None:
    left = Entries({setting: entries})
    for item in ITEMS:
        left.meet(*item)
    expected = [
        f"Entry {one} of {setting} matches no list: {entries[one - 1]}."
        if isinstance(one, int)
        else one
        for one in sentences
    ]
    assert left.unmatched("list") == expected
