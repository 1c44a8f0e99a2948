"""Two nights of many accounts, read side by side; some have something the matter with them.

A few accounts in the suite; as many as TAP_ACTON_NIGHT_ACCOUNTS says, at the pace that Act-On
allows, in ``make soak``.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.contract.expected import by_key, expected_records
from tests.contract.harness import union
from tests.contract.in_process import bench_in_process
from tests.contract.night import FIRST_NIGHT, Nights
from tests.shared_servers import postgresql_database

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.harness import Output
    from tests.contract.night import Run
    from tests.servers import Postgres

ACCOUNTS = int(os.environ.get("TAP_ACTON_NIGHT_ACCOUNTS") or 0)
"""How many accounts to read; 0 outside ``make soak``."""


@pytest.fixture
def nights(postgres: Postgres, tmp_path: Path) -> Iterator[Nights]:
    """The accounts, with what is the matter with them."""
    with postgresql_database(postgres) as database:
        if ACCOUNTS:
            nights = Nights(ACCOUNTS, 20, database, tmp_path, calls_per_second=5)
        else:
            streams = ("messages", "message_reports", "lists", "list_members", "opt_outs")
            nights = Nights(8, 4, database, tmp_path, calls_per_second=40, streams=streams)
        with nights.sandbox:
            nights.prepare()
            yield nights


@pytest.mark.timeout(3600 if ACCOUNTS else 300)
def test_accounts_that_are_read_side_by_side_do_not_touch_each_other(nights: Nights) -> None:
    first = nights.night()
    sys.stderr.write(f"{first.report(nights.calls_per_second)}\n")
    for run in first.runs:
        assert_ended_as_expected(nights, run)
        assert run.logins == nights.cases[run.user].logins, run.user
        assert_complete(nights, run, [run.output])

    nights.next_day()
    works = [user for user, case in nights.cases.items() if case.exit_code == 0]
    # The suite has time for a healthy account, and one whose tokens were revoked.
    second = nights.night(nights.sandbox.users if ACCOUNTS else works[:2])
    sys.stderr.write(f"{second.report(nights.calls_per_second)}\n")
    before = {run.user: run for run in first.runs}
    for run in second.runs:
        if run.user in works:
            assert_ended_as_expected(nights, run)
            # The token of yesterday was renewed; nobody logged in.
            assert run.logins == (200,), run.user
            assert "no longer accepted" not in run.output.log
            assert_complete(nights, run, [before[run.user].output, run.output])
            assert len(run.output.requests) < len(before[run.user].output.requests)

    healthy = [user for user, case in nights.cases.items() if case.is_healthy]
    runs = {run.user: run for run in second.runs}
    for user in healthy[::10]:
        alone = calls_alone(nights, user)
        assert [before[user].output.paths, runs[user].output.paths] == alone, user


def assert_ended_as_expected(nights: Nights, run: Run) -> None:
    """Make sure that a run ended in its own way, and kept to the pace and the count of calls."""
    case = nights.cases[run.user]
    assert run.exit_code == case.exit_code, f"{run.user}: {run.output.log}"
    assert case.sentence in run.output.log, f"{run.user}: {run.output.log}"
    assert "Traceback" not in run.output.log
    assert not [call for call in run.output.requests if call.status == 429], run.user
    assert len(run.counted) == len(run.output.requests), run.user
    at_once = nights.calls_per_second
    for place, timestamp in enumerate(run.counted[at_once:]):
        assert timestamp - run.counted[place] >= 1000, run.user


def assert_complete(nights: Nights, run: Run, outputs: list[Output]) -> None:
    """Make sure that each row of the account has come, but for the streams that are broken."""
    case = nights.cases[run.user]
    if case.streams is None:
        return
    held = union(outputs)
    expected = expected_records(nights.sandbox.service(run.user).account)
    for stream in set(nights.streams or expected) - set(case.streams):
        rows = by_key(stream, expected[stream])
        if len(outputs) == 1:
            assert held[stream] == rows, f"{run.user}: {stream}"
        else:
            # What was deleted since then is still there.
            assert rows.items() <= held[stream].items(), f"{run.user}: {stream}"


def calls_alone(nights: Nights, user: str) -> list[Counter[str]]:
    """Read an account alone in two nights, and give the calls of each."""
    account = nights.sandbox.service(user).account.at(FIRST_NIGHT)
    calls: list[Counter[str]] = []
    state = None
    with bench_in_process(account) as bench:
        for _ in range(2):
            output = bench.run(state, streams=nights.streams)
            calls.append(output.paths)
            state = output.state
            bench.next_day()
    return calls
