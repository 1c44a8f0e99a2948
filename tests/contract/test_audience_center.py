"""What the Audience Center has besides its contacts: fields, segments, imports, reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from tap_acton.streams.audience_center import contact_reports
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import Record, timestamp
from tests.contract.expected_audience_center import (
    AUDIENCE_CENTER_KEYS,
    REPORT_KEYS,
    audience_center_records,
    report_records,
)

if TYPE_CHECKING:
    from acton_sandbox.audience_center import Contact
    from tests.contract.harness import Bench, Output

LISTS = tuple(AUDIENCE_CENTER_KEYS)
REPORTS = tuple(REPORT_KEYS)
STREAMS = (*LISTS, *REPORTS)
SHAPES = ("envelope", "array", "data", "content", "source")
BASE = "/ucl/v2/70123"


def expected_rows(account: Account) -> dict[str, list[Record]]:
    """Give the records of all streams of the family."""
    return {**audience_center_records(account), **report_records(account)}


def asked_about(found: Output, report: str) -> list[str]:
    """Give the contacts whose report was asked for."""
    paths = [seen.path for seen in found.requests if seen.path.endswith(f"/{report}")]
    return sorted(path.split("/")[6] for path in paths)


def covered(found: Output, stream: str) -> str | None:
    """Give the timestamp up to which changes of contacts are covered."""
    (progress,) = found.bookmarks[stream].get("progress", [{}])
    until: str | None = progress.get("covered_until")
    return until


def ids_of(account: Account) -> list[str]:
    """Give the ids of all contacts."""
    return sorted(contact.id for contact in account.contacts)


def read(bench: Bench, path: str, body: Any, stream: str) -> list[Record]:
    """Read a stream from an answer of one's own."""
    fault = Fault("status", f"{BASE}/{path}", times=None, status=200, body=json.dumps(body))
    bench.sandbox.faults.add(fault)
    found = bench.run(streams=[stream])
    bench.sandbox.faults.clear()
    assert found.failure is None
    return found.records[stream]


def not_gone(account: Account) -> list[Contact]:
    """Give the contacts of which reports can be had."""
    return [contact for contact in account.contacts if not contact.gone]


@pytest.mark.parametrize("shape", SHAPES)
def test_exactly_the_rows_of_the_account(account: Account, shape: str) -> None:
    with bench_of(account, choices=Choices(undocumented_shape=shape)) as bench:
        found = bench.run(streams=STREAMS)
    assert found.failure is None
    expected = expected_rows(account)
    assert all(expected.values()), "the account has nothing to show"
    assert found.records == expected


@pytest.mark.parametrize(
    "choices",
    [
        Choices(contact_keys="names"),
        Choices(contact_dates="seconds"),
        Choices(contact_dates="display"),
        Choices(audience_center="both"),
        Choices(account_endpoint=True, after_is_inclusive=True),
    ],
)
def test_what_is_not_documented_of_contacts_makes_no_difference(
    account: Account, choices: Choices
) -> None:
    streams = ("segment_contacts", "contact_scores")
    with bench_of(account, choices=choices) as bench:
        found = bench.run(streams=streams)
    assert found.records == {stream: expected_rows(account)[stream] for stream in streams}


@pytest.mark.parametrize("shape", SHAPES)
def test_small_pages_hold_the_same_rows(account: Account, shape: str) -> None:
    streams = ("segments", "segment_contacts", "contact_segments")
    with bench_of(account, choices=Choices(undocumented_shape=shape)) as bench:
        found = bench.run(streams=streams, page_size=4)
    assert found.records == {stream: expected_rows(account)[stream] for stream in streams}


@pytest.mark.parametrize("larger", ["cut", "refused"])
def test_pages_may_be_limited(larger: str) -> None:
    account = Account.generate(
        seed=7,
        size="small",
        now=NOW,
        contacts=180,
        contacts_added_per_day=0,
        contacts_deleted_per_day=0,
    )
    choices = Choices(largest_contact_page=50, larger_contact_page=larger)
    streams = ("segment_contacts", "contact_scores")
    with bench_of(account, choices=choices) as bench:
        found = bench.run(streams=streams)
    assert found.failure is None
    # The size is looked for once per stream, in five steps, beside the calls that are
    # under way meanwhile: seven at most.
    refused = [seen for seen in found.requests if seen.status == 400]
    assert len(refused) <= (0 if larger == "cut" else 3 * 5 + 7)
    assert max(len(segment.member_ids) for segment in account.segments) > 50
    assert found.records == {stream: expected_rows(account)[stream] for stream in streams}


