"""Custom objects: what is documented of them, in each shape of what is not."""

from __future__ import annotations

import csv
import io
import json
from base64 import b64decode
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault, Sandbox
from tests.sandbox.conftest import Api

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from acton_sandbox.custom_objects import Dataset, ObjectRow

BASE = "/custom-objects/v1/70123"
PLAIN: dict[str, Any] = {
    "selectFields": ["co.*"],
    "joinStrategy": {"joinEnabled": False, "duplicates": "allow"},
    "datetimeFieldsTimezone": "UTC",
}


@contextmanager
def chosen(account: Account, **choices: Any) -> Iterator[httpx.Client]:
    """Run a sandbox with choices, and log in."""
    with Sandbox(account, choices=Choices(**choices)) as sandbox:
        client = Api(sandbox).http
        with closing(client):
            yield client


def dataset_of(account: Account, dataset_id: str) -> Dataset:
    """Give a dataset of the account."""
    return next(one for one in account.datasets if one.id == dataset_id)


def query(
    http: httpx.Client, dataset: Dataset, pagination: dict[str, Any], **more: Any
) -> httpx.Response:
    """Ask for a page of a dataset."""
    body = {**PLAIN, "pagination": pagination, **more}
    return http.post(f"{BASE}/query/{dataset.object_id}/{dataset.id}/joinWithOther", json=body)


def pages(http: httpx.Client, dataset: Dataset, size: int, **more: Any) -> list[dict[str, Any]]:
    """Read a dataset by cursor to its end."""
    rows, token = [], None
    while True:
        pagination = {"pageStrategy": "CURSOR", "size": size, "nextPageToken": token}
        answer = query(http, dataset, pagination, **more).json()
        rows += answer.get("result", answer.get("data"))
        token = answer.get("nextPageToken", answer.get("pagination", {}).get("nextPageToken"))
        if token is None:
            return rows


def ids(rows: list[dict[str, Any]], name: str = "id") -> list[str]:
    """Give the ids of rows."""
    return [row[name] for row in rows]


@pytest.fixture(scope="module")
def http(account: Account) -> Iterator[httpx.Client]:
    """A client of a sandbox in which nothing is changed."""
    with chosen(account) as client:
        yield client


def held(answer: Any) -> Any:
    """Give the rows of an answer of any shape."""
    if isinstance(answer, list):
        return answer
    return answer["data"] if "data" in answer else answer["result"]


@pytest.mark.parametrize("shape", ["envelope", "array", "data"])
def test_schemas_and_datasets_are_listed_in_every_shape(account: Account, shape: str) -> None:
    with chosen(account, undocumented_shape=shape) as client:
        schemas = held(client.get(f"{BASE}/schema/all").json())
        datasets = held(client.get(f"{BASE}/data/all").json())
        of_one = held(client.get(f"{BASE}/data/co-9f31/all").json())
    assert ids(schemas) == [one.id for one in account.custom_objects]
    assert [(row["id"], row["objectId"]) for row in datasets] == [
        (one.id, one.object_id) for one in account.datasets
    ]
    assert ids(of_one) == [one.id for one in account.datasets if one.object_id == "co-9f31"]
    assert all("objectId" not in row for row in of_one)


def test_a_schema_names_its_fields_with_types_and_settings(http: httpx.Client) -> None:
    schema = http.get(f"{BASE}/schema/co-9f31").json()
    assert schema == held(http.get(f"{BASE}/schema/all").json())[0]
    fields = {field["name"]: field for field in schema["fields"]}
    assert fields["tags"]["type"] == "STRING_ARRAY"
    assert fields["tags"]["properties"] == {"CSVSeparator": "semicolon"}
    assert schema["uniqueFieldSet"] == ["orderNumber"]
    types = {field["type"] for field in fields.values()}
    assert types >= {"JSON", "ENUM", "STRING_ARRAY", "DATE", "DATETIME", "CURRENCY", "GEO_POINT"}


def test_two_objects_have_a_field_of_one_name_in_two_types(account: Account) -> None:
    types = [
        one.field_by_name["amount"].type
        for one in account.custom_objects
        if "amount" in one.field_by_name
    ]
    assert types == ["CURRENCY", "STRING"]


