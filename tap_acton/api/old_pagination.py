"""Which pages to ask for, one class per paging style that Act-On documents.

A paging style is pure arithmetic: it gets what an answer held and says which pages
follow. It never makes a call, so that pages can be asked for side by side.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from itertools import pairwise

PAGES_AHEAD = 1000
"""How many pages are planned at once; the last of them looks for those behind it."""


MOST_STEPS_BACK = 5
"""So often rows may move up while a list without a total is read."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page to ask for.

    Attributes:
        offset: The number of rows before the page.
        end: The offset at which the next known page begins; None where no later page
            is known, so that this one has to look for what comes after it.
        previous: A digest of the page before, where only a comparison can tell that
            the pages never end.
        size: The number of rows to ask for, where that may change while a list is read.
        is_check: Whether the page only makes sure that the one before it was the last.
        overlap: How many rows of the page before it begins with, where only these can tell
            whether rows moved meanwhile.
        border: A digest of these rows.
        steps_back: How often the border had to be looked for further in front.
    """

    offset: int = 0
    end: int | None = None
    previous: bytes = b""
    size: int = 0
    is_check: bool = False
    overlap: int = 0
    border: bytes = b""
    steps_back: int = 0


class Pages(ABC):
    """A paging style."""

    def settled(self, page: Page) -> Page:
        """Fix what is still open of a page before it is asked for.

        Args:
            page: The page.

        Returns:
            The page to ask for; as it is where the size is documented.
        """
        return page

    @abstractmethod
    def parameters(self, page: Page) -> dict[str, int]:
        """Give the query parameters that ask for a page.

        Args:
            page: The page.

        Returns:
            The parameters by name.
        """

    @abstractmethod
    def following(self, page: Page, rows: int, total: int | None, digest: bytes) -> list[Page]:
        """Say which pages a page leads to.

        Args:
            page: The page that was read.
            rows: The number of rows that it held.
            total: The number of rows that Act-On says there are; None where unknown.
            digest: A digest of the page's rows; empty where the total is known.

        Returns:
            The pages to read next, in order.

        Raises:
            EndlessPagesError: If the page repeats the one before it.
        """

    def smaller(self, page: Page) -> Page | None:  # noqa: ARG002
        """Give the page to ask for in place of one that was refused.

        Args:
            page: The page that was refused.

        Returns:
            The same rows, or fewer of them; None where the size is not the cause, as where
            it is documented.
        """
        return None

    def back(self, page: Page) -> Page | None:  # noqa: ARG002
        """Give the page to ask for in place of one that does not hold the border before it.

        Args:
            page: The page.

        Returns:
            One from further in front, to which rows may have moved up; None where there is
            none, or where that has been done too often.
        """
        return None


class EndlessPagesError(ValueError):
    """A page repeats the one before it: the server does not heed the offset."""


@dataclass(frozen=True, slots=True)
class OffsetPages(Pages):
    """Pages by ``count`` and ``offset`` (Act-On reference, 2024 edition).

    Where the answer's ``totalCount`` is known, the first page shows all that follow,
    so that they can be asked for side by side. Where it is -1, as it always is on the
    bounce, complaint and opt-out lists, each page shows only the next, which begins with
    the last row of it.

    Attributes:
        size: The number of rows to ask for, 1 to 1000.
    """

    size: int

    def parameters(self, page: Page) -> dict[str, int]:
        """Give the query parameters that ask for a page.

        ``count`` is always sent, because its default is not documented.

        Args:
            page: The page.

        Returns:
            The parameters by name.
        """
        return {"count": self._asked(page), "offset": page.offset}

    def following(self, page: Page, rows: int, total: int | None, digest: bytes) -> list[Page]:
        """Say which pages a page leads to.

        A page with fewer rows than asked for does not end the reading while the total
        says that there are more: it goes on behind the last row that came.

        Args:
            page: The page that was read.
            rows: The number of rows that it held.
            total: The number of rows that Act-On says there are; None where unknown.
            digest: A digest of the page's rows; empty where the total is known.

        Returns:
            The pages to read next, in order.

        Raises:
            EndlessPagesError: If the page repeats the one before it.
        """
        if not rows:
            return []
        if page.offset + rows == total:
            return []
        # More rows than asked for must not hide those behind them.
        reached = page.offset + min(rows, self._asked(page))
        if page.end is not None:
            end = page.end if total is None else min(page.end, total)
            return [Page(reached, page.end)] if reached < end else []
        if total is None:
            if digest and digest == page.previous:
                raise EndlessPagesError
            if rows < self._asked(page):
                return []
            overlap = int(reached - page.offset > 1)
            return [
                Page(
                    reached - overlap,
                    previous=digest,
                    overlap=overlap,
                    steps_back=page.steps_back,
                )
            ]
        step = min(rows, self.size)
        borders = [*range(reached, min(total, reached + step * PAGES_AHEAD), step), None]
        return [Page(offset, end) for offset, end in pairwise(borders) if offset is not None]

    def back(self, page: Page) -> Page | None:
        """Give the page to ask for in place of one that does not hold the border before it.

        Args:
            page: The page.

        Returns:
            The page in front of it, to which rows may have moved up; None where there is
            none, or where that has been done too often.
        """
        if not page.offset or page.steps_back == MOST_STEPS_BACK:
            return None
        return replace(
            page,
            offset=max(0, page.offset - self.size),
            previous=b"",
            steps_back=page.steps_back + 1,
        )

    def _asked(self, page: Page) -> int:
        return self.size if page.end is None else min(self.size, page.end - page.offset)


class UnaskedPages(OffsetPages):
    """Pages of an endpoint that documents no paging.

    Nothing is asked for at first; further pages are, where the answer says that there are
    more rows than it holds.
    """

    def parameters(self, page: Page) -> dict[str, int]:
        """Give the query parameters that ask for a page.

        Args:
            page: The page.

        Returns:
            None for the first page; then the parameters by name.
        """
        return super().parameters(page) if page.offset else {}

    def following(self, page: Page, rows: int, total: int | None, digest: bytes) -> list[Page]:
        """Say which pages a page leads to.

        Args:
            page: The page that was read.
            rows: The number of rows that it held.
            total: The number of rows that Act-On says there are; None where unknown.
            digest: A digest of the page's rows.

        Returns:
            The pages to read next, in order; none where the total is unknown.
        """
        return [] if total is None else super().following(page, rows, total, digest)


DEFAULT_PAGE_SIZE = 50
"""The size of a numbered page for which nothing is asked (Act-On reference, 2024 edition)."""


class NumberedPages(Pages):
    """Pages by number and size, as the Audience Center has them.

    The largest size is not documented (Act-On reference, 2024 edition). So the size that is
    asked for is tried: where Act-On refuses it, half of it is; where an answer holds fewer
    rows, another call makes sure that these were all and not only as many as Act-On gives
    at once. What is found out holds for all that is read with the same paging.

    Args:
        size: The number of rows to ask for.
        number: The name of the parameter with the number of the page, which starts at 0.
    """

    def __init__(self, size: int, number: str = "page") -> None:
        self._size = size
        self._number = number
        # An answer of so many rows has certainly not been cut.
        self._uncut = min(size, DEFAULT_PAGE_SIZE) - 1

    def settled(self, page: Page) -> Page:
        """Fix the size of a page, which may change while others are read.

        Args:
            page: The page.

        Returns:
            The page with a size.
        """
        return page if page.size else replace(page, size=self._size)

    def smaller(self, page: Page) -> Page | None:
        """Ask for half as many rows from the first page on.

        Args:
            page: The page that was refused.

        Returns:
            The page to ask for; None where the size is not the cause.
        """
        if page.offset or page.size <= DEFAULT_PAGE_SIZE:
            return None
        self._size = min(self._size, max(DEFAULT_PAGE_SIZE, page.size // 2))
        return Page()

    def parameters(self, page: Page) -> dict[str, int]:
        """Give the query parameters that ask for a page.

        Args:
            page: The page.

        Returns:
            The parameters by name.
        """
        return {self._number: page.offset // page.size, "pageSize": page.size}

    def following(self, page: Page, rows: int, total: int | None, digest: bytes) -> list[Page]:
        """Say which pages a page leads to.

        Args:
            page: The page that was read.
            rows: The number of rows that it held.
            total: The number of rows that Act-On says there are; None where unknown.
            digest: A digest of the page's rows; empty where the total is known.

        Returns:
            The pages to read next, in order.

        Raises:
            EndlessPagesError: If the page repeats the one before it.
        """
        if digest and digest == page.previous:
            if page.is_check:
                # The endpoint knows no pages: the first answer held all there is.
                return []
            raise EndlessPagesError
        if page.is_check:
            self._learn_from_check(page, rows)
        if not rows or page.end is not None:
            return []
        # A total of just the rows that came may be no more than their number.
        if total is not None and (page.offset or not rows == total == page.size):
            return self._planned(page, rows, total)
        if rows >= page.size:
            self._uncut = max(self._uncut, page.size - 1)
            return [Page(page.offset + page.size, previous=digest, size=page.size)]
        if page.offset or rows <= self._uncut:
            return []
        return [Page(rows, previous=digest, size=rows, is_check=True)]

    def _planned(self, page: Page, rows: int, total: int) -> list[Page]:
        """Plan the pages that are left, which can be asked for side by side."""
        size = page.size
        if not page.offset and rows < min(size, total):
            # These are as many as Act-On gives at once.
            self._size = size = rows
        reached = page.offset + size
        borders = [*range(reached, min(total, reached + size * PAGES_AHEAD), size), None]
        return [Page(at, end, size=size) for at, end in pairwise(borders) if at is not None]

    def _learn_from_check(self, page: Page, rows: int) -> None:
        """Keep whether the page before was all there is, or as much as is given at once."""
        if rows:
            self._size = min(self._size, page.size)
        else:
            self._uncut = max(self._uncut, page.size)
