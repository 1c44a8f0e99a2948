"""An account full of malice: ids that lead elsewhere, texts no table takes, endless nesting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from acton_sandbox import Fault
from tap_acton.api.transport import Route
from tap_acton.streams.audience_center.stream import OLDER_DOWNLOAD_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.harness import Bench, Output

HOSTILE_IDS = [
    "../../../token",
    "a/../../b",
    "x?grant_type=password#y",
    "@elsewhere.example.com",
    "\r\nHost: elsewhere.example.com\r\n",
    "%2e%2e%2f//elsewhere.example.com",
    "\\..\\..",
    "..;",
    "..",
    ".",
]


@pytest.fixture
def targets() -> Iterator[list[str]]:
    """What is asked behind the host, as it is sent."""
    seen: list[str] = []
    send = Route.send

    def noted(route: Route, target: str, *rest: Any, **more: Any) -> Any:
        seen.append(target)
        return send(route, target, *rest, **more)

    with patch.object(Route, "send", noted):
        yield seen


def families(targets: list[str]) -> set[tuple[str, ...]]:
    """Give the beginnings of paths, and how many parts they have."""
    paths = [target.split("?")[0].split("/") for target in targets]
    return {(*path[:4], str(len(path))) for path in paths}


@pytest.mark.parametrize("identifier", HOSTILE_IDS)
def test_an_id_never_changes_the_path_that_is_called(
    bench: Bench, complete_run: Output, targets: list[str], identifier: str
) -> None:
    # Documented as well, and asked where others do not know the id.
    others = [
        "/custom-objects/v1/70123/data/object/all",
        "/api/1/media/m/report",
        OLDER_DOWNLOAD_PATH,
    ]
    known = families([*complete_run.paths, *others])
    fields = ("id", "msgid", "msgId", "listId", "contactId", "headerid", "fieldId", "_id")
    bench.sandbox.faults.add(Fault("wrong_type", "*", None, fields=fields, value=identifier))
    bench.run()
    assert targets
    assert families(targets) <= known
    for target in targets:
        path = target.split("?")[0]
        assert {".", ".."}.isdisjoint(path.split("/"))
        assert target.isascii()
        assert target.isprintable()
        assert {" ", "#"}.isdisjoint(target)
    assert {seen.path.split("/")[1] for seen in bench.sandbox.requests} <= {
        "token",
        "api",
        "ucl",
        "custom-objects",
    }


@pytest.mark.parametrize("depth", [50, 400, 900, 960, 990, 100_000])
def test_nesting_is_kept_or_ends_the_stream_with_a_sentence(bench: Bench, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    body = f'{{"msgresult": [{{"id": "1", "more": {nested}}}], "count": 1, "totalCount": 1}}'
    bench.sandbox.faults.add(Fault("status", "/api/1/message", None, status=200, body=body))
    found = bench.run(streams=["messages"])
    if found.failure is None:
        row = found.records["messages"][0]
        assert json.dumps(row["extra_fields"]["more"]).replace(" ", "") == nested
    else:
        assert "messages" in found.failure.sentence


def test_names_in_answers_are_never_names_of_files(bench: Bench, tmp_path: Path) -> None:
    store = tmp_path / "store"
    names = ("name", "title", "fileName", "folderName", "id", "url")
    value = str(tmp_path / "written")
    bench.sandbox.faults.add(Fault("wrong_type", "*", None, fields=names, value=value))
    bench.run(token_store=str(store))
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_numbers_and_texts_that_no_table_takes_come_in_valid_json(bench: Bench) -> None:
    values = (
        r'"a": 1e400, "b": NaN, "d": "x\u0000y", "e": "\ud800", "f": -1e999, "title": "\u0000", '
        rf'"senderName": "z\udfff", "c": {"9" * 5000}'
    )
    body = f'{{"msgresult": [{{"id": "1", {values}}}], "count": 1, "totalCount": 1}}'
    bench.sandbox.faults.add(Fault("status", "/api/1/message", None, status=200, body=body))
    found = bench.run(streams=["messages"])
    assert found.failure is None
    assert b"\\u0000" not in found.data
    found.data.decode("utf-8")
    lines = [json.loads(line, parse_constant=pytest.fail) for line in found.data.splitlines()]
    assert lines
    row = found.records["messages"][0]
    assert row["sender_name"] == "z?"
    assert row["extra_fields"]["a"] == "1e400"
    assert row["extra_fields"]["b"] == "NaN"
    assert row["extra_fields"]["c"] == "9" * 5000
    assert row["extra_fields"]["d"] == "xy"


@pytest.mark.parametrize("told", ["999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "9" * 5000])
def test_a_wait_beyond_reason_ends_the_run_as_if_the_calls_were_used_up(
    bench: Bench, told: str
) -> None:
    headers = {"Retry-After": told}
    bench.sandbox.faults.add(Fault("status", "/api/*", None, status=429, headers=headers))
    found = bench.run(streams=["messages"], max_concurrency=1)
    assert found.failure is not None
    assert found.paths["/api/1/message"] == 1