def test_nothing_is_requested_twice(account: Account, bench: Bench) -> None:
    found = bench.run(streams=LISTS)
    calls = {(seen.path, *sorted(seen.query.items())) for seen in found.requests}
    assert len(calls) == len(found.requests)
    # A page more proves that a total is one, once per stream.
    proofs = {path: number - 1 for path, number in found.paths.items() if number > 1}
    assert proofs.pop(f"{BASE}/segment/") == 1
    assert list(proofs.values()) == [1]
    assert found.paths.keys() == {
        f"{BASE}/schema/",
        f"{BASE}/segment/",
        f"{BASE}/import/definition",
        "/api/1/account",
        *(f"{BASE}/segment/{segment.id}/contacts" for segment in account.segments),
    }


def test_what_is_listed_but_gone_is_skipped_and_told(account: Account, bench: Bench) -> None:
    found = bench.run(streams=["segment_contacts", "contact_scores"])
    segments = [f"segment {segment.id}" for segment in account.segments if segment.gone]
    changed = sorted(account.contacts, key=lambda contact: (contact.updated_at, contact.id))
    contacts = [f"contact {contact.id}" for contact in changed if contact.gone]
    told = [line for line in found.lines("WARNING") if "deleted in Act-On" in line]
    assert [line.rpartition("Act-On): ")[2] for line in told] == [
        f"{', '.join(names)}." for names in (segments, contacts)
    ]


@pytest.mark.parametrize("choice", ["none", "unrouted"])
def test_an_account_without_audience_center_is_told_so_once(account: Account, choice: str) -> None:
    with bench_of(account, choices=Choices(audience_center=choice)) as bench:
        found = bench.run(streams=["senders", *STREAMS])
    assert found.failure is None
    assert found.records.keys() == {"senders"}
    told = [line for line in found.lines("WARNING") if "has no Audience Center" in line]
    assert len(told) == 1
    asked = [path for path in found.paths.elements() if path.startswith("/ucl/")]
    assert all("schema" in path or choice == "unrouted" for path in asked)
    # Without a schema the contacts are looked for, in both generations, by the reports.
    assert len(asked) <= (1 if choice == "none" else 12)


@pytest.mark.parametrize("page_size", [20, 1_000])
def test_the_older_generation_has_the_histories_alone(account: Account, page_size: int) -> None:
    with bench_of(account, choices=Choices(audience_center="older")) as bench:
        found = bench.run(streams=STREAMS, page_size=page_size)
        assert found.failure is None
        assert found.records == {"contact_history": report_records(account)["contact_history"]}
        bench.next_day()
        later = bench.run(found.state, streams=["contact_history"])
    changed = recently_changed(bench.sandbox.account, account.now_ms)
    asked = [seen.query["contactid"] for seen in later.requests if "contactid" in seen.query]
    assert sorted(asked) == changed


def test_members_are_read_by_the_older_path_where_the_newer_is_missing(account: Account) -> None:
    refusal = {"httpCode": "404", "moreInformation": "No resources match requested URI"}
    with bench_of(account, choices=Choices(audience_center="both")) as bench:
        bench.sandbox.faults.add(
            Fault(
                "status",
                f"{BASE}/segment/*/contacts",
                times=None,
                status=404,
                body=json.dumps(refusal),
            )
        )
        found = bench.run(streams=["segment_contacts"], max_concurrency=1)
    assert found.failure is None
    assert found.records["segment_contacts"] == [
        {**row, "extra_fields": None} for row in expected_rows(account)["segment_contacts"]
    ]
    assert len([path for path in found.paths if path.startswith(BASE)]) < 6, "not tried each time"


def recently_changed(account: Account, covered_ms: int, lookback_days: int = 2) -> list[str]:
    """Give the contacts that changed since a run, less the lookback, to the minute."""
    since = (covered_ms - lookback_days * 24 * 3_600_000) // 60_000 * 60_000
    return sorted(one.id for one in account.contacts if one.updated_at >= since)


@pytest.mark.parametrize("stream", REPORTS)
def test_day_two_asks_about_contacts_that_changed(
    account: Account, bench: Bench, stream: str
) -> None:
    first = bench.run(streams=[stream])
    report = {"contact_history": "activity"}.get(stream, stream.removeprefix("contact_"))
    assert asked_about(first, report) == ids_of(account)
    assert covered(first, stream) == timestamp(account.now_ms)
    bench.next_day()
    second = bench.run(first.state, streams=[stream])
    now = bench.sandbox.account
    changed = recently_changed(now, account.now_ms)
    assert asked_about(second, report) == changed
    assert 0 < len(changed) < len(account.contacts)
    expected = report_records(now)[stream]
    assert second.records[stream] == [row for row in expected if row["contact_id"] in changed]
    assert covered(second, stream) == timestamp(now.now_ms)
    if stream == "contact_history":
        # What was read before and what came since is all there is.
        key = {row["id"]: row for row in [*first.records[stream], *second.records[stream]]}
        assert all(key[row["id"]] == row for row in expected)


