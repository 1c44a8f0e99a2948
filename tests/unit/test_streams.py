"""What the streams decide before and after their calls."""

from __future__ import annotations

import json
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.api.pagination import FIRST_PAGE
from tap_acton.errors import (
    CallError,
    ForbiddenError,
    GivenUpError,
    GoneError,
    NotFoundError,
    NotRoutedError,
    RejectedCallError,
    StreamFailedError,
)
from tap_acton.records.extractors import UnknownShapeError
from tap_acton.records.list_table import Table, distinct_names, read_csv
from tap_acton.records.reader import NAMES, records_of_columns
from tap_acton.records.timestamps import milliseconds_of, timestamp_of
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.audience_center.account import AudienceCenter
from tap_acton.streams.base.listings import Listings
from tap_acton.streams.base.permission import ENOUGH, MOST_GIVEN_UP
from tap_acton.streams.base.schema import SCHEMAS
from tap_acton.streams.lists.contact_facts import _contacts_of, contact_of
from tap_acton.streams.lists.rows import ListPage
from tap_acton.streams.media import MediaTotals
from tap_acton.sync.evidence import Evidence
from tap_acton.sync.fan_out import RESULTS_WAITING_PER_WORKER
from tap_acton.sync.query import Outcome, Query, Response
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_acton.api.pagination import Page

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
SETTINGS = {
    "client_id": "client",
    "client_secret": "secret",
    "username": "reader@example.com",
    "password": "secret",
    "token_store": "memory",
    "optional_streams": ["*"],
    # Else discovery would ask Act-On.
    "custom_field_columns": False,
}


def stream(name: str, state: dict[str, Any] | None = None, **settings: Any) -> Any:
    """Give a stream of a run that began at NOW in an account in US/Pacific."""
    tap = TapActOn(
        config={**SETTINGS, **settings},
        state={"version": 3, "bookmarks": {name: state}} if state else None,
    )
    tap.run.started_at = NOW
    tap.run.account._found = {"account_id": 1, "time_zone": "US/Pacific"}
    return tap.stream(name)


# Timestamps


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - Hypothesis adds it
def test_timestamps_have_one_width_and_keep_their_milliseconds(timestamp: datetime) -> None:
    text = timestamp_of(timestamp)
    assert len(text) == len("2024-09-06T16:50:52.528Z")
    assert milliseconds_of(text) == int(timestamp.timestamp() * 1000 // 1) or (
        abs(milliseconds_of(text) - timestamp.timestamp() * 1000) < 1
    )


# The window


@pytest.mark.parametrize(
    ("state", "settings", "since"),
    [
        (None, {}, None),
        (None, {"start_date": "2026-03-01"}, "2026-03-01T00:00:00.000Z"),
        ("2026-03-18T10:00:00.000Z", {}, "2026-03-16T10:00:00.000Z"),
        (
            "2026-03-18T10:00:00.000Z",
            {"lookback_window": "PT1H"},
            "2026-03-18T09:00:00.000Z",
        ),
        (
            "2026-03-02T10:00:00.000Z",
            {"start_date": "2026-03-01T00:00:00Z"},
            "2026-03-01T00:00:00.000Z",
        ),
        ("2026-03-18", {}, "2026-03-16T00:00:00.000Z"),
        ("not a timestamp", {"start_date": "2026-03-01"}, "2026-03-01T00:00:00.000Z"),
    ],
)
def test_a_stream_goes_back_behind_its_bookmark_but_not_behind_the_start_date(
    state: str | None, settings: dict[str, Any], since: str | None
) -> None:
    bookmark = {"replication_key": "modified_at", "replication_key_value": state}
    members: Any = stream("list_members", bookmark if state else None, **settings)
    assert members.bookmark.since == since


@pytest.mark.parametrize("name", ["hard_bounces", "spam_complaints", "opt_outs"])
def test_a_list_that_is_read_whole_is_emitted_from_a_month_before_the_bookmark(name: str) -> None:
    key = stream(name).replication_key
    bookmark = {"replication_key": key, "replication_key_value": "2026-03-18T10:00:00.000Z"}
    assert stream(name, bookmark).bookmark.since == "2026-02-16T10:00:00.000Z"
    assert (
        stream(name, bookmark, lookback_window="P40D").bookmark.since == "2026-02-06T10:00:00.000Z"
    )


