"""The queries of docs/crm.md, on what the loaders have made of the tap's output."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from uuid import uuid4

import pytest

from acton_sandbox import Account, Fault
from acton_sandbox.edits import with_column
from acton_sandbox.entities import Suppression
from acton_sandbox.size import SMALL, ListPlan
from tests.contract.conftest import NOW, bench_of
from tests.contract.expected import timestamp
from tests.end_to_end.warehouses import duckdb, postgresql

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from acton_sandbox.audience_center import Contact
    from acton_sandbox.entities import ContactList, ListRow
    from acton_sandbox.facts import Activity
    from tests.end_to_end.warehouses import Row

pytestmark = pytest.mark.timeout(300)

Record: TypeAlias = tuple[str | None, str, str | None]
"""A record of the CRM: its kind, its id, and its address."""
Again: TypeAlias = dict[str, Suppression]
"""By stream the address that comes once more."""

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "crm.md").read_text(encoding="utf-8")

LEADS = "Salesforce leads"
LISTS = (LEADS, "Salesforce campaign")
"""The lists from Salesforce. Some records are in both."""

RECORD_ID = "RecordID"
STREAMS = (
    *("forms", "lists", "list_members", "list_salesforce_leads", "contact_activities"),
    *("hard_bounces", "opt_outs", "subscription_categories", "subscription_opt_outs"),
    *("contacts", "segments", "segment_contacts", "contact_history", "contact_scores"),
)
PATHS = {
    "hard_bounces": "/api/1/list/hardbounce",
    "opt_outs": "/api/1/list/optout",
    "subscription_opt_outs": "/api/1/subscription/optout",
}
SIGNED_UP = {"fs": "form signup", "fu": "form update"}
WITHOUT_CONTACTS = {
    "Contacts from all Salesforce lists": LISTS,
    "Contacts from one list": (LEADS,),
}
"""The headings of what stands in front of a query where there are no contacts, with the lists
that are read in their place."""

ON_LISTS = ("Hard bounces", "Opt-outs", "Form submissions of classic lists")
"""The headings of the queries that can do without contacts."""


def blocks() -> Iterator[tuple[str, str]]:
    """Give the SQL of the page, each with the heading above it."""
    heading = ""
    for title, query in re.findall(
        r"^#+ ([^\n]*)$|^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    ):
        heading = title or heading
        if query:
            yield heading, query


def queries() -> dict[str, str]:
    """Give all queries, those that read rows of lists in place of contacts included."""
    found = dict(blocks())
    fronts = {heading: found.pop(heading) for heading in WITHOUT_CONTACTS}
    on_lists = {
        f"{heading}: {name}": front + found[heading]
        for name, front in fronts.items()
        for heading in ON_LISTS
    }
    return found | on_lists


@pytest.fixture(scope="module")
def account() -> Account:
    """An account with lists from Salesforce, and one that only looks like it."""
    plans = [ListPlan(name, 40, "salesforce", "CRM", date_format="iso") for name in LISTS]
    made = Account.generate(seed=7, size="small", now=NOW, lists=(*SMALL.lists, *plans))
    leads, campaign = (one_list(made, name) for name in LISTS)

    def with_some_leads(item: ContactList) -> ContactList:
        known = zip(item.rows, leads.rows[:20], strict=False)
        rows = [replace(lead, contact_id=row.contact_id) for row, lead in known]
        return replace(item, rows=(*rows, *item.rows[len(rows) :]))

    return (
        made.with_list(leads.id, without_some_ids)
        .with_list(campaign.id, with_some_leads)
        .with_list(one_list(made, "Customers").id, with_column(RECORD_ID))
    )


def without_some_ids(item: ContactList) -> ContactList:
    """Take the ids that rows have in the CRM out of every third row."""
    at = item.headers.index(RECORD_ID)
    rows = [
        row if place % 3 else replace(row, cells=(*row.cells[:at], "", *row.cells[at + 1 :]))
        for place, row in enumerate(item.rows)
    ]
    return replace(item, rows=tuple(rows))


@pytest.fixture(scope="module")
def repeated(account: Account) -> Again:
    """What comes in later: known addresses once more, in capitals."""
    known = {
        "hard_bounces": [row.email for row in account.hard_bounces],
        "opt_outs": [row.email for row in account.opt_outs],
        "subscription_opt_outs": [email for email, _ in account.categories[0].opt_outs],
    }
    ours = {email.lower() for _, (_, _, email) in crm_records(account) if email}
    return {
        stream: Suppression(
            next(email for email in emails if email in ours).upper(),
            account.now_ms,
            "User: Reader Two",
            account.now_ms,
        )
        for stream, emails in known.items()
    }


@pytest.fixture(scope="module")
def messages(account: Account, repeated: Again) -> bytes:
    """What the tap writes of the account, and another tap of the CRM."""
    with bench_of(account) as bench:
        catalog = bench.discover(list_streams=[LEADS])
        outputs = [bench.run(discovered=catalog, streams=STREAMS)]
        for stream, path in PATHS.items():
            row = repeated[stream]
            later = {"email": row.email, "timestamp": row.at}
            # Opt-outs of a category come without origin.
            if stream != "subscription_opt_outs":
                later["origin"] = row.origin
            body = {"offset": 0, "count": 1, "totalCount": 1, "result": [later]}
            bench.sandbox.faults.add(
                Fault("status", path, times=None, status=200, body=json.dumps(body))
            )
            outputs.append(bench.run(streams=[stream]))
    assert [output.failure for output in outputs] == [None] * 4
    return b"".join([leads_of_the_crm(account), *(output.data for output in outputs)])


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def found(
    request: pytest.FixtureRequest, messages: bytes, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Row]]:
    """What each query of the page finds in the warehouse."""
    folder = tmp_path_factory.mktemp("warehouse")
    warehouse = (
        duckdb(folder / "acton.duckdb")
        if request.param == "duckdb"
        else postgresql(request.getfixturevalue("postgres"), f"crm_{uuid4().hex}")
    )
    done = warehouse.load(messages, folder)
    assert done.returncode == 0, done.stderr[-2_000:]
    return warehouse.query(queries())


def leads_of_the_crm(account: Account) -> bytes:
    """Give what another tap would write of the CRM's leads, whose ids are the short ones."""
    text = {"type": ["string", "null"]}
    schema = {"type": "object", "properties": {"id": text, "status": text}}
    head = {"stream": "salesforce_lead", "key_properties": ["id"], "schema": schema}
    leads = [
        {"id": contact.properties["externalId"][:15], "status": "Open"}
        for contact in account.contacts
        if contact.properties["objectType"] == "Lead"
    ]
    messages = [
        {"type": "SCHEMA", **head},
        *({"type": "RECORD", "stream": "salesforce_lead", "record": lead} for lead in leads),
    ]
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def crm_records(account: Account) -> list[tuple[Contact, Record]]:
    """Give the contacts that are from the CRM, each with its record there."""
    return [
        (contact, (known["objectType"], known["externalId"], known["email"] or None))
        for contact in account.contacts
        if (known := contact.properties)["externalId"]
    ]


