"""What the sensors start, and what they leave: partitions, resumed runs, models, alarms."""

from __future__ import annotations

import json
import os
import threading
import urllib.error
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from orchestrate import plan
from orchestrate.dagster import assets, definitions, freshness, sensors
from orchestrate.dagster.assets import PAUSED_UNTIL
from orchestrate.dagster.sensors import PARTITION
from tests.orchestrate.conftest import SECRETS, is_running, wait_for

if TYPE_CHECKING:
    from orchestrate.accounts import Accounts
    from orchestrate.run_account import Places
    from tests.orchestrate.conftest import FakeMeltano

NOW = datetime.now(UTC)
"""Runs of a test are created now."""

FAILURE, SUCCESS = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS


@dg.op(name=assets.READ)
def read() -> None:
    """Do nothing."""


@dg.job(name=assets.READ_JOB)
def reading() -> None:
    """Do nothing, in a step that is called as the one that reads."""
    read()


@dg.job(name=definitions.MODELS_JOB)
def building() -> None:
    """Do nothing."""


def add(
    instance: dg.DagsterInstance,
    account: str,
    status: dg.DagsterRunStatus,
    paused_until: datetime | None = None,
    job: dg.JobDefinition = reading,
) -> dg.DagsterRun:
    """Add a run of an account that has ended."""
    tags = {PARTITION: account}
    if paused_until:
        tags[PAUSED_UNTIL] = paused_until.isoformat()
    return instance.create_run_for_job(job, tags=tags, status=status)


def never(key: str) -> int:
    """Fail the test: nobody may make a plan."""
    raise AssertionError(key)


KNOWN = {"north", "south"}


def test_a_paused_account_starts_again_once_calls_are_left(instance: dg.DagsterInstance) -> None:
    run = add(instance, "north", FAILURE, NOW + timedelta(minutes=10))
    early, asked = sensors.resume(instance, {}, NOW, never, KNOWN)
    assert (early, asked) == ([], {})
    late = NOW + timedelta(minutes=11)
    (request,), asked = sensors.resume(instance, asked, late, {"north": 500}.__getitem__, KNOWN)
    assert (request.partition_key, request.run_key) == ("north", f"resume-{run.run_id}")
    assert asked == {}


def test_without_calls_left_the_plan_is_asked_for_again_after_an_hour(
    instance: dg.DagsterInstance,
) -> None:
    run = add(instance, "north", FAILURE, NOW)
    requests, asked = sensors.resume(instance, {}, NOW, lambda _key: 0, KNOWN)
    assert requests == []
    assert set(asked) == {run.run_id}
    soon = NOW + timedelta(minutes=59)
    assert sensors.resume(instance, asked, soon, never, KNOWN) == ([], asked)
    later = NOW + timedelta(minutes=61)
    (request,), _ = sensors.resume(instance, asked, later, lambda _key: 1, KNOWN)
    assert request.partition_key == "north"


def test_one_plan_at_a_time(instance: dg.DagsterInstance) -> None:
    for account in ("north", "south"):
        add(instance, account, FAILURE, NOW)
    plans: list[str] = []

    def calls_left(key: str) -> int:
        plans.append(key)
        return 0

    _, asked = sensors.resume(instance, {}, NOW, calls_left, KNOWN)
    assert plans == ["north"]
    sensors.resume(instance, asked, NOW, calls_left, KNOWN)
    assert plans == ["north", "south"]