def test_a_bookmark_of_another_replication_key_does_not_count() -> None:
    state = {"replication_key": "other", "replication_key_value": "2026-03-18T10:00:00.000Z"}
    assert stream("hard_bounces", state).bookmark.since is None


@pytest.mark.parametrize(
    ("timestamp", "is_wanted"),
    [
        (None, True),
        ("1970-01-01T00:00:00.000Z", True),
        ("2026-03-09T23:59:59.999Z", False),
        ("2026-03-10T00:00:00.000Z", True),
        ("2026-03-12T23:59:59.999Z", True),
        ("2026-03-13T00:00:00.000Z", False),
    ],
)
def test_rows_outside_the_window_are_left_out(timestamp: str | None, *, is_wanted: bool) -> None:
    bounces = stream("hard_bounces", start_date="2026-03-10", end_date="2026-03-12")
    records = [{"bounced_at": timestamp}]
    assert bounces.bookmark.wanted(records, bounces.bookmark.since) == records * is_wanted


def test_the_sdk_gets_the_start_date_as_the_timestamp_that_it_stands_for() -> None:
    assert stream("hard_bounces", start_date="2026-03-01").config["start_date"] == (
        "2026-03-01T00:00:00.000Z"
    )


def test_a_bookmark_in_the_future_is_moved_back_to_the_beginning_of_the_run() -> None:
    bounces = stream("hard_bounces")
    bounces.stream_state["progress_markers"] = {
        "replication_key": "bounced_at",
        "replication_key_value": "2099-01-01T00:00:00.000Z",
    }
    bounces.bookmark.finish()
    markers = bounces.stream_state["progress_markers"]
    assert markers["replication_key_value"] == timestamp_of(NOW)


# Answers


@pytest.mark.parametrize("payload", [[], {}, {"result": "x"}, {"result": [1]}, None, "x"])
def test_an_answer_of_another_shape_counts_as_broken(payload: object) -> None:
    with pytest.raises(UnknownShapeError):
        stream("hard_bounces").extracted(payload, Query("/path"))


def test_a_null_in_place_of_the_rows_is_no_rows() -> None:
    assert stream("hard_bounces").extracted({"result": None}, Query("/path")).rows == []


def members_of(problems: Mapping[str, CallError | None]) -> Any:
    """Give the members of empty lists, or the problems that come for them."""
    members: Any = stream("list_members")
    whole = {"listing_type": "CONTACT_LIST", "folder_name": "", "size": 0, "modified_at": None}
    members.run.shared(Listings).keep("lists", [{"id": one, **whole} for one in problems])

    def fetch(query: Query, page: Page) -> Response:
        return Response(query, page, total=0, problem=problems[query.given["list_id"]])

    members.fetch = fetch
    return members


def test_a_stream_whose_every_item_is_gone_fails() -> None:
    members = members_of({f"l-{number}": GoneError("gone") for number in range(6)})
    with pytest.raises(StreamFailedError, match="any of the 6"):
        list(members.read())


def test_that_the_items_left_are_gone_is_no_failure_where_the_others_are_unchanged() -> None:
    members = members_of({f"l-{number}": GoneError("gone") for number in range(6)})
    members.save_calls("unchanged")
    assert list(members.read()) == []


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("form_urls", {}),
        ("upload_jobs", {"job_ids": [{"job_type": "list_upload", "id": str(n)} for n in range(6)]}),
    ],
)
@pytest.mark.parametrize("refused", [None, GivenUpError("HTTP 500")])
def test_a_stream_of_which_all_items_may_be_gone_fails_only_if_one_was_refused(
    name: str, settings: dict[str, Any], refused: CallError | None
) -> None:
    found: Any = stream(name, **settings)
    found.run.shared(Listings).keep("forms", [{"id": str(number)} for number in range(6)])

    def fetch(query: Query, page: Page) -> Response:
        is_last = query.item is not None and query.item["id"] == "5"
        return Response(query, page, problem=(is_last and refused) or GoneError("gone"))

    found.fetch = fetch
    assert list(found.get_records(None)) == []
    assert (found.failure is None) == (refused is None)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("media_views", "totalKnownViews"),
        ("media_views", "total_unknown_views"),
        ("media_timeline", "totalUnknownViews"),
        ("media_messages", "totalMessages"),
    ],
)
@pytest.mark.parametrize(
    ("count", "is_kept"), [(0, True), ("0", True), (None, True), (3, False), ([3], False)]
)
def test_that_nothing_came_is_remembered_only_where_the_report_counts_nothing(
    name: str, field: str, count: object, *, is_kept: bool
) -> None:
    found: Any = stream(name)
    found.run.shared(MediaTotals)["f-1"] = json.dumps({field: count, "name": "Guide"})
    found.run.shared(Listings).keep("media", [{"id": "f-1"}])
    query = Query("/path", item={"id": "f-1"})
    found.finished(Outcome(query, evidence=Evidence.ONE_ANSWER))
    found.done()
    assert bool(found.progress.fingerprints) is is_kept
    found.finished(Outcome(query, rows=1, evidence=Evidence.ONE_ANSWER))
    found.done()
    assert found.progress.fingerprints