def test_the_list_of_all_datasets_may_leave_the_object_out(account: Account) -> None:
    with chosen(account, datasets_name_object=False) as client:
        assert all("objectId" not in row for row in held(client.get(f"{BASE}/data/all").json()))


@pytest.mark.parametrize("path", ["schema/nothing", "data/nothing/all"])
def test_what_is_not_there_is_answered_404(http: httpx.Client, path: str) -> None:
    response = http.get(f"{BASE}/{path}")
    assert (response.status_code, "httpCode" in response.json()) == (404, False)


def test_a_dataset_that_is_listed_but_gone_is_answered_404(
    account: Account, http: httpx.Client
) -> None:
    gone = [one for one in account.datasets if one.gone]
    assert len(gone) == 1
    assert query(http, gone[0], {}).status_code == 404


def test_another_account_is_not_found(http: httpx.Client) -> None:
    assert http.get("/custom-objects/v1/70124/schema/all").status_code == 404


@pytest.mark.parametrize(("choice", "status"), [("off", 403), ("missing", 404), ("unrouted", 404)])
def test_an_account_without_the_beta(account: Account, choice: str, status: int) -> None:
    with chosen(account, custom_objects=choice) as client:
        answers = [
            client.get(f"{BASE}/schema/all"),
            client.get(f"{BASE}/data/all"),
            query(client, account.datasets[0], {}),
        ]
    assert {answer.status_code for answer in answers} == {status}
    assert {"httpCode" in answer.json() for answer in answers} == {choice == "unrouted"}


def test_a_query_is_a_post(account: Account, http: httpx.Client) -> None:
    path = f"{BASE}/query/co-9f31/{account.datasets[0].id}/joinWithOther"
    assert http.get(path).status_code == 404
    assert http.post(f"{BASE}/schema/all", json={}).status_code == 404


@pytest.mark.parametrize("place", ["top", "pagination"])
@pytest.mark.parametrize("shape", ["envelope", "data"])
@pytest.mark.parametrize("size", [1, 7, 30, 31])
def test_a_cursor_leads_through_all_rows(
    account: Account, shape: str, place: str, size: int
) -> None:
    dataset = dataset_of(account, "ds-02")
    choices = {"undocumented_shape": shape, "next_page_is_told_at": place}
    with chosen(account, **choices) as client:
        rows = pages(client, dataset, size)
    assert ids(rows) == [row.id for row in dataset.rows]


def test_numbered_pages_are_the_default(account: Account, http: httpx.Client) -> None:
    dataset = dataset_of(account, "ds-02")
    answers = [query(http, dataset, {"page": page, "size": 20}).json() for page in range(3)]
    assert [answer["count"] for answer in answers] == [20, 10, 0]
    assert {answer["totalCount"] for answer in answers} == {len(dataset.rows)}
    assert all(answer["nextPageToken"] is None for answer in answers)


def test_rows_are_sorted_as_asked(account: Account, http: httpx.Client) -> None:
    dataset = dataset_of(account, "ds-02")
    by_creation = sorted(dataset.rows, key=lambda row: row.created_at)
    assert by_creation != list(dataset.rows)
    first = {"field": "co.sys.createdAt"}
    assert ids(pages(http, dataset, 9, sortFields=[first])) == [row.id for row in by_creation]
    backwards = [{**first, "direction": "desc"}]
    assert ids(pages(http, dataset, 9, sortFields=backwards)) == [
        row.id for row in reversed(by_creation)
    ]
    second = [{"field": "co.status"}, {"field": "co.orderNumber", "direction": "desc"}]
    assert ids(pages(http, dataset, 9, sortFields=second)) == [
        row.id
        for row in sorted(
            sorted(dataset.rows, key=lambda row: row.values["orderNumber"], reverse=True),
            key=lambda row: json.dumps(row.values["status"]),
        )
    ]