def test_a_history_is_read_whole_again_on_demand(account: Account, bench: Bench) -> None:
    first = bench.run(streams=["contact_history"])
    again = bench.run(first.state, streams=["contact_history"], full_table=["contact_history"])
    assert again.records == first.records
    assert again.records["contact_history"] == report_records(account)["contact_history"]


def test_the_start_date_narrows_months_and_contacts(account: Account, bench: Bench) -> None:
    start = timestamp(account.now_ms - 5 * 24 * 3_600_000)
    found = bench.run(streams=["contact_history"], start_date=start)
    months = {
        seen.query["monthsOfPastData"] for seen in found.requests if "contactReport" in seen.path
    }
    assert months == {"1"}
    expected = [
        row
        for row in report_records(account)["contact_history"]
        if row["activity_at"] >= (start or "")
    ]
    assert found.records["contact_history"] == expected
    assert len(asked_about(found, "activity")) < len(account.contacts)


def test_an_end_date_bounds_what_is_covered(account: Account, bench: Bench) -> None:
    end = timestamp(account.now_ms - 30 * 24 * 3_600_000)
    found = bench.run(streams=["contact_history"], end_date=end)
    expected = report_records(account)["contact_history"]
    assert found.records["contact_history"] == [
        row for row in expected if row["activity_at"] <= (end or "")
    ]
    later = bench.run(found.state, streams=["contact_history"])
    rows = {row["id"] for run in (found, later) for row in run.records["contact_history"]}
    assert rows == {row["id"] for row in expected}


def test_a_refused_contact_is_asked_about_again_and_the_others_are_not(
    account: Account, bench: Bench
) -> None:
    refused = min(not_gone(account), key=lambda contact: contact.updated_at)
    path = f"{BASE}/contactReport/id/{refused.id}/scores"
    bench.sandbox.faults.add(Fault("status", path, status=400, times=None, body='{"errors": []}'))
    first = bench.run(streams=["contact_scores"])
    assert first.failure is not None
    second = bench.run(first.state, streams=["contact_scores"])
    assert second.failure is not None
    bench.sandbox.faults.clear()
    third = bench.run(second.state, streams=["contact_scores"])
    assert third.failure is None
    fourth = bench.run(third.state, streams=["contact_scores"])
    assert fourth.failure is None
    recent = set(asked_about(fourth, "scores"))
    assert refused.id not in recent
    assert len(recent) < len(account.contacts)
    assert set(asked_about(second, "scores")) == recent | {refused.id}
    assert set(asked_about(third, "scores")) == recent | {refused.id}
    rows = [*first.records["contact_scores"], *third.records["contact_scores"]]
    expected = report_records(account)["contact_scores"]
    assert {row["id"]: row for row in rows} == {row["id"]: row for row in expected}


def test_where_many_contacts_fail_all_that_changed_are_asked_about_again(
    account: Account, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_reports, "MOST_ASKED_AGAIN", 2)
    for contact in not_gone(account)[:3]:
        path = f"{BASE}/contactReport/id/{contact.id}/scores"
        fault = Fault("status", path, status=400, times=None, body='{"errors": []}')
        bench.sandbox.faults.add(fault)
    found = bench.run(streams=["contact_scores"])
    assert found.failure is not None
    assert covered(found, "contact_scores") is None


def test_the_state_of_a_shard_is_not_taken_for_that_of_all(account: Account, bench: Bench) -> None:
    part = bench.run(streams=["contact_scores"], shard="1/3")
    same = bench.run(part.state, streams=["contact_scores"], shard="1/3")
    everything = bench.run(part.state, streams=["contact_scores"])
    assert len(asked_about(same, "scores")) < len(asked_about(part, "scores"))
    assert asked_about(everything, "scores") == ids_of(account)


def test_shards_share_the_contacts(account: Account, bench: Bench) -> None:
    found = [bench.run(streams=["contact_scores"], shard=f"{n}/3") for n in (1, 2, 3)]
    asked = [asked_about(part, "scores") for part in found]
    assert all(asked)
    assert sorted(one for part in asked for one in part) == ids_of(account)


@pytest.mark.parametrize(
    "body",
    [
        ["l-unified-contacts:7", "l-unified-contacts:8"],
        {"contacts": [{"contactId": "l-unified-contacts:7"}, {"id": "l-unified-contacts:8"}]},
        {"data": {"contacts": ["l-unified-contacts:7", "l-unified-contacts:8"]}},
        {
            "headers": ["_contact_id_", "Email"],
            "data": [["l-unified-contacts:7", "x"], ["l-unified-contacts:8", ""]],
        },
    ],
)
def test_members_in_other_shapes(bench: Bench, body: Any) -> None:
    rows = read(bench, "segment/g-002e/contacts", body, "segment_contacts")
    assert [row for row in rows if row["segment_id"] == "g-002e"] == [
        {"segment_id": "g-002e", "contact_id": f"l-unified-contacts:{n}", "extra_fields": None}
        for n in (7, 8)
    ]


