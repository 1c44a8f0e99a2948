"""Every stream gives exactly the rows of the account, column by column."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from acton_sandbox import Account, Choices, Fault
from acton_sandbox.size import ListPlan
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import KEYS, by_key, expected_records
from tests.contract.harness import data_without_times

if TYPE_CHECKING:
    from tests.contract.expected import Record
    from tests.contract.harness import Bench, Output

OLD_VALUES = {"message_reports": ("delivered", 0), "image_details": ("version", None)}
"""Columns that the 2019 edition calls dead or does not have, and their only value there."""


def same_rows(found: list[Record], expected: list[Record]) -> bool:
    """Compare rows without regard to their order, with a readable difference."""
    missing = [row for row in expected if row not in found]
    unexpected = [row for row in found if row not in expected]
    assert missing[:3] == unexpected[:3]
    assert len(found) == len(expected)
    return True


@pytest.mark.parametrize("edition", ["2024", "2019"])
@pytest.mark.parametrize("stream", KEYS)
def test_exactly_the_rows_of_the_account(
    account: Account, complete_runs: dict[str, Output], stream: str, edition: str
) -> None:
    expected = expected_records(account, edition)[stream]
    assert expected, "the account has nothing to show"
    assert same_rows(complete_runs[edition].records[stream], expected)


@pytest.mark.parametrize("stream", KEYS)
def test_both_editions_give_the_same_records(complete_runs: dict[str, Output], stream: str) -> None:
    new, old = (complete_runs[edition].records[stream] for edition in ("2024", "2019"))
    if stream in OLD_VALUES:
        column, value = OLD_VALUES[stream]
        assert {row[column] for row in old} == {value}
        old = [{**row, column: None} for row in old]
        new = [{**row, column: None} for row in new]
    assert new == old


@pytest.mark.parametrize("stream", KEYS)
def test_no_key_comes_twice(complete_run: Output, stream: str) -> None:
    records = complete_run.records[stream]
    keys = Counter(tuple(record[column] for column in KEYS[stream]) for record in records)
    assert [key for key, times in keys.items() if times > 1] == []
    # What comes to a form may come from a source without a label.
    empty = {None} if stream == "form_reports" else {None, ""}
    assert all(empty.isdisjoint(key) for key in keys)


def test_events_are_told_apart_even_where_act_on_tells_no_difference(
    complete_run: Output,
) -> None:
    rows = complete_run.records["message_events"]
    alike = Counter(str({**row, "id": None}) for row in rows)
    assert max(alike.values()) > 1, "the account has no identical events"
    assert len({row["id"] for row in rows}) == len(rows)


def test_two_runs_write_the_same_bytes_whatever_the_concurrency(bench: Bench) -> None:
    runs = [bench.run(max_concurrency=width) for width in (1, 16, 16)]
    first, *others = map(data_without_times, runs)
    assert others == [first, first]


@pytest.mark.parametrize("page_size", [3, 8])
def test_small_pages_hold_the_same_rows(bench: Bench, complete_run: Output, page_size: int) -> None:
    streams = ["messages", "message_events", "lists", "list_members", "spam_complaints"]
    found = bench.run(streams=streams, page_size=page_size)
    for stream in streams:
        assert found.records[stream] == complete_run.records[stream], stream


@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize("pages", [1, 2])
def test_a_last_page_that_is_full_or_nearly_so(
    bench: Bench, complete_run: Output, pages: int, more: int
) -> None:
    """On lists without a total a full page has to be followed by one more question."""
    opt_outs = complete_run.records["opt_outs"]
    found = bench.run(streams=["opt_outs"], page_size=(len(opt_outs) + more) // pages)
    assert found.records["opt_outs"] == opt_outs


def test_pages_of_a_thousand_rows() -> None:
    few = Account.generate(seed=7, size="small", now=NOW)
    account = Account.generate(
        seed=7,
        size="small",
        now=NOW,
        imported_spam_complaints=2_000 - len(few.spam_complaints),
        imported_hard_bounces=1_001 - len(few.hard_bounces),
        lists=tuple(
            ListPlan(f"{rows} rows", rows, date_format=date_format)
            for rows, date_format in ((999, "epoch"), (1_000, "iso"), (1_001, "zoned"))
        ),
        kept_audience_exact=(0, 999, 1_000),
        people=1_100,
    )
    streams = ["hard_bounces", "spam_complaints", "lists", "list_members", "message_events"]
    with bench_of(account) as bench:
        found = bench.run(streams=streams)
    for stream in streams:
        assert same_rows(found.records[stream], expected_records(account)[stream]), stream
    # Without a total, one more page shows that nothing follows; and on lists of several pages one
    # more call finds out what their date filter takes.
    assert found.paths["/api/1/list/spamcomplaint"] == 3 + 1 + 1
    assert found.paths["/api/1/list/hardbounce"] == 2 + 1 + 1
    # One page more shows that a total is one, and another what is behind a full page.
    assert [found.paths[f"/api/1/list/{item.id}"] for item in account.lists[:3]] == [2, 2, 2]


@pytest.mark.parametrize("edition", ["2024", "2019"])
def test_lists_with_all_kinds_of_headers_and_dates(edition: str) -> None:
    account = Account.generate(
        seed=7,
        size="small",
        now=NOW,
        lists=tuple(
            ListPlan(f"{header_set}, {date_format}", 30, header_set, date_format=date_format)
            for header_set in ("plain", "german", "duplicates", "salesforce", "webinar")
            for date_format in ("epoch", "iso", "zoned", "display")
        ),
    )
    with bench_of(account, edition=edition) as bench:
        found = bench.run(streams=["lists", "list_members"]).records
    expected = expected_records(account, edition)
    assert same_rows(found["lists"], expected["lists"])
    assert same_rows(found["list_members"], expected["list_members"])


def test_a_list_wider_than_a_page_of_json_comes_whole() -> None:
    """A page of JSON holds 255 fields; the CSV form has no limit (2024 edition)."""
    account = Account.generate(
        seed=7, size="small", now=NOW, lists=(ListPlan("Wide", 12, "wide", grows=True),)
    )
    with bench_of(account) as bench:
        found = bench.run(streams=["list_members"]).records["list_members"]
    assert same_rows(found, expected_records(account)["list_members"])


@pytest.mark.parametrize("edition", ["2024", "2019"])
@pytest.mark.parametrize("has_ids", [True, False])
@pytest.mark.parametrize("bulk_format", ["auto", "json", "csv"])
def test_the_format_of_lists_makes_no_difference(
    account: Account, bulk_format: str, *, has_ids: bool, edition: str
) -> None:
    with bench_of(account, edition=edition, choices=Choices(ids_in_csv=has_ids)) as bench:
        found = bench.run(streams=["list_members"], bulk_format=bulk_format, page_size=10)
    assert found.failure is None
    assert same_rows(found.records["list_members"], expected_records(account)["list_members"])


@pytest.mark.parametrize("place", ["first", "last"])
def test_the_contact_id_is_found_wherever_it_stands(account: Account, place: str) -> None:
    with bench_of(account, choices=Choices(contact_id_column=place)) as bench:
        found = bench.run(streams=["list_members"]).records["list_members"]
    assert same_rows(found, expected_records(account)["list_members"])


def test_rows_without_a_contact_id_get_one_that_stays(account: Account) -> None:
    with bench_of(account, choices=Choices(contact_id_column="absent")) as bench:
        runs = [bench.run(streams=["list_members"]).records["list_members"] for _ in range(2)]
    ids = [(row["list_id"], row["contact_id"]) for row in runs[0]]
    assert len(set(ids)) == len(ids)
    assert runs[0] == runs[1]
    expected = [{**row, "contact_id": None} for row in expected_records(account)["list_members"]]
    assert same_rows([{**row, "contact_id": None} for row in runs[0]], expected)


def test_an_account_that_does_not_tell_of_itself_is_read_all_the_same(
    account: Account, complete_run: Output
) -> None:
    with bench_of(account, choices=Choices(account_endpoint=False)) as bench:
        found = bench.run(account_id=str(account.account_id))
    assert found.failure is None
    assert {
        **found.records,
        "account": complete_run.records["account"],
    } == complete_run.records
    assert any("account" in line and "switched off" in line for line in found.lines("WARNING"))


def test_other_assets_are_listed_by_their_types(account: Account, bench: Bench) -> None:
    types = ["contact_list", "header", "custom_events", "sent_message"]
    found = bench.run(streams=["lists", "list_members"], listing_types=types).records
    listed = (
        {("contact_list", item.id) for item in account.lists}
        | {
            (asset.listing_type, asset.id)
            for asset in account.assets
            if asset.listing_type in types
        }
        | {("sent_message", message.id) for message in account.messages if message.type == "SENT"}
    )
    assert by_key("lists", found["lists"]).keys() == listed
    assert same_rows(found["list_members"], expected_records(account)["list_members"])


@pytest.mark.parametrize("spelling", ["lower", "upper"])
def test_either_spelling_of_a_listing_type_is_understood(account: Account, spelling: str) -> None:
    with bench_of(account, choices=Choices(listing_type_case=spelling)) as bench:
        found = bench.run(streams=["lists"]).records["lists"]
    assert same_rows(found, expected_records(account)["lists"])


def test_fields_that_no_schema_names_are_kept(bench: Bench, complete_run: Output) -> None:
    name = "fieldOfNoDocument"
    bench.sandbox.faults.add(Fault("extra_fields", "*", times=None))
    found = bench.run()
    more = {name: {"nested": ["surprise", 1]}}
    # What a list or an object has more than others is one of its own columns.
    own: dict[str, Record] = {"list_members": {name: "surprise"}, "custom_object_records": more}
    for stream, records in complete_run.records.items():
        if stream in own:
            held = [{**row, "fields": {**row["fields"], **own[stream]}} for row in records]
        else:
            held = [{**row, "extra_fields": (row["extra_fields"] or {}) | more} for row in records]
        assert found.records[stream] == held, stream
    warned = {
        stream
        for stream in complete_run.records
        if any(f"schema of {stream} " in line and name in line for line in found.lines("WARNING"))
    }
    # A stream tells of the first such field only.
    assert warned == {
        stream
        for stream, records in complete_run.records.items()
        if stream not in own and not any(row["extra_fields"] for row in records)
    }


def test_numbers_as_text_and_text_as_numbers_make_no_difference(
    bench: Bench, complete_run: Output
) -> None:
    bench.sandbox.faults.add(Fault("wrong_type", times=None))
    found = bench.run()
    assert found.records == complete_run.records
