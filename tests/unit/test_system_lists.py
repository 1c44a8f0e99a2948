"""When the date filter of a list is used, and what is requested with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tap_acton.state.format import as_written
from tap_acton.streams.suppression.system_lists import (
    ARRIVES_WITHIN,
    MARGIN,
    TRUSTED_FOR,
    UNITS,
    created_after,
)
from tap_acton.tap import TapActOn

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
KNOWN: dict[str, Any] = {
    "unit": "milliseconds",
    "found_at": "2026-03-20T12:00:00.000Z",
    "pages": 5,
    "latest": "2026-03-19T08:15:00.250Z",
}
SETTINGS = {
    "client_id": "client",
    "client_secret": "secret",
    "username": "reader@example.com",
    "password": "secret",
    "token_store": "memory",
    # Else discovery would ask Act-On.
    "custom_field_columns": False,
}


def requested(known: dict[str, Any], now: datetime = NOW, **settings: Any) -> dict[str, Any]:
    """Give the parameters with which opt-outs are requested."""
    state = {
        "replication_key": "opted_out_at",
        "replication_key_value": KNOWN["latest"],
        "progress": [{"filter": known}],
    }
    tap = TapActOn(
        config={**SETTINGS, **settings},
        state=as_written({"bookmarks": {"opt_outs": state}}),
    )
    tap.run.started_at = now
    (query,) = tap.stream("opt_outs").queries()
    return dict(query.parameters)


@pytest.mark.parametrize(
    ("age", "is_used"),
    [
        (timedelta(0), True),
        (TRUSTED_FOR - timedelta(seconds=1), True),
        (TRUSTED_FOR, False),
        # The clock was wrong then, or is now.
        (timedelta(seconds=-1), False),
    ],
)
def test_what_was_found_out_holds_for_a_while(age: timedelta, *, is_used: bool) -> None:
    assert bool(requested(KNOWN, NOW + age)) is is_used


def test_a_filter_of_no_use_is_not_used() -> None:
    assert requested({**KNOWN, "unit": "none"}) == {}


def test_the_whole_list_is_read_before_a_hidden_row_is_out_of_reach() -> None:
    assert ARRIVES_WITHIN >= 2 * TRUSTED_FOR


@pytest.mark.parametrize(
    ("unit", "start", "requested_from"),
    [
        ("seconds", None, "2026-02-16T08:15:00.250+00:00"),
        ("milliseconds", "2026-03-10T08:15:00.250Z", "2026-03-09T08:15:00.250+00:00"),
        # Without the latest row nothing would say that the response is good.
        ("seconds", "2026-03-20T00:00:00Z", "2026-03-18T08:15:00.250+00:00"),
    ],
)
def test_the_latest_row_is_requested_too(unit: str, start: str | None, requested_from: str) -> None:
    settings: dict[str, Any] = {} if start is None else {"start_date": start}
    found = requested({**KNOWN, "unit": unit}, **settings)["createdafter"]
    milliseconds = round(datetime.fromisoformat(requested_from).timestamp() * 1000)
    assert found == (milliseconds if unit == "milliseconds" else milliseconds // 1000)


def test_the_filter_is_a_whole_number_that_leaves_nothing_out() -> None:
    timestamp = "1970-01-03T00:00:01.999Z"
    assert created_after(timestamp, MARGIN, "seconds") == {"createdafter": 86_401}
    assert created_after(timestamp, MARGIN, "milliseconds") == {"createdafter": 86_401_999}
    assert created_after(timestamp, UNITS["seconds"], "seconds") == {"createdafter": 172_800}
