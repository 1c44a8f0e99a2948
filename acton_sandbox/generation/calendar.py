"""When a company sends what to whom, and how that goes down."""

from __future__ import annotations

from dataclasses import dataclass

EVERY_MONTH = tuple(range(1, 13))


@dataclass(frozen=True, slots=True)
class Rates:
    """What happens to a message, on the average of all recipients.

    Attributes:
        opens: The share of the delivered that are opened.
        clicks: The share of those that lead to a click.
        opt_outs: The share of those that lead to an opt-out.
        hard_bounces: The share of the sent that bounce for good.
        soft_bounces: The share of the sent that bounce this time.
        complaints: The share of the opened that somebody reports as spam, where that is possible.
    """

    opens: float
    clicks: float
    opt_outs: float = 0.004
    hard_bounces: float = 0.0
    soft_bounces: float = 0.0
    complaints: float = 0.0


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that goes out again and again, on the nth weekday of some months.

    Attributes:
        name: May have `{month}`, `{year}` and `{title}`, which is that of the webinar.
        subjects: One after the other; they may have the same.
        list_name: To whom; empty for the registrants of the webinar.
        share: To which part of the list.
        days_later: So many days after the weekday; negative for before.
        minute: The minute of the day in UTC.
        sender: Which of the senders.
        is_about_webinar: Whether it goes out only if there is a webinar on that weekday.
        is_import: Whether it goes out once, on the day on which the list is imported.
    """

    name: str
    subjects: tuple[str, ...]
    list_name: str
    rates: Rates
    months: tuple[int, ...] = EVERY_MONTH
    weekday: int = 1
    nth: int = 1
    share: float = 1.0
    days_later: int = 0
    minute: int = 17 * 60
    sender: int = 0
    is_about_webinar: bool = False
    is_import: bool = False


@dataclass(frozen=True, slots=True)
class Follower:
    """A message that everybody gets some days after they came into a list."""

    name: str
    subject: str
    list_name: str
    rates: Rates
    days_later: int = 0


@dataclass(frozen=True, slots=True)
class Calendar:
    """All messages of a company."""

    mails: tuple[Mail, ...]
    followers: tuple[Follower, ...]
