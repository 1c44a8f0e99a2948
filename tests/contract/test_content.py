"""Senders, logos, headers, footers and images, whatever their answers look like."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from tests.contract.conftest import bench_of
from tests.contract.expected_content import CONTENT_KEYS, expected_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.contract.expected import Record
    from tests.contract.harness import Bench

STREAMS = tuple(CONTENT_KEYS)
UNVERIFIED = ("senders", "headers", "footers")
PATHS = {
    "senders": "/api/1/account/senders",
    "headers": "/api/1/header",
    "footers": "/api/1/footer",
    "header_details": "/api/1/header/2",
    "footer_details": "/api/1/footer/0",
    "image_details": "/api/1/image/*",
    "logos": "/api/1/logo",
}


@contextmanager
def answering(bench: Bench, stream: str, body: Any) -> Iterator[None]:
    """Let Act-On answer with something else where a stream asks."""
    text = body if isinstance(body, str) else json.dumps(body)
    bench.sandbox.faults.add(Fault("status", PATHS[stream], times=None, status=200, body=text))
    yield
    bench.sandbox.faults.clear()


def records_of(bench: Bench, stream: str, body: Any) -> list[dict[str, Any]]:
    """Read a stream from an answer of one's own."""
    with answering(bench, stream, body):
        found = bench.run(streams=[stream])
    assert found.failure is None
    return found.records[stream]


@pytest.mark.parametrize("edition", ["2024", "2019"])
@pytest.mark.parametrize("shape", ["envelope", "array", "data"])
def test_exactly_the_content_of_the_account(account: Account, shape: str, edition: str) -> None:
    choices = Choices(undocumented_shape=shape)
    with bench_of(account, edition=edition, choices=choices) as bench:
        found = bench.run(streams=STREAMS)
    assert found.failure is None
    assert in_order(found.records) == in_order(expected_content(account, edition))


def in_order(records: Mapping[str, Sequence[Record]]) -> dict[str, list[Record]]:
    """Put the records of each stream in the order of their ids."""
    return {name: sorted(rows, key=lambda row: row["id"]) for name, rows in records.items()}


def test_many_images_come_whole() -> None:
    account = Account.generate(images=1_200)
    with bench_of(account) as bench:
        found = bench.run(streams=["images"])
    assert found.records["images"] == expected_content(account, "2024")["images"]
    assert found.paths["/api/1/image"] == 1


def test_what_is_listed_but_gone_is_skipped_and_told(account: Account, bench: Bench) -> None:
    found = bench.run(streams=STREAMS)
    gone = [f"header {header.id}" for header in account.headers if header.gone]
    gone += [f"footer {footer.id}" for footer in account.footers if footer.gone]
    gone += [f"image {image.id}" for image in account.images if image.gone]
    told = [line for line in found.lines("WARNING") if "deleted in Act-On" in line]
    assert [line.rpartition(": ")[2] for line in told] == [f"{name}." for name in gone]


def test_details_are_read_without_the_list_being_selected(account: Account, bench: Bench) -> None:
    found = bench.run(streams=["footer_details"])
    assert found.records == {"footer_details": expected_content(account, "2024")["footer_details"]}


def test_one_line_tells_the_shape_of_each_undocumented_answer(bench: Bench) -> None:
    found = bench.run(streams=STREAMS)
    (told,) = [line for line in found.lines("INFO") if "please report this line" in line]
    assert len(told.split("; ")) == len(UNVERIFIED) + len(("header_details", "footer_details"))


@pytest.mark.parametrize(
    "answer",
    [
        {"senderId": "51877", "senderName": "News", "senderEmail": "news@example.com"},
        [{"sender_id": 51877, "title": "News", "emailAddress": "news@example.com"}],
        {"senders": [{"id": "51877", "name": "News", "email": "news@example.com"}]},
    ],
)
def test_senders_are_known_by_any_likely_name(bench: Bench, answer: Any) -> None:
    assert records_of(bench, "senders", answer) == [
        {"id": "51877", "name": "News", "email": "news@example.com", "extra_fields": None}
    ]


