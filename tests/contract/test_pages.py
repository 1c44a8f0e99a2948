"""Forms, landing pages and programs: what is special about them, beyond the account's rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import fingerprint
from tests.contract.expected_pages import PAGE_KEYS, page_records
from tests.contract.harness import union
from tests.contract.test_rows import same_rows

if TYPE_CHECKING:
    from tests.contract.expected import Record
    from tests.contract.harness import Bench

STREAMS = tuple(PAGE_KEYS)
URLS = {
    "form_urls": ("/api/1/form/*/urls", "form_id"),
    "landing_page_urls": ("/api/1/page/*/urls", "landing_page_id"),
}
URL = "https://pages.example.com/größe?from=mail&id=7"


def answers_with(bench: Bench, path: str, body: Any, status: int = 200) -> None:
    """Let a path answer as if Act-On sent something else."""
    text = body if isinstance(body, str) else json.dumps(body)
    bench.sandbox.faults.add(Fault("status", path, times=None, status=status, body=text))


def read_one(bench: Bench, stream: str) -> list[Record]:
    """Read a stream that must end well, and give its rows."""
    found = bench.run(streams=[stream])
    assert found.failure is None
    return found.records.get(stream, [])


@pytest.mark.parametrize("edition", ["2024", "2019"])
@pytest.mark.parametrize("shape", ["envelope", "array", "data"])
def test_every_stream_gives_the_rows_of_the_account(
    account: Account, edition: str, shape: str
) -> None:
    choices = Choices(undocumented_shape=shape)
    with bench_of(account, edition=edition, choices=choices) as bench:
        found = bench.run(streams=STREAMS)
    assert found.failure is None
    for stream, expected in page_records(account).items():
        assert expected, stream
        assert same_rows(found.records[stream], expected), stream


def test_another_account_is_read_as_well_and_again_the_next_day() -> None:
    account = Account.generate(seed=11, size="small", now=NOW, forms=8, landing_pages=8)
    with bench_of(account) as bench:
        first = bench.run(streams=STREAMS)
        bench.next_day()
        second = bench.run(first.state, streams=STREAMS)
        for found, seen in ((first, account), (second, bench.sandbox.account)):
            assert found.failure is None
            for stream, expected in page_records(seen).items():
                # A page that has not changed is not asked about again.
                held = union([first, found])[stream].values()
                assert same_rows([*held], expected), stream


@pytest.mark.parametrize(
    ("stream", "gone", "because"),
    [
        ("form_urls", "forms", "no URLs in Act-On"),
        ("form_reports", "forms", "deleted in Act-On"),
        ("landing_page_details", "landing_pages", "deleted in Act-On"),
        ("landing_page_urls", "landing_pages", "deleted in Act-On"),
        ("landing_page_reports", "landing_pages", "deleted in Act-On"),
    ],
)
def test_items_that_are_gone_are_skipped_and_named(
    bench: Bench, account: Account, stream: str, gone: str, because: str
) -> None:
    (item,) = [item for item in getattr(account, gone) if item.gone]
    found = bench.run(streams=[stream])
    assert found.failure is None
    (line,) = [line for line in found.lines("WARNING") if because in line]
    assert item.id in line


# Forms


def test_a_form_is_given_once_whichever_folder_comes_first(bench: Bench) -> None:
    form = {"id": "0b6f", "title": "Trial request"}
    folders = [
        {"entries": [form, {"id": "91c4", "title": "Loose"}], "folder": "All Forms"},
        {"entries": [], "folder": "Empty"},
        {"entries": [form], "folder": "Trials"},
    ]
    answers_with(bench, "/api/1/form", folders)
    rows = read_one(bench, "forms")
    assert [(row["id"], row["folder_name"]) for row in rows] == [("91c4", None), ("0b6f", "Trials")]


def test_an_account_without_forms_has_no_rows(bench: Bench) -> None:
    answers_with(bench, "/api/1/form", [])
    found = bench.run(streams=["forms", "form_urls", "form_reports"])
    assert found.failure is None
    assert not found.records


def test_a_form_that_is_not_classic_is_skipped_and_the_run_is_good(
    bench: Bench, account: Account
) -> None:
    refused = account.forms[0]
    answers_with(
        bench, f"/api/1/form/{refused.id}/urls", {"errorCode": 10999, "message": "Not classic"}, 400
    )
    found = bench.run(streams=["form_urls"])
    assert found.failure is None
    assert refused.id in "".join(found.lines("WARNING"))
    expected = page_records(account)["form_urls"]
    assert same_rows(
        found.records["form_urls"], [row for row in expected if row["form_id"] != refused.id]
    )


def test_sources_of_the_same_label_are_told_apart(bench: Bench) -> None:
    labels = ["Mail", "Mail", "Mail (2)", None, "", "Mail"]
    answers_with(
        bench, "/api/1/form/*/report", {"count": 6, "result": [{"source": s} for s in labels]}
    )
    rows = read_one(bench, "form_reports")
    assert [row["source"] for row in rows[:6]] == [
        "Mail",
        "Mail (3)",
        "Mail (2)",
        "(none)",
        "(none) (2)",
        "Mail (4)",
    ]
    assert {row["source"] for row in rows[6:]} == {row["source"] for row in rows[:6]}


@pytest.mark.parametrize(
    ("percent", "held", "extra"),
    [
        (12.5, 12.5, None),
        ("12.5", 12.5, None),
        (0, 0, None),
        ("N/A", None, {"percent": "N/A"}),
        (None, None, None),
    ],
)
def test_a_percentage_may_have_decimals(bench: Bench, percent: Any, held: Any, extra: Any) -> None:
    report = {"count": 1, "result": [{"source": "", "percent": percent, "non_submitters": 3}]}
    answers_with(bench, "/api/1/form/*/report", report)
    row = read_one(bench, "form_reports")[0]
    assert (row["submit_percent"], row["non_submitters"], row["extra_fields"]) == (held, "3", extra)


# Addresses


@pytest.mark.parametrize("stream", URLS)
@pytest.mark.parametrize(
    "body",
    [
        {"urls": [{"url": URL}]},
        {"urls": [URL]},
        [{"url": URL}],
        [URL],
        {"url": URL},
        {"data": {"url": URL}},
        {"count": 1, "offset": 0, "totalCount": 1, "result": [{"url": URL}]},
    ],
    ids=lambda body: json.dumps(body)[:30],
)
def test_an_address_is_found_in_any_shape(bench: Bench, stream: str, body: Any) -> None:
    path, column = URLS[stream]
    answers_with(bench, path, body)
    rows = read_one(bench, stream)
    assert rows
    for row in rows:
        assert row == {
            "id": fingerprint(row[column], URL, 1),
            column: row[column],
            "url": URL,
            "url_id": None,
            "extra_fields": None,
        }
    assert len({row["id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("stream", URLS)
@pytest.mark.parametrize("body", [{"urls": []}, [], {}, {"count": 0, "totalCount": 0}, [{}]])
def test_nothing_is_no_address(bench: Bench, stream: str, body: Any) -> None:
    answers_with(bench, URLS[stream][0], body)
    assert read_one(bench, stream) == []


def test_an_id_of_act_on_is_kept_beside_that_of_the_row(bench: Bench) -> None:
    answers_with(bench, "/api/1/form/*/urls", {"urls": [{"url": URL, "id": 7}, {"id": "8"}]})
    first, second = read_one(bench, "form_urls")[:2]
    assert (first["id"], first["url_id"]) == (fingerprint(first["form_id"], URL, 1), "7")
    assert (second["id"], second["url_id"]) == (fingerprint(first["form_id"], None, 1), "8")


# Landing pages


def test_a_landing_page_may_be_answered_with_the_page_itself(account: Account) -> None:
    with bench_of(account, choices=Choices(landing_page_is_html=True)) as bench:
        rows = read_one(bench, "landing_page_details")
    expected = page_records(account, is_html=True)["landing_page_details"]
    assert expected[0]["html"]
    assert same_rows(rows, expected)


@pytest.mark.parametrize("before", ["", " \r\n", "\ufeff"])
def test_a_page_is_known_whatever_stands_before_it(bench: Bench, before: str) -> None:
    answers_with(bench, "/api/1/page/*", f"{before}<p>Größe\0</p>")
    row = read_one(bench, "landing_page_details")[0]
    # A mark of the encoding is no part of the text.
    assert row["html"] == before.replace("\ufeff", "") + "<p>Größe</p>"


@pytest.mark.parametrize(
    "body", [{"title": "Trial"}, {"data": {"title": "Trial"}}, [{"name": "Trial"}]]
)
def test_a_landing_page_without_an_id_gets_that_of_the_listing(
    bench: Bench, account: Account, body: Any
) -> None:
    answers_with(bench, "/api/1/page/*", body)
    rows = read_one(bench, "landing_page_details")
    assert [(row["id"], row["name"]) for row in rows] == [
        (row["id"], "Trial") for row in read_one(bench, "landing_pages")
    ]
    assert len(rows) == len(account.landing_pages)


@pytest.mark.parametrize("body", ["", '"surprise"', "neither"])
def test_what_is_neither_a_page_nor_json_is_a_failure(bench: Bench, body: str) -> None:
    answers_with(bench, "/api/1/page/*", body)
    assert bench.run(streams=["landing_page_details"], max_retries=1).failure is not None


@pytest.mark.parametrize(
    ("report", "traffic", "extra"),
    [
        ({"incoming_traffic": {"B": "9", "A": 3}}, [("B", 9), ("A", 3)], None),
        ({"incoming_traffic": {}}, [], None),
        ({"incoming_traffic": None, "total_visits": 1}, None, None),
        ({"total_visits": 1}, None, None),
        ({"incoming_traffic": {"A": "x"}}, None, {"incoming_traffic": {"A": "x"}}),
        ({"incoming_traffic": ["A"]}, None, {"incoming_traffic": ["A"]}),
        ({"incoming_traffic": {"A": None}, "forms": 2}, [("A", None)], {"forms": 2}),
    ],
)
def test_traffic_has_free_keys_in_their_order(
    bench: Bench, report: Any, traffic: Any, extra: Any
) -> None:
    answers_with(bench, "/api/1/page/*/report", report)
    row = read_one(bench, "landing_page_reports")[0]
    pairs = traffic and [{"source": source, "visits": visits} for source, visits in traffic]
    assert (row["incoming_traffic"], row["extra_fields"]) == (pairs, extra)


# Programs


def test_programs_are_asked_for_by_type(bench: Bench) -> None:
    found = bench.run(streams=["programs"])
    asked = [seen.query for seen in found.requests if seen.path == "/api/1/program"]
    assert sorted(query["type"] for query in asked) == ["EVENT", "LIST_MAINT", "TRACK"]
    assert all(set(query) == {"type"} for query in asked)


@pytest.mark.parametrize(
    ("timestamps", "held", "extra"),
    [
        (
            {"modifiedTs": 0, "modified": "Feb 3 2026 3:00 AM GMT-08:00"},
            "2026-02-03T11:00:00.000Z",
            None,
        ),
        ({"modifiedTs": 0, "modified": "some day"}, None, {"modified": "some day"}),
        (
            {"modified": "Feb 3 2026 3:00 AM GMT-08:00"},
            "2026-02-03T11:00:00.000Z",
            None,
        ),
        (
            {"modified": "Feb 3 2026 3:00 AM GMT-08:00", "modifiedTs": 1770116400123},
            "2026-02-03T11:00:00.123Z",
            None,
        ),
        (
            {"modifiedTs": [], "modified": "some day"},
            None,
            {"modifiedTs": [], "modified": "some day"},
        ),
    ],
)
def test_the_timestamp_itself_goes_before_its_display(
    bench: Bench, timestamps: Any, held: str | None, extra: Any
) -> None:
    folder = {"id": -1, "name": "", "programs": [{"id": "tr-0019", **timestamps}]}
    answers_with(bench, "/api/1/program", {"folders": [folder], "anyRunning": False})
    row = read_one(bench, "programs")[0]
    assert (row["modified_at"], row["extra_fields"]) == (held, extra)


def test_a_program_of_two_types_is_two_rows_with_the_folder_of_each(bench: Bench) -> None:
    folders = [
        {"id": 12, "name": "Nurture", "programs": [{"id": "tr-0019"}, {"id": "tr-001a"}]},
        {"id": "13", "name": "", "programs": []},
    ]
    answers_with(bench, "/api/1/program", {"folders": folders, "anyRunning": True})
    rows = read_one(bench, "programs")
    assert len({(row["program_type"], row["id"]) for row in rows}) == len(rows) == 6
    assert {(row["folder_id"], row["folder_name"]) for row in rows} == {("12", "Nurture")}


@pytest.mark.parametrize(
    "folders", [[], None, [{"id": 1, "name": "Nurture"}], [{"id": 1, "entries": None}]]
)
def test_no_programs_are_no_rows(bench: Bench, folders: Any) -> None:
    answers_with(bench, "/api/1/program", {"folders": folders, "anyRunning": False})
    assert read_one(bench, "programs") == []


@pytest.mark.parametrize("body", [{}, [], {"folders": "Nurture"}, {"folders": ["Nurture"]}])
def test_what_holds_no_folders_is_a_failure(bench: Bench, body: Any) -> None:
    answers_with(bench, "/api/1/program", body)
    assert bench.run(streams=["programs"], max_retries=1).failure is not None
