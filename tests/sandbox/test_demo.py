"""The demo account: what a marketing manager sees in it must not look made up."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from statistics import mean
from typing import TYPE_CHECKING, Any
from unicodedata import name as name_of

import pytest

from acton_sandbox import Account
from acton_sandbox.demo.calendar import DIRECTORY, NEWSLETTER
from acton_sandbox.generation.people import eagerness
from acton_sandbox.timestamps import DAY, HOUR, local_day, milliseconds
from acton_sandbox.truth import truth_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from acton_sandbox.entities import ContactList, Message

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
IMPORT_DAY = date(2026, 11, 17)
EARLY = datetime(2025, 3, 3, 12, tzinfo=UTC)
MOST_BOUNCES, MOST_COMPLAINTS = 0.05, 0.003
"""Above these shares of a day's sendings to a domain, the models raise an alarm."""


@pytest.fixture(scope="module")
def demo() -> Account:
    """The demo account after nearly two years."""
    return Account.generate(seed=7, size="demo", now=NOW)


@pytest.fixture(scope="module")
def campaigns(demo: Account) -> list[Message]:
    """What has gone out by the calendar, without the message to the bought addresses."""
    return [
        message
        for message in demo.messages
        if message.type == "SENT" and local_day(message.sent_at) != IMPORT_DAY
    ]


def webinars(account: Account) -> list[ContactList]:
    return [item for item in account.lists if item.name.startswith("Webinar")]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from texts(name)
            yield from texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    """Everything that the account holds after its first weeks, at a day that nobody was there."""
    later = EARLY + timedelta(days=10)
    return truth_of(Account.generate(seed=7, size="demo", now=EARLY).at(later))


def test_it_does_not_depend_on_when_it_was_looked_at(truth: dict[str, Any]) -> None:
    account = Account.generate(seed=7, size="demo", now=EARLY)
    for _ in range(10):
        assert all((account.messages, account.lists, account.contacts))
        account = account.next_day()
    assert truth_of(account) == truth


def test_every_text_is_one_that_people_would_write(demo: Account, truth: dict[str, Any]) -> None:
    found = {*texts(truth), *texts([[m.name, m.subject] for m in demo.messages])}
    found |= {text for contact in demo.contacts for text in contact.properties.values()}
    letters = {letter for text in found for letter in text if not letter.isascii()}
    assert {name_of(letter).split()[0] for letter in letters} == {"LATIN"}
    assert not [text for text in found if re.search(r"[\x00-\x09\x0b-\x1f]|<script|=SUM", text)]
    hosts = {host for text in found for host in re.findall(r"(?:@|://)([\w.-]+)", text)}
    assert hosts
    assert not [host for host in hosts if not re.search(r"(^|\.)example\.(com|org|net)$", host)]


def test_people_have_names_and_addresses_of_their_own(demo: Account) -> None:
    people = {contact.email: contact.properties for contact in demo.contacts}
    assert len(people) == len(demo.contacts) > 1_000
    names = Counter((one["firstName"], one["lastName"]) for one in people.values())
    assert max(names.values()) == 1
    last_names = Counter(one["lastName"] for one in people.values())
    assert max(last_names.values()) < len(people) / 50
    assert all(
        one["company"] and one["title"] and one["businessCountry"] for one in people.values()
    )


def test_counters_equal_the_events(demo: Account) -> None:
    for message in demo.messages:
        report, events = message.report, message.events
        assert report.sent == len(events["SENT"]) == report.delivered + report.bounced
        assert report.opened[0] <= report.delivered
        assert report.clicked[0] <= report.opened[0]
        assert report.clicked[1] == len(events["CLICKED"])


def test_rates_are_those_of_a_good_sender(campaigns: list[Message]) -> None:
    large = [message for message in campaigns if message.report.delivered > 150]
    assert len(large) > 50
    for message in large:
        report = message.report
        assert 0.12 < report.opened[0] / report.delivered < 0.5, message.name
        assert report.clicked[0] / report.delivered < 0.12, message.name
    months: dict[date, Counter[str]] = defaultdict(Counter)
    for message in campaigns:
        report, counts = message.report, months[local_day(message.sent_at).replace(day=1)]
        counts["delivered"] += report.delivered
        counts["opened"] += report.opened[0]
        counts["clicked"] += report.clicked[0]
        counts["opt_out"] += report.opt_out
        counts["bounced"] += report.bounced
    for counts in months.values():
        assert 0.2 < counts["opened"] / counts["delivered"] < 0.45
        assert 0.02 < counts["clicked"] / counts["delivered"] < 0.06
        assert counts["opt_out"] / counts["delivered"] < 0.005
        assert counts["bounced"] / counts["delivered"] < 0.02
    total = sum(months.values(), Counter())
    assert total["opt_out"] / total["delivered"] > 0.001


def alarms(messages: Iterable[Message]) -> set[date]:
    sent, bounced, complained = Counter[Any](), Counter[Any](), Counter[Any]()
    for message in messages:
        sent_on = {}
        for event in message.events["SENT"]:
            key = (event.recipient.email.partition("@")[2], local_day(event.at))
            sent_on[event.recipient.contact_id] = key
            sent[key] += 1
        bounced.update(sent_on[event.recipient.contact_id] for event in message.events["BOUNCED"])
        complained.update(sent_on[event.recipient.contact_id] for event in message.events["SPAM"])
    return {
        key[1]
        for key, count in sent.items()
        if bounced[key] > MOST_BOUNCES * count
        or complained[key] > MOST_COMPLAINTS * (count - bounced[key])
    }


