"""Time zones as Act-On names them: IANA names, offsets and abbreviations."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import tzinfo

_UTC_NAMES = frozenset({"Z", "z", "UTC", "GMT", "UT", "UCT"})
_OFFSET = re.compile(
    r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?", re.ASCII
)
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]*", re.ASCII)
_ABBREVIATION = re.compile(r"[A-Z]{2,5}", re.ASCII)
_NORTH_AMERICAN_ZONES = {
    name: timezone(timedelta(hours=hours), name)
    for name, hours in {
        "EDT": -4,
        "EST": -5,
        "CDT": -5,
        "CST": -6,
        "MDT": -6,
        "MST": -7,
        "PDT": -7,
        "PST": -8,
        "AKDT": -8,
        "AKST": -9,
        "HST": -10,
    }.items()
}


def zone_of(name: object) -> tzinfo | None:
    """Return the time zone of a name; None if there is none of that name.

    Args:
        name: An IANA name such as ``US/Pacific``, ``UTC``, or an offset such as
            ``GMT-08:00`` or ``+05:30``.
    """
    return _zone(name.strip()) if isinstance(name, str) else None


def located(local: datetime, name: str | None, account_zone: tzinfo | None) -> datetime | None:
    """Give a local time the zone that its text names, else the account's.

    Args:
        local: Date and time of day without a zone.
        name: What the text says about the zone, if anything.
        account_zone: The account's time zone, if known.

    Returns:
        The time with its zone; None if the zone is unknown.
    """
    stated = account_zone
    if name is not None and (name in _UTC_NAMES or not _ABBREVIATION.fullmatch(name)):
        stated = zone_of(name)
    elif name is not None:
        if account_zone is not None:
            for fold in (0, 1):
                candidate = local.replace(tzinfo=account_zone, fold=fold)
                if candidate.tzname() == name:
                    return candidate
        # Outside North America abbreviations are ambiguous or made up by Java (SGT, BRT), so
        # the account's zone, in which Act-On displays its times, is more reliable.
        if name in _NORTH_AMERICAN_ZONES and not _uses(account_zone, name, local.year):
            stated = _NORTH_AMERICAN_ZONES[name]
    return None if stated is None else local.replace(tzinfo=stated)


def _uses(account_zone: tzinfo | None, abbreviation: str, year: int) -> bool:
    """Return whether a zone has that abbreviation in winter or summer of a year."""
    return account_zone is not None and abbreviation in {
        datetime(year, month, 1, tzinfo=account_zone).tzname() for month in (1, 7)
    }


@functools.lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo | None:
    """Return the zone of a name without surrounding blanks."""
    if name in _UTC_NAMES:
        return UTC
    if offset := _OFFSET.fullmatch(name):
        distance = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        if distance >= timedelta(days=1):
            return None
        return timezone(-distance if offset["sign"] == "-" else distance)
    if not _ZONE_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # Besides names that do not exist: folders of the zone database, and files in
        # it that are not zones.
        return None