def test_only_the_values_asked_for_are_given(account: Account, http: httpx.Client) -> None:
    dataset = dataset_of(account, "ds-02")
    answer = query(http, dataset, {"size": 1}, selectFields=["co.email", "aoc.*"]).json()
    assert answer["result"][0].keys() == {"id", "email"}


@pytest.mark.parametrize(
    "body",
    [
        {"selectFields": ["email"]},
        {"selectFields": ["co.nothing"]},
        {"selectFields": ["co.email"] * 2_001},
        {"sortFields": [{"field": "email"}]},
        {"sortFields": [{"field": "co.nothing"}]},
        {"sortFields": [{"field": "co.email"}] * 11},
        {"joinStrategy": {}},
        {"joinStrategy": {"joinEnabled": False, "duplicates": "perhaps"}},
        {"datetimeFieldsTimezone": "Nowhere/Here"},
        {"pagination": {"size": 0}},
        {"pagination": {"pageStrategy": "CURSOR", "nextPageToken": "nonsense"}},
    ],
)
def test_what_is_not_documented_is_refused(
    account: Account, http: httpx.Client, body: dict[str, Any]
) -> None:
    dataset = dataset_of(account, "ds-02")
    path = f"{BASE}/query/{dataset.object_id}/{dataset.id}/joinWithOther"
    response = http.post(path, json={**PLAIN, **body})
    assert response.status_code == 400
    assert response.json()["status"] == "400 BAD_REQUEST"
    assert response.json()["errorList"] == [response.json()["errorMessage"]]


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_object_is_refused(http: httpx.Client, body: bytes) -> None:
    response = http.post(f"{BASE}/query/co-9f31/ds-02/joinWithOther", content=body)
    assert (response.status_code, "errorId" in response.json()) == (400, True)


def test_a_token_is_good_for_a_day_and_for_its_query(account: Account) -> None:
    dataset = dataset_of(account, "ds-02")
    pagination = {"pageStrategy": "CURSOR", "size": 5}
    with Sandbox(account) as sandbox:
        client = Api(sandbox).http
        with closing(client):
            answer = query(client, dataset, pagination).json()
            further = {**pagination, "nextPageToken": answer["nextPageToken"]}
            order = [{"field": "co.sys.createdAt"}]
            good = query(client, dataset, further)
            other_order = query(client, dataset, further, sortFields=order)
            other = query(client, dataset_of(account, "ds-01"), further)
            sandbox.next_day()
            expired = query(client, dataset, further)
    statuses = [one.status_code for one in (good, other_order, other, expired)]
    assert statuses == [200, 400, 400, 400]
    assert expired.json()["status"] == "400 BAD_REQUEST"


def test_sorting_and_large_pages_may_be_refused(account: Account) -> None:
    dataset = dataset_of(account, "ds-02")
    order = [{"field": "co.sys.createdAt"}]
    with chosen(account, sorting_is_offered=False, largest_record_page=100) as client:
        sorting = query(client, dataset, {}, sortFields=order)
        large = query(client, dataset, {"size": 101})
        plain = query(client, dataset, {"size": 100})
    assert [one.status_code for one in (sorting, large, plain)] == [400, 400, 200]


def test_an_answer_may_be_a_text_and_its_keys_prefixed(account: Account) -> None:
    dataset = dataset_of(account, "ds-02")
    choices = {"query_answer_is_text": True, "record_key_prefix": "co.", "record_id_field": ""}
    with chosen(account, **choices) as client:
        response = query(client, dataset, {"size": 1})
    assert response.headers["content-type"].startswith("text/plain")
    (row,) = json.loads(response.text)["result"]
    assert {"co.orderNumber", "co.sys.createdAt", "co.updatedDate"} <= row.keys()
    assert all(name.startswith("co.") for name in row)
    assert "co.id" not in row


def test_values_come_as_json_has_them(account: Account, http: httpx.Client) -> None:
    dataset = dataset_of(account, "ds-02")
    for row, shown in zip(dataset.rows, pages(http, dataset, 100), strict=True):
        own = {name: shown[name] for name in row.values if name != "shippedAt"}
        assert own == {name: value for name, value in row.values.items() if name != "shippedAt"}
        assert timestamp(shown["sys.createdAt"]) == row.created_at
        assert timestamp(shown["updatedDate"]) == row.updated_at
        assert row.values.get("shippedAt") == timestamp(shown.get("shippedAt"))


