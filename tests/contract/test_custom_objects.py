"""Custom objects: whatever the shape of the answers, and where a reading was broken off."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Choices, Fault
from acton_sandbox.custom_objects import ObjectField
from tap_acton.streams.custom_objects.records import CustomObjectRecords
from tests.contract.conftest import bench_of
from tests.contract.expected import fingerprint
from tests.contract.expected_custom_objects import (
    COLUMNS,
    custom_object_records,
    without_columns,
)
from tests.contract.test_rows import same_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acton_sandbox import Account, SeenRequest
    from tests.contract.harness import Bench, Output

BASE = "/custom-objects/v1/70123"
RECORDS = "custom_object_records"
DATASETS = "custom_object_datasets"
SCHEMAS = "custom_object_schemas"
STREAMS = (SCHEMAS, DATASETS, RECORDS)
SPRING = json.dumps({"errorId": "1", "errorMessage": "no", "status": "400 BAD_REQUEST"})
STARTED_AT = "2026-03-20T12:00:00.000Z"
PLACE = ["co-9f32", "ds-04"]
ROWS = 68
"""The records of the account in datasets that are not gone."""


def read(bench: Bench, state: Mapping[str, Any] | None = None, **settings: Any) -> Output:
    """Discover, then read all three streams."""
    return bench.run(state, streams=STREAMS, discovered=bench.discover(), **settings)


def read_records(bench: Bench, state: Mapping[str, Any] | None = None, **settings: Any) -> Output:
    """Read the records alone, without columns of fields, one call after the other."""
    return bench.run(state, streams=[RECORDS], max_concurrency=1, **settings)


def queries(output: Output) -> list[SeenRequest]:
    """Give the calls for records."""
    return [seen for seen in output.requests if seen.path.startswith(f"{BASE}/query/")]


def bodies(output: Output) -> list[dict[str, Any]]:
    """Give what was sent with the calls for records."""
    return [json.loads(seen.body) for seen in queries(output)]


def checkpoint_of(state: Mapping[str, Any]) -> Any:
    """Return where the records resume; None where they begin anew."""
    kept = state["bookmarks"].get(RECORDS, {})
    return kept["progress"][0].get("checkpoint") if "progress" in kept else None


def expected_without_columns(account: Account) -> list[dict[str, Any]]:
    """Give the records without the columns that only discovery finds."""
    return without_columns(custom_object_records(account)[RECORDS])


def by_key(records: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Give records by their keys."""
    return {(row["dataset_id"], row["id"]): row for row in records}


@pytest.mark.parametrize("page_size", [1000, 7])
@pytest.mark.parametrize(
    ("shape", "place"),
    [
        ("envelope", "top"),
        ("data", "pagination"),
        ("content", "top"),
        ("array", "top"),
    ],
)
def test_exactly_the_rows_of_the_account(
    account: Account, shape: str, place: str, page_size: int
) -> None:
    choices = Choices(undocumented_shape=shape, next_page_is_told_at=place)
    with bench_of(account, choices=choices) as bench:
        found = read(bench, page_size=page_size)
    assert found.failure is None
    assert found.records == custom_object_records(account)
    assert len(found.records[RECORDS]) == ROWS
    # An array has no place for a token, nor for the word that none follows.
    by_number = "OFFSET" in {body["pagination"]["pageStrategy"] for body in bodies(found)}
    assert by_number == (shape == "array")


@pytest.mark.parametrize(
    ("values", "prefix", "is_text"),
    [
        ("typed", "", True),
        ("typed", "co.", False),
        ("uploaded", "", False),
        ("uploaded", "co.", True),
    ],
)
def test_every_spelling_of_names_and_values(
    account: Account, values: str, prefix: str, *, is_text: bool
) -> None:
    choices = Choices(record_values=values, record_key_prefix=prefix, query_answer_is_text=is_text)
    with bench_of(account, choices=choices) as bench:
        found = read(bench, page_size=7)
    assert found.failure is None
    assert same_rows(found.records[RECORDS], custom_object_records(account, values)[RECORDS])


@pytest.mark.parametrize("name", ["sys.id", "recordId", "_id"])
def test_the_id_of_a_record_is_found_by_its_usual_names(account: Account, name: str) -> None:
    with bench_of(account, choices=Choices(record_id_field=name)) as bench:
        found = read_records(bench)
    assert found.records[RECORDS] == expected_without_columns(account)


