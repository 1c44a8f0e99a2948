"""Big lists and drilldowns in one call as CSV: the same records, by fewer calls or by JSON."""

from __future__ import annotations

import errno
import json
import operator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, NoReturn
from unittest.mock import patch

import pytest

from acton_sandbox import Account, Choices, Fault, Sandbox
from acton_sandbox.size import ListPlan
from tap_acton.api.client import ActOnClient
from tap_acton.streams.base import csv_download
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import by_key
from tests.contract.harness import command, config_of, data_without_times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tap_acton.api.client import Call
    from tests.contract.harness import Bench, Output

STREAMS = ["list_members", "webinar_registrants", "message_events"]
ON24 = "300112233"
HEADER_SETS = ("plain", "german", "duplicates", "salesforce", "webinar", "on24")
DATES = ("epoch", "iso", "zoned", "display")
BIG = "l-0a41"
"""The list that a test spoils; the first one of the account."""
SPOILED: dict[str, Any] = {"streams": ["list_members"], "list_ids": [BIG]}
HTML = "<html>We will be back soon</html>"


@pytest.fixture(scope="module")
def big() -> Account:
    """An account with lists and drilldowns of several pages of ten rows."""
    return Account.generate(
        seed=7,
        size="small",
        now=NOW,
        lists=tuple(
            ListPlan(
                f"{header_set}, {dates}",
                rows,
                header_set,
                folder_name=ON24 if header_set in {"webinar", "on24"} else "",
                date_format=dates,
            )
            for header_set, dates, rows in zip(
                HEADER_SETS, DATES + DATES, (45, 31, 30, 40, 52, 35), strict=False
            )
        ),
        kept_audience_exact=(60, 41),
        people=120,
    )


def read(bench: Bench, bulk_format: str = "auto", **settings: Any) -> Output:
    """Read the streams that may come as CSV, in pages of ten rows."""
    usual: dict[str, Any] = {"streams": STREAMS, "on24_client_ids": [ON24], "page_size": 10}
    return bench.run(bulk_format=bulk_format, **usual | settings)


def csv_calls(found: Output, path: str = "") -> list[str]:
    """Give the paths that were asked for as CSV."""
    return [
        seen.path
        for seen in found.requests
        if seen.query.get("responseformat") == "CSV" and seen.path.startswith(path)
    ]


def spoil(bench: Bench, kind: str, times: int | None = 1, **more: Any) -> None:
    """Spoil what comes for the list after its first page of JSON."""
    bench.sandbox.faults.add(Fault(kind, f"/api/1/list/{BIG}", after=1, times=times, **more))


@pytest.fixture(scope="module")
def as_json_by_edition(big: Account) -> dict[str, Output]:
    """What comes as JSON alone, for each edition."""
    outputs = {}
    for edition in ("2024", "2019"):
        with bench_of(big, edition=edition) as bench:
            outputs[edition] = read(bench, "json")
    return outputs


@pytest.fixture(scope="module")
def as_json(as_json_by_edition: dict[str, Output]) -> Output:
    """What comes as JSON alone, by the 2024 edition."""
    return as_json_by_edition["2024"]


@pytest.fixture(scope="module")
def list_as_json(big: Account) -> Output:
    """What comes as JSON of the list that a test spoils."""
    with bench_of(big) as bench:
        return read(bench, "json", **SPOILED)


# The same records


@pytest.mark.parametrize("edition", ["2024", "2019"])
def test_json_and_csv_give_the_same_bytes(
    big: Account, as_json_by_edition: dict[str, Output], edition: str
) -> None:
    runs = {"json": as_json_by_edition[edition]}
    for form in ("auto", "csv"):
        with bench_of(big, edition=edition) as bench:
            runs[form] = read(bench, form)
    assert all(run.records.keys() == set(STREAMS) for run in runs.values())
    written = {form: data_without_times(run) for form, run in runs.items()}
    assert written["auto"] == written["csv"] == written["json"]
    calls = {form: sum(run.paths.values()) for form, run in runs.items()}
    assert calls["csv"] <= calls["auto"] < calls["json"]
    assert csv_calls(runs["json"]) == []
    for path in ("/api/1/list/", "/api/1/message/"):
        assert csv_calls(runs["auto"], path)


@pytest.mark.parametrize("edition", ["2024", "2019"])
def test_streams_of_single_lists_are_the_same_too(big: Account, edition: str) -> None:
    with bench_of(big, edition=edition) as bench:
        catalog = bench.discover(list_streams=["*"])
        streams = [
            stream["tap_stream_id"]
            for stream in catalog["streams"]
            if stream["tap_stream_id"].startswith("list_") and "," not in stream["tap_stream_id"]
        ]
        as_json, as_csv = (
            read(bench, form, streams=streams, discovered=catalog) for form in ("json", "auto")
        )
    assert csv_calls(as_csv)
    assert data_without_times(as_csv) == data_without_times(as_json)


