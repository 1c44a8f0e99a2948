"""Time zones by every kind of name, and names that are none."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_acton.records.zones import zone_of


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        ("US/Pacific", timedelta(hours=-8)),
        (" America/Port-au-Prince ", timedelta(hours=-5)),
        ("UTC", timedelta()),
        ("GMT-08:00", timedelta(hours=-8)),
        ("+05:30", timedelta(hours=5, minutes=30)),
        ("GMT+1", timedelta(hours=1)),
    ],
)
def test_zone(name: str, offset: timedelta) -> None:
    found = zone_of(name)
    assert found is not None
    assert datetime(2026, 1, 5, tzinfo=found).utcoffset() == offset


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "Nowhere",
        "US",
        "US/",
        "../etc/passwd",
        "../x",
        "US/../US/Pacific",
        "/usr/share/zoneinfo/US/Pacific",
        "tzdata.zi",
        "US/Pacific\0",
        "\ud83d",
        "GMT-99:00",
        pytest.param("x" * 5000, id="too long"),
    ],
)
def test_zone_is_none_where_there_is_none(name: str | None) -> None:
    assert zone_of(name) is None


@settings(max_examples=150)
@given(st.text(st.characters()))
def test_zone_never_raises(name: str) -> None:
    assert zone_of(name) is None or isinstance(zone_of(name), tzinfo)