def test_records_without_an_id_get_one_that_stays(account: Account) -> None:
    ids: list[list[str]] = []
    for prefix in ("", "co."):
        choices = Choices(record_id_field="", record_key_prefix=prefix)
        with bench_of(account, choices=choices) as bench:
            found = read_records(bench).records[RECORDS]
        ids.append([row["id"] for row in found])
        expected = expected_without_columns(account)
        assert [{**row, "id": None} for row in found] == [{**row, "id": None} for row in expected]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == ROWS
    order, visit = (
        next(row for row in found if row["object_id"] == kind) for kind in ("co-9f31", "co-9f32")
    )
    assert order["id"] == fingerprint(order["fields"]["orderNumber"])
    assert visit["id"] == fingerprint(visit["fields"]["visitor"], visit["fields"]["seenAt"])
    assert found[0]["object_id"] == "co-9f30"
    assert found[0]["id"] == ids[0][0]


def test_an_id_of_a_whole_record_holds_all_of_it(account: Account) -> None:
    with bench_of(account, choices=Choices(record_id_field="")) as bench:
        record = read_records(bench).records[RECORDS][0]
    sent = {
        "sys.createdAt": record["created_at"].replace("Z", "+00:00"),
        "text": record["fields"]["text"],
        "updatedDate": record["updated_at"].replace("Z", "+00:00"),
    }
    assert record["id"] == fingerprint(*[part for item in sent.items() for part in item])


def test_a_query_joins_nothing_and_is_sorted_so_that_a_later_run_can_go_on(bench: Bench) -> None:
    sent = bodies(read_records(bench, page_size=20))
    assert {json.dumps(body["joinStrategy"]) for body in sent} == {
        json.dumps({"joinEnabled": False, "duplicates": "allow"})
    }
    assert all(body["selectFields"] == ["co.*"] for body in sent)
    assert all(body["datetimeFieldsTimezone"] == "UTC" for body in sent)
    fields = {
        tuple((one["field"], one["direction"]) for one in body["sortFields"]) for body in sent
    }
    created = ("co.sys.createdAt", "asc")
    assert fields == {
        (created,),
        (created, ("co.orderNumber", "asc")),
        (created, ("co.visitor", "asc"), ("co.seenAt", "asc")),
    }
    pages = [body["pagination"] for body in sent if "orderNumber" in str(body)]
    # The first dataset of the orders fits on one page, the next does not.
    first, second = pages[1:3]
    assert first == {"pageStrategy": "CURSOR", "size": 20}
    assert second.keys() == {"pageStrategy", "size", "nextPageToken"}


def test_no_more_than_ten_fields_are_sorted_by(account: Account) -> None:
    orders, *others = account.custom_objects
    names = [f"unique{number}" for number in range(12)]
    more = tuple(ObjectField(f"u-{name}", name, "STRING") for name in names)
    wide = replace(orders, fields=(*orders.fields, *more), unique_field_set=tuple(names))
    with bench_of(account.with_custom_objects(wide, *others)) as bench:
        found = read_records(bench)
    assert found.failure is None
    assert max(len(body["sortFields"]) for body in bodies(found)) == 10


@pytest.mark.parametrize(
    ("choices", "calls"),
    [
        ({}, 6),
        # Once without sorting: all but the dataset that is gone.
        ({"sorting_is_offered": False}, 6 + 5),
        ({"largest_record_page": 100}, 6 + 2 * 5),
        ({"largest_record_page": 100, "sorting_is_offered": False}, 6 + 3 * 5),
    ],
)
def test_a_query_that_is_refused_asks_for_less(
    account: Account, choices: dict[str, Any], calls: int
) -> None:
    with bench_of(account, choices=Choices(**choices)) as bench:
        found = read_records(bench)
    assert found.failure is None
    assert same_rows(found.records[RECORDS], expected_without_columns(account))
    assert len(queries(found)) == calls


def test_what_is_refused_in_every_way_is_asked_for_again(account: Account, bench: Bench) -> None:
    path = f"{BASE}/query/co-9f31/ds-02/joinWithOther"
    fault = Fault("status", path, times=None, status=400, body=SPRING)
    bench.sandbox.faults.add(fault)
    found = read_records(bench)
    assert found.failure is not None
    assert "dataset ds-02" in str(found.lines("WARNING"))
    assert checkpoint_of(found.state) is None
    bench.sandbox.faults.clear()
    again = read_records(bench, found.state)
    assert again.records[RECORDS] == expected_without_columns(account)


