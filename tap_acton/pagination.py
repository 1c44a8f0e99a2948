"""Which pages to ask for, one class per paging style that Act-On documents.

A paging style is pure arithmetic: it gets what an answer held and says which pages
follow. It never makes a call, so that pages can be asked for side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

PAGES_AHEAD = 1000
"""How many pages are planned at once; the last of them looks for those behind it."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page to ask for.

    Attributes:
        offset: The number of rows before the page.
        end: The offset at which the next known page begins; None where no later page
            is known, so that this one has to look for what comes after it.
        previous: A digest of the page before, where only a comparison can tell that
            the pages never end.
    """

    offset: int = 0
    end: int | None = None
    previous: bytes = b""


class EndlessPagesError(ValueError):
    """A page repeats the one before it: the server does not heed the offset."""


@dataclass(frozen=True, slots=True)
class OffsetPages:
    """Pages by ``count`` and ``offset`` (Act-On reference, 2024 edition).

    Where the answer's ``totalCount`` is known, the first page shows all that follow,
    so that they can be asked for side by side. Where it is -1, as it always is on the
    bounce, complaint and opt-out lists, each page shows only the next.

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
            return [Page(reached, previous=digest)] if rows >= self._asked(page) else []
        step = min(rows, self.size)
        borders = [*range(reached, min(total, reached + step * PAGES_AHEAD), step), None]
        return [Page(offset, end) for offset, end in pairwise(borders) if offset is not None]

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
