"""What a company sends by a calendar, and what its recipients do with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from acton_sandbox.dice import Dice
from acton_sandbox.entities import Event
from acton_sandbox.generation.people import eagerness
from acton_sandbox.generation.seasons import nth_weekday
from acton_sandbox.timestamps import DAY, HOUR, LONG_MONTHS, MINUTE, SECOND, midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from acton_sandbox.entities import Recipient
    from acton_sandbox.generation.calendar import Calendar, Follower, Mail, Rates
    from acton_sandbox.generation.lists import Lists
    from acton_sandbox.generation.words import Words

_LATEST_OPEN = 21 * DAY
_NIGHT = (7, 14)
"""From and to which hour, in UTC, the account's part of the world sleeps."""
_SATURDAY = 5
_REPORTING = "@example.com"
"""The one provider that reports complaints to the sender."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A message on the day on which it goes out, with everything that will ever come of it."""

    name: str
    subject: str
    sent_at: int
    sender: int
    list_ids: tuple[str, ...]
    events: tuple[Event, ...]


class Campaigns:
    """The sendings of a calendar.

    Days must be requested one after the other: whoever has left is not written to again.
    """

    def __init__(self, seed: int, calendar: Calendar, lists: Lists, words: Words) -> None:
        self._seed = seed
        self._calendar = calendar
        self._lists = lists
        self._words = words
        self._unreachable: dict[str, int] = {}
        """Since when an address bounces or has opted out."""

    def on(self, day: date) -> Iterator[Sending]:
        """Return what goes out on a day, the earliest first."""
        for mail in sorted(self._calendar.mails, key=lambda mail: mail.minute):
            position = self._position(mail, day)
            if position is not None:
                yield self._sending(mail, position, day)

    @property
    def followers(self) -> tuple[Follower, ...]:
        """The messages that everybody gets in turn."""
        return self._calendar.followers

    def position_followed(self, number: int) -> int:
        """Return the position of the list whose new members get a message."""
        return self._lists.position(self.followers[number].list_name)

    def follow(self, number: int, since: int, now: int) -> list[Event]:
        """Return all events of the follower with a number, from a time on."""
        follower = self.followers[number]
        position = self.position_followed(number)
        wait = follower.days_later * DAY + 2 * MINUTE
        recipients = self._lists.members(position, now - wait)
        events: list[Event] = []
        for recipient, came_at in zip(recipients, self._lists.came(position, now), strict=False):
            sent_at = came_at + wait
            if sent_at >= since:
                dice = Dice(self._seed, "follower", number, recipient.contact_id)
                events += self._reactions([recipient], sent_at, follower.rates, dice)
        return events

    def _position(self, mail: Mail, day: date) -> int | None:
        """Return the position of the list that a message goes to on a day, if it goes out."""
        if mail.is_import:
            position = self._lists.position(mail.list_name)
            return position if self._lists.begins_on(position) == day else None
        due = day - timedelta(days=mail.days_later)
        if due.month not in mail.months or due != nth_weekday(
            due.year, due.month, mail.weekday, mail.nth
        ):
            return None
        webinar = self._lists.webinar_on(due) if mail.is_about_webinar else None
        if mail.is_about_webinar and (webinar is None or not mail.list_name):
            return webinar
        return self._lists.position(mail.list_name)

    def _sending(self, mail: Mail, position: int, day: date) -> Sending:
        dice = Dice(self._seed, "sending", mail.name, day)
        due = day - timedelta(days=mail.days_later)
        sent_at = midnight(day) + (mail.minute + dice.below(25)) * MINUTE + dice.below(60) * SECOND
        recipients = [
            member
            for member in self._lists.members(position, sent_at)
            if mail.share == 1 or dice.chance(mail.share)
        ]
        said = {"month": LONG_MONTHS[due.month - 1], "year": due.year, "title": ""}
        if mail.is_about_webinar:
            webinar = self._lists.webinar_on(due)
            said["title"] = "" if webinar is None else self._lists.title(webinar)
        turn = (due.year * 12 + due.month) % len(mail.subjects)
        return Sending(
            name=mail.name.format(**said),
            subject=mail.subjects[turn].format(**said),
            sent_at=sent_at,
            sender=mail.sender,
            list_ids=(self._lists.list_id(position),),
            events=tuple(self._reactions(recipients, sent_at, mail.rates, dice)),
        )

    def _reactions(
        self, recipients: Iterable[Recipient], sent_at: int, rates: Rates, dice: Dice
    ) -> Iterator[Event]:
        """Return what comes of a message; whoever leaves is unreachable from then on."""
        opens = rates.opens * (0.88 + 0.24 * dice.fraction())
        for position, recipient in enumerate(recipients):
            at = sent_at + position * 137
            email = recipient.email
            if self._unreachable.get(email, at) < at:
                yield Event("SUPPRESSED", recipient, sent_at, sent_at, "Suppressed", "")
                continue
            yield Event("SENT", recipient, at, at, "Sent", "SEND")
            if dice.chance(rates.hard_bounces):
                self._unreachable[email] = at + 40 * SECOND
                yield _event("BOUNCED", recipient, at + 40 * SECOND, "Bounced", "HARD")
            elif dice.chance(rates.soft_bounces):
                yield _event("BOUNCED", recipient, at + 50 * SECOND, "Bounced", "SOFT")
            elif dice.chance(min(0.97, 3 * eagerness(email) * opens)):
                yield from self._opened(recipient, at, rates, dice)

    def _opened(
        self, recipient: Recipient, sent_at: int, rates: Rates, dice: Dice
    ) -> Iterator[Event]:
        words = self._words
        device = dice.below(len(words.systems))
        seen_with = (words.systems[device], words.browsers[device])
        address = f"192.0.2.{dice.below(256)}"
        first = opened_at = _waking(
            sent_at + MINUTE + int(dice.fraction() ** 7 * _LATEST_OPEN), dice
        )
        for repeat in range(1 + dice.chance(0.16) + dice.chance(0.04)):
            opened_at = (
                first if not repeat else _waking(opened_at + dice.between(1, 60) * HOUR, dice)
            )
            yield _event("OPENED", recipient, opened_at, "Opened", "OPEN", "", address, *seen_with)
        if dice.chance(rates.clicks):
            clicked_at = first
            for _ in range(1 + dice.chance(0.2)):
                clicked_at += dice.between(4, 240) * SECOND
                link = words.links[int(dice.fraction() ** 1.6 * len(words.links))]
                yield _event(
                    "CLICKED",
                    recipient,
                    clicked_at,
                    "Clickthrough",
                    "CLICK",
                    link,
                    address,
                    *seen_with,
                )
        if dice.chance(rates.opt_outs):
            self._unreachable[recipient.email] = first + 30 * SECOND
            yield _event("OPT_OUT", recipient, first + 30 * SECOND, "Opted out", "")
        elif recipient.email.endswith(_REPORTING) and dice.chance(rates.complaints):
            self._unreachable[recipient.email] = first + 20 * SECOND
            yield _event("SPAM", recipient, first + 20 * SECOND, "Complaint", "")


def _event(drilldown: str, recipient: Recipient, at: int, *rest: str) -> Event:
    return Event(drilldown, recipient, at, at, *rest)


def _waking(timestamp: int, dice: Dice) -> int:
    """Move most of what would happen at night or on a weekend to the working day after it."""
    begin, end = _NIGHT
    hour = timestamp // HOUR % 24
    if begin <= hour < end and dice.chance(0.9):
        timestamp += (end - begin) * HOUR
    if (timestamp // DAY + 3) % 7 >= _SATURDAY and dice.chance(0.7):
        timestamp += 2 * DAY
    return timestamp
