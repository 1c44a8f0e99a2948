"""All contacts, whatever the shape of the answers, and the columns of their custom fields."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from acton_sandbox.audience_center import ContactField
from acton_sandbox.generation.audience_center import UNNAMED_COLUMN
from tap_acton.errors import InterruptedRunError
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import timestamp
from tests.contract.expected_contacts import COLUMNS, contact_records
from tests.contract.test_rows import same_rows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.harness import Bench, Output

CONTACTS = "/ucl/v2/70123/contact/"
SCHEMA = "/ucl/v2/70123/schema/"
OLDER_CONTACTS = "/ucl/v2/segment/contacts/70123/list/l-unified-contacts"
BOOTH = 2240


def contacts_of(bench: Bench, **settings: Any) -> Output:
    """Discover, then read the contacts."""
    return bench.run(streams=["contacts"], discovered=bench.discover(), **settings)


def properties_of(output: Output) -> dict[str, Any]:
    """Give the columns that a run announced."""
    (schema,) = output.of_type("SCHEMA")
    properties: dict[str, Any] = schema["schema"]["properties"]
    return properties


@pytest.mark.parametrize("shape", ["envelope", "array", "data", "content", "source"])
@pytest.mark.parametrize(
    ("largest", "larger"),
    [(None, "cut"), (60, "refused"), (75, "cut"), (50, "cut")],
)
def test_exactly_the_contacts_in_every_shape_and_page_size(
    shape: str, largest: int | None, larger: str
) -> None:
    account = Account.generate(seed=7, size="small", now=NOW, contacts=100)
    choices = Choices(
        undocumented_shape=shape, largest_contact_page=largest, larger_contact_page=larger
    )
    with bench_of(account, choices=choices) as bench:
        found = contacts_of(bench)
    assert not found.failure
    assert same_rows(found.records["contacts"], contact_records(account))
    assert len(found.records["contacts"]) == len(account.contacts)


@pytest.mark.parametrize("shape", ["envelope", "array"])
def test_pages_are_as_large_as_act_on_gives_them(shape: str) -> None:
    account = Account.generate(seed=7, size="small", now=NOW, contacts=400)
    total = len(account.contacts)
    calls = {}
    for largest, larger in ((None, "cut"), (100, "cut"), (250, "refused")):
        choices = Choices(
            undocumented_shape=shape, largest_contact_page=largest, larger_contact_page=larger
        )
        with bench_of(account, choices=choices) as bench:
            calls[largest] = contacts_of(bench).paths[CONTACTS]
    # Without a total one call shows that there are no hundred pages, and one that no page follows.
    more = 2 if shape == "array" else 0
    # A total that is just the number of rows proves nothing either.
    assert calls[None] == 2
    assert calls[100] == -(-total // 100) + more
    # 1000 and 500 are refused.
    assert calls[250] == 2 + -(-total // 250) + more


def test_a_page_size_of_the_settings_is_not_exceeded(account: Account) -> None:
    with bench_of(account, choices=Choices(undocumented_shape="array")) as bench:
        found = contacts_of(bench, page_size=7)
    sizes = {int(seen.query["pageSize"]) for seen in found.requests if seen.path == CONTACTS}
    assert sizes == {7}
    assert same_rows(found.records["contacts"], contact_records(account))


@pytest.mark.parametrize(
    ("dates", "precision_ms"),
    [("iso", 1), ("milliseconds", 1), ("seconds", 1_000), ("display", 60_000)],
)
@pytest.mark.parametrize("keys", ["properties", "names"])
def test_every_spelling_of_dates_and_keys(
    account: Account, dates: str, precision_ms: int, keys: str
) -> None:
    rows = zip(contact_records(account), account.contacts, strict=True)
    expected = [
        {
            **row,
            "created_at": timestamp(contact.created_at, precision_ms),
            "updated_at": timestamp(contact.updated_at, precision_ms),
        }
        for row, contact in rows
    ]
    with bench_of(account, choices=Choices(contact_dates=dates, contact_keys=keys)) as bench:
        found = contacts_of(bench)
    assert same_rows(found.records["contacts"], expected)


def test_several_choices_come_as_one_text(account: Account) -> None:
    with bench_of(account, choices=Choices(multi_text_is_array=True)) as bench:
        found = contacts_of(bench)
    interests = {row["interests"] for row in found.records["contacts"]}
    assert '["Events", "Käse & Wein"]' in interests
    assert found.records["contacts"][0]["custom_fields"]


def test_only_what_changed_is_read_again(bench: Bench) -> None:
    first = contacts_of(bench)
    before = bench.sandbox.account.contacts
    bench.next_day()
    second = contacts_of(bench, state=first.state, lookback_window="PT1H")
    asked = [seen.query for seen in second.requests if seen.path == CONTACTS]
    bookmark = first.bookmarks["contacts"]["replication_key_value"]
    # The second page proves that the total is one.
    assert [set(query) for query in asked] == [{"page", "pageSize", "updatedAfter"}] * 2
    assert bookmark == max(row["updated_at"] for row in first.records["contacts"])
    changed = [one for one in bench.sandbox.account.contacts if one not in before]
    assert 0 < len(changed) <= len(second.records["contacts"]) < len(before)
    assert {one.id for one in changed} <= {row["id"] for row in second.records["contacts"]}
    # A contact that is deleted is not reported.
    merged = {row["id"]: row for row in first.records["contacts"] + second.records["contacts"]}
    there = {one.id for one in bench.sandbox.account.contacts}
    assert same_rows(
        [row for row in merged.values() if row["id"] in there],
        contact_records(bench.sandbox.account),
    )


def test_the_window_of_the_settings_is_kept(bench: Bench) -> None:
    found = contacts_of(bench, start_date="2026-03-09", end_date="2026-03-14")
    expected = [
        row
        for row in contact_records(bench.sandbox.account)
        if "2026-03-09" <= row["updated_at"] < "2026-03-15"
    ]
    assert expected
    assert same_rows(found.records["contacts"], expected)
    queries = [seen.query for seen in found.requests if seen.path == CONTACTS]
    # Epoch seconds, a second more on each side; the second page proves that the total is one.
    filters = [(query["updatedAfter"], query["updatedBefore"]) for query in queries]
    assert filters == [("1773014399", "1773532800")] * 2


class TestOlderGeneration:
    """Hosts that know the older paths only."""

    @pytest.mark.parametrize("page_size", [10, 1000])
    def test_contacts_are_read_from_the_list_of_all(self, account: Account, page_size: int) -> None:
        with bench_of(account, choices=Choices(audience_center="older")) as bench:
            found = bench.run(streams=["contacts"], page_size=page_size)
        rows = found.records["contacts"]
        assert not found.failure
        assert [row["id"] for row in rows] == [one.id for one in account.contacts]
        by_id = {row["id"]: row for row in contact_records(account)}
        for row in rows:
            for column in ("email", "first_name", "company", "acton_primary_score", "object_type"):
                assert row[column] == by_id[row["id"]][column]
            # To the minute, as it displays them.
            assert row["updated_at"][:16] == by_id[row["id"]]["updated_at"][:16]
        assert found.paths[CONTACTS] == 1
        # A total that is just the number of rows proves nothing.
        assert found.paths[OLDER_CONTACTS] == max(2, -(-len(rows) // page_size))

    def test_ids_that_do_not_fit_the_rows_are_not_guessed(self, account: Account) -> None:
        choices = Choices(audience_center="older")
        with bench_of(account, choices=choices) as bench:
            bench.sandbox.faults.add(
                Fault(
                    "garbage",
                    OLDER_CONTACTS,
                    times=None,
                    body='{"headers": ["Email"], "rowIds": {"l-unified-contacts:1": 1}, "data": []}',  # noqa: E501
                )
            )
            found = bench.run(streams=["contacts"], max_retries=1)
        assert found.failure
        assert "another number of ids than of contacts" in found.log
        assert not found.records["contacts"]


@pytest.mark.parametrize("choice", ["none", "unrouted"])
def test_an_account_without_audience_center_is_told_so_once(account: Account, choice: str) -> None:
    streams = ["contacts", "contact_fields", "segments", "segment_contacts", "import_definitions"]
    with bench_of(account, choices=Choices(audience_center=choice)) as bench:
        found = bench.run(streams=[*streams, "senders"], custom_field_columns=False)
    assert not found.failure
    assert found.records["senders"]
    assert sum("has no Audience Center" in line for line in found.lines("WARNING")) == 1
    assert sum("has no Audience Center" in line for line in found.lines("INFO")) >= len(streams) - 1
    assert not found.lines("ERROR")


def test_a_token_that_only_the_first_api_takes_is_no_wrong_password(account: Account) -> None:
    with bench_of(account) as bench:
        bench.sandbox.faults.add(Fault("status", path_pattern="/ucl/v2/*", times=None, status=401))
        found = bench.run(streams=["contacts", "senders"])
    assert not found.failure
    assert found.records["senders"]
    assert "has no Audience Center" in found.log


def test_an_account_whose_number_is_not_told_needs_the_setting(account: Account) -> None:
    with bench_of(account) as bench:
        bench.sandbox.faults.add(
            Fault("status", path_pattern="/api/1/account", times=None, status=404)
        )
        without = bench.run(streams=["contacts", "contact_fields", "senders"])
        with_it = bench.run(streams=["contacts"], account_id="70123")
    assert without.failure
    assert without.records["senders"]
    assert sum("set account_id" in line for line in without.lines("ERROR")) == 1
    assert not with_it.failure
    assert len(with_it.records["contacts"]) == len(account.contacts)


class TestCustomFields:
    """The columns of custom fields, which have to stay what they are in the warehouse."""

    def test_each_has_a_column_of_its_type(self, bench: Bench) -> None:
        properties = properties_of(contacts_of(bench))
        custom = {name: properties[name] for name in COLUMNS.values()}
        kinds = {name: (one["type"][0], one.get("format")) for name, one in custom.items()}
        assert kinds["visited_booth"] == ("boolean", None)
        assert kinds["renewal_date"] == ("string", "date")
        assert kinds["last_webinar"] == ("string", "date-time")
        assert kinds["größe_m2_maß"] == kinds["webinar_score"] == ("number", None)
        assert kinds["account_type"] == kinds["interests"] == ("string", None)
        assert all(one["description"] and one["title"] for one in custom.values())

    def test_they_take_a_call_at_discovery_and_one_for_the_number_of_the_account(
        self, bench: Bench
    ) -> None:
        # Also where the setting has the number, since it may be that of another account.
        for settings in ({}, {"account_id": "70123"}):
            bench.sandbox.requests.clear()
            bench.discover(**settings)
            asked = [seen.path for seen in bench.sandbox.requests]
            assert [path for path in asked if not path.startswith("/custom-objects/")] == [
                "/token",
                "/api/1/account",
                SCHEMA,
            ]

    def test_without_the_setting_nothing_is_asked(self, bench: Bench) -> None:
        catalog = bench.discover(custom_field_columns=False)
        assert not bench.sandbox.requests
        found = bench.run(streams=["contacts"], discovered=catalog)
        assert set(COLUMNS.values()).isdisjoint(found.records["contacts"][0])
        raw = {
            row["id"]: row["custom_fields"]["52"]
            for row in found.records["contacts"]
            if "52" in row["custom_fields"]
        }
        assert set(raw.values()) == {"", "true", "false", "1", "maybe"}

    @pytest.mark.parametrize("is_rediscovered", [False, True])
    def test_a_changed_label_keeps_its_column(self, bench: Bench, *, is_rediscovered: bool) -> None:
        catalog = bench.discover()
        first = bench.run(streams=["contacts"], discovered=catalog)
        _relabel(bench, BOOTH, "Was at the stand")
        if is_rediscovered:
            catalog = bench.discover()
            assert "was_at_the_stand" in _columns(catalog)
        second = bench.run(first.state, streams=["contacts"], discovered=catalog)
        assert not second.failure
        assert list(properties_of(second)) == list(properties_of(first))
        assert second.records["contacts"]
        assert {row["id"]: row for row in second.records["contacts"]}.items() <= {
            row["id"]: row for row in first.records["contacts"]
        }.items()

    def test_a_changed_label_keeps_its_column_without_a_catalog(self, bench: Bench) -> None:
        first = bench.run()
        _relabel(bench, BOOTH, "Was at the stand")
        second = bench.run(first.state)
        assert _announced(second) == _announced(first)

    def test_a_label_that_swaps_with_another_keeps_both_columns(self, bench: Bench) -> None:
        first = bench.run(streams=["contacts"], discovered=bench.discover())
        _relabel(bench, 2246, "Region")
        _relabel(bench, 2249, "Account Type")
        second = bench.run(first.state, streams=["contacts"], discovered=bench.discover())
        rows = {row["id"]: row for row in first.records["contacts"]}
        for row in second.records["contacts"]:
            assert row["account_type"] == rows[row["id"]]["account_type"]
            assert row["region"] == rows[row["id"]]["region"]

    def test_a_new_field_gets_a_column_beside_the_others(self, bench: Bench) -> None:
        first = bench.run(streams=["contacts"], discovered=bench.discover())
        # Older than all others, and with a label that one of them has.
        field = ContactField(2239, UNNAMED_COLUMN, "Visited booth", "NUMBER")
        account = bench.sandbox.account
        bench.sandbox.account = account.with_contact_fields(field, *account.contact_fields)
        kept = bench.run(first.state, streams=["contacts"], discovered=bench.discover())
        assert set(properties_of(kept)) - set(properties_of(first)) == {"visited_booth_2"}
        fresh = contact_records(bench.sandbox.account, {**COLUMNS, 2239: "visited_booth_2"})
        emitted = {row["id"] for row in kept.records["contacts"]}
        assert same_rows(kept.records["contacts"], [row for row in fresh if row["id"] in emitted])

    def test_a_new_field_is_at_hand_before_the_next_discovery(self, bench: Bench) -> None:
        catalog = bench.discover()
        account = bench.sandbox.account
        field = ContactField(2299, UNNAMED_COLUMN, "Brand new", "NUMBER")
        bench.sandbox.account = account.with_contact_fields(*account.contact_fields, field)
        found = bench.run(streams=["contacts"], discovered=catalog)
        assert not found.failure
        assert any(str(UNNAMED_COLUMN) in row["custom_fields"] for row in found.records["contacts"])

    def test_a_field_that_comes_back_finds_its_column(self, bench: Bench) -> None:
        whole = bench.sandbox.account
        first = bench.run(streams=["contacts"], discovered=bench.discover())
        bench.sandbox.account = whole.with_contact_fields(
            *[field for field in whole.contact_fields if field.field_id != 2249]
        )
        second = bench.run(first.state, streams=["contacts"], discovered=bench.discover())
        assert "region" not in properties_of(second)
        assert "region_2" in properties_of(second)
        bench.sandbox.account = whole
        third = bench.run(second.state, streams=["contacts"], discovered=bench.discover())
        assert list(properties_of(third)) == list(properties_of(first))

    def test_columns_can_be_deselected(self, bench: Bench) -> None:
        found = bench.run(
            streams=["contacts"],
            discovered=bench.discover(),
            without=[("contacts", "region"), ("contacts", "custom_fields")],
        )
        row = found.records["contacts"][0]
        assert {"region", "custom_fields"}.isdisjoint(row)
        assert "region_2" in row


class TestDiscoveryWithoutTheAccount:
    """Discovery never fails for want of the account; a run that has no catalog does."""

    @pytest.mark.parametrize(
        "fault",
        [
            Fault("status", status=503),
            Fault("status", status=429, headers={"Retry-After": "3600"}),
            Fault("reset"),
            Fault("html"),
        ],
    )
    @pytest.mark.parametrize("path", ["/token", "/api/1/account", SCHEMA])
    def test_a_failure_costs_a_warning_and_the_columns(
        self, bench: Bench, caplog: pytest.LogCaptureFixture, fault: Fault, path: str
    ) -> None:
        bench.sandbox.faults.add(replace(fault, path_pattern=path, times=None))
        catalog = bench.discover()
        assert len(catalog["streams"]) > len(COLUMNS)
        assert set(COLUMNS.values()).isdisjoint(_columns(catalog))
        assert len(bench.sandbox.requests) <= 6
        warnings = [one for one in caplog.records if one.levelname == "WARNING"]
        assert len(warnings) == 1
        assert "The catalog lacks what only" in warnings[0].getMessage()

    def test_the_run_that_follows_in_the_same_process_has_its_patience_back(
        self, bench: Bench
    ) -> None:
        bench.sandbox.faults.add(Fault("status", path_pattern="/token", status=503, times=1))
        bench.sandbox.faults.add(
            Fault("status", path_pattern="/api/1/account", status=503, times=1)
        )
        found = bench.run()
        assert not found.failure
        assert len(found.records["contacts"]) == len(bench.sandbox.account.contacts)

    @pytest.mark.parametrize("path", ["/token", "/api/1/account", SCHEMA])
    def test_a_run_without_a_catalog_gives_all_columns_or_none(
        self, bench: Bench, path: str
    ) -> None:
        bench.sandbox.faults.add(Fault("status", path_pattern=path, status=503, times=9))
        failed = bench.run()
        assert failed.failure
        assert failed.records.get("contacts", []) == []
        bench.sandbox.faults.clear()
        found = bench.run()
        assert not found.failure
        assert set(COLUMNS.values()) <= found.records["contacts"][0].keys()

    def test_a_signal_is_no_reason_for_a_catalog_without_columns(self, bench: Bench) -> None:
        bench.sandbox.faults.add(Fault("status", path_pattern="/api/1/account", status=503))
        with (
            bench.at_call(2, lambda: os.kill(os.getpid(), signal.SIGTERM)),
            pytest.raises(InterruptedRunError),
        ):
            bench.discover()

    @pytest.mark.parametrize("is_stored", [False, True])
    def test_a_run_without_a_catalog_logs_in_once(
        self, bench: Bench, tmp_path: Path, *, is_stored: bool
    ) -> None:
        found = bench.run(token_store=str(tmp_path) if is_stored else "memory")
        assert found.logins == 1

    def test_refused_credentials_are_not_tried_twice(self, bench: Bench) -> None:
        found = bench.run(password="wrong")
        assert found.failure
        assert found.logins == 1


def _relabel(bench: Bench, field_id: int, label: str) -> None:
    account = bench.sandbox.account
    fields = [
        replace(field, name=label) if field.field_id == field_id else field
        for field in account.contact_fields
    ]
    bench.sandbox.account = account.with_contact_fields(*fields)


def _columns(catalog: dict[str, Any]) -> list[str]:
    (entry,) = [one for one in catalog["streams"] if one["tap_stream_id"] == "contacts"]
    return list(entry["schema"]["properties"])


def _announced(output: Output) -> list[str]:
    (schema,) = [one for one in output.of_type("SCHEMA") if one["stream"] == "contacts"]
    return list(schema["schema"]["properties"])