def test_a_dataset_that_the_user_may_not_read_leaves_the_others(
    account: Account, bench: Bench
) -> None:
    path = f"{BASE}/query/co-9f31/ds-01/joinWithOther"
    bench.sandbox.faults.add(Fault("status", path, times=None, status=403, body='{"no": "right"}'))
    found = read_records(bench)
    assert found.failure is not None
    assert found.records[RECORDS] == [
        row for row in expected_without_columns(account) if row["dataset_id"] != "ds-01"
    ]


def test_an_error_in_disguise_is_no_record(bench: Bench) -> None:
    path = f"{BASE}/query/co-9f31/ds-01/joinWithOther"
    bench.sandbox.faults.add(Fault("status", path, times=None, status=200, body=SPRING))
    found = read_records(bench)
    assert found.failure is not None
    assert "ds-01" not in {row["dataset_id"] for row in found.records[RECORDS]}


def test_datasets_that_do_not_name_their_object_are_asked_for_by_object(account: Account) -> None:
    with bench_of(account, choices=Choices(datasets_name_object=False)) as bench:
        found = read(bench)
    assert found.failure is None
    expected = custom_object_records(account)
    assert same_rows(found.records[DATASETS], expected[DATASETS])
    assert found.records[RECORDS] == expected[RECORDS]
    assert [found.paths[f"{BASE}/data/{kind.id}/all"] for kind in account.custom_objects] == [1] * 3


@pytest.mark.parametrize("body", [None, "{}"])
def test_datasets_are_asked_for_by_object_where_there_is_no_list_of_all(
    account: Account, bench: Bench, body: str | None
) -> None:
    bench.sandbox.faults.add(Fault("status", f"{BASE}/data/all", None, status=404, body=body))
    found = read(bench)
    assert found.failure is None
    assert same_rows(found.records[DATASETS], custom_object_records(account)[DATASETS])


def test_a_dataset_of_no_object_or_no_name_is_kept_but_cannot_be_read(bench: Bench) -> None:
    lost = [{"id": "ds-77", "name": "Lost"}, {"objectId": "co-9f31"}]
    body = json.dumps([*lost, {"name": "Web", "schemaId": "co-9f31"}])
    bench.sandbox.faults.add(Fault("status", f"{BASE}/data/all", None, status=200, body=body))
    found = read(bench)
    assert found.failure is None
    datasets = {row["id"]: row["object_id"] for row in found.records[DATASETS]}
    assert datasets["ds-77"] is None
    # By its name, which is what it is asked for by, it is not known here.
    assert datasets[fingerprint("dataset", "co-9f31", "Web")] == "co-9f31"
    assert found.paths[f"{BASE}/query/co-9f31/Web/joinWithOther"] == 1
    assert any(
        "The records of 2 datasets cannot be requested" in line for line in found.lines("WARNING")
    )
    assert len(found.records[RECORDS]) == ROWS


@pytest.mark.parametrize("choice", ["off", "missing", "unrouted"])
def test_an_account_without_custom_objects_is_told_so_once(account: Account, choice: str) -> None:
    with bench_of(account, choices=Choices(custom_objects=choice)) as bench:
        found = read(bench)
        alone = read_records(bench)
    for output in (found, alone):
        assert output.failure is None
        assert not output.records
        told = [line for line in output.lines("WARNING") if "no custom objects" in line]
        assert len(told) == 1
        assert output.paths[f"{BASE}/schema/all"] == 1
        assert not queries(output)


@pytest.mark.parametrize("choice", ["on", "off"])
def test_schemas_are_asked_for_once_where_a_run_discovers_by_itself(
    account: Account, choice: str
) -> None:
    with bench_of(account, choices=Choices(custom_objects=choice)) as bench:
        found = bench.run()
    assert found.paths[f"{BASE}/schema/all"] == 1
    expected = custom_object_records(account) if choice == "on" else {}
    assert {name: found.records[name] for name in STREAMS if name in found.records} == expected
    assert len([line for line in found.lines("WARNING") if "no custom objects" in line]) == (
        choice == "off"
    )


def test_an_account_that_names_no_object_has_none(account: Account) -> None:
    with bench_of(account.with_custom_objects()) as bench:
        bench.sandbox.faults.add(
            Fault("status", f"{BASE}/data/all", None, status=200, body='{"data": []}')
        )
        found = read(bench)
    assert found.failure is None
    assert not found.records


# Where a reading was broken off


