"""The tap as a command: its options, its settings from the environment, its signals."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Fault, Sandbox
from tap_acton.streams import STREAM_TYPES
from tests.contract.conftest import NOW
from tests.contract.expected import (
    KEYS,
    REGISTER,
    REPLICATION_KEYS,
    WITHOUT_ROWS,
    by_key,
    expected_records,
)
from tests.contract.harness import (
    PROJECT,
    SECRETS,
    Output,
    catalog,
    command,
    command_line,
    config_of,
    environment,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that all tests here share; none of them changes it for good."""
    with Sandbox(account=Account.generate(seed=7, size="small", now=NOW)) as sandbox:
        yield sandbox


def config_file(folder: Path, sandbox: Sandbox, **settings: Any) -> Path:
    """Write a configuration for the sandbox."""
    path = folder / "config.json"
    path.write_text(json.dumps({**config_of(sandbox), **settings}), encoding="utf-8")
    return path


def test_about_describes_every_setting() -> None:
    about = json.loads(command("--about", "--format", "json").stdout)
    assert about["name"] == "tap-acton"
    described = about["settings"]["properties"]
    assert all(setting["title"] and setting["description"] for setting in described.values())
    secrets = {name for name, setting in described.items() if setting.get("secret")}
    assert secrets == {"client_secret", "password", "refresh_token"}
    assert about["settings"]["required"] == ["client_id", "client_secret"]
    names = set(about["capabilities"])
    assert {"catalog", "discover", "state", "about", "stream-maps", "activate-version"} <= names
    assert "batch" not in names
    promised = {
        "username",
        "password",
        "region",
        "api_url",
        "start_date",
        "end_date",
        "lookback_window",
        "engagement_window",
        "message_types",
        "event_types",
        "list_ids",
        "list_names",
        "page_size",
        "max_concurrency",
        "requests_per_second",
        "daily_request_limit",
        "token_store",
        "shard",
    }
    assert promised <= described.keys()


def test_discovery_needs_neither_settings_nor_a_network() -> None:
    ended = command("--discover")
    assert ended.returncode == 0
    streams = {stream["tap_stream_id"]: stream for stream in json.loads(ended.stdout)["streams"]}
    assert streams.keys() >= KEYS.keys()
    for name, key in KEYS.items():
        assert tuple(streams[name]["key_properties"]) == key
        assert streams[name].get("replication_key") == REPLICATION_KEYS.get(name)
        (of_stream,) = (
            entry["metadata"] for entry in streams[name]["metadata"] if not entry["breadcrumb"]
        )
        assert of_stream["selected"] is True
        assert tuple(of_stream["table-key-properties"]) == key
        is_incremental = name in REPLICATION_KEYS
        assert streams[name]["replication_method"] == (
            "INCREMENTAL" if is_incremental else "FULL_TABLE"
        )


def test_the_connection_can_be_tested(sandbox: Sandbox, tmp_path: Path) -> None:
    before = len(sandbox.requests)
    ended = command("--config", config_file(tmp_path, sandbox), "--test")
    assert ended.returncode == 0
    assert len(sandbox.requests) - before < 4 * len(STREAM_TYPES)
    assert "The test succeeded" in ended.stderr.splitlines()[-1]
    assert "failed" not in ended.stderr
    # Neither a target nor a person has asked for messages.
    assert ended.stdout == ""


def test_a_stream_that_cannot_be_read_fails_the_test(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.faults.add(Fault("garbage", "/api/1/campaigns*", None))
    ended = command("--config", config_file(tmp_path, sandbox, max_retries=0), "--test")
    sandbox.faults.clear()
    assert ended.returncode == 1
    assert "The test failed: campaigns" in ended.stderr.splitlines()[-1]
    assert ended.stdout == ""


def test_names_survive_in_a_locale_without_their_letters(sandbox: Sandbox, tmp_path: Path) -> None:
    names = {"bookmarks": {"contacts": {"columns": {"2230": "größe_łódź"}}}}
    state, catalog = tmp_path / "state.json", tmp_path / "catalog.json"
    state.write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    catalog.write_text('{"streams": []}', encoding="utf-8")
    files = ("--config", config_file(tmp_path, sandbox), "--state", state, "--catalog", catalog)
    environment = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "latin-1",
    }
    ended = command(*files, env=environment)
    assert ended.returncode == 0
    assert Output(ended.stdout.encode(), ended.stderr).bookmarks == names["bookmarks"]
    assert "The catalog selects no stream" in ended.stderr


def test_testing_a_connection_that_does_not_work_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    ended = command("--config", config_file(tmp_path, sandbox, password="wrong"), "--test")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr


def test_settings_come_from_the_environment(sandbox: Sandbox) -> None:
    settings = {
        **config_of(sandbox),
        "requests_per_second": "1e5",
        "message_types": '["SENT"]',
        "event_types": "OPENED,CLICKED",
        "start_date": "2026-03-01",
        "list_names": '["Cust*"]',
        "custom_field_columns": "false",
        "max_concurrency": "4",
    }
    ended = command(
        "--config=ENV", env={f"TAP_ACTON_{name.upper()}": str(v) for name, v in settings.items()}
    )
    assert ended.returncode == 0, ended.stderr
    found = Output(ended.stdout.encode(), ended.stderr)
    assert {row["message_type"] for row in found.records["messages"]} == {"SENT"}
    assert {row["event_type"] for row in found.records["message_events"]} == {"OPENED", "CLICKED"}
    assert min(row["event_at"] for row in found.records["message_events"]) >= "2026-03-01"
    assert {row["name"] for row in found.records["lists"]} == {"Customers"}


@pytest.fixture(scope="module")
def whole_run(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[str]:
    """A complete run with all defaults that do not take long."""
    return command("--config", config_file(tmp_path_factory.mktemp("whole"), sandbox))


def test_a_complete_run_as_a_command(
    sandbox: Sandbox, whole_run: subprocess.CompletedProcess[str]
) -> None:
    assert whole_run.returncode == 0
    found = Output(whole_run.stdout.encode(), whole_run.stderr)
    for stream, records in expected_records(sandbox.account).items():
        assert by_key(stream, found.records[stream]) == by_key(stream, records)
    assert found.lines("ERROR") == []


def test_the_log_tells_what_was_read_and_nothing_personal(
    whole_run: subprocess.CompletedProcess[str],
) -> None:
    log = whole_run.stderr
    summary = json.loads(log.split("Run summary: ")[1].splitlines()[0])
    streams = summary["streams"]
    assert {name for name, count in streams.items() if count["outcome"] == "complete"} == {
        *KEYS,
        *WITHOUT_ROWS,
    }, REGISTER
    calls = sum(count["calls"] for count in streams.values())
    assert summary["calls"] == calls + summary["logins"]
    assert summary["logins"] == 1
    assert not any(secret in log for secret in SECRETS)
    assert "@" not in log
    assert len(log.splitlines()) < 6 * len(KEYS)


def test_a_signal_stops_the_run_and_the_next_one_completes_it(tmp_path: Path) -> None:
    calls = 100
    account = Account.generate(seed=7, size="small", now=NOW)
    with Sandbox(account=account) as sandbox:
        config = config_file(tmp_path, sandbox, max_concurrency=4)
        sandbox.faults.add(Fault("delay", times=None, delay=0.02))
        written, log = tmp_path / "out.jsonl", tmp_path / "log.txt"
        with (
            written.open("wb") as stdout,
            log.open("wb") as stderr,
            subprocess.Popen(
                command_line("--config", config),
                cwd=PROJECT,
                env=environment(),
                stdout=stdout,
                stderr=stderr,
            ) as process,
        ):
            give_up = time.monotonic() + 30
            while len(sandbox.requests) < calls:
                assert process.poll() is None
                assert time.monotonic() < give_up
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
        assert process.returncode == 128 + signal.SIGTERM
        stopped = Output(written.read_bytes(), log.read_text(encoding="utf-8"))
        assert stopped.of_type("STATE")
        assert len(stopped.lines("ERROR")) == 1
        assert "Traceback" not in stopped.log
        assert len(sandbox.requests) < calls + 30
        sandbox.faults.clear()
        state = tmp_path / "state.json"
        state.write_text(json.dumps(stopped.state), encoding="utf-8")
        ended = command("--config", config, "--state", state)
    assert ended.returncode == 0
    held = union([stopped, Output(ended.stdout.encode(), ended.stderr)])
    for stream, records in expected_records(account).items():
        assert held[stream] == by_key(stream, records), stream


def test_runs_side_by_side_share_one_login(tmp_path: Path) -> None:
    """Each would end the other's tokens if both logged in."""
    account = Account.generate(seed=7, size="small", now=NOW)
    with Sandbox(account=account) as sandbox, ThreadPoolExecutor(3) as pool:
        config = config_file(tmp_path, sandbox, token_store=str(tmp_path / "store"))
        few = tmp_path / "catalog.json"
        few.write_text(json.dumps(catalog(["messages", "message_reports", "list_members"])))
        arguments = ("--config", config, "--catalog", few)
        runs = list(pool.map(lambda _: command(*arguments), range(3)))
        assert [run.returncode for run in runs] == [0, 0, 0]
        assert sum(seen.path == "/token" for seen in sandbox.requests) == 1
        assert all(seen.status != 401 for seen in sandbox.requests)
    first, *others = [Output(run.stdout.encode(), run.stderr).records for run in runs]
    assert others == [first, first]


def test_a_target_that_ends_early_ends_the_run_in_one_sentence(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with subprocess.Popen(
        command_line("--config", config_file(tmp_path, sandbox)),
        cwd=PROJECT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        log = process.stderr.read()
    assert process.returncode == 1
    (told,) = [line for line in log.splitlines() if "| ERROR " in line]
    assert "The output was closed before the run was complete" in told
    assert "Traceback" not in log
