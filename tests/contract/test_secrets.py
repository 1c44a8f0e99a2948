"""Nothing that a run says or leaves behind tells a secret or an address, whatever goes wrong."""

from __future__ import annotations

import json
import logging
import re
import stat
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import parse_qsl

import pytest
from requests.adapters import HTTPAdapter

from acton_sandbox import Account, Fault, Sandbox
from acton_sandbox.edits import with_column
from tests.contract.conftest import NOW
from tests.contract.disturbances import RandomFaults
from tests.contract.harness import PROJECT, SECRETS, Output, command, config_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import requests

    from tests.contract.harness import Bench

ADDRESS = re.compile(r"[\w.+-]+(@|%40)[\w-]+\.[\w.-]+")
"""An e-mail address, escaped as in a URL or not."""

ECHO = '{"errorCode": 10999, "message": "reader@example.com sandbox-password sandbox-secret"}'
"""An answer that repeats what it was sent."""

FORM_SECRETS = {"access_token", "refresh_token", "client_secret", "password", "username"}


def assert_nothing_told(text: str, tokens: set[str], what: str) -> None:
    """Make sure that a text has no secret, no token and no address in it."""
    found = ADDRESS.search(text)
    assert found is None, (what, text[max(0, found.start() - 200) : found.end()])
    for secret in {*SECRETS, *tokens}:
        place = text.find(secret)
        assert place < 0, (what, text[max(0, place - 200) : place])


