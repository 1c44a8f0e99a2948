"""The Audience Center of both generations: all contacts, their columns, segments and reports."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from acton_sandbox.audience_center import ALL_CONTACTS, PROPERTIES, ContactField
from acton_sandbox.generation.audience_center import FIELDS, UNNAMED_COLUMN
from tests.sandbox.conftest import NOW

if TYPE_CHECKING:
    import httpx

    from acton_sandbox import Sandbox
    from acton_sandbox.audience_center import Contact, Segment
    from tests.sandbox.conftest import Api

BASE = "/ucl/v2/70123"
OLDER = "/ucl/v2/segment"
FIELD = {
    "fieldId": int,
    "columnIndex": int,
    "name": str,
    "type": str,
    "standardFieldMapping": str,
    "required": bool,
    "readonly": bool,
    "hidden": bool,
}
ALL_COLUMNS = {"skipHidden": "false", "skipReadOnly": "false"}
SHAPES = ("envelope", "array", "data", "content", "source")


def answer(client: Api, path: str, **query: str | int) -> httpx.Response:
    """Call a path of the newest generation."""
    return client.http.get(f"{BASE}/{path}", params=query)


def envelope(client: Api, path: str, **query: str | int) -> dict[str, Any]:
    """Call a path of the newest generation that must answer well."""
    response = answer(client, path, **query)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def older(client: Api, path: str, **query: str | int) -> dict[str, Any]:
    """Call a path of the older generation that must answer well."""
    response = client.http.get(f"{OLDER}/{path}", params=query)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def rows_of(shape: str, body: Any, name: str) -> list[dict[str, Any]]:
    """Give the rows of an answer whose shape is known."""
    rows: list[dict[str, Any]] = (
        body if shape == "array" else body[name if shape == "envelope" else shape]
    )
    return rows


def reachable(account: Account) -> Contact:
    """Give a contact with activities, scores and segments of its own."""
    members = {member for segment in account.segments for member in segment.member_ids}
    return next(
        one
        for one in account.contact_by_id.values()
        if one.activities and len(one.scores) > 1 and one.id in members
    )


def filled(account: Account) -> Segment:
    """Give the segment with the most members."""
    return max(account.segments, key=lambda segment: len(segment.member_ids))


@pytest.mark.parametrize(
    ("query", "left_out"),
    [
        ({}, ("hidden", "readonly")),
        ({"skipHidden": "false"}, ("readonly",)),
        ({"skipReadOnly": "false"}, ("hidden",)),
        (ALL_COLUMNS, ()),
    ],
)
def test_hidden_and_read_only_columns_are_left_out_by_default(
    client: Api, account: Account, query: dict[str, str], left_out: tuple[str, ...]
) -> None:
    body = envelope(client, "schema/", **query)
    assert body["accountId"] == "70123"
    assert [row["fieldId"] for row in body["columns"]] == [
        column.field_id
        for column in account.contact_fields
        if not any(getattr(column, name) for name in left_out)
    ]
    for row in body["columns"]:
        types = {name: type(value) for name, value in row.items()}
        assert types | {"standardFieldMapping": str} == FIELD


def test_the_columns_have_all_types_and_awkward_names(account: Account) -> None:
    columns = account.contact_fields
    assert {column.type for column in columns} == {
        "BOOLEAN",
        "DATE",
        "DATETIME",
        "TEXT",
        "NUMBER",
        "SCORE",
        "EMAIL",
        "MULTI-TEXT",
    }
    names = [column.name for column in columns]
    assert len(set(names)) == len(names) - 1, "no two columns have one name"
    assert "Email" in names
    assert any(not name.isascii() for name in names)
    assert any(column.hidden for column in columns)
    assert any(column.readonly for column in columns)
    assert len({column.column_index for column in columns}) == len(columns)


def test_columns_can_be_changed_and_the_values_stay(client: Api, sandbox: Sandbox) -> None:
    kept = [replace(FIELDS[-1], name="Ursprung"), ContactField(2300, UNNAMED_COLUMN, "New", "TEXT")]
    before = envelope(client, "contact/")["contacts"]
    sandbox.account = sandbox.account.with_contact_fields(*kept)
    columns = envelope(client, "schema/", **ALL_COLUMNS)["columns"]
    assert [(row["fieldId"], row["name"]) for row in columns] == [
        (2254, "Ursprung"),
        (2300, "New"),
    ]
    assert envelope(client, "contact/")["contacts"] == before
    assert any(str(UNNAMED_COLUMN) in row["customFields"] for row in before)


@pytest.mark.parametrize("shape", SHAPES)
def test_contacts_in_every_shape(
    client: Api, sandbox: Sandbox, account: Account, shape: str
) -> None:
    sandbox.choices = Choices(undocumented_shape=shape)
    rows = rows_of(shape, answer(client, "contact/", pageSize=1_000).json(), "contacts")
    assert [row["id"] for row in rows] == [one.id for one in account.contacts]
    named = {"id", *PROPERTIES, "createdDate", "updatedDate", "customFields", "ownerName"}
    assert all(set(row) == named for row in rows)
    assert [row["customFields"] for row in rows] == [
        {str(index): text for index, text in one.custom.items()} for one in account.contacts
    ]


def test_contacts_are_as_odd_as_real_ones(account: Account) -> None:
    contacts = account.contacts
    emails = [one.email for one in contacts]
    assert "" in emails
    assert len(set(emails)) < len(emails)
    linked = [one.properties["externalId"] for one in contacts if one.properties["externalId"]]
    assert all(len(record) == 18 for record in linked)
    assert len({record.lower() for record in linked}) < len(set(linked)) == len(linked)
    assert {one.properties["objectType"] for one in contacts} == {"Lead", "Contact", ""}
    assert any(one.gone for one in contacts)


def test_contacts_are_people_of_lists_and_messages(account: Account) -> None:
    contacts = account.contacts
    rows = {row.contact_id: row.email for item in account.lists for row in item.rows}
    made_from = [one for one in contacts if one.properties["legacyRecordId"]]
    assert made_from
    assert all(
        rows[one.properties["legacyRecordId"]] == one.email.lower() or not one.email
        for one in made_from
    )
    linked = {one.email.lower() for one in contacts if one.properties["externalId"]}
    assert any(one.email != one.email.lower() for one in contacts)
    sent = {e.recipient.email for m in account.all_messages for e in m.events["SENT"]}
    assert len(linked & sent) >= len(linked) // 3
    assert linked & {row.email for row in account.hard_bounces}
    assert linked & {row.email for row in account.opt_outs}


def test_pages_of_contacts_count_from_zero(client: Api, account: Account) -> None:
    body = envelope(client, "contact/", page=1, pageSize=20)
    assert (body["page"], body["pageSize"], body["totalCount"]) == (1, 20, len(account.contacts))
    assert [row["id"] for row in body["contacts"]] == [one.id for one in account.contacts[20:40]]
    assert envelope(client, "contact/", page=99)["contacts"] == []
    assert len(envelope(client, "contact/")["contacts"]) == min(50, len(account.contacts))


@pytest.mark.parametrize("path", ["contact/", "segment/"])
def test_a_page_above_the_limit(client: Api, sandbox: Sandbox, path: str) -> None:
    name = "contacts" if path == "contact/" else "segments"
    sandbox.choices = Choices(largest_contact_page=4)
    cut = envelope(client, path, page=1, pageSize=500)[name]
    assert cut == envelope(client, path, page=1, pageSize=4)[name]
    assert cut
    sandbox.choices = Choices(largest_contact_page=4, larger_contact_page="refused")
    assert answer(client, path, pageSize=5).status_code == 400
    assert answer(client, path, pageSize=4).status_code == 200


@pytest.mark.parametrize("timestamp", ["created", "updated"])
def test_filters_of_contacts_are_in_seconds(
    client: Api, sandbox: Sandbox, account: Account, timestamp: str
) -> None:
    second = {one.id: getattr(one, f"{timestamp}_at") // 1_000 for one in account.contacts}
    border = sorted(second.values())[len(second) // 2]

    def found(side: str) -> set[str]:
        rows = envelope(client, "contact/", pageSize=1_000, **{f"{timestamp}{side}": border})
        return {row["id"] for row in rows["contacts"]}

    assert found("After") == {one for one, at in second.items() if at > border}
    assert found("Before") == {one for one, at in second.items() if at < border}
    sandbox.choices = Choices(after_is_inclusive=True)
    assert found("After") == {one for one, at in second.items() if at >= border}


@pytest.mark.parametrize(
    ("spelling", "pattern"),
    [
        ("iso", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
        ("milliseconds", r"\d{13}"),
        ("seconds", r"\d{10}"),
        ("display", r"[A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d US/Pacific"),
    ],
)
def test_the_dates_of_contacts(client: Api, sandbox: Sandbox, spelling: str, pattern: str) -> None:
    sandbox.choices = Choices(contact_dates=spelling)
    for row in envelope(client, "contact/")["contacts"]:
        assert_matches(pattern, row["createdDate"])
        assert_matches(pattern, row["updatedDate"])


def assert_matches(pattern: str, text: str) -> None:
    """Compare a whole text with a pattern."""
    assert re.fullmatch(pattern, text), text


def test_contacts_by_the_names_of_their_columns(client: Api, sandbox: Sandbox) -> None:
    by_property = envelope(client, "contact/")["contacts"]
    sandbox.choices = Choices(contact_keys="names")
    by_name = envelope(client, "contact/")["contacts"]
    for old, new in zip(by_property, by_name, strict=True):
        assert list(old.values()) == list(new.values())
        assert new["E-mail Address"] == old["email"]
        assert new["Mailing City"] == old["businessCity"]
        assert new["externalId"] == old["externalId"]


def test_several_texts_may_be_an_array(client: Api, sandbox: Sandbox) -> None:
    texts = [row["customFields"].get("60") for row in envelope(client, "contact/")["contacts"]]
    sandbox.choices = Choices(multi_text_is_array=True)
    arrays = [row["customFields"].get("60") for row in envelope(client, "contact/")["contacts"]]
    assert arrays == [t if t is None else [part for part in t.split(";") if part] for t in texts]
    assert ["Events", "Käse & Wein"] in arrays


def test_a_day_brings_new_changed_and_deleted_contacts(account: Account) -> None:
    before = {one.id: one for one in account.contacts}
    after = {one.id: one for one in account.next_day().contacts}
    assert after.keys() - before.keys()
    assert before.keys() - after.keys()
    changed = {i for i in after.keys() & before.keys() if after[i] != before[i]}
    assert changed
    assert all(after[one].updated_at > before[one].updated_at for one in changed)


def test_what_a_contact_does_changes_it(account: Account) -> None:
    """Who reads the reports of the contacts that changed has read all that was done."""
    for one in account.contacts:
        for activity in one.activities:
            assert one.created_at - 60_000 < activity.at <= one.updated_at


@pytest.mark.parametrize("shape", SHAPES)
def test_what_a_contact_has_done(
    client: Api, sandbox: Sandbox, account: Account, shape: str
) -> None:
    sandbox.choices = Choices(undocumented_shape=shape)
    contact = reachable(account)
    path = f"contactReport/id/{contact.id}/activity"
    body = answer(client, path, monthsOfPastData=100).json()
    if shape in {"envelope", "source"}:
        facts = body if shape == "envelope" else body["source"]
        assert set(facts) == {"activity", "activitylist"}
        rows = facts["activitylist"]
    else:
        rows = rows_of(shape, body, "")
    assert [(row["WhenMillis"], row["Verb"], row["What"]) for row in rows] == [
        (one.at, one.verb, one.what) for one in contact.activities
    ]


def test_the_months_of_what_a_contact_has_done(client: Api, account: Account) -> None:
    contact = max(account.contact_by_id.values(), key=lambda one: len(one.activities))
    path = f"contactReport/id/{contact.id}/activity"
    counts = [
        len(envelope(client, path, **query)["activitylist"])
        for query in ({}, {"monthsOfPastData": 0}, {"monthsOfPastData": 1})
    ]
    assert counts[0] == counts[1] < counts[2] < len(contact.activities)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_scores_and_segments_of_a_contact(
    client: Api, sandbox: Sandbox, account: Account, shape: str
) -> None:
    sandbox.choices = Choices(undocumented_shape=shape)
    contact = reachable(account)
    report = f"contactReport/id/{contact.id}"
    scores = rows_of(shape, answer(client, f"{report}/scores").json(), "result")
    assert [(row["id"], row["score"]) for row in scores] == [
        (one.sheet_id, one.points) for one in contact.scores
    ]
    stands_in = rows_of(shape, answer(client, f"{report}/segments").json(), "result")
    assert [row["id"] for row in stands_in] == [
        segment.id for segment in account.segments if contact.id in segment.member_ids
    ]


@pytest.mark.parametrize("report", ["activity", "scores", "segments"])
def test_a_contact_that_is_gone_has_no_reports(client: Api, account: Account, report: str) -> None:
    gone = next(one for one in account.contacts if one.gone)
    for contact_id in (gone.id, f"{ALL_CONTACTS}:fffff"):
        response = answer(client, f"contactReport/id/{contact_id}/{report}")
        assert (response.status_code, response.text) == (404, "")
        assert answer(client, f"contact/id/{contact_id}").status_code == 404


@pytest.mark.parametrize("shape", SHAPES)
def test_single_things_in_every_shape(
    client: Api, sandbox: Sandbox, account: Account, shape: str
) -> None:
    sandbox.choices = Choices(undocumented_shape=shape)
    contact, segment = reachable(account), account.segments[0]
    for path, key, value in (
        (f"contact/id/{contact.id}", "id", contact.id),
        (f"segment/{segment.id}", "id", segment.id),
        ("import/definition/5513", "importDefinitionId", 5513),
    ):
        body = answer(client, path).json()
        row = {"envelope": lambda body: body, "array": lambda body: body[0]}.get(
            shape, lambda body: body[shape]
        )(body)
        assert row[key] == value
    assert answer(client, "import/definition/1").status_code == 404


@pytest.mark.parametrize("shape", SHAPES)
def test_segments_and_their_contacts(
    client: Api, sandbox: Sandbox, account: Account, shape: str
) -> None:
    sandbox.choices = Choices(undocumented_shape=shape)
    rows = rows_of(shape, answer(client, "segment/").json(), "segments")
    assert [(row["id"], row["type"], row["parentId"]) for row in rows] == [
        (one.id, one.type, one.parent_id) for one in account.segments
    ]
    for segment in account.segments:
        response = answer(client, f"segment/{segment.id}/contacts", pageSize=1_000)
        if segment.gone:
            assert (response.status_code, response.text) == (404, "")
        else:
            members = rows_of(shape, response.json(), "contacts")
            assert tuple(row["id"] for row in members) == segment.member_ids


def test_segments_hold_what_their_queries_ask_for(client: Api, account: Account) -> None:
    by_id = {segment.id: segment for segment in account.segments}
    nested = [one for one in account.segments if one.parent_id != ALL_CONTACTS]
    assert nested
    assert all(set(one.member_ids) <= set(by_id[one.parent_id].member_ids) for one in nested)
    assert {one.type for one in account.segments} == {"DIRECT_SELECT", "QUERY", "SEARCH"}
    assert any(not one.member_ids and not one.gone for one in account.segments)
    for row in envelope(client, "segment/")["segments"]:
        query = row["filter"]
        assert (query is not None) == (row["type"] == "QUERY")
        if query is not None:
            assert all(one["condition"]["values"] for one in query["expressions"])


@pytest.mark.parametrize("shape", SHAPES)
def test_import_definitions(client: Api, sandbox: Sandbox, account: Account, shape: str) -> None:
    sandbox.choices = Choices(undocumented_shape=shape)
    rows = rows_of(shape, answer(client, "import/definition").json(), "data")
    assert [(row["importDefinitionId"], len(row["mappings"])) for row in rows] == [
        (one.id, len(one.mappings)) for one in account.import_definitions
    ]
    assert {row["importSegmentIds"] is None for row in rows} == {True, False}


NEWEST = ("schema/", "contact/", "segment/", "import/definition")


@pytest.mark.parametrize(
    ("choice", "newest", "past"),
    [
        ("newest", "answers", "unrouted"),
        ("older", "unrouted", "answers"),
        ("both", "answers", "answers"),
        ("none", "nothing", "nothing"),
        ("unrouted", "unrouted", "unrouted"),
    ],
)
def test_which_generation_answers(
    client: Api, sandbox: Sandbox, choice: str, newest: str, past: str
) -> None:
    sandbox.choices = Choices(audience_center=choice)
    assert {kind_of(answer(client, path)) for path in NEWEST} == {newest}
    paths = (f"contacts/70123/list/{ALL_CONTACTS}", "70123/optout")
    assert {kind_of(client.http.get(f"{OLDER}/{path}")) for path in paths} == {past}
    assert answer(client, "import/status/imp-example-1").status_code == 200


def kind_of(response: httpx.Response) -> str:
    """Tell an answer, the gateway's refusal and an empty one apart."""
    if response.status_code == 200:
        return "answers"
    assert response.status_code == 404
    return "unrouted" if "httpCode" in response.text else "nothing" if not response.text else "?"


