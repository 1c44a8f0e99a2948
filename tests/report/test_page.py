"""The page that Python puts together, before its script runs."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from report.figures import FIGURES
from report.listings import LISTINGS
from report.marts import QUERIES, Marts
from report.page import SECTIONS, page
from tests.report.accounts import DAY, marts, message

if TYPE_CHECKING:
    from report.figures import Figure

READ = "2026-11-30T11:46:00"
MADE = datetime(2026, 11, 30, 12, tzinfo=UTC)

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)> & \"quotes\" 'single'",
    "<!--",
    "{{ 7 * 7 }}",
    "\N{ARABIC LETTER ALEF}\N{ARABIC LETTER LAM} \N{RIGHT-TO-LEFT OVERRIDE}abc",
    "\N{ROCKET}\N{VARIATION SELECTOR-16}",
    "line\u2028break\x00",
)


class Page(HTMLParser):
    """What a browser would make of the page: its elements, and the texts outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""
        self.text = ""
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._within = dict(attrs).get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "data":
            self.data += data
        elif not self._within:
            self.text += data

    def with_attribute(self, name: str) -> dict[str, dict[str, str | None]]:
        return {f"{given[name]}": given for _, given in self.elements if name in given}

    @property
    def sections(self) -> list[str | None]:
        return [given.get("id") for tag, given in self.elements if tag == "section"]


def made(of: Marts, at: datetime = MADE) -> Page:
    return Page(page(of, at))


def test_an_account_is_told_in_its_first_period() -> None:
    health = [{"account": 0, "table": "messages", "rows": 2, "newest": READ}]
    shown = made(
        marts(messages=[message(2, 100, opened=40), message(40, 900, opened=90)], health=health)
    )
    tiles = shown.with_attribute("data-tile")
    assert tiles["sent"]["data-value"] == "100"
    assert tiles["open_rate"]["data-value"] == "0.4"
    assert shown.sections == list(SECTIONS)
    assert "Data read Nov 30, 2026, 11:46 UTC" in shown.text
    assert "Nov 1, 2026 to Nov 30, 2026" not in shown.text
    assert "Oct 30, 2026 to Nov 28, 2026" in shown.text


@pytest.mark.parametrize("of", [marts(()), marts()], ids=["no account", "no rows"])
def test_an_empty_account_explains_itself(of: Marts) -> None:
    shown = made(of)
    assert "No message has gone out from this account so far." in shown.text
    assert "acton__account_daily has no rows so far." in shown.text
    assert shown.with_attribute("data-tile")["open_rate"]["data-value"] == ""
    assert shown.sections == list(SECTIONS)


def test_marts_that_were_not_built_are_named_in_their_place() -> None:
    of = marts()
    for name, table in of.tables.items():
        table.missing = f"acton__{name}"
    text = made(of).text
    assert [name for name in QUERIES if f"acton__{name} is not in the warehouse" not in text] == []


def test_one_message_is_enough() -> None:
    shown = made(marts(messages=[message(0, 1)]))
    assert shown.with_attribute("data-tile")["sent"]["data-value"] == "1"
    assert re.search(r"\b1 message\s", shown.text)
    assert "1 messages" not in shown.text
    assert "No full period before to compare with" in shown.text


def test_names_stay_names() -> None:
    of = marts(
        HOSTILE,
        messages=[
            message(n, 100, account=n, name=name, subject=f"{name}!")
            for n, name in enumerate(HOSTILE)
        ],
        **{
            table: [
                {"account": 0, "name": name, "table": name, "key": name, "domain": name}
                | {"source": name, "category": name, "engagement": name, "kind": name, "day": DAY}
                for name in HOSTILE
            ]
            for table in ("lists", "forms", "media", "webinars", "unnamed", "domains", "people")
        },
        categories=[{"account": 0, "category": name} for name in HOSTILE],
    )
    text = page(of, MADE)
    shown, plain = Page(text), made(marts())
    of_page = ("script", "img", "style", "iframe", "link")
    assert [tag for tag, _ in shown.elements if tag in of_page] == [
        tag for tag, _ in plain.elements if tag in of_page
    ]
    assert not any("onerror" in given for _, given in shown.elements)
    data = json.loads(shown.data)
    assert data["tables"]["messages"]["name"] == list(HOSTILE)
    assert data["accounts"] == list(HOSTILE)
    assert "{{ 7 * 7 }}" in shown.text
    # Each in an element that isolates its direction.
    assert "<bdi>\N{ARABIC LETTER ALEF}" in text