def test_a_second_run_asks_for_files_of_what_changed(big: Account) -> None:
    with bench_of(big) as bench:
        first = read(bench, "csv")
        bench.next_day(20)
        seconds = {form: read(bench, form, state=first.state) for form in ("json", "csv")}
    # Where a file takes fewer calls than the pages of new events, all events come again.
    as_csv, as_json = (
        by_key("message_events", first.records["message_events"])
        | by_key("message_events", seconds[form].records["message_events"])
        for form in ("csv", "json")
    )
    assert as_csv == as_json
    for stream in ("list_members", "webinar_registrants"):
        assert seconds["csv"].records[stream] == seconds["json"].records[stream]
    files = [seen for seen in seconds["csv"].requests if "responseformat" in seen.query]
    assert any("modafter" in seen.query for seen in files)


@pytest.mark.parametrize("rows", [2_000, 2_001])
def test_a_file_is_longer_than_what_is_taken_of_it_at_once(rows: int) -> None:
    account = Account.generate(seed=7, size="small", now=NOW, lists=(ListPlan("Long", rows),))
    with bench_of(account) as bench:
        found = read(bench, streams=["list_members"], list_ids=[BIG], page_size=100)
        expected = read(bench, "json", streams=["list_members"], list_ids=[BIG], page_size=1000)
    assert found.paths[f"/api/1/list/{BIG}"] == 2
    assert len(found.records["list_members"]) == rows
    assert data_without_times(found) == data_without_times(expected)


# When it is worth a call


@pytest.mark.parametrize(
    ("rows", "bulk_format", "calls", "files"),
    [
        # Behind a full page one more is requested.
        (10, "csv", 1 + 1, 0),
        (11, "csv", 2, 1),
        (30, "auto", 3 + 1, 0),
        (31, "auto", 2, 1),
        (45, "json", 5, 0),
    ],
)
def test_a_file_is_asked_for_where_it_saves_calls(
    rows: int, bulk_format: str, calls: int, files: int
) -> None:
    account = Account.generate(seed=7, size="small", now=NOW, lists=(ListPlan("One", rows),))
    with bench_of(account) as bench:
        found = read(bench, bulk_format, streams=["list_members"], list_ids=[BIG])
    assert len(found.records["list_members"]) == rows
    assert found.paths[f"/api/1/list/{BIG}"] == calls
    assert len(csv_calls(found)) == files


