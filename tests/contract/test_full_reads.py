"""Full reads: what is gone from the account goes from the warehouse too, and nothing else does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Fault
from acton_sandbox.edits import deleted, without_rows
from acton_sandbox.size import ListPlan
from tap_acton.errors import AllowanceSpentError, StreamFailedError
from tap_acton.plan import Planner
from tap_acton.streams.base.stream import ActOnStream
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import KEYS, by_key, expected_records
from tests.contract.expected_webinars import expected_registrants
from tests.contract.harness import catalog, signals_kept
from tests.meltano_merge import merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from acton_sandbox.entities import ContactList
    from tests.contract.expected import Record
    from tests.contract.harness import Bench, Output

WEEKLY: dict[str, Any] = {"full_read_period": "P7D", "recheck_period": "P3650D"}
ON24 = "300445566"
A_DAY = 24 * 3_600
GONE = '{"errorCode": 10004, "message": "Invalid or missing list"}'
NOT_NOW = '{"errorCode": 19999, "message": "Not now"}'

VANISHING = {
    "list_members",
    "webinar_registrants",
    "contacts",
    "segment_contacts",
    "custom_object_records",
}
WITH_GONE_PARENTS = {"segment_contacts", "custom_object_records"}
"""Streams of which the account lists a parent that is gone."""


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A sandbox with lists of its own, one of them a webinar's."""
    account = Account.generate(
        seed=7,
        size="small",
        now=NOW,
        lists=(
            ListPlan("Customers", 60, folder_name="CRM", grows=True),
            ListPlan("Partners", 25, "german"),
            ListPlan("Webinar", 20, "on24", folder_name=ON24, date_format="iso"),
        ),
    )
    with bench_of(account) as bench:
        yield bench


