"""The documentation site: it is whole, stands on its own, and everything in it can be found."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from html import unescape
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

import pytest
import yaml
from filelock import FileLock
from playwright.sync_api import sync_playwright

from scripts import website
from scripts.docs import DOCS, FAMILIES, ROOT, anchor, page_of, schema_of
from scripts.model_pages import FAMILIES as MODEL_FAMILIES
from scripts.model_pages import MODELS
from tap_acton.records.reader import EXTRA_FIELDS

pytestmark = pytest.mark.timeout(300)

REPOSITORY = "https://github.com/example/tap-acton"
START = "index.html"
NOT_FOUND = "404.html"
"""The page for addresses that do not exist, which nothing leads to."""
CONFIGURATION = tomllib.loads(website.CONFIGURATION.read_text(encoding="utf-8"))["project"]
SEPARATOR = re.compile(CONFIGURATION["plugins"]["search"]["separator"])
CODE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
TAGS = re.compile(r"<[^>]*>")
SOURCES = {
    "audio",
    "embed",
    "iframe",
    "img",
    "link",
    "object",
    "script",
    "source",
    "track",
    "video",
}
"""The elements that fetch something as soon as a page is shown."""
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
SEARCHED = {
    "click_to_open_rate": "models/messages.html#acton__messages",
    "legacy_record_id": "streams/audience-center.html#contacts",
    "lookback_window": "advanced-settings.html#how-far-back-a-later-run-looks",
}
"""Names that somebody types into the search, and where they are explained."""


class Page(HTMLParser):
    """What a page of the site has.

    Attributes:
        anchors: What a link may name behind ``#``.
        links: Where its links lead.
        fetched: The addresses of what it fetches when it is shown.
        paragraphs: The texts of its paragraphs, without code.
        navigation: Where the links of its navigation lead.
    """

    def __init__(self, text: str) -> None:
        """Read the page."""
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.paragraphs: list[str] = []
        self.navigation: set[str] = set()
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element says."""
        attributes = dict(attrs)
        if tag in {"p", "pre", "code"}:
            self._open.append(tag)
            if tag == "p":
                self.paragraphs.append("")
        self.anchors.update(filter(None, (attributes.get("id"), attributes.get("name"))))
        target = attributes.get("href")
        if tag == "a" and target:
            self.links.append(target)
            if "md-nav__link" in (attributes.get("class") or ""):
                self.navigation.add(target)
        if tag in SOURCES and attributes.get("rel") not in {"canonical", "next", "prev"}:
            self.fetched += filter(None, (attributes.get("src"), target, attributes.get("data")))

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Keep the text of paragraphs."""
        if self._open and self._open[-1] == "p":
            self.paragraphs[-1] += data


class Section(NamedTuple):
    """A section of the search index: its heading and its words."""

    title: str
    words: frozenset[str]
    text: str


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The site, which is built once for all processes of the tests."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder = shared / "site"
    with FileLock(shared / "site.lock"), pytest.MonkeyPatch.context() as patch:
        if not folder.exists():
            patch.setenv("GITHUB_REPOSITORY", "example/tap-acton")
            patch.delenv("GITHUB_SERVER_URL", raising=False)
            website.build(folder)
    return folder


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, Page]:
    """Every page by its place in the site."""
    return {
        path.relative_to(site).as_posix(): Page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }


@pytest.fixture(scope="session")
def index(site: Path) -> dict[str, Section]:
    """The sections that the search finds, by their address."""
    found = {}
    for item in json.loads((site / "search.json").read_text(encoding="utf-8"))["items"]:
        text = " ".join(TAGS.sub(" ", item["text"]).split())
        words = SEPARATOR.split(f"{item['title']} {text}")
        found[item["location"]] = Section(item["title"], frozenset(filter(None, words)), text)
    return found


def inside(place: str, link: str) -> tuple[str, str] | None:
    """Give the file and the anchor that a link leads to, if it leads into the site."""
    if re.match(r"[a-z]+:", link):
        return None
    file, _, name = link.partition("#")
    target = os.path.normpath(PurePosixPath(place).parent / unquote(file)) if file else place
    return target, unquote(name)


def plain(markdown: str) -> str:
    """Give the text of a cell of a table."""
    return " ".join(re.sub(r"`|\*\*", "", markdown).split())


def test_every_link_leads_somewhere(site: Path, pages: dict[str, Page]) -> None:
    broken = [
        (place, link)
        for place, page in pages.items()
        if place != NOT_FOUND
        for link in page.links
        if (target := inside(place, link))
        and not (
            (site / target[0]).is_file()
            and (not target[1] or target[0] not in pages or target[1] in pages[target[0]].anchors)
        )
    ]
    assert len(list(chain.from_iterable(page.links for page in pages.values()))) > len(pages)
    assert broken == []


def test_every_page_is_in_the_navigation(pages: dict[str, Page]) -> None:
    named = {target[0] for link in pages[START].navigation if (target := inside(START, link))}
    assert named == pages.keys() - {NOT_FOUND}


def test_a_page_that_the_navigation_lacks_fails_the_build() -> None:
    listed = {*website._listed(CONFIGURATION["nav"])}
    website._check_navigation(listed)
    with pytest.raises(website.Unlisted, match=r"lacks new\.md"):
        website._check_navigation(listed | {"new.md"})
    with pytest.raises(website.Unlisted, match=r"names settings\.md"):
        website._check_navigation(listed - {"settings.md"})


@pytest.mark.parametrize("name", ["", "photo.jpg"], ids=["a folder", "a file"])
def test_what_is_no_site_is_not_removed(name: str, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.touch()
    with pytest.raises(website.Occupied, match="is no site that this command made"):
        website.build(tmp_path / name)
    assert photo.exists()


def test_nothing_is_fetched_from_elsewhere(site: Path, pages: dict[str, Page]) -> None:
    fetched = {source for page in pages.values() for source in page.fetched}
    assert fetched
    assert [source for source in fetched if re.match(r"([a-z]+:)?//", source)] == []
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"""(?:@import\s|url\()\s*["']?(?:https?:)?//""", text), sheet


def test_markdown_that_the_generator_reads_otherwise_is_not_left_as_text(
    pages: dict[str, Page],
) -> None:
    left = [
        (place, paragraph[:80])
        for place, page in pages.items()
        for paragraph in page.paragraphs
        if re.search(r"^ *(?:[-*|] |\d+\. |```)|\*\*|\]\(", paragraph, re.MULTILINE)
    ]
    assert left == []


def test_a_numbered_list_stays_one_list(site: Path) -> None:
    for source, place in website._documents():
        text = CODE.sub("", source.read_text("utf-8"))
        begun = len(re.findall(r"^ *1\. ", text, re.MULTILINE))
        name = "index" if place.stem == "README" else place.stem
        html = (site / place.with_name(f"{name}.html")).read_text("utf-8")
        assert html.count("<ol>") == begun, f"indent what belongs to an item of {place} by four"


@pytest.mark.parametrize("family", FAMILIES)
def test_every_column_of_a_stream_is_found_by_its_name(
    index: dict[str, Section], family: str
) -> None:
    page = f"streams/{page_of(family).removesuffix('.md')}.html"
    for stream, note in FAMILIES[family].items():
        section = index[f"{page}#{anchor(note.title or stream)}"]
        columns = {*schema_of(stream)["properties"]} - {EXTRA_FIELDS}
        assert columns
        assert columns - section.words == set(), stream


@pytest.mark.parametrize("family", MODEL_FAMILIES)
def test_every_column_of_a_mart_is_found_by_its_name(
    index: dict[str, Section], family: str
) -> None:
    text = (MODELS / "marts" / family / f"{family}.yml").read_text(encoding="utf-8")
    for model in yaml.safe_load(text)["models"]:
        section = index[f"models/{family}.html#{model['name']}"]
        columns = {column["name"] for column in model["columns"]}
        assert columns
        assert columns - section.words == set(), model["name"]


def test_every_metric_is_found_by_its_name(index: dict[str, Section]) -> None:
    text = (MODELS / "semantic" / "metrics.yml").read_text(encoding="utf-8")
    names = {metric["name"] for metric in yaml.safe_load(text)["metrics"]}
    assert names - index["models.html#metrics"].words == set()


def test_every_setting_is_found_by_its_name(index: dict[str, Section]) -> None:
    pages = ("settings.html", "advanced-settings.html")
    words = set().union(*(index[place].words for place in index if place.startswith(pages)))
    text = "".join((DOCS / place).with_suffix(".md").read_text("utf-8") for place in pages)
    names = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert names > {"client_id", "shard"}
    assert names - words == set()


@pytest.mark.parametrize("name", ["exit-codes", "troubleshooting"])
def test_what_a_table_of_messages_or_codes_says_is_found(
    index: dict[str, Section], name: str
) -> None:
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    sections = {place: one for place, one in index.items() if place.startswith(f"{name}.html")}
    for heading in re.findall(r"^## (.*)$", text, re.MULTILINE):
        assert sections[f"{name}.html#{anchor(heading)}"].title == heading
    firsts = re.findall(r"^\| (?!---)`?(.*?)`? \|", text, re.MULTILINE)
    assert firsts
    found = unescape(" ".join(section.text for section in sections.values()))
    assert [first for first in map(plain, firsts) if first not in found] == []


def test_links_to_the_code_lead_to_the_code_host_or_stay_words() -> None:
    page, place = DOCS / "models.md", PurePosixPath("models.md")
    text = "[Project](../transform), [Security](../SECURITY.md#secrets), [rows](targets.md)"
    inner = "[Security](security.md#secrets), [rows](targets.md)"
    there = f"[Project]({REPOSITORY}/blob/HEAD/transform), {inner}"
    assert website._with_links(text, page, place, REPOSITORY) == there
    assert website._with_links(text, page, place, None) == f"Project, {inner}"


def test_links_of_documents_at_the_top_lead_to_pages() -> None:
    source, place = ROOT / "CHANGELOG.md", PurePosixPath("changelog.md")
    text = "[Models](docs/models.md#metrics), [this](README.md), [there](https://example.com/a)."
    found = website._with_links(text, source, place, None)
    assert found == "[Models](models.md#metrics), [this](index.md), [there](https://example.com/a)."


def test_the_address_comes_from_the_repository(site: Path) -> None:
    assert f'"{REPOSITORY}" tap-acton' in unescape(
        TAGS.sub("", (site / "first-run.html").read_text("utf-8"))
    )
    known = tomllib.loads(website._with_address(REPOSITORY))["project"]
    assert known["site_url"] == "https://example.github.io/tap-acton/"
    assert known["extra"]["social"][0]["link"] == REPOSITORY
    assert "site_url" not in tomllib.loads(website._with_address(None))["project"]


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_the_search_finds_names_in_a_site_on_the_disk_and_fetches_nothing(site: Path) -> None:
    fetched = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: fetched.append(request.url))
        page.goto((site / START).as_uri())
        page.keyboard.press("/")
        for name, place in SEARCHED.items():
            page.get_by_role("combobox").fill(name)
            file, _, heading = place.partition("#")
            result = page.locator(f'dialog a[href$="/{file}?h={name}#{heading}"]')
            result.wait_for(state="attached")
        browser.close()
    assert [url for url in fetched if not url.startswith(("file:", "data:"))] == []
