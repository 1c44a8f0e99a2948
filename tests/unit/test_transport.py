"""What it means that no answer comes, tried against real sockets."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import requests
from urllib3.exceptions import MaxRetryError, ReadTimeoutError, SSLError

from tap_acton.api.transport import (
    OneHostAdapter,
    Route,
    never_left,
    new_session,
    no_answer,
)
from tap_acton.errors import NoAnswerError, RepeatableError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def failure_of(url: str) -> requests.RequestException:
    with pytest.raises(requests.RequestException) as failure, new_session("test", 1) as session:
        session.get(url, timeout=2)
    return failure.value


def test_a_closed_port_was_never_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert never_left(failure_of(f"http://127.0.0.1:{port}/"))


def test_a_name_that_does_not_exist_was_never_asked() -> None:
    assert never_left(failure_of("http://acton.invalid/"))


def test_a_connection_that_broke_may_have_been_heard() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        server.listen()
        with pytest.raises(requests.Timeout) as failure:
            requests.get(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=0.05)
    assert not never_left(failure.value)
    assert not never_left(requests.ConnectionError())


def test_a_call_that_was_not_answered_may_be_repeated() -> None:
    failure = no_answer(requests.ConnectionError(), "lists", "api.example.com")
    assert isinstance(failure, NoAnswerError)
    assert isinstance(failure, RepeatableError)
    assert failure.sentence == "lists: the connection to api.example.com failed."
    failure = no_answer(requests.ReadTimeout(), "lists", "api.example.com")
    assert isinstance(failure, NoAnswerError)
    assert failure.sentence == "lists: api.example.com did not respond in time."


class Proxy(BaseHTTPRequestHandler):
    """Answers whatever it gets, and keeps the request lines."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.requestline)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_CONNECT = do_GET  # noqa: N815 - named by the standard library

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Run a proxy that the environment names for everything; give what it is sent."""
    monkeypatch.setattr(Proxy, "seen", [])
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        yield Proxy.seen
        server.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "[::1]", "localhost"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_is_meant_for_this_machine_goes_through_no_proxy(
    proxy: list[str], scheme: str, host: str
) -> None:
    with new_session("test", 1) as session, suppress(requests.RequestException):
        session.post(f"{scheme}://{host}:9/token", data={"password": "secret"}, timeout=2)
    with new_session("test", 1) as session, suppress(requests.RequestException):
        Route(session, f"{scheme}://{host}:9").send("/", "token", None, timeouts=(2, 2))
    assert not proxy


@pytest.mark.parametrize("host", ["api.example.com", "127.0.0.1.example.com"])
def test_other_calls_go_through_the_proxy_of_the_environment(proxy: list[str], host: str) -> None:
    with new_session("test", 1) as session:
        session.get(f"http://{host}/", timeout=2)
        Route(session, f"http://{host}").send("/", "token", None, timeouts=(2, 2))
    assert proxy == [f"GET http://{host}/ HTTP/1.1"] * 2


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (requests.exceptions.SSLError(ssl.SSLEOFError()), "the connection to host failed"),
        (requests.exceptions.ChunkedEncodingError(), "broke off or cannot be unpacked"),
        (requests.exceptions.ContentDecodingError(), "broke off or cannot be unpacked"),
        (
            requests.ConnectionError(ReadTimeoutError(None, "/", "late")),  # type: ignore[arg-type]
            "host did not respond in time",
        ),
    ],
)
def test_a_response_that_breaks_off_may_be_repeated(
    failure: requests.RequestException, sentence: str
) -> None:
    found = no_answer(failure, "lists", "host")
    assert isinstance(found, NoAnswerError)
    assert sentence in found.sentence


def test_a_host_that_cannot_be_trusted_is_not_asked_again() -> None:
    untrusted = requests.exceptions.SSLError(
        MaxRetryError(None, "/", SSLError(ssl.SSLCertVerificationError()))  # type: ignore[arg-type]
    )
    failure = no_answer(untrusted, "lists", "api.example.com")
    assert isinstance(failure, UnreachableError)


def test_connections_are_kept_for_each_host_by_itself() -> None:
    session = new_session("test", 1)
    adapter = session.get_adapter("https://api.example.com/")
    assert isinstance(adapter, OneHostAdapter)

    def pool_of(url: str) -> Any:
        request = session.prepare_request(requests.Request("GET", url))
        return adapter.get_connection_with_tls_context(request, verify=True)

    first = pool_of("https://api.example.com/token")
    assert pool_of("https://api.example.com/api/1/list?count=1") is first
    assert pool_of("https://api.example.com.example.org/").host == "api.example.com.example.org"
    assert pool_of("https://api.example.com:8443/").port == 8443
    assert pool_of("http://api.example.com/").scheme == "http"

    session.close()
    assert pool_of("https://api.example.com/token") is not first


@pytest.mark.parametrize(
    ("base", "proxies", "prefix"),
    [
        ("https://api.example.com", {}, ""),
        ("http://api.example.com", {}, ""),
        ("https://api.example.com", {"https": "http://proxy.example.com:8080"}, ""),
        (
            "http://api.example.com",
            {"http": "http://proxy.example.com:8080"},
            "http://api.example.com",
        ),
    ],
)
def test_a_call_begins_as_without_the_short_way(
    base: str, proxies: dict[str, str], prefix: str
) -> None:
    with new_session("test", 1) as session:
        adapter = session.get_adapter(base)
        assert isinstance(adapter, OneHostAdapter)
        for path in ("/api/1/list?count=1", "/token", "/", "/api/1/list?count=1", "/a?b=%20c"):
            request = session.prepare_request(requests.Request("GET", f"{base}{path}"))
            adapter.get_connection_with_tls_context(request, verify=True, proxies=proxies)
            assert adapter.request_url(request, proxies) == f"{prefix}{path}"
        other = session.prepare_request(requests.Request("GET", "https://other.example.com/x"))
        assert adapter.request_url(other, {}) == "/x"


def test_a_session_names_the_tap_and_what_it_takes() -> None:
    session = new_session("tap-acton/1", 3)
    prepared = session.prepare_request(requests.Request("GET", "https://api.example.com/"))
    assert prepared.headers["User-Agent"] == "tap-acton/1"
    assert prepared.headers["Accept"] == "application/json"


def test_a_file_of_certificates_that_is_not_there_ends_the_run_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with (
        new_session("test", 1) as session,
        pytest.raises(UnreachableError, match="REQUESTS_CA_BUNDLE"),
    ):
        session.get("https://127.0.0.1:9/", timeout=2)
