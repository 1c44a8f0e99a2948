"""Whatever the reader chooses, every number equals the marts, and every mark its number."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox.dice import Dice
from tests.browser.accounts import TODAY
from tests.browser.choices import KINDS, Choice
from tests.browser.figures import FIGURES, MOST_ROWS, Scale, count, rate
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
    // The brush and the line of the alarm stand for no row; a line is drawn besides its points.
    const marks = [...figure.querySelectorAll('.role-mark > path')]
        .filter(path => path.__data__.datum.label !== undefined)
        .filter(path => !path.parentElement.classList.contains('mark-line'))
    return [figure.dataset.chart, {
        rows: [...figure.querySelectorAll('.numbers tbody tr')]
            .map(row => [...row.cells].map(cell => cell.textContent)),
        is_empty: is_shown('.empty') && !is_shown('.chart') && !is_shown('.numbers'),
        marks: marks.map(path => {
            const { width, height } = path.getBBox()
            const box = path.getBoundingClientRect()
            const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
            const opacity = Number(getComputedStyle(path).opacity)
            return { datum: path.__data__.datum, width, height, x, y, opacity }
        }),
    }]
}))
"""


def choices(account: str, first: date) -> list[Choice]:
    """Give choices at the borders of the periods, and some at random.

    Args:
        account: One of the accounts.
        first: Its first day; the page takes no day before it.
    """
    dice = Dice(account)
    accounts = [None, "north", "south"] if account == "two accounts" else [None]
    made = [
        Choice(),
        Choice("365"),
        Choice("all", types=("TRIGGERED",)),
        Choice("all", types=()),
        Choice(days=(date(2028, 2, 29), date(2028, 2, 29))),
    ]
    for _ in range(2):
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
    for choice in choices(account, first_day):
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
    Choice("90", types=("SENT",), account="north").on(tab.page)
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


def test_a_first_day_behind_the_last_one_is_said_and_changes_nothing(
    opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab = opened()
    tab.show(made("ordinary"))
    first = tab.page.evaluate(READ_WORDS)
    last = date.fromisoformat(tab.page.input_value("#to"))
    tab.page.fill("#from", f"{last + timedelta(days=1)}")
    words = tab.page.evaluate("document.getElementById('from').validationMessage")
    assert words == "From is after To."
    assert tab.page.evaluate(READ_WORDS) == first
    tab.page.fill("#from", f"{last}")
    tab.settle()
    assert tab.page.evaluate("document.getElementById('filters').checkValidity()")
    assert tab.page.evaluate(READ_WORDS) != first
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
    assert {*shown} == {*FIGURES}
    for name, figure in FIGURES.items():
        expected = figure.rows(database, choice, whole)
        one = shown[name]
        case = (name, choice)
        assert one["is_empty"] == (not expected), case
        if not expected:
            continue
        in_table = expected[:MOST_ROWS] if figure.key else expected[-MOST_ROWS:]
        if figure.most or figure.kind:
            # Which of equal rows comes first does not matter.
            one["rows"].sort(key=lambda row: row[: figure.keys])
            in_table = sorted(in_table, key=lambda row: row[: figure.keys])
        for cells, row in zip(one["rows"], in_table, strict=True):
            keys, numbers = row[: figure.keys], row[figure.keys :]
            assert cells[: figure.keys] == [*keys], case
            assert all(map(is_shown_as, cells[figure.keys :], numbers)), (cells, row, case)
        for scale in figure.scales:
            drawn = [row[figure.keys + number] for row in expected for number in scale.numbers]
            _check_marks(one["marks"], scale, drawn, case)


def _check_marks(
    marks: list[dict[str, Any]], scale: Scale, numbers: list[float | None], case: object
) -> None:
    """Check that there is a mark for each number, and that its size or place says it."""
    known = [mark for mark in marks if mark["datum"][scale.field] is not None]
    values = [mark["datum"][scale.field] for mark in known]
    # A trend of counts also has marks for the days on which nothing happened.
    assert sorted(filter(None, values)) == pytest.approx(sorted(filter(None, numbers))), case
    measures = [mark[scale.measure] for mark in known]
    least, most = min(values, default=0), max(values, default=0)
    if scale.measure in {"width", "height"}:
        least, smallest = 0, 0
    elif least < most:
        smallest = measures[values.index(least)]
    if least < most:
        slope = (measures[values.index(most)] - smallest) / (most - least)
        assert slope < 0 if scale.measure == "y" else slope > 0, case
        places = [smallest + (value - least) * slope for value in values]
        assert measures == pytest.approx(places, abs=0.02 if scale.measure == "opacity" else 1), (
            case
        )


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


def test_days_beyond_the_data_are_those_at_its_ends(
    opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab = opened()
    tab.show(made("ordinary"))
    tab.page.select_option("#period", "all")
    tab.settle()
    known = [tab.page.input_value(field) for field in ("#from", "#to")]
    # Drawn in full, eight thousand years would hang the browser.
    for field, day in (("#to", "9999-12-31"), ("#from", "0001-01-01")):
        tab.page.fill(field, day)
        tab.settle()
    assert [tab.page.input_value(field) for field in ("#from", "#to")] == known
    assert tab.complaints == []
