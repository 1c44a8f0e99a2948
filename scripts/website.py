"""Builds the documentation site: ``make docs``, or ``python -m scripts.website [FOLDER]``.

The pages are those of ``docs/`` and the documents at the top level, as they are; only links that
would lead out of the site change. ``zensical.toml`` says the order, and Zensical, which is in
``.venv-docs``, does the rest.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CONFIGURATION = ROOT / "zensical.toml"
ZENSICAL = ROOT / ".venv-docs" / "bin" / "zensical"
SEARCH_FROM_DISK = Path(__file__).with_name("search_from_disk.js")

START = PurePosixPath("index.md")
"""The start page, where links to the README lead: that is the start page on the code host."""

INDEX = "search.js"
"""The index for a site that is read from the disk, by which an earlier one is known."""

ADDRESS = "https://<address of this repository>"
"""Stands in the documents for the address, which the site knows when GitHub builds it."""

LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")


class Unlisted(Exception):  # noqa: N818 - it says what the page is
    """A page and the navigation do not agree."""


class Occupied(Exception):  # noqa: N818 - the same
    """A folder that would be removed holds something else than a site."""


def build(folder: Path) -> Path:
    """Build the site anew.

    Args:
        folder: The site goes here, in place of an earlier one.

    Returns:
        The start page.

    Raises:
        Occupied: The folder holds something else.
        Unlisted: The navigation lacks a page, or names one that does not exist.
        subprocess.CalledProcessError: Zensical found fault with a page, and has said so.
    """
    if folder.exists() and not _can_be_replaced(folder):
        raise Occupied(f"{folder} is no site that this command made: name a new or empty folder.")
    repository = _repository()
    with TemporaryDirectory() as temporary:
        project = Path(temporary)
        pages = project / "pages"
        shutil.copytree(DOCS, pages)
        for source, place in _documents():
            text = _with_links(source.read_text(encoding="utf-8"), source, place, repository)
            (pages / place).write_text(text, encoding="utf-8")
        _check_navigation({path.relative_to(pages).as_posix() for path in pages.rglob("*.md")})
        (project / CONFIGURATION.name).write_text(_with_address(repository), encoding="utf-8")
        subprocess.run([ZENSICAL, "build", "--strict"], cwd=project, check=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(project / "site", folder)
    index = (folder / "search.json").read_text(encoding="utf-8")
    # A page on the disk cannot fetch JSON, but it can load a script.
    script = f"{SEARCH_FROM_DISK.read_text(encoding='utf-8')}\nvar __index = {index}\n"
    (folder / INDEX).write_text(script, encoding="utf-8")
    return folder / "index.html"


def _can_be_replaced(folder: Path) -> bool:
    return folder.is_dir() and ((folder / INDEX).is_file() or not any(folder.iterdir()))


def _documents() -> Iterator[tuple[Path, PurePosixPath]]:
    """Give every document with its place in the site."""
    for path in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        place = _place(path)
        if place and path != ROOT / "README.md":
            yield path, place


def _place(path: Path) -> PurePosixPath | None:
    """Say where a file of the project is in the site, if it is there."""
    if path.is_relative_to(DOCS):
        return PurePosixPath(path.relative_to(DOCS).as_posix())
    if path == ROOT / "README.md":
        return START
    if path.parent == ROOT and path.suffix == ".md":
        return PurePosixPath(path.name.lower())
    return None


def _with_links(text: str, source: Path, place: PurePosixPath, repository: str | None) -> str:
    """Let links to what is elsewhere in the site lead there, and those out of it to the code."""

    def link(match: re.Match[str]) -> str:
        words, target = match.groups()
        file, hash_, anchor = target.partition("#")
        if not file or ":" in file:
            return match[0]
        path = Path(os.path.normpath(source.parent / file))
        if found := _place(path):
            return f"[{words}]({os.path.relpath(found, place.parent)}{hash_}{anchor})"
        if repository:
            return f"[{words}]({repository}/blob/HEAD/{path.relative_to(ROOT)}{hash_}{anchor})"
        return words

    return LINK.sub(link, text.replace(ADDRESS, repository or ADDRESS))


def _check_navigation(pages: set[str]) -> None:
    listed = [*_listed(tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))["project"]["nav"])]
    if missing := sorted(pages - {*listed}):
        raise Unlisted(f"nav in zensical.toml lacks {', '.join(missing)}")
    if unknown := sorted({*listed} - pages):
        raise Unlisted(f"nav in zensical.toml names {', '.join(unknown)}, which does not exist")


def _listed(entries: Any) -> Iterator[str]:
    for entry in entries:
        for content in entry.values():
            yield from [content] if isinstance(content, str) else _listed(content)


def _repository() -> str | None:
    """Return the address of the code, which only a workflow on GitHub knows."""
    name = os.environ.get("GITHUB_REPOSITORY")
    return name and f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{name}"


def _with_address(repository: str | None) -> str:
    """Return the configuration, with the address of the site and of the code if they are known."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    if not repository:
        return text
    owner, name = repository.split("/")[-2:]
    address = f"site_url = {json.dumps(f'https://{owner.lower()}.github.io/{name}/')}\n"
    social = (
        f'\n[[project.extra.social]]\nicon = "fontawesome/brands/github"\nlink = "{repository}"\n'
    )
    return text.replace("[project]\n", f"[project]\n{address}", 1) + social


def main() -> int:
    """Build the site, and say where it is."""
    try:
        start = build(Path(sys.argv[1] if sys.argv[1:] else "output/site"))
    except (Occupied, Unlisted) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command talks to a person by printing
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    print(f"Open {start}")  # noqa: T201 - the same
    return 0


if __name__ == "__main__":
    sys.exit(main())
