"""Which messages the streams below them read, and what a report counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.errors import RejectedCallError
from tap_acton.streams.base.listings import Listings
from tap_acton.streams.messages.reports import COUNTER_OF, MessageCounters, counters_of
from tap_acton.sync.evidence import Evidence
from tap_acton.sync.query import Outcome
from tests.unit.test_streams import stream as any_stream

if TYPE_CHECKING:
    from tap_acton.streams.messages.daily_stats import MessageDailyStats
    from tap_acton.streams.messages.events import MessageEvents
    from tap_acton.sync.query import Item


def stream(name: str, state: dict[str, Any] | None = None, **settings: Any) -> Any:
    """Give a stream of a run that begins on 2026-03-20 in an account in US/Pacific."""
    return any_stream(name, state, **settings)


# Reports


def test_a_report_is_counted_by_the_larger_number_of_each_pair() -> None:
    report = {
        "sent": "120",
        "notsent": [4, 5],
        "opened": [41, 66],
        "clicked": [],
        "bounced": 3,
        "optout": None,
    }
    counters = dict(zip(COUNTER_OF, counters_of(report), strict=True))
    assert counters == {
        "SENT": 120,
        "SUPPRESSED": 5,
        "OPENED": 66,
        "CLICKED": None,
        "BOUNCED": 3,
        "OPT_OUT": None,
        "SPAM": None,
    }


# Messages


def message(number: int, sent_at: str | None, message_type: str = "SENT") -> Item:
    return {"id": f"s-{number}", "message_type": message_type, "sent_at": sent_at}


MESSAGES = [
    message(1, "2026-03-19T00:00:00.000Z"),
    message(2, "2025-06-01T00:00:00.000Z"),
    message(3, "2025-01-01T00:00:00.000Z", "TRIGGERED"),
    message(4, None),
    message(5, "2026-03-01T00:00:00.000Z", "DRAFT"),
    message(6, "2026-02-01T00:00:00.000Z", "FAILED"),
]
ALL_COVERED = {
    "message_types": ["DRAFT", "FAILED", "SCHEDULED", "SENT", "TEMPLATE", "TRIGGERED"],
    "event_types": ["BOUNCED", "CLICKED", "OPENED", "OPT_OUT", "SENT", "SPAM", "SUPPRESSED"],
    "shard": ["1/1"],
}


def read_yesterday(covers: dict[str, list[str]]) -> dict[str, Any]:
    yesterday = "2026-03-19T00:00:00.000Z"
    return {"progress": [{"read_until": yesterday, "newest": yesterday, "covers": covers}]}


def due_ids(events: MessageEvents) -> list[str]:
    events.run.shared(Listings).keep("messages", list(MESSAGES))
    return [item["id"] for item in events.due_items()]


def test_the_first_run_reads_every_message_that_went_out_in_the_order_of_sending() -> None:
    assert due_ids(stream("message_events")) == ["s-4", "s-3", "s-2", "s-6", "s-1"]


def test_old_messages_are_not_due_once_they_were_read() -> None:
    assert due_ids(stream("message_events", read_yesterday(ALL_COVERED))) == [
        "s-4",
        "s-3",
        "s-6",
        "s-1",
    ]


@pytest.mark.parametrize("left_out", ["event_types", "message_types", "shard"])
def test_settings_that_want_more_than_was_read_begin_anew(left_out: str) -> None:
    covers = {**ALL_COVERED, left_out: ["NONE"]}
    assert "s-2" in due_ids(stream("message_events", read_yesterday(covers)))


def test_messages_long_before_the_start_date_are_not_read() -> None:
    events = stream("message_events", start_date="2026-03-10")
    assert "s-2" not in due_ids(events)
    assert "s-6" in due_ids(events)


def test_a_start_date_before_all_calendars_reads_everything() -> None:
    assert len(due_ids(stream("message_events", start_date="0001-01-01"))) == 5


@pytest.mark.parametrize("settings", [{}, {"end_date": "2026-03-19"}])
def test_with_an_end_date_nothing_is_remembered_of_messages(settings: dict[str, Any]) -> None:
    events = stream("message_events", **settings)
    events.run.shared(MessageCounters)["s-1"] = (1,) * len(COUNTER_OF)
    due_ids(events)
    events.finished(Outcome(events.query_of(MESSAGES[0]), evidence=Evidence.ONE_ANSWER))
    events.done()
    events.save_progress()
    assert bool(events.stream_state) is not bool(settings)


def test_what_was_refused_keeps_its_counters() -> None:
    events = stream("message_events")
    events.run.shared(MessageCounters)["s-1"] = (1,) * len(COUNTER_OF)
    due_ids(events)
    query = events.query_of(MESSAGES[0])
    events.finished(Outcome(query, problem=RejectedCallError("refused")))
    assert events.progress.counters == {}
    assert events.progress.ask_again == ["s-1"]
    events.finished(Outcome(query, evidence=Evidence.ONE_ANSWER))
    assert events.progress.counters == {"s-1": [1] * len(COUNTER_OF)}
    assert events.progress.ask_again == []


# Daily totals


def months(stats: MessageDailyStats, *messages: Item) -> list[str]:
    stats.run.shared(Listings).keep("messages", list(messages))
    return [str(query.parameters["period"]) for query in stats.queries()]


OF_2025 = message(1, "2025-11-05T00:00:00.000Z")


@pytest.mark.parametrize(
    ("state", "settings", "periods"),
    [
        (None, {"start_date": "2026-01-15"}, ["2601", "2602", "2603"]),
        (None, {"start_date": "2026-01-15", "end_date": "2026-02-01"}, ["2601", "2602"]),
        ("2026-03-19", {}, ["2602", "2603"]),
        ("2026-01-01", {}, ["2512", "2601", "2602", "2603"]),
        ("2026-03-19", {"start_date": "2026-03-01"}, ["2603"]),
        (None, {"start_date": "2026-04-01"}, []),
    ],
)
def test_months_are_read_from_the_start_or_the_month_before_the_bookmark(
    state: str | None, settings: dict[str, Any], periods: list[str]
) -> None:
    bookmark = {"replication_key": "date", "replication_key_value": state}
    stats = stream("message_daily_stats", bookmark if state else None, **settings)
    assert months(stats, OF_2025) == periods


@pytest.mark.parametrize(
    "settings", [{}, {"start_date": "1900-01-01"}, {"start_date": "0001-01-01"}]
)
def test_the_first_message_begins_the_months_however_early_the_start(
    settings: dict[str, Any],
) -> None:
    stats = stream("message_daily_stats", **settings)
    sent = message(1, "2026-01-31T23:00:00.000Z")
    draft = message(3, "2025-01-31T23:00:00.000Z", "DRAFT")
    assert months(stats, sent, message(2, None), draft) == ["2601", "2602", "2603"]


@pytest.mark.parametrize("state", [None, "0001-01-01", "1926-03-01"])
@pytest.mark.parametrize("settings", [{}, {"start_date": "1926-01-01"}])
def test_no_month_is_before_2000_so_that_two_digits_name_one_year(
    state: str | None, settings: dict[str, Any]
) -> None:
    bookmark = {"replication_key": "date", "replication_key_value": state}
    stats = stream("message_daily_stats", bookmark if state else None, **settings)
    found = months(stats, message(1, "1926-03-01T00:00:00.000Z"))
    assert (found[0], found[-1]) == ("0001", "2603")
    assert len(found) == len(set(found)) == 26 * 12 + 3


def test_where_message_types_are_left_out_the_start_date_counts() -> None:
    stats = stream("message_daily_stats", message_types=["DRAFT", "SENT"], start_date="2025-12-01")
    late = message(1, "2026-03-01T00:00:00.000Z")
    assert months(stats, late) == ["2512", "2601", "2602", "2603"]


@pytest.mark.parametrize(
    ("settings", "first"), [({}, "0001"), ({"start_date": "2026-01-15"}, "2601")]
)
def test_messages_of_which_none_says_when_it_went_out_may_have_done_so_at_any_time(
    settings: dict[str, Any], first: str
) -> None:
    found = months(stream("message_daily_stats", **settings), message(1, None), message(2, None))
    assert (found[0], found[-1]) == (first, "2603")


@pytest.mark.parametrize("settings", [{}, {"start_date": "2026-01-01"}])
def test_an_account_without_messages_has_no_months(settings: dict[str, Any]) -> None:
    assert months(stream("message_daily_stats", **settings)) == []


def test_days_that_have_not_begun_are_left_out() -> None:
    stats = stream("message_daily_stats", start_date="2026-03-01")
    stats.run.shared(Listings).keep("messages", [OF_2025])
    query = next(iter(stats.queries()))
    rows = [{"dayOfMonth": day, "sent": day} for day in (1, 20, 21)]
    assert [record["date"] for record in stats.records(rows, query)] == [
        "2026-03-01",
        "2026-03-20",
    ]
