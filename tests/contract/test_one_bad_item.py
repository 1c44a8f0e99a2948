"""One item that cannot be read, of every stream that reads item by item: all else is read."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from acton_sandbox import Fault
from tests.contract.disturbances import IN_FAMILY, UNANSWERED, Disturbances
from tests.contract.harness import union

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from tests.contract.harness import Bench, Output

ACCOUNT = "70123"

FAILURES = {
    "500 without a body": Fault("status", status=500, body=""),
    "403 without a body": Fault("status", status=403, body=""),
    "403 with a reason": Fault("status", status=403, body='{"message": "No right"}'),
    "403 of a proxy": Fault("status", status=403, body="<html>Denied</html>"),
    "401": Fault("unauthorized"),
    "429": Fault("status", status=429),
    "half of the JSON": Fault("garbage", body='{"result": [{"id": "1", "na'),
    "reset": Fault("reset"),
}


class Silence(Disturbances):
    """Some paths never answer."""

    def __init__(self, paths: Collection[str]) -> None:
        super().__init__()
        self._paths = paths

    def choose(self, path: str, kinds: Collection[str]) -> str | None:
        """Let the time for an answer run out."""
        return "read timeout" if path in self._paths and kinds is UNANSWERED else None


def families_of(paths: Iterable[str]) -> list[list[str]]:
    """Group the paths of items by what they are paths to, where there are several."""
    families: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        template = IN_FAMILY.sub("*", path.replace(ACCOUNT, "account"))
        if template != path and path not in families[template]:
            families[template].append(path)
    return [found for found in families.values() if len(found) > 1]


@pytest.mark.parametrize("failure", [*FAILURES, "silence"])
def test_it_is_refused_and_all_others_are_read(
    bench: Bench, complete_run: Output, failure: str
) -> None:
    # Of a family of two, the other one is enough to show that it is offered.
    bad = {found[len(found) // 2] for found in families_of(complete_run.paths)}
    with failing(bench, bad, failure):
        broken = bench.run()
    assert broken.failure is not None
    assert broken.failure.exit_code == 1
    ids = {part for path in bad for part in path.split("/")} - {ACCOUNT}
    held, expected = union([broken]), union([complete_run])
    for stream, rows in expected.items():
        for key, row in rows.items():
            assert held[stream].get(key) == row or ids & {*map(str, row.values())}, stream

    repaired = bench.run(broken.state)
    assert repaired.failure is None
    assert union([broken, repaired]) == expected


@pytest.mark.parametrize("failure", ["403 without a body", "403 with a reason", "401"])
def test_what_the_user_may_read_of_no_item_is_switched_off(
    bench: Bench, complete_run: Output, failure: str
) -> None:
    families = families_of(complete_run.paths)
    begun = bench.sandbox.clock.now()
    with failing(bench, {path for paths in families for path in paths}, failure):
        found = bench.run()
    assert found.failure is None
    assert found.logins == 1
    # Seconds for each, though the clock adds up what threads wait at the same time.
    assert bench.sandbox.clock.now() - begun < 10 * len(families)
    held, expected = union([found]), union([complete_run])
    left = {stream for stream in expected if expected[stream] and not held[stream]}
    assert len(left) >= len(families) // 2
    assert all(held[stream] == expected[stream] for stream in expected.keys() - left)
    off = [line for line in found.lines("WARNING") if "switched off" in line]
    # The streams of one and the same report share their warning.
    assert len(left) - 1 <= len(off) <= len(left)

    repaired = bench.run(found.state)
    assert repaired.failure is None
    assert union([found, repaired]) == expected


@pytest.mark.parametrize("times", [1, None])
def test_a_kind_of_events_that_the_user_may_not_read_is_left_out_only_if_it_is_of_all_messages(
    bench: Bench, complete_run: Output, times: int | None
) -> None:
    pattern = "/api/1/message/*/report/OPENED"
    fault = replace(FAILURES["403 with a reason"], path_pattern=pattern, times=times)
    bench.sandbox.faults.add(fault)
    found = bench.run(streams=["message_events"])
    rows = complete_run.records["message_events"]
    held = found.records["message_events"]
    assert [row for row in held if row["event_type"] != "OPENED"] == [
        row for row in rows if row["event_type"] != "OPENED"
    ]
    assert len([row for row in found.lines("WARNING") if "OPENED" in row]) == 1
    if times is None:
        assert found.failure is None
        return
    assert found.failure is not None
    assert any(row["event_type"] == "OPENED" for row in held)
    bench.sandbox.faults.clear()
    repaired = bench.run(found.state, streams=["message_events"])
    assert repaired.failure is None
    union_of_both = union([found, repaired])["message_events"]
    assert union_of_both == union([complete_run])["message_events"]


@contextmanager
def failing(bench: Bench, paths: Collection[str], failure: str) -> Iterator[None]:
    """Let paths fail, always."""
    if failure == "silence":
        with Silence(paths).of(bench.sandbox):
            yield
        return
    for path in paths:
        bench.sandbox.faults.add(replace(FAILURES[failure], path_pattern=path, times=None))
    yield
    bench.sandbox.faults.clear()
