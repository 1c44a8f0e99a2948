"""Lists, system lists and subscriptions, against the documented shapes of both editions."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Choices
from acton_sandbox.answers import Call
from acton_sandbox.routes.lists import list_download
from acton_sandbox.view import EDITIONS, View

if TYPE_CHECKING:
    from acton_sandbox import Account, Sandbox
    from acton_sandbox.entities import ContactList
    from tests.sandbox.conftest import Api

DATE_PATTERNS = {
    "epoch": r"\d{13}",
    "iso": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "zoned": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d P[DS]T",
    "display": r"[A-Z][a-z]{2} \d{1,2} \d{4} \d{1,2}:\d\d [AP]M P[DS]T",
}


def _filled(sandbox: Sandbox) -> list[ContactList]:
    return [item for item in sandbox.account.lists if item.readable and item.rows]


def test_the_listing(api: Api, any_edition: Sandbox) -> None:
    answer = api.json("/list", listingtype="contact_list", count=1000)
    rows: list[dict[str, Any]] = answer.pop("result")
    lists = any_edition.account.lists
    assert answer == {"offset": 0, "count": len(lists), "totalCount": len(lists)}
    assert [row["id"] for row in rows] == [item.id for item in lists]
    assert [row["sourceSize"] for row in rows] == [str(len(item.rows)) for item in lists]
    assert all(isinstance(row[key], int) for row in rows for key in row if key.startswith("ts"))
    assert all(isinstance(row[key], bool) for row in rows for key in row if key.startswith("bIs"))
    assert all(re.fullmatch(DATE_PATTERNS["display"], row["sourceTS"]) for row in rows)


def test_the_listing_of_other_types(api: Api) -> None:
    for listing_type in ("header", "media", "landing_page", "custom_events", "sent_message"):
        lower = api.json("/list", listingtype=listing_type)
        assert lower["count"] > 0
        assert lower == api.json("/list", listingtype=listing_type.upper())
    assert api.json("/list", listingtype="webinars")["count"] == 0


def test_the_case_of_the_listing_type_can_matter(client: Api, sandbox: Sandbox) -> None:
    sandbox.choices = Choices(listing_type_case="upper")
    assert client.json("/list", listingtype="contact_list")["totalCount"] == 0
    assert client.json("/list", listingtype="CONTACT_LIST")["totalCount"] > 0


def test_a_list_with_its_dates(api: Api, any_edition: Sandbox) -> None:
    old = any_edition.edition == "2019"
    prefix = "__" if old else ""
    for item in _filled(any_edition):
        answer = api.json(f"/list/{item.id}", count=1000, datequalifiers="true")
        ids = ["_contact_id_"]
        headers = [*item.headers, *ids] if old else [*ids, *item.headers]
        headers = [*headers, f"{prefix}created_date", f"{prefix}modified_date"]
        assert answer["listId"] == item.id
        assert answer["headers"] == headers
        assert answer["totalCount"] == answer["count"] == len(item.rows)
        assert answer["headers"][answer["emailColumn"]] == item.headers[item.email_column]
        place = headers.index("_contact_id_")
        assert [cells[place] for cells in answer["data"]] == [row.contact_id for row in item.rows]
        for cells, row in zip(answer["data"], item.rows, strict=True):
            assert all(isinstance(cell, str) for cell in cells)
            assert len(cells) == len(headers)
            assert cells[answer["emailColumn"]] == row.email
            assert all(re.fullmatch(DATE_PATTERNS[item.date_format], c) for c in cells[-2:])


def test_a_list_as_csv_holds_what_json_holds(api: Api, any_edition: Sandbox) -> None:
    item = _filled(any_edition)[0]
    answer = api.json(f"/list/{item.id}", count=1000)
    table = list(
        csv.reader(io.StringIO(api.get(f"/list/{item.id}", responseformat="CSV").text, newline=""))
    )
    assert table == [answer["headers"], *answer["data"]]


def _rows_of_csv(api: Api, path: str, **query: str) -> list[list[str]]:
    content = api.get(path, responseformat="CSV", **query).content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


def test_csv_may_be_laid_out_in_other_ways(client: Api, sandbox: Sandbox) -> None:
    item = _filled(sandbox)[0]
    message = next(m for m in sandbox.account.messages if len(m.events["CLICKED"]) > 1)
    for path, query in (
        (f"/list/{item.id}", {"datequalifiers": "true"}),
        (f"/message/{message.id}/report/CLICKED", {}),
    ):
        sandbox.choices = Choices()
        headers, *rows = _rows_of_csv(client, path, **query)
        sandbox.choices = Choices(csv_columns="reversed")
        assert _rows_of_csv(client, path, **query) == [cells[::-1] for cells in (headers, *rows)]
        sandbox.choices = Choices(csv_columns="renamed")
        renamed = _rows_of_csv(client, path, **query)
        assert renamed[1:] == rows
        assert {*renamed[0]}.isdisjoint(headers)
        sandbox.choices = Choices(largest_csv=1, csv_has_mark=True)
        assert _rows_of_csv(client, path, **query) == [headers, rows[0]]
        assert client.get(path, responseformat="CSV").content.startswith(codecs.BOM_UTF8)


def test_a_row_may_be_shorter_or_longer_than_the_headers(client: Api, sandbox: Sandbox) -> None:
    widths = set()
    for item in _filled(sandbox):
        answer = client.json(f"/list/{item.id}", count=1000)
        widths |= {len(cells) - len(answer["headers"]) for cells in answer["data"]}
    assert widths == {-1, 0, 1}


def test_one_record(api: Api, any_edition: Sandbox) -> None:
    item = _filled(any_edition)[0]
    cells = api.json(f"/list/{item.id}", count=1, offset=3)["data"][0]
    assert api.json(f"/list/{item.id}/record/{item.rows[3].contact_id}") == cells


def test_lists_that_cannot_be_read(api: Api, any_edition: Sandbox) -> None:
    folder = next(item for item in any_edition.account.lists if not item.readable)
    body = {"errorCode": 10004, "message": "Invalid or missing list"}
    for path in (f"/list/{folder.id}", "/list/l-ffff", "/list/l-0a41/record/l-0a41:ffff"):
        response = api.get(path)
        assert (response.status_code, response.json()) == (400, body)


def test_an_empty_list_still_has_headers(api: Api, any_edition: Sandbox) -> None:
    empty = next(i for i in any_edition.account.lists if i.readable and not i.rows)
    answer = api.json(f"/list/{empty.id}", count=1000)
    assert (answer["count"], answer["totalCount"], answer["data"]) == (0, 0, [])
    assert len(answer["headers"]) == len(empty.headers) + 1


def test_some_fields_of_a_list(api: Api, any_edition: Sandbox) -> None:
    item = _filled(any_edition)[0]
    wanted = [item.headers[item.email_column], item.headers[0]]
    answer = api.json(f"/list/{item.id}", fields=";".join(wanted))
    assert answer["headers"] == ["_contact_id_", *wanted]
    assert [cells[1] for cells in answer["data"]] == [row.email for row in item.rows]


@pytest.mark.parametrize(
    "query", [{"fields": "Shoe size"}, {"fields": "Score", "datequalifiers": "true"}]
)
def test_fields_that_cannot_be_had(api: Api, query: dict[str, str]) -> None:
    response = api.get("/list/l-0a41", **query)
    assert (response.status_code, response.json()["errorCode"]) == (400, 10010)


def test_the_filters_of_a_list_are_milliseconds(api: Api, any_edition: Sandbox) -> None:
    item = _filled(any_edition)[0]
    for name, timestamps in (
        ("mod", sorted(row.modified_at for row in item.rows)),
        ("created", sorted(row.created_at for row in item.rows)),
    ):
        border = timestamps[len(timestamps) // 2]
        after = api.json(f"/list/{item.id}", **{f"{name}after": border})
        before = api.json(f"/list/{item.id}", **{f"{name}before": border})
        assert after["totalCount"] == sum(timestamp > border for timestamp in timestamps)
        assert before["totalCount"] == sum(timestamp < border for timestamp in timestamps)


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_wide_list_is_cut_in_json_only(standard_account: Account, edition: str) -> None:
    item = next(i for i in standard_account.lists if i.rows and len(i.headers) > 255)
    view = View(standard_account, edition)

    def download(**query: str) -> bytes:
        return list_download(Call(view, {"listid": item.id}, query)).body

    answer = json.loads(download(datequalifiers="true"))
    assert len(answer["headers"]) == 255
    assert {len(cells) for cells in answer["data"]} == {255}
    assert "_contact_id_" in answer["headers"]
    assert answer["headers"][-1].endswith("modified_date")
    header = download(responseformat="CSV").decode().splitlines()[0]
    assert len(header.split(",")) == len(item.headers) + 1


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("hardbounce", "hard_bounces"),
        ("spamcomplaint", "spam_complaints"),
        ("optout", "opt_outs"),
    ],
)
def test_the_system_lists(api: Api, any_edition: Sandbox, path: str, name: str) -> None:
    truth = getattr(any_edition.account, name)
    answer = api.json(f"/list/{path}", count=1000)
    assert answer["totalCount"] == -1
    assert answer["count"] == len(truth)
    assert answer["result"] == [
        {"email": row.email, "timestamp": row.at, "origin": row.origin} for row in truth
    ]


@pytest.mark.parametrize(("unit", "size"), [("milliseconds", 1), ("seconds", 1000)])
def test_the_unit_of_the_system_lists_filters(
    client: Api, sandbox: Sandbox, unit: str, size: int
) -> None:
    sandbox.choices = Choices(suppression_filter=unit)
    truth = sandbox.account.opt_outs
    border = truth[100].at // size
    after = client.json("/list/optout", createdafter=border)["count"]
    before = client.json("/list/optout", createdbefore=border)["count"]
    assert (before, after) == (100, len(truth) - 101)


def test_the_system_lists_may_ignore_their_filters(client: Api, sandbox: Sandbox) -> None:
    sandbox.choices = Choices(suppression_filter="ignored")
    everything = client.json("/list/optout")
    border = sandbox.account.opt_outs[100].at // 1000
    assert client.json("/list/optout", createdafter=border) == everything
    assert client.json("/list/optout", createdbefore=border) == everything


@pytest.mark.parametrize("name", ["createdafter", "createdbefore"])
def test_the_system_lists_may_refuse_their_filters(
    client: Api, sandbox: Sandbox, name: str
) -> None:
    sandbox.choices = Choices(suppression_filter="refused")
    assert client.get("/list/optout", **{name: 1_770_000_000}).status_code == 400
    assert client.get("/list/optout").status_code == 200


def test_the_system_lists_may_filter_by_the_timestamp_of_listing(
    client: Api, sandbox: Sandbox
) -> None:
    sandbox.choices = Choices(suppression_filter_by="listing")
    truth = sandbox.account.hard_bounces
    late = next(row for row in truth if row.visible_at > row.at + 1_000)
    border = late.at // 1000
    listed = client.json("/list/hardbounce", createdafter=border, count=1000)["result"]
    assert [row["email"] for row in listed] == [
        row.email for row in truth if row.visible_at // 1000 > border
    ]
    assert late.email in {row["email"] for row in listed}


def test_the_system_lists_may_filter_by_the_creation_of_the_contact(
    client: Api, sandbox: Sandbox
) -> None:
    sandbox.choices = Choices(suppression_filter_by="contact")
    truth = sandbox.account.opt_outs
    border = truth[100].at // 1000
    listed = client.json("/list/optout", createdafter=border)["result"]
    later = {row.email for row in truth if row.at // 1000 > border}
    assert {row["email"] for row in listed} < later


def test_the_border_of_a_filter_can_be_included(client: Api, sandbox: Sandbox) -> None:
    border = sandbox.account.opt_outs[100].at // 1000
    without = client.json("/list/optout", createdafter=border)["count"]
    sandbox.choices = Choices(after_is_inclusive=True)
    assert client.json("/list/optout", createdafter=border)["count"] == without + 1


def test_the_categories(api: Api, any_edition: Sandbox) -> None:
    rows = api.json("/subscription/category")
    assert len(rows) >= 6
    assert all(set(row) == {"id", "name", "description", "headerid", "headername"} for row in rows)
    assert all(isinstance(value, str) for row in rows for value in row.values())
    category = any_edition.account.categories[0]
    email = category.opt_outs[0][0]
    still_in = api.json("/subscription/category", email=email)
    assert category.id not in {row["id"] for row in still_in}
    assert all(set(row) == {"id", "name", "description"} for row in still_in)


def test_the_opt_outs_of_each_category(api: Api, any_edition: Sandbox) -> None:
    """Names hold ampersands, slashes, plus and percent signs, so they must be encoded right."""
    for category in any_edition.account.categories:
        answer = api.json("/subscription/optout", category=category.name, count=1000)
        rows = [{"email": email, "timestamp": timestamp} for email, timestamp in category.opt_outs]
        assert answer == {
            "offset": 0,
            "count": len(rows),
            "totalCount": len(rows),
            "result": rows,
        }
    assert not any_edition.account.categories[-1].opt_outs


def test_the_category_is_required_in_the_older_edition(api: Api, any_edition: Sandbox) -> None:
    expected = 422 if any_edition.edition == "2019" else 200
    assert api.get("/subscription/optout").status_code == expected


def test_the_account_endpoint_can_be_missing(client: Api, sandbox: Sandbox) -> None:
    sandbox.choices = Choices(account_endpoint=False)
    assert client.get("/account").status_code == 404


@pytest.mark.parametrize("place", ["first", "last", "absent"])
def test_where_the_contact_id_stands(client: Api, sandbox: Sandbox, place: str) -> None:
    sandbox.choices = Choices(contact_id_column=place)
    item = _filled(sandbox)[0]
    headers = client.json(f"/list/{item.id}", count=1)["headers"]
    found = headers.index("_contact_id_") if "_contact_id_" in headers else None
    assert found == {"first": 0, "last": len(item.headers), "absent": None}[place]
    some = client.json(f"/list/{item.id}", count=1, fields=item.headers[0])
    assert len(some["headers"]) == (1 if place == "absent" else 2)
