"""The lists of bounces, complaints and opt-outs."""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import TYPE_CHECKING

from tap_acton.api.pagination import Page
from tap_acton.check.findings import Behavior
from tap_acton.check.questions.base import (
    LARGEST_PAGE,
    Answer,
    middle_of,
    question,
    unknown,
)
from tap_acton.records.reader import is_unknown
from tap_acton.records.timestamps import milliseconds_of
from tap_acton.streams.lists.rows import SECOND
from tap_acton.streams.suppression.system_lists import UNITS, created_after
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tap_acton.check.questions.base import Samples
    from tap_acton.sync.query import Response

LISTS = ("hard_bounces", "spam_complaints", "opt_outs")


class Effect(enum.Enum):
    """What a filter has let through that should leave out all before the middle timestamp."""

    REFUSED = enum.auto()
    NOTHING = enum.auto()
    EVERYTHING = enum.auto()
    OTHERS = enum.auto()
    LATER = enum.auto()
    LATER_AND_SAME = enum.auto()


NO_UNIT: Mapping[frozenset[Effect], str] = {
    frozenset({Effect.REFUSED}): "It is refused",
    frozenset({Effect.EVERYTHING}): "It is ignored",
}
"""What is said where the filter has the same effect in every unit, and does not work."""


@question(
    "Which unit does the date filter of bounces, complaints and opt-outs take?",
    *LISTS,
    calls=len(UNITS),
)
def filter_unit(samples: Samples) -> Answer:
    """Request the later half of a list in each unit, and see which one leaves out the rest."""
    for name in LISTS:
        stream = samples.tap.stream(name)
        column = stream.replication_key
        times = {one[column] for one in samples.records(name) if not is_unknown(one[column])}
        middle = middle_of(times)
        if middle is None:
            continue
        effects: dict[str, Effect] = {}
        for unit in UNITS:
            query = Query(stream.path, parameters=created_after(middle, timedelta(), unit))
            response = samples.fetch(name, query, Page(size=LARGEST_PAGE))
            found = {record[column] for record in samples.records_of(name, response)}
            effects[unit] = _effect(times, middle, found, response)
        return _unit_answer(name, effects)
    return unknown("no list of bounces, complaints or opt-outs has rows of several times")


def _effect(
    times: Collection[str], middle: str, found: Collection[str], response: Response
) -> Effect:
    if response.problem is not None:
        return Effect.REFUSED
    if not found:
        return Effect.NOTHING
    border = milliseconds_of(middle) - SECOND
    earlier = {one for one in times if milliseconds_of(one) < border}
    later = {one for one in times if one > middle}
    is_full = len(response.rows) >= response.page.count
    if earlier.issubset(found):
        return Effect.EVERYTHING
    has_earlier = any(milliseconds_of(one) < border for one in found)
    if has_earlier or not (later.issubset(found) or is_full):
        return Effect.OTHERS
    return Effect.LATER_AND_SAME if middle in found else Effect.LATER


def _unit_answer(name: str, effects: Mapping[str, Effect]) -> Answer:
    for unit, effect in effects.items():
        if effect in {Effect.LATER, Effect.LATER_AND_SAME}:
            words = f"It takes {unit}"
            if unit == "milliseconds":
                is_inclusive = effect is Effect.LATER_AND_SAME
                words += f", and {'includes' if is_inclusive else 'leaves out'} the very timestamp"
            return Answer(f"{words}.", is_assumed=True, filters={name: Behavior.AS_ASSUMED})
    words = NO_UNIT.get(frozenset(effects.values()), "It works in neither unit")
    if words not in NO_UNIT.values() and Effect.OTHERS in effects.values():
        words = "It compares another timestamp than the row's"
    return Answer(f"{words}; the lists are read whole.", filters={name: Behavior.OTHERWISE})
