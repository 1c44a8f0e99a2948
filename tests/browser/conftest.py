"""What the tests in a browser share: the pages of all accounts, and one browser."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import time_machine
from filelock import FileLock
from playwright.sync_api import sync_playwright

from report.__main__ import main
from tests.browser.accounts import ACCOUNTS, NOW
from tests.browser.marts import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

FOLDER = Path(__file__).parent
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Made:
    """The page of an account.

    Attributes:
        database: The file with the marts that it was made of.
        page: The page.
    """

    database: Path
    page: Path


@dataclass
class Opened:
    """A page in the browser, with what it did besides being shown.

    Attributes:
        page: The page.
        requests: The addresses that it requested, its own included.
        complaints: What went to the console, and errors that nothing caught.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def show(self, made: Made) -> None:
        """Load a page, and wait until it is drawn."""
        self.page.goto(made.page.as_uri())
        self.settle()

    def settle(self) -> None:
        """Wait until the page is drawn."""
        self.page.wait_for_selector("html[data-ready=true]", state="attached")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave a browser the time that it needs on a busy machine."""
    for item in items:
        if item.path.parent == FOLDER:
            item.add_marker(pytest.mark.timeout(300))


def program() -> str | None:
    """Find a browser: what the variable CHROMIUM names, or else one that the machine has."""
    found = (shutil.which(name) for name in PROGRAMS)
    return os.environ.get("CHROMIUM") or next(filter(None, found), None)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser, as long as the tests of this folder run.

    No longer: Playwright keeps an event loop running, which others would trip over.
    """
    executable = program()
    if executable is None:
        sentence = "no Chromium on this machine: install one, or name it in CHROMIUM"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            # Chromium's own sandbox needs rights that a container rarely has.
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"],
        )
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Give a function that opens a tab, with options of Playwright's contexts."""
    contexts = []

    def open_tab(**options: Any) -> Opened:
        context = browser.new_context(**{"reduced_motion": "reduce", **options})
        contexts.append(context)
        tab = Opened(context.new_page())

        def requested(request: Request) -> None:
            tab.requests.append(request.url)

        def logged(message: ConsoleMessage) -> None:
            tab.complaints.append(f"{message.type}: {message.text}")

        def failed(error: Exception) -> None:
            tab.complaints.append(f"error: {error}")

        tab.page.on("request", requested)
        tab.page.on("console", logged)
        tab.page.on("pageerror", failed)
        tab.page.clock.set_fixed_time(NOW)
        tab.page.set_default_timeout(120_000)
        return tab

    yield open_tab
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str], Made]:
    """Give a function that makes the page of an account, once for all processes of the tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "browser"
    folder.mkdir(exist_ok=True)

    def make(name: str) -> Made:
        one = Made(folder / f"{name}.duckdb", folder / f"{name}.html")
        with FileLock(folder / f"{name}.lock"):
            if not one.page.exists():
                write(one.database, ACCOUNTS[name]())
                with time_machine.travel(NOW, tick=False):
                    assert main(["--database", f"{one.database}", "--output", f"{one.page}"]) == 0
        return one

    return make
