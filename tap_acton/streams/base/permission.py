"""Whether an endpoint is offered, as the responses for one item after the other show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.errors import ForbiddenError, GivenUpError, GoneError, NotAvailableError

if TYPE_CHECKING:
    from tap_acton.sync.query import Outcome

ENOUGH = 5
"""After so many items that the user may not read, and none before them, no more are requested."""

AT_LEAST = 2
"""A single item that the user may not read says nothing of the endpoint."""


MOST_GIVEN_UP = 25
"""If all of so many items were given up after their retries, the endpoint itself does not work."""


class Permission:
    """What Act-On says of an endpoint that is requested item by item.

    A refusal may concern one item alone: a user may have no right to one list, and read the
    others. It counts for the endpoint only if every item was refused. An item that was deleted
    counts neither way.

    Args:
        at_least: How many items must be refused for that.

    Attributes:
        refusal: The latest refusal; None for none yet.
    """

    def __init__(self, at_least: int = AT_LEAST) -> None:
        self._at_least = at_least
        self._requested = self._refused = self._given_up = 0
        self.refusal: Outcome | None = None

    def note(self, outcome: Outcome) -> None:
        """Take note of how the query for an item ended."""
        if isinstance(outcome.problem, GoneError):
            return
        self._requested += 1
        self._given_up += isinstance(outcome.problem, GivenUpError)
        if isinstance(outcome.problem, NotAvailableError):
            self._refused += 1
            self.refusal = outcome

    @property
    def is_denied(self) -> bool:
        """Whether all items were refused, and there were enough of them to count."""
        return self._is_all_refused and self._refused >= self._at_least

    @property
    def is_hopeless(self) -> bool:
        """Whether it is pointless to request more items, since the endpoint is not offered."""
        if not self._is_all_refused or self.refusal is None:
            return False
        return self._refused >= ENOUGH or not isinstance(self.refusal.problem, ForbiddenError)

    @property
    def is_broken(self) -> bool:
        """Whether it would only take calls to request more items."""
        return self._given_up == self._requested >= MOST_GIVEN_UP

    @property
    def _is_all_refused(self) -> bool:
        return self._refused == self._requested
