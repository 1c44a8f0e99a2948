"""`python -m acton_sandbox` as a process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from acton_sandbox.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "acton_sandbox", "--port", "0", "--size", "small"]
    options = ["--now", "2026-03-20T12:00:00", "--ready-file", str(ready), "--client-id", "mine"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        url = json.loads(ready.read_text(encoding="utf-8"))["url"]
        assert f"listens on {url} until" in first
        state = requests.get(f"{url}/_sandbox/state", timeout=5).json()
        assert state["now"] == "2026-03-20T12:00:00+00:00"
        assert state["limits"]["requests_per_second"] == 5
        assert "TAP_ACTON_CLIENT_ID=mine" in requests.get(url, timeout=5).text
        process.send_signal(number)
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--edition", "1999"],
        ["--size", "huge"],
        ["--measure", "happiness=3"],
        ["--now", "noon"],
        ["--now", "0001-01-01T00:00+10:00"],
        ["--now", "2025-01-07T00:30+05:00"],
        ["--now", "2101-01-01"],
        ["--port", "99999"],
        ["--port", "-1"],
        ["--rows", "-5", "--replay", "capture.json"],
        ["--rows", "0", "--replay", "capture.json"],
        ["--rows", "1000000", "--replay", "capture.json"],
        ["--rows", "20"],
        ["--edition", "2019", "--replay", "capture.json"],
        ["--accounts", "0"],
        ["--accounts", "1000"],
        ["--accounts", "2", "--replay", "capture.json"],
        ["--username", "reader@example.org", "--accounts", "2"],
    ],
)
def test_what_it_does_not_take(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.usefixtures("stops_at_once")
@pytest.mark.parametrize(("host", "is_told"), [("127.0.0.1", False), ("0.0.0.0", True)])  # noqa: S104 - the point
def test_it_says_so_where_other_machines_can_reach_it(
    host: str,
    is_told: bool,  # noqa: FBT001 - what is expected
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--host", host, "--port", "0", "--size", "small"]) == 0
    assert ("Other machines can reach" in capsys.readouterr().err) == is_told


@pytest.mark.usefixtures("stops_at_once")
def test_a_signal_ends_it_at_once_while_it_works_the_account_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[object] = []

    def counting(_: object) -> None:
        seen.extend(map(signal.getsignal, (signal.SIGTERM, signal.SIGINT)))

    monkeypatch.setattr("acton_sandbox.__main__.counts_of", counting)
    assert main(["--port", "0", "--size", "small"]) == 0
    assert seen == [signal.SIG_DFL, signal.SIG_DFL]


@pytest.mark.usefixtures("stops_at_once")
def test_of_many_accounts_it_names_the_users(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--accounts", "12", "--port", "0", "--size", "small", "--now", "2025-02-01"]) == 0
    printed = capsys.readouterr().out
    assert "TAP_ACTON_USERNAME=user-001@example.com" in printed
    assert "user-001@example.com to user-012@example.com." in printed


@pytest.mark.usefixtures("stops_at_once")
def test_a_ready_file_that_cannot_be_written_is_an_error_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "nowhere" / "ready.json"
    options = ["--port", "0", "--size", "small", "--now", "2025-02-01"]
    assert main([*options, "--ready-file", str(ready)]) == 1
    assert f"cannot write {ready}: No such file" in capsys.readouterr().err