def listed_records(account: Account, names: Collection[str]) -> list[tuple[ListRow, Record]]:
    """Give the rows of lists from Salesforce, each with its record there."""
    return [
        (row, (None, record_id, row.email))
        for source in (one_list(account, name) for name in names)
        for row in source.rows
        if (record_id := row.cells[source.headers.index(RECORD_ID)])
    ]


def one_list(account: Account, name: str) -> ContactList:
    """Give the list of a name."""
    (found,) = (item for item in account.lists if item.name == name)
    return found


def told(at: int) -> str | None:
    """Write a timestamp as the warehouse has it, which is in UTC and does not say so."""
    text = timestamp(at)
    return text and text.removesuffix("Z")


def latest(rows: Iterable[tuple[str, int, str | None]]) -> dict[str, tuple[str | None, ...]]:
    """Give when and from where each address was listed last."""
    in_time = sorted(rows, key=lambda row: row[1])
    return {email.lower(): (told(at), origin) for email, at, origin in in_time}


def bounced(records: Iterable[Record], account: Account, again: Again) -> Iterator[Row]:
    """Work out the hard bounces of some records."""
    listed = [*account.hard_bounces, again["hard_bounces"]]
    bounces = latest((row.email, row.at, row.origin) for row in listed)
    for record in dict.fromkeys(records):
        if found := bounces.get((record[2] or "").lower()):
            yield *record, *found


def opted_out(records: Iterable[Record], account: Account, again: Again) -> Iterator[Row]:
    """Work out the opt-outs of some records."""
    listed = [*account.opt_outs, again["opt_outs"]]
    in_category = again["subscription_opt_outs"]
    left: dict[str | None, dict[str, tuple[str | None, ...]]] = {
        None: latest((row.email, row.at, row.origin) for row in listed)
    }
    for category in account.categories:
        rows = (*category.opt_outs, (in_category.email, in_category.at))
        left[category.name] = latest((email, at, None) for email, at in rows)
    for record in dict.fromkeys(records):
        for name, opt_outs in left.items():
            if found := opt_outs.get((record[2] or "").lower()):
                yield *record, name, *found


def submitted(activities: Iterable[Activity], record: Record, account: Account) -> Iterator[Row]:
    """Work out the form submissions in a history."""
    titles = {form.id: form.title for form in account.forms}
    for entry in activities:
        if entry.verb in SIGNED_UP:
            form = entry.object_id, titles.get(entry.object_id)
            yield *record, told(entry.at), SIGNED_UP[entry.verb], *form, entry.what


def submitted_by_rows(records: Iterable[tuple[str, Record]], account: Account) -> Iterator[Row]:
    """Work out the form submissions of rows of lists, by their ids."""
    rows = {row.contact_id: row for item in account.lists for row in item.rows}
    for row_id, record in records:
        facts = account.facts_of(rows[row_id]) if row_id in rows else None
        if facts is not None:
            yield from submitted(facts.activities, record, account)