@pytest.mark.parametrize(
    ("problem", "is_gone"),
    [
        (RejectedCallError("HTTP 400, code 10999.", 10999), True),
        (RejectedCallError("HTTP 302."), False),
        (NotFoundError("HTTP 404."), False),
        (GivenUpError("an answer that is too large"), False),
    ],
)
def test_only_what_act_on_refuses_by_a_code_is_refused_for_good(
    problem: CallError, *, is_gone: bool
) -> None:
    urls: Any = stream("form_urls")
    urls.requester = Mock()
    urls.requester.fetch.side_effect = lambda query, page: Response(query, page, problem=problem)
    found = urls.fetch(Query("/path", item={"id": "1"}), FIRST_PAGE).problem
    assert isinstance(found, GoneError) is is_gone


def test_a_stream_of_which_something_was_refused_is_not_complete() -> None:
    members = members_of({"l-1": None, "l-2": RejectedCallError("refused")})
    assert list(members.get_records(None)) == []
    assert members.summary.outcome == "incomplete"
    with pytest.raises(StreamFailedError, match="1 could not be read"):
        members.log_sync_costs()


FORBIDDEN = ForbiddenError("list_members: no permission.")


@pytest.mark.parametrize(
    ("problems", "outcome", "refused"),
    [
        ([FORBIDDEN], "incomplete", 1),
        ([FORBIDDEN, None], "incomplete", 1),
        ([FORBIDDEN, GivenUpError("HTTP 500")], "incomplete", 2),
        ([None, *[FORBIDDEN] * 6], "incomplete", 6),
        ([FORBIDDEN, FORBIDDEN], "switched off", 0),
        ([FORBIDDEN] * 9, "switched off", 0),
        ([NotRoutedError("x")] * 3, "switched off", 0),
        ([None, NotRoutedError("x")], "incomplete", 1),
    ],
)
def test_what_the_user_may_not_read_is_the_stream_only_if_it_is_every_item(
    problems: list[CallError | None], outcome: str, refused: int
) -> None:
    members = members_of({f"l-{number}": one for number, one in enumerate(problems)})
    assert list(members.get_records(None)) == []
    assert members.summary.outcome == outcome
    assert members.summary.refused == refused
    assert (members.failure is None) == (outcome == "switched off")


@pytest.mark.parametrize(
    ("problem", "most"), [(FORBIDDEN, ENOUGH), (GivenUpError("HTTP 500"), MOST_GIVEN_UP)]
)
def test_an_endpoint_that_gives_nothing_is_not_requested_for_ever(
    problem: CallError, most: int
) -> None:
    members = members_of({f"l-{number:03}": problem for number in range(200)})
    fetch, fetched = members.fetch, []

    def counted(query: Query, page: Page) -> Response:
        fetched.append(query)
        return fetch(query, page)  # type: ignore[no-any-return] # as the test gives it

    members.fetch = counted
    list(members.get_records(None))
    # Behind them come those that are under way, or wait for their turn.
    assert most <= len(fetched) <= most + 8 * (1 + RESULTS_WAITING_PER_WORKER)


