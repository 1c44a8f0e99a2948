"""The marts agree with what the account knows of itself, whatever the rows of its streams are."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from acton_sandbox.entities import REPORTED_TYPES
from tests.contract.expected_facts import contacts as list_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acton_sandbox import Account
    from acton_sandbox.entities import Message
    from acton_sandbox.facts import Activity
    from tests.models.project import Built

pytestmark = pytest.mark.timeout(600)

SUBMISSIONS = {"fs": "form signup", "fu": "form update"}


def test_messages_have_the_numbers_of_the_account(first_run: Built) -> None:
    rows = {row["message_id"]: row for row in first_run.marts["acton__messages"]}
    for message in _sent(first_run.account):
        row, report = rows[message.id], message.report
        assert (
            row["sent"],
            row["delivered"],
            row["bounced"],
            (row["opened_unique"], row["opened_total"]),
            (row["clicked_unique"], row["clicked_total"]),
        ) == (report.sent, report.delivered, report.bounced, report.opened, report.clicked)


def test_the_rates_of_days_add_up_to_all_that_was_delivered(first_run: Built) -> None:
    account = first_run.account
    zone = ZoneInfo(account.time_zone)
    sent = Counter(
        datetime.fromtimestamp(event.at / 1_000, UTC).astimezone(zone).date().isoformat()
        for message in _sent(account)
        for event in message.events["SENT"]
    )
    rates = {row["date_day"]: row for row in first_run.marts["acton__account_daily"]}
    reports = [message.report for message in _sent(account)]
    for column, total in (
        ("delivery_rate", sum(report.delivered for report in reports)),
        ("bounce_rate", sum(report.bounced for report in reports)),
    ):
        counted = sum(rates[day][column] * emails for day, emails in sent.items())
        assert counted == pytest.approx(total), column
    assert all(row["delivery_rate"] is None for day, row in rates.items() if day not in sent)


def test_contacts_have_submitted_what_the_account_says(first_run: Built) -> None:
    account = first_run.account
    submissions = _submissions(account)
    found = {
        row["contact_id"]: row["form_submissions"] for row in first_run.marts["acton__contacts"]
    }
    expected = {contact.id: submissions[contact.id] for contact in account.contacts}
    assert {contact_id: found[contact_id] for contact_id in expected} == expected
    assert max(expected.values()) > 1

    # The timeline has each of them, with the contact where the entry can only be that contact's.
    of_contacts = Counter(
        row["contact_id"]
        for row in first_run.marts["acton__contact_timeline"]
        if row["verb"] in SUBMISSIONS.values()
    )
    without_history = Counter(
        contact.properties["legacyRecordId"]
        for contact in account.contacts
        if contact.gone or not contact.activities
    )
    shared = {row_id for row_id, count in without_history.items() if row_id and count > 1}
    alone = [
        contact.id
        for contact in account.contacts
        if (contact.activities and not contact.gone)
        or contact.properties["legacyRecordId"] not in shared
    ]
    assert {one: of_contacts[one] for one in alone} == {one: expected[one] for one in alone}


def test_records_of_the_crm_have_the_submissions_of_their_contact(first_run: Built) -> None:
    account = first_run.account
    contacts_of = defaultdict(set)
    for row in first_run.marts["acton__crm_keys"]:
        contacts_of[row["crm_id_15"]].add(row["contact_id"])
    submissions = _submissions(account)
    with_history = {one.id for one in account.contacts if one.activities and not one.gone}
    expected = {}
    for crm_id, contact_ids in contacts_of.items():
        known = contact_ids - {None}
        if len(known) == 1 and known <= with_history:
            expected[crm_id] = submissions[min(known)]
    found = Counter(row["crm_id_15"] for row in first_run.marts["acton__crm_form_submissions"])
    assert {crm_id: found[crm_id] for crm_id in expected} == expected
    assert any(expected.values())


def _sent(account: Account) -> Iterable[Message]:
    """Give the messages that have gone out and whose reports and events can be read."""
    return [
        message
        for message in account.messages
        if message.type in REPORTED_TYPES and not message.gone
    ]


def _submissions(account: Account) -> dict[str, int]:
    """Count the submissions of each contact, else those of the list row that it came from."""
    rows = {row.contact_id: row for _, row in list_rows(account)}
    counts = {}
    for contact in account.contacts:
        activities: tuple[Activity, ...] = () if contact.gone else contact.activities
        row = rows.get(contact.properties["legacyRecordId"])
        if not activities and row:
            facts = account.facts_of(row)
            activities = facts.activities if facts else ()
        counts[contact.id] = sum(activity.verb in SUBMISSIONS for activity in activities)
    return counts