def broken_off(bench: Bench, dataset: str, after: int, **settings: Any) -> Output:
    """Let the account's calls be used up in the middle of a dataset, after some pages of it."""
    path = f"{BASE}/query/*/{dataset}/*"
    # The account is called once before that.
    for pattern, good in ((path, after), ("/api/1/account", 1), ("/api/1/list", 0)):
        fault = Fault("status", pattern, None, good, status=429, headers={"Retry-After": "36000"})
        bench.sandbox.faults.add(fault)
    found = read_records(bench, page_size=7, **settings)
    bench.sandbox.faults.clear()
    assert found.failure is not None
    return found


@pytest.mark.parametrize(
    ("shape", "is_sorted", "after"),
    [
        ("envelope", True, 0),
        ("envelope", False, 1),
        ("data", True, 3),
        ("data", False, 3),
        ("array", True, 1),
        ("array", False, 3),
    ],
)
def test_a_reading_that_was_broken_off_goes_on_there(
    account: Account, after: int, shape: str, *, is_sorted: bool
) -> None:
    choices = Choices(undocumented_shape=shape, sorting_is_offered=is_sorted)
    with bench_of(account, choices=choices) as bench:
        # Where sorting is refused, the first page takes two calls.
        first = broken_off(bench, "ds-02", after + (after > 0 and not is_sorted))
        second = read_records(bench, first.state, page_size=7)
        whole = read_records(bench, page_size=7)
    assert second.failure is None
    rows = [*first.records[RECORDS], *second.records[RECORDS]]
    expected = by_key(expected_without_columns(account))
    assert by_key(rows) == expected
    assert same_rows(whole.records[RECORDS], list(expected.values()))
    # Nothing is read twice, but for a page whose successor could not be had.
    assert len(rows) <= ROWS + 7
    assert len(queries(second)) < len(queries(whole))
    assert checkpoint_of(first.state) is not None
    assert checkpoint_of(second.state) is None


def test_exactly_the_page_that_was_left_is_asked_for(account: Account, bench: Bench) -> None:
    first = broken_off(bench, "ds-02", 2)
    kept = checkpoint_of(first.state)
    second = read_records(bench, first.state, page_size=7)
    assert bodies(second)[0]["pagination"]["nextPageToken"] == kept["cursor"]["token"]
    assert kept["behind"] == ["co-9f31", "ds-02"]
    rows = [*first.records[RECORDS], *second.records[RECORDS]]
    assert len(rows) == ROWS
    assert by_key(rows) == by_key(expected_without_columns(account))


def test_a_dataset_that_is_through_is_not_read_again(account: Account, bench: Bench) -> None:
    first = broken_off(bench, "ds-01", 0)
    kept = checkpoint_of(first.state)
    assert (kept["behind"], kept.get("cursor")) == (["co-9f30", "ds-05"], None)
    second = read_records(bench, first.state, page_size=7)
    rows = [*first.records[RECORDS], *second.records[RECORDS]]
    assert rows == expected_without_columns(account)


def test_states_in_mid_run_tell_where_to_go_on(
    account: Account, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CustomObjectRecords, "STATE_MSG_FREQUENCY", 20)
    found = read_records(bench, page_size=7)
    states = [message["value"] for message in found.of_type("STATE")]
    kept = list(map(checkpoint_of, states))
    assert len([place for place in kept if place]) >= ROWS // 20
    in_mid_run = next(state for state, place in zip(states, kept, strict=True) if place)
    second = read_records(bench, in_mid_run, page_size=7)
    expected = expected_without_columns(account)
    # As if the first run had been killed right after that state: nothing behind it is missing.
    assert second.records[RECORDS] == expected[-len(second.records[RECORDS]) :]
    assert len(second.records[RECORDS]) >= ROWS - 20


@pytest.mark.parametrize("number", [5, 12])
def test_a_run_that_is_stopped_goes_on_there(account: Account, bench: Bench, number: int) -> None:
    before = len(bench.sandbox.requests)
    with bench.at_call(before + number, lambda: os.kill(os.getpid(), signal.SIGTERM)):
        first = read_records(bench, page_size=7)
    assert first.failure is not None
    second = read_records(bench, first.state, page_size=7)
    rows = [*first.records.get(RECORDS, []), *second.records[RECORDS]]
    assert by_key(rows) == by_key(expected_without_columns(account))
    assert (
        len(queries(first)) + len(queries(second))
        <= len(queries(read_records(bench, page_size=7))) + 3
    )


