"""What the page reads from the marts: counts alone, and nobody's address.

A query is SQL that both DuckDB and PostgreSQL read. Where a mart or a column of it was not built,
its table stays empty, and the page says what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from report.errors import ReportError
from report.story import ENOUGH_SENT, MOST_BOUNCES, MOST_COMPLAINTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from report.database import Database

MOST_DOMAINS = 12
"""Domains with numbers of their own; with all of them, a page of years would be too large."""

MOST_ALARMS = 100
"""Domains that have numbers of their own because of an alarm, however little mail they get."""

MOST_ROWS = 100
"""Rows of lists, forms, pages and files of an account: those with the largest numbers."""

DAYS_TO_OPEN = (0, 1, 2, 3, 7, 14, 30)
"""Up to how many days after sending the opens of a step come."""


@dataclass(frozen=True)
class Query:
    """Reads one table of the page.

    Attributes:
        reads: The marts and columns that the query needs.
        columns: The names of what it selects; ``account`` comes first everywhere.
        sql: The query.
    """

    reads: Mapping[str, Sequence[str]]
    columns: Sequence[str]
    sql: str


@dataclass
class Table:
    """Rows, by column, as the page's script gets them.

    Attributes:
        columns: The values of each column, all of one length.
        missing: The mart or column without which there are none; empty if nothing is missing.
    """

    columns: dict[str, list[Any]]
    missing: str = ""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.columns["account"])


@dataclass
class Marts:
    """All that the page shows.

    Attributes:
        tables: The tables, by name.
        accounts: The names of the accounts; ``account`` in a table is an index into it.
    """

    tables: dict[str, Table]
    accounts: list[str] = field(default_factory=list)


TEXTS = {
    *("account", "type", "name", "subject", "engagement", "domain", "reason", "category"),
    *("source", "kind", "table", "outcome", "key", "example", "newest", "ended"),
}
"""The columns that hold no numbers; a day is the number of days since 1970."""

NO_ACCOUNT = "(none)"
"""Stands for the account of rows that have none."""


def _if_plausible(column: str) -> str:
    # A mistyped year may be one that Python has no date for.
    return f"CASE WHEN {column} BETWEEN '1970-01-01' AND '2199-12-31' THEN {column} END"


def _day(column: str) -> str:
    return f"CAST({_if_plausible(column)} AS DATE)"


def _step(days: str) -> str:
    steps = "".join(f" WHEN {days} <= {last} THEN {n}" for n, last in enumerate(DAYS_TO_OPEN))
    return f"CASE{steps} END"


def _largest(columns: str, mart: str, by: str, name: str) -> str:
    """Return SQL for the largest rows of each account, and among how many they are."""
    order = f"coalesce({by}, 0) DESC, {name}"
    return f"""
        WITH ranked AS (
            SELECT
                *, row_number() OVER (PARTITION BY source_relation ORDER BY {order}) AS place,
                count(*) OVER (PARTITION BY source_relation) AS among
            FROM {{marts}}.{mart}
        )

        SELECT source_relation, {columns}, among
        FROM ranked
        WHERE place <= {MOST_ROWS}
        ORDER BY {order}, 1
        """


QUERIES: dict[str, Query] = {
    "messages": Query(
        {
            "acton__messages": (
                "source_relation",
                "message_type",
                "sent_on",
                "message_name",
                "subject",
                "sent",
                "delivered",
                "bounced",
                "opened_unique",
                "clicked_unique",
                "opted_out",
                "complained",
                "average_minutes_to_open",
            )
        },
        (
            "account",
            "type",
            "day",
            "name",
            "subject",
            "sent",
            "delivered",
            "bounced",
            "opened",
            "clicked",
            "opted_out",
            "complained",
            "minutes",
        ),
        f"""
        SELECT
            source_relation, message_type, {_day("sent_on")}, message_name,
            CASE WHEN message_name IS NULL OR subject <> message_name THEN subject END,
            sent, delivered, bounced, opened_unique, clicked_unique,
            opted_out, complained, round(average_minutes_to_open)
        FROM {{marts}}.acton__messages
        ORDER BY sent_on DESC, source_relation, message_id
        """,
    ),
    "days": Query(
        {
            "acton__account_daily": (
                "source_relation",
                "date_day",
                "opened",
                "clicked",
                "new_contacts",
                "list_members_added",
            )
        },
        ("account", "day", "opened", "clicked", "new_contacts", "members_added"),
        f"""
        SELECT
            source_relation, {_day("date_day")}, opened, clicked, new_contacts, list_members_added
        FROM {{marts}}.acton__account_daily
        ORDER BY date_day, source_relation
        """,
    ),
    "steps": Query(
        {
            "acton__messages": ("source_relation", "message_id", "message_type", "sent_on"),
            "acton__message_daily": (
                "source_relation",
                "message_id",
                "days_since_sent",
                "opens",
                "clicks",
            ),
        },
        ("account", "day", "step", "opens", "clicks"),
        f"""
        SELECT
            message.source_relation, {_day("message.sent_on")}, {_step("daily.days_since_sent")},
            sum(daily.opens), sum(daily.clicks)
        FROM {{marts}}.acton__message_daily AS daily
        INNER JOIN {{marts}}.acton__messages AS message
            ON daily.source_relation = message.source_relation
            AND daily.message_id = message.message_id
        WHERE message.message_type = 'SENT'
            AND daily.days_since_sent BETWEEN 0 AND {DAYS_TO_OPEN[-1]}
            AND (daily.opens > 0 OR daily.clicks > 0)
        GROUP BY 1, 2, 3
        ORDER BY 2, 1, 3
        """,
    ),
    "people": Query(
        {"acton__people": ("source_relation", "engagement", "is_mailable")},
        ("account", "engagement", "people", "mailable"),
        """
        SELECT
            source_relation, engagement, count(*), sum(CASE WHEN is_mailable THEN 1 ELSE 0 END)
        FROM {marts}.acton__people
        GROUP BY 1, 2
        ORDER BY 1, 2
        """,
    ),
    "cohorts": Query(
        {
            "acton__contact_cohorts": (
                "source_relation",
                "cohort_month",
                "months_since",
                "contacts",
                "active_contacts",
            )
        },
        ("account", "cohort", "months", "contacts", "active"),
        f"""
        SELECT source_relation, {_day("cohort_month")}, months_since, contacts, active_contacts
        FROM {{marts}}.acton__contact_cohorts
        WHERE months_since <= 12
            AND {_day("cohort_month")} > (
                SELECT max({_day("cohort_month")}) FROM {{marts}}.acton__contact_cohorts
            ) - INTERVAL '13 months'
        ORDER BY 2, 3, 1
        """,
    ),
    "lists": Query(
        {
            "acton__lists": (
                "source_relation",
                "list_name",
                "member_count",
                "mailable_members",
                "members_added_30d",
            )
        },
        ("account", "name", "members", "mailable", "added", "among"),
        _largest(
            "list_name, member_count, mailable_members, members_added_30d",
            "acton__lists",
            "member_count",
            "list_name",
        ),
    ),
    "domains": Query(
        {
            "acton__deliverability_daily": (
                "source_relation",
                "domain",
                "date_day",
                "sent",
                "bounces",
                "hard_bounces",
                "soft_bounces",
                "complaints",
                "opt_outs",
            )
        },
        (
            "account",
            "day",
            "domain",
            "sent",
            "delivered",
            "bounced",
            "hard_bounced",
            "soft_bounced",
            "complained",
            "opted_out",
        ),
        f"""
        WITH largest AS (
            SELECT domain
            FROM {{marts}}.acton__deliverability_daily
            WHERE domain IS NOT NULL
            GROUP BY domain
            ORDER BY sum(sent) DESC, domain
            LIMIT {MOST_DOMAINS}
        ),

        -- In a month or altogether: years without an alarm would hide that of a month.
        alarms AS (
            SELECT domain, max(bounces + complaints) AS troubles
            FROM (
                SELECT
                    domain, sum(sent) AS sent, coalesce(sum(bounces), 0) AS bounces,
                    coalesce(sum(complaints), 0) AS complaints
                FROM {{marts}}.acton__deliverability_daily
                WHERE domain IS NOT NULL
                GROUP BY GROUPING SETS (
                    (source_relation, domain),
                    (source_relation, domain, date_trunc('month', {_day("date_day")}))
                )
            ) AS summed
            WHERE sent >= {ENOUGH_SENT} AND bounces > {MOST_BOUNCES} * sent
                OR sent - bounces >= {ENOUGH_SENT}
                AND complaints > {MOST_COMPLAINTS} * (sent - bounces)
            GROUP BY domain
            ORDER BY troubles DESC, domain
            LIMIT {MOST_ALARMS}
        ),

        named AS (
            SELECT domain FROM largest
            UNION
            SELECT domain FROM alarms
        )

        SELECT
            daily.source_relation, {_day("daily.date_day")}, named.domain, sum(daily.sent),
            sum(daily.sent) - sum(daily.bounces), sum(daily.bounces),
            sum(daily.hard_bounces), sum(daily.soft_bounces),
            sum(daily.complaints), sum(daily.opt_outs)
        FROM {{marts}}.acton__deliverability_daily AS daily
        LEFT JOIN named ON daily.domain = named.domain
        GROUP BY 1, 2, 3
        ORDER BY 2, 3, 1
        """,
    ),
    "suppressions": Query(
        {"acton__suppressions": ("source_relation", "reason", "category_name", "first_on")},
        ("account", "day", "reason", "addresses"),
        f"""
        SELECT source_relation, {_day("first_on")}, reason, count(*)
        FROM {{marts}}.acton__suppressions
        GROUP BY 1, 2, 3
        ORDER BY 2, 3, 1
        """,
    ),
    "categories": Query(
        {"acton__suppressions": ("source_relation", "reason", "category_name")},
        ("account", "category", "addresses"),
        """
        SELECT source_relation, category_name, count(*)
        FROM {marts}.acton__suppressions
        WHERE reason = 'category_opt_out'
        GROUP BY 1, 2
        ORDER BY 3 DESC, 2, 1
        """,
    ),
    "forms": Query(
        {"acton__forms": ("source_relation", "form_name", "views", "unique_visitors", "submits")},
        ("account", "name", "views", "visitors", "submits", "among"),
        _largest(
            "form_name, views, unique_visitors, submits",
            "acton__forms",
            "views",
            "form_name",
        ),
    ),
    "form_sources": Query(
        {"acton__form_sources": ("source_relation", "source", "views", "submits")},
        ("account", "source", "views", "submits"),
        """
        SELECT source_relation, source, sum(views), sum(submits)
        FROM {marts}.acton__form_sources
        GROUP BY 1, 2
        ORDER BY 3 DESC, 2, 1
        """,
    ),
    "pages": Query(
        {
            "acton__landing_pages": (
                "source_relation",
                "landing_page_name",
                "visits",
                "unique_unknown_visitors",
            )
        },
        ("account", "name", "visits", "visitors", "among"),
        _largest(
            "landing_page_name, visits, unique_unknown_visitors",
            "acton__landing_pages",
            "visits",
            "landing_page_name",
        ),
    ),
    "page_sources": Query(
        {"acton__landing_page_sources": ("source_relation", "source", "visits")},
        ("account", "source", "visits"),
        """
        SELECT source_relation, source, sum(visits)
        FROM {marts}.acton__landing_page_sources
        GROUP BY 1, 2
        ORDER BY 3 DESC, 2, 1
        """,
    ),
    "media": Query(
        {
            "acton__media": (
                "source_relation",
                "media_name",
                "kind",
                "total_views",
                "total_known_views",
                "total_from_messages",
            )
        },
        ("account", "name", "kind", "views", "known", "from_messages", "among"),
        _largest(
            "media_name, kind, total_views, total_known_views, total_from_messages",
            "acton__media",
            "total_views",
            "media_name",
        ),
    ),
    "webinars": Query(
        {
            "acton__webinars": (
                "source_relation",
                "webinar_name",
                "registrants",
                "attendees",
                "average_live_minutes",
                "last_registered_at",
            )
        },
        ("account", "name", "registrants", "attendees", "minutes", "last_registered", "among"),
        _largest(
            "webinar_name, registrants, attendees, average_live_minutes, "
            + _day("last_registered_at"),
            "acton__webinars",
            "registrants",
            "webinar_name",
        ),
    ),
    "registrations": Query(
        {"acton__webinar_attendance": ("source_relation", "registered_on", "has_attended")},
        ("account", "day", "registrants", "attendees"),
        f"""
        SELECT
            source_relation, {_day("registered_on")}, count(*),
            sum(CASE WHEN has_attended THEN 1 ELSE 0 END)
        FROM {{marts}}.acton__webinar_attendance
        GROUP BY 1, 2
        ORDER BY 2, 1
        """,
    ),
    "health": Query(
        {
            "acton__data_health": (
                "source_relation",
                "table_name",
                "is_loaded",
                "rows",
                "newest_extracted_at",
                "last_outcome",
                "last_run_ended_at",
                "last_calls",
                "calls_left",
            )
        },
        ("account", "table", "rows", "newest", "outcome", "ended", "calls", "calls_left"),
        f"""
        SELECT
            source_relation, table_name, CASE WHEN is_loaded THEN "rows" END,
            {_if_plausible("newest_extracted_at")}, last_outcome,
            {_if_plausible("last_run_ended_at")}, last_calls, calls_left
        FROM {{marts}}.acton__data_health
        ORDER BY 2, 1
        """,
    ),
    "unnamed": Query(
        {
            "acton__unnamed_fields": (
                "source_relation",
                "table_name",
                "key",
                "rows",
                "example_type",
            )
        },
        ("account", "table", "key", "rows", "example", "among"),
        _largest(
            'table_name, "key", "rows", example_type',
            "acton__unnamed_fields",
            '"rows"',
            'table_name, "key"',
        ),
    ),
}


def read(database: Database) -> Marts:
    """Read all tables of the page."""
    marts = Marts({})
    for name, query in QUERIES.items():
        missing = _missing(database, query)
        rows = [] if missing else database.rows(query.sql)
        columns = [list(values) for values in zip(*rows, strict=True)] or [
            [] for _ in query.columns
        ]
        by_name = {
            column: _checked(column, values, query)
            for column, values in zip(query.columns, columns, strict=True)
        }
        marts.tables[name] = Table(by_name, missing)
    names = {name for table in marts.tables.values() for name in table.columns["account"]}
    marts.accounts = sorted(names)
    numbers = {name: number for number, name in enumerate(marts.accounts)}
    for table in marts.tables.values():
        table.columns["account"] = [numbers[name] for name in table.columns["account"]]
    return marts


def _checked(column: str, values: list[Any], query: Query) -> list[Any]:
    """Return texts as texts, and let nothing but numbers pass for numbers."""
    if column == "account":
        return [NO_ACCOUNT if value is None else str(value) for value in values]
    if column in TEXTS:
        return [None if value is None else str(value) for value in values]
    if not all(value is None or isinstance(value, int | float) for value in values):
        marts = " and ".join(query.reads)
        raise ReportError(
            f"What the report reads as {column} from {marts} is no number: build the models anew, "
            "or correct what was changed in them."
        )
    return values


def _missing(database: Database, query: Query) -> str:
    for mart, columns in query.reads.items():
        if mart not in database.columns:
            return mart
        for column in columns:
            if column not in database.columns[mart]:
                return f"{mart}.{column}"
    return ""
