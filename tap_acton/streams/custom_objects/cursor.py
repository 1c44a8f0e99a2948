"""How a query for records is paged: by tokens, or by numbers where Act-On gives no tokens.

As with the other paging styles this is pure arithmetic: it gets what an answer held and
says which page follows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from tap_acton.api.old_pagination import DEFAULT_PAGE_SIZE, EndlessPagesError

MODEST_SIZE = 100
"""The number of records to ask for where more are refused; the largest is not documented."""


@dataclass(frozen=True, slots=True)
class CursorPage:
    """A page of records.

    Attributes:
        size: The number of records to ask for.
        token: The token that the page before gave; empty for the first page.
        number: The number of the page where Act-On gives no tokens; 0 for the first page.
        is_sorted: Whether the records are asked for in an order that stays.
        rows_before: How many records the pages before it held.
        previous: A digest of the page before, where only a comparison can tell that the
            pages never end.
    """

    size: int
    token: str = ""
    number: int = 0
    is_sorted: bool = True
    rows_before: int = 0
    previous: bytes = b""

    @classmethod
    def of_state(cls, state: Any) -> Self | None:
        """Read a page from the state.

        Args:
            state: What :meth:`state` gave; anything else is no page.

        Returns:
            The page; None where the state holds none.
        """
        match state:
            case {
                "size": int(size),
                "token": str(token),
                "number": int(number),
                "is_sorted": bool(is_sorted),
                **kept,
            } if size > 0 and number >= 0:
                match kept.get("rows_before"):
                    case int(rows) if rows > 0:
                        return cls(size, token, number, is_sorted, rows)
                return cls(size, token, number, is_sorted)
        return None

    def state(self) -> dict[str, Any]:
        """Give what a later run needs to ask for the page.

        Returns:
            The page, for the state.
        """
        return {
            "size": self.size,
            "token": self.token,
            "number": self.number,
            "is_sorted": self.is_sorted,
            "rows_before": self.rows_before,
        }

    @property
    def is_first(self) -> bool:
        """Whether the reading begins with it."""
        return not self.token and not self.number

    def pagination(self) -> dict[str, Any]:
        """Give the part of the body that asks for the page (Act-On reference, 2024 edition).

        Returns:
            The object ``pagination``.
        """
        if self.number:
            return {"pageStrategy": "OFFSET", "page": self.number, "size": self.size}
        token = {"nextPageToken": self.token} if self.token else {}
        return {"pageStrategy": "CURSOR", "size": self.size, **token}

    def following(self, rows: int, token: str, total: int | None, digest: bytes) -> Self | None:
        """Say which page follows.

        Args:
            rows: The number of records that the page held.
            token: The token that came with it; empty for none.
            total: The number of records that Act-On says there are; None where unknown.
            digest: A digest of the page's records.

        Returns:
            The page to read next; None after the last one.

        Raises:
            EndlessPagesError: If the page repeats the one before it.
        """
        if not rows:
            return None
        rows_before = self.rows_before + rows
        if token:
            following = replace(self, token=token, number=0, rows_before=rows_before)
            return None if token == self.token else following
        if self.token:
            return None
        if digest == self.previous:
            if self.number == 1:
                # There are no pages: the first answer held all there is.
                return None
            raise EndlessPagesError
        # A total of just the records that came may be no more than their number, and fewer
        # records than asked for may be as many as Act-On gives at once.
        if total is not None and total != rows:
            has_more = self.number * self.size + rows < total
        else:
            has_more = rows >= min(self.size, DEFAULT_PAGE_SIZE)
        if not has_more:
            return None
        size = self.size if self.number else min(self.size, rows)
        return replace(
            self, size=size, number=self.number + 1, rows_before=rows_before, previous=digest
        )

    def simpler(self) -> Self | None:
        """Give the page to ask for in place of one that was refused.

        Returns:
            The same records without an order, or fewer at once; None where neither can be
            the cause.
        """
        if not self.is_first:
            return None
        if self.is_sorted:
            return replace(self, is_sorted=False)
        if self.size > MODEST_SIZE:
            return replace(self, size=MODEST_SIZE, is_sorted=True)
        return None
