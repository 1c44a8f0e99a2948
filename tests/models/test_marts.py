"""The marts hold what the account holds, worked out without any SQL."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest
import yaml

from tap_acton.streams import STREAM_TYPES
from tests.contract.conftest import NOW
from tests.end_to_end.warehouses import duckdb
from tests.models import (
    expected_crm,
    expected_health,
    expected_lists,
    expected_messages,
    expected_people,
    expected_suppression,
    expected_web,
    expected_webinars,
)
from tests.models.conftest import (
    HALF,
    MESSAGE_IDS,
    OTHER_ZONE,
    WEBINARS,
    deleted_member,
    deleted_message,
)
from tests.models.loaded import Loaded
from tests.models.project import TRANSFORM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.contract.expected import Record
    from tests.models.project import Built

pytestmark = pytest.mark.timeout(600)

Holdings: TypeAlias = dict[str, dict[str, Loaded]]

WAREHOUSES = ("first run", "next day", "half of the streams", "two accounts")
EXPECTED: dict[str, Callable[[Loaded], Iterable[Record]]] = {
    "acton__messages": expected_messages.messages,
    "acton__message_daily": expected_messages.message_daily,
    "acton__message_recipients": expected_messages.message_recipients,
    "acton__message_links": expected_messages.message_links,
    "acton__account_daily": expected_messages.account_daily,
    "acton__programs": expected_messages.programs,
    "acton__program_messages": expected_messages.program_messages,
    "acton__contacts": expected_people.contacts,
    "acton__people": expected_people.people,
    "acton__contact_timeline": expected_people.contact_timeline,
    "acton__contact_cohorts": expected_people.contact_cohorts,
    "acton__funnel": expected_people.funnel,
    "acton__lists": expected_lists.lists,
    "acton__list_growth_daily": expected_lists.list_growth_daily,
    "acton__suppressions": expected_suppression.suppressions,
    "acton__deliverability_daily": expected_suppression.deliverability_daily,
    "acton__forms": expected_web.forms,
    "acton__form_sources": expected_web.form_sources,
    "acton__landing_pages": expected_web.landing_pages,
    "acton__landing_page_sources": expected_web.landing_page_sources,
    "acton__media": expected_web.media,
    "acton__webinars": expected_webinars.webinars,
    "acton__webinar_attendance": expected_webinars.webinar_attendance,
    "acton__crm_keys": expected_crm.crm_keys,
    "acton__crm_hard_bounces": expected_crm.crm_hard_bounces,
    "acton__crm_opt_outs": expected_crm.crm_opt_outs,
    "acton__crm_scores": expected_crm.crm_scores,
    "acton__crm_score_sheets": expected_crm.crm_score_sheets,
    "acton__crm_form_submissions": expected_crm.crm_form_submissions,
    "acton__crm_memberships": expected_crm.crm_memberships,
    "acton__unnamed_fields": expected_health.unnamed_fields,
}
OPTIONAL = ("acton__unnamed_fields",)
"""The marts that also have rows of optional streams, which are not compared."""
READ_AT = "extracted_at"
"""When the tap has read what a row is made of, which no account knows."""
TYPES = {
    "text": {"VARCHAR"},
    "integer": {"BIGINT", "INTEGER"},
    "number": {"DOUBLE"},
    "boolean": {"BOOLEAN"},
    "date": {"DATE"},
    "timestamp": {"TIMESTAMP"},
    "json": {"JSON"},
}
"""What DuckDB makes of the types in the descriptions."""
COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = 'marts'
"""


@pytest.fixture(scope="module")
def loaded(built: dict[str, Built]) -> Holdings:
    """What each warehouse holds of each account."""
    found = {
        warehouse: {
            name: Loaded.of(days, [WEBINARS], HALF if warehouse == "half of the streams" else None)
            for name, days in one.accounts.items()
        }
        for warehouse, one in built.items()
    }
    two = found["two accounts"]
    two["south"] = replace(two["south"], zone=ZoneInfo(OTHER_ZONE))
    next_day = found["next day"]["acton"]
    marked_at = f"{NOW:%F}T00:00:00.000"
    gone = deleted_message(built["first run"].account)
    for stream, column in MESSAGE_IDS.items():
        next_day.delete(stream, {column: gone}, marked_at)
    list_id, contact_id = deleted_member(*built["next day"].accounts["acton"])
    member = {"list_id": list_id, "contact_id": contact_id}
    next_day.delete("list_members", member, marked_at)
    return found


