"""The registrants of ON24's webinars, from lists of any spelling in the folders of the setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acton_sandbox import Account, Choices
from acton_sandbox.edits import with_column, without_column
from acton_sandbox.size import ListPlan
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected_webinars import COLUMNS, expected_registrants
from tests.contract.test_rows import same_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.harness import Bench

STREAM = "webinar_registrants"
FOLDERS = ("300112233", "300445566")


@pytest.fixture(scope="module")
def webinars() -> Account:
    """An account with webinars of two of ON24's clients, and of a third."""
    return Account.generate(
        seed=7,
        size="small",
        now=NOW,
        lists=(
            ListPlan("Customers", 20, folder_name="CRM", grows=True),
            ListPlan("First steps", 40, "webinar", "300112233", grows=True, date_format="zoned"),
            ListPlan("R&D / live", 60, "on24", "300112233", grows=True),
            ListPlan("Replay", 30, "on24", "300445566", date_format="iso"),
            ListPlan("Nobody came", 0, "on24", "300445566"),
            ListPlan("Cancelled", 0, "on24", "300445566", readable=False),
            ListPlan("Of another client", 10, "on24", "300998877"),
        ),
    )


@pytest.fixture
def bench(webinars: Account) -> Iterator[Bench]:
    """A sandbox with the webinars in it."""
    with bench_of(webinars) as bench:
        yield bench


@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("edition", ["2024", "2019"])
def test_exactly_the_registrants_of_the_account(
    webinars: Account, edition: str, place: str
) -> None:
    with bench_of(webinars, edition=edition, choices=Choices(contact_id_column=place)) as bench:
        found = bench.run(streams=[STREAM], on24_client_ids=FOLDERS)
    assert found.failure is None
    assert same_rows(found.records[STREAM], expected_registrants(webinars, FOLDERS))


def test_the_account_has_everything_that_can_be_wrong_with_a_cell(webinars: Account) -> None:
    rows = expected_registrants(webinars, FOLDERS)
    for column, kind in COLUMNS.values():
        values = [row[column] for row in rows]
        assert None in values or kind in {"text", "number"}, column
        assert len(set(values)) > 1, column
    kept = [header for row in rows for header in row["extra_fields"] or {}]
    for header in (
        "Registration ID",
        "Status",
        "Contact ID",
        "Registration Date / Time",
        "live duration",
        "Archive Duration:",
        "# of Poll responses",
    ):
        assert header in kept
    # A timestamp that names its zone is not kept as a text.
    assert "Attendance Date/Time" not in kept


def test_only_the_lists_in_the_folders_are_asked_for(webinars: Account, bench: Bench) -> None:
    found = bench.run(streams=[STREAM], on24_client_ids=[300445566])
    assert same_rows(found.records[STREAM], expected_registrants(webinars, {"300445566"}))
    ids = {item.id for item in webinars.lists if item.folder_name == "300445566"}
    assert set(found.paths) == {
        "/api/1/list",
        "/api/1/account",
        *(f"/api/1/list/{list_id}" for list_id in ids),
    }


def test_without_the_setting_nothing_is_asked(bench: Bench) -> None:
    found = bench.run(streams=[STREAM])
    assert found.failure is None
    assert found.paths.total() == 0
    assert found.lines("WARNING") == []
    assert len([line for line in found.lines("INFO") if "on24_client_ids" in line]) == 1


@pytest.mark.parametrize("folders", [[], ["300000001"]])
def test_what_is_said_of_the_setting_is_said_once_though_the_calls_are_foreseen(
    bench: Bench, folders: list[str]
) -> None:
    found = bench.run(streams=["lists", STREAM], on24_client_ids=folders)
    lines = [line for line in found.log.splitlines() if "on24_client_ids" in line]
    assert len(lines) == 1


def test_a_folder_that_no_list_is_in_is_told_once(bench: Bench) -> None:
    found = bench.run(streams=[STREAM], on24_client_ids=["300445566", "300000001", "300000002"])
    (line,) = [line for line in found.lines("WARNING") if "on24_client_ids" in line]
    assert "300000001, 300000002" in line
    assert "300445566" not in line
    assert found.failure is None
    assert found.records[STREAM]


def test_the_first_column_that_is_not_on24s_is_told(bench: Bench) -> None:
    found = bench.run(streams=[STREAM], on24_client_ids=FOLDERS)
    told = [line for line in found.lines("WARNING") if f"schema of {STREAM} " in line]
    assert len(told) == 1


def test_the_next_day_brings_only_what_changed(webinars: Account, bench: Bench) -> None:
    first = bench.run(streams=[STREAM], on24_client_ids=FOLDERS)
    bench.next_day()
    second = bench.run(
        first.state, streams=[STREAM], on24_client_ids=FOLDERS, lookback_window="P0D"
    )
    before = {row["contact_id"]: row for row in first.records[STREAM]}
    brought = {row["contact_id"]: row for row in second.records[STREAM]}
    today = {row["contact_id"]: row for row in expected_registrants(bench.sandbox.account, FOLDERS)}
    changed = {key for key, row in today.items() if before.get(key) != row}
    assert changed
    assert changed <= brought.keys()
    assert len(brought) < len(before) / 4
    assert all(row == today[key] for key, row in brought.items())
    read = [seen for seen in second.requests if seen.path.startswith("/api/1/list/l-")]
    with_rows = {item.id for item in webinars.lists if item.rows}
    assert all(
        "modafter" in seen.query for seen in read if seen.path.rpartition("/")[2] in with_rows
    )
    bookmarks = second.bookmarks[STREAM]["progress"][0]["lists"]
    assert bookmarks.keys() == with_rows & {seen.path.rpartition("/")[2] for seen in read}


def test_the_lists_are_remembered_while_no_folder_is_named(bench: Bench) -> None:
    first = bench.run(streams=[STREAM], on24_client_ids=FOLDERS)
    second = bench.run(first.state, streams=[STREAM])
    assert second.paths.total() == 0
    assert second.bookmarks[STREAM] == first.bookmarks[STREAM]


def test_columns_that_come_and_go_leave_the_others_alone(webinars: Account, bench: Bench) -> None:
    item = next(item for item in webinars.lists if item.name == "Replay")
    bench.sandbox.account = webinars.with_list(
        item.id, without_column("# of Poll responses"), with_column("Consent", 0)
    )
    found = bench.run(streams=[STREAM], on24_client_ids=["300445566"])
    expected = expected_registrants(bench.sandbox.account, {"300445566"})
    assert same_rows(found.records[STREAM], expected)
    assert {row["poll_responses"] for row in expected} == {None}
    assert all("Consent" in row["extra_fields"] for row in expected)


def test_of_two_addresses_the_one_that_act_on_names_is_the_address(
    webinars: Account, bench: Bench
) -> None:
    item = next(item for item in webinars.lists if item.name == "Replay")
    bench.sandbox.account = webinars.with_list(item.id, with_column("Email", 0))
    found = bench.run(streams=[STREAM], on24_client_ids=["300445566"]).records[STREAM]
    expected = expected_registrants(webinars, {"300445566"})
    assert [row["email"] for row in found] == [row["email"] for row in expected]
    for row in found:
        number = row["contact_id"].partition(":")[2]
        assert row["extra_fields"]["Email"] == f"Email {number}"
