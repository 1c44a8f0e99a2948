"""The generated account: repeatable, consistent, and as varied as real ones."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from acton_sandbox import Account
from acton_sandbox.entities import DRILLDOWNS, MESSAGE_TYPES, REPORTED_TYPES
from acton_sandbox.truth import counts_of, truth_of

if TYPE_CHECKING:
    from acton_sandbox.entities import Message

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
DIGESTS = {
    "messages": "159816acf8b11709",
    "events": "082920603b7e5321",
    "lists": "c1bfe8a4b0ce875d",
    "assets": "d114666aa1b305a2",
    "senders": "0f9ba90474e08f86",
    "logos": "391a1ea42a8490c5",
    "headers": "8d1b21a81e5150d9",
    "footers": "4253a1025efa1236",
    "images": "a2d955c8edc56894",
    "media": "7c34db675fd83439",
    "forms": "c112dc7f708a3e16",
    "landing_pages": "595bf5ec66424925",
    "programs": "cad826afe1b018b0",
    "campaigns": "305728dbb9fd2c7c",
    "keywords": "050eb20561161f5c",
    "facts": "20b5d86674dc2711",
    "hard_bounces": "bf8979d42e97c29e",
    "spam_complaints": "9304a3bde2be1c2f",
    "opt_outs": "8c19e69e9754401e",
    "categories": "240c476c82348199",
    "contact_fields": "dc5b0afd4aecac7f",
    "contacts": "4187cc55ee9ac563",
    "segments": "5fd7ec912e07ed29",
    "import_definitions": "5f63c74f85f6d321",
    "custom_objects": "a4c31615fdabeac3",
    "datasets": "0b46274dc6dc8a29",
    "day_counts": "ebd0b21b0024e41a",
}
"""The beginning of a digest of each part of the small account."""


def test_the_same_arguments_make_the_same_account(account: Account) -> None:
    again = Account.generate(seed=7, size="small", now=NOW)
    assert truth_of(again) == truth_of(account)


@pytest.mark.parametrize("part", DIGESTS)
def test_an_account_is_the_same_on_every_machine_and_python(account: Account, part: str) -> None:
    """A change here is meant, or it is a dependence on hashes, locale or version."""
    held = json.dumps(truth_of(account)[part]).encode()
    assert sha256(held).hexdigest()[:16] == DIGESTS[part]


def test_another_seed_is_another_account(account: Account) -> None:
    assert truth_of(Account.generate(seed=8, size="small", now=NOW)) != truth_of(account)


def test_the_zone_of_now_does_not_matter(account: Account) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert truth_of(Account.generate(seed=7, size="small", now=there)) == truth_of(account)


@pytest.mark.parametrize("now", [datetime(2026, 3, 20), datetime(2025, 1, 6, 23, tzinfo=UTC)])  # noqa: DTZ001
def test_a_timestamp_without_zone_or_before_the_history_is_refused(now: datetime) -> None:
    with pytest.raises(ValueError, match="now must"):
        Account.generate(now=now)


def test_a_small_account_is_small(account: Account) -> None:
    types = Counter(message.type for message in account.messages)
    people = {row.email for item in account.lists for row in item.rows}
    assert 20 <= types["SENT"] <= 30
    assert set(types) == set(MESSAGE_TYPES)
    assert 5 <= len(account.lists) <= 6
    assert 100 <= len(people) <= 150
    assert any(m.type == "SENT" and not any(m.events.values()) for m in account.messages)
    assert any(not item.readable for item in account.lists)
    assert any(item.readable and not item.rows for item in account.lists)
    assert [message.gone for message in account.messages].count(True) >= 1


def test_a_standard_account_is_of_a_working_size(standard_account: Account) -> None:
    counts = counts_of(standard_account)
    types = Counter(message.type for message in standard_account.messages)
    assert 350 <= types["SENT"] <= 450
    assert types["TRIGGERED"] >= 5
    assert 30_000 <= counts["events"] <= 60_000
    assert 25 <= counts["lists"] <= 35
    assert min(counts["hard bounces"], counts["opt-outs"], counts["spam complaints"]) > 300


def test_a_standard_account_has_pages_that_end_on_the_border(standard_account: Account) -> None:
    lists = {len(item.rows) for item in standard_account.lists}
    sent = {len(message.events["SENT"]) for message in standard_account.messages}
    assert {0, 1, 999, 1000, 1001, 2500} <= lists
    assert {0, 999, 1000, 1500} <= sent


def test_a_system_list_can_end_on_the_border_of_a_page(standard_account: Account) -> None:
    """Their total is always -1, so a full last page is the trap."""
    timestamps = sorted(row.visible_at for row in standard_account.hard_bounces)
    when = datetime.fromtimestamp(timestamps[999] / 1000, UTC)
    assert len(standard_account.at(when).hard_bounces) == 1_000
    exact = Account.generate(
        now=datetime(2025, 1, 7, tzinfo=UTC), suppressions_per_day=0, imported_spam_complaints=2_000
    )
    assert len(exact.spam_complaints) == 2_000


def test_the_odd_things_of_real_accounts_are_there(standard_account: Account) -> None:
    cells = [c for item in standard_account.lists for row in item.rows for c in row.cells]
    headers = [header for item in standard_account.lists for header in item.headers]
    text = "".join(cells[:200_000])
    for odd in ("\n", '"', ",", "山", "ع", "🚀", "\u0301", "<"):
        assert odd in text
    assert {".tz", "__intern", "", "Straße / Nr."} <= set(headers)
    widths = {
        (len(row.cells) > len(item.headers)) - (len(row.cells) < len(item.headers))
        for item in standard_account.lists
        for row in item.rows
    }
    assert widths == {-1, 0, 1}
    assert any(len(set(item.headers)) < len(item.headers) for item in standard_account.lists)
    assert any(len(item.headers) > 255 for item in standard_account.lists)
    assert {item.date_format for item in standard_account.lists} == {
        "epoch",
        "iso",
        "zoned",
        "display",
    }


def test_events_repeat_and_addresses_have_several_ids(account: Account) -> None:
    repeated, doubled = 0, 0
    for message in account.all_messages:
        for events in message.events.values():
            repeated += len(events) - len(set(events))
        ids = {(e.recipient.email, e.recipient.contact_id) for e in message.events["SENT"]}
        doubled += len(ids) - len({email for email, _ in ids})
    assert repeated > 0
    assert doubled > 0


def _assert_counters_equal_drilldowns(message: Message) -> None:
    report, events = message.report, message.events
    unique = {
        drilldown: len({event.recipient.contact_id for event in events[drilldown]})
        for drilldown in DRILLDOWNS
    }
    assert report.sent == len(events["SENT"])
    assert report.bounced == len(events["BOUNCED"]) == report.hard_bounced + report.soft_bounced
    assert report.opened == (unique["OPENED"], len(events["OPENED"]))
    assert report.clicked == (unique["CLICKED"], len(events["CLICKED"]))
    assert report.not_sent == (unique["SUPPRESSED"], len(events["SUPPRESSED"]))
    assert report.opt_out == len(events["OPT_OUT"])
    assert report.spam == len(events["SPAM"])


def test_counters_equal_the_drilldowns(standard_account: Account) -> None:
    for message in standard_account.messages:
        _assert_counters_equal_drilldowns(message)


def test_only_what_has_gone_out_has_events(standard_account: Account) -> None:
    for message in standard_account.messages:
        assert message.type in REPORTED_TYPES or not any(message.events.values())


def test_day_counts_are_the_sums_of_all_events(account: Account) -> None:
    total = sum(len(message.events["SENT"]) for message in account.all_messages)
    assert sum(day.sent for day in account.day_counts.values()) == total
    assert all(
        day.bounced == day.hard_bounced + day.soft_bounced for day in account.day_counts.values()
    )


def test_many_small_messages_can_be_asked_for() -> None:
    account = Account.generate(now=NOW, messages=3_000, events_per_message=4)
    sent = [message for message in account.messages if message.type == "SENT"]
    rows = Counter(sum(map(len, message.events.values())) for message in sent)
    assert rows == {4: 3_000}
    assert len({message.id for message in account.next_day().messages}) > len(account.messages)


def test_everybody_lives_under_reserved_names(standard_account: Account) -> None:
    emails = {row.email for item in standard_account.lists for row in item.rows}
    emails |= {row.email for row in standard_account.opt_outs}
    assert all(email.endswith(("example.com", "example.org")) for email in emails)
    assert all(
        event.ip.startswith("192.0.2.")
        for message in standard_account.messages
        for event in message.events["CLICKED"]
    )