def test_another_account_is_not_found(client: Api) -> None:
    response = client.http.get("/ucl/v2/70124/schema/")
    assert (response.status_code, response.text) == (404, "")


@pytest.fixture
def past(sandbox: Sandbox, client: Api) -> Api:
    """A client where the older generation alone is routed."""
    sandbox.choices = Choices(audience_center="older")
    return client


def test_the_older_download_of_a_segment(past: Api, account: Account) -> None:
    segment = filled(account)
    body = older(past, f"contacts/70123/list/{segment.id}")
    assert (body["pageNumber"], body["pageSize"], body["search"]) == (0, 0, "")
    assert list(body["rowIds"]) == list(segment.member_ids)
    assert all(int(one.rpartition(":")[2], 16) == row for one, row in body["rowIds"].items())
    by_id = {one.id: one for one in account.contacts}
    place = body["headers"].index("Email")
    assert [cells[place] for cells in body["data"]] == [
        by_id[member].email for member in segment.member_ids
    ]
    assert {len(cells) for cells in body["data"]} == {len(body["headers"])}
    assert body["headers"].count("Email") == 2
    assert_matches(r"[A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d US/Pacific", body["data"][0][-1])


def test_the_older_download_has_pages_columns_words_and_csv(past: Api, account: Account) -> None:
    path = f"contacts/70123/list/{ALL_CONTACTS}"
    body = older(past, path, pageSize=10, pageNumber=1, columns="Email;Last Name;Nothing")
    assert body["headers"] == ["Email", "Last Name"]
    assert body["totalCount"] == len(account.contacts)
    assert [cells[0] for cells in body["data"]] == [one.email for one in account.contacts[10:20]]
    wanted = older(past, path, Search=account.contacts[0].email)
    assert account.contacts[0].id in wanted["rowIds"]
    assert wanted["totalCount"] < len(account.contacts)
    table = past.http.get(f"{OLDER}/{path}", params={"responseFormat": "CSV"})
    rows = list(csv.reader(io.StringIO(table.text, newline="")))
    assert rows[0] == older(past, path)["headers"]
    assert rows[1:] == older(past, path)["data"]


