"""Streams of single lists: which lists get one, and what it and its columns are called."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.client import ActOnClient
from tap_acton.errors import (
    CallError,
    GivenUpError,
    GoneError,
    RejectedCallError,
    StreamFailedError,
)
from tap_acton.records.dynamic_columns import KnownNames, Names
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.lists.discovery import (
    MOST_FAILURES,
    find_list_streams,
    read_listing,
    wanted_lists,
    warn_of_unmatched,
)
from tap_acton.streams.lists.webinars import letters_and_digits
from tap_acton.tap import TapActOn
from tests.unit.test_streams import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_acton.api.client import Call
    from tap_acton.records.dynamic_columns import FoundStream

NOTHING = KnownNames({}, {})
TAKEN = [kind.name for kind in STREAM_TYPES]
SHARED = {"list_id", "contact_id", "created_at", "modified_at", "extra_fields"}
SYSTEM = ["_contact_id_", "created_date", "modified_date"]

LABELS = st.text("AZaz09 _-()/é名", max_size=6)
LISTINGS = st.dictionaries(
    st.integers(0, 9).map("l-{}".format),
    st.tuples(LABELS, st.lists(LABELS, max_size=5)),
    max_size=6,
)


def find(
    lists: Mapping[str, tuple[str, Sequence[str]]],
    known: KnownNames = NOTHING,
    pattern: str = "*",
    broken: Mapping[str, Exception] | None = None,
    *,
    for_a_run: bool = False,
) -> dict[str, FoundStream]:
    """Find the streams of lists, given by id with their names and headers."""

    def headers_of(list_id: str) -> list[str]:
        if broken and list_id in broken:
            raise broken[list_id]
        return [*SYSTEM[:1], *lists[list_id][1], *SYSTEM[1:]]

    listing = [{"id": list_id, "name": name} for list_id, (name, _) in lists.items()]
    wanted = wanted_lists(listing, lambda _, name: fnmatchcase(name, pattern))
    return find_list_streams(wanted, headers_of, known, TAKEN, for_a_run=for_a_run)


def known_of(found: Mapping[str, FoundStream]) -> KnownNames:
    """Give the names of streams as a state would keep them."""
    bookmarks: dict[str, Any] = {
        stream: {"columns": one.names, "source": one.source} for stream, one in found.items()
    }
    return KnownNames.of_state({"bookmarks": bookmarks})


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("Customers", "list_customers"),
        ("Kunden / Größe & Maß", "list_kunden_größe_maß"),
        ("Members", "list_members_2"),
        ("2026 expo", "list_2026_expo"),
        ("テスト", "list_テスト"),
        ("???", "list_l_0a41"),
        ("", "list_l_0a41"),
        ("x" * 99, "list_" + "x" * 54),
    ],
)
def test_a_stream_is_called_like_its_list(name: str, stream: str) -> None:
    assert [*find({"l-0a41": (name, ["E-mail"])})] == [stream]


def test_the_older_of_two_lists_of_one_name_has_it_to_itself() -> None:
    lists = {"l-10": ("Expo", ["A"]), "l-9": ("Expo", ["A"]), "l-0b": ("expo", ["A"])}
    found = {one.source: stream for stream, one in find(lists).items()}
    assert found == {"l-9": "list_expo", "l-0b": "list_expo_2", "l-10": "list_expo_3"}


@given(LISTINGS)
def test_all_names_differ_from_each_other_and_from_those_that_are_taken(
    lists: dict[str, tuple[str, list[str]]],
) -> None:
    found = find(lists)
    assert {one.source for one in found.values()} == {
        list_id for list_id, (_, headers) in lists.items() if headers
    }
    assert not found.keys() & {kind.name for kind in STREAM_TYPES}
    for stream, one in found.items():
        assert one.stream == stream
        assert len(one.columns) == len(lists[one.source][1])
        assert not one.columns.keys() & SHARED
        assert len({name.lower() for name in one.columns}) == len(one.columns)
        assert all(column.definition["description"] for column in one.columns.values())


@given(LISTINGS, st.dictionaries(st.integers(0, 9).map("l-{}".format), LABELS), LABELS)
def test_names_stay_whatever_is_renamed_or_added(
    lists: dict[str, tuple[str, list[str]]], renamed: dict[str, str], header: str
) -> None:
    before = find(lists)
    later = {
        list_id: (renamed.get(list_id, name), [*headers, header])
        for list_id, (name, headers) in lists.items()
    }
    later |= {"l-a": ("newer", ["A"]), "l-b": ("", [header])}
    after = find(later, known_of(before))
    for stream, one in before.items():
        assert after[stream].source == one.source
        assert one.names.items() <= after[stream].names.items()
        assert len(after[stream].columns) == len(one.columns) + 1


def test_a_list_that_cannot_be_read_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    lists = {"l-1": ("One", ["A"]), "l-2": ("Two", ["A"]), "l-3": ("Three", ["A"])}
    found = find(lists, broken={"l-2": RejectedCallError("no")})
    assert [*found] == ["list_one", "list_three"]
    (record,) = caplog.records
    assert "l-2" in record.getMessage()


def test_a_run_reads_or_fails_a_list_whose_headers_cannot_be_read() -> None:
    lists = {f"l-{number}": (f"L{number}", ["A"]) for number in range(2 * MOST_FAILURES)}
    broken = {list_id: GivenUpError("no answer") for list_id in lists if list_id != "l-0"}
    found = find(lists, broken={**broken, "l-1": GoneError("deleted")}, for_a_run=True)
    assert {one.source for one in found.values()} == {*lists} - {"l-1"}
    assert [name for name, one in found.items() if one.columns] == ["list_l0"]


def test_a_list_that_was_read_before_keeps_its_columns_while_it_cannot_be_read() -> None:
    lists = {"l-1": ("One", ["Phone", "Phone"])}
    before = find(lists)
    again = find(lists, known_of(before), broken={"l-1": GivenUpError("no answer")})
    assert {name: one.names for name, one in again.items()} == {
        name: one.names for name, one in before.items()
    }


def test_a_header_with_an_address_is_in_no_name_and_no_description() -> None:
    headers = ["jane@example.com", "Column", "Jane <jane@example.com>", "City"]
    (found,) = find({"l-1": ("One", headers)}).values()
    assert [*found.columns] == ["unnamed", "column_field", "unnamed_2", "city"]
    assert "jane" not in str(found).lower()


def test_discovery_does_not_wait_for_every_list_while_act_on_does_not_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lists = {f"l-{number}": (f"List {number}", ["A"]) for number in range(9)}
    asked = []

    def headers_of(list_id: str) -> list[str]:
        asked.append(list_id)
        raise GivenUpError("no answer")

    listing = [{"id": list_id, "name": name} for list_id, (name, _) in lists.items()]
    wanted = wanted_lists(listing, lambda *_: True)
    assert find_list_streams(wanted, headers_of, NOTHING, TAKEN, for_a_run=False) == {}
    assert len(asked) == MOST_FAILURES
    (record,) = caplog.records
    assert all(list_id in record.getMessage() for list_id in lists)


def test_a_name_that_a_list_had_is_not_given_to_another_one() -> None:
    known = KnownNames({}, {"l-1": Names("list_expo", {})})
    found = find({"l-1": ("Fair", ["A"]), "l-2": ("Expo", ["A"])}, known)
    assert {one.source: stream for stream, one in found.items()} == {
        "l-1": "list_expo",
        "l-2": "list_expo_2",
    }


@pytest.mark.parametrize("total", ["of the page", "none", "right", "zero"])
def test_the_listing_is_read_to_its_end_whatever_total_it_reports(total: str) -> None:
    rows = [{"id": f"l-{number}", "name": f"L{number}"} for number in range(2500)]

    def read(_: Any, call: Call, interpret: Callable[[Any], Any], *_more: Any) -> Any:
        offset = int(call.parameters["offset"])
        page = rows[offset : offset + int(call.parameters["count"])]
        totals = {"of the page": len(page), "right": len(rows), "zero": 0}
        reported = {"totalCount": totals[total]} if total in totals else {}
        return interpret({"result": page, **reported})

    tap = TapActOn(config={**SETTINGS, "list_streams": None}, validate_config=False)
    with patch.object(ActOnClient, "read", read):
        assert read_listing(tap.run) == rows


def test_a_listing_that_lacks_lists_fails() -> None:
    def read(_: Any, call: Call, interpret: Callable[[Any], Any], *_more: Any) -> Any:
        is_first = not int(call.parameters["offset"])
        return interpret({"result": [{"id": "l-1"}] if is_first else [], "totalCount": 8})

    tap = TapActOn(config=SETTINGS, validate_config=False)
    with patch.object(ActOnClient, "read", read), pytest.raises(StreamFailedError, match="fewer"):
        read_listing(tap.run)


def test_a_listing_without_ids_or_names_does_no_harm() -> None:
    listing: list[dict[str, Any]] = [{}, {"id": None, "name": "A"}, {"id": "l-1", "name": None}]
    wanted = wanted_lists(listing, lambda *_: True)
    found = find_list_streams(wanted, lambda _: ["A"], NOTHING, TAKEN, for_a_run=False)
    assert {stream: one.source for stream, one in found.items()} == {"list_l_1": "l-1"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("# of Poll Responses", "# OF POLL-RESPONSES:"),
        ("Registration Date/Time", "registrationDateTime"),
        ("Street Address 1", " street_address_1"),
    ],
)
def test_of_a_header_only_letters_and_digits_count(one: str, other: str) -> None:
    assert letters_and_digits(one) == letters_and_digits(other)


@given(st.text())
def test_what_counts_of_a_header_counts_once_more(header: str) -> None:
    assert letters_and_digits(letters_and_digits(header)) == letters_and_digits(header)


def test_a_list_that_is_called_by_an_address_gives_its_table_another_name() -> None:
    lists = {"?": ("eve@example.com", ["A"]), "l-2": ("Eve <eve@example.com>", ["A"])}
    found = find(lists)
    assert {one.source: name for name, one in found.items()} == {
        "l-2": "list_l_2",
        "?": "list_unnamed",
    }


def test_a_list_whose_id_is_an_address_has_no_stream(caplog: pytest.LogCaptureFixture) -> None:
    found = find({"eve@example.com": ("Fair", ["A"]), "l-2": ("Expo", ["A"])})
    assert [one.source for one in found.values()] == ["l-2"]
    (message,) = caplog.messages
    assert "its rows are in list_members" in message
    assert "eve" not in message


@pytest.mark.parametrize("kind", [RejectedCallError, GivenUpError])
def test_a_run_does_not_go_on_without_the_lists_that_are_to_have_streams(
    kind: type[CallError],
) -> None:
    def read(*_: Any) -> Any:
        raise kind("lists: Act-On returned HTTP 400.")

    tap = TapActOn(config=SETTINGS, validate_config=False)
    with patch.object(ActOnClient, "read", read), pytest.raises(StreamFailedError):
        read_listing(tap.run)


def test_an_entry_that_matches_no_list_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    listing = [{"id": "l-0a41", "name": "Customers"}, {"id": "l-0a44"}]
    warn_of_unmatched(listing, ["l-0a41", "cust*", "l-0a44", "l-ffff", "*@example.com"])
    assert caplog.messages == [
        "Entry 4 of list_streams matches no list: l-ffff.",
        "Entry 5 of list_streams matches no list.",
    ]