def test_a_test_of_the_connection_asks_for_no_files(big: Account, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    with Sandbox(account=big) as sandbox:
        settings = {**config_of(sandbox), "page_size": 10, "bulk_format": "csv"}
        config.write_text(json.dumps(settings), encoding="utf-8")
        assert command("--config", config, "--test").returncode == 0
        asked = [seen.query for seen in sandbox.requests if seen.path == f"/api/1/list/{BIG}"]
    assert asked
    assert not any("responseformat" in query for query in asked)


# What the documents leave open


@pytest.mark.parametrize("choices", [{"csv_has_mark": True}, {"csv_columns": "reversed"}])
@pytest.mark.parametrize("edition", ["2024", "2019"])
def test_files_may_look_otherwise(
    big: Account, as_json_by_edition: dict[str, Output], choices: dict[str, Any], edition: str
) -> None:
    expected = as_json_by_edition[edition]
    with bench_of(big, edition=edition, choices=Choices(**choices)) as bench:
        found = read(bench)
    assert data_without_times(found) == data_without_times(expected)
    assert sum(found.paths.values()) < sum(expected.paths.values())


@pytest.mark.parametrize(
    "choices", [{"ids_in_csv": False}, {"csv_columns": "renamed"}, {"largest_csv": 30}]
)
@pytest.mark.parametrize("bulk_format", ["auto", "csv"])
def test_json_takes_the_place_of_files_of_no_use(
    big: Account, as_json: Output, bulk_format: str, choices: dict[str, Any]
) -> None:
    with bench_of(big, choices=Choices(**choices)) as bench:
        found = read(bench, bulk_format)
    assert data_without_times(found) == data_without_times(as_json)
    assert csv_calls(found, "/api/1/list/")
    assert any("It is read as JSON." in line for line in found.lines("INFO"))
    assert sorted(found.lines("WARNING")) == sorted(as_json.lines("WARNING"))


def test_files_of_no_use_are_given_up_after_some(big: Account) -> None:
    with bench_of(big, choices=Choices(csv_columns="renamed")) as bench:
        found = read(bench, "csv", streams=["list_members"], max_concurrency=1)
    assert len(csv_calls(found)) == 3
    lines = [line for line in found.lines("INFO") if "It is read as JSON." in line]
    for path, line in zip(csv_calls(found), lines, strict=True):
        assert path.rpartition("/")[2] in line


def test_lists_without_ids_are_not_asked_for_as_files(big: Account) -> None:
    with bench_of(big, choices=Choices(contact_id_column="absent")) as bench:
        found = read(bench, "csv")
    assert found.failure is None
    assert csv_calls(found, "/api/1/list/") == []


# What goes wrong


@pytest.mark.parametrize(
    ("tries", "kind", "more"),
    [
        (2, "html", {"body": HTML}),
        (2, "garbage", {"body": '{"result": []}'}),
        (2, "empty", {}),
        (2, "truncated", {}),
        (2, "reset", {}),
        (2, "status", {"status": 500}),
        (1, "garbage", {"body": '_contact_id_,"never closed'}),
        (1, "garbage", {"body": '{"errorCode": 10004}'}),
        (1, "status", {"status": 403, "body": '{"errorCode": 77777}'}),
        (1, "status", {"status": 400, "body": '{"errorCode": 77777}'}),
        (1, "status", {"status": 404, "body": '{"errorCode": 10004}'}),
    ],
)
def test_json_takes_the_place_of_a_file_that_fails(
    big: Account, list_as_json: Output, tries: int, kind: str, more: dict[str, Any]
) -> None:
    """What fails for a passing reason is asked for once more, all else is not."""
    with bench_of(big) as bench:
        spoil(bench, kind, times=tries, **more)
        found = read(bench, **SPOILED)
    assert len(csv_calls(found)) == tries
    assert data_without_times(found) == data_without_times(list_as_json)


@pytest.mark.parametrize("kept", ["CsvFile", "Spool"])
def test_json_takes_the_place_of_files_where_the_disk_is_full(
    big: Account, as_json: Output, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    def full() -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(csv_download, kept, full)
    with bench_of(big) as bench:
        found = read(bench)
    assert data_without_times(found) == data_without_times(as_json)
    assert any("folder for temporary files" in line for line in found.lines("INFO"))


@pytest.mark.parametrize("kind", ["html", "truncated", "reset", "status", "unauthorized"])
def test_a_file_that_broke_off_is_asked_for_once_more(
    big: Account, list_as_json: Output, kind: str
) -> None:
    with bench_of(big) as bench:
        spoil(bench, kind)
        found = read(bench, **SPOILED)
    assert len(csv_calls(found)) == 2
    assert found.paths[f"/api/1/list/{BIG}"] == 3
    assert data_without_times(found) == data_without_times(list_as_json)


@pytest.mark.parametrize("kind", ["html", "truncated", "reset", "status", "empty"])
def test_a_list_that_json_cuts_off_waits_for_its_file(kind: str) -> None:
    account = Account.generate(seed=7, size="small", now=NOW, lists=(ListPlan("Wide", 12, "wide"),))
    with bench_of(account) as bench:
        expected = read(bench, "csv", streams=["list_members"])
        spoil(bench, kind, times=4)
        found = read(bench, streams=["list_members"])
    assert found.failure is None
    assert len(found.records["list_members"][0]["fields"]) > 255
    assert found.records == expected.records


def test_a_list_that_no_form_holds_whole_is_not_complete() -> None:
    account = Account.generate(seed=7, size="small", now=NOW, lists=(ListPlan("Wide", 12, "wide"),))
    with bench_of(account, choices=Choices(largest_csv=11)) as bench:
        found = read(bench, streams=["list_members"], list_ids=[BIG])
    assert "list_members" in str(found.failure)
    assert len(found.records["list_members"]) == 12
    # Else the columns that are missing would never come.
    (progress,) = found.bookmarks["list_members"]["progress"]
    assert progress.keys() == {"selected"}
    assert any("255" in line for line in found.lines("ERROR"))


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("report/SENT", {"kind": "missing_fields", "fields": ("email",)}),
        ("report/SENT", {"kind": "wrong_type", "fields": ("email",), "value": ""}),
        ("report/OPENED", {"kind": "extra_fields"}),
        ("list/*", {"kind": "extra_fields"}),
        ("list/*", {"kind": "missing_fields"}),
    ],
)
def test_a_file_that_says_something_else_than_json_is_not_used(
    big: Account, path: str, fault: dict[str, Any]
) -> None:
    """JSON says otherwise each time, so that what comes shows which form was used."""
    streams = ["list_members" if path == "list/*" else "message_events"]
    runs = []
    for bulk_format in ("json", "auto"):
        with bench_of(big) as bench:
            bench.sandbox.faults.add(Fault(path_pattern=f"/api/1/*{path}", times=None, **fault))
            runs.append(read(bench, bulk_format, streams=streams))
    assert csv_calls(runs[1])
    assert data_without_times(runs[1]) == data_without_times(runs[0])