def test_segments_that_the_older_generation_does_not_have(past: Api, sandbox: Sandbox) -> None:
    for segment_id in ("g-0030", "none"):
        response = past.http.get(f"{OLDER}/contacts/70123/list/{segment_id}")
        assert (response.status_code, response.text) == (404, "")
    sandbox.choices = replace(sandbox.choices, segment_of_all_contacts=False)
    assert past.http.get(f"{OLDER}/contacts/70123/list/{ALL_CONTACTS}").status_code == 404


def test_the_older_opt_outs_begin_at_page_one(past: Api, account: Account) -> None:
    left = {row.email for row in account.opt_outs}
    expected = [one.id for one in account.contacts if one.email in left]
    assert len(expected) > 2
    first = older(past, "70123/optout", pageSize=2)
    assert (first["listId"], first["offset"], first["count"]) == ("t", 1, 2)
    assert first["hasNextPage"]
    assert first["headers"][:3] == ["_contact_id_", "Timestamp", "Origin"]
    assert [cells[0] for cells in first["data"]] == expected[:2]
    second = older(past, "70123/optout", pageSize=2, pageNumber=2)
    assert [cells[0] for cells in second["data"]] == expected[2:4]
    assert_matches(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4}, \d\d:\d\d [AP]M", first["data"][0][1])


def test_the_older_reports_and_the_lookup(past: Api, account: Account) -> None:
    contact = reachable(account)
    facts = older(past, "contacts/70123/activity", contactid=contact.id, months=100)
    assert [row["WhenMillis"] for row in facts["activitylist"]] == [
        one.at for one in contact.activities
    ]
    first = account.contacts[0]
    found = older(past, "contacts/70123/lookup", email=first.email)
    assert found["contactID"] == first.id
    assert found["E-mail Address"] == first.email
    for path in ("activity", "lookup"):
        assert past.http.get(f"{OLDER}/contacts/70123/{path}").status_code == 404


def test_refusals_of_this_family_are_empty(client: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("status", "/ucl/v2/*", status=500))
    response = answer(client, "schema/")
    assert (response.status_code, response.text) == (500, "")
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("count", [0, 230])
def test_a_number_of_contacts_can_be_asked_for(count: int) -> None:
    account = Account.generate(
        now=NOW,
        contacts=count,
        contacts_added_per_day=0,
        contacts_deleted_per_day=0,
        contact_changes_per_day=0,
    )
    assert len(account.contacts) == count
