"""Contacts far above the day's allowance, and the reports of each: over days, nothing twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from tap_acton.errors import AllowanceSpentError
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected_audience_center import report_records
from tests.contract.expected_contacts import contact_records
from tests.contract.expected_facts import expected_facts
from tests.contract.test_plan import plan
from tests.contract.test_rows import same_rows

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from acton_sandbox.audience_center import Contact
    from tests.contract.harness import Bench, Output

CONTACTS = "/ucl/v2/70123/contact/"
REPORTS = ("contact_history", "contact_scores", "contact_segments")
FACTS = ("contact_facts", "contact_activities", "contact_score_details")
MOST_RUNS = 40


@pytest.fixture(scope="module")
def many() -> Account:
    """An account with 600 contacts."""
    return Account.generate(seed=7, size="small", now=NOW, contacts=600, contact_changes_per_day=60)


def load(
    bench: Bench, store: Path, streams: Collection[str], *, lives: bool = False, **settings: Any
) -> list[Output]:
    """Run day after day until everything has been read; the account may go on meanwhile."""
    catalog = bench.discover(token_store=str(store))
    outputs: list[Output] = []
    while not outputs or outputs[-1].failure:
        assert len(outputs) < MOST_RUNS, "the load does not end"
        if lives and outputs:
            bench.next_day()
            bench.let_pass(60)
        else:
            bench.let_pass(24 * 3_600 + 60)
        state = outputs[-1].state if outputs and outputs[-1].of_type("STATE") else None
        outputs.append(
            bench.run(
                state, streams=streams, discovered=catalog, token_store=str(store), **settings
            )
        )
        failure = outputs[-1].failure
        assert failure is None or isinstance(failure, AllowanceSpentError), failure
    return outputs


def asked(outputs: Collection[Output], path: str) -> Counter[tuple[str, str]]:
    """Count the calls of paths that hold a text, each with its parameters."""
    return Counter(
        (seen.path, str(sorted(seen.query.items())))
        for output in outputs
        for seen in output.requests
        if path in seen.path
    )


def union_of(outputs: Collection[Output], stream: str, *key: str) -> dict[tuple[Any, ...], Any]:
    """Give what a warehouse holds of a stream."""
    return {
        tuple(row[column] for column in key): row
        for output in outputs
        for row in output.records[stream]
    }


def checkpoint_in(output: Output) -> dict[str, Any] | None:
    """Give the checkpoint of the contacts in the last state."""
    (progress,) = output.bookmarks["contacts"].get("progress", [{}])
    checkpoint: dict[str, Any] | None = progress.get("checkpoint")
    return checkpoint


def with_contacts(account: Account, contacts: list[Contact]) -> Account:
    """Give the same account with other contacts."""
    changed = replace(account)
    changed.__dict__["contacts"] = contacts
    return changed


class TestContacts:
    """One query that a day does not suffice for."""

    @pytest.mark.parametrize(
        ("shape", "width", "inclusive"),
        [("envelope", 1, False), ("array", 1, True), ("envelope", 4, True)],
    )
    def test_the_load_goes_on_behind_what_was_read(
        self, many: Account, tmp_path: Path, shape: str, width: int, *, inclusive: bool
    ) -> None:
        choices = Choices(undocumented_shape=shape, after_is_inclusive=inclusive)
        with bench_of(many, choices=choices) as bench:
            outputs = load(
                bench,
                tmp_path,
                ["contacts"],
                daily_request_limit=45,
                page_size=10,
                max_concurrency=width,
            )
        # Without totals, the look for a third page is a call that may be made once more.
        calls = {call: n for call, n in asked(outputs, CONTACTS).items() if "'2'" not in call[1]}
        assert len(outputs) > 2
        # A query of two pages at most that is being read is begun anew.
        assert sum(calls.values()) - len(calls) <= 2 * (len(outputs) - 1)
        found = union_of(outputs, "contacts", "id")
        assert same_rows(list(found.values()), contact_records(many))
        rows = sum(len(output.records["contacts"]) for output in outputs)
        assert rows <= 1.5 * len(many.contacts)
        assert checkpoint_in(outputs[0]) is not None
        assert checkpoint_in(outputs[-1]) is None

    def test_contacts_change_come_and_go_meanwhile(self, many: Account, tmp_path: Path) -> None:
        with bench_of(many) as bench:
            outputs = load(
                bench, tmp_path, ["contacts"], lives=True, daily_request_limit=60, page_size=10
            )
            now = bench.sandbox.account
        assert len(outputs) > 2
        found = union_of(outputs, "contacts", "id")
        there = {one.id for one in now.contacts}
        assert there < {contact_id for (contact_id,) in found}
        assert same_rows(
            [row for (contact_id,), row in found.items() if contact_id in there],
            contact_records(now),
        )

    def test_what_a_day_completed_is_behind_the_bookmark_without_the_checkpoint(
        self, many: Account, tmp_path: Path
    ) -> None:
        settings: dict[str, Any] = {
            "streams": ["contacts"],
            "token_store": str(tmp_path),
            "page_size": 10,
            "lookback_window": "PT1S",
            "custom_field_columns": False,
        }
        with bench_of(many) as bench:
            first = bench.run(daily_request_limit=60, max_concurrency=1, **settings)
            assert isinstance(first.failure, AllowanceSpentError)
            state = first.state
            bookmark = state["bookmarks"]["contacts"]["replication_key_value"]
            read = {row["id"] for row in first.records["contacts"]}
            # All that changed before the bookmark has been read.
            assert {row["id"] for row in contact_records(many) if row["updated_at"] < bookmark}
            assert read >= {
                row["id"] for row in contact_records(many) if row["updated_at"] < bookmark
            }
            del state["bookmarks"]["contacts"]["progress"][0]["checkpoint"]
            bench.let_pass(24 * 3_600 + 60)
            second = bench.run(state, **settings)
        assert second.failure is None
        before = {row["id"] for row in second.records["contacts"] if row["updated_at"] < bookmark}
        assert len(before) <= 2
        assert same_rows(
            list(union_of([first, second], "contacts", "id").values()),
            _plain(contact_records(many), second),
        )

    @pytest.mark.parametrize("filtered", ["ignored", "refused"])
    @pytest.mark.parametrize("shape", ["envelope", "array"])
    def test_a_filter_that_does_nothing_is_found_out(
        self, many: Account, filtered: str, shape: str
    ) -> None:
        choices = Choices(contact_filter=filtered, undocumented_shape=shape)
        with bench_of(many, choices=choices) as bench:
            found = bench.run(
                streams=["contacts"],
                discovered=bench.discover(),
                daily_request_limit=400,
                page_size=10,
            )
        pages = -(-len(many.contacts) // 10)
        assert found.failure is None
        assert same_rows(_once(found), contact_records(many))
        assert pages < found.paths[CONTACTS] <= pages + 6
        assert any("filters by the time of a change" in line for line in found.lines("WARNING"))

    def test_contacts_that_do_not_tell_when_they_changed_are_read_in_one_query(
        self, many: Account
    ) -> None:
        with bench_of(many) as bench:
            fault = Fault("missing_fields", CONTACTS, times=None, fields=("updatedDate",))
            bench.sandbox.faults.add(fault)
            found = bench.run(streams=["contacts"], daily_request_limit=400, page_size=10)
        assert found.failure is None
        assert len(_once(found)) == len(many.contacts)
        assert not any("updatedBefore" in seen.query for seen in found.requests)

    def test_a_second_in_which_half_of_them_changed_is_read_as_it_is(
        self, many: Account, tmp_path: Path
    ) -> None:
        at = many.contacts[0].updated_at
        account = with_contacts(
            many,
            [
                replace(one, updated_at=at) if number % 2 else one
                for number, one in enumerate(many.contacts)
            ],
        )
        with bench_of(account) as bench:
            outputs = load(bench, tmp_path, ["contacts"], daily_request_limit=200, page_size=5)
        found = union_of(outputs, "contacts", "id")
        assert same_rows(list(found.values()), contact_records(account))

    def test_few_contacts_take_a_call_a_page(self, many: Account) -> None:
        number = len(many.contacts)
        assert number % 100 == 0
        for shape in ("envelope", "array"):
            is_told = shape == "envelope"
            with bench_of(many, choices=Choices(undocumented_shape=shape)) as bench:
                found = bench.run(streams=["contacts"], page_size=100)
                # Behind a full page one more is requested; without a total, also the hundredth.
                more = 1 if is_told else 2
                assert found.paths[CONTACTS] == number // 100 + more
                found = bench.run(streams=["contacts"], page_size=10)
                assert found.paths[CONTACTS] == number // 10 + more

    def test_the_plan_foresees_the_calls_of_the_parts(self, many: Account) -> None:
        settings: dict[str, Any] = {
            "streams": ["contacts"],
            "daily_request_limit": 200,
            "page_size": 2,
        }
        with bench_of(many) as bench:
            found = plan(bench, **settings).streams
            (planned,) = [one for one in found if one.stream == "contacts"]
        with bench_of(many) as bench:
            settings["daily_request_limit"] = 2_000_000
            made = bench.run(**settings).paths[CONTACTS]
        assert planned.calls == pytest.approx(made, rel=0.4)


def _once(output: Output) -> list[Any]:
    return list(union_of([output], "contacts", "id").values())


def _plain(rows: list[Any], output: Output) -> list[Any]:
    """Leave out the columns that a run did not announce."""
    columns = output.records["contacts"][0].keys()
    return [{name: held for name, held in row.items() if name in columns} for row in rows]


class TestMovedRows:
    """Rows that move between the pages of a query while it is read."""

    @pytest.mark.parametrize("shape", ["envelope", "content"])
    def test_the_query_is_read_again(self, many: Account, shape: str) -> None:
        choices = Choices(undocumented_shape=shape)
        with bench_of(many, choices=choices) as bench:
            catalog = bench.discover()
            number = len(bench.sandbox.requests) + 6
            with bench.at_call(number, lambda: _delete_first(bench)):
                found = bench.run(
                    streams=["contacts"], discovered=catalog, page_size=100, max_concurrency=1
                )
            now = bench.sandbox.account
        assert found.failure is None
        ids = {row["id"] for row in found.records["contacts"]}
        assert {one.id for one in now.contacts} <= ids

    def test_rows_that_never_rest_leave_the_stream_incomplete(self, many: Account) -> None:
        with bench_of(many) as bench:
            catalog = bench.discover()
            append = bench.sandbox.requests.append

            def append_and_delete(request: Any) -> None:
                append(request)
                if request.path == CONTACTS:
                    _delete_first(bench)

            bench.sandbox.requests.append = append_and_delete  # type: ignore[method-assign]
            found = bench.run(
                streams=["contacts"], discovered=catalog, page_size=100, max_concurrency=1
            )
        assert found.failure is not None
        assert "changed while they were read" in found.log
        assert "replication_key_value" not in found.bookmarks["contacts"]


def _delete_first(bench: Bench) -> None:
    """Delete the first contact, so that all others move up."""
    account = bench.sandbox.account
    bench.sandbox.account = with_contacts(account, account.contacts[1:])


class TestReports:
    """A call per contact, over days."""

    @pytest.mark.parametrize("stream", REPORTS)
    def test_no_contact_is_asked_about_twice(
        self, account: Account, tmp_path: Path, stream: str
    ) -> None:
        with bench_of(account) as bench:
            outputs = load(
                bench, tmp_path, [stream], daily_request_limit=20, page_size=20, max_concurrency=1
            )
        assert len(outputs) > 2
        assert set(asked(outputs, "/contactReport/").values()) == {1}
        key = ("contact_id", "segment_id") if stream == "contact_segments" else ("id",)
        found = union_of(outputs, stream, *key)
        assert same_rows(list(found.values()), report_records(account)[stream])

    def test_a_long_list_of_contacts_is_read_in_slices_of_time(self, many: Account) -> None:
        with bench_of(many) as bench:
            found = bench.run(streams=["contact_scores"], page_size=5)
        assert found.failure is None
        listed = [seen for seen in found.requests if seen.path == CONTACTS]
        assert any("updatedBefore" in seen.query for seen in listed)
        reports = [seen.path for seen in found.requests if "/contactReport/" in seen.path]
        assert len(reports) == len(set(reports)) == len(many.contacts)
        assert same_rows(found.records["contact_scores"], report_records(many)["contact_scores"])

    def test_contacts_that_come_and_go_do_not_begin_it_anew(
        self, account: Account, tmp_path: Path
    ) -> None:
        with bench_of(account) as bench:
            outputs = load(
                bench,
                tmp_path,
                ["contact_scores"],
                lives=True,
                daily_request_limit=20,
                page_size=20,
                max_concurrency=1,
            )
            now = bench.sandbox.account
        calls = Counter(seen.path for one in outputs for seen in one.requests)
        report = {one: n for one, n in calls.items() if "/contactReport/" in one}
        # Asked about again is only what has changed since.
        again = sum(report.values()) - len(report)
        assert again <= 6 * len(outputs)
        found = {row["contact_id"] for row in union_of(outputs, "contact_scores", "id").values()}
        assert {one.id for one in now.contacts if not one.gone and one.scores} <= found


class TestFacts:
    """Three streams of one answer per contact, over days."""

    @pytest.mark.parametrize("some", [FACTS, FACTS[1:], FACTS[:1]], ids="+".join)
    def test_no_contact_is_asked_about_twice(
        self, account: Account, tmp_path: Path, some: tuple[str, ...]
    ) -> None:
        with bench_of(account) as bench:
            outputs = load(
                bench, tmp_path, some, daily_request_limit=40, page_size=20, max_concurrency=1
            )
        assert len(outputs) > 2
        assert set(asked(outputs, "/facts").values()) == {1}
        for stream in some:
            rows = [row for output in outputs for row in output.records[stream]]
            assert same_rows(rows, expected_facts(account)[stream]), stream
        assert not any("checkpoint" in str(kept) for kept in outputs[-1].bookmarks.values())

    def test_a_stream_that_is_selected_later_gets_all_of_its_rows(
        self, account: Account, bench: Bench, tmp_path: Path
    ) -> None:
        first = bench.run(
            streams=FACTS[:1], daily_request_limit=40, token_store=str(tmp_path), max_concurrency=1
        )
        assert first.failure is not None
        second = bench.run(first.state, streams=FACTS)
        assert second.failure is None
        for stream in FACTS:
            assert second.records[stream] == expected_facts(account)[stream]

    def test_lists_that_change_meanwhile_do_not_begin_it_anew(
        self, account: Account, tmp_path: Path
    ) -> None:
        with bench_of(account) as bench:
            outputs = load(
                bench,
                tmp_path,
                FACTS,
                lives=True,
                daily_request_limit=40,
                page_size=20,
                max_concurrency=1,
            )
        assert max(asked(outputs, "/facts").values()) == 1
        for stream in FACTS:
            assert all(output.records[stream] for output in outputs[:2])