def test_segments_as_the_older_generation_writes_them(bench: Bench) -> None:
    """The object of the developer site's 2019 edition keeps most of itself in a text."""
    item = {
        "parent": "l-unified-contacts",
        "lastCountDate": 1772439300000,
        "isEditable": True,
        "name": "Größe & Maß",
        "id": "g-002e",
        "type": "Direct Select",
    }
    older = {"id": 88014, "accountId": 70123, "externalId": "g-002e", "item": json.dumps(item)}
    plain = {"id": "q-1", "item": "no object"}
    rows = read(bench, "segment/", [older, plain], "segments")
    assert rows == [
        {
            "id": "g-002e",
            "name": "Größe & Maß",
            "type": "Direct Select",
            "parent_id": "l-unified-contacts",
            "filter": None,
            "extra_fields": {
                "id": 88014,
                "accountId": 70123,
                "externalId": "g-002e",
                "lastCountDate": 1772439300000,
                "isEditable": True,
            },
        },
        {
            **dict.fromkeys(("name", "type", "parent_id", "filter")),
            "id": "q-1",
            "extra_fields": {"item": "no object"},
        },
    ]


@pytest.mark.parametrize(
    ("body", "scores"),
    [
        ({}, []),
        ([], []),
        ({"score": "12.5"}, [(None, None, 12.5)]),
        ([40, 7], [(None, None, 40), (None, None, 7)]),
        (
            {"results": [{"sheetId": 3, "sheetName": "A", "value": "1"}]},
            [("3", "A", 1)],
        ),
    ],
)
def test_scores_in_other_shapes(
    bench: Bench, body: Any, scores: list[tuple[str | None, str | None, float]]
) -> None:
    rows = read(bench, "contactReport/id/*/scores", body, "contact_scores")
    one = [row for row in rows if row["contact_id"] == "l-unified-contacts:1"]
    assert [(row["score_sheet_id"], row["name"], row["score"]) for row in one] == scores
    assert len({row["id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("body", [{}, [], {"activity": {}}, {"activitylist": None}])
def test_a_contact_without_a_history(bench: Bench, body: Any) -> None:
    assert read(bench, "contactReport/id/*/activity", body, "contact_history") == []


def test_an_entry_of_a_history_that_looks_otherwise_is_kept(bench: Bench) -> None:
    body = {"items": [{"event": "visit", "id": "p-1"}]}
    rows = read(bench, "contactReport/id/*/activity", body, "contact_history")
    assert rows[0]["extra_fields"] == {"event": "visit"}
    assert rows[0]["object_id"] == "p-1"
    assert rows[0]["activity_at"] is None
    assert len({row["id"] for row in rows}) == len(rows)


def test_segments_of_a_contact_as_mere_ids(bench: Bench, account: Account) -> None:
    rows = read(bench, "contactReport/id/*/segments", ["g-1", "q-2"], "contact_segments")
    assert [(row["contact_id"], row["segment_id"], row["name"]) for row in rows] == [
        (one.id, segment_id, None)
        for one in sorted(account.contacts, key=lambda one: (one.updated_at, one.id))
        for segment_id in ("g-1", "q-2")
    ]


def test_what_a_mapping_holds_besides_is_kept(bench: Bench) -> None:
    body = {
        "importDefinitionId": 7,
        "mappings": [{"csvColumn": "größe", "overwriteExistingValue": "yes?", "order": 1}],
        "importSegmentIds": [],
    }
    (row,) = read(bench, "import/definition", body, "import_definitions")
    assert row["id"] == "7"
    assert row["import_segment_ids"] == []
    assert row["mappings"] == [
        {
            "csv_column": "größe",
            "acton_column": None,
            "overwrite_existing_value": None,
            "data_format": None,
            "extra_fields": {"overwriteExistingValue": "yes?", "order": 1},
        }
    ]


def test_the_shape_of_what_is_not_documented_is_told(bench: Bench) -> None:
    found = bench.run(streams=STREAMS)
    (told,) = [line for line in found.lines("INFO") if "please report this line" in line]
    # The reports of contacts list the contacts themselves, which has a shape of its own.
    names = [part.partition(": ")[0] for part in told.partition("this line. ")[2].split("; ")]
    assert names == sorted(
        [
            *("segments", "segment_contacts (of each segment)", "import_definitions"),
            *(name for one in REPORTS for name in (one, f"{one} (of each contact)")),
        ]
    )