def test_a_token_that_has_expired_means_the_dataset_from_its_beginning(bench: Bench) -> None:
    first = broken_off(bench, "ds-02", 2)
    bench.next_day()
    account = bench.sandbox.account
    second = read_records(bench, first.state, page_size=7)
    assert second.failure is None
    expected = [
        row
        for row in expected_without_columns(account)
        if (row["object_id"], row["dataset_id"]) >= ("co-9f31", "ds-02")
    ]
    assert second.records[RECORDS] == expected
    assert "nextPageToken" in bodies(second)[0]["pagination"]
    assert "nextPageToken" not in bodies(second)[1]["pagination"]


def test_a_token_that_expires_in_mid_run_means_the_same(account: Account, bench: Bench) -> None:
    path = f"{BASE}/query/*/ds-02/*"
    bench.sandbox.faults.add(Fault("status", path, after=2, status=400, body=SPRING))
    found = read_records(bench, page_size=7)
    assert found.failure is None
    assert by_key(found.records[RECORDS]) == by_key(expected_without_columns(account))
    assert len(found.records[RECORDS]) == ROWS + 14


def test_a_token_that_is_refused_again_leaves_the_dataset_to_the_next_run(bench: Bench) -> None:
    path = f"{BASE}/query/*/ds-02/*"
    for after in (2, 4):
        bench.sandbox.faults.add(Fault("status", path, after=after, status=400, body=SPRING))
    found = read_records(bench, page_size=7)
    assert found.failure is not None
    assert checkpoint_of(found.state) is None


@pytest.mark.parametrize(("refused", "is_complete"), [((0, 3), True), ((1, 4), False)])
def test_a_dataset_is_begun_again_once_in_a_run(
    account: Account, bench: Bench, refused: tuple[int, int], *, is_complete: bool
) -> None:
    """Where the token of an earlier run was refused, this run has not begun it again yet."""
    state = broken_off(bench, "ds-02", 2).state
    for after in refused:
        fault = Fault("status", f"{BASE}/query/*/ds-02/*", after=after, status=400, body=SPRING)
        bench.sandbox.faults.add(fault)
    found = read_records(bench, state, page_size=7)
    assert (found.failure is None) == is_complete
    if is_complete:
        expected = expected_without_columns(account)
        assert by_key(found.records[RECORDS]) == by_key(
            [row for row in expected if row["dataset_id"] in {"ds-02", "ds-04"}]
        )


def test_a_dataset_that_failed_is_requested_again_and_none_behind_it(
    account: Account, bench: Bench
) -> None:
    path = f"{BASE}/query/*/ds-01/*"
    bench.sandbox.faults.add(Fault("status", path, times=None, status=400, body=SPRING))
    first = broken_off(bench, "ds-04", 0)
    assert checkpoint_of(first.state)["behind"] == ["co-9f31", "ds-02"]
    assert checkpoint_of(first.state)["left"] == [["co-9f31", "ds-01"]]
    second = read_records(bench, first.state, page_size=7)
    expected = expected_without_columns(account)
    assert second.records[RECORDS] == [
        row for row in expected if row["dataset_id"] in {"ds-01", "ds-04"}
    ]


def test_a_dataset_that_has_gone_meanwhile_is_passed_over(bench: Bench) -> None:
    state = broken_off(bench, "ds-02", 2).state
    checkpoint_of(state)["behind"] = ["co-9f31", "ds-03"]
    found = read_records(bench, state)
    assert found.failure is None
    assert {row["object_id"] for row in found.records[RECORDS]} == {"co-9f32"}


@pytest.mark.parametrize(
    "progress",
    [
        7,
        {},
        [{"checkpoint": {"started_at": STARTED_AT, "behind": [1, "x"]}}],
        [{"checkpoint": {"started_at": STARTED_AT, "behind": PLACE, "cursor": {"size": "many"}}}],
    ],
)
def test_a_state_that_cannot_be_read_means_everything(
    account: Account, bench: Bench, progress: Any
) -> None:
    state = {"bookmarks": {RECORDS: {"progress": progress}}}
    found = read_records(bench, state)
    assert found.records[RECORDS] == expected_without_columns(account)


def test_a_shard_has_its_part_of_the_datasets(account: Account, bench: Bench) -> None:
    parts = [read_records(bench, shard=f"{number}/2").records[RECORDS] for number in (1, 2)]
    assert all(parts)
    rows = [row for part in parts for row in part]
    assert same_rows(rows, expected_without_columns(account))


# Columns


