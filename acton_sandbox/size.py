"""How much a generated account holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from acton_sandbox.demo.calendar import (
    CALENDAR,
    CUSTOMERS,
    DEALERS,
    DIRECTORY,
    NEWSLETTER,
    PROSPECTS,
)
from acton_sandbox.demo.words import DEMO_WORDS
from acton_sandbox.generation.odd import ODD
from acton_sandbox.generation.seasons import nth_weekday
from acton_sandbox.timestamps import START

if TYPE_CHECKING:
    from datetime import date

    from acton_sandbox.generation.campaigns import Calendar
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
    words: Words = ODD
    is_odd: bool = True
    """Whether rows are too short or too long, and addresses missing, in capitals or twice."""
    calendar: Calendar | None = None
    """What is sent on which days, in place of the daily and the kept messages."""


SMALL = Size(
    people=110,
    lists=(
        ListPlan("Customers", 60, folder_name="CRM", grows=True),
        ListPlan("Kunden / Größe & Maß", 45, header_set="german", date_format="zoned"),
        ListPlan("Empty for now", 0, date_format="iso"),
        ListPlan("Only a folder", 0, folder_name="Archive", readable=False),
    ),
    daily_audience=(3, 8),
    daily_lifetime_days=12,
    kept_every_days=45,
    kept_audience=(5, 14),
    kept_audience_exact=(),
    triggered_messages=1,
    other_messages=1,
    row_changes_per_day=3,
    rows_added_per_day=1,
    rows_deleted_per_day=1,
    daily_list_lifetime_days=1,
    suppressions_per_day=1,
    imported_hard_bounces=0,
    imported_opt_outs=0,
    imported_spam_complaints=0,
    category_opt_outs_per_day=1,
)

STANDARD = Size(
    people=3_500,
    lists=(
        ListPlan("All customers", 1_800, folder_name="CRM", grows=True),
        ListPlan("Exactly one page", 1_000, folder_name="Borders", date_format="iso"),
        ListPlan("One row short", 999, folder_name="Borders", date_format="zoned"),
        ListPlan("One row over", 1_001, folder_name="Borders", date_format="display"),
        ListPlan("Two pages and a half", 2_500, folder_name="Borders"),
        ListPlan("Kunden / Größe & Maß", 640, "german", "DACH", grows=True, date_format="zoned"),
        ListPlan("Twice, or thrice", 320, "duplicates", "Odd", date_format="iso"),
        ListPlan("Wide", 12, "wide", "Odd", date_format="display"),
        ListPlan("Salesforce leads", 410, "salesforce", "CRM", grows=True, date_format="iso"),
        ListPlan("Salesforce campaign", 95, "salesforce", "CRM", date_format="epoch"),
        ListPlan("Webinar: first steps", 130, "webinar", "300112233", date_format="zoned"),
        ListPlan("Webinar: R&D / live", 75, "webinar", "300112233", grows=True),
        ListPlan("Webinar: replay", 40, "on24", "300445566", date_format="iso"),
        ListPlan("Partners", 210, "plain", "Partners", grows=True, date_format="display"),
        ListPlan("Spring expo", 180, "plain", "Expo", date_format="zoned"),
        ListPlan("Autumn expo", 160, "german", "Expo"),
        ListPlan("Press", 35, "plain", "", date_format="iso"),
        ListPlan("Trial users", 260, "plain", "Trials", grows=True),
        ListPlan("テスト", 20, "duplicates", "Odd"),
        ListPlan("Just one", 1, "plain", "Odd"),
        ListPlan("Empty for now", 0, "plain", "Odd"),
        ListPlan("Empty, wide", 0, "wide", "Odd", date_format="iso"),
        ListPlan("Empty webinar", 0, "webinar", "300445566", date_format="zoned"),
        ListPlan("Only a folder", 0, folder_name="Archive", readable=False),
        ListPlan("Deleted a moment ago", 0, folder_name="Archive", readable=False),
        ListPlan("“Quoted”, with commas", 66, "plain", "Odd", date_format="display"),
    ),
    daily_audience=(15, 70),
    daily_lifetime_days=150,
    kept_every_days=3,
    kept_audience=(20, 90),
    kept_audience_exact=(1_000, 2_400, 999, 0, 1_500),
    triggered_messages=12,
    other_messages=4,
    row_changes_per_day=14,
    rows_added_per_day=4,
    rows_deleted_per_day=1,
    daily_list_lifetime_days=3,
    suppressions_per_day=1,
    imported_hard_bounces=0,
    imported_opt_outs=150,
    imported_spam_complaints=0,
    category_opt_outs_per_day=3,
    forms=24,
    landing_pages=18,
    programs=8,
    images=40,
    contacts=2_400,
    contacts_added_per_day=4,
    contact_changes_per_day=12,
)

WEBINARS = (
    "Choosing the right pallet rack",
    "Ergonomics at the workbench",
    "Mezzanine planning in five steps",
    "Getting ready for a rack inspection",
    "Small parts storage that scales",
    "Packing stations people like",
    "Lighter, safer: carts and trolleys",
    "",
    "Peak season without overtime",
    "Narrow aisles, wide smiles",
    "Cold storage basics",
    "A year of warehouse ideas",
)
"""The title of the webinar of each month; there is none in August."""

DEMO = Size(
    people=50_000,
    lists=(
        ListPlan(
            NEWSLETTER,
            430,
            "subscribers",
            "Marketing",
            grows=True,
            description="Everybody who signed up",
            joins_per_week=7.5,
            first_person=1,
        ),
        ListPlan(
            CUSTOMERS,
            380,
            "customers",
            "Sales",
            grows=True,
            date_format="iso",
            description="From the CRM, every night",
            joins_per_week=2.5,
            first_person=1,
        ),
        ListPlan(
            PROSPECTS,
            170,
            "salesforce leads",
            "Sales",
            grows=True,
            date_format="zoned",
            description="Salesforce leads",
            joins_per_week=6,
            first_person=260,
        ),
        ListPlan(
            DEALERS,
            120,
            "customers",
            "Dealers",
            grows=True,
            date_format="display",
            description="Dealers and resellers",
            joins_per_week=0.8,
            first_person=300,
        ),
        ListPlan(
            DIRECTORY,
            640,
            "directory",
            "Imports",
            description="Bought from a directory",
            first_person=30_000,
            imported_weeks_ago=2,
        ),
        *(
            ListPlan(
                f"Webinar {day:%Y-%m}: {title}",
                52 + 17 * day.month % 41 + 9 * (day.year - 2025),
                "registrants",
                "300112233",
                date_format="iso",
                description="Registrants",
                webinar_on=day,
            )
            for year in range(2025, 2036)
            for month, title in enumerate(WEBINARS, start=1)
            for day in [nth_weekday(year, month, 3, 2)]
            if title and day - START > timedelta(days=40)
        ),
    ),
    daily_audience=(0, 0),
    daily_lifetime_days=0,
    kept_every_days=0,
    kept_audience=(0, 0),
    kept_audience_exact=(),
    triggered_messages=len(CALENDAR.followers),
    other_messages=2,
    row_changes_per_day=10,
    rows_added_per_day=0,
    rows_deleted_per_day=0,
    daily_list_lifetime_days=0,
    suppressions_per_day=0,
    imported_hard_bounces=0,
    imported_opt_outs=0,
    imported_spam_complaints=0,
    category_opt_outs_per_day=1,
    category_opt_outs_every_days=9,
    scheduled_days_ahead=1_100,
    forms=12,
    landing_pages=10,
    programs=5,
    images=24,
    contacts=430,
    contacts_added_per_day=0,
    contacts_deleted_per_day=0,
    contact_changes_per_day=14,
    most_daily_visits=5,
    unique_percent=(62, 84),
    submit_percent=(7, 32),
    words=DEMO_WORDS,
    is_odd=False,
    calendar=CALENDAR,
)

SIZES = {"demo": DEMO, "small": SMALL, "standard": STANDARD}
