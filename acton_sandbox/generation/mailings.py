"""Messages of every type: when they went out, to whom, and when they were deleted again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.entities import Message, Sender
from acton_sandbox.generation.campaigns import Campaigns
from acton_sandbox.generation.engagement import events_of_sending, plain_events
from acton_sandbox.timestamps import DAY, HOUR, SECOND, START, day_of, local_day, midnight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from acton_sandbox.entities import Event, Recipient
    from acton_sandbox.generation.lists import Lists
    from acton_sandbox.size import Size

SENDERS = (
    Sender("51877", "Harbourline News", "news@example.com"),
    Sender("51902", "Jörg Müller-Lüdenscheidt", "joerg@example.com"),
    Sender("0", "", "noreply@example.org"),
)
_FIRST_EXACT = 0x10000
_NEVER = 1 << 62
_GONE = 5
"""Which of the messages that are kept has been deleted but is still listed."""


@dataclass(eq=False)
class Mailing:
    """A message over its whole life."""

    message: Message
    listed_from: int
    gone_from: int = _NEVER
    """From here on its reports answer that it does not exist."""
    listed_until: int = _NEVER

    def at(self, now: int) -> Message:
        """Return the message as it shows at a given time."""
        message = self.message
        return Message(
            message.id,
            message.name,
            message.subject,
            message.type,
            message.sent_at,
            message.sender,
            message.is_text_only,
            message.sent_to,
            message.suppressed_on,
            gone=self.gone_from <= now,
            as_of=now,
            planned_events=message.planned_events,
        )


class Mailings:
    """All messages of an account, at any time.

    Args:
        seed: The seed of the account.
        size: The measures of the account.
        lists: Whom the messages go to.
        anchor: The time up to which an exact number of messages is spread, if the size has
            one; daily messages follow.
    """

    def __init__(self, seed: int, size: Size, lists: Lists, anchor: int) -> None:
        self._seed = seed
        self._size = size
        self._lists = lists
        self._anchor = anchor
        self._sent: list[Mailing] = []
        self._lock = Lock()
        self._planned_until = START
        self._campaigns = (
            None if size.calendar is None else Campaigns(seed, size.calendar, lists, size.words)
        )
        if size.messages is not None:
            self._sent.extend(self._exact_messages(size.messages))
            self._planned_until = day_of(anchor) - timedelta(days=1)

    def until(self, now: int) -> list[Mailing]:
        """Return every message made up to a given time, those deleted since included."""
        with self._lock:
            self._plan_days(day_of(now))
        made = [mailing for mailing in self._sent if mailing.listed_from <= now]
        others = (mailing for mailing in self._others if mailing.listed_from <= now)
        return [*made, *(self._triggered(n, now) for n in self._triggered_numbers(now)), *others]

    def _plan_days(self, last: date) -> None:
        while self._planned_until < last:
            self._planned_until += timedelta(days=1)
            begin = 0 if self._size.messages is None else self._anchor
            self._sent.extend(m for m in self._day(self._planned_until) if m.listed_from > begin)

    def _day(self, day: date) -> Iterator[Mailing]:
        if self._campaigns is not None:
            yield from self._of_calendar(self._campaigns, day)
            return
        number = (day - START).days
        size = self._size
        dice = Dice(self._seed, "messages", day)
        lifetime = size.daily_lifetime_days * DAY

        def sent_at() -> int:
            return midnight(day) + 13 * HOUR + dice.below(8 * HOUR // SECOND) * SECOND

        yield self._mailing(3 * number, sent_at(), dice.between(*size.daily_audience), lifetime)
        if number % size.kept_every_days == 1:
            ordinal = number // size.kept_every_days
            exact = size.kept_audience_exact
            audience = exact[ordinal] if ordinal < len(exact) else dice.between(*size.kept_audience)
            mailing = self._mailing(3 * number + 1, sent_at(), audience, None)
            if ordinal == _GONE:
                # Deleted, but still listed: the reports of this one never answer again.
                mailing.gone_from = mailing.listed_from + 2 * DAY
            yield mailing
        if number % 5 == 1:
            yield self._mailing(3 * number + 2, sent_at(), 0, lifetime)

    def _of_calendar(self, campaigns: Campaigns, day: date) -> Iterator[Mailing]:
        for ordinal, sending in enumerate(campaigns.on(day)):
            number = 8 * (day - START).days + ordinal
            message = self._message(
                f"s-{number:04x}-{local_day(sending.sent_at):%y%m}",
                "SENT",
                sending.sent_at,
                Dice(self._seed, "message", number),
                lists=sending.list_ids,
                events=partial(list, sending.events),
            )
            sender = self._size.words.senders[sending.sender]
            message = replace(message, name=sending.name, subject=sending.subject, sender=sender)
            yield Mailing(message, listed_from=sending.sent_at)

    def _mailing(self, number: int, sent_at: int, audience: int, lifetime: int | None) -> Mailing:
        message_id = f"s-{number:04x}-{local_day(sent_at):%y%m}"
        dice = Dice(self._seed, "message", number)
        lists, recipients = self._recipients(number, audience)

        def events() -> list[Event]:
            # Where the number of recipients matters, every one of them is a row of SENT.
            share = 0.0 if audience in self._size.kept_audience_exact else 0.04
            events_dice = Dice(self._seed, "events", number)
            return events_of_sending(recipients(), sent_at, events_dice, suppressed=share)

        until = _NEVER if lifetime is None else sent_at + lifetime
        # For some hours before it leaves the list, a deleted message cannot be fetched.
        gone = until if until == _NEVER else until - 6 * HOUR
        message = self._message(message_id, "SENT", sent_at, dice, lists=lists, events=events)
        return Mailing(message, listed_from=sent_at, gone_from=gone, listed_until=until)

    def _recipients(
        self, number: int, audience: int
    ) -> tuple[tuple[str, ...], Callable[[], list[Recipient]]]:
        dice = Dice(self._seed, "recipients", number)
        pool = self._lists.audiences
        enough = [members for members in pool if len(members) >= audience] or pool
        first, second = dice.pick(enough), dice.pick(pool)

        def recipients() -> list[Recipient]:
            # Dice of their own, so that asking twice gives the same recipients.
            draw = Dice(self._seed, "audience", number)
            chosen = [first[index] for index in draw.distinct(len(first), audience)]
            if audience and first is not second and len(chosen) < 100:  # noqa: PLR2004
                # The overlap of two lists: one address, two contact ids.
                addresses = {recipient.email for recipient in chosen}
                chosen.extend([other for other in second if other.email in addresses][:2])
            return chosen

        ids = (first[0].list_id,) if first is second else (first[0].list_id, second[0].list_id)
        return ids if audience else ("q-00b3",), recipients

    def _message(  # noqa: PLR0913
        self,
        message_id: str,
        message_type: str,
        sent_at: int,
        dice: Dice,
        *,
        lists: tuple[str, ...] = (),
        events: Callable[[], list[Event]] = list,
    ) -> Message:
        words = self._size.words
        audience, topic = dice.pick(words.audiences), dice.pick(words.topics)
        name = words.message_name.format(audience=audience, topic=topic, stamp=message_id[2:6])
        known: list[tuple[Event, ...]] = []

        def planned_events() -> tuple[Event, ...]:
            if not known:
                known.append(tuple(events()))
            return known[0]

        return Message(
            id=message_id,
            name=name,
            subject=f"{name}: {dice.pick(words.message_notes)}" if dice.chance(0.3) else name,
            type=message_type,
            sent_at=sent_at,
            sender=dice.pick(words.senders[:3]),
            is_text_only=dice.chance(0.1),
            sent_to=lists,
            suppressed_on=("l-0a55",) if dice.chance(0.4) else (),
            gone=False,
            as_of=sent_at,
            planned_events=planned_events,
        )

    def _exact_messages(self, count: int) -> Iterator[Mailing]:
        if not count:
            return
        begin = midnight(START) + DAY
        recipients = self._lists.audiences[0]
        for ordinal in range(count):
            sent_at = begin + (self._anchor - begin - HOUR) * (ordinal + 1) // count
            sent_at -= sent_at % SECOND
            number = _FIRST_EXACT + ordinal
            dice = Dice(self._seed, "message", number)

            def events(sent_at: int = sent_at) -> list[Event]:
                return plain_events(recipients, sent_at, self._size.events_per_message)

            message_id = f"s-{number:04x}-{local_day(sent_at):%y%m}"
            lists = (recipients[0].list_id,)
            message = self._message(message_id, "SENT", sent_at, dice, lists=lists, events=events)
            yield Mailing(message, listed_from=sent_at)

    def _triggered_numbers(self, now: int) -> list[int]:
        first = midnight(START) + 14 * HOUR
        return [
            number
            for number in range(self._size.triggered_messages)
            if first + number * 11 * DAY <= now
        ]

    def _triggered(self, number: int, now: int) -> Mailing:
        """Return a message that keeps sending: to a few recipients, day after day."""
        since = midnight(START) + 14 * HOUR + number * 11 * DAY
        campaigns = self._campaigns
        message = self._message(
            f"s-{0xF000 + number:04x}-{local_day(since):%y%m}",
            "TRIGGERED",
            since,
            Dice(self._seed, "triggered", number),
            lists=(self._lists.list_id(campaigns.position_followed(number) if campaigns else 0),),
            events=lambda: (
                campaigns.follow(number, since, now)
                if campaigns
                else list(self._events_triggered(number, since, now))
            ),
        )
        if campaigns is not None:
            follower = campaigns.followers[number]
            message = replace(message, name=follower.name, subject=follower.subject)
        return Mailing(message, listed_from=since)

    def _events_triggered(self, number: int, since: int, now: int) -> Iterator[Event]:
        pool = self._lists.audiences[0]
        day = day_of(since)
        while day <= day_of(now):
            dice = Dice(self._seed, "triggered", number, day)
            recipients = [pool[dice.below(len(pool))] for _ in range(dice.below(3))]
            timestamp = midnight(day) + 14 * HOUR + dice.below(4 * HOUR)
            yield from events_of_sending(recipients, timestamp, dice, eventful=False)
            day += timedelta(days=1)

    @cached_property
    def _others(self) -> list[Mailing]:
        found = []
        for number in range(self._size.other_messages):
            made_at = midnight(START) + DAY + number * 23 * DAY
            for message_type, prefix, base in (
                ("DRAFT", "d", 0x10),
                ("TEMPLATE", "t", 0x20),
                ("FAILED", "s", 0xE000),
                ("SCHEDULED", "s", 0xE800),
            ):
                is_scheduled = message_type == "SCHEDULED"
                shown = made_at + self._size.scheduled_days_ahead * DAY * is_scheduled
                tail = f"-{local_day(shown):%y%m}" if prefix == "s" else ""
                dice = Dice(self._seed, message_type, number)
                message_id = f"{prefix}-{base + number:04x}{tail}"
                message = self._message(message_id, message_type, shown, dice)
                found.append(Mailing(message, listed_from=made_at))
        return found
