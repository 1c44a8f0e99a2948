"""The table of messages: sorted, searched and shown in full, as SQL would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.choices import Choice
from tests.browser.marts import query
from tests.browser.test_numbers import RATES, is_shown_as

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Made, Opened

COLUMNS = {
    "name": "message_name",
    "type": "message_type",
    "day": "sent_on",
    "sent": "sent",
    **{
        name: f"CASE WHEN {whole} > 0 THEN coalesce({part}, 0) / {whole} END"
        for name, (part, whole) in RATES.items()
        if name != "delivery_rate"
    },
    "minutes": "average_minutes_to_open",
}
"""What each column shows, in SQL over `acton__messages`."""

READ = """
() => {
    const table = document.querySelector('#messages-table')
    const headings = [...table.tHead.rows[0].cells].map(cell => cell.dataset.column)
    const read = cell => cell.querySelector('bdi')?.textContent ?? cell.textContent
    return [...table.tBodies[0].rows].map(row => Object.fromEntries(
        [...row.cells].map((cell, place) => [headings[place], read(cell)])))
}
"""


def test_every_column_sorts_both_ways_with_nothing_last(
    opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab, one = opened(), made("ordinary")
    tab.show(one)
    Choice("all").on(tab.page)
    headings = tab.page.locator("#messages-table th[data-column]")
    assert headings.evaluate_all("all => all.map(one => one.dataset.column)") == [*COLUMNS]
    for column, sql in COLUMNS.items():
        heading = tab.page.locator(f"#messages-table th[data-column={column}]")
        seen = set()
        for _ in range(2):
            heading.locator("button").click()
            way = heading.get_attribute("aria-sort")
            seen.add(way)
            order = "DESC" if way == "descending" else "ASC"
            expected = query(
                one.database,
                f"SELECT {_ordered(column, sql)} FROM acton__messages "  # noqa: S608 - our own
                f"ORDER BY 1 {order} NULLS LAST",
            )
            shown = _rows(tab.page)
            assert shown
            for row, (value,) in zip(shown, expected, strict=False):
                assert _says(column, row[column], value), (column, way, row, value)
        assert seen == {"ascending", "descending"}
        others = headings.evaluate_all("all => all.filter(one => one.ariaSort !== 'none').length")
        assert others == 1


def test_more_shows_every_message_once(
    opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab, one = opened(), made("ordinary")
    tab.show(one)
    Choice("all").on(tab.page)
    more = tab.page.locator("#messages-more")
    assert more.is_visible()
    while more.is_visible():
        before = len(_rows(tab.page))
        more.click()
        assert len(_rows(tab.page)) > before
    names = query(one.database, "SELECT message_name FROM acton__messages ORDER BY 1")
    assert sorted(row["name"] for row in _rows(tab.page)) == [name for (name,) in names]


SEARCHES = {
    "ordinary": {
        "newsletter 1": "message_name ILIKE '%newsletter 1%'",
        "  LETTER 7 ": "message_name ILIKE '%letter 7%'",
        "95!": "subject LIKE '%95!%'",
        "nowhere": "false",
    },
    "hostile": {
        "</SCRIPT>": "message_name ILIKE '%</script>%'",
        "istanbul": "strip_accents(message_name) ILIKE '%istanbul%'",
        "חדשות": "message_name LIKE '%חדשות%'",
        "🎉": "message_name LIKE '%🎉%'",
        "%": "contains(message_name, '%')",
    },
}


@pytest.mark.parametrize("account", SEARCHES)
def test_a_search_finds_names_and_subjects(
    account: str, opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab, one = opened(), made(account)
    tab.show(one)
    Choice("all").on(tab.page)
    for words, condition in SEARCHES[account].items():
        tab.page.fill("#messages-search", words)
        sql = "SELECT count(*) FROM acton__messages WHERE sent_on IS NOT NULL AND "
        ((expected,),) = query(one.database, sql + condition)
        assert tab.page.locator("#messages-table").is_visible() == (expected > 0), words
        assert tab.page.locator("#messages-empty").is_visible() == (expected == 0), words
        assert len(_rows(tab.page)) == min(expected, 25), words
        assert f"{expected} message" in tab.page.inner_text("#messages-count"), words


def _rows(page: Page) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = page.evaluate(READ)
    return rows


def _ordered(column: str, sql: str) -> str:
    # Newsletter 2 comes before Newsletter 10.
    return f"CAST(split_part({sql}, ' ', 2) AS INTEGER)" if column == "name" else sql


TYPES = {"SENT": "Sent once", "TRIGGERED": "Triggered", "FAILED": "Failed"}


def _says(column: str, text: str, value: Any) -> bool:
    match column:
        case "name":
            return text == f"Newsletter {value}"
        case "type":
            return text == TYPES[value]
        case "day":
            return text == f"{value:%b} {value.day}, {value.year}"
        case _:
            return is_shown_as(text, value)
