"""A replay answers in the shapes of a capture, with as many rows as asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox.__main__ import main
from acton_sandbox.replay import MOST_ROWS, CaptureError, Replay, _copied
from acton_sandbox.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from acton_sandbox import Account

NO_ROWS = {"at": ["result"], "came": "2 to 9", "kept": 2, "fill_the_page": False}


def entry(call: str, value: Any, status: int = 200, **more: Any) -> dict[str, Any]:
    """Make an entry of a capture; one with rows says so in `rows`."""
    return {
        "stream": "",
        "call": call,
        "parameters": {},
        "status": status,
        "headers": {"content-type": "application/json; charset=utf-8"},
        "JSON": value,
        **more,
    }


def page(*rows: Any, total: int = 2) -> dict[str, Any]:
    return {"offset": 0, "count": 2, "totalCount": total, "result": [*rows]}


ONE, TWO = {"id": "z-1", "name": "Zuzu"}, {"id": "z-2", "name": "Xuzu"}
LISTING = entry(
    "GET /api/1/list", page(ONE, TWO), rows=NO_ROWS, parameters={"count": 1000, "offset": 0}
)
REFUSED = {"errorCode": 10004, "message": "Zu"}
DETAIL = entry("GET /api/1/list/{z-1}", {"listId": "z-1", "n": "z-1:7"})
GONE = entry("GET /api/1/list/{z-2}", REFUSED, 400)


def with_answer(more: dict[str, Any], without: str = "") -> str:
    """Write a capture of one answer that has other fields, or lacks one."""
    given = {**entry("GET /api/1/logo", {}), **more}
    given.pop(without, None)
    return json.dumps({"format": 1, "answers": [given]})


@pytest.fixture
def ask(account: Account) -> Any:
    """Ask a replay of entries, and decode what it answers."""

    def asked(entries: list[Any], path: str, rows: int = 0, **query: str) -> tuple[int, Any]:
        replay = Replay({"format": 1, "answers": entries}, rows)
        answer = replay.answer(View(account), path, query)
        return answer.status, json.loads(answer.body)

    return asked


def test_there_are_as_many_rows_as_asked_each_with_its_own_id(ask: Any) -> None:
    _, value = ask([LISTING], "/api/1/list", 5, count="1000", offset="0")
    assert (value["count"], value["totalCount"]) == (5, 5)
    ids = [row["id"] for row in value["result"]]
    assert ids == ["z-1", "z-2", "z-1000001", "z-2000001", "z-1000002"]
    assert [row["name"] for row in value["result"]] == ["Zuzu", "Xuzu"] * 2 + ["Zuzu"]


def test_pages_are_those_that_are_requested(ask: Any) -> None:
    _, value = ask([LISTING], "/api/1/list", 5, count="2", offset="4")
    assert value["offset"], value["totalCount"] == (4, 5)
    assert [row["id"] for row in value["result"]] == ["z-1000002"]


def test_a_page_that_was_cut_is_cut_again(ask: Any) -> None:
    cut = {**LISTING, "JSON": page(ONE, TWO, total=3)}
    _, value = ask([cut], "/api/1/list", 5, count="1000", offset="0")
    assert (value["count"], value["totalCount"]) == (2, 5)


def test_an_offset_that_was_ignored_is_ignored_again(ask: Any) -> None:
    second = {**LISTING, "parameters": {"count": 1000, "offset": 1}}
    _, value = ask([LISTING, second], "/api/1/list", 5, count="2", offset="2")
    assert [row["id"] for row in value["result"]] == ["z-1", "z-2"]


def test_an_item_and_its_copies_are_answered_as_it_was(ask: Any) -> None:
    entries = [LISTING, DETAIL, GONE]
    assert ask(entries, "/api/1/list/z-1") == (200, {"listId": "z-1", "n": "z-1:7"})
    copy = {"listId": "z-1000003", "n": "z-1000003:7"}
    assert ask(entries, "/api/1/list/z-1000003") == (200, copy)
    assert ask(entries, "/api/1/list/z-2000001") == (400, REFUSED)


def test_an_unknown_id_is_refused_as_it_was(ask: Any) -> None:
    assert ask([LISTING, DETAIL, GONE], "/api/1/list/nobody") == (400, REFUSED)


def test_what_was_not_captured_is_not_routed(ask: Any) -> None:
    status, value = ask([LISTING], "/api/1/logo")
    assert (status, value["httpCode"]) == (404, "404")


def test_a_filter_that_was_refused_is_refused_again(ask: Any) -> None:
    filtered = {"count": 1000, "offset": 0, "modafter": 1700000000000}
    refused = entry("GET /api/1/list", REFUSED, 400, parameters=filtered)
    status, _ = ask([LISTING, refused], "/api/1/list", count="9", modafter="1600000000000")
    assert status == 400
    assert ask([LISTING, refused], "/api/1/list", count="9")[0] == 200


def test_a_filter_leaves_out_older_rows(ask: Any) -> None:
    rows = [{**ONE, "ts": 1700000000000}, {**TWO, "ts": 1600000000000}]
    listing = {**LISTING, "JSON": page(*rows)}
    _, value = ask([listing], "/api/1/list", 4, count="9", offset="0", modafter="1650000000")
    assert [row["id"] for row in value["result"]] == ["z-1", "z-1000001"]


DAYS = entry("GET /api/1/report", {"sent": [{"dayOfMonth": 1}, {"dayOfMonth": 31}]})


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("2404", 1),
        ("2405", 2),
        ("2413", 2),
        ("2400", 2),
        ("abcd", 2),
        ("ab04", 2),
        ("²²²²", 2),
        ("", 2),
    ],
)
def test_a_month_has_its_days_and_what_is_no_month_has_all(
    ask: Any, period: str, days: int
) -> None:
    status, value = ask([DAYS], "/api/1/report", period=period)
    assert (status, len(value["sent"])) == (200, days)


@pytest.mark.parametrize("number", ["²", "-5", "--5", "9" * 5000])
@pytest.mark.parametrize("name", ["count", "offset", "modafter", "createdafter", "createdBefore"])
def test_what_is_no_number_chooses_no_rows(ask: Any, name: str, number: str) -> None:
    listing = {**LISTING, "JSON": page(*({**row, "ts": 1700000000000} for row in (ONE, TWO)))}
    query = {"createdAfter": "0", name: number}
    status, value = ask([listing], "/api/1/list", 4, **query)
    assert (status, len(value["result"])) == (200, 0 if name == "createdBefore" else 4)


TOKENS = entry(
    "POST /query",
    {"result": [ONE, TWO], "nextPageToken": None},
    rows=NO_ROWS,
    body={"pagination": {}},
)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b"[" * 100_000, 4),
        (b"\xff", 4),
        (b'{"pagination": 1}', 4),
        (b'{"pagination": {"size": 1, "nextPageToken": "zuzu000003"}}', 1),
        ('{"pagination": {"nextPageToken": "²²²²²²"}}'.encode(), 4),
    ],
    ids=["deep", "no text", "no pagination", "last page", "no token"],
)
def test_a_body_that_names_no_page_gets_all_rows(account: Account, body: bytes, rows: int) -> None:
    answer = Replay({"format": 1, "answers": [TOKENS]}, 4).answer(View(account), "/query", {}, body)
    assert (answer.status, len(json.loads(answer.body)["result"])) == (200, rows)


def test_pages_of_filtered_rows_follow_each_other(ask: Any) -> None:
    times = {"z-1": 1700000000000, "z-2": 1600000000000, "z-3": 1700000000000}
    rows = [{"id": name, "ts": time} for name, time in times.items()]
    listing = {**LISTING, "JSON": {**page(*rows, total=3), "rowIds": {**times}}}
    expected = ["z-1", "z-3", "z-1000001", "z-3000001", "z-1000002"]
    for start in range(6):
        query = {"count": "2", "offset": str(start), "modafter": "1650000000"}
        _, value = ask([listing], "/api/1/list", 8, **query)
        wanted = expected[start : start + 2]
        assert [row["id"] for row in value["result"]] == [*value["rowIds"]] == wanted
        assert value["totalCount"] == 5


def test_only_the_rows_of_a_page_are_made(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def copied(row: Any, copy: int, headers: Any) -> Any:
        made.append(copy)
        return _copied(row, copy, headers)

    monkeypatch.setattr("acton_sandbox.replay._copied", copied)
    query = {"count": "4", "offset": "499996"}
    _, value = ask([LISTING], "/api/1/list", MOST_ROWS, **query)
    assert (value["totalCount"], len(value["result"])) == (MOST_ROWS, 4)
    assert made == [249998, 249998, 249999, 249999]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "cannot be read"),
        ("no JSON", "cannot be read"),
        ("[" * 100_000, "is nested too deeply"),
        ("{}", "no capture of format 1"),
        ('{"format": 1}', "has no answers"),
        ('{"format": 1, "answers": []}', "has no answers"),
        ('{"format": 1, "answers": [{}]}', "answer 1 in it has no call and no parameters"),
        (with_answer({}, without="parameters"), "has no parameters"),
        (with_answer({}, without="status"), "has no status"),
        (with_answer({}, without="JSON"), "has no body"),
        (with_answer({"headers": {}}), "has no content-type"),
        (with_answer({"CSV": [["id"]]}, without="JSON"), "has no delimiter"),
        (with_answer({"rows": {"at": []}}), "has no number of rows"),
        (with_answer({"rows": NO_ROWS, "JSON": {}}), "not where it says"),
    ],
)
def test_a_file_that_is_no_capture_is_refused_in_words(
    text: str | None, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "capture.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CaptureError, match=reason):
        Replay.of_file(path)


@pytest.mark.usefixtures("stops_at_once")
def test_the_command_replays_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "capture.json"
    options = ["--port", "0", "--size", "small", "--replay", str(path)]
    assert main(options) == 1
    assert "cannot replay" in capsys.readouterr().err
    path.write_text(json.dumps({"format": 1, "answers": [LISTING]}), encoding="utf-8")
    assert main([*options, "--rows", "3"]) == 0
