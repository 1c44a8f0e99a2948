"""What is read again and what is not, and that nothing is ever lost by it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Fault
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import KEYS, REPLICATION_KEYS, by_key, expected_records
from tests.contract.harness import Output, union

if TYPE_CHECKING:
    from tests.contract.expected import Record
    from tests.contract.harness import Bench

Held = dict[str, dict[tuple[Any, ...], "Record"]]
"""What a warehouse holds: by stream the records by key."""

DAYS = 6

FAILING = {
    "messages": "/api/1/message",
    "message_reports": "/api/1/message/*/report",
    "message_daily_stats": "/api/1/message/report",
    "lists": "/api/1/list",
    "list_members": "/api/1/list/l-*",
    "hard_bounces": "/api/1/list/hardbounce",
    "spam_complaints": "/api/1/list/spamcomplaint",
    "opt_outs": "/api/1/list/optout",
    "subscription_categories": "/api/1/subscription/category",
    "subscription_opt_outs": "/api/1/subscription/optout",
}
"""For each stream the path by which it can be made to fail."""

FAIL_WITH = {
    "messages": {"message_reports", "message_events"},
    "message_reports": {"message_events"},
    "lists": {"list_members"},
    "subscription_categories": {"subscription_opt_outs"},
}
"""The streams that a failing one takes along, as they hang on the same calls."""

NARROWED = (
    *("messages", "message_reports", "message_events", "message_daily_stats"),
    *("lists", "list_members"),
)
"""Streams of which settings leave something out; a shard leaves out something of others too."""


def assert_held(held: Held, account: Account, stream: str, edition: str = "2024") -> None:
    """Make sure that a warehouse holds every row of the account as it is now."""
    expected = by_key(stream, expected_records(account, edition)[stream])
    missing = [record for key, record in expected.items() if key not in held[stream]]
    stale = {
        key: [
            (column, held[stream][key][column], record[column])
            for column in record
            if held[stream][key][column] != record[column]
        ]
        for key, record in expected.items()
        if key in held[stream] and held[stream][key] != record
    }
    assert (missing, stale) == ([], {}), stream


# An unchanged account


def test_a_second_run_on_an_unchanged_account_asks_little(
    bench: Bench, complete_run: Output
) -> None:
    first = complete_run
    second = bench.run(first.state)
    assert not any("/api/1/message/" in path and path.count("/") == 6 for path in second.paths)
    of_messages = [
        sum(number for path, number in run.paths.items() if path.startswith("/api/1/message/"))
        for run in (first, second)
    ]
    assert of_messages[1] < of_messages[0] / 3
    again = sum(len(second.records[stream]) for stream in REPLICATION_KEYS)
    assert again < sum(len(first.records[stream]) for stream in REPLICATION_KEYS) / 10


def test_a_second_run_on_an_unchanged_account_changes_nothing(
    bench: Bench, account: Account, complete_run: Output
) -> None:
    first = complete_run
    second = bench.run(first.state)
    held = union([first, second])
    assert held == {
        stream: by_key(stream, records) for stream, records in expected_records(account).items()
    }
    assert second.state == first.state


# Days that pass


@pytest.fixture(scope="module")
def daily_runs(
    account: Account, complete_runs: dict[str, Output]
) -> dict[str, tuple[Held, Account, list[Output]]]:
    """For each edition what a warehouse holds after some days, and the account by then.

    By the 2024 edition the tap runs every day, by the 2019 edition every third.
    """
    results = {}
    for edition, pause in (("2024", 1), ("2019", 3)):
        with bench_of(account, edition=edition) as bench:
            outputs = [complete_runs[edition]]
            for _ in range(DAYS // pause):
                bench.next_day(pause)
                outputs.append(bench.run(outputs[-1].state))
            results[edition] = (union(outputs), bench.sandbox.account, outputs)
    return results


@pytest.mark.parametrize("edition", ["2024", "2019"])
@pytest.mark.parametrize("stream", KEYS)
def test_runs_over_some_days_lose_nothing(
    daily_runs: dict[str, tuple[Held, Account, list[Output]]], stream: str, edition: str
) -> None:
    held, account, _ = daily_runs[edition]
    assert_held(held, account, stream, edition)


def test_a_run_a_day_costs_less_than_the_first(
    daily_runs: dict[str, tuple[Held, Account, list[Output]]],
) -> None:
    first, *others = daily_runs["2024"][2]
    assert all(output.failure is None for output in others)
    assert max(output.paths.total() for output in others) < first.paths.total()


def test_events_that_show_late_are_found(
    daily_runs: dict[str, tuple[Held, Account, list[Output]]],
) -> None:
    held, account, _ = daily_runs["2024"]
    late = [
        event
        for message in account.messages
        for events in message.events.values()
        for event in events
        if event.visible_at - event.at > 2 * 24 * 3_600_000
        and event.visible_at > int(NOW.timestamp() * 1_000)
    ]
    assert late, "no event of the account shows late"
    assert_held(held, account, "message_events")


def test_days_without_a_run_lose_nothing(bench: Bench, complete_run: Output) -> None:
    outputs = [complete_run]
    bench.next_day(12)
    outputs.append(bench.run(outputs[-1].state))
    held = union(outputs)
    for stream in KEYS:
        assert_held(held, bench.sandbox.account, stream)


def test_the_state_stays_small(
    daily_runs: dict[str, tuple[Held, Account, list[Output]]],
) -> None:
    _, account, outputs = daily_runs["2024"]
    sizes = [len(json.dumps(output.state)) for output in outputs]
    # A tenth of it are the names of the columns of lists and contacts.
    assert max(sizes) < 6_500
    # Lists and messages come and go; what is gone leaves no trace.
    assert len(outputs[-1].bookmarks["list_members"]["progress"][0]["lists"]) <= len(account.lists)
    counters = outputs[-1].bookmarks["message_events"]["progress"][0]["counters"]
    assert len(counters) <= len(account.messages)


def test_what_an_earlier_version_or_another_tap_left_in_the_state_does_no_harm(
    bench: Bench, account: Account
) -> None:
    strange: dict[str, Any] = {
        "bookmarks": {
            "opt_outs": {"replication_key": "other", "replication_key_value": "2099-01-01"},
            "hard_bounces": {"replication_key": "bounced_at", "replication_key_value": "yesterday"},
            "spam_complaints": {},
            "message_events": {"counters": ["no", "mapping"], "covers": 7, "read_until": 5},
            "list_members": {"lists": {"l-0a41": "no timestamp"}},
            "stream_of_another_tap": {"replication_key_value": 5},
        }
    }
    found = bench.run(strange)
    assert found.failure is None
    for stream in KEYS:
        assert_held(union([found]), account, stream)


# Runs that fail


@pytest.mark.parametrize("stream", FAILING)
def test_a_failing_stream_keeps_its_bookmark_and_stops_no_other(
    bench: Bench, complete_run: Output, stream: str
) -> None:
    first = complete_run
    bench.next_day(2)
    bench.sandbox.faults.add(Fault("status", FAILING[stream], times=None, status=500))
    failed = bench.run(first.state)
    assert failed.failure is not None
    assert failed.failure.exit_code == 1
    lost = {stream} | FAIL_WITH.get(stream, set())
    assert {line.split("|")[2].strip() for line in failed.lines("ERROR")} <= {
        f"tap-acton.{name}" for name in lost | {"message_daily_stats"}
    }
    for name in lost & REPLICATION_KEYS.keys():
        moved, kept = failed.bookmarks[name], first.bookmarks[name]
        assert moved.get("replication_key_value") == kept.get("replication_key_value"), name
    held = union([first, failed])
    for name in KEYS.keys() - lost:
        assert_held(held, bench.sandbox.account, name)
    bench.sandbox.faults.clear()
    repaired = bench.run(failed.state)
    assert repaired.failure is None
    held = union([first, failed, repaired])
    for name in KEYS:
        assert_held(held, bench.sandbox.account, name)


@pytest.mark.parametrize("stream", ["message_events", "message_reports", "list_members"])
@pytest.mark.parametrize("calls_before", [0, 1, 7, 19, 33])
def test_a_fan_out_that_breaks_off_is_taken_up_without_a_gap(
    bench: Bench, account: Account, stream: str, calls_before: int
) -> None:
    path = {
        "message_events": "/api/1/message/*/report/*",
        "message_reports": "/api/1/message/*/report",
        "list_members": "/api/1/list/l-*",
    }[stream]
    after = calls_before % 4 if stream == "list_members" else calls_before
    bench.sandbox.faults.add(Fault("status", path, times=None, after=after, status=500))
    broken = bench.run(streams=[stream])
    bench.sandbox.faults.clear()
    taken_up = bench.run(broken.state, streams=[stream])
    assert taken_up.failure is None
    assert_held(union([broken, taken_up]), account, stream)
    assert broken.failure is not None or stream == "message_reports"


REFUSED = {
    "an unknown refusal": (400, 99999),
    "a kind that is not offered": (400, 10089),
    "no rights": (403, 99999),
}


@pytest.mark.parametrize("refusal", REFUSED)
@pytest.mark.parametrize(
    ("stream", "path", "times"),
    [
        ("message_events", "/api/1/message/*/report/OPENED", 1),
        ("message_events", "/api/1/message/*/report/OPENED", None),
        ("list_members", "/api/1/list/l-0a41", 1),
        ("subscription_opt_outs", "/api/1/subscription/optout", 1),
        ("message_daily_stats", "/api/1/message/report", 1),
        ("hard_bounces", "/api/1/list/hardbounce", 1),
    ],
)
def test_what_act_on_refuses_today_is_asked_for_again_tomorrow(
    bench: Bench, account: Account, stream: str, path: str, times: int | None, refusal: str
) -> None:
    """A bookmark never moves past rows that were not read, whatever the reason was."""
    status, code = REFUSED[refusal]
    body = json.dumps({"errorCode": code, "message": "Refused"})
    bench.sandbox.faults.add(Fault("status", path, times=times, after=1, status=status, body=body))
    first = bench.run(streams=[stream], page_size=20)
    assert any(seen.fault for seen in first.requests)
    assert first.lines("WARNING") + first.lines("ERROR")
    bench.sandbox.faults.clear()
    second = bench.run(first.state, streams=[stream], page_size=20)
    outputs = [first, second]
    if stream == "message_events" and refusal != "an unknown refusal":
        # A kind that was not offered is read of older messages when these are re-checked.
        bench.let_pass(24 * 3_600)
        settings: dict[str, Any] = {"page_size": 20, "recheck_period": "P1D"}
        outputs.append(bench.run(second.state, streams=[stream], **settings))
    assert [output.failure for output in outputs[1:]] == [None] * (len(outputs) - 1)
    assert_held(union(outputs), account, stream)


def test_a_timestamp_in_the_future_does_not_hide_what_comes_before_it(bench: Bench) -> None:
    future = int(datetime(2031, 1, 1, tzinfo=UTC).timestamp() * 1_000)
    for path, field in (("/api/1/list/optout", "timestamp"), ("/api/1/message/*/OPENED", "ts")):
        bench.sandbox.faults.add(Fault("wrong_type", path, fields=(field,), value=future))
    streams = ["opt_outs", "message_events"]
    outputs = [bench.run(streams=streams)]
    assert any(row["event_at"] > "2031" for row in outputs[0].records["message_events"])
    assert "2031" not in json.dumps(outputs[0].state)
    for _ in range(2):
        bench.next_day(2)
        outputs.append(bench.run(outputs[-1].state, streams=streams))
    held = union(outputs)
    recent = [
        row
        for row in expected_records(bench.sandbox.account)["opt_outs"]
        if row["opted_out_at"] > "2026-03-20T12"
    ]
    assert recent
    assert all(held["opt_outs"][row["email"], row["opted_out_at"]] == row for row in recent)


def test_a_pause_longer_than_the_engagement_window_loses_nothing(bench: Bench) -> None:
    """What came within the window of a message is read, though later than usual."""
    first = bench.run(streams=["message_events"], engagement_window="P5D")
    bench.next_day(8)
    second = bench.run(first.state, streams=["message_events"], engagement_window="P5D")
    held = union([first, second])["message_events"]
    account = bench.sandbox.account
    sent_at = {message.id: message.sent_at for message in account.messages}
    visible_until = 5 * 24 * 3_600_000
    missing = [
        row
        for key, row in by_key(
            "message_events", expected_records(account)["message_events"]
        ).items()
        if key not in held
        and datetime.fromisoformat(row["event_at"]).timestamp() * 1_000
        < sent_at[row["message_id"]] + visible_until
    ]
    assert missing == []


# Windows


def in_window(stream: str, records: list[Record], start: str, end: str = "9999") -> list[Record]:
    """Give the records of a stream whose timestamp lies within two timestamps or days."""
    column = REPLICATION_KEYS[stream]

    def lies_within(value: str) -> bool:
        return start[: len(value)] <= value <= end[: len(value)]

    return [record for record in records if lies_within(record[column])]


WINDOWS = [
    ("2026-03-10", None, "2026-03-10T00:00:00.000Z", "9999"),
    ("2026-03-10", "2026-03-14", "2026-03-10T00:00:00.000Z", "2026-03-14T23:59:59.999Z"),
    ("7 days ago", None, "2026-03-13T12:00:00.000Z", "9999"),
    ("P1M", "yesterday", "2026-02-20T12:00:00.000Z", "2026-03-19T23:59:59.999Z"),
    (None, "2026-03-01T08:00:00-08:00", "", "2026-03-01T16:00:00.000Z"),
    ("last month", "last month", "2026-02-01T00:00:00.000Z", "2026-02-28T23:59:59.999Z"),
]


@pytest.mark.parametrize(("start", "end", "first", "last"), WINDOWS)
def test_a_window_gives_the_rows_within_it(
    bench: Bench, account: Account, start: str | None, end: str | None, first: str, last: str
) -> None:
    found = bench.run(start_date=start, end_date=end)
    assert found.failure is None
    for stream, expected in expected_records(account).items():
        if stream in REPLICATION_KEYS:
            wanted = in_window(stream, expected, first, last)
            assert by_key(stream, found.records[stream]) == by_key(stream, wanted), stream
        elif stream != "message_reports":
            assert by_key(stream, found.records[stream]) == by_key(stream, expected), stream


def test_the_reports_of_messages_that_rest_before_the_window_are_not_asked(
    bench: Bench, account: Account
) -> None:
    found = bench.run(streams=["message_reports"], start_date="2026-03-10", engagement_window="P5D")
    earliest = int(datetime(2026, 3, 5, tzinfo=UTC).timestamp() * 1_000)
    young = {
        message.id
        for message in account.messages
        if message.type == "TRIGGERED" or message.sent_at >= earliest
    }
    assert {row["message_id"] for row in found.records["message_reports"]} == {
        row["message_id"]
        for row in expected_records(account)["message_reports"]
        if row["message_id"] in young
    }


@pytest.mark.parametrize("setting", ["start_date", "end_date"])
@pytest.mark.parametrize("stream", ["opt_outs", "list_members", "message_events"])
def test_both_ends_of_a_window_belong_to_it(
    bench: Bench, account: Account, stream: str, setting: str
) -> None:
    records = expected_records(account)[stream]
    if stream == "list_members":
        records = [row for row in records if row["list_id"] == "l-0a41"]
    column = REPLICATION_KEYS[stream]
    border = sorted(row[column] for row in records)[len(records) // 2]
    found = bench.run(streams=[stream], **{setting: border})
    assert [row for row in records if row[column] == border] == [
        row for row in found.records[stream] if row in records and row[column] == border
    ]


@pytest.mark.parametrize(
    ("stream", "lookback", "days"),
    [
        ("list_members", "PT0S", 0),
        ("list_members", "P2D", 2),
        ("list_members", "P1M", 28),
        ("opt_outs", "P45D", 45),
        ("hard_bounces", "P2M", 59),
        ("subscription_opt_outs", "P90D", 90),
        # Lists that are read whole anyway give a month, for what shows late.
        ("opt_outs", "PT0S", 30),
        ("spam_complaints", "P2D", 30),
    ],
)
def test_the_lookback_says_how_much_is_read_again(
    bench: Bench, account: Account, stream: str, lookback: str, days: int
) -> None:
    first = bench.run(streams=[stream], lookback_window=lookback)
    # As if each list had been touched since.
    first.bookmarks[stream].get("progress", [{}])[0].pop("fingerprints", None)
    second = bench.run(first.state, streams=[stream], lookback_window=lookback)
    column = REPLICATION_KEYS[stream]
    again: list[Record] = []
    for part in {row.get("list_id") for row in first.records[stream]}:
        rows = [row for row in expected_records(account)[stream] if row.get("list_id") == part]
        reached = datetime.fromisoformat(max(row[column] for row in rows))
        since = (reached - timedelta(days=days)).isoformat(timespec="milliseconds")
        again += [row for row in rows if row[column] >= since[:23]]
    assert again
    assert len(again) < len(first.records[stream])
    assert by_key(stream, second.records[stream]) == by_key(stream, again)


# Settings that narrow, and are widened later


@pytest.mark.parametrize(
    "narrow",
    [
        {"message_types": ["TRIGGERED"]},
        {"message_types": ["sent", "FAILED"], "event_types": ["OPENED"]},
        {"event_types": ["SENT", "CLICKED"]},
        {"list_ids": ["l-0a41"]},
        {"list_names": ["kunden*"]},
        {"shard": "1/3"},
    ],
    ids=str,
)
def test_what_was_left_out_comes_once_it_is_wanted(
    bench: Bench, account: Account, narrow: dict[str, Any]
) -> None:
    streams = () if "shard" in narrow else NARROWED
    first = bench.run(streams=streams, **narrow)
    second = bench.run(first.state, streams=streams)
    held = union([first, second])
    for stream in streams or KEYS:
        assert_held(held, account, stream)


@pytest.mark.parametrize(
    "streams",
    [["messages", "message_reports", "lists"], ["message_events", "list_members"]],
    ids="-".join,
)
def test_streams_selected_later_are_read_from_their_beginning(
    bench: Bench, account: Account, streams: list[str]
) -> None:
    first = bench.run(streams=streams)
    second = bench.run(first.state)
    held = union([first, second])
    for stream in KEYS:
        assert_held(held, account, stream)


def test_a_stream_not_selected_for_a_while_keeps_its_bookmark(bench: Bench) -> None:
    outputs = [bench.run()]
    for streams in (["lists"], ["opt_outs", "message_reports"], []):
        bench.next_day()
        outputs.append(bench.run(outputs[-1].state, streams=streams))
    held = union(outputs)
    for stream in KEYS:
        assert_held(held, bench.sandbox.account, stream)


@pytest.mark.parametrize("stream", REPLICATION_KEYS)
def test_a_catalog_can_have_an_incremental_stream_read_whole(
    bench: Bench, complete_run: Output, stream: str
) -> None:
    found = bench.run(
        complete_run.state, streams=[stream], full_table=[stream], discovered=bench.discover()
    )
    assert found.failure is None
    assert found.records[stream] == complete_run.records[stream]


def test_an_api_that_changes_its_spelling_brings_no_row_twice(
    bench: Bench, complete_run: Output
) -> None:
    bench.sandbox.edition = "2019"
    bench.next_day()
    later = bench.run(complete_run.state)
    held = union([complete_run, later])
    account = bench.sandbox.account
    # Some columns exist in one edition only.
    for stream in KEYS.keys() - {"message_reports", "image_details"}:
        assert_held(held, account, stream)
    gone = {message.id for message in account.messages if message.gone}
    assert {row["id"] for row in expected_records(account)["message_events"]} == {
        row["id"]
        for row in held["message_events"].values()
        if row["message_id"] in account.message_by_id and row["message_id"] not in gone
    }


def test_the_settings_narrow_what_is_read(bench: Bench, account: Account) -> None:
    found = bench.run(
        message_types=["SENT"],
        event_types=["OPENED", "CLICKED"],
        list_names=["*GRÖSSE*", "Cust?mers"],
    )
    expected = expected_records(account)
    sent = [row for row in expected["messages"] if row["message_type"] == "SENT"]
    ids = {row["id"] for row in sent}
    assert found.records["messages"] == sent
    assert by_key("message_events", found.records["message_events"]) == by_key(
        "message_events",
        [
            row
            for row in expected["message_events"]
            if row["message_id"] in ids and row["event_type"] in {"OPENED", "CLICKED"}
        ],
    )
    assert {row["message_id"] for row in found.records["message_reports"]} == {
        row["message_id"] for row in expected["message_reports"] if row["message_id"] in ids
    }
    assert {row["name"] for row in found.records["lists"]} == {"Customers"}


@pytest.mark.parametrize(
    ("setting", "names"),
    [
        ({"list_ids": ["l-0a41", "l-0a44"]}, ["Customers", "Kunden / Größe & Maß"]),
        ({"list_names": ["*größe*"]}, ["Kunden / Größe & Maß"]),
        (
            {"list_names": ["cust?mers"], "list_ids": ["l-0a44"]},
            ["Customers", "Kunden / Größe & Maß"],
        ),
        ({"list_names": ["nothing like it"]}, []),
    ],
    ids=str,
)
def test_lists_are_chosen_by_id_or_name(
    bench: Bench, setting: dict[str, Any], names: list[str]
) -> None:
    found = bench.run(streams=["lists", "list_members"], **setting)
    assert sorted(row["name"] for row in found.records["lists"]) == names
    ids = {row["id"] for row in found.records["lists"]}
    assert {row["list_id"] for row in found.records["list_members"]} == ids


@pytest.mark.parametrize("parts", [2, 3])
def test_shards_share_the_work_and_leave_nothing_out(
    bench: Bench, complete_run: Output, parts: int
) -> None:
    runs = [bench.run(shard=f"{part}/{parts}") for part in range(1, parts + 1)]
    for stream in ("message_reports", "message_events", "list_members", "subscription_opt_outs"):
        together = [row for run in runs for row in run.records[stream]]
        assert len(together) == len(complete_run.records[stream]), stream
        assert by_key(stream, together) == by_key(stream, complete_run.records[stream])
    for stream in ("account", "messages", "lists", "hard_bounces", "message_daily_stats"):
        for run in runs:
            assert run.records[stream] == complete_run.records[stream]


def test_triggered_messages_are_read_however_old_they_are(bench: Bench) -> None:
    """They keep on being sent, long after the engagement window of their first day."""
    first = bench.run(engagement_window="P1D")
    bench.next_day(5)
    second = bench.run(first.state, engagement_window="P1D")
    triggered = {m.id for m in bench.sandbox.account.messages if m.type == "TRIGGERED"}
    held = union([first, second])["message_events"].values()
    expected = expected_records(bench.sandbox.account)["message_events"]
    assert {row["id"] for row in expected if row["message_id"] in triggered} <= {
        row["id"] for row in held
    }