# Behind the first page


BEHIND = 12
"""The line from which on files are spoiled; a page has ten rows."""


def at_row(change: Callable[[list[bytes], int], None]) -> Callable[[bytes], bytes]:
    """Change the lines of a file, each with its end, at a row behind the first page."""

    def changed(body: bytes) -> bytes:
        lines = body.splitlines(keepends=True)
        quotes = [line.count(b'"') for line in lines]
        # A line may be a part of a cell.
        rows = (n for n in range(BEHIND, len(lines)) if not (sum(quotes[:n]) % 2 or quotes[n] % 2))
        change(lines, next(rows))
        return b"".join(lines)

    return changed


def line_of(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def changed(lines: list[bytes], place: int) -> None:
        lines[place] = change(lines[place])

    return at_row(changed)


DEFECTS: dict[str, Callable[[bytes], bytes]] = {
    "a cell less": line_of(lambda line: line[line.index(b",") + 1 :]),
    "a cell more": line_of(lambda line: b"x," + line),
    "a byte of no text": line_of(lambda line: b"\xe9" + line),
    "a quote that is never closed": line_of(lambda line: b'"' + line),
    "a row less": at_row(lambda lines, place: lines.__delitem__(place)),
    "a row more": at_row(lambda lines, place: lines.insert(place, lines[place])),
    "a row in place of another": at_row(lambda lines, place: lines.__setitem__(place, lines[1])),
    "half of the last row": lambda body: body.rstrip()[:-9],
    "a line that is cut in two": line_of(lambda line: line[:9] + b"\r\n" + line[9:]),
}


@contextmanager
def files_changed(change: Callable[[bytes], bytes]) -> Iterator[None]:
    """Let CSV files come changed."""
    download = ActOnClient.download

    def changed(client: ActOnClient, call: Call, into: IO[bytes], tries: int | None) -> None:
        download(client, call, into, tries)
        into.seek(0)
        body = change(into.read())
        into.seek(0)
        into.truncate()
        into.write(body)

    with patch.object(ActOnClient, "download", changed):
        yield


@pytest.mark.parametrize("defect", DEFECTS)
def test_json_takes_the_place_of_a_file_with_a_defect_behind_the_first_page(
    big: Account, as_json: Output, defect: str
) -> None:
    with bench_of(big) as bench, files_changed(DEFECTS[defect]):
        found = read(bench)
    assert found.failure is None
    assert {path.split("/")[3] for path in csv_calls(found)} == {"list", "message"}
    if defect != "a row in place of another":
        assert data_without_times(found) == data_without_times(as_json)
        return
    # That a key comes twice shows at the end of a file; the rows are right, but one is missing.
    # Events have no keys, and may well be the same.
    for stream in ("list_members", "webinar_registrants"):
        held = ({json.dumps(row) for row in run.records[stream]} for run in (found, as_json))
        assert operator.eq(*held)


def test_files_without_a_last_end_are_used(big: Account, as_json: Output) -> None:
    with bench_of(big) as bench, files_changed(bytes.rstrip):
        found = read(bench)
    assert data_without_times(found) == data_without_times(as_json)
    assert sum(found.paths.values()) < sum(as_json.paths.values())
    assert not any("It is read as JSON." in line for line in found.lines("INFO"))


def test_rows_that_are_gone_when_the_file_comes_lead_back_to_json(big: Account) -> None:
    with bench_of(big) as bench:
        first = read(bench, **SPOILED)

        def remove_rows() -> None:
            bench.sandbox.account = big.with_list(
                BIG, lambda item: replace(item, rows=(*item.rows[:3], *item.rows[4:]))
            )

        # The file is the last call of such a run.
        with bench.at_call(2 * len(first.requests) - 1, remove_rows):
            found = read(bench, **SPOILED)
        expected = read(bench, "json", **SPOILED)
    assert len(csv_calls(first)) == len(csv_calls(found)) == 1
    assert len(first.records["list_members"]) == len(expected.records["list_members"]) + 1
    assert found.records == expected.records


def test_the_summary_tells_the_calls_that_files_spared(big: Account) -> None:
    with bench_of(big) as bench:
        found = read(bench, **SPOILED)
    assert found.paths[f"/api/1/list/{BIG}"] == 2
    # The list has five pages. One came as JSON; one call, in place of four, brought the others.
    assert "by csv 3" in found.log
