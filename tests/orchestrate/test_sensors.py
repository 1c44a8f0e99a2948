"""What the sensors start, and what they leave: partitions, resumed runs, models, alarms."""

from __future__ import annotations

import json
import os
import re
import threading
import traceback
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.events import EngineEventData  # what a process writes that cannot begin
from dagster._utils.error import SerializableErrorInfo

from orchestrate import plan
from orchestrate.dagster import assets, definitions, freshness, sensors
from orchestrate.dagster.assets import PAUSED_UNTIL
from orchestrate.dagster.sensors import PARTITION
from tests.orchestrate.conftest import SECRETS, is_running, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    run_id = str(uuid4())
    tags = {PARTITION: account}
    if paused_until:
        tags[PAUSED_UNTIL] = f"{paused_until.isoformat()} {run_id}"
    return instance.create_run_for_job(job, run_id=run_id, tags=tags, status=status)


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


def test_every_paused_account_has_its_turn(instance: dg.DagsterInstance) -> None:
    accounts = [f"account-{number}" for number in range(70)]
    for account in accounts:
        add(instance, account, FAILURE, NOW)
    asked: list[str] = []

    def calls_left(key: str) -> int:
        asked.append(key)
        return 0

    ask_at: dict[str, str] = {}
    for tick in range(70):
        now = NOW + timedelta(seconds=80 * tick)
        _, ask_at = sensors.resume(instance, ask_at, now, calls_left, set(accounts))
    assert set(asked) == set(accounts)


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
test "$(cat "${{6#--state=}}")" = '{{"bookmarks": {{}}}}' || exit 1
test "$3 $4 $5" = "invoke --no-install tap-acton:plan-json" || exit 1
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
    monkeypatch.setattr(plan, "SECONDS_TO_ANSWER", 6.0)
    assert plan.calls_left(north, accounts, places) == 0
    tap = int((meltano.folder / "tap").read_text())
    wait_for(lambda: not is_running(tap))
    assert not settings.exists()


def test_the_accounts_of_the_file_become_the_partitions(accounts: Accounts) -> None:
    sensor = sensors.accounts_sensor(accounts)
    with dg.instance_for_test() as instance:
        instance.add_dynamic_partitions(assets.PARTITIONS.name, ["north", "old"])
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
    _, known = sensors.failures(instance, None, NOW)
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    (evaluation,) = result.get_asset_check_evaluations()
    assert evaluation.description == "Not read in the last 50 hours (1): south."
    (text,), _ = sensors.failures(instance, known, NOW)
    assert text.endswith("(fresh) failed: Not read in the last 50 hours (1): south.")


@dataclass
class Webhook:
    """A server that takes alarms.

    Attributes:
        status: What it answers.
        texts: The alarms that it has taken.
    """

    url: str = ""
    status: int = 200
    texts: list[str] = field(default_factory=list)


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    webhook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if webhook.status == 200:
                webhook.texts.append(body["text"])
            self.send_response(webhook.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        webhook.url = f"http://127.0.0.1:{server.server_port}/secret-part"
        monkeypatch.setenv("ACTON_ALARM_URL", webhook.url)
        yield webhook
        server.shutdown()


@dg.op
def failing() -> None:
    """Fail as a run of an account does."""
    raise dg.Failure("exit code 1: the login was refused.")


@dg.job
def failing_job() -> None:
    """Fail."""
    failing()


def fail(instance: dg.DagsterInstance, account: str, **tags: str) -> None:
    """Let a run of an account fail; ``{}`` in a tag is its id."""
    run_id = str(uuid4())
    failing_job.execute_in_process(
        instance=instance,
        run_id=run_id,
        tags={PARTITION: account, **{name: tag.format(run_id) for name, tag in tags.items()}},
        raise_on_error=False,
    )


def look(instance: dg.DagsterInstance, cursor: str | None) -> str | None:
    """Let the sensor look once."""
    context = dg.build_sensor_context(instance=instance, cursor=cursor, sensor_name="alarms")
    result = sensors.alarm_sensor()(context)
    assert isinstance(result, dg.SensorResult)
    return str(result.cursor)


def test_failures_are_one_alarm_each_and_a_pause_is_none(
    instance: dg.DagsterInstance, webhook: Webhook
) -> None:
    fail(instance, "east")
    cursor = look(instance, None)
    assert webhook.texts == [], "a failure of the past was reported"
    fail(instance, "north")
    fail(instance, "west", **{PAUSED_UNTIL: f"{NOW.isoformat()} {{}}"})
    # Executed again, with the tags of the first time.
    fail(instance, "south", **{PAUSED_UNTIL: f"{NOW.isoformat()} {uuid4()}"})
    cursor = look(instance, cursor)
    (text,) = webhook.texts
    assert re.sub("run [0-9a-f]{8} ", "", text).splitlines() == [
        "Act-On, north: (failing_job) failed: exit code 1: the login was refused.",
        "Act-On, south: (failing_job) failed: exit code 1: the login was refused.",
    ]
    look(instance, cursor)
    assert len(webhook.texts) == 1, "an alarm was repeated"


def test_a_failure_behind_a_deleted_one_is_an_alarm(tmp_path: Path, webhook: Webhook) -> None:
    # SQLite gives the ids of the events of a deleted run to the next one.
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        cursor = look(instance, None)
        for account in ("north", "south"):
            fail(instance, account)
            cursor = look(instance, cursor)
            (run,) = instance.get_runs()
            instance.delete_run(run.run_id)
        assert len(webhook.texts) == 2


def test_many_failures_come_in_parts(instance: dg.DagsterInstance, webhook: Webhook) -> None:
    cursor = look(instance, None)
    for number in range(25):
        instance.report_run_failed(add(instance, f"a{number}", dg.DagsterRunStatus.STARTED))
    for _ in range(3):
        cursor = look(instance, cursor)
    assert [len(text.splitlines()) for text in webhook.texts] == [20, 5]


def test_the_first_failure_of_a_new_dagster_is_an_alarm(
    instance: dg.DagsterInstance, webhook: Webhook
) -> None:
    cursor = look(instance, None)
    fail(instance, "north")
    look(instance, cursor)
    assert len(webhook.texts) == 1


def test_a_run_that_failed_outside_its_steps_is_an_alarm(
    instance: dg.DagsterInstance, webhook: Webhook
) -> None:
    cursor = look(instance, None)
    run = add(instance, "north", dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(run, "The pod of the run was gone.")
    cursor = look(instance, cursor)
    (text,) = webhook.texts
    assert text.endswith("The pod of the run was gone.")

    run = add(instance, "north", dg.DagsterRunStatus.STARTED)
    why = SerializableErrorInfo("accounts.yml: target is one of many.\n", [], None)
    instance.report_engine_event("It is ended.", run, EngineEventData(error=why))
    instance.report_run_failed(run, "This run was marked as failed from outside.")
    look(instance, cursor)
    assert webhook.texts[-1].endswith("accounts.yml: target is one of many.")


def test_an_alarm_waits_until_its_address_takes_it(
    instance: dg.DagsterInstance, webhook: Webhook
) -> None:
    cursor = look(instance, None)
    fail(instance, "north")
    webhook.status = 503
    for _ in range(3):
        with pytest.raises(sensors.NotSentError, match=r"ACTON_ALARM_URL .*HTTP 503") as raised:
            look(instance, cursor)
        assert "secret-part" not in "".join(traceback.format_exception(raised.value))
    webhook.status = 302
    with pytest.raises(sensors.NotSentError, match="HTTP 302"):
        look(instance, cursor)
    webhook.status = 200
    look(instance, cursor)
    assert len(webhook.texts) == 1


def test_an_alarm_is_short(instance: dg.DagsterInstance) -> None:
    run = add(instance, "north", FAILURE)
    text = sensors.alarm(run, ["x" * 200_000])
    assert len(text) < 700
    assert text.endswith("(see the run's log)")


@pytest.mark.parametrize(
    "url", ["hooks.example.com/secret-part", "http://[secret-part", "x:secret-part"]
)
def test_an_address_that_is_none_is_not_shown(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("ACTON_ALARM_URL", url)
    cursor = look(instance, None)
    fail(instance, "north")
    with pytest.raises(sensors.NotSentError) as raised:
        look(instance, cursor)
    assert "secret-part" not in "".join(traceback.format_exception(raised.value))
