"""The controls over HTTP, the home page, and a sandbox that is turned while it runs."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from acton_sandbox import Fault, Sandbox
from acton_sandbox.truth import truth_of

if TYPE_CHECKING:
    from acton_sandbox import Account
    from tests.sandbox.conftest import Api


def test_the_edition_can_be_switched(client: Api, sandbox: Sandbox) -> None:
    assert "msgId" in client.json("/message")["msgresult"][0]
    sandbox.edition = "2019"
    assert "msg_id" in client.json("/message")["msgresult"][0]
    assert client.http.post("/_sandbox/edition", json={"edition": "2024"}).status_code == 200
    assert "msgId" in client.json("/message")["msgresult"][0]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "rebound.example.com"}, 400),
        ({"Origin": "https://page.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "OWN"}, 200),
        ({}, 200),
    ],
)
def test_a_page_of_another_origin_neither_reads_the_account_nor_sets_a_fault(
    client: Api, sandbox: Sandbox, headers: dict[str, str], status: int
) -> None:
    headers = {name: value.replace("OWN", sandbox.url) for name, value in headers.items()}
    fault = {"kind": "missing_fields"}
    assert client.http.post("/_sandbox/faults", json=fault, headers=headers).status_code == status
    assert bool(sandbox.faults.state()) == (status == 200)
    assert client.http.get("/_sandbox/truth", headers=headers).status_code == status
    assert client.http.get("/", headers=headers).status_code == status


def test_the_next_day_over_http(client: Api, sandbox: Sandbox) -> None:
    before = client.json("/list/hardbounce")["count"]
    response = client.http.post("/_sandbox/next-day")
    assert response.json() == {"now": "2026-03-21T12:00:00+00:00"}
    assert client.json("/list/hardbounce")["count"] > before
    assert sandbox.account.now.day == 21
    assert client.get("/account").status_code == 200, "tokens do not notice"


def test_the_truth(client: Api, sandbox: Sandbox) -> None:
    truth = client.http.get("/_sandbox/truth").json()
    assert set(truth) == set(truth_of(sandbox.account))
    assert len(truth["messages"]) == len(sandbox.account.messages)
    assert [row["email"] for row in truth["hard_bounces"]] == [
        row.email for row in sandbox.account.hard_bounces
    ]


def test_the_requests(client: Api, sandbox: Sandbox) -> None:
    client.get("/list", listingtype="media")
    seen = client.http.get("/_sandbox/requests").json()
    assert [(r["method"], r["path"], r["query"], r["status"]) for r in seen] == [
        ("GET", "/api/1/list", {"listingtype": "media"}, 200)
    ]
    assert seen[0]["client"].startswith("127.0.0.1:")
    assert client.http.delete("/_sandbox/requests").json() == []
    assert len(sandbox.requests) == 0


def test_faults_over_http(client: Api) -> None:
    fault = {"kind": "missing_fields", "times": 2, "fields": ["msgId"]}
    client.http.post("/_sandbox/faults", json=fault)
    assert "msgId" not in client.json("/message")["msgresult"][0]
    state = client.http.get("/_sandbox/faults").json()
    assert [(f["kind"], f["matched"], f["fired"]) for f in state] == [("missing_fields", 1, 1)]
    assert client.http.delete("/_sandbox/faults").json() == []


def test_the_clock_and_the_tokens_over_http(client: Api) -> None:
    client.http.post("/_sandbox/clock", json={"seconds": 3600})
    assert client.get("/account").status_code == 401
    refreshed = client.refresh()
    assert client.http.post("/_sandbox/revoke-tokens").status_code == 200
    assert client.refresh(refreshed.json()["refresh_token"]).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "earthquake"}),
        ("faults", {"flavour": "salty"}),
        ("faults", []),
        ("clock", {}),
        ("edition", {"edition": "1999"}),
    ],
)
def test_what_a_control_does_not_take(client: Api, path: str, body: object) -> None:
    response = client.http.post(f"/_sandbox/{path}", json=body)
    assert response.status_code == 400
    assert response.json()["error"]


def test_the_home_page(client: Api, sandbox: Sandbox) -> None:
    client.get("/list", listingtype="<script>alert(1)</script>")
    client.http.post("/_sandbox/faults", json={"kind": "reset", "path_pattern": "<b>"})
    page = client.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert sandbox.url in page.text
    assert "US/Pacific" in page.text
    assert "<script" not in page.text
    assert "<b>" not in page.text
    assert "http" not in page.text.replace(sandbox.url, ""), "nothing is loaded from elsewhere"


def test_the_buttons_come_back_to_the_home_page(client: Api, sandbox: Sandbox) -> None:
    response = client.http.post("/_sandbox/next-day", headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert sandbox.account.now.day == 21


def test_answers_are_kept_per_view(client: Api, sandbox: Sandbox) -> None:
    first = client.json("/message")
    assert client.json("/message") == first
    sandbox.next_day()
    assert client.json("/message") != first


def test_it_stops_at_once_whatever_is_under_way(account: Account) -> None:
    with Sandbox(account) as running:
        running.faults.add(Fault("delay", path_pattern="/token", delay=60))
        address = running.url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1]))) as connection:
            connection.sendall(b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            while not running.faults.state()[0]["fired"]:
                pass
            started = time.monotonic()
            running.stop()
            assert time.monotonic() - started < 5
            assert connection.recv(100) == b""
