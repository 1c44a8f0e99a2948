"""What an account holds, as plain records. Every `..._at` is epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DRILLDOWNS = ("SENT", "SUPPRESSED", "OPENED", "CLICKED", "BOUNCED", "OPT_OUT", "SPAM")
MESSAGE_TYPES = ("DRAFT", "TEMPLATE", "SENT", "TRIGGERED", "FAILED", "SCHEDULED")
REPORTED_TYPES = ("SENT", "TRIGGERED", "FAILED")
"""The types of messages that have gone out and therefore have reports."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may stand in any number of lists."""

    first_name: str
    last_name: str
    email: str
    company: str
    title: str

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody in whose name messages go out."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """A row of a list, seen as somebody to write to."""

    list_id: str
    contact_id: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """One row of a drilldown. It happened at `at` and shows from `visible_at` on."""

    drilldown: str
    recipient: Recipient
    at: int
    visible_at: int
    action: str
    data: str
    link: str = ""
    ip: str = ""
    os: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The lifetime counters of a message; pairs are (distinct recipients, rows)."""

    sent: int
    delivered: int
    bounced: int
    hard_bounced: int
    soft_bounced: int
    opened: tuple[int, int]
    effective_opened: tuple[int, int]
    clicked: tuple[int, int]
    not_sent: tuple[int, int]
    not_opened: int
    opt_out: int
    spam: int
    last_opened_at: int
    last_clicked_at: int


def _pair(events: tuple[Event, ...]) -> tuple[int, int]:
    return len({event.recipient.contact_id for event in events}), len(events)


def _latest(events: tuple[Event, ...]) -> int:
    return max((event.at for event in events), default=0)


@dataclass(frozen=True, eq=False)
class Message:
    """A message as it shows at the account's `now`; its events are worked out on first use.

    `gone` marks a message that is still listed but whose reports answer that it does not exist.
    """

    id: str
    name: str
    subject: str
    type: str
    sent_at: int
    sender: Sender
    is_text_only: bool
    sent_to: tuple[str, ...]
    suppressed_on: tuple[str, ...]
    gone: bool
    as_of: int
    planned_events: Callable[[], tuple[Event, ...]] = field(repr=False)

    @cached_property
    def events(self) -> Mapping[str, tuple[Event, ...]]:
        """The rows of each drilldown, in the order in which the API pages through them."""
        visible: dict[str, list[Event]] = {drilldown: [] for drilldown in DRILLDOWNS}
        for event in self.planned_events():
            if event.visible_at <= self.as_of:
                visible[event.drilldown].append(event)
        return {drilldown: tuple(events) for drilldown, events in visible.items()}

    @cached_property
    def report(self) -> Report:
        """The counters, always equal to what the drilldowns hold."""
        events = self.events
        clickers = {event.recipient.contact_id for event in events["CLICKED"]}
        bounced = events["BOUNCED"]
        hard = sum(event.data == "HARD" for event in bounced)
        delivered = len(events["SENT"]) - len(bounced)
        opened = _pair(events["OPENED"])
        return Report(
            sent=len(events["SENT"]),
            delivered=delivered,
            bounced=len(bounced),
            hard_bounced=hard,
            soft_bounced=len(bounced) - hard,
            opened=opened,
            effective_opened=_pair(
                tuple(e for e in events["OPENED"] if e.recipient.contact_id in clickers)
            ),
            clicked=_pair(events["CLICKED"]),
            not_sent=_pair(events["SUPPRESSED"]),
            not_opened=max(delivered - opened[0], 0),
            opt_out=len(events["OPT_OUT"]),
            spam=len(events["SPAM"]),
            last_opened_at=_latest(events["OPENED"]),
            last_clicked_at=_latest(events["CLICKED"]),
        )


@dataclass(frozen=True, slots=True)
class ListRow:
    """A contact in a list; `cells` follow the list's headers but may be fewer or more."""

    contact_id: str
    email: str
    cells: tuple[str, ...]
    created_at: int
    modified_at: int


@dataclass(frozen=True, slots=True)
class ContactList:
    """A marketing list; one that is not `readable` is listed but cannot be downloaded."""

    id: str
    name: str
    folder_name: str
    description: str
    headers: tuple[str, ...]
    email_column: int
    rows: tuple[ListRow, ...]
    date_format: str
    created_at: int
    modified_at: int
    readable: bool
    is_salesforce: bool


@dataclass(frozen=True, slots=True)
class Asset:
    """An entry of the asset listing that is not a contact list."""

    id: str
    listing_type: str
    name: str
    folder_name: str
    modified_at: int


@dataclass(frozen=True, slots=True)
class Suppression:
    """A row of the hard-bounce, spam-complaint or opt-out list."""

    email: str
    at: int
    origin: str
    visible_at: int


@dataclass(frozen=True, slots=True)
class SubscriptionCategory:
    """A subscription category and the addresses that left it, as (e-mail, timestamp)."""

    id: str
    name: str
    description: str
    header_id: str
    header_name: str
    opt_outs: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class DayCount:
    """What happened in the whole account on one of its calendar days."""

    sent: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    hard_bounced: int = 0
    soft_bounced: int = 0
    opted_out: int = 0