def test_senders_without_ids_get_some_that_stay(bench: Bench) -> None:
    answers = [["news@example.com", "b@example.com"], [{"email": "b@example.com"}]]
    first, second = (records_of(bench, "senders", answer) for answer in answers)
    assert [row["email"] for row in first] == ["news@example.com", "b@example.com"]
    assert first[0]["id"] != first[1]["id"]
    assert first[1] == second[0]


@pytest.mark.parametrize("stream", ["headers", "footers"])
@pytest.mark.parametrize("number", [0, "0"])
def test_an_id_of_nought_is_an_id(bench: Bench, stream: str, number: Any) -> None:
    found = records_of(bench, stream, [{"id": number, "title": "Default"}])
    assert [row["id"] for row in found] == ["0"]


@pytest.mark.parametrize("stream", UNVERIFIED)
@pytest.mark.parametrize("answer", [{}, [], [{}], {"result": [], "totalCount": 0}, {"items": []}])
def test_nothing_is_no_row(bench: Bench, stream: str, answer: Any) -> None:
    assert records_of(bench, stream, answer) == []


@pytest.mark.parametrize("stream", UNVERIFIED)
def test_a_list_that_stands_in_an_object_by_its_own_name(bench: Bench, stream: str) -> None:
    found = records_of(bench, stream, {stream: [{"id": 7, "title": "Grüße"}], "count": 1})
    assert [(row["id"], row["name"]) for row in found] == [("7", "Grüße")]


@pytest.mark.parametrize("answer", ['"a text"', "7", "null"])
def test_what_is_neither_array_nor_object_fails_the_stream(bench: Bench, answer: str) -> None:
    with answering(bench, "senders", answer):
        found = bench.run(streams=["senders", "logos"], max_retries=0)
    assert found.failure is not None
    assert any("senders" in line and "unknown shape" in line for line in found.lines("ERROR"))
    assert found.records["logos"]


@pytest.mark.parametrize("stream", ["header_details", "footer_details"])
@pytest.mark.parametrize("name", [None, "result", "data", "content", "header"])
@pytest.mark.parametrize("is_array", [False, True])
def test_details_are_found_bare_and_wrapped(
    bench: Bench, stream: str, name: str | None, *, is_array: bool
) -> None:
    row = {"html": "<p>Grüße</p>", "text": "Grüße", "size": 12}
    held = [row] if is_array else row
    found = records_of(bench, stream, {name: held} if name else held)
    parent = PATHS[stream].rpartition("/")[2]
    assert [record for record in found if record["id"] == parent] == [
        {
            "id": parent,
            "name": None,
            "html": "<p>Grüße</p>",
            "text": "Grüße",
            "extra_fields": {"size": 12},
        }
    ]


@pytest.mark.parametrize("stream", ["header_details", "footer_details"])
def test_an_empty_object_is_no_detail(bench: Bench, stream: str) -> None:
    parent = PATHS[stream].rpartition("/")[2]
    found = records_of(bench, stream, {})
    assert parent not in {row["id"] for row in found}
    assert parent != "*" or not found


def test_an_image_that_does_not_tell_its_id_has_that_of_the_list(
    account: Account, bench: Bench
) -> None:
    found = records_of(bench, "image_details", {"display_name": "pier.jpg"})
    assert {row["id"] for row in found} == {image.id for image in account.images}


def test_the_timestamp_in_the_address_of_a_logo_changes_no_record(bench: Bench) -> None:
    before = bench.run(streams=["logos"])
    bench.next_day()
    after = bench.run(streams=["logos"])
    assert before.records == after.records
    assert not [line for line in after.lines("WARNING") if "url_str_ts" in line]


def test_logos_are_read_on_where_the_total_says_that_there_are_more(bench: Bench) -> None:
    rows = [{"id": "i-1", "title": "One"}, {"id": "i-2", "title": "Two"}]
    body = {"offset": 0, "count": 2, "totalCount": 4, "result": rows}
    with answering(bench, "logos", body):
        found = bench.run(streams=["logos"])
    # The offset is ignored, so what is reported to be there never comes: that is not complete.
    assert {row["id"] for row in found.records["logos"]} == {"i-1", "i-2"}
    asked = [request.query for request in found.requests if request.path == PATHS["logos"]]
    assert asked[:2] == [{}, {"count": "1000", "offset": "2"}]
    assert found.failure is not None
