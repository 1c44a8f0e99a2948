"""A stream per list: its columns, their names that stay, and what a later run brings."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from acton_sandbox.edits import renamed, with_column, without_column
from acton_sandbox.size import ListPlan
from tap_acton.records.ids import header_identity
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import PRECISION_MS, timestamp
from tests.contract.test_rows import same_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acton_sandbox.entities import ContactList
    from tests.contract.expected import Record
    from tests.contract.harness import Bench, Output

SHARED = ("list_id", "contact_id", "created_at", "modified_at")
COLUMNS = {
    "list_customers": (
        *("first_name", "last_name", "e_mail_address", "company", "score", "opted_how"),
        *("last_visit", "tz"),
    ),
    "list_kunden_größe_maß": (
        *("e_mail", "vorname", "name", "straße_nr", "größe_m2", "intern", "punkte"),
    ),
    "list_twice_or_thrice": (
        *("phone", "phone_2", "e_mail", "phone_3", "name_with_spaces", "phone_3_2", "unnamed"),
        "日付",
    ),
    "list_webinar_r_d_live": (
        *("last_name", "email_address", "work_phone_number", "street_address_1", "postal_code"),
        *("company_size", "job_function", "status", "registration_date_time"),
        *("attendance_date_time", "live_duration", "engagement_score", "of_poll_responses"),
        "number_of_resources_viewed",
    ),
    "list_wide": ("email", *(f"answer_{number}" for number in range(1, 300))),
    "list_members_2": (
        *("first_name", "last_name", "e_mail_address", "company", "score", "opted_how"),
        *("last_visit", "tz"),
    ),
}
"""The streams of the account's lists, and the columns that are the lists' own."""

CUSTOMERS = "l-0a41"
RESTING: dict[str, Any] = {"recheck_period": "P3650D"}


@pytest.fixture(scope="module")
def account() -> Account:
    """An account with lists of all kinds, one of which would take a name that is taken."""
    return Account.generate(
        seed=7,
        size="small",
        now=NOW,
        lists=(
            ListPlan("Customers", 60, folder_name="CRM", grows=True),
            ListPlan("Kunden / Größe & Maß", 45, "german", date_format="zoned"),
            ListPlan("Twice, or thrice", 30, "duplicates", date_format="iso"),
            ListPlan("Webinar: R&D / live", 20, "webinar", date_format="display"),
            ListPlan("Wide", 12, "wide", grows=True),
            ListPlan("Members", 3),
            ListPlan("Only a folder", 0, readable=False),
        ),
    )


@pytest.fixture
def bench(account: Account) -> Iterator[Bench]:
    """A sandbox with that account in it."""
    with bench_of(account) as bench:
        yield bench


def streams_in(catalog: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the streams of a catalog that are about single lists, and their columns."""
    return {
        stream["tap_stream_id"]: list(stream["schema"]["properties"])
        for stream in catalog["streams"]
        if any("tap-acton.source" in entry["metadata"] for entry in stream["metadata"])
    }


def expected_rows(item: ContactList, columns: Sequence[str | None]) -> list[Record]:
    """Work out the records of a list.

    Args:
        item: The list.
        columns: For each header the column; None for one that discovery did not see.

    Returns:
        The records.
    """
    precision_ms = PRECISION_MS[item.date_format]
    records = []
    for row in item.rows:
        cells = [*row.cells, *[""] * len(item.headers)]
        placed = list(zip(columns, item.headers, cells, strict=False))
        extra = {header: cell for column, header, cell in placed if column is None}
        records.append(
            {
                "list_id": item.id,
                "contact_id": row.contact_id,
                "created_at": timestamp(row.created_at, precision_ms),
                "modified_at": timestamp(row.modified_at, precision_ms),
                **{column: cell for column, _, cell in placed if column is not None},
                "extra_fields": extra or None,
            }
        )
    return records


def customers_of(bench: Bench) -> ContactList:
    return bench.sandbox.account.list_by_id[CUSTOMERS]


