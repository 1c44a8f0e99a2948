"""A column that a list or the contacts have gained is filled in rows that have not changed."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Fault
from acton_sandbox.audience_center import ContactField
from acton_sandbox.edits import with_column, without_column
from acton_sandbox.generation.audience_center import UNNAMED_COLUMN
from acton_sandbox.size import ListPlan
from tests.contract.conftest import NOW, bench_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acton_sandbox.entities import ContactList
    from tests.contract.harness import Bench, Output

FOLDER = "300112233"
HEADER = "Jane.Doe@example.com"
LIST_STREAMS: dict[str, dict[str, Any]] = {
    "list_members": {},
    "webinar_registrants": {"on24_client_ids": [FOLDER]},
    "list_webinar": {"list_streams": ["*Webinar*"]},
}


@pytest.fixture(scope="module")
def account() -> Account:
    """An account with a list of a webinar, and one that is wider than JSON."""
    lists = (
        ListPlan("Webinar", 25, "webinar", FOLDER),
        ListPlan("Customers", 15),
        ListPlan("Wide", 6, "wide"),
    )
    return Account.generate(seed=7, size="small", now=NOW, lists=lists)


@pytest.fixture
def bench(account: Account) -> Iterator[Bench]:
    """A sandbox with that account in it."""
    with bench_of(account) as bench:
        yield bench


def changed(item: ContactList) -> ContactList:
    """Give the list as it is listed after its headers have changed; its rows have not."""
    return replace(item, modified_at=item.modified_at + 1)


def first_row_changed(item: ContactList) -> ContactList:
    """Modify one row of a list, so that the list is requested as a file if it is wide."""
    latest = max(row.modified_at for row in item.rows) + 1
    return replace(item, rows=(replace(item.rows[0], modified_at=latest), *item.rows[1:]))


def webinar(account: Account) -> ContactList:
    return named(account, "Webinar")


def named(account: Account, name: str) -> ContactList:
    return next(item for item in account.lists if item.name == name)


def unfiltered(output: Output) -> list[str]:
    """Name the lists of which all rows were requested."""
    paths = [seen.path for seen in output.requests if "modafter" not in seen.query]
    return sorted({path.rpartition("/")[2] for path in paths if path.startswith("/api/1/list/")})


def without_digests(state: dict[str, Any]) -> dict[str, Any]:
    """Give a state as the tap wrote it before it kept digests."""
    older = deepcopy(state)
    for bookmark in older["bookmarks"].values():
        for progress in bookmark.get("progress", ()):
            progress.pop("columns", None)
    return older


@pytest.mark.parametrize("stream", LIST_STREAMS)
def test_a_list_is_read_whole_once_when_its_headers_change(
    account: Account, bench: Bench, stream: str
) -> None:
    settings: dict[str, Any] = {"streams": [stream], "lookback_window": "P0D", "page_size": 10}
    settings |= LIST_STREAMS[stream]
    if "list_streams" in settings:
        settings["discovered"] = bench.discover(list_streams=settings["list_streams"])
    list_id = webinar(account).id
    first = bench.run(**settings)
    bench.sandbox.account = account.with_list(list_id, with_column(HEADER), changed)
    second = bench.run(first.state, **settings)
    third = bench.run(second.state, **settings)
    without_status = without_column("Status")
    bench.sandbox.account = account.with_list(list_id, without_status, changed, changed)
    fourth = bench.run(without_digests(third.state), **settings)

    rows = [json.dumps(row) for row in second.records[stream]]
    assert len(rows) == len(set(rows)) == 25
    assert all(HEADER in row for row in rows)
    assert unfiltered(second) == [list_id]
    assert unfiltered(third) == unfiltered(fourth) == []
    assert HEADER not in json.dumps(second.state["bookmarks"][stream]["progress"])
    progress = fourth.state["bookmarks"][stream]["progress"][0]
    assert progress["columns"].keys() >= {list_id}


def test_a_list_wider_than_json_is_read_whole_once_a_file_shows_a_new_header(
    account: Account, bench: Bench
) -> None:
    settings: dict[str, Any] = {"streams": ["list_members"], "lookback_window": "P0D"}
    list_id = named(account, "Wide").id
    first = bench.run(**settings)
    edits = (with_column(HEADER), first_row_changed, changed)
    bench.sandbox.account = account.with_list(list_id, *edits)
    second = bench.run(first.state, **settings)
    third = bench.run(second.state, **settings)
    rows = {row["contact_id"]: json.dumps(row) for row in second.records["list_members"]}
    assert len(rows) == 6
    assert all(HEADER in row for row in rows.values())
    assert unfiltered(second) == [list_id]
    assert unfiltered(third) == []


def test_a_list_that_cannot_be_read_whole_is_requested_again(
    account: Account, bench: Bench
) -> None:
    settings: dict[str, Any] = {"streams": ["list_members"], "lookback_window": "P0D"}
    list_id = webinar(account).id
    first = bench.run(**settings)
    bench.sandbox.account = account.with_list(list_id, with_column(HEADER), changed)
    refusal = Fault("status", f"/api/1/list/{list_id}", times=None, after=1, status=403)
    bench.sandbox.faults.add(refusal)
    second = bench.run(first.state, **settings)
    bench.sandbox.faults.clear()
    third = bench.run(second.state, **settings)
    assert second.failure is not None
    assert unfiltered(second) == unfiltered(third) == [list_id]
    assert len(third.records["list_members"]) == 25


def test_all_contacts_are_read_once_when_the_account_has_a_new_field(bench: Bench) -> None:
    settings: dict[str, Any] = {"streams": ["contacts"], "lookback_window": "P0D"}
    account = bench.sandbox.account
    first = bench.run(**settings)
    field = ContactField(2299, UNNAMED_COLUMN, "Brand new", "NUMBER")
    bench.sandbox.account = account.with_contact_fields(*account.contact_fields, field)
    second = bench.run(first.state, **settings)
    third = bench.run(second.state, **settings)
    # The stream gets a column for the field by a later discovery alone.
    bench.sandbox.account = account
    fourth = bench.run(without_digests(third.state), **settings)
    fifth = bench.run(fourth.state, **settings)

    everybody = {row["id"] for row in first.records["contacts"]}
    assert {row["id"] for row in second.records["contacts"]} == everybody
    assert any(str(UNNAMED_COLUMN) in row["custom_fields"] for row in second.records["contacts"])
    assert [len(run.records["contacts"]) < len(everybody) for run in (third, fourth, fifth)] == [
        True
    ] * 3


def test_all_contacts_are_read_once_when_the_catalog_has_a_new_column(bench: Bench) -> None:
    settings: dict[str, Any] = {"streams": ["contacts"], "lookback_window": "P0D"}
    catalog = bench.discover()
    account = bench.sandbox.account
    field = ContactField(2299, UNNAMED_COLUMN, "Brand new", "NUMBER")
    bench.sandbox.account = account.with_contact_fields(*account.contact_fields, field)
    first = bench.run(discovered=catalog, **settings)
    second = bench.run(first.state, discovered=bench.discover(), **settings)
    assert len(second.records["contacts"]) == len(first.records["contacts"])
    assert any(row["brand_new"] is not None for row in second.records["contacts"])


@pytest.mark.parametrize(
    ("stream", "column"),
    [
        ("list_members", "fields"),
        ("webinar_registrants", "status"),
        ("list_webinar", "status"),
        ("contacts", "custom_fields"),
        ("contacts", "region"),
    ],
)
def test_all_rows_are_read_once_when_a_column_is_selected(
    bench: Bench, stream: str, column: str
) -> None:
    settings: dict[str, Any] = {"streams": [stream], "lookback_window": "P0D"}
    settings |= LIST_STREAMS.get(stream, {})
    settings["discovered"] = bench.discover(**LIST_STREAMS.get(stream, {}))
    first = bench.run(without=[(stream, column)], **settings)
    second = bench.run(first.state, **settings)
    third = bench.run(second.state, **settings)
    fourth = bench.run(third.state, without=[(stream, column)], **settings)
    assert not any(column in row for row in first.records[stream])
    assert any(row[column] is not None for row in second.records[stream])
    numbers = [len(run.records[stream]) for run in (first, second)]
    assert numbers[0] == numbers[1]
    assert all(len(run.records[stream]) < numbers[0] / 2 for run in (third, fourth))


def test_an_unchanged_list_is_read_whole_once_a_discovery_gives_it_a_column(
    account: Account, bench: Bench
) -> None:
    wanted: dict[str, Any] = {"list_streams": ["*Webinar*"], "lookback_window": "P0D"}
    settings = {"streams": ["lists", "list_webinar"], **wanted}
    older = bench.discover(**wanted)
    list_id = webinar(account).id
    bench.sandbox.account = account.with_list(list_id, with_column("Brand new"), changed)
    first = bench.run(discovered=older, **settings)
    second = bench.run(first.state, discovered=bench.discover(**wanted), **settings)
    assert all("Brand new" in row["extra_fields"] for row in first.records["list_webinar"])
    assert len(second.records["list_webinar"]) == 25
    assert all(row["brand_new"] for row in second.records["list_webinar"])