@pytest.mark.parametrize("mart", EXPECTED)
@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_a_mart_holds_what_the_account_holds(
    built: dict[str, Built], loaded: Holdings, warehouse: str, mart: str
) -> None:
    rows = loaded[warehouse]
    expected = [
        {"source_relation": account, **row}
        for account, of_account in rows.items()
        for row in EXPECTED[mart](of_account)
    ]
    assert expected or warehouse == "half of the streams", "the account has no rows for this mart"
    found = built[warehouse].marts[mart]
    if mart in OPTIONAL:
        streams = {stream for one in rows.values() for stream in one.records}
        found = [row for row in found if row["table_name"] in streams]
    assert comparable(found) == comparable(expected)


@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_data_health_counts_the_rows_of_every_table(
    built: dict[str, Built], loaded: Holdings, warehouse: str
) -> None:
    health = built[warehouse].marts["acton__data_health"]
    is_half = warehouse == "half of the streams"
    for account, of_account in loaded[warehouse].items():
        tables = {row["table_name"]: row for row in health if row["source_relation"] == account}
        assert {*tables} == {stream.name for stream in STREAM_TYPES}
        for stream, records in of_account.records.items():
            table = tables[stream]
            is_loaded = not is_half or stream in HALF
            assert (table["is_loaded"], table["rows"]) == (is_loaded, len(records)), stream
            assert (table["last_outcome"] == "complete") == is_loaded, stream
            assert (table["newest_extracted_at"] is None) == (not records), stream


def test_data_health_knows_how_old_a_table_is(next_day: Built) -> None:
    hours = {row["table_name"]: row["hours_since"] for row in next_day.marts["acton__data_health"]}
    # Reports of forms are read on both days, details of unchanged pages only on the first.
    assert (hours["form_reports"], hours["landing_page_details"]) == (0, 24)


def test_the_account_has_what_the_marts_have_to_settle(first_run: Built) -> None:
    def values(mart: str, column: str) -> Counter[Any]:
        return Counter(row[column] for row in first_run.marts[f"acton__{mart}"])

    emails = values("contacts", "email")
    assert emails[None]
    assert max(count for email, count in emails.items() if email) > 1
    assert {*values("contacts", "engagement")} == {
        *("never mailed", "never engaged", "engaged", "lapsed")
    }
    assert {*values("contacts", "is_mailable")} == {True, False}
    assert {*values("message_recipients", "bounce_type")} == {None, "hard", "soft"}
    assert max(values("message_recipients", "sends")) > 1
    assert {*values("messages", "message_type")} == {"SENT", "TRIGGERED", "FAILED"}
    assert None in values("messages", "open_rate")
    assert None in values("contact_timeline", "contact_id")
    assert {*values("contact_timeline", "kind")} == {
        *("message", "form", "landing_page", "webinar", "media", "website", "other")
    }
    streams = {key.partition(":")[0] for key in values("contact_timeline", "activity_key")}
    assert {"contact_history", "contact_activities"} < streams
    assert {*values("crm_keys", "via")} == {"contact", "list_row"}
    assert {*values("crm_keys", "is_ambiguous")} == {True, False}
    ids = values("crm_keys", "crm_id_15")
    assert len({crm_id.lower() for crm_id in ids}) < len(ids)
    assert {None} < {*values("crm_opt_outs", "category_name")}
    assert {None} < {*values("crm_form_submissions", "list_contact_id")}
    assert {*values("crm_memberships", "kind")} == {"list", "segment"}


def comparable(rows: Iterable[Record]) -> list[list[tuple[str, Any]]]:
    """Put rows into an order, and take a difference in the last digits out of their numbers."""
    return sorted(
        (
            sorted(
                (name, round(value, 9) if isinstance(value, float) else value)
                for name, value in row.items()
                if name != READ_AT
            )
            for row in rows
        ),
        key=repr,
    )


def test_every_column_has_the_type_that_is_described(built: dict[str, Built]) -> None:
    (rows,) = duckdb(built["first run"].warehouse).query({"columns": COLUMNS}).values()
    found = {(table, column.lower()): kind for table, column, kind in rows}
    described = {
        (model["name"], column["name"]): column["data_type"]
        for file in TRANSFORM.glob("models/marts/*/*.yml")
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])
        for column in model["columns"]
    }
    wrong = {
        column: (kind, found.get(column))
        for column, kind in described.items()
        if found.get(column) not in TYPES[kind]
    }
    assert described
    assert not wrong, "correct data_type in transform/models/marts"