def read(
    bench: Bench,
    catalog: Mapping[str, Any],
    state: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Output:
    """Run the streams of single lists that a catalog has."""
    return bench.run(state, streams=[*streams_in(catalog)], discovered=catalog, **settings)


def lists_asked(output: Output) -> Counter[str]:
    """Count the calls for the rows of lists, by their ids."""
    paths = (path for path in output.paths.elements() if path.startswith("/api/1/list/"))
    return Counter(path.rpartition("/")[2] for path in paths)


# Columns and rows


@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("edition", ["2024", "2019"])
def test_every_list_gives_exactly_its_rows(account: Account, edition: str, place: str) -> None:
    choices = Choices(contact_id_column=place)
    with bench_of(account, edition=edition, choices=choices) as bench:
        catalog = bench.discover(list_streams=["*"])
        found = read(bench, catalog)
    assert found.failure is None
    assert found.lines("WARNING") == []
    expected = {f"list_visitors_of_2026_03_{NOW.day}": COLUMNS["list_customers"], **COLUMNS}
    assert {stream: tuple(columns) for stream, columns in streams_in(catalog).items()} == {
        stream: (*SHARED, *own, "extra_fields") for stream, own in expected.items()
    }
    readable = [item for item in account.lists if item.readable]
    of_lists = {records[0]["list_id"]: stream for stream, records in found.records.items()}
    assert of_lists.keys() == {item.id for item in readable}
    for item in readable:
        stream = of_lists[item.id]
        assert same_rows(found.records[stream], expected_rows(item, expected[stream])), stream


def test_every_column_is_described_by_its_header(bench: Bench) -> None:
    catalog = bench.discover(list_streams=["kunden*"])
    (stream,) = [stream for stream in catalog["streams"] if "kunden" in stream["tap_stream_id"]]
    properties = stream["schema"]["properties"]
    assert properties["größe_m2"]["title"] == "Größe (m²)"
    assert all(definition["description"] for definition in properties.values())
    assert stream["key_properties"] == ["contact_id"]
    assert stream["replication_key"] == "modified_at"


def test_lists_are_chosen_by_id_or_name(bench: Bench) -> None:
    assert [*streams_in(bench.discover(list_streams=[CUSTOMERS, "TWICE*"]))] == [
        "list_customers",
        "list_twice_or_thrice",
    ]
    assert streams_in(bench.discover()) == {}


def test_headers_that_are_called_like_the_streams_own_columns(
    account: Account, bench: Bench
) -> None:
    headers = ("list_id", "Contact ID", "modified_date", "extra_fields", "data", "email", "Name/1")
    columns = ("list_id_2", "contact_id_2", "modified_date", "extra_fields_2", "data", "email")
    bench.sandbox.account = account.with_list(CUSTOMERS, *map(with_column, headers))
    catalog = bench.discover(list_streams=[CUSTOMERS])
    found = read(bench, catalog)
    expected = (*COLUMNS["list_customers"], *columns, "name_1")
    assert same_rows(found.records["list_customers"], expected_rows(customers_of(bench), expected))


def test_catalogs_and_states_with_the_headers_themselves_are_understood(bench: Bench) -> None:
    catalog = bench.discover(list_streams=[CUSTOMERS])
    first = read(bench, catalog)
    (identities,) = (
        {column: identity for identity, column in bookmark["columns"].items()}
        for bookmark in first.bookmarks.values()
        if "source" in bookmark
    )
    headers = {header_identity(header): header for header in customers_of(bench).headers}
    text = json.dumps({"catalog": catalog, "state": {**first.state, "version": 3}})
    for identity in identities.values():
        text = text.replace(json.dumps(identity), json.dumps(headers[identity]))
    older = json.loads(text)
    assert '"header ' not in text
    again = read(bench, older["catalog"], older["state"], lookback_window="P9999D")
    assert same_rows(again.records["list_customers"], first.records["list_customers"])
    assert again.bookmarks == first.bookmarks


# Names that stay


def test_a_renamed_list_keeps_its_stream(bench: Bench) -> None:
    first = read(bench, bench.discover(list_streams=[CUSTOMERS]))
    bench.next_day()
    bench.sandbox.account = bench.sandbox.account.with_list(CUSTOMERS, renamed("Clients"))
    catalog = bench.discover(list_streams=[CUSTOMERS])
    assert [*streams_in(catalog)] == ["list_clients"]
    second = read(bench, catalog, first.state)
    assert second.records.keys() == {"list_customers"}
    assert 0 < len(second.records["list_customers"]) < len(first.records["list_customers"]) / 2
    assert [*second.bookmarks] == [*first.bookmarks]


def test_a_renamed_list_keeps_its_stream_without_a_catalog(account: Account, bench: Bench) -> None:
    first = read(bench, bench.discover(list_streams=[CUSTOMERS]))
    newcomer = account.list_by_id["l-0a50"]
    bench.sandbox.account = account.with_list(CUSTOMERS, renamed("Clients")).with_list(
        newcomer.id, renamed("Customers")
    )
    found = bench.run(first.state, list_streams=[CUSTOMERS, newcomer.id])
    # The name that the older list no longer has is not given to another one.
    sources = {
        stream: bookmark["source"]
        for stream, bookmark in found.bookmarks.items()
        if "source" in bookmark
    }
    assert sources == {"list_customers": CUSTOMERS, "list_customers_2": newcomer.id}
    assert same_rows(
        found.records["list_customers_2"],
        expected_rows(newcomer, COLUMNS["list_members_2"]),
    )


def test_a_new_column_is_kept_until_discovery_gives_it_a_column(
    account: Account, bench: Bench
) -> None:
    own = COLUMNS["list_customers"]
    old = bench.discover(list_streams=[CUSTOMERS])
    first = read(bench, old)
    bench.sandbox.account = account.with_list(
        CUSTOMERS, with_column("Shoe size", 0), with_column("score")
    )
    second = read(bench, old, first.state, lookback_window="P9999D")
    assert same_rows(
        second.records["list_customers"],
        expected_rows(customers_of(bench), [None, *own, None]),
    )
    (line,) = second.lines("WARNING")
    assert "Shoe size" not in line
    assert "new discovery" in line
    third = read(
        bench,
        bench.discover(list_streams=[CUSTOMERS]),
        second.state,
        lookback_window="P9999D",
    )
    # Another header in the same letters comes behind the one that had the column first.
    assert same_rows(
        third.records["list_customers"],
        expected_rows(customers_of(bench), ["shoe_size", *own, "score_2"]),
    )
    assert third.lines("WARNING") == []
    before = first.bookmarks["list_customers"]["columns"]
    after = third.bookmarks["list_customers"]["columns"]
    assert after == {
        **before,
        header_identity("Shoe size"): "shoe_size",
        header_identity("score"): "score_2",
    }


def test_a_column_that_is_gone_is_null_and_comes_back_as_it_was(
    account: Account, bench: Bench
) -> None:
    catalog = bench.discover(list_streams=[CUSTOMERS])
    first = read(bench, catalog)
    bench.sandbox.account = account.with_list(CUSTOMERS, without_column("Company"))
    second = read(bench, catalog, first.state, lookback_window="P9999D")
    assert {row["company"] for row in second.records["list_customers"]} == {None}
    left = [column for column in COLUMNS["list_customers"] if column != "company"]
    expected = expected_rows(customers_of(bench), left)
    assert same_rows(
        second.records["list_customers"], [{**row, "company": None} for row in expected]
    )
    # A discovery without it forgets nothing.
    narrower = bench.discover(list_streams=[CUSTOMERS])
    third = read(bench, narrower, second.state)
    big, small = header_identity("Company"), header_identity("company")
    assert third.bookmarks["list_customers"]["columns"][big] == "company"
    bench.sandbox.account = account.with_list(CUSTOMERS, with_column("company", 0))
    fourth = read(bench, bench.discover(list_streams=[CUSTOMERS]), third.state)
    columns = fourth.bookmarks["list_customers"]["columns"]
    assert (columns[big], columns[small]) == ("company", "company_2")


def test_equal_headers_keep_their_columns(account: Account, bench: Bench) -> None:
    (item,) = [item for item in account.lists if item.name == "Twice, or thrice"]
    old = bench.discover(list_streams=[item.id])
    first = read(bench, old)
    bench.sandbox.account = account.with_list(item.id, with_column("Phone"), with_column("E-mail"))
    again = bench.sandbox.account.list_by_id[item.id]
    second = read(
        bench, bench.discover(list_streams=[item.id]), first.state, lookback_window="P9999D"
    )
    own = COLUMNS["list_twice_or_thrice"]
    assert same_rows(
        second.records["list_twice_or_thrice"], expected_rows(again, [*own, "phone_4", "e_mail_2"])
    )


# What a later run brings


def test_the_next_day_brings_only_what_changed(bench: Bench) -> None:
    catalog = bench.discover(list_streams=["customers", "wide"])
    first = read(bench, catalog)
    bench.next_day()
    second = read(bench, catalog, first.state, lookback_window="P0D")
    assert {"modafter" in seen.query for seen in second.requests if "l-0a" in seen.path} == {True}
    for stream, item in (
        ("list_customers", customers_of(bench)),
        ("list_wide", bench.sandbox.account.list_by_id["l-0a4d"]),
    ):
        before, brought = (
            {row["contact_id"]: row for row in run.records[stream]} for run in (first, second)
        )
        today = {row["contact_id"]: row for row in expected_rows(item, COLUMNS[stream])}
        changed = {key for key, row in today.items() if before.get(key) != row}
        assert changed <= brought.keys(), stream
        assert len(brought) <= len(changed) + 1, stream
        assert all(row == today[key] for key, row in brought.items()), stream


def test_a_window_narrows_the_rows(bench: Bench) -> None:
    catalog = bench.discover(list_streams=[CUSTOMERS])
    start, end = "2025-06-01T00:00:00.000Z", "2026-01-31T23:59:59.999Z"
    found = read(bench, catalog, start_date=start[:10], end_date=end[:10])
    everything = expected_rows(customers_of(bench), COLUMNS["list_customers"])
    within = [row for row in everything if start <= row["modified_at"] <= end]
    assert 0 < len(within) < len(everything)
    assert same_rows(found.records["list_customers"], within)


def test_the_lists_are_shared_out(account: Account, bench: Bench) -> None:
    catalog = bench.discover(list_streams=["*"])
    parts = [read(bench, catalog, shard=f"{part}/3") for part in (1, 2, 3)]
    held = [{stream for stream, rows in part.records.items() if rows} for part in parts]
    assert all(held)
    assert sum(map(len, held)) == len([item for item in account.lists if item.rows])
    assert set.union(*held) == set(streams_in(catalog))


# What cannot be read


def test_a_list_that_cannot_be_read_whole_ends_incomplete(account: Account, bench: Bench) -> None:
    found = read(bench, bench.discover(list_streams=["wide"]), bulk_format="json")
    assert "list_wide" in str(found.failure)
    assert any("255" in line for line in found.lines("ERROR"))
    assert "replication_key_value" not in found.bookmarks["list_wide"]
    # Of 255 fields, one is the id and two are dates.
    whole = expected_rows(account.list_by_id["l-0a4d"], COLUMNS["list_wide"])
    cut = dict.fromkeys(COLUMNS["list_wide"][255 - 3 :])
    assert same_rows(found.records["list_wide"], [{**row, **cut} for row in whole])


def test_a_list_that_is_never_read_whole_has_the_columns_that_are(account: Account) -> None:
    with bench_of(account, choices=Choices(ids_in_csv=False)) as bench:
        catalog = bench.discover(list_streams=["wide"])
        found = read(bench, catalog)
    assert "list_wide" in str(found.failure)
    readable = COLUMNS["list_wide"][: 255 - 3]
    assert streams_in(catalog) == {"list_wide": [*SHARED, *readable, "extra_fields"]}
    expected = expected_rows(account.list_by_id["l-0a4d"], readable)
    assert same_rows(found.records["list_wide"], expected)


def test_a_list_that_is_gone_is_skipped(bench: Bench) -> None:
    catalog = bench.discover(list_streams=[CUSTOMERS, "Members"])
    first = read(bench, catalog)
    body = '{"errorCode": 10004, "message": "Invalid or missing list"}'
    bench.sandbox.faults.add(
        Fault("status", f"/api/1/list/{CUSTOMERS}", times=None, status=400, body=body)
    )
    bench.next_day()
    second = read(bench, catalog, first.state)
    assert second.failure is None
    (line,) = second.lines("WARNING")
    assert f"list {CUSTOMERS}" in line
    kept, before = (run.bookmarks["list_customers"] for run in (second, first))
    assert kept["replication_key_value"] == before["replication_key_value"]


@pytest.mark.parametrize(
    ("names", "others", "listings"),
    [(["Customers", "Wide", "Members"], [], 1), ([CUSTOMERS], [], 0), ([CUSTOMERS], ["lists"], 1)],
    ids=["several", "one", "one beside the listing"],
)
def test_untouched_lists_rest_where_the_listing_costs_less_than_they_do(
    bench: Bench, names: list[str], others: list[str], listings: int
) -> None:
    catalog = bench.discover(list_streams=names)
    streams = [*streams_in(catalog), *others]
    first = bench.run(streams=streams, discovered=catalog, **RESTING)
    second = bench.run(first.state, streams=streams, discovered=catalog, **RESTING)
    # One more proves that the total of the listing is one.
    assert second.paths["/api/1/list"] == 2 * listings
    assert len(lists_asked(second)) == (0 if listings else 1)
    before = {item.id: (item.modified_at, len(item.rows)) for item in bench.sandbox.account.lists}
    bench.next_day()
    third = bench.run(second.state, streams=streams, discovered=catalog, **RESTING)
    ours = {rows[0]["list_id"] for rows in first.records.values() if "list_id" in rows[0]}
    assert lists_asked(third).keys() == {
        item.id
        for item in bench.sandbox.account.lists
        if item.id in ours and before[item.id] != (item.modified_at, len(item.rows))
    }
    held = {row["contact_id"] for run in (first, third) for row in run.records["list_customers"]}
    assert held == {row.contact_id for row in customers_of(bench).rows}


def test_each_list_that_rests_has_its_turn_in_the_period(bench: Bench) -> None:
    catalog = bench.discover(list_streams=["Customers", "Members"])
    outputs = [read(bench, catalog, recheck_period="P5D")]
    for _ in range(5):
        bench.let_pass(24 * 3_600)
        outputs.append(read(bench, catalog, outputs[-1].state, recheck_period="P5D"))
    asked = sum((lists_asked(output) for output in outputs[1:]), Counter[str]())
    # One more, in each run, proves that the total is one.
    assert [*asked.values()] == [1 + 1, 1 + 1]


def test_without_the_listing_lists_are_asked_all_the_same(bench: Bench) -> None:
    catalog = bench.discover(list_streams=["Customers", "Members"])
    first = read(bench, catalog, **RESTING)
    bench.sandbox.faults.add(
        Fault("status", "/api/1/list", times=None, status=400, body='{"errorCode": 19999}')
    )
    second = read(bench, catalog, first.state, **RESTING)
    assert second.failure is None
    assert len(lists_asked(second)) == 2


def test_a_list_that_is_refused_is_asked_for_again(bench: Bench) -> None:
    catalog = bench.discover(list_streams=[CUSTOMERS])
    first = read(bench, catalog)
    body = '{"errorCode": 19999, "message": "Not now"}'
    bench.sandbox.faults.add(Fault("status", f"/api/1/list/{CUSTOMERS}", status=400, body=body))
    bench.next_day()
    second = read(bench, catalog, first.state)
    assert "list_customers" in str(second.failure)
    assert second.bookmarks["list_customers"] == first.bookmarks["list_customers"]
    third = read(bench, catalog, second.state)
    assert third.failure is None
    assert third.records["list_customers"]


def test_a_list_that_discovery_cannot_read_gets_no_stream(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    pattern = f"/api/1/list/{CUSTOMERS}"
    bench.sandbox.faults.add(Fault("status", pattern, times=None, status=500))
    catalog = bench.discover(list_streams=[CUSTOMERS, "Members", "Only*"])
    assert [*streams_in(catalog)] == ["list_members_2"]
    (line,) = [record.getMessage() for record in caplog.records if "list_streams" in record.msg]
    assert f"{CUSTOMERS}, l-0a53" in line


def test_a_list_that_was_read_before_keeps_its_columns_where_discovery_fails(
    bench: Bench,
) -> None:
    first = read(bench, bench.discover(list_streams=[CUSTOMERS]))
    pattern = f"/api/1/list/{CUSTOMERS}"
    bench.sandbox.faults.add(Fault("status", pattern, times=1, status=500))
    found = bench.run(first.state, list_streams=[CUSTOMERS], lookback_window="P9999D")
    expected = expected_rows(customers_of(bench), COLUMNS["list_customers"])
    assert same_rows(found.records["list_customers"], expected)


def test_lists_get_their_streams_whatever_else_discovery_cannot_read(bench: Bench) -> None:
    bench.sandbox.faults.add(Fault("status", "/ucl/*", times=None, status=500))
    assert [*streams_in(bench.discover(list_streams=[CUSTOMERS]))] == ["list_customers"]


def test_a_setting_that_no_list_matches_is_told(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    assert streams_in(bench.discover(list_streams=["nothing like it"])) == {}
    assert "Entry 1 of list_streams matches no list: nothing like it." in caplog.text


@pytest.mark.parametrize("spelling", ["lower", "upper"])
def test_the_lists_are_found_in_either_spelling(account: Account, spelling: str) -> None:
    with bench_of(account, choices=Choices(listing_type_case=spelling)) as bench:
        catalog = bench.discover(list_streams=[CUSTOMERS])
    assert [*streams_in(catalog)] == ["list_customers"]


def test_a_listing_of_several_pages() -> None:
    plans = tuple(ListPlan(f"List {number}", 0) for number in range(1_003))
    account = Account.generate(seed=7, size="small", now=NOW, lists=(ListPlan("A", 5), *plans))
    with bench_of(account) as bench:
        catalog = bench.discover(list_streams=["list 1002"])
        asked = [seen for seen in bench.sandbox.requests if seen.path == "/api/1/list"]
    assert [*streams_in(catalog)] == ["list_list_1002"]
    assert len(asked) == 2
