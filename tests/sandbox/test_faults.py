"""Every kind of fault, over a real connection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from acton_sandbox import Fault
from acton_sandbox.faults import KINDS, VALUES, FaultPlan

if TYPE_CHECKING:
    from acton_sandbox import Sandbox
    from tests.sandbox.conftest import Api

LIST = "/list/l-0a41"


def _statuses(client: Api, calls: int, path: str = "/message") -> list[int]:
    return [client.get(path).status_code for _ in range(calls)]


def test_a_status_so_many_times_after_so_many_calls(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("status", times=2, after=1, path_pattern="/api/1/message*"))
    assert _statuses(client, 5) == [200, 503, 503, 200, 200]
    assert [request.fault for request in sandbox.requests] == ["", "status", "status", "", ""]


def test_a_fault_concerns_only_its_paths(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("status", path_pattern="/api/1/list/*", times=None))
    assert _statuses(client, 2) == [200, 200]
    assert _statuses(client, 2, LIST) == [503, 503]
    sandbox.faults.clear()
    assert _statuses(client, 1, LIST) == [200]


def test_the_first_fault_that_fires_decides(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("status", status=500))
    sandbox.faults.add(Fault("status", status=502))
    assert _statuses(client, 3) == [500, 502, 200]


def test_a_probability_is_repeatable() -> None:
    def fired(seed: int) -> list[bool]:
        plan = FaultPlan()
        plan.add(Fault("reset", times=None, probability=0.3, seed=seed))
        return [plan.choose("/api/1/list") is not None for _ in range(200)]

    assert fired(1) == fired(1)
    assert fired(1) != fired(2)
    assert 30 <= sum(fired(1)) <= 90


@pytest.mark.parametrize(
    ("status", "path", "key"),
    [
        (503, "/api/1/message", "httpCode"),
        (403, "/api/1/message", "httpCode"),
        (400, "/api/1/message", "errorCode"),
        (422, "/api/1/message", "errorCode"),
        (500, "/token", "error"),
    ],
)
def test_the_envelope_of_a_status_belongs_to_the_path(
    client: Api, sandbox: Sandbox, status: int, path: str, key: str
) -> None:
    sandbox.faults.add(Fault("status", path_pattern=path, status=status))
    send = client.http.post if path == "/token" else client.http.get
    response = send(path)
    assert response.status_code == status
    assert key in response.json()


def test_a_status_with_a_body_and_headers_of_its_own(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("status", status=429, body="slow down", headers={"Retry-After": "3"}))
    response = client.get("/message")
    assert (response.status_code, response.text) == (429, "slow down")
    assert response.headers["retry-after"] == "3"


def test_unauthorized_once(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("unauthorized"))
    assert _statuses(client, 2) == [401, 200]


def test_a_reset_connection(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("reset"))
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        client.get("/message")
    assert sandbox.requests[-1].status == 0
    assert _statuses(client, 1) == [200]


def test_a_truncated_answer(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("truncated"))
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed"):
        client.get("/message")
    assert _statuses(client, 1) == [200]


@pytest.mark.parametrize("kind", ["html", "garbage", "empty", "stray_braces"])
def test_an_answer_that_is_not_json(client: Api, sandbox: Sandbox, kind: str) -> None:
    good = client.get("/message").text
    sandbox.faults.add(Fault(kind))
    response = client.get("/message")
    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        response.json()
    if kind == "html":
        assert response.headers["content-type"].startswith("text/html")
    if kind == "stray_braces":
        assert response.text == "{}\n" + good


def test_a_slow_answer(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("delay", delay=0.5))
    with pytest.raises(httpx.ReadTimeout):
        client.http.get("/api/1/message", timeout=0.05)


def test_an_answer_in_pieces(client: Api, sandbox: Sandbox) -> None:
    good = client.get("/message").content
    sandbox.faults.add(Fault("trickle", delay=0.02))
    assert client.get("/message").content == good
    sandbox.faults.add(Fault("trickle", delay=0.5))
    with pytest.raises(httpx.ReadTimeout):
        client.http.get("/api/1/message", timeout=0.05)


def test_tokens_that_another_program_ends(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("revoke", after=1))
    assert _statuses(client, 3) == [200, 401, 401]
    assert client.refresh().json()["error"] == "invalid_grant"


def test_a_host_that_goes_away_for_a_while(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("away", path_pattern="/api/1/message", duration=120))
    refresh_token = client.tokens["refresh_token"]
    gone = (httpx.ReadError, httpx.RemoteProtocolError)
    for path in ("/message", LIST):
        with pytest.raises(gone):
            client.get(path)
        sandbox.clock.advance(59)
    with pytest.raises(gone):
        client.refresh(refresh_token)
    assert [request.status for request in sandbox.requests] == [0, 0, 0]
    sandbox.clock.advance(4)
    assert _statuses(client, 2) == [200, 200]
    assert client.refresh(refresh_token).status_code == 200, "the token was not used up meanwhile"


def test_a_host_that_is_away_is_back_once_the_faults_are_forgotten(
    client: Api, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault("away"))
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        client.get("/message")
    sandbox.faults.clear()
    assert _statuses(client, 1) == [200]


def test_a_row_moves_to_the_next_page(client: Api, sandbox: Sandbox) -> None:
    total = len(sandbox.account.list_by_id["l-0a41"].rows)
    sandbox.faults.add(Fault("page_shift", times=None))
    rows: list[str] = []
    page = client.json(LIST, count=10, offset=0)
    while page["count"]:
        rows.extend(cells[0] for cells in page["data"])
        page = client.json(LIST, count=10, offset=len(rows))
        assert page["offset"] == len(rows)
        assert page["totalCount"] == total + 1
    assert len(rows) == total + 1
    assert len(set(rows)) == total
    assert rows[9] == rows[10]


def test_a_row_moves_to_the_page_before(client: Api, sandbox: Sandbox) -> None:
    cells = [row["data"][0] for row in (client.json(LIST, count=1, offset=at) for at in range(30))]
    total = len(sandbox.account.list_by_id["l-0a41"].rows)
    sandbox.faults.add(Fault("page_gap", times=None))
    first = client.json(LIST, count=10, offset=0)
    second = client.json(LIST, count=10, offset=10)
    assert (first["totalCount"], second["totalCount"]) == (total, total - 1)
    assert second["offset"] == 10
    assert [*first["data"], *second["data"]] == [*cells[:10], *cells[11:21]]


def test_the_last_row_comes_twice(client: Api, sandbox: Sandbox) -> None:
    message = next(m for m in sandbox.account.messages if m.events["CLICKED"] and not m.gone)
    path = f"/message/{message.id}/report/CLICKED"
    good = client.json(path)
    sandbox.faults.add(Fault("duplicate_row", path_pattern="/api/1/message*"))
    bad = client.json(path)
    assert bad["result"] == [*good["result"], good["result"][-1]]
    assert (bad["count"], bad["totalCount"]) == (good["count"] + 1, good["totalCount"] + 1)


def test_a_page_in_the_middle_is_left_alone(client: Api, sandbox: Sandbox) -> None:
    good = client.json(LIST, count=10)
    sandbox.faults.add(Fault("duplicate_row"))
    assert client.json(LIST, count=10) == good


def _edited(client: Api, sandbox: Sandbox, fault: Fault, path: str) -> tuple[Any, Any]:
    good = client.json(path)
    sandbox.faults.add(fault)
    return good, client.json(path)


def test_a_field_that_no_document_names(client: Api, sandbox: Sandbox) -> None:
    good, bad = _edited(client, sandbox, Fault("extra_fields"), "/message")
    before, after = good["msgresult"][0], bad["msgresult"][0]
    assert set(after) - set(before) == {"fieldOfNoDocument"}
    good, bad = _edited(client, sandbox, Fault("extra_fields"), LIST)
    assert bad["headers"] == [*good["headers"], "fieldOfNoDocument"]
    assert len(bad["data"][0]) == len(good["data"][0]) + 1


def test_fields_that_are_missing(client: Api, sandbox: Sandbox) -> None:
    fault = Fault("missing_fields", fields=("msgId", "name"))
    good, bad = _edited(client, sandbox, fault, "/message")
    assert set(good["msgresult"][0]) - set(bad["msgresult"][0]) == {"msgId", "name"}
    good, bad = _edited(client, sandbox, Fault("missing_fields"), "/account")
    assert len(bad) == len(good) - 1


def test_values_of_the_wrong_type(client: Api, sandbox: Sandbox) -> None:
    _, bad = _edited(client, sandbox, Fault("wrong_type"), "/list/optout")
    assert isinstance(bad["result"][0]["timestamp"], str)
    fault = Fault("wrong_type", fields=("name",), value={"surprise": True})
    _, bad = _edited(client, sandbox, fault, "/message")
    assert bad["msgresult"][0]["name"] == {"surprise": True}


def test_a_fault_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="unknown fault 'earthquake': choose from status"):
        Fault("earthquake")
    with pytest.raises(ValueError, match="value of pages: choose from capped"):
        Fault("pages", value="upside down")
    assert all(Fault(kind, value=VALUES.get(kind, [None])[0]).times == 1 for kind in KINDS)


@pytest.mark.parametrize(
    ("value", "pages"),
    [
        ("capped", ["01", "12"]),
        ("filtered", ["012", "123"]),
        ("without offset", ["0123", "0123"]),
        ("behind the start", ["0123", "0123"]),
        ("last page again", ["0123", "1234"]),
        ("cut off", ["0123", "1234"]),
        ("twice", ["0011", "0112"]),
    ],
)
def test_pages_are_made_otherwise(
    client: Api, sandbox: Sandbox, value: str, pages: list[str]
) -> None:
    numbers = {row[0]: str(number) for number, row in enumerate(client.json(LIST, count=9)["data"])}
    sandbox.faults.add(Fault("pages", "/api/1/list/{id}", times=None, value=value))
    for offset, page in enumerate(pages):
        found = client.json(LIST, count=4, offset=offset)
        assert "".join(numbers[row[0]] for row in found["data"]) == page
        assert found["count"] == len(page)


@pytest.mark.parametrize(
    ("value", "totals"),
    [
        ("missing", [None, None]),
        ("of the page", [4, 4]),
        ("too large", [61, 61]),
        ("growing", [61, 62]),
        ("a text", ["60", "60"]),
    ],
)
def test_totals_are_reported_otherwise(
    client: Api, sandbox: Sandbox, value: str, totals: list[Any]
) -> None:
    assert client.json(LIST, count=4)["totalCount"] == 60
    sandbox.faults.add(Fault("total", "/api/1/list/{id}", times=None, value=value))
    assert [client.json(LIST, count=4).get("totalCount") for _ in totals] == totals


def test_a_fault_of_certain_parameters_and_of_one_segment(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(
        Fault("status", "/api/1/{kind}", times=None, query={"type": "SENT"}, status=500)
    )
    statuses = [
        client.get(path, **query).status_code
        for path, query in (
            ("/message", {"type": "SENT", "count": 1}),
            ("/message", {"type": "DRAFT"}),
            (LIST, {"type": "SENT"}),
        )
    ]
    assert statuses == [500, 200, 200]


def test_one_row_alone_has_another_value(client: Api, sandbox: Sandbox) -> None:
    good = client.json("/message")["msgresult"]
    sandbox.faults.add(Fault("renamed_fields", "/api/1/message", fields=("msgId",), row=1))
    bad = client.json("/message")["msgresult"]
    assert [number for number, row in enumerate(bad) if row != good[number]] == [1]
    assert bad[1]["msgIdRenamed"] == good[1]["msgId"]


def test_timestamps_are_spelt_otherwise(client: Api, sandbox: Sandbox) -> None:
    good = client.json("/list/optout", count=1)["result"][0]["timestamp"]
    sandbox.faults.add(Fault("timestamps", "/api/1/list/optout", value="seconds as text"))
    assert client.json("/list/optout", count=1)["result"][0]["timestamp"] == str(good // 1000)


@pytest.mark.parametrize(
    ("value", "status", "end"),
    [
        ("no content", 204, b""),
        ("null", 200, b"null"),
        ("more behind", 200, b"}\n<!-- served -->"),
        ("in data", 200, b"}}"),
    ],
)
def test_another_body_is_sent(
    client: Api, sandbox: Sandbox, value: str, status: int, end: bytes
) -> None:
    sandbox.faults.add(Fault("body", "/api/1/list", value=value))
    found = client.get("/list")
    assert found.status_code == status
    assert found.content.endswith(end)


def test_rows_of_csv_are_spoilt_at_the_end(client: Api, sandbox: Sandbox) -> None:
    good = client.get(LIST, responseformat="CSV").text.splitlines()
    sandbox.faults.add(Fault("table", "/api/1/list/{id}", value="a row missing"))
    assert client.get(LIST, responseformat="CSV").text.splitlines() == [*good[:-2], good[-1]]


def test_folders_without_entries_and_rows_that_are_null(client: Api, sandbox: Sandbox) -> None:
    good = client.json("/form")
    sandbox.faults.add(Fault("empty_folder", "/api/1/form"))
    assert [folder.get("entries") for folder in client.json("/form")[1:3]] == [None, None]
    sandbox.faults.add(Fault("null_row", "/api/1/list"))
    assert client.json("/list")["result"][1] is None
    assert client.json("/form") == good