def test_there_is_one_alarm_after_the_bad_import(demo: Account) -> None:
    assert alarms(demo.messages) == {IMPORT_DAY}
    bought = next(item for item in demo.lists if item.name == DIRECTORY)
    assert {local_day(row.created_at) for row in bought.rows} == {IMPORT_DAY}


def test_whoever_has_left_is_not_written_to(demo: Account) -> None:
    left = {row.email: row.at for row in (*demo.opt_outs, *demo.hard_bounces)}
    assert len(left) > 100
    sent = [
        (event.recipient.email, event.at)
        for message in demo.messages
        for event in message.events["SENT"]
    ]
    assert not [one for one in sent if one[0] in left and one[1] > left[one[0]] + HOUR]


def test_sending_grows_and_has_seasons(demo: Account) -> None:
    months: Counter[tuple[int, int]] = Counter()
    for day, counts in demo.day_counts.items():
        months[day.year, day.month] += counts.sent
    for year in (2025, 2026):
        assert months[year, 8] < 0.7 * min(months[year, 7], months[year, 9])
    assert months[2025, 12] < 0.9 * min(months[2025, 11], months[2026, 1])
    for month in range(1, 12):
        assert months[2026, month] > 1.1 * months[2025, month]
    hours = Counter(
        message.sent_at // HOUR % 24 for message in demo.messages if message.events["SENT"]
    )
    assert len(hours) >= 5


def test_opens_become_fewer_hour_by_hour_and_day_by_day(campaigns: list[Message]) -> None:
    lags = [event.at - m.sent_at for m in campaigns for event in m.events["OPENED"]]
    assert 0.3 < mean(lag < 3 * HOUR for lag in lags) < 0.7
    days = Counter(lag // DAY for lag in lags)
    assert days[0] > 3 * days[1] > 3 * days[6] > 0
    weekend = mean(
        (event.at // DAY + 3) % 7 >= 5 for m in campaigns for event in m.events["OPENED"]
    )
    assert weekend < 0.15


def test_who_opens_more_scores_higher(demo: Account) -> None:
    openers = {e.recipient.email for m in demo.messages[-60:] for e in m.events["OPENED"]}
    scores: dict[bool, list[int]] = {True: [], False: []}
    for contact in demo.contacts:
        scores[contact.email in openers].append(int(contact.properties["actonPrimaryScore"]))
    assert mean(scores[True]) > 1.5 * mean(scores[False])
    assert eagerness("somebody@example.com") == eagerness("somebody@example.com")


def test_contacts_of_every_month_open_something_soon(demo: Account) -> None:
    opened: dict[str, list[int]] = defaultdict(list)
    for message in demo.messages:
        for event in message.events["OPENED"]:
            opened[event.recipient.email].append(event.at)
    months: dict[date, list[bool]] = defaultdict(list)
    for contact in demo.contacts:
        is_active = any(at < contact.created_at + 60 * DAY for at in opened[contact.email])
        months[local_day(contact.created_at).replace(day=1)].append(is_active)
    assert len(months) == 23
    assert all(0.2 < mean(of_month) < 0.95 for of_month in months.values())


def test_forms_have_fewer_submissions_than_visitors(demo: Account) -> None:
    visited = [form for form in demo.forms if form.traffic]
    assert len(visited) > 8
    for form in visited:
        views, unique, submits = (
            sum(getattr(traffic, kind) for traffic in form.traffic)
            for kind in ("views", "unique", "submits")
        )
        assert 0 < submits < unique < views
        assert 0.03 < submits / views < 0.3


def test_webinars_fill_up_before_their_date(demo: Account) -> None:
    *held, coming = webinars(demo)
    assert len(held) > 15
    status = coming.headers.index("Status")
    for item in held:
        attended = mean(row.cells[status] == "Attended" for row in item.rows)
        assert 40 < len(item.rows) < 120
        assert 0.25 < attended < 0.65
    assert {row.cells[status] for row in coming.rows} == {"Registered"}
    week = timedelta(days=7)
    before, after = (demo.at(when).list_by_id[coming.id] for when in (NOW - week, NOW + week))
    assert 0 < len(before.rows) < len(coming.rows) < len(after.rows)


def test_it_goes_on_in_the_same_way(demo: Account) -> None:
    week_later = demo.at(NOW + timedelta(days=7))
    assert alarms(week_later.messages) == {IMPORT_DAY}
    names = {message.id: message.name for message in demo.messages}
    assert names.items() < {message.id: message.name for message in week_later.messages}.items()
    newsletter = next(m for m in week_later.messages if m.name == "Newsletter December 2026")
    assert 0.2 < newsletter.report.opened[0] / newsletter.report.delivered < 0.45
    grown = {item.name: len(item.rows) for item in week_later.lists}
    now = {item.name: len(item.rows) for item in demo.lists}
    assert all(grown[name] >= count for name, count in now.items())
    assert now[NEWSLETTER] < grown[NEWSLETTER] < now[NEWSLETTER] + 30
    for message in demo.messages:
        then = {(e.recipient.contact_id, e.at) for e in message.events["OPENED"]}
        later = {
            (e.recipient.contact_id, e.at)
            for e in week_later.message_by_id[message.id].events["OPENED"]
            if e.at <= milliseconds(NOW)
        }
        assert then == later
