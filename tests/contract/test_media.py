"""The media library: what is special about its streams, beyond the rows of the account."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected_media import media_records
from tests.contract.test_rows import same_rows

if TYPE_CHECKING:
    from tests.contract.harness import Bench

STREAMS = (
    "media",
    "media_details",
    "media_reports",
    "media_messages",
    "media_views",
    "media_timeline",
)


def answering(bench: Bench, path: str, answer: Any) -> None:
    """Let a path answer as if Act-On sent something else."""
    bench.sandbox.faults.add(Fault("status", path, times=None, status=200, body=json.dumps(answer)))


@pytest.mark.parametrize("edition", ["2024", "2019"])
@pytest.mark.parametrize("shape", ["envelope", "array", "data"])
def test_every_stream_gives_the_rows_of_the_account(
    account: Account, edition: str, shape: str
) -> None:
    choices = Choices(undocumented_shape=shape)
    with bench_of(account, edition=edition, choices=choices) as bench:
        found = bench.run(streams=STREAMS)
    assert found.failure is None
    for stream, expected in media_records(account).items():
        assert expected, stream
        assert same_rows(found.records[stream], expected), stream


def test_another_account_is_read_as_well() -> None:
    account = Account.generate(seed=11, size="small", now=NOW)
    with bench_of(account) as bench:
        found = bench.run(streams=STREAMS)
    for stream, expected in media_records(account).items():
        assert same_rows(found.records[stream], expected), stream


@pytest.mark.parametrize("slash", ["with", "without", "both"])
def test_either_form_of_the_path_is_found_and_kept(account: Account, slash: str) -> None:
    with bench_of(account, choices=Choices(media_slash=slash)) as bench:
        found = bench.run(streams=STREAMS, max_concurrency=1)
    for stream, expected in media_records(account).items():
        assert same_rows(found.records[stream], expected), stream
    # The list and the first report were asked for in vain where the slash is wrong, and so was
    # the second report, if it was under way meanwhile.
    calls = found.paths.total() - found.paths["/api/1/account"]
    assert calls - (1 + 5 * len(account.media)) in ({2, 3} if slash == "without" else {0})


def test_many_calls_at_once_find_the_form_of_the_path_too(account: Account) -> None:
    with bench_of(account, choices=Choices(media_slash="without")) as bench:
        found = bench.run(streams=["media_reports"], max_concurrency=8)
    assert same_rows(found.records["media_reports"], media_records(account)["media_reports"])


def test_a_library_that_is_not_offered_switches_its_streams_off(bench: Bench) -> None:
    body = '{"httpCode": "404", "moreInformation": "No resources match requested URI"}'
    bench.sandbox.faults.add(Fault("status", "/api/1/media*", times=None, status=404, body=body))
    found = bench.run(streams=STREAMS)
    assert found.failure is None
    assert not found.records
    assert found.paths == {"/api/1/media/": 1, "/api/1/media": 1}


def test_what_is_gone_is_skipped(bench: Bench, account: Account) -> None:
    (gone,) = [medium.id for medium in account.media if medium.gone]
    found = bench.run(streams=STREAMS)
    for stream in STREAMS[1:]:
        (line,) = [x for x in found.lines("WARNING") if f"tap-acton.{stream} " in x and gone in x]
        assert f"1 of {len(account.media)}" in line
    assert gone in {record["id"] for record in found.records["media"]}


def test_a_library_without_anything_in_it_is_no_failure(bench: Bench) -> None:
    answering(bench, "/api/1/media/", [])
    found = bench.run(streams=STREAMS)
    assert found.failure is None
    assert not found.records
    assert found.paths == {"/api/1/media/": 1}


def test_views_that_are_alike_are_told_apart_in_every_run(bench: Bench) -> None:
    runs = [bench.run(streams=["media_views"]).records["media_views"] for _ in range(2)]
    alike = Counter(str({**row, "id": None, "total_count": None}) for row in runs[0])
    assert max(alike.values()) > 1, "the account has no views that are alike"
    assert len({row["id"] for row in runs[0]}) == len(runs[0])
    assert runs[0] == runs[1]


def test_a_later_run_finds_new_views_and_the_old_ones_as_they_were(bench: Bench) -> None:
    before = bench.run(streams=["media_views"]).records["media_views"]
    bench.next_day(9)
    after = bench.run(streams=["media_views"]).records["media_views"]
    assert same_rows(after, media_records(bench.sandbox.account)["media_views"])
    assert len(after) > len(before)
    assert all(row in after for row in before)


def test_a_view_keeps_its_id_while_its_count_grows(bench: Bench) -> None:
    before = bench.run(streams=["media_views"]).records["media_views"]
    bench.sandbox.faults.add(
        Fault("wrong_type", "*/views", times=None, fields=("total_count",), value="77")
    )
    after = bench.run(streams=["media_views"]).records["media_views"]
    assert after == [{**row, "total_count": 77} for row in before]


@pytest.mark.parametrize(
    ("tstamp", "viewed_at"),
    [
        ("Mar 17 2026 9:40 AM PDT", "2026-03-17T16:40:00.000Z"),
        ("Mar 17 2026 9:40 AM", "2026-03-17T16:40:00.000Z"),
        ("Mar 17 2026 9:40 AM GMT+02:00", "2026-03-17T07:40:00.000Z"),
        ("", None),
    ],
)
def test_the_timestamp_of_a_view_is_read_with_its_zone_or_the_accounts(
    bench: Bench, tstamp: str, viewed_at: str | None
) -> None:
    answering(bench, "*/views", [{"tstamp": tstamp, "known": "false"}])
    row, *_ = bench.run(streams=["media_views"]).records["media_views"]
    assert row["viewed_at"] == viewed_at
    assert row["is_known"] is False
    assert row["extra_fields"] is None


def test_a_timestamp_that_cannot_be_read_stays_as_text(bench: Bench) -> None:
    answering(bench, "*/views", [{"tstamp": "a while ago"}])
    row, *_ = bench.run(streams=["media_views"]).records["media_views"]
    assert row["viewed_at"] is None
    assert row["extra_fields"] == {"tstamp": "a while ago"}


def test_details_hold_what_a_file_is_expected_to_have(bench: Bench) -> None:
    answering(bench, "/api/1/media/?-*", {"folder_name": "Own", "size": "12", "version": 3})
    rows = bench.run(streams=["media_details"]).records["media_details"]
    media = bench.sandbox.account.media
    assert [row["id"] for row in rows] == sorted(medium.id for medium in media)
    assert {(row["folder_name"], row["size"], row["version"]) for row in rows} == {("Own", 12, 3)}


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        ([], []),
        ({}, []),
        ({"offset": 0, "count": 0, "totalCount": 0, "result": []}, []),
        ([{}], []),
        ({"msg_id": "s-1", "title": "One"}, [("s-1", "One")]),
        ({"result": [{"messageId": "s-1"}, {"id": "s-2"}]}, [("s-1", None), ("s-2", None)]),
        (["s-1", "s-2"], [("s-1", None), ("s-2", None)]),
    ],
)
def test_messages_are_found_in_any_shape(
    bench: Bench, account: Account, answer: Any, rows: list[tuple[str, str | None]]
) -> None:
    answering(bench, "*/report/messages", answer)
    found = bench.run(streams=["media_messages"])
    assert found.failure is None
    records = found.records.get("media_messages", [])
    # The faulty answer comes for each file and link: the same message led to all of them.
    assert [(row["media_id"], row["message_id"], row["name"]) for row in records] == [
        (media_id, *row) for media_id in sorted(one.id for one in account.media) for row in rows
    ]
    assert len({row["id"] for row in records}) == len(records)


def test_a_row_about_a_message_keeps_an_id_of_its_own(bench: Bench) -> None:
    answering(bench, "*/report/messages", [{"id": "row-1", "msgId": "s-1"}])
    row, *_ = bench.run(streams=["media_messages"]).records["media_messages"]
    assert (row["id"], row["message_id"], row["extra_fields"]) == ("row-1", "s-1", None)


def test_the_shape_of_the_messages_is_told_once(bench: Bench) -> None:
    found = bench.run(streams=["media_messages"])
    (told,) = [line for line in found.lines("INFO") if "please report this line" in line]
    assert "this line. media_messages (of each file or link): " in told
    assert "msgId" in told
