"""Which rows a page holds and which pages follow it: arithmetic, without any request.

Act-On documents three ways to page: by ``count`` and ``offset``, by number and size (Audience
Center), and by a token (custom objects); all by the Act-On reference, 2024 edition.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGES_AHEAD = 1000
"""How many pages are planned at once, so that an absurd total does not fill the memory."""

DEFAULT_PAGE_SIZE = 50
"""The size of a numbered page where none is requested (Act-On reference, 2024 edition)."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows to request.

    Attributes:
        offset: The number of rows before the page.
        end: Request no rows from this offset on, since another page begins there; None where
            nothing is known of what follows.
        size: The number of rows a full page holds; 0 until the paging settles it.
        token: What the page before it named as the next one; empty without tokens.
    """

    offset: int = 0
    end: int | None = None
    size: int = 0
    token: str = ""

    @property
    def count(self) -> int:
        """The number of rows to request."""
        return self.size if self.end is None else min(self.size, self.end - self.offset)


FIRST_PAGE = Page()


class Paging(ABC):
    """A way to page.

    Args:
        size: The number of rows to request at once.

    Attributes:
        size: The same; it shrinks where Act-On refuses pages that large.
        overlaps: Whether a page can begin with the last row of the one before it.
        is_optional: Whether the first response may be all there is, pages being undocumented.
    """

    overlaps: ClassVar[bool] = False
    is_optional: ClassVar[bool] = False

    def __init__(self, size: int) -> None:
        self.size = size

    def settled(self, page: Page) -> Page:
        """Return a page with its size."""
        return page if page.size else replace(page, size=self.size)

    @abstractmethod
    def parameters(self, page: Page) -> Mapping[str, Any]:
        """Return the query parameters, or those of the body, that request a page."""

    @abstractmethod
    def plan(self, page: Page, rows: int, total: int | None) -> list[Page]:
        """Return the pages that are certain to follow a page, to be requested in parallel.

        Args:
            page: The page that was read.
            rows: The number of rows it held.
            total: The number of rows in all, as the response reported it.
        """

    @abstractmethod
    def behind(self, page: Page, rows: int, token: str = "") -> Page | None:
        """Return the page behind the last one, to look for rows that no total reports.

        Args:
            page: The last page that was read.
            rows: The number of rows it held.
            token: The token that came with it.

        Returns:
            The page; None where the last one was the last.
        """

    @abstractmethod
    def smaller(self, rows: int) -> Page:
        """Return the first page with a row fewer, to see whether sizes are heeded at all."""


class OffsetPaging(Paging):
    """Pages by ``count`` and ``offset``; both are always sent, as the defaults are unknown."""

    overlaps = True

    def __init__(self, size: int) -> None:
        # A page of a single row could not begin with the last row of the one before it.
        super().__init__(max(2, size))

    def parameters(self, page: Page) -> dict[str, int]:
        """Return the query parameters that request a page."""
        return {"count": page.count, "offset": page.offset}

    def plan(self, page: Page, rows: int, total: int | None) -> list[Page]:
        """Return the pages that are certain to follow a page.

        A page that came short leaves the rest of its range. A short first page is as long as
        the server makes pages, so the others are planned to be no longer.
        """
        if not rows or total is None or page.offset + rows >= total:
            return []
        # More rows than requested must not hide those behind them.
        reached = page.offset + min(rows, page.count)
        if page.end is not None:
            return [Page(reached, page.end)] if reached < page.end else []
        return _pages(reached, total, min(rows, page.size))

    def behind(self, page: Page, rows: int, token: str = "") -> Page | None:  # noqa: ARG002 - without tokens
        """Return the page behind the last one."""
        return Page(page.offset + rows)

    def smaller(self, rows: int) -> Page:
        """Return the first page with a row fewer."""
        return Page(end=rows - 1)


class OptionalPaging(OffsetPaging):
    """Pages of an endpoint that documents none.

    Nothing is sent at first; further pages are requested where a response reports more rows
    than it holds.
    """

    is_optional = True

    def parameters(self, page: Page) -> dict[str, int]:
        """Return the query parameters that request a page; none for the first one."""
        return super().parameters(page) if page.offset or page.end else {}

    def plan(self, page: Page, rows: int, total: int | None) -> list[Page]:
        """Return the pages that are certain to follow a page.

        Nobody requested the length of the first one, so it does not limit that of the others.
        """
        if page.offset or page.end:
            return super().plan(page, rows, total)
        return _pages(rows, total or 0, page.size) if rows else []


class NumberedPaging(Paging):
    """Pages by number, which starts at 0, and size, of which the largest is not documented.

    Args:
        size: The number of rows to request at once.
        number: The name of the parameter with the number.
    """

    def __init__(self, size: int, number: str = "page") -> None:
        super().__init__(size)
        self._number = number

    def parameters(self, page: Page) -> Mapping[str, Any]:
        """Return the query parameters that request a page."""
        return {self._number: page.offset // page.size, "pageSize": page.size}

    def plan(self, page: Page, rows: int, total: int | None) -> list[Page]:
        """Return the pages that are certain to follow a page.

        A short first page is as long as the server makes pages. A short page behind it leaves
        rows that no number leads to.
        """
        if not rows or total is None or page.end is not None:
            return []
        size = self._size_behind(page, rows)
        return _pages(page.offset + size, total, size, size=size)

    def behind(self, page: Page, rows: int, token: str = "") -> Page | None:  # noqa: ARG002 - without tokens
        """Return the page with the next number, as long as the server makes pages."""
        size = self._size_behind(page, rows)
        return Page(page.offset + size, size=size)

    def _size_behind(self, page: Page, rows: int) -> int:
        return page.size if page.offset or not rows else min(rows, page.size)

    def smaller(self, rows: int) -> Page:
        """Return the first page with a row fewer."""
        return Page(size=rows - 1)


class TokenPaging(NumberedPaging):
    """Pages by the token that came with the one before; by numbers where no token comes.

    Both are requested in the body of a call.
    """

    def parameters(self, page: Page) -> Mapping[str, Any]:
        """Return the parameters of the body that request a page."""
        paging: dict[str, Any] = {"pageStrategy": "CURSOR"}
        if page.token:
            paging["nextPageToken"] = page.token
        elif page.offset:
            paging = {"pageStrategy": "OFFSET", "page": page.offset // page.size}
        return {"pagination": {**paging, "size": page.size}}

    def plan(self, page: Page, rows: int, total: int | None) -> list[Page]:  # noqa: ARG002 - see below
        """Return nothing: only the response to a page says how to request the next one."""
        return []

    def behind(self, page: Page, rows: int, token: str = "") -> Page | None:
        """Return the page that the token names; None behind the last token."""
        if token and token != page.token:
            return Page(page.offset + rows, size=page.size, token=token)
        return None if token or page.token else super().behind(page, rows)


def _pages(begin: int, total: int, step: int, size: int = 0) -> list[Page]:
    """Return the next pages; behind the last of them, nothing is known."""
    begins = range(begin, min(total, begin + step * PAGES_AHEAD), step)
    return [Page(at, end, size) for at, end in pairwise([*begins, None]) if at is not None]
