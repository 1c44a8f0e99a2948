"""The whole page, of every account: complete, quiet, harmless, and readable everywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.browser.accounts import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Made, Opened

SECTIONS = ["overview", "messages", "audience", "deliverability", "web", "webinars", "health"]
SCREENSHOTS = Path(__file__).parents[2] / "output" / "screenshots"
PHONE, TABLET, DESKTOP = 360, 768, 1280
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MOST_BYTES = 5_000_000
MOST_SECONDS = 3
MOST_SHEETS = 40

OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"
TOO_WIDE = """
() => document.documentElement.scrollWidth > innerWidth
    ? [...document.querySelectorAll('body *')]
        .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
        .map(one => one.outerHTML.slice(0, 120)).slice(0, 9)
    : []
"""
"""What sticks out on the right, if the page can be scrolled sideways."""
CUT_OFF = """
() => [...document.querySelectorAll('h1, h2, h3, .value, .compared, #story li, label, button')]
    .filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0
        && getComputedStyle(one).display !== 'inline')
    .map(one => one.outerHTML.slice(0, 120))
"""
"""Words that run out of their box."""
WORDS = "#shown, #story li, .tile .value, .compared, .numbers tbody td, #messages-table tbody td"
READ_WORDS = f"""
() => [...document.querySelectorAll('{WORDS}')].map(one => one.textContent.trim())
"""


@pytest.mark.parametrize("account", [name for name in ACCOUNTS if name != "large"])
def test_a_page_is_complete_and_does_nothing_but_show_itself(
    account: str, opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab, one = opened(viewport={"width": PHONE, "height": 740}), made(account)
    tab.show(one)
    page = tab.page
    words = page.evaluate(READ_WORDS)
    page.evaluate(OPEN_ALL)
    assert page.locator("section[id]").evaluate_all("all => all.map(one => one.id)") == SECTIONS
    links = page.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert {f"#{section}" for section in SECTIONS} <= {*links}
    assert all(link.startswith("#") and page.locator(link).count() == 1 for link in links)
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate("window.broken") is None
    assert tab.requests == [one.page.as_uri()]
    assert tab.complaints == []

    without = opened(java_script_enabled=False)
    without.page.goto(one.page.as_uri())
    assert without.page.evaluate(READ_WORDS) == words
    # What only works with it is not there.
    assert without.page.locator("button:visible, select:visible, input:visible").count() == 0
    assert "JavaScript" in without.page.inner_text("footer")
    assert without.complaints == []


@pytest.mark.parametrize("account", ["ordinary", "hostile"])
@pytest.mark.parametrize("width", [PHONE, TABLET, DESKTOP])
def test_a_page_fits_and_its_pictures_are_kept(
    width: int, account: str, opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab = opened(viewport={"width": width, "height": 900})
    tab.show(made(account))
    for theme in THEMES:
        tab.page.emulate_media(color_scheme=theme)
        tab.page.screenshot(path=SCREENSHOTS / f"{account}-{width}-{theme}.png", full_page=True)
    assert tab.page.evaluate(TOO_WIDE) == []
    assert tab.page.evaluate(CUT_OFF) == []
    assert tab.complaints == []


def test_no_address_is_in_a_page(made: Callable[[str], Made]) -> None:
    text = made("hostile").page.read_text(encoding="utf-8")
    assert "(address) alone" in text
    assert not re.search(r"person\d", text)


def test_ten_thousand_messages_are_drawn_in_time(
    opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab, one = opened(), made("large")
    assert one.page.stat().st_size < MOST_BYTES
    session = tab.page.context.new_cdp_session(tab.page)
    session.send("Performance.enable")
    tab.show(one)
    metrics = session.send("Performance.getMetrics")["metrics"]
    # Time of the processor: the machine may be busy.
    (seconds,) = (metric["value"] for metric in metrics if metric["name"] == "ThreadTime")
    assert seconds < MOST_SECONDS
    assert tab.complaints == []


def test_on_paper_there_is_no_control_and_no_dark(
    opened: Callable[..., Opened], made: Callable[[str], Made]
) -> None:
    tab = opened(color_scheme="dark", viewport={"width": DESKTOP, "height": 900})
    tab.show(made("ordinary"))
    page = tab.page
    page.emulate_media(media="print")
    # Except for the headings of tables, which sort on a screen.
    controls = "button:not(th button), select, input, nav"
    assert page.locator(controls).filter(visible=True).count() == 0
    # Nothing is cut off on the width of a sheet of A4, in points.
    page.set_viewport_size({"width": 794, "height": 1123})
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    box = page.locator("#messages-table").bounding_box()
    assert box
    assert box["width"] <= 794
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("figure .chart svg").first.is_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    paper = page.pdf(path=SCREENSHOTS / "ordinary-paper.pdf", format="A4", print_background=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", paper))
    assert 0 < sheets < MOST_SHEETS