def test_what_was_read_before_shows_that_the_stream_is_offered() -> None:
    members = members_of({"l-1": FORBIDDEN, "l-2": FORBIDDEN})
    members.save_calls("unchanged")
    assert list(members.get_records(None)) == []
    assert members.summary.refused == 2


def test_the_log_says_why_an_item_could_not_be_read(caplog: pytest.LogCaptureFixture) -> None:
    members = members_of({"l-1": None, "l-2": GivenUpError("list_members, list l-2: HTTP 500.")})
    with caplog.at_level("WARNING"):
        list(members.get_records(None))
    assert "1 of 2 could not be read; the next run tries again: list l-2. list_members" in (
        caplog.text
    )
    assert "HTTP 500" in caplog.text


def test_a_load_of_several_runs_goes_on_behind_an_item_that_failed() -> None:
    problems: dict[str, CallError | None] = dict.fromkeys(["l-1", "l-2", "l-3", "l-4"])
    first = members_of({**problems, "l-2": GivenUpError("HTTP 500"), "l-4": FORBIDDEN})
    assert list(first.get_records(None)) == []
    first.pause()
    assert first.progress.checkpoint.behind == ("l-4",)
    assert first.progress.checkpoint.left == [("l-2",), ("l-4",)]

    later = members_of({**problems, "l-5": None, "l-2": GivenUpError("HTTP 500")})
    later.progress.checkpoint = first.progress.checkpoint
    assert [query.place for query in later.due()] == [("l-2",), ("l-4",), ("l-5",)]
    # The calls end before anything has come, or behind the first of them.
    later.pause()
    assert later.progress.checkpoint == first.progress.checkpoint
    later.reading.behind = ("l-2",)
    later.reading.failed = [("l-2",)]
    later.pause()
    assert later.progress.checkpoint == first.progress.checkpoint


def test_items_that_a_listing_lacks_are_missing_in_the_streams_below_it() -> None:
    members = members_of({"l-1": None})
    members.run.summary.streams["lists"].refuse("listing type form", "HTTP 500")
    assert list(members.get_records(None)) == []
    assert members.summary.outcome == "incomplete"


@pytest.mark.parametrize("headers", [["_contact_id_", "A"], [], None])
def test_a_list_whose_data_is_null_has_no_rows(headers: list[str] | None) -> None:
    query = Query("/path", given={"list_id": "l-1"})
    for extract in (stream("list_members").extracted, _contacts_of):
        assert not extract({"headers": headers, "data": None}, query).rows


# Lists


def test_the_cells_of_a_list_are_matched_with_its_headers() -> None:
    table = Table(["_contact_id_", "Name", "Mail", "modified_date"], 2, "l-1")
    assert table.row(["l-1:a", "Pat", "pat@example.com", "1773756309000"]) == {
        "_contact_id_": "l-1:a",
        "modified_date": "1773756309000",
        "email": "pat@example.com",
        "fields": {"Name": "Pat", "Mail": "pat@example.com"},
    }


def test_the_dates_that_act_on_adds_win_over_a_header_of_the_same_name() -> None:
    table = Table(["created_date", "_contact_id_", "created_date"], -1, "l-1")
    row = table.row(["by the user", "l-1:a", "1773756309000"])
    assert row["created_date"] == "1773756309000"
    assert row["fields"] == {"created_date": "by the user"}


def test_short_rows_are_filled_and_long_rows_keep_their_cells() -> None:
    table = Table(["_contact_id_", "A", "B"], 9, "l-1")
    assert table.row(["l-1:a", "1"])["fields"] == {"A": "1", "B": None}
    assert table.row(["l-1:a", "1", "2", "3"])["data"] == ["3"]
    assert "email" not in table.row(["l-1:a"])


def test_a_list_without_an_id_column_gives_ids_all_the_same() -> None:
    table = Table(["A", "B"], -1, "l-1")
    assert table.row(["x", "l-1:2b7"])["_contact_id_"] == "l-1:2b7"
    by_row = table.row(["x", "y"])["_contact_id_"]
    assert by_row == table.row(["x", "y"])["_contact_id_"]
    assert by_row != table.row(["x", "z"])["_contact_id_"]


HEADERS = ("_contact_id_", "created_date", "A", "A", "B")
CELLS = st.none() | st.sampled_from(["", "x", "l-1:a", "\0", 7, [1], {"a": None}])


