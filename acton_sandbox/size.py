"""How much a generated account holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from acton_sandbox.generation.calendar import Calendar
    from acton_sandbox.generation.words import Words


@dataclass(frozen=True, slots=True)
class ListPlan:
    """A contact list that exists from the first day on."""

    name: str
    rows: int
    header_set: str = "plain"
    folder_name: str = ""
    grows: bool = False
    """Whether rows come and go; rows of every other list may still change in place."""
    readable: bool = True
    date_format: str = "epoch"
    description: str = ""
    joins_per_week: float = 0.0
    """How many rows come in an ordinary week, which the number of rows is then counted up from."""
    first_person: int | None = None
    """The number of the person in the first row; by default neighbouring lists overlap."""
    imported_weeks_ago: int | None = None
    """How many weeks before the present the list is imported; it does not exist before."""
    webinar_on: date | None = None
    """The day of the webinar whose registrants these are; the list fills up before it."""


@dataclass(frozen=True, slots=True)
class Size:
    """The measures of an account; each one can be overridden by `Account.generate`."""

    words: Words
    people: int
    lists: tuple[ListPlan, ...]
    daily_audience: tuple[int, int]
    """Recipients of the message that goes out every day, from and to."""
    daily_lifetime_days: int
    """Days until that message is deleted again, which keeps the account's size steady."""
    kept_every_days: int
    """Days between two messages that are never deleted."""
    kept_audience: tuple[int, int]
    kept_audience_exact: tuple[int, ...]
    """Exact numbers of recipients for the first kept messages, for page boundaries."""
    triggered_messages: int
    other_messages: int
    """How many DRAFT, TEMPLATE, FAILED and SCHEDULED messages there are of each type."""
    row_changes_per_day: int
    rows_added_per_day: int
    rows_deleted_per_day: int
    daily_list_lifetime_days: int
    suppressions_per_day: int
    imported_hard_bounces: int
    imported_opt_outs: int
    imported_spam_complaints: int
    category_opt_outs_per_day: int
    messages: int | None = None
    """Exactly this many evenly spread SENT messages before `now`, in place of the daily ones."""
    events_per_message: int = 2
    """Drilldown rows of each of those messages, all drilldowns together."""
    forms: int = 5
    """Forms, all folders together."""
    landing_pages: int = 4
    """Landing pages, all folders together."""
    programs: int = 3
    """Programs of each type."""
    images: int = 9
    """Images, all folders together."""
    contacts: int = 45
    """Contacts of the Audience Center on the first day."""
    contacts_added_per_day: int = 2
    contacts_deleted_per_day: int = 2
    contact_changes_per_day: int = 6
    category_opt_outs_every_days: int = 1
    scheduled_days_ahead: int = 3650
    """How far ahead of the day it was made a SCHEDULED message is to go out."""
    most_daily_visits: int = 3
    """The most visits of a day that a form or a landing page has from each of its sources."""
    unique_percent: tuple[int, int] = (30, 90)
    """How many of the views of a form are unique, from and to."""
    submit_percent: tuple[int, int] = (0, 60)
    """How many of those lead to a submission, from and to."""
    is_odd: bool = True
    """Whether rows are too short or too long, and addresses missing, in capitals or twice."""
    calendar: Calendar | None = None
    """What is sent on which days, in place of the daily and the kept messages."""