def columns_of(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """Give the columns of the records in a catalog."""
    (entry,) = (one for one in catalog["streams"] if one["tap_stream_id"] == RECORDS)
    properties: dict[str, Any] = entry["schema"]["properties"]
    return properties


def test_each_field_is_a_column_of_its_type(bench: Bench) -> None:
    columns = columns_of(bench.discover())
    assert set(COLUMNS.values()) <= columns.keys()
    assert all(definition["description"] for definition in columns.values())
    types = {
        name: (columns[name]["type"][0], columns[name].get("format")) for name in COLUMNS.values()
    }
    assert types == {
        **dict.fromkeys(COLUMNS.values(), ("string", None)),
        "amount": ("number", None),
        "ordered_on": ("string", "date"),
        "shipped_at": ("string", "date-time"),
        "seen_at": ("string", "date-time"),
        "tags": ("array", None),
    }


def test_columns_can_be_done_without(account: Account, bench: Bench) -> None:
    catalog = bench.discover(custom_field_columns=False)
    assert columns_of(catalog).keys().isdisjoint(COLUMNS.values())
    found = bench.run(streams=[RECORDS], discovered=catalog)
    assert found.records[RECORDS] == expected_without_columns(account)


def test_labels_and_new_objects_leave_the_columns_as_they_are(account: Account) -> None:
    orders, visits, notes = account.custom_objects
    relabelled = replace(
        orders,
        fields=tuple(replace(field, display_name="New label") for field in reversed(orders.fields)),
    )
    # It comes first in every order, with fields that bear the names of others.
    new = replace(
        notes,
        id="co-0001",
        fields=(
            ObjectField("f-1", "amount", "DATE"),
            ObjectField("f-2", "amount 2", "STRING"),
            ObjectField("f-3", "id", "STRING"),
            ObjectField("f-4", "email", "STRING"),
        ),
    )
    changed = account.with_custom_objects(new, relabelled, visits, notes)
    with bench_of(account) as bench:
        before = bench.run(streams=[RECORDS], discovered=bench.discover())
        bench.sandbox.account = changed
        # The catalog is made without the state, as schedulers do; the run knows the names.
        found = bench.run(before.state, streams=[RECORDS], discovered=bench.discover())
    assert found.failure is None
    more = {"amount_3": None, "amount_2_2": None, "id_2": None}
    expected = [{**row, **more} for row in custom_object_records(account)[RECORDS]]
    assert same_rows(found.records[RECORDS], expected)


def test_a_field_that_is_gone_leaves_its_column_empty(account: Account) -> None:
    orders, *others = account.custom_objects
    fewer = replace(orders, fields=tuple(one for one in orders.fields if one.name != "amount"))
    with bench_of(account) as bench:
        catalog = bench.discover()
        bench.sandbox.account = account.with_custom_objects(fewer, *others)
        bench.sandbox.faults.add(
            Fault("missing_fields", f"{BASE}/query/*", None, fields=("amount",))
        )
        found = bench.run(streams=[RECORDS], discovered=catalog)
    assert found.failure is None
    assert {row["amount"] for row in found.records[RECORDS]} == {None}
    assert all("amount" not in row["fields"] for row in found.records[RECORDS])


def test_a_field_that_discovery_has_not_met_is_in_fields_all_the_same(
    account: Account, bench: Bench
) -> None:
    orders, *others = account.custom_objects
    fewer = replace(orders, fields=orders.fields[:1])
    bench.sandbox.account = account.with_custom_objects(fewer, *others)
    catalog = bench.discover()
    bench.sandbox.account = account
    found = bench.run(streams=[RECORDS], discovered=catalog)
    assert columns_of(catalog).keys().isdisjoint({"ordered_on", "cart"})
    fields = [row["fields"] for row in found.records[RECORDS]]
    assert fields == [row["fields"] for row in custom_object_records(account)[RECORDS]]


def test_discovery_without_custom_objects_is_quiet(account: Account) -> None:
    with bench_of(account, choices=Choices(custom_objects="off")) as bench:
        catalog = bench.discover()
    assert columns_of(catalog).keys().isdisjoint(COLUMNS.values())


def test_later_runs_bring_what_is_there_then(account: Account, bench: Bench) -> None:
    state = read(bench).state
    bench.next_day(3)
    found = read(bench, state)
    assert found.records == custom_object_records(bench.sandbox.account)
    assert found.records[RECORDS] != custom_object_records(account)[RECORDS]