@given(
    headers=st.lists(st.sampled_from(HEADERS), max_size=5),
    email=st.integers(-1, 6),
    data=st.lists(st.lists(CELLS, max_size=6), max_size=5),
    is_even=st.booleans(),
)
def test_rows_of_a_list_are_the_same_by_column_as_each_by_itself(
    headers: list[str], email: int, data: list[list[Any]], *, is_even: bool
) -> None:
    if is_even:
        data = [[*cells, *[None] * 5][: len(headers)] for cells in data]
    table = Table(headers, email, "l-1")
    columns = table.columns(data) if data else None
    if columns is None:
        assert not (data and is_even and table.names and table.has_contact_id)
        return
    rows = records_of_columns({**columns.system, "fields": records_of_columns(columns.own)})
    assert [list(row.items()) for row in rows] == [list(table.row(cells).items()) for cells in data]


def test_a_page_of_a_list_is_a_sequence_of_its_rows() -> None:
    headers = ["_contact_id_", "A"]
    table = Table(headers, -1, "l-1")
    data = [[f"l-1:{number}", str(number)] for number in range(250)]
    page = ListPage(data, headers, table)
    rows = [table.row(cells) for cells in data]
    assert list(page) == rows
    assert len(page) == len(rows)
    assert page[3] == rows[3]
    assert list(page[-7:]) == rows[-7:]
    assert page[-7:] == ListPage(data[-7:], headers, table)
    assert page[-7:] != page[:7]
    assert page != ListPage(data, ["_contact_id_", "B"], table)
    assert page != rows


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        (["A", "A", "A"], ["A", "A (2)", "A (3)"]),
        (["A", "A (2)", "A"], ["A", "A (2)", "A (3)"]),
        (["A", "A", "A (2)"], ["A", "A (3)", "A (2)"]),
        (["", ""], ["", " (2)"]),
    ],
)
def test_equal_headers_are_numbered(headers: list[str], names: list[str]) -> None:
    assert distinct_names(headers) == names


@given(st.lists(st.sampled_from(["A", "B", "A (2)", "A (3)", "B (2)"])))
def test_numbered_headers_are_distinct_and_none_is_lost(headers: list[str]) -> None:
    names = distinct_names(headers)
    assert len(names) == len(set(names)) == len(headers)
    assert set(headers) <= set(names)


def test_csv_keeps_quotes_commas_and_line_breaks() -> None:
    headers, lines = read_csv('A,"B, or C"\r\n"x\ny","say ""hi"""\r\n\r\n,\r\n')
    assert headers == ["A", "B, or C"]
    assert lines == [["x\ny", 'say "hi"'], ["", ""]]


