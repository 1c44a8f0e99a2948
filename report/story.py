"""The sentences at the top of the page; ``page.js`` says the same when the period changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from report import words
from report.totals import TILES, Number, chosen, has_before, name_of, span, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from report.marts import Marts
    from report.totals import Choice, Total

BEYOND_CHANCE = 2.58
"""Standard errors that a rate must have moved; by chance, that happens once in 100 times."""

LEAST_CHANGE = 0.1
"""The change of the number of e-mails, as a share of those before, that is worth a sentence."""

CONFIDENCE = 1.96
"""Standard errors of a 95% interval."""

MOST_BOUNCES = 0.05
MOST_COMPLAINTS = 0.003
"""Where `acton__deliverability_daily` raises its alarm."""

ENOUGH_SENT = 100
"""E-mails, of fewer of which a single bounce would be an alarm."""

STILL_OPENING = 7
"""Days after which hardly any opens come in."""

CHANGES = tuple(
    tile for tile in TILES if tile.name not in {"sent", "delivery_rate", "click_to_open_rate"}
)
"""The rates, without what says the same again: deliveries are what has not bounced."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of the story.

    Attributes:
        kind: What it is about: ``change``, ``steady``, ``volume``, ``best``, ``alarm``, ``calm`` or
            ``empty``.
        before: Its words up to the name in it.
        name: A name from the data, which may be in any script; empty without one.
        after: Its words after the name.
    """

    kind: str
    before: str
    name: str = ""
    after: str = ""


def story(marts: Marts, choice: Choice) -> list[Sentence]:
    """Say what a marketing manager would say first, in up to three sentences."""
    rows = chosen(marts.tables["messages"], choice)
    if not rows:
        return [_empty(marts, choice)]
    sentences = [_change(marts, choice, rows), _best(marts, rows), _alarm(marts, choice, rows)]
    return [sentence for sentence in sentences if sentence is not None]


def _empty(marts: Marts, choice: Choice) -> Sentence:
    messages = marts.tables["messages"]
    if messages.missing:
        return Sentence("empty", f"Nothing is known about messages: {messages.missing} is missing.")
    if not len(messages):
        return Sentence("empty", "No message has gone out from this account so far.")
    if all(day is None for day in messages.columns["day"]):
        return Sentence("empty", "No message has a date, so that none belongs to a period.")
    return Sentence(
        "empty",
        f"No message of these types went out from {words.day(choice.first)} to "
        f"{words.day(choice.last)}.",
    )


def _change(marts: Marts, choice: Choice, rows: Sequence[int]) -> Sentence:
    messages = marts.tables["messages"]
    now = {tile.name: total(tile, messages, rows) for tile in TILES}
    sent, opened = now["sent"].of, now["open_rate"].value
    plural = "message" if len(rows) == 1 else "messages"
    volume = f"{sent:,} e-mails went out in {len(rows):,} {plural}"
    earlier = chosen(messages, choice.before)
    if not has_before(marts, choice) or not earlier:
        if opened is None:
            return Sentence("volume", f"{volume}.")
        return Sentence(
            "volume", f"{volume}; {words.percent(opened)} of the delivered were opened."
        )
    largest: tuple[float, Number, Total, Total] | None = None
    for tile in CHANGES:
        one, other = now[tile.name], total(tile, messages, earlier)
        size = _size(one, other)
        if size is not None and (largest is None or size > largest[0]):
            largest = size, tile, one, other
    days = "day before" if choice.days == 1 else f"{choice.days:,} days before"
    mail = _mail(now["sent"], total(TILES[0], messages, earlier))
    if largest is None and mail:
        return Sentence(
            "change", f"Against the {days}, {mail}; no rate changed by more than chance."
        )
    if largest is None:
        return Sentence(
            "steady",
            f"Nothing changed by more than chance against the {days}: "
            f"{volume}, with an open rate of {words.number(opened, 'rate')} and a click rate of "
            f"{words.number(now['click_rate'].value, 'rate')}.",
        )
    _, tile, one, other = largest
    value, old = one.value or 0, other.value or 0
    verb = "rose" if value > old else "fell"
    text = (
        f"The biggest change against the {days}: the {tile.label.lower()} {verb} "
        f"from {words.number(old, tile.unit)} to {words.number(value, tile.unit)}"
        f"{f', while {mail}' if mail else ''}."
    )
    known = span(marts)
    is_recent = (
        known and max(messages.columns["day"][row] for row in rows) > known[1] - STILL_OPENING
    )
    if tile.color in {"opens", "clicks"} and value < old and is_recent:
        text += " Mail of the last days is still being opened, so part of this will pass."
    return Sentence("change", text)


def _mail(now: Total, before: Total) -> str:
    """Say how much more or less mail went out; empty if about as much did."""
    if not is_beyond_chance(now, before):
        return ""
    if now.of > words.TOO_MANY_TIMES * before.of:
        return "more than ten times as many e-mails went out"
    share = words.change(now.of, before.of).lstrip("+\N{MINUS SIGN}")
    return f"{share} {'more' if now.of > before.of else 'fewer'} e-mails went out"


def is_beyond_chance(now: Total, before: Total) -> bool:
    """Tell whether a number has changed by more than chance, or a count by a tenth."""
    return _size(now, before) is not None


def _size(now: Total, before: Total) -> float | None:
    """Return how much larger or smaller a number is, as a share; None if that may be chance."""
    if now.over is None or before.over is None:
        if not before.of:
            return None
        size = abs(now.of - before.of) / before.of
        return size if size >= LEAST_CHANGE else None
    if not now.over or not before.over:
        return None
    pooled = (now.of + before.of) / (now.over + before.over)
    error = math.sqrt(max(0.0, pooled * (1 - pooled)) * (1 / now.over + 1 / before.over))
    difference = now.of / now.over - before.of / before.over
    if not error or abs(difference) / error < BEYOND_CHANCE:
        return None
    return abs(difference) / (before.of / before.over) if before.of else math.inf


def _best(marts: Marts, rows: Sequence[int]) -> Sentence | None:
    messages = marts.tables["messages"].columns
    delivered = [row for row in rows if (messages["delivered"][row] or 0) > 0]
    for column, verb, other in (("clicked", "clicked", "opened"), ("opened", "opened", "clicked")):
        if not any(messages[column][row] for row in delivered):
            continue
        best = max(
            delivered,
            key=lambda row: _least(messages[column][row] or 0, messages["delivered"][row]),
        )
        name = words.shortened(name_of(marts.tables["messages"], best))
        count = messages["delivered"][best]
        share, second = (
            words.percent((messages[one][best] or 0) / count) for one in (column, other)
        )
        if len(delivered) == 1:
            return Sentence(
                "best",
                "The only message, ",
                name,
                f", was {verb} by {share} and {other} by {second} of its {count:,} recipients.",
            )
        everybody = words.percent(
            sum(messages[column][row] or 0 for row in delivered)
            / sum(messages["delivered"][row] for row in delivered)
        )
        when = words.day(messages["day"][best])
        return Sentence(
            "best",
            "The best message, of those with enough recipients to tell, was ",
            name,
            f" of {when}: {share} of its {count:,} recipients {verb}, against {everybody} "
            "over all messages.",
        )
    return None


def _least(happened: int, of: int) -> float:
    """Return the lower end of a share's 95% interval (Wilson's): few lucky clicks do not win."""
    share, squared = min(1.0, max(0.0, happened / of)), CONFIDENCE**2
    middle = share + squared / (2 * of)
    margin = CONFIDENCE * math.sqrt(share * (1 - share) / of + squared / (4 * of * of))
    return (middle - margin) / (1 + squared / of)


COUNTS = ("bounced", "sent", "complained", "delivered")


@dataclass(frozen=True)
class _Trouble:
    excess: float
    of: str
    name: str
    text: str


def _alarm(marts: Marts, choice: Choice, rows: Sequence[int]) -> Sentence | None:
    messages, domains = marts.tables["messages"], marts.tables["domains"]
    by_name = {tile.name: tile for tile in TILES}
    bounced = total(by_name["bounce_rate"], messages, rows)
    complained = total(by_name["complaint_rate"], messages, rows)
    if not bounced.over or bounced.over < ENOUGH_SENT:
        return None
    section = "Deliverability"
    counts = (bounced.of, bounced.over, complained.of, complained.over or 0)
    troubles = _troubles(counts, "all mail", "")
    sums: dict[str, list[int]] = {}
    for row in chosen(domains, choice):
        domain = domains.columns["domain"][row]
        if domain:
            one = sums.setdefault(domain, [0, 0, 0, 0])
            for n, column in enumerate(COUNTS):
                one[n] += domains.columns[column][row] or 0
    for domain, of_domain in sums.items():
        troubles += _troubles(of_domain, "the mail to ", domain)
    if not troubles:
        # A message to a bad list drowns in the mail of a month.
        section = "Messages"
        for row in rows:
            of_message = [messages.columns[column][row] or 0 for column in COUNTS]
            name = words.shortened(name_of(messages, row))
            troubles += _troubles(of_message, "the message ", name)
    if not troubles:
        return Sentence(
            "calm",
            f"No deliverability alarm: {words.percent(bounced.value or 0)} bounced and "
            f"{words.percent(complained.value or 0)} complained; the alarms are at "
            f"{words.percent(MOST_BOUNCES)} and {words.percent(MOST_COMPLAINTS)}.",
        )
    worst = max(troubles, key=lambda trouble: trouble.excess)
    more = len(troubles) - 1
    others = "" if not more else " One more alarm is" if more == 1 else f" {more} more alarms are"
    end = f"{others} under {section}." if others else ""
    before = f"Deliverability alarm: of {worst.of}"
    if worst.name:
        return Sentence("alarm", before, worst.name, f", {worst.text}{end}")
    return Sentence("alarm", f"{before}, {worst.text}{end}")


def _troubles(counts: Sequence[int], whose: str, name: str) -> list[_Trouble]:
    bounces, sent, complaints, delivered = counts
    return [
        _Trouble(
            happened / of / most,
            whose,
            name,
            f"{words.percent(happened / of)} {verb}; the alarm is at {words.percent(most)}.",
        )
        for happened, of, most, verb in (
            (bounces, sent, MOST_BOUNCES, "bounced"),
            (complaints, delivered, MOST_COMPLAINTS, "was complained about"),
        )
        if of >= ENOUGH_SENT and happened / of > most
    ]
