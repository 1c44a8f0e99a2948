"""Rounds: every selected stream read once, in as many runs as the allowance takes.

Where the calls of a day end before a run does, the state keeps for each stream whether it
was read to its end, or behind which parent it goes on. The next run reads only what is
left. Once everything has been read, nothing of this remains in the state.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from tap_acton.errors import AllowanceSpentError
from tap_acton.records.timestamps import is_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_acton.sync.answers import Answer, Query

Item = TypeVar("Item")

ROUND_STATE = "round"


@dataclass(frozen=True, slots=True)
class Round:
    """What a stream has behind it of a round that is not over.

    Attributes:
        started_at: When the first run of the round began, as the tap writes timestamps.
        is_done: Whether the stream was read to its end.
        after: What was last read to its end, as messages call it; empty for nothing.
        reached: The largest replication value met so far; empty for none.
    """

    started_at: str
    is_done: bool = False
    after: str = ""
    reached: str = ""

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> Round | None:
        """Read what a stream's state keeps of a round.

        Args:
            state: The state of the stream.

        Returns:
            What it keeps; None where no round is under way.
        """
        match state.get(ROUND_STATE):
            case {"started_at": str(started_at), **kept} if is_timestamp(started_at):
                after, reached = (str(kept.get(name) or "") for name in ("after", "reached"))
                return cls(started_at, kept.get("is_done") is True, after, reached)
        return None

    def keep(self, state: dict[str, Any]) -> None:
        """Write this into a stream's state.

        Args:
            state: The state of the stream.
        """
        state[ROUND_STATE] = {name: held for name, held in asdict(self).items() if held}


def left(
    items: Callable[[], Iterable[Item]],
    after: str,
    name_of: Callable[[Item], str],
    skipped: Callable[[int], object] = int,
) -> Iterator[Item]:
    """Leave out what an earlier run of the round has read.

    Args:
        items: Gives what is to be read, in a fixed order; there may be more than the memory
            holds, so they are gone through once more where the last one read is not there.
        after: The name of the last item that was read; empty for none.
        name_of: Gives the name of an item.
        skipped: Told how many items are left out.

    Yields:
        The items behind it; all of them where it is not there any more.
    """
    if after:
        remaining = iter(items())
        for number, item in enumerate(remaining, start=1):
            if name_of(item) == after:
                skipped(number)
                yield from remaining
                return
    yield from items()


def noted(answers: Iterable[Answer], note: Callable[[Query], object]) -> Iterator[Answer]:
    """Note of answers whose parent is through, also where the allowance ends behind it.

    Args:
        answers: The answers, those of a parent in a row.
        note: Told the query of a parent when all that came of it has been taken.

    Yields:
        The answers.

    Raises:
        AllowanceSpentError: If the allowance is spent.
    """
    current: Query | None = None
    try:
        for answer in answers:
            if current is not None and answer.query.parent is not current.parent:
                note(current)
            current = answer.query
            yield answer
    except AllowanceSpentError as error:
        # What the allowance did not suffice for may be the same in another form.
        if current is not None and error.subject != current.subject:
            note(current)
        raise