@pytest.mark.parametrize("content", ["", "\r\n", 'A\r\n"never closed'])
def test_what_is_not_csv_is_refused(content: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        read_csv(content)


# Opt-outs by category

OPTED_OUT = {"replication_key": "opted_out_at", "replication_key_value": "2026-03-18T10:00:00.000Z"}
CATEGORY = {"id": "3", "name": "News"}


@pytest.mark.parametrize(
    ("covers", "is_known"),
    [
        ({}, False),
        ({"shard": ["1/2"]}, False),  # as an earlier version kept it
        ({"categories": ["4"]}, False),
        ({"categories": ["3", "4"]}, True),
    ],
)
def test_a_bookmark_counts_for_the_categories_that_had_rows(
    covers: dict[str, Any], *, is_known: bool
) -> None:
    state = {**OPTED_OUT, "progress": [{"covers": covers} if covers else {}]}
    found = stream("subscription_opt_outs", state)
    since = found.query_of(CATEGORY).since
    assert since == ("2026-02-16T10:00:00.000Z" if is_known else None)


@pytest.mark.parametrize(
    ("outcome", "is_known"),
    [
        ({"rows": 1, "evidence": Evidence.TOTAL}, True),
        ({"rows": 0, "evidence": Evidence.TOTAL}, False),
        ({"problem": GoneError("Gone.")}, False),
        ({"problem": GivenUpError("Failed.")}, True),  # the bookmark does not move then
    ],
)
def test_a_category_without_rows_is_read_from_the_start(
    outcome: dict[str, Any], *, is_known: bool
) -> None:
    state = {**OPTED_OUT, "progress": [{"covers": {"categories": ["3", "9"]}}]}
    found = stream("subscription_opt_outs", state)
    found.run.shared(Listings).keep("subscription_categories", [CATEGORY])
    found.finished(Outcome(found.query_of(CATEGORY), **outcome))
    found.done()
    assert (found.query_of(CATEGORY).since is not None) is is_known
    found.save_progress()
    assert found.stream_state["progress"] == [{"covers": {"categories": ["3"]}} if is_known else {}]


@pytest.mark.parametrize("cell", [None, "", {"of": "l-1:a"}, ["l-1:a"], 7, True])
def test_a_contact_whose_id_is_no_text_is_not_requested(cell: Any) -> None:
    table = Table(["_contact_id_", "A"], None, "l-1")
    contacts = [contact_of(table, [cell, str(number)], "l-1") for number in range(2)]
    assert [one["id"] for one in contacts] == ["", ""]
    assert contacts[0]["key"] != contacts[1]["key"]
    known = contact_of(table, ["l-1:a", "1"], "l-1")
    assert (known["id"], known["key"]) == ("l-1:a", "l-1:a")


# Keys


VERSIONED = {
    "subscription_opt_outs": ("email", "timestamp"),
    "list_members": ("_contact_id_", "modified_date"),
    "webinar_registrants": ("_contact_id_", "modified_date"),
    "contacts": ("id", "updatedAt"),
}
"""The streams whose key lacks the replication key, and the fields of both."""


def test_these_are_the_streams_with_several_versions_of_a_row() -> None:
    found = {kind.name for kind in STREAM_TYPES if kind.version_of.fget(stream(kind.name))}  # type: ignore[attr-defined] # a property
    assert found == {*VERSIONED} | {one.name for one in STREAM_TYPES if _is_numbered(one)}


def _is_numbered(kind: Any) -> bool:
    """Whether rows have no key of their own, so that they have no versions either."""
    return bool(kind.identity and kind.replication_key)


OLD, OLDER, NEW, NEWER = (
    int(datetime(2026, 3, day, 10, tzinfo=UTC).timestamp() * 1000) for day in (4, 2, 18, 19)
)


@pytest.mark.parametrize("name", VERSIONED)
def test_the_latest_version_within_the_window_is_emitted(name: str) -> None:
    """On one page, or on several."""
    found = stream(name, start_date="2026-03-15")
    # The fields of contacts take a call.
    vars(found.run.shared(AudienceCenter))["_fields"] = ()
    key, time = VERSIONED[name]
    for versions, expected in (
        ([OLD, NEW], [NEW]),
        ([NEW, OLD], [NEW]),
        ([NEW, NEWER], [NEWER]),
        ([NEWER, NEW], [NEWER]),
        ([OLDER, OLD], []),
        ([None, NEW, OLD], [NEW]),
        ([OLD, NEWER, OLDER, NEW], [NEWER]),
    ):
        rows: list[dict[str, Any]] = []
        for number, version in enumerate(versions):
            rows += ({key: "x", time: version}, {key: f"other {number}", time: OLD})
        if key == "_contact_id_":
            rows = [{**row, "fields": {}} for row in rows]
        for size in (2, 3, 1000):
            assert _emitted(found, rows, size)[-1:] == expected, (versions, size)


def _emitted(found: Any, rows: list[dict[str, Any]], size: int) -> list[int]:
    """Read rows in pages, and return the times that were emitted."""
    found.paging = type(found.paging)(size)
    vars(found).pop("retriever", None)

    def fetch(query: Query, page: Page) -> Response:
        page = found.paging.settled(page)
        return Response(query, page, rows[page.offset : page.offset + page.count], len(rows))

    found.fetch = fetch
    query = Query("/", given={"list_id": "l", "subscription_category_id": "3"})
    found.queries = lambda: [replace(query, since=found.bookmark.start)]
    records = []
    # Without borders nothing tells whether a row that came with two pages is one that has moved.
    with nullcontext() if found.paging.overlaps else suppress(StreamFailedError):
        for record in found.read():
            records.append(record)  # noqa: PERF402 - those before a failure count
    times = [record[found.replication_key] for record in records]
    return [milliseconds_of(one) for one in times if one is not None]


@pytest.mark.parametrize("name", ["hard_bounces", "spam_complaints", "opt_outs"])
def test_what_is_missing_of_a_key_is_made_of_the_row(name: str) -> None:
    rows = [
        {"email": "", "timestamp": None, "origin": "a"},
        {"timestamp": "unreadable", "origin": "b"},
        {"email": "", "timestamp": None, "origin": "a"},
        {"email": "pat@example.com", "timestamp": 1773871905000},
    ]
    runs = [
        list(chain.from_iterable(one.batches(rows, Query("/"))))
        for one in (stream(name), stream(name))
    ]
    assert runs[0] == runs[1]
    keys = {tuple(record[column] for column in stream(name).primary_keys) for record in runs[0]}
    assert len(keys) == len(rows)
    for email, timestamp in keys - {("pat@example.com", "2026-03-18T22:11:45.000Z")}:
        assert email
        assert timestamp.startswith("1970-01-01T")
        bookmark = stream(name, start_date="2026-03-01").bookmark
        record = {bookmark._key: timestamp}
        assert bookmark.wanted([record], bookmark.since) == [record]


def test_a_day_that_is_missing_in_a_key_is_one_before_1970() -> None:
    timeline = stream("media_timeline")
    rows = [{"date": "someday", "total": 1}, {"total": 2}, {"date": "03/17/2026", "total": 3}]
    ((*records,),) = timeline.batches(rows, Query("/", given={"media_id": "m"}))
    *made, known = (record["date"] for record in records)
    assert known == "2026-03-17"
    assert len({*made}) == 2
    assert all("1900-01-01" <= one < "1970-01-01" for one in made)


WITHOUT_DAY: list[dict[str, Any]] = [
    {},
    {"dayOfMonth": None},
    {"dayOfMonth": {"is": 3}},
    {"dayOfMonth": "third"},
    {"dayOfMonth": 32},
]


def days_of(month: int, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    stats = stream("message_daily_stats", start_date="2026-01-01")
    period = f"26{month:02}"
    given = {"id": period, "month": date(2026, month, 1)}
    query = Query("/", parameters={"period": period}, item=given)
    records = chain.from_iterable(stats.batches([*rows], query))
    return [*stats.bookmark.wanted([*records], stats.bookmark.since)]


@pytest.mark.parametrize("lacking", WITHOUT_DAY)
def test_a_row_of_a_month_without_a_day_gets_one_before_1970(lacking: dict[str, Any]) -> None:
    (known, *made), (_, other, _) = (
        days_of(month, {"dayOfMonth": 1, "sent": 1}, lacking, {**lacking, "sent": 2})
        for month in (3, 2)
    )
    assert known["date"] == "2026-03-01"
    assert [record["sent"] for record in made] == [None, 2]
    dates = {record["date"] for record in (*made, other)}
    assert len(dates) == 3
    assert all("1900-01-01" <= one < "1970-01-01" for one in dates)
    given = {name: value for name, value in lacking.items() if value is not None}
    assert made[0]["extra_fields"] == {"period": "2603", **given}


@pytest.mark.parametrize("lacking", WITHOUT_DAY)
def test_a_month_without_any_day_has_an_unknown_shape(lacking: dict[str, Any]) -> None:
    with pytest.raises(RejectedCallError, match="not what is documented"):
        days_of(3, *[lacking] * 3)


# What the state keeps of settings


@pytest.mark.parametrize("setting", ["list_ids", "list_names"])
def test_a_setting_that_is_an_address_is_kept_as_a_digest(setting: str) -> None:
    kept = [
        stream("list_members", None, **{setting: [value]}).covers[setting]
        for value in ("jo@example.com", "jo@example.com", "al@example.com", "Jo")
    ]
    assert kept[0] == kept[1] != kept[2]
    assert "@" not in str(kept)
    assert kept[3] == ["Jo"]


# Columns of lists


@pytest.mark.parametrize(
    ("headers", "is_whole"),
    [
        (["Name", "Town"], True),
        (["Name", "Town", "Town", "Size"], True),
        (["Town", "Name", "Town"], False),
        ([], False),
    ],
)
def test_only_other_headers_make_a_list_be_read_whole(
    headers: list[str], *, is_whole: bool
) -> None:
    members = stream("list_members")
    query = Query("/api/1/list/l-1", parameters={"modafter": 1}, given={"list_id": "l-1"})
    responses = iter([["Name", "Town", "Town"], headers])

    def fetch(query: Query, page: Page) -> Response:
        found = next(responses)
        return Response(query, page, ListPage([], found, Table(found, None, "l-1")))

    members.requester.fetch = fetch
    members.reached["l-1"] = "2026-03-19T00:00:00.000Z"
    first = members.fetch(query, FIRST_PAGE)
    assert [*members.follow_ups(first)] == []
    members.known_columns.keep("l-1")
    second = members.fetch(query, FIRST_PAGE)
    assert bool([*members.follow_ups(second)]) is is_whole


# Timestamps that come twice

TWINS = [
    (kind.name, column, names)
    for kind in STREAM_TYPES
    for column, definition in SCHEMAS.get_schema(kind.name)["properties"].items()
    if definition.get("format") == "date-time" and len(names := definition.get(NAMES, ())) > 1
]


@pytest.mark.parametrize("number", [0, -1, "0", "-1", "N/A"])
@pytest.mark.parametrize(("name", "column", "names"), TWINS)
def test_a_text_counts_beside_a_number_that_is_no_timestamp(
    name: str, column: str, names: list[str], number: object
) -> None:
    reading = stream(name)
    row = {names[0]: number, names[-1]: "Jul 8 2025 12:00 AM GMT-12:00"}
    if name == "programs":
        payload = {"folders": [{"name": "", "programs": [row]}]}
        (row,) = reading.extracted(payload, Query(reading.path)).rows
    (record,) = reading.reader.records([row])
    assert (record[column], record["extra_fields"]) == ("2025-07-08T12:00:00.000Z", None)


def test_a_load_that_begins_anew_forgets_the_place_that_it_had_reached() -> None:
    problems: dict[str, CallError | None] = dict.fromkeys(["l-1", "l-2", "l-3", "l-4"])
    first = members_of(problems)
    first.tap.stream("lists").reading.failed = [("form",)]
    first.run.summary.streams["lists"].refuse("listing type form", "HTTP 500")
    list(first.get_records(None))
    first.pause()
    assert first.progress.checkpoint.not_listed == ["lists/form"]

    # The part is listed again, so all is read again, and the calls end in the middle.
    second = members_of(problems)
    second.progress.checkpoint = first.progress.checkpoint
    assert len(list(second.due())) == 4
    second.reading.behind = ("l-2",)
    second.pause()

    third = members_of(problems)
    third.progress.checkpoint = second.progress.checkpoint
    assert [query.place for query in third.due()] == [("l-3",), ("l-4",)]


# Jobs


def job_of(job_type: str, payload: Any) -> Any:
    """Read what Act-On returns of a job."""
    query = Query("/path", given={"job_type": job_type, "id": "1"})
    (row,) = stream("upload_jobs").extracted(payload, query).rows
    return row


@pytest.mark.parametrize("envelope", [(), ("data",), ("response", "data")])
def test_the_status_of_a_job_of_an_unknown_shape_is_found_in_an_envelope(
    envelope: tuple[str, ...],
) -> None:
    payload: dict[str, Any] = {"jobId": "1", "status": "FAILED"}
    for name in reversed(envelope):
        payload = {name: payload}
    assert job_of("custom_object", payload) == {"status": "FAILED", "details": payload}


REJECTED = "Email,Reason\r\nnobody,no address\r\nnobody,"


@pytest.mark.parametrize(
    "text", [REJECTED, f"{REJECTED}no", f"{REJECTED}no address\r\n", "Email\n"]
)
def test_a_file_of_rejected_records_is_taken_with_or_without_a_last_end(text: str) -> None:
    assert job_of("rejected_records", text)


@pytest.mark.parametrize("text", [REJECTED[:-1], REJECTED[:-4]])
def test_a_file_of_rejected_records_that_ends_within_a_row_is_none(text: str) -> None:
    with pytest.raises(UnknownShapeError):
        job_of("rejected_records", text)