def timestamp(text: str | None) -> int | None:
    """Read a timestamp in UTC."""
    if text is None:
        return None
    assert text.endswith("+00:00")
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_values_come_as_they_were_uploaded(account: Account) -> None:
    orders, visits = dataset_of(account, "ds-02"), dataset_of(account, "ds-04")
    with chosen(account, record_values="uploaded") as client:
        shown_orders, shown_visits = (pages(client, one, 100) for one in (orders, visits))
    for row, shown in zip(orders.rows, shown_orders, strict=True):
        assert shown["updatedDate"] == row.updated_at
        assert_uploaded_order(row, shown)
    for row, shown in zip(visits.rows, shown_visits, strict=True):
        assert json.loads(b64decode(shown["raw"])) == row.values["raw"]
        assert timestamp(shown["seenAt"]) == row.values["seenAt"]


def assert_uploaded_order(row: ObjectRow, shown: dict[str, Any]) -> None:
    """Compare an order with how it was uploaded."""
    day = datetime.strptime(shown["orderedOn"], "%d/%m/%Y").replace(tzinfo=UTC)
    assert day.date().isoformat() == row.values["orderedOn"]
    if row.values.get("shippedAt") is not None:
        shipped = datetime.strptime(shown["shippedAt"], "%d.%m.%Y %H:%M:%S").replace(tzinfo=UTC)
        assert shipped.timestamp() * 1000 == row.values["shippedAt"]
    if row.values.get("tags"):
        (tags,) = csv.reader(io.StringIO(shown["tags"]), delimiter=";")
        assert tags == row.values["tags"]
    if isinstance(row.values.get("amount"), float):
        assert shown["amount"] == f"{row.values['amount']:.2f}"


def test_without_a_zone_asked_for_timestamps_are_in_the_fields_own(account: Account) -> None:
    dataset = dataset_of(account, "ds-02")
    row = next(row for row in dataset.rows if row.values.get("shippedAt"))
    with chosen(account) as client:
        shown = query(client, dataset, {}, datetimeFieldsTimezone=None).json()["result"]
    text = next(one["shippedAt"] for one in shown if one["id"] == row.id)
    assert datetime.fromisoformat(text).timestamp() * 1000 == row.values["shippedAt"]
    assert text[-6:] in {"+01:00", "+02:00"}


def test_rows_come_change_and_go(account: Account) -> None:
    later = account.next_day().next_day().next_day()
    for before, after in zip(account.datasets, later.datasets, strict=True):
        old, new = ({row.id: row for row in one.rows} for one in (before, after))
        assert len(old) == len(new)
        if before.object_id != "co-9f30":
            assert new.keys() - old.keys()
            assert old.keys() - new.keys()
            changed = [row for row in new.values() if row.updated_at != row.created_at]
            assert changed


def test_a_schema_can_be_replaced(account: Account) -> None:
    changed = account.with_custom_objects(*account.custom_objects[:1])
    with chosen(changed) as client:
        assert ids(held(client.get(f"{BASE}/schema/all").json())) == ["co-9f31"]
    assert changed.datasets == account.datasets


def test_the_journal_keeps_what_was_sent(account: Account) -> None:
    with Sandbox(account) as sandbox:
        client = Api(sandbox).http
        with closing(client):
            query(client, account.datasets[0], {"size": 3})
        login, call = sandbox.requests[0], sandbox.requests[-1]
    assert (login.method, login.body) == ("POST", "")
    assert (call.method, json.loads(call.body)["pagination"]) == ("POST", {"size": 3})


def test_queries_meet_faults_like_any_call(account: Account) -> None:
    with Sandbox(account) as sandbox:
        sandbox.faults.add(Fault("status", path_pattern=f"{BASE}/query/*", times=1))
        client = Api(sandbox).http
        with closing(client):
            statuses = [query(client, account.datasets[0], {}).status_code for _ in range(2)]
    assert statuses == [503, 200]