def test_several_accounts_can_be_chosen_and_one_cannot() -> None:
    both = marts(("north", "south"), messages=[message(1, 5), message(2, 7, account=1)])
    shown = made(both)
    assert "account" in shown.with_attribute("id")
    assert shown.with_attribute("data-tile")["sent"]["data-value"] == "12"
    assert "account" not in made(marts(messages=[message(1, 5)])).with_attribute("id")


def test_old_data_is_said_at_the_top() -> None:
    health = [
        {"account": 0, "table": "messages", "rows": 2, "newest": READ},
        {"account": 1, "table": "messages", "rows": 2, "newest": "2026-11-28T11:46:00"},
    ]
    of = marts(("north", "south"), health=health)
    shown = made(of)
    assert "The data of south is 2 days old: newer mail is missing." in shown.text
    assert "The data of north" not in shown.text
    assert "hidden" not in shown.with_attribute("id")["old"]
    fresh = made(marts(health=health[:1]), MADE + timedelta(hours=23))
    assert "hidden" in fresh.with_attribute("id")["old"]


def test_the_age_is_that_of_the_messages_where_there_are_any() -> None:
    health = [
        {"account": 0, "table": "lists", "newest": READ},
        {"account": 0, "table": "messages", "newest": "2026-11-29T12:00:00"},
        {"account": 0, "table": "webinars", "newest": READ},
    ]
    text = made(marts(health=health)).text
    assert "Data read Nov 29, 2026, 12:00 UTC" in text
    assert "The data is 24 hours old" in text
    late = made(marts(health=health), MADE + timedelta(days=1200)).text
    assert "The data is 1,201 days old" in late
    assert "Data read Nov 30, 2026, 11:46 UTC" in made(marts(health=health[:1])).text


def test_a_day_in_the_future_decides_nothing() -> None:
    days = [{"account": 0, "day": day} for day in (DAY, DAY + 2)]
    far = (date(9999, 12, 31) - date(1970, 1, 1)).days
    messages = [message(2, 100), message(59, 100), {**message(0, 50), "day": far}]
    shown = made(marts(messages=messages, days=days))
    assert json.loads(shown.data)["span"] == [DAY - 59, DAY]
    assert "Nov 1, 2026 to Nov 30, 2026" in shown.text
    assert shown.with_attribute("data-tile")["sent"]["data-value"] == "100"
    tomorrow = made(marts(messages=[message(-1, 100)]))
    assert json.loads(tomorrow.data)["span"] == [DAY + 1, DAY + 1]


def test_calls_are_those_of_the_last_run() -> None:
    ended = "2026-11-30T11:50:00"
    health = [
        {"account": 0, "table": "lists", "rows": 2, "newest": READ, "ended": ended, "calls": 40,
         "calls_left": 29_000},
        {"account": 0, "table": "messages", "rows": None},
    ]  # fmt: skip
    earlier = {**health[0], "ended": "2026-11-30T11:49:00", "calls": 0, "calls_left": 28_000}
    text = " ".join(made(marts(health=[earlier, *health])).text.split())
    assert "2 of 3 tables are loaded. The last runs took 40 calls and left 29,000" in text
    south = {**health[0], "account": 1, "ended": "2026-11-29T09:00:00", "calls_left": 700}
    both = " ".join(made(marts(("north", "south"), health=[*health, south])).text.split())
    assert "The last runs took 80 calls and left at least 700 of the daily limit." in both
    assert "Calls are not known" in made(marts(health=health[1:])).text