class Days:
    """Runs, one behind the other, into a warehouse.

    Args:
        bench: The sandbox.
        usual: What all runs have in common.
    """

    def __init__(self, bench: Bench, **usual: Any) -> None:
        self.bench = bench
        self._keys: dict[str, list[str]] = {}
        self._tables: dict[str, dict[Any, tuple[Record, int]]] = {}
        self.outputs: list[Output] = []
        self.state: dict[str, Any] | None = None
        self._usual = {**WEEKLY, **usual}

    def run(self, *, days: int = 0, **settings: Any) -> Output:
        """Run once more, some days later, in which nothing happens."""
        self.bench.let_pass(days * A_DAY)
        output = self.bench.run(self.state, **{**self._usual, **settings})
        self.outputs.append(output)
        self.state = self.load(output.messages) or self.state
        return output

    def held(self, stream: str) -> dict[Any, Record]:
        """Give what the warehouse holds of a stream."""
        return {key: record for key, (record, _) in self._tables[stream].items()}

    def load(self, messages: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
        """Load messages as a target does that drops what has an older version, or none.

        Args:
            messages: The messages.

        Returns:
            The last state; None where there is none.
        """
        state = None
        for message in messages:
            match message:
                case {"type": "SCHEMA", "stream": stream}:
                    self._keys[stream] = message["key_properties"]
                    self._tables.setdefault(stream, {})
                case {"type": "RECORD", "stream": stream, "record": record}:
                    key = tuple(record[column] for column in self._keys[stream])
                    self._tables[stream][key] = record, message.get("version", 0)
                case {"type": "ACTIVATE_VERSION", "stream": stream, "version": number}:
                    rows = self._tables[stream].items()
                    self._tables[stream] = {key: row for key, row in rows if row[1] >= number}
                case {"type": "STATE", "value": value}:
                    state = value
        return state


def activations(output: Output) -> dict[str, int]:
    """Give the versions that a run has activated."""
    return {one["stream"]: one["version"] for one in output.of_type("ACTIVATE_VERSION")}


def versions(output: Output, stream: str) -> set[int | None]:
    """Give the versions of a stream's records."""
    return {
        message.get("version")
        for message in output.of_type("RECORD")
        if message["stream"] == stream
    }


def list_called(bench: Bench, name: str) -> ContactList:
    return next(item for item in bench.sandbox.account.lists if item.name == name)


def some_of(item: ContactList) -> list[str]:
    return [row.contact_id for row in item.rows[::3]]


def take_rows_out(bench: Bench, name: str) -> None:
    """Take a third of the rows out of a list, without a trace in the listing."""
    item = list_called(bench, name)
    bench.sandbox.account = bench.sandbox.account.with_list(item.id, without_rows(*some_of(item)))


def list_no_gone_parents(bench: Bench) -> None:
    """Take out of the listings what they list though it is gone."""
    account = bench.sandbox.account
    left = {
        "segments": [one for one in account.segments if not one.gone],
        "datasets": [one for one in account.datasets if not one.gone],
    }
    bench.sandbox.account = account.at(account.now)
    vars(bench.sandbox.account).update(left)


def members(bench: Bench) -> dict[Any, Record]:
    return by_key("list_members", expected_records(bench.sandbox.account)["list_members"])


def registrants(bench: Bench) -> dict[Any, Record]:
    records = expected_registrants(bench.sandbox.account, [ON24])
    return {(record["list_id"], record["contact_id"]): record for record in records}


# What is dropped


@pytest.mark.parametrize(
    ("stream", "name", "expected"),
    [("list_members", "Customers", members), ("webinar_registrants", "Webinar", registrants)],
)
def test_rows_that_are_gone_are_dropped_once_the_period_is_over(
    bench: Bench, stream: str, name: str, expected: Callable[[Bench], Mapping[Any, Record]]
) -> None:
    days = Days(bench, streams=[stream], on24_client_ids=[ON24])
    assert activations(days.run()) == {stream: int(NOW.timestamp())}
    assert days.held(stream) == expected(bench)
    take_rows_out(bench, name)
    for _ in range(6):
        assert activations(days.run(days=1)) == {}
    assert len(days.held(stream)) > len(expected(bench))
    last = days.run(days=1)
    assert activations(last) == {stream: int(NOW.timestamp()) + 7 * A_DAY}
    assert days.held(stream) == expected(bench)


def test_the_rows_of_a_list_that_is_gone_are_dropped(bench: Bench) -> None:
    days = Days(bench, streams=["list_members"])
    days.run()
    item = list_called(bench, "Customers")
    bench.sandbox.account = bench.sandbox.account.with_list(item.id, deleted)
    days.run(days=7)
    assert days.held("list_members") == members(bench)
    assert not any(list_id == item.id for list_id, _ in days.held("list_members"))


def test_rows_of_a_single_list_are_dropped_and_other_lists_rest(bench: Bench) -> None:
    found = bench.discover(list_streams=["Customers", "Partners"])
    streams = ["list_customers", "list_partners"]
    days = Days(bench, streams=streams, discovered=found)
    days.run()
    take_rows_out(bench, "Customers")
    assert activations(days.run(days=6)) == {}
    assert activations(days.run(days=1)).keys() == set(streams)
    rows = list_called(bench, "Customers").rows
    assert set(days.held("list_customers")) == {(row.contact_id,) for row in rows}
    assert len(days.held("list_partners")) == 25


@pytest.mark.parametrize("stream", ["contacts", *sorted(WITH_GONE_PARENTS)])
def test_what_an_endpoint_does_not_give_any_more_is_dropped(bench: Bench, stream: str) -> None:
    list_no_gone_parents(bench)
    days = Days(bench, streams=[stream])
    days.run()
    there = days.held(stream)
    made_up = {**next(iter(there.values())), **dict.fromkeys(KEYS[stream], "gone")}
    days.load([{"type": "RECORD", "stream": stream, "record": made_up, "version": 1}])
    assert days.held(stream).keys() != there.keys()
    assert activations(days.run(days=6)) == {}
    assert activations(days.run(days=1)).keys() == {stream}
    assert days.held(stream) == there


def test_all_else_stays_as_it_is(bench: Bench) -> None:
    days = Days(bench, on24_client_ids=[ON24])
    first = days.run()
    assert first.failure is None
    assert activations(first).keys() == VANISHING - WITH_GONE_PARENTS
    plain = bench.run(on24_client_ids=[ON24])
    assert plain.of_type("ACTIVATE_VERSION") == []
    for stream in plain.records:
        expected = {int(NOW.timestamp())} if stream in VANISHING else {None}
        assert versions(first, stream) == expected
        assert versions(plain, stream) == {None}
        assert [*days.held(stream).values()] == plain.records[stream]


def test_rows_between_two_full_reads_carry_the_version_of_the_first(bench: Bench) -> None:
    days = Days(bench, streams=["list_members"])
    days.run()
    bench.next_day()
    second = days.run()
    assert versions(second, "list_members") == {int(NOW.timestamp())}
    # Also where the setting is gone: a row without a version would never be dropped.
    bench.next_day()
    third = days.run(full_read_period=None)
    assert versions(third, "list_members") == {int(NOW.timestamp())}


def test_it_is_activated_behind_the_rows_and_before_the_state_that_knows_it(bench: Bench) -> None:
    messages = Days(bench, streams=["list_members"]).run().messages
    (at,) = [at for at, one in enumerate(messages) if one["type"] == "ACTIVATE_VERSION"]
    assert max(at for at, one in enumerate(messages) if one["type"] == "RECORD") < at
    for place, message in enumerate(messages):
        if message["type"] == "STATE":
            (kept,) = message["value"]["bookmarks"]["list_members"].get("progress", [{}])
            assert kept.get("full_refresh", {}).get("is_open", False) is (place < at)


def test_a_stream_map_that_renames_the_table_renames_its_version_too(bench: Bench) -> None:
    maps = {"list_members": {"__alias__": "rows"}, "contacts": None}
    output = Days(bench, streams=["list_members", "contacts"], stream_maps=maps).run()
    assert activations(output).keys() == {"rows"}
    assert versions(output, "rows") == {int(NOW.timestamp())}


# What is not


@pytest.mark.parametrize(("body", "failures"), [(GONE, 0), (NOT_NOW, 2)], ids=["gone", "refused"])
def test_nothing_is_dropped_while_a_list_cannot_be_read(
    bench: Bench, body: str, failures: int
) -> None:
    days = Days(bench, streams=["list_members"])
    days.run()
    take_rows_out(bench, "Customers")
    path = f"/api/1/list/{list_called(bench, 'Partners').id}"
    bench.sandbox.faults.add(Fault("status", path, times=2, status=400, body=body))
    before = days.held("list_members")
    for number in range(2):
        output = days.run(days=7 if number == 0 else 1)
        assert activations(output) == {}
        assert days.held("list_members").keys() == before.keys()
        assert any("lacks what could not be read" in line for line in output.lines("WARNING"))
    assert sum(output.failure is not None for output in days.outputs) == failures
    # It costs no second full read: only that list is asked for.
    last = days.run(days=1)
    assert [name for name in last.paths if name.startswith("/api/1/list/")] == [path]
    assert activations(last) == {"list_members": int(NOW.timestamp()) + 7 * A_DAY}
    assert days.held("list_members") == members(bench)


@pytest.mark.parametrize(
    "narrowed",
    [
        {"start_date": "2026-03-01"},
        {"end_date": "2026-03-10"},
        {"shard": "1/2"},
        {"list_names": ["Customers"]},
        {"list_ids": ["l-0001"]},
    ],
    ids=lambda narrowed: next(iter(narrowed)),
)
def test_nothing_is_dropped_where_settings_leave_rows_out(
    bench: Bench, narrowed: dict[str, Any]
) -> None:
    days = Days(bench, streams=["list_members"])
    days.run()
    before = days.held("list_members")
    output = days.run(days=7, **narrowed)
    assert activations(output) == {}
    (line,) = [line for line in output.lines("INFO") if "No full refresh" in line]
    assert next(iter(narrowed)) in line
    assert days.held("list_members").keys() == before.keys()
    # A full read that such a run has had a part in is never activated.
    state = days.state
    assert state is not None
    state["bookmarks"]["list_members"]["progress"][0]["full_refresh"]["is_open"] = True
    days.run(days=1, **narrowed)
    assert activations(days.run(days=1, full_read_period="P30D")) == {}


def test_an_empty_listing_is_no_proof_that_all_is_gone(bench: Bench) -> None:
    days = Days(bench, streams=["list_members"])
    days.run()
    before = days.held("list_members")
    bench.sandbox.faults.add(
        Fault("status", "/api/1/list", times=None, status=200, body='{"result": []}')
    )
    assert activations(days.run(days=7)) == {}
    assert days.held("list_members") == before


def test_a_folder_without_webinars_is_no_proof_that_they_are_gone(bench: Bench) -> None:
    days = Days(bench, streams=["webinar_registrants"], on24_client_ids=[ON24])
    days.run()
    before = days.held("webinar_registrants")
    assert activations(days.run(days=7, on24_client_ids=["300445567"])) == {}
    assert activations(days.run(days=1, on24_client_ids=[])) == {}
    assert days.held("webinar_registrants") == before
    assert activations(days.run(days=1)) != {}
    assert days.held("webinar_registrants") == before


def test_rows_that_move_while_they_are_read_are_read_again_and_not_dropped(bench: Bench) -> None:
    days = Days(bench, streams=["list_members"], page_size=10, max_concurrency=1)
    days.run(bulk_format="json")
    path = f"/api/1/list/{list_called(bench, 'Customers').id}"
    asked = len(bench.sandbox.requests)
    with bench.at_call(asked + 5, partial(take_rows_out, bench, "Customers")):
        output = days.run(days=7, bulk_format="json")
    assert output.paths[path] > 1
    # Fewer came than the listing had counted: that is looked into before anything is dropped.
    assert activations(output) == {}
    assert members(bench).items() <= days.held("list_members").items()
    assert activations(days.run(days=7)) != {}
    assert days.held("list_members") == members(bench)


# Breaking off and going on


@pytest.fixture
def _many_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tap write a state every few rows."""
    monkeypatch.setattr(ActOnStream, "STATE_MSG_FREQUENCY", 7)


def test_over_several_days_it_is_one_version(bench: Bench, tmp_path: Path) -> None:
    usual: dict[str, Any] = {"token_store": str(tmp_path), "page_size": 10, "bulk_format": "json"}
    streams = ["list_members", "contacts", "segment_contacts", "custom_object_records"]
    days = Days(bench, streams=streams, **usual)
    days.run()
    take_rows_out(bench, "Customers")
    list_no_gone_parents(bench)
    outputs = [days.run(days=8, daily_request_limit=30)]
    while outputs[-1].failure:
        assert isinstance(outputs[-1].failure, AllowanceSpentError)
        assert len(outputs) < 20
        outputs.append(days.run(days=1, daily_request_limit=30))
    assert len(outputs) > 2
    number = int(NOW.timestamp()) + 8 * A_DAY
    expected = expected_records(bench.sandbox.account)
    for stream in streams:
        assert [activations(one)[stream] for one in outputs if stream in activations(one)] == [
            number
        ]
        assert set().union(*(versions(one, stream) for one in outputs)) == {number}
        if stream not in WITH_GONE_PARENTS:
            assert by_key(stream, expected[stream]).keys() == days.held(stream).keys()


@pytest.mark.parametrize("limit", range(5, 12))
def test_a_dataset_that_is_read_over_two_days_lacks_nothing(
    bench: Bench, tmp_path: Path, limit: int
) -> None:
    days = Days(bench, streams=["custom_object_records"], token_store=str(tmp_path), page_size=10)
    list_no_gone_parents(bench)
    outputs = [days.run(daily_request_limit=limit, max_concurrency=1)]
    while outputs[-1].failure:
        assert isinstance(outputs[-1].failure, AllowanceSpentError)
        assert len(outputs) < 20
        outputs.append(days.run(days=1, daily_request_limit=limit, max_concurrency=1))
    assert [activations(one) for one in outputs if activations(one)] == [
        {"custom_object_records": int(NOW.timestamp())}
    ]
    expected = expected_records(bench.sandbox.account)["custom_object_records"]
    assert days.held("custom_object_records").keys() == (
        by_key("custom_object_records", expected).keys()
    )


def test_nothing_is_dropped_while_the_datasets_of_an_object_are_unknown(
    bench: Bench, tmp_path: Path
) -> None:
    days = Days(bench, streams=["custom_object_records"], token_store=str(tmp_path))
    list_no_gone_parents(bench)
    base = "/custom-objects/v1/70123/data"
    bench.sandbox.faults.add(Fault("status", f"{base}/all", None, status=404, body="{}"))
    days.run()
    before = days.held("custom_object_records")
    refusal = Fault("status", f"{base}/co-9f31/all", None, status=400, body='{"no": "right"}')
    bench.sandbox.faults.add(refusal)
    refused = days.run(days=8)
    assert isinstance(refused.failure, StreamFailedError)
    assert not activations(refused)
    assert days.held("custom_object_records").keys() == before.keys()


def test_a_list_that_an_earlier_day_has_skipped_keeps_rows(bench: Bench, tmp_path: Path) -> None:
    days = Days(bench, streams=["list_members"], token_store=str(tmp_path), max_concurrency=1)
    days.run()
    before = days.held("list_members")
    first = next(item for item in bench.sandbox.account.lists if item.readable)
    bench.sandbox.faults.add(
        Fault("status", f"/api/1/list/{first.id}", times=1, status=400, body=GONE)
    )
    # The account, the listing and the page that proves its total, and two lists.
    spent = days.run(days=8, daily_request_limit=5)
    assert isinstance(spent.failure, AllowanceSpentError)
    assert spent.bookmarks["list_members"]["progress"][0]["full_refresh"]["has_gap"]
    second = days.run(days=2)
    assert activations(second) == {}
    assert days.held("list_members").keys() == before.keys()
    assert activations(days.run(days=1)).keys() == {"list_members"}
    assert days.held("list_members") == members(bench)


@pytest.mark.usefixtures("_many_states")
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_run_that_is_killed_drops_nothing_that_is_there(bench: Bench, part: float) -> None:
    streams = ["list_members", "contacts", "segment_contacts"]
    days = Days(bench, streams=streams, page_size=10)
    days.run()
    take_rows_out(bench, "Customers")
    bench.let_pass(7 * A_DAY)
    killed = bench.run(days.state, streams=streams, page_size=10, **WEEKLY)
    lines = killed.messages[: int(len(killed.messages) * part)]
    days.state = days.load(lines) or days.state
    expected = expected_records(bench.sandbox.account)
    for stream in streams:
        assert by_key(stream, expected[stream]).keys() <= days.held(stream).keys()
    days.run(days=1)
    for stream in streams:
        assert days.held(stream).keys() == by_key(stream, expected[stream]).keys()


@pytest.mark.usefixtures("_many_states")
@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9])
def test_a_state_that_is_merged_with_the_one_before_hides_nothing(
    bench: Bench, part: float
) -> None:
    days = Days(bench, streams=["list_members"], page_size=10)
    before = days.run().state
    take_rows_out(bench, "Customers")
    bench.let_pass(7 * A_DAY)
    killed = bench.run(before, streams=["list_members"], page_size=10, **WEEKLY)
    states = [one["value"] for one in killed.of_type("STATE")]
    begun = states[int(len(states) * part)]
    days.load(killed.messages[: killed.messages.index({"type": "STATE", "value": begun})])
    days.state = merged(before, begun)
    days.run(days=1)
    assert days.held("list_members") == members(bench)


# What is told


def test_the_summary_and_the_log_tell_of_it(bench: Bench) -> None:
    days = Days(bench, streams=["list_members"])
    first, second = days.run(), days.run(days=1)
    told = [
        any("list_members: complete, full refresh," in line for line in output.log.splitlines())
        for output in (first, second)
    ]
    assert told == [True, False]


def test_the_plan_foresees_it(bench: Bench) -> None:
    settings: dict[str, Any] = {"page_size": 10, "bulk_format": "json", **WEEKLY}
    days = Days(bench, streams=["list_members"], **settings)
    days.run()
    for later in (1, 6):
        bench.let_pass(later * A_DAY)
        with signals_kept():
            plan = Planner(
                config=bench.config(**settings),
                state=days.state,
                catalog=catalog(["list_members"]),
            ).plan()
        (foreseen,) = [one for one in plan.streams if one.stream == "list_members"]
        assert ("full refresh" in foreseen.reason) is (later > 1)
        asked = sum(
            calls for path, calls in days.run().paths.items() if path.startswith("/api/1/list/")
        )
        assert foreseen.calls == asked