@contextmanager
def calls_seen() -> Iterator[tuple[set[str], list[dict[str, Any]]]]:
    """Note the tokens that are sent, and how calls are sent.

    Yields:
        The tokens, and the keywords of each call.
    """
    tokens: set[str] = set()
    keywords_seen: list[dict[str, Any]] = []
    send = HTTPAdapter.send

    def noted(
        adapter: HTTPAdapter, request: requests.PreparedRequest, **keywords: Any
    ) -> requests.Response:
        keywords_seen.append(keywords)
        tokens.add(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if "/token" in str(request.url):
            form = dict(parse_qsl(str(request.body)))
            tokens.update(value for name, value in form.items() if name in FORM_SECRETS)
        return send(adapter, request, **keywords)

    with patch.object(HTTPAdapter, "send", noted):
        yield tokens, keywords_seen
    tokens.discard("")


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """Give an exception and all that it came of, those that are not shown included."""
    met: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is not None and current not in met:
            met.append(current)
            waiting += [current.__cause__, current.__context__]
    yield from met


@pytest.mark.parametrize("seed", [None, 3, 11, 15, 20])
def test_a_run_full_of_faults_tells_nothing_at_any_level_of_the_log(
    served_bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture, seed: int | None
) -> None:
    faults = RandomFaults(seed or 0)
    if seed is None:
        faults.rules = []
    store = tmp_path / "store"
    with (
        caplog.at_level(logging.DEBUG),
        calls_seen() as (tokens, _),
        faults.of(served_bench.sandbox),
    ):
        served_bench.sandbox.faults.add(
            Fault("status", "/api/1/list/spam*", 2, status=500, body=ECHO)
        )
        served_bench.sandbox.faults.add(
            Fault("status", "*/report/SENT", None, status=400, body=ECHO)
        )
        served_bench.sandbox.faults.add(Fault("garbage", "/api/1/campaigns*", None, body=ECHO))
        served_bench.sandbox.faults.add(
            Fault("wrong_type", "/api/1/list/*", None, fields=("email",), value=["ann@example.com"])
        )
        found = served_bench.run(token_store=str(store))
    assert "urllib3" in {record.name.partition(".")[0] for record in caplog.records}
    assert found.failure is not None
    formatter = logging.Formatter()
    for record in caplog.records:
        assert_nothing_told(formatter.format(record), tokens, record.name)
    for error in chain_of(found.failure):
        assert_nothing_told("".join(traceback.format_exception(error)), tokens, "exception")
    for message in found.of_type("STATE"):
        assert_nothing_told(json.dumps(message), tokens, "state")
    for path in store.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
        if not (path.name.startswith("token-") and path.suffix == ".json"):
            assert_nothing_told(path.read_text("latin-1"), tokens, path.name)


@pytest.mark.parametrize("is_known", [True, False], ids=["at discovery", "later"])
def test_headers_that_are_addresses_are_told_nowhere(
    account: Account, bench: Bench, caplog: pytest.LogCaptureFixture, *, is_known: bool
) -> None:
    headers = ("jane.doe@example.com", "Jane <jane@example.com>")
    changed = account
    for item in account.lists:
        changed = changed.with_list(item.id, *map(with_column, headers))
    settings: dict[str, Any] = {"list_streams": ["*"], "on24_client_ids": ["CRM", "Visitors"]}
    with caplog.at_level(logging.DEBUG):
        if is_known:
            bench.sandbox.account = changed
        catalog = bench.discover(**settings)
        bench.sandbox.account = changed
        found = bench.run(discovered=catalog, **settings)
        again = bench.run(found.state, discovered=catalog, **settings)
    assert headers[0] in found.data.decode()
    told = json.dumps([catalog, found.of_type("SCHEMA"), found.state, again.state])
    assert_nothing_told(told, set(), "catalog, schema or state")
    formatter = logging.Formatter()
    for record in caplog.records:
        assert_nothing_told(formatter.format(record), set(), record.name)


def test_the_command_tells_nothing_at_the_level_debug(tmp_path: Path) -> None:
    with Sandbox(account=Account.generate(seed=7, size="small", now=NOW)) as sandbox:
        sandbox.faults.add(Fault("status", "/api/1/list/spam*", None, status=400, body=ECHO))
        sandbox.faults.add(Fault("reset", after=9))
        sandbox.faults.add(Fault("unauthorized", after=40))
        settings = {**config_of(sandbox), "token_store": str(tmp_path / "store")}
        ended = command(
            "--config=ENV",
            env={
                **{f"TAP_ACTON_{name.upper()}": str(value) for name, value in settings.items()},
                "LOGLEVEL": "DEBUG",
                "TAP_ACTON_LOGLEVEL": "DEBUG",
            },
        )
        live = sandbox.tokens.live
    assert live is not None
    assert ended.returncode == 1
    assert "DEBUG" in ended.stderr
    assert_nothing_told(ended.stderr, {live.access, live.refresh}, "log")
    found = Output(ended.stdout.encode(), ended.stderr)
    assert_nothing_told(json.dumps(found.of_type("STATE")), {live.access, live.refresh}, "state")


@pytest.mark.parametrize("bundle", [None, "certificates.pem"])
def test_certificates_are_verified_in_every_call(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: str | None
) -> None:
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    expected: bool | str = True
    if bundle:
        path = tmp_path / bundle
        path.touch()
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", expected := str(path))
    with calls_seen() as (_, calls):
        bench.run(streams=["messages", "custom_object_records"])
    assert len(calls) > 5
    assert [call["verify"] for call in calls] == [expected] * len(calls)


def test_nothing_in_the_tap_switches_a_check_of_certificates_off() -> None:
    for path in (PROJECT / "tap_acton").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"verify\s*=\s*False|CERT_NONE|check_hostname|_unverified", source), (
            path
        )


@pytest.mark.parametrize("path", ["/token", "/api/1/account", "/api/1/message", "/ucl/*"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(bench: Bench, path: str, status: int) -> None:
    with Sandbox(account=bench.sandbox.account) as elsewhere:
        address = {"Location": f"{elsewhere.url}/api/1/message"}
        bench.sandbox.faults.add(Fault("status", path, None, status=status, headers=address))
        found = bench.run(streams=["messages", "contacts"])
        assert elsewhere.requests.snapshot() == []
    if path != "/ucl/*":
        assert found.failure is not None or path == "/api/1/account"
