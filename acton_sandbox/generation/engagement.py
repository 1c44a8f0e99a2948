"""What recipients do with a message: the events of its drilldowns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.entities import Event
from acton_sandbox.generation import vocabulary
from acton_sandbox.timestamps import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acton_sandbox.dice import Dice
    from acton_sandbox.entities import Recipient

_LATEST_ENGAGEMENT = 30 * DAY
_PLAIN_CYCLE = ("SENT", "OPENED", "CLICKED")


def events_of_sending(
    recipients: Sequence[Recipient],
    sent_at: int,
    dice: Dice,
    *,
    eventful: bool = True,
    suppressed: float = 0.04,
) -> list[Event]:
    """Return everything that ever comes of sending to these recipients.

    Args:
        recipients: Whom the message is meant for.
        sent_at: When it goes out.
        dice: Decides what the recipients do.
        eventful: Whether the first two recipients bring what every day needs: the first one
            bounces, the second opens at once and is recorded three days late.
        suppressed: The share of recipients to whom nothing is sent.

    Returns:
        The events, those included that show only later.
    """
    events: list[Event] = []
    for position, recipient in enumerate(recipients):
        if position > 1 and dice.chance(suppressed):
            events.append(Event("SUPPRESSED", recipient, sent_at, sent_at, "Suppressed", ""))
            continue
        at = sent_at + position * 137
        events.append(Event("SENT", recipient, at, at, "Sent", "SEND"))
        if (eventful and position == 0) or dice.chance(0.03):
            late = 0 if position == 0 else _delay(dice, 0.5)
            events.append(_bounce(recipient, at + 40 * SECOND, late, dice))
        elif eventful and position == 1:
            events.extend(_opens(recipient, at + 2 * HOUR, 3 * DAY, dice))
        elif dice.chance(0.35):
            events.extend(_reactions(recipient, at, dice))
    return events


def plain_events(recipients: Sequence[Recipient], sent_at: int, count: int) -> list[Event]:
    """Return exactly `count` events, all visible at once: sent, opened, clicked, and again."""
    events = []
    for number in range(count):
        recipient = recipients[number // len(_PLAIN_CYCLE) % len(recipients)]
        drilldown = _PLAIN_CYCLE[number % len(_PLAIN_CYCLE)]
        at = sent_at + number * SECOND
        action, data, link = {
            "SENT": ("Sent", "SEND", ""),
            "OPENED": ("Opened", "OPEN", ""),
            "CLICKED": ("Clickthrough", "CLICK", vocabulary.LINKS[0]),
        }[drilldown]
        events.append(Event(drilldown, recipient, at, at, action, data, link=link))
    return events


def _delay(dice: Dice, probability: float) -> int:
    return dice.between(1, 6) * DAY if dice.chance(probability) else 0


def _lag(dice: Dice) -> int:
    # Most reactions come within two days; some take weeks.
    return MINUTE + int(dice.fraction() ** 4 * _LATEST_ENGAGEMENT)


def _bounce(recipient: Recipient, at: int, late: int, dice: Dice) -> Event:
    kind = "HARD" if dice.chance(0.3) else "SOFT"
    return Event("BOUNCED", recipient, at, at + late, "Bounced", kind)


def _opens(recipient: Recipient, at: int, late: int, dice: Dice) -> Iterator[Event]:
    ip = f"192.0.2.{dice.below(256)}"
    system, browser = dice.pick(vocabulary.SYSTEMS), dice.pick(vocabulary.BROWSERS)
    for repeat in range(1 + dice.below(3) * dice.below(2)):
        timestamp = at + repeat * dice.between(1, 40) * HOUR
        yield Event(
            "OPENED",
            recipient,
            timestamp,
            timestamp + late,
            "Opened",
            "OPEN",
            "",
            ip,
            system,
            browser,
        )


def _reactions(recipient: Recipient, sent_at: int, dice: Dice) -> Iterator[Event]:
    opened_at = sent_at + _lag(dice)
    late = _delay(dice, 0.06)
    yield from _opens(recipient, opened_at, late, dice)
    if dice.chance(0.3):
        timestamp = opened_at + dice.between(3, 900) * SECOND
        click = Event(
            "CLICKED",
            recipient,
            timestamp,
            timestamp + late,
            "Clickthrough",
            "CLICK",
            dice.pick(vocabulary.LINKS),
            f"192.0.2.{dice.below(256)}",
            dice.pick(vocabulary.SYSTEMS),
            dice.pick(vocabulary.BROWSERS),
        )
        yield click
        if dice.chance(0.15):
            # The very same row twice: mail scanners follow a link twice within a millisecond.
            yield click
    if dice.chance(0.02):
        timestamp = opened_at + 20 * SECOND
        yield Event("OPT_OUT", recipient, timestamp, timestamp + _delay(dice, 0.2), "Opted out", "")
    if dice.chance(0.005):
        timestamp = opened_at + 30 * SECOND
        yield Event("SPAM", recipient, timestamp, timestamp + _delay(dice, 0.5), "Complaint", "")
