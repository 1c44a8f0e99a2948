"""The page for everybody: with a screen reader, and with the keyboard alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_page import DESKTOP, OPEN_ALL, PHONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Made, Opened

FOCUSED = """
() => {
    const one = document.activeElement
    const style = getComputedStyle(one)
    const box = one.getBoundingClientRect()
    const [x, y] = [box.x + box.width / 2, box.y + Math.min(box.height, 20) / 2]
    const top = document.elementFromPoint(x, y)
    return {
        what: one.id || one.outerHTML.slice(0, 90),
        is_body: one === document.body,
        is_outlined: style.outlineStyle !== 'none',
        // Of a table that scrolls, a part below the bar; of everything else the top, with nothing
        // above it.
        is_seen: one.matches('.scroll')
            ? box.top < innerHeight
                && box.bottom > document.querySelector('.bar').getBoundingClientRect().bottom
            : box.top >= 0 && (one.contains(top) || top?.contains(one)) === true,
    }
}
"""


# The text of a chart's `role=img` stands for its drawing, whose thousands of marks take a minute.
WITHOUT_DRAWINGS = {"exclude": [["figure .chart svg"]]}

# The rows of a table are alike, and a thousand of them take half a minute.
SHORTEN_TABLES = """
document.querySelectorAll('tbody').forEach(one => {
    [...one.rows].slice(10).forEach(row => row.remove())
})
"""

BOX = "one => one.getBoundingClientRect().toJSON()"


@pytest.mark.parametrize(
    ("account", "width"),
    [("ordinary", DESKTOP), ("hostile", PHONE), ("two accounts", PHONE), ("without marts", PHONE)],
)
def test_axe_finds_no_serious_fault(
    account: str, width: int, opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab = opened(viewport={"width": width, "height": 900})
    tab.show(made(account))
    tab.page.evaluate(OPEN_ALL)
    tab.page.evaluate(SHORTEN_TABLES)
    assert _faults(tab.page, {}) == []
    tab.page.emulate_media(color_scheme="dark")
    assert _faults(tab.page, {"runOnly": ["color-contrast"]}) == []


def test_every_control_is_reached_with_the_keyboard_and_seen(
    opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab = opened()
    tab.show(made("two accounts"))
    for key in ("Tab", "Shift+Tab"):
        reached = _go_through(tab.page, key)
        controls = {"account", "period", "from", "to", "reset", "messages-search"}
        assert controls <= {one["what"] for one in reached}
        assert [one["what"] for one in reached if not one["is_outlined"]] == []
        assert [one["what"] for one in reached if not one["is_seen"]] == []
    assert tab.complaints == []


def test_the_keyboard_alone_filters_sorts_and_opens(
    opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab = opened()
    tab.show(made("ordinary"))
    page = tab.page
    press = page.keyboard.press
    press("Tab")
    press("Enter")
    assert page.url.endswith("#overview")
    before = page.inner_text("#shown")
    page.focus("#period")
    press("ArrowDown")
    tab.settle()
    assert page.inner_text("#shown") != before
    sent = page.get_attribute("[data-tile=sent]", "data-value")
    page.focus("#message-types input")
    press("Space")
    tab.settle()
    assert page.get_attribute("[data-tile=sent]", "data-value") != sent
    page.focus("#messages-table th[data-column=sent] button")
    press("Enter")
    assert page.get_attribute("#messages-table th[data-column=sent]", "aria-sort") == "descending"
    assert page.evaluate("document.activeElement.parentElement.dataset.column") == "sent"
    page.focus("figure[data-chart=sends] .numbers summary")
    press("Enter")
    assert page.is_visible("figure[data-chart=sends] .numbers table")


def test_a_brush_sets_the_period(
    opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab = opened(viewport={"width": DESKTOP, "height": 1_400})
    tab.show(made("ordinary"))
    page = tab.page
    page.locator("figure[data-chart=sends] .chart").scroll_into_view_if_needed()
    bars = page.locator("figure[data-chart=sends] .mark-rect.role-mark.marks > path")
    weeks = [bars.nth(number) for number in (3, 9)]
    mondays = [week.evaluate("one => one.__data__.datum.time") for week in weeks]
    # The middle: the edges of the box are those of the seam, too.
    boxes = [week.evaluate(BOX) for week in weeks]
    first, last = (box["x"] + box["width"] / 2 for box in boxes)
    height = boxes[0]["y"] + boxes[0]["height"] / 2
    page.mouse.move(first, height)
    page.mouse.down()
    page.mouse.move(last - 40, height, steps=4)
    page.mouse.move(last, height, steps=4)
    page.mouse.up()
    page.wait_for_function("document.querySelector('#period').value === 'custom'")
    tab.settle()
    # A pixel is about a day wide.
    shown = [date.fromisoformat(page.input_value(field)) for field in ("#from", "#to")]
    for day, monday in zip(shown, mondays, strict=True):
        assert 1 <= (day - datetime.fromtimestamp(monday / 1_000, UTC).date()).days <= 5
    assert tab.complaints == []


def _faults(page: Page, options: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (one["id"], one["impact"], one["nodes"][0]["html"][:200])
        for one in Axe().run(page, WITHOUT_DRAWINGS, options).response["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def _go_through(page: Page, key: str) -> list[dict[str, Any]]:
    """Press Tab until the page ends."""
    reached: list[dict[str, Any]] = []
    for _ in range(400):
        page.keyboard.press(key)
        one = page.evaluate(FOCUSED)
        if one["is_body"]:
            return reached
        reached.append(one)
    raise AssertionError("the page holds the focus forever")