def bounced_contacts(account: Account, again: Again) -> Iterator[Row]:
    return bounced((record for _, record in crm_records(account)), account, again)


def opted_out_contacts(account: Account, again: Again) -> Iterator[Row]:
    return opted_out((record for _, record in crm_records(account)), account, again)


def leads(account: Account, _: Again) -> Iterator[Row]:
    for contact, (kind, record_id, email) in crm_records(account):
        if kind == "Lead":
            yield record_id[:15], "Open", email, float(contact.properties["actonPrimaryScore"])


def scored(account: Account, _: Again) -> Iterator[Row]:
    for contact, record in crm_records(account):
        score = float(contact.properties["actonPrimaryScore"])
        yield *record, score, told(contact.updated_at)


def scored_by_sheet(account: Account, _: Again) -> Iterator[Row]:
    for contact, record in crm_records(account):
        for score in () if contact.gone else contact.scores:
            yield *record, score.sheet_name, float(score.points)


def submitted_by_contacts(account: Account, _: Again) -> Iterator[Row]:
    for contact, record in crm_records(account):
        yield from submitted(() if contact.gone else contact.activities, record, account)


def submitted_by_origins(account: Account, _: Again) -> Iterator[Row]:
    records = crm_records(account)
    origins = ((contact.properties["legacyRecordId"], record) for contact, record in records)
    return submitted_by_rows(origins, account)


def memberships(account: Account, _: Again) -> Iterator[Row]:
    records = {contact.id: record for contact, record in crm_records(account)}
    for segment in account.segments:
        for contact_id in () if segment.gone else segment.member_ids:
            if contact_id in records:
                yield *records[contact_id][:2], "segment", segment.id, segment.name
    for name in LISTS:
        for _row, (kind, record_id, _email) in listed_records(account, [name]):
            yield kind, record_id, "list", one_list(account, name).id, name


EXPECTED: dict[str, Callable[[Account, Again], Iterable[Row]]] = {
    "The CRM's own tables": leads,
    "Hard bounces": bounced_contacts,
    "Opt-outs": opted_out_contacts,
    "Scores": scored,
    "Scores by score sheet": scored_by_sheet,
    "Form submissions": submitted_by_contacts,
    "Form submissions of classic lists": submitted_by_origins,
    "List membership": memberships,
}
"""What each query of the page has to find."""


def test_every_query_of_the_page_is_known() -> None:
    headings = [heading for heading, _ in blocks()]
    assert sorted(headings) == sorted([*EXPECTED, *WITHOUT_CONTACTS])


@pytest.mark.parametrize("heading", EXPECTED)
def test_a_query_finds_what_the_account_holds(
    heading: str, found: dict[str, list[Row]], account: Account, repeated: Again
) -> None:
    expected = [*EXPECTED[heading](account, repeated)]
    assert expected
    assert Counter(found[heading]) == Counter(expected)


@pytest.mark.parametrize("front", WITHOUT_CONTACTS)
def test_queries_can_do_without_contacts(
    front: str, found: dict[str, list[Row]], account: Account, repeated: Again
) -> None:
    listed = listed_records(account, WITHOUT_CONTACTS[front])
    records = [record for _, record in listed]
    by_row = [(row.contact_id, record) for row, record in listed]
    expected = {
        "Hard bounces": [*bounced(records, account, repeated)],
        "Opt-outs": [*opted_out(records, account, repeated)],
        "Form submissions of classic lists": [*submitted_by_rows(by_row, account)],
    }
    assert set(expected) == set(ON_LISTS)
    assert all(expected.values())
    for heading, rows in expected.items():
        assert Counter(found[f"{heading}: {front}"]) == Counter(rows)


def test_the_account_has_what_joins_stumble_over(
    found: dict[str, list[Row]], account: Account, repeated: Again
) -> None:
    records = [record for _, record in crm_records(account)]
    ids = {record_id for _, record_id, _ in records}
    assert len(ids) == len(records) > len({record_id.lower() for record_id in ids})
    emails = [email for *_, email in records if email]
    assert len({email.lower() for email in emails}) < len(emails)
    listed = [record for _, record in listed_records(account, LISTS)]
    assert len(set(listed)) < len(listed)

    bounces, opt_outs = found["Hard bounces"], found["Opt-outs"]
    for rows in (bounces, opt_outs):
        assert any(email != email.lower() for _, _, email, *_ in rows)
    assert {repeated["hard_bounces"].origin} < {origin for *_, origin in bounces}
    assert {repeated["opt_outs"].origin} < {origin for *_, origin in opt_outs}
    assert {None} < {category for _, _, _, category, *_ in opt_outs}
    assert {kind for _, _, kind, *_ in found["List membership"]} == {"list", "segment"}
    assert {verb for *_, verb, _, _, _ in found["Form submissions"]} == {*SIGNED_UP.values()}
