"""Whatever the reader chooses, every number equals the marts, and every mark its number."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox.dice import Dice
from tests.browser.accounts import TODAY
from tests.browser.choices import KINDS, Choice
from tests.browser.figures import FIGURES, count, rate
from tests.browser.marts import query
from tests.browser.test_page import READ_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Made, Opened

RATES = {
    "delivery_rate": ("delivered", "sent"),
    "open_rate": ("opened_unique", "delivered"),
    "click_rate": ("clicked_unique", "delivered"),
    "click_to_open_rate": ("clicked_unique", "opened_unique"),
    "bounce_rate": ("bounced", "sent"),
    "opt_out_rate": ("opted_out", "delivered"),
    "complaint_rate": ("complained", "delivered"),
}
"""What each rate of messages divides by what, in `acton__messages`."""

READ_TILES = """
() => Object.fromEntries([...document.querySelectorAll('[data-tile]')].map(tile =>
    [tile.dataset.tile, [tile.dataset.value, tile.querySelector('.value').textContent]]))
"""
READ_FIGURES = """
() => Object.fromEntries([...document.querySelectorAll('figure')].map(figure => {
    const is_shown = part => !figure.querySelector(part).hidden
    const marks = [...figure.querySelectorAll('.role-mark > path')]
        .filter(path => path.__data__.datum.label !== undefined)
        .filter(path => (path.__data__.datum.value ?? path.__data__.datum.sent ?? null) !== null)
        .filter(path => !path.parentElement.classList.contains('mark-line'))
    return [figure.dataset.chart, {
        rows: [...figure.querySelectorAll('.numbers tbody tr')]
            .map(row => [...row.cells].map(cell => cell.textContent)),
        is_empty: is_shown('.empty') && !is_shown('.chart') && !is_shown('.numbers'),
        marks: marks.map(path => {
            const { width, height } = path.getBBox()
            const { x, y } = path.getBoundingClientRect()
            const is_bar = path.closest('.mark-rect') !== null
            return { datum: path.__data__.datum, is_bar, width, height, y }
        }),
    }]
}))
"""
HORIZONTAL = {
    *("engagement", "domains", "categories", "form-sources", "page-sources", "attendance"),
}
"""The charts whose bars lie."""


def choices(account: str) -> list[Choice]:
    """Give choices at the borders of the periods, and some at random."""
    dice = Dice(account)
    first = date(2026, 4, 1)
    accounts = [None, "north", "south"] if account == "two accounts" else [None]
    made = [
        Choice(),
        Choice("365"),
        Choice("all", types=("TRIGGERED",)),
        Choice("all", types=()),
        Choice(days=(date(2028, 2, 29), date(2028, 2, 29))),
    ]
    for _ in range(4):
        days = sorted(first + timedelta(days=dice.below((TODAY - first).days)) for _ in range(2))
        types = tuple(kind for kind in KINDS if dice.chance(0.7))
        period = dice.pick(("30", "90", "365", "all"))
        own = (days[0], days[1]) if dice.chance(0.6) else None
        made.append(Choice(period, own, types, dice.pick(accounts)))
    return made


@pytest.mark.parametrize("account", ["ordinary", "two accounts", "hostile"])
def test_the_page_follows_every_choice(
    account: str, opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab, one = opened(), made(account)
    tab.show(one)
    ((first_day,),) = query(one.database, "SELECT min(sent_on) FROM acton__messages")
    whole = (first_day, TODAY)
    for choice in choices(account):
        choice.on(tab.page)
        tab.settle()
        _check_tiles(tab.page, one.database, choice, whole)
        _check_figures(tab.page, one.database, choice, whole)
    assert tab.complaints == []


def test_reset_shows_the_page_as_it_was_first(
    opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab = opened()
    tab.show(made("two accounts"))
    first = tab.page.evaluate(READ_WORDS)
    choices("two accounts")[-1].on(tab.page)
    tab.page.fill("#messages-search", "North 1")
    tab.page.click("#messages-table th[data-column=sent] button")
    assert tab.page.evaluate(READ_WORDS) != first
    tab.page.click("#reset")
    tab.settle()
    assert tab.page.evaluate(READ_WORDS) == first
    assert tab.page.input_value("#period") == "30"
    assert tab.page.input_value("#account") == ""
    assert tab.page.input_value("#messages-search") == ""
    assert tab.complaints == []


def _check_tiles(page: Page, database: Path, choice: Choice, whole: tuple[date, date]) -> None:
    numbers = [count("sent"), *(rate(*parts) for parts in RATES.values())]
    sql = f"SELECT {', '.join(numbers)} FROM acton__messages WHERE "  # noqa: S608 - our own
    (expected,) = query(database, sql + choice.where("sent_on", whole, types=True))
    shown = page.evaluate(READ_TILES)
    assert [*shown] == ["sent", *RATES]
    for (raw, text), value in zip(shown.values(), expected, strict=True):
        assert (float(raw) if raw else None) == pytest.approx(value), choice
        assert is_shown_as(text, value), (text, value, choice)


def _check_figures(page: Page, database: Path, choice: Choice, whole: tuple[date, date]) -> None:
    shown = page.evaluate(READ_FIGURES)
    for name, figure in FIGURES.items():
        expected = figure.rows(database, choice, whole)
        one = shown[name]
        case = (name, choice)
        assert one["is_empty"] == (not expected), case
        if not expected:
            continue
        if figure.most:
            # Which of equal rows comes first does not matter.
            one["rows"].sort(key=lambda row: row[0])
            expected.sort(key=lambda row: str(row[0]))
        assert [row[0] for row in one["rows"]] == [row[0] for row in expected], case
        for row, (_, *row_numbers) in zip(one["rows"], expected, strict=True):
            assert all(map(is_shown_as, row[1:], row_numbers)), (row, row_numbers, case)
        numbers = [number for _, *row in expected for number in row[: figure.drawn]]
        _check_marks(one["marks"], numbers, is_horizontal=name in HORIZONTAL, case=case)


def _check_marks(
    marks: list[dict[str, Any]],
    numbers: list[float | None],
    *,
    is_horizontal: bool,
    case: object,
) -> None:
    """Check that there is a mark for each number, and that its size or place says it."""
    values = [_value(mark["datum"]) for mark in marks]
    # A trend of counts also has marks for the days on which nothing happened.
    assert sorted(filter(None, values)) == pytest.approx(sorted(filter(None, numbers))), case
    largest = max(values, key=abs, default=0)
    if not largest:
        return
    if marks[0]["is_bar"]:
        sizes = [mark["width" if is_horizontal else "height"] for mark in marks]
        scale = max(sizes) / largest
        assert sizes == pytest.approx([value * scale for value in values], abs=1), case
    else:
        heights = [mark["y"] for mark in marks]
        least = min(range(len(values)), key=lambda place: values[place])
        most = max(range(len(values)), key=lambda place: values[place])
        if values[most] > values[least]:
            scale = (heights[most] - heights[least]) / (values[most] - values[least])
            assert scale < 0, case
            assert heights == pytest.approx(
                [heights[least] + (value - values[least]) * scale for value in values], abs=1
            ), case


def _value(datum: dict[str, Any]) -> float:
    value: float = datum["value"] if "value" in datum else datum["sent"]
    return value


NOTHING = "\u2013"
UNITS = {"": 1, "%": 0.01, " min": 1, " h": 60, " days": 1_440}


def is_shown_as(text: str, value: float | None) -> bool:
    """Tell whether a text of the page says a number, rounded no more than it shows."""
    if value is None:
        return text == NOTHING
    found = re.fullmatch(r"([\d,]+)(?:\.(\d+))?(%| min| h| days|)", text)
    assert found is not None, text
    whole, part, unit = found.groups()
    number = float(f"{whole.replace(',', '')}.{part or 0}")
    rounding = 0.5 * 10.0 ** -len(part or "") * UNITS[unit]
    return abs(number * UNITS[unit] - value) <= rounding * 1.000_001 + 1e-12 * abs(value)
