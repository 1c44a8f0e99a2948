"""The plain tables of the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from report.totals import Number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Column:
    """A column that holds what its table has, as it is.

    Attributes:
        name: The column in the table.
        label: Its heading.
        unit: ``text``, ``day`` or ``time``.
    """

    name: str
    label: str
    unit: str = "text"


@dataclass(frozen=True)
class Listing:
    """A table that shows its rows one by one, whatever the period.

    Attributes:
        name: Its name in the page.
        title: What it is about.
        about: How to read it.
        table: Where the rows come from.
        columns: What is shown of a row.
        source: The mart and its columns.
        empty: What to say where there are no rows.
    """

    name: str
    title: str
    about: str
    table: str
    columns: Sequence[Column | Number]
    source: str
    empty: str = field(default="There is nothing to show.")


def _count(name: str, label: str) -> Number:
    return Number(name, label, "count", name)


LISTINGS: Mapping[str, Sequence[Listing]] = {
    "audience": (
        Listing(
            "lists",
            "Lists",
            "Members as Act-On counts them; mailable members and those added in 30 days as loaded.",
            "lists",
            (
                Column("name", "List"),
                _count("members", "Members"),
                _count("mailable", "Mailable"),
                _count("added", "Added in 30 days"),
            ),
            "acton__lists: member_count, mailable_members, members_added_30d",
            "The account has no lists, or none were loaded.",
        ),
    ),
    "web": (
        Listing(
            "forms",
            "Forms",
            "Since each form was made.",
            "forms",
            (
                Column("name", "Form"),
                _count("views", "Views"),
                _count("visitors", "Distinct visitors"),
                _count("submits", "Submissions"),
                Number("conversion_rate", "Submissions per view", "rate", "submits", "views"),
            ),
            "acton__forms: views, unique_visitors, submits, conversion_rate",
            "The account has no forms, or none were loaded.",
        ),
        Listing(
            "pages",
            "Landing pages",
            "Since each page was made. Distinct visitors are those who are no contacts.",
            "pages",
            (
                Column("name", "Landing page"),
                _count("visits", "Visits"),
                _count("visitors", "Distinct unknown visitors"),
            ),
            "acton__landing_pages: visits, unique_unknown_visitors",
            "The account has no landing pages, or none were loaded.",
        ),
        Listing(
            "media",
            "Files and links",
            "Since each was made.",
            "media",
            (
                Column("name", "File or link"),
                Column("kind", "Kind"),
                _count("views", "Views"),
                _count("known", "By known visitors"),
                _count("from_messages", "From messages"),
            ),
            "acton__media: total_views, total_known_views, total_from_messages",
            "The media library is empty, or was not loaded.",
        ),
    ),
    "webinars": (
        Listing(
            "webinars",
            "Webinars",
            "Whoever watches the recording may count as attending; that is up to ON24.",
            "webinars",
            (
                Column("name", "Webinar"),
                Column("last_registered", "Last registration", "day"),
                _count("registrants", "Registrants"),
                _count("attendees", "Attendees"),
                Number("attendance_rate", "Attendance", "rate", "attendees", "registrants"),
                Number("minutes", "Average live time", "minutes", "minutes"),
            ),
            "acton__webinars: registrants, attendees, attendance_rate, average_live_minutes",
            "No webinars were loaded: the setting on24_client_ids names those to read.",
        ),
    ),
    "health": (
        Listing(
            "freshness",
            "Tables",
            "When the tap last read a row of each table. A table that only gets what is new may be "
            "older without any fault; its last run shows whether it was read.",
            "health",
            (
                Column("table", "Table"),
                _count("rows", "Rows"),
                Column("newest", "Newest row read", "time"),
                Column("outcome", "Last run"),
                _count("calls", "Calls of that run"),
            ),
            "acton__data_health: rows, newest_extracted_at, last_outcome, last_calls",
            "Nothing is known about the tables.",
        ),
        Listing(
            "unnamed",
            "Fields without a column",
            "What Act-On returned beyond the documented fields; extra_fields of the table has it.",
            "unnamed",
            (
                Column("table", "Table"),
                Column("key", "Field"),
                _count("rows", "Rows that have it"),
                Column("example", "Type"),
            ),
            "acton__unnamed_fields: key, rows, example_type",
            "No field without a column was found.",
        ),
    ),
}
