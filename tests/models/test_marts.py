"""The marts hold what the account holds, worked out without any SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.streams import STREAM_TYPES
from tests.models import (
    expected_health,
    expected_lists,
    expected_suppression,
    expected_web,
    expected_webinars,
)
from tests.models.conftest import HALF, WEBINARS
from tests.models.loaded import Loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.contract.expected import Record
    from tests.models.project import Built

pytestmark = pytest.mark.timeout(400)

WAREHOUSES = ("first run", "next day", "half of the streams", "two accounts")
EXPECTED: dict[str, Callable[[Loaded], Iterable[Record]]] = {
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
    "acton__unnamed_fields": expected_health.unnamed_fields,
}
OPTIONAL = ("acton__unnamed_fields",)
"""The marts that also have rows of optional streams, which are not compared."""


@pytest.mark.parametrize("mart", EXPECTED)
@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_a_mart_holds_what_the_account_holds(
    built: dict[str, Built], warehouse: str, mart: str
) -> None:
    rows = loaded(built, warehouse)
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
    built: dict[str, Built], warehouse: str
) -> None:
    health = built[warehouse].marts["acton__data_health"]
    is_half = warehouse == "half of the streams"
    for account, of_account in loaded(built, warehouse).items():
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


def loaded(built: dict[str, Built], warehouse: str) -> dict[str, Loaded]:
    """Give what a warehouse holds of each account."""
    streams = HALF if warehouse == "half of the streams" else None
    return {
        name: Loaded.of(days, [WEBINARS], streams)
        for name, days in built[warehouse].accounts.items()
    }


def comparable(rows: Iterable[Record]) -> list[list[tuple[str, Any]]]:
    """Put rows into an order, and take a difference in the last digits out of their numbers."""
    return sorted(
        (
            sorted(
                (name, round(value, 9) if isinstance(value, float) else value)
                for name, value in row.items()
            )
            for row in rows
        ),
        key=repr,
    )
