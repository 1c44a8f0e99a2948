"""The benchmarks run, and measure what they say they do; how fast anything is, is not tested."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
import pytest
import requests

from benchmarks import growth, pace, speed, start
from benchmarks.account import (
    FEW_RECIPIENTS,
    HEADERS,
    LIST_ID,
    MANY_RECIPIENTS,
    SHARES,
    Account,
    events_of,
)
from benchmarks.contenders import SUBJECTS, Contender, Subject
from benchmarks.processes import Cost, measure, own_folder, server
from benchmarks.tables import spread, table

if TYPE_CHECKING:
    from pathlib import Path

FEW = [
    replace(
        subject,
        contenders=tuple(
            each
            for each in subject.contenders
            if each.name in {"tap-acton, list_members, CSV", "tap-acton, message_events"}
            or each.name.endswith(("json", "by parent"))
        ),
    )
    for subject in SUBJECTS
]
"""Some that need no other environment than that of the tests."""


class TestAccount:
    def test_the_pages_of_a_list_hold_its_file(self) -> None:
        account = Account(rows=2_500, messages=0)
        pages = [msgspec.json.decode(account.list_page(at, 1_000)) for at in (0, 1_000, 2_000)]
        headers, *rows = csv.reader(io.StringIO(b"".join(account.list_csv()).decode(), newline=""))

        assert [page["count"] for page in pages] == [1_000, 1_000, 500]
        assert {page["totalCount"] for page in pages} == {2_500}
        assert tuple(headers) == HEADERS
        assert rows == [row for page in pages for row in page["data"]]
        assert len({row[0] for row in rows}) == len({row[1] for row in rows}) == 2_500

    def test_any_part_of_a_list_can_be_requested(self) -> None:
        account = Account(rows=2_500, messages=0)
        whole = msgspec.json.decode(account.list_page(0, 1_000))["data"]
        whole += msgspec.json.decode(account.list_page(1_000, 1_000))["data"]

        assert msgspec.json.decode(account.list_page(990, 20))["data"] == whole[990:1_010]
        assert msgspec.json.decode(account.list_page(2_500, 20))["data"] == []

    @pytest.mark.parametrize("recipients", [FEW_RECIPIENTS, MANY_RECIPIENTS])
    def test_a_report_counts_the_events_of_its_message(self, recipients: int) -> None:
        account = Account(rows=0, messages=3, recipients=recipients)
        (_, message) = msgspec.json.decode(account.message_page("SENT", 1, 10))["msgresult"]
        report = msgspec.json.decode(account.report(2))
        events = {
            kind: msgspec.json.decode(account.drilldown(2, kind))["result"] for kind in SHARES
        }

        assert message["msgId"] == report["msgId"]
        assert report["opened"][1] == len(events["OPENED"])
        assert report["bounced"] == len(events["BOUNCED"])
        assert {kind: len(rows) for kind, rows in events.items()} == events_of(recipients)
        assert len(events["SENT"]) == recipients
        assert msgspec.json.decode(account.drilldown(2, "SENT", 1_000))["result"] == []
        assert all(isinstance(row["ts"], int) for rows in events.values() for row in rows)

    def test_the_messages_of_other_types_are_none(self) -> None:
        assert msgspec.json.decode(Account(0, 3).message_page("DRAFT", 0, 10))["msgresult"] == []


class TestProcesses:
    def test_a_command_that_fails_shows_the_end_of_its_log(self, tmp_path: Path) -> None:
        script = tmp_path / "fails.py"
        script.write_text("raise SystemExit('no luck')")

        with pytest.raises(RuntimeError, match="no luck"):
            measure([own_python(), script], tmp_path, tmp_path / "output")

    def test_the_server_refuses_the_sixth_call_of_a_second(self) -> None:
        with server(rows=10, rate=5) as running, requests.Session() as session:
            url = f"{running.url}/api/1/list/{LIST_ID}"
            answers = [session.get(url, timeout=10).status_code for _ in range(7)]
            counts = running.counts()
            again = running.counts()

        assert answers == [200] * 5 + [429] * 2
        assert (counts.calls, counts.refused) == (7, 2)
        assert again.calls == 0

    def test_an_unknown_path_is_not_found(self) -> None:
        with server() as running:
            assert requests.get(f"{running.url}/api/1/form", timeout=10).status_code == 404


def own_python() -> Path:
    """Give the interpreter of this environment."""
    return Contender("", "", lambda *_: [], b"").python


@pytest.mark.timeout(180)  # eight processes, on a machine that may be busy
@pytest.mark.parametrize("subject", FEW, ids=lambda subject: subject.title)
def test_all_contenders_read_all_records(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "SUBJECTS", (subject,))
    monkeypatch.setattr(speed, "STARTS", 1)

    (measured,) = speed.speeds([1_100], rounds=1)

    assert list(measured.costs) == [each.name for each in subject.contenders]
    expected = "1,000" if subject.recipients == MANY_RECIPIENTS else "1,100"
    assert f"{subject.title}: {expected}" in measured.table()


def test_a_contender_is_left_out_above_its_most_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (first, *_, other) = FEW[0].contenders
    some = Subject("rows", (first, replace(other, most_records=10)))
    monkeypatch.setattr(speed, "SUBJECTS", (some,))
    monkeypatch.setattr(speed, "STARTS", 1)

    few, many = speed.speeds([10, 11], rounds=1)

    assert list(few.costs) == [first.name, other.name]
    assert list(many.costs) == [first.name]


def test_a_contender_that_lacks_records_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    (first, *_) = FEW[0].contenders
    broken = Contender(first.name, "", first.command, b"no such line")
    monkeypatch.setattr(speed, "SUBJECTS", (Subject("rows", (broken,)),))

    with pytest.raises(RuntimeError, match="read 0 of 1 records"):
        list(speed.speeds([10], rounds=1))


def test_the_start_is_measured() -> None:
    assert start.table_of(1).count("`tap-acton --") == 3


def test_the_pace_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "LATENCIES", (0.01,))

    (line,) = pace.table_of(messages=1).splitlines()[2:]

    # A login, the account, six types of messages, a report and its six drilldowns; and once per
    # stream the page behind the last row, since no total was more than the rows beside it.
    latency, calls, throttled = [cell.strip() for cell in line.split("|")][1:4]
    # A busy machine may deliver calls together that were sent apart; the server refuses some then.
    assert (latency, int(calls) - int(throttled)) == ("10 ms", 17)


def test_the_growth_is_measured_and_drawn(tmp_path: Path) -> None:
    (grown,) = growth.growth([10])
    growth.draw([grown], str(tmp_path / "growth.svg"))

    assert grown.first_calls > grown.nightly_calls > 0
    assert growth.table_of([grown]).splitlines()[2].startswith("| 10 ")
    drawing = (tmp_path / "growth.svg").read_text()
    assert drawing.startswith("<svg ")
    assert drawing.count("<circle") == 2


def test_a_table_shows_the_median_and_the_spread() -> None:
    costs = {
        "one": [Cost(1.0, 2.0, 10**6), Cost(1.5, 2.0, 2 * 10**6), Cost(1.25, 2.0, 10**6)],
        "other": [Cost(4.0, 5.0, 10**6), Cost(3.0, 5.0, 10**6), Cost(5.0, 5.0, 10**6)],
    }
    starts = {"one": [Cost(0.25, 0.3, 1)], "other": [Cost(2.5, 1.0, 1)]}

    lines = list(speed.Speed("rows", 1_000, costs, starts).lines())

    assert lines == [
        ("one", "800", "1,000", "1.00 (1.00 to 1.00)", "500", "2"),
        ("other", "250", "", "4.00 (2.00 to 4.00)", "200", "1"),
    ]


def test_a_single_value_has_no_spread() -> None:
    assert spread([1.25], ".1f") == "1.2"


def test_a_table_is_aligned() -> None:
    assert table(("a", "b"), [("one", "1"), ("four", "10")]).splitlines() == [
        "| a    |  b |",
        "| ---- | -: |",
        "| one  |  1 |",
        "| four | 10 |",
    ]


def test_folders_are_deleted_afterwards() -> None:
    with own_folder() as folder:
        (folder / "file").touch()
        assert len(list(islice(folder.iterdir(), 2))) == 1
    assert not folder.exists()