def test_inflated_opens_are_marked_in_tiles_and_in_the_table() -> None:
    text = page(marts(messages=[message(0, 1)]), MADE)
    marked = r"<h3>([^<]*) <span class=\"chip\" title=\"[^\"]+\">opens inflated</span>"
    assert re.findall(marked, text) == ["Open rate", "Click-to-open rate"]
    headings = re.findall(r"data-column=\"\w+\"[^>]*>([^<]*)<", text)
    assert [one for one in headings if "open" in one.lower()] == [
        "Open rate (inflated opens)",
        "Click-to-open rate (inflated opens)",
        "Average time to open",
    ]


def test_a_webinar_without_a_name_is_called_the_same_everywhere() -> None:
    text = made(marts(webinars=[{"account": 0, "name": " ", "registrants": 3}])).text
    assert text.count("(without a name)") == 2
    assert "(none)" not in text


def test_sums_over_several_accounts_say_so() -> None:
    health = [{"account": n, "table": "lists", "rows": 1} for n in (0, 1)]
    words = "Over all accounts: 2 of 2 tables are loaded."
    assert words in made(marts(("north", "south"), health=health)).text
    assert words not in made(marts(health=health[:1])).text


def test_rates_of_listings_are_sums_over_sums() -> None:
    shown = made(
        marts(
            forms=[{"account": 0, "name": "f", "views": 200, "submits": 50, "visitors": 9}],
            webinars=[{"account": 0, "name": "w", "registrants": 80, "attendees": 10}],
        )
    )
    words = shown.text.split()
    assert words[words.index("f") + 1 :][:4] == ["200", "9", "50", "25.0%"]
    # In the table of the chart, and among the webinars, after the day of the last registration.
    assert "12.5%" in words
    assert "800.0%" not in words


def test_ten_thousand_messages_fit() -> None:
    name = "Spring newsletter for customers in the north, second edition {}"
    of = marts(
        messages=[
            message(n // 6, 40_000 + n, opened=12_000 + n, clicked=900 + n % 97, bounced=400)
            | {"name": name.format(n), "subject": f"What is new, and what comes next {n}"}
            | {"minutes": n * 3}
            for n in range(10_000)
        ],
        days=[
            {"account": 0, "day": DAY - n, "opened": n, "clicked": n, "new_contacts": n % 7}
            for n in range(1700)
        ],
        domains=[
            {"account": 0, "day": DAY - n // 13, "domain": f"mail{n % 13}.example.com"}
            | dict.fromkeys(("sent", "delivered"), 12_345)
            | dict.fromkeys(("bounced", "hard_bounced", "soft_bounced", "complained"), 12)
            for n in range(13 * 1700)
        ],
        steps=[
            {"account": 0, "day": DAY - n // 7, "step": n % 7, "opens": 1234, "clicks": 123}
            for n in range(7 * 1700)
        ],
    )
    text = page(of, MADE)
    assert len(text.encode()) < 5_000_000
    assert text.count("<tr>") < 1_000


def test_nothing_is_fetched_and_no_element_has_an_id_twice() -> None:
    text = page(marts(messages=[message(1, 5)]), MADE)
    shown = Page(text)
    fetched = [
        given[name]
        for _, given in shown.elements
        for name in ("src", "href", "action", "data")
        if name in given and not re.match("#|data:,", given[name] or "")
    ]
    assert fetched == []
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    ids = [given["id"] for _, given in shown.elements if "id" in given]
    assert len(ids) == len({*ids})


@pytest.mark.parametrize(
    "figure", [one for group in FIGURES.values() for one in group], ids=lambda one: one.name
)
def test_a_figure_is_vega_lite_and_says_where_its_numbers_come_from(figure: Figure) -> None:
    specification: dict[str, Any] = figure.draw(figure).to_dict(validate=True)
    assert "width" in json.dumps(specification)
    named = set(re.findall(r"acton__\w+", figure.source))
    assert named == {*QUERIES[figure.table].reads}


def test_listings_say_where_their_numbers_come_from() -> None:
    for listing in (one for group in LISTINGS.values() for one in group):
        named = set(re.findall(r"acton__\w+", listing.source))
        assert named == {*QUERIES[listing.table].reads}, listing.name