@pytest.mark.parametrize("status", [SUCCESS, FAILURE, dg.DagsterRunStatus.STARTED])
def test_an_account_that_was_started_since_is_left_alone(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    add(instance, "north", FAILURE, NOW)
    add(instance, "north", status)
    assert sensors.resume(instance, {}, NOW, never, KNOWN) == ([], {})


def test_a_run_of_models_since_does_not_end_a_pause(instance: dg.DagsterInstance) -> None:
    run = add(instance, "north", FAILURE, NOW)
    add(instance, "north", SUCCESS, None, building)
    (request,), _ = sensors.resume(instance, {}, NOW, lambda _key: 1, KNOWN)
    assert request.run_key == f"resume-{run.run_id}"


def test_a_failed_run_and_one_of_a_removed_account_are_left_alone(
    instance: dg.DagsterInstance,
) -> None:
    add(instance, "north", FAILURE)
    add(instance, "removed", FAILURE, NOW)
    assert sensors.resume(instance, {}, NOW, never, KNOWN) == ([], {})


def test_the_plan_gets_the_state_and_the_account(
    meltano: FakeMeltano, accounts: Accounts, places: Places
) -> None:
    meltano.program.write_text(
        f"""#!/bin/sh
if [ "$3" = state ]; then
  echo "$5" > {meltano.folder}/state_id
  echo '{{"bookmarks": {{}}}}'
  exit
fi
test "$(cat "${{5#--state=}}")" = '{{"bookmarks": {{}}}}' || exit 1
test "$3 $4" = "invoke tap-acton:plan-json" || exit 1
test "$TAP_ACTON_PASSWORD" = {SECRETS["NORTH_PASSWORD"]} || exit 1
echo '{{"calls_left": 71}}'
"""
    )
    assert plan.calls_left(accounts.partitions["north"], accounts, places) == 71
    state_id = (meltano.folder / "state_id").read_text().strip()
    assert state_id == "production:tap-acton-to-target-duckdb:north"


@pytest.mark.parametrize("answer", ["exit 3", "echo '{'", "echo '{}'"])
def test_without_a_plan_no_calls_are_left(
    meltano: FakeMeltano, accounts: Accounts, places: Places, answer: str
) -> None:
    meltano.program.write_text(f"#!/bin/sh\n{answer}\n")
    assert plan.calls_left(accounts.partitions["north"], accounts, places) == 0


def test_nothing_is_left_of_a_plan_that_hangs(
    meltano: FakeMeltano,
    accounts: Accounts,
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    north = accounts.partitions["north"]
    settings = places.system(north) / "run" / "tap-acton" / "tap.config.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(SECRETS["NORTH_PASSWORD"])
    os.utime(settings, (0, 0))
    meltano.program.write_text(
        f"""#!/bin/sh
[ "$3" = state ] && exit
sleep 300 &
echo $! > {meltano.folder}/tap
wait
"""
    )
    # The state is there within it; only the plan uses it up.
    monkeypatch.setattr(plan, "SECONDS_TO_ANSWER", 3.0)
    assert plan.calls_left(north, accounts, places) == 0
    tap = int((meltano.folder / "tap").read_text())
    wait_for(lambda: not is_running(tap))
    assert not settings.exists()


def test_the_accounts_of_the_file_become_the_partitions(accounts: Accounts) -> None:
    sensor = sensors.accounts_sensor(accounts)
    with dg.instance_for_test() as instance:
        instance.add_dynamic_partitions("account", ["north", "old"])
        result = sensor(dg.build_sensor_context(instance))
        add_request, delete_request = result.dynamic_partitions_requests
        assert list(add_request.partition_keys) == ["south"]
        assert list(delete_request.partition_keys) == ["old"]


def _ended(instance: dg.DagsterInstance, account: str) -> dg.DagsterRun:
    result = reading.execute_in_process(instance=instance, tags={PARTITION: account})
    run = instance.get_run_by_id(result.run_id)
    assert run
    return run


def test_the_models_follow_the_reading(instance: dg.DagsterInstance, accounts: Accounts) -> None:
    run = _ended(instance, "north")
    request = sensors.after_reading(instance, run, accounts)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == ("north", f"models-{run.run_id}")


def test_the_models_follow_nothing_else(instance: dg.DagsterInstance, accounts: Accounts) -> None:
    @dg.job
    def other() -> None:
        pass

    result = other.execute_in_process(instance=instance, tags={PARTITION: "north"})
    run = instance.get_run_by_id(result.run_id)
    assert run
    assert isinstance(sensors.after_reading(instance, run, accounts), dg.SkipReason)


def test_the_models_of_a_sharded_account_wait_for_its_last_shard(
    instance: dg.DagsterInstance, accounts: Accounts
) -> None:
    north = accounts.partitions["north"]
    parts = {key: replace(north, key=key) for key in ("north.1-of-2", "north.2-of-2")}
    sharded = replace(accounts, partitions=parts)
    first = _ended(instance, "north.1-of-2")
    skipped = sensors.after_reading(instance, first, sharded)
    assert skipped == dg.SkipReason("north.2-of-2 has not been read yet.")
    second = _ended(instance, "north.2-of-2")
    request = sensors.after_reading(instance, second, sharded)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "north.2-of-2"
    # The first one's turn may also come once both have ended: that is the same run of the models.
    again = sensors.after_reading(instance, first, sharded)
    assert isinstance(again, dg.RunRequest)
    assert again.run_key == request.run_key
    assert again.tags[sensors.SCHEMA] == request.tags[sensors.SCHEMA] == "north"


def test_a_run_of_models_is_no_reading_of_a_shard(
    instance: dg.DagsterInstance, accounts: Accounts
) -> None:
    north = accounts.partitions["north"]
    parts = {key: replace(north, key=key) for key in ("north.1-of-2", "north.2-of-2")}
    sharded = replace(accounts, partitions=parts)
    add(instance, "north.2-of-2", FAILURE)
    add(instance, "north.2-of-2", SUCCESS, None, building)
    skipped = sensors.after_reading(instance, _ended(instance, "north.1-of-2"), sharded)
    assert skipped == dg.SkipReason("north.2-of-2 has not been read yet.")


def test_an_account_that_was_not_read_for_50_hours_is_stale(
    instance: dg.DagsterInstance, accounts: Accounts
) -> None:
    assert freshness.stale(instance, accounts, NOW) == ["north", "south"]
    add(instance, "north", SUCCESS)
    add(instance, "south", FAILURE)
    assert freshness.stale(instance, accounts, NOW + timedelta(hours=1)) == ["south"]
    assert freshness.stale(instance, accounts, NOW + timedelta(hours=51)) == ["north", "south"]


def test_neither_models_nor_chosen_streams_make_an_account_fresh(
    instance: dg.DagsterInstance, accounts: Accounts
) -> None:
    def of(*streams: str) -> dg.DagsterRun:
        return dg.DagsterRun(
            assets.READ_JOB,
            tags={PARTITION: "south"},
            status=SUCCESS,
            asset_selection=frozenset(map(assets.key_of, streams)),
        )

    add(instance, "north", SUCCESS, None, building)
    instance.add_run(of("messages"))
    assert freshness.stale(instance, accounts, NOW) == ["north", "south"]
    # Dagster's page chooses all of them where nobody has chosen any.
    instance.add_run(of(*(one.name for one in assets.STREAMS)))
    assert freshness.stale(instance, accounts, NOW) == ["north"]


def test_a_stale_account_fails_the_run_of_the_check(
    instance: dg.DagsterInstance, accounts: Accounts
) -> None:
    add(instance, "north", SUCCESS)
    check = freshness.fresh_check(accounts)
    job = dg.Definitions(
        asset_checks=[check],
        jobs=[dg.define_asset_job("fresh", selection=dg.AssetSelection.checks(check))],
    ).resolve_job_def("fresh")
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    (evaluation,) = result.get_asset_check_evaluations()
    assert evaluation.description == "Not read for 50 hours: south."


@pytest.fixture
def posted() -> Any:
    """A server that takes alarms: its address, and what has arrived."""
    bodies: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", bodies
        server.shutdown()


def test_a_failure_is_an_alarm_and_a_pause_is_none(
    instance: dg.DagsterInstance, posted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, bodies = posted
    monkeypatch.setenv("ACTON_ALARM_URL", url)

    @dg.op
    def failing() -> None:
        raise dg.Failure("north failed with exit code 1: the login was refused.")

    @dg.job
    def job() -> None:
        failing()

    def run(tags: dict[str, str]) -> None:
        result = job.execute_in_process(
            instance=instance, tags={PARTITION: "north", **tags}, raise_on_error=False
        )
        event = result.get_run_failure_event()
        there = instance.get_run_by_id(result.run_id)
        assert there
        sensors.alarm_sensor()(
            dg.build_run_status_sensor_context(
                sensor_name="alarm",
                dagster_instance=instance,
                dagster_run=there,
                dagster_event=event,
            ).for_run_failure()
        )

    run({PAUSED_UNTIL: NOW.isoformat()})
    assert bodies == []
    run({})
    (body,) = bodies
    assert body["text"].startswith("Act-On, north: run ")
    assert body["text"].endswith(" failed: north failed with exit code 1: the login was refused.")


@pytest.mark.parametrize("refused", [2, 3])
def test_an_alarm_is_tried_three_times(monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    answers: list[Any] = [*[urllib.error.URLError("refused")] * refused, nullcontext()]
    waits: list[float] = []
    arrives = refused < 3

    def urlopen(*_args: Any, **_options: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    monkeypatch.setattr("time.sleep", waits.append)
    with nullcontext() if arrives else pytest.raises(urllib.error.URLError):
        sensors.send("https://example.com/alarm", "Act-On, north: failed.")
    assert waits == list(sensors.SECONDS_BEFORE_TRIES)
    assert len(answers) == (0 if arrives else 1)
