"""Time zones as Act-On names them: IANA names, offsets and abbreviations."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

UTC_NAMES = frozenset({"Z", "z", "UTC", "GMT", "UT", "UCT"})
_OFFSET = re.compile(
    r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?", re.ASCII
)
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]*", re.ASCII)
_ABBREVIATION = re.compile(r"[A-Z]{2,5}", re.ASCII)
ABBREVIATIONS = {
    name: timezone(timedelta(hours=hours), name)
    for hours, names in {
        -10: "HST",
        -9: "AKST",
        -8: "AKDT PST",
        -7: "PDT MST",
        -6: "MDT CST",  # CST may also be China's, but that is the zone of its account then
        -5: "CDT EST",
        -4: "EDT",
        -3: "BRT ART",
        0: "WET",
        1: "WEST CET",
        2: "CEST EET SAST",
        3: "EEST MSK",
        8: "SGT HKT AWST",
        9: "JST KST",
        9.5: "ACST",
        10: "AEST",
        10.5: "ACDT",
        11: "AEDT",
        12: "NZST",
        13: "NZDT",
    }.items()
    for name in names.split()
}
"""What stands for one zone alone. BST, IST, AST and others stand for several."""


class UnreadZone(tzinfo):
    """Stands for the account's time zone where it could not be read: what needs it fails.

    Args:
        error: Why it could not be read.
    """

    def __init__(self, error: Exception) -> None:
        self._error = error

    def utcoffset(self, _: datetime | None) -> timedelta | None:
        """Fail."""
        raise self._error

    tzname = dst = utcoffset  # type: ignore[assignment] # each would return another type, and all raise


def zone_of(name: object) -> tzinfo | None:
    """Return the time zone of a name; None if there is none of that name.

    Args:
        name: An IANA name such as ``US/Pacific``, ``UTC``, or an offset such as
            ``GMT-08:00`` or ``+05:30``.
    """
    return _zone(name.strip()) if isinstance(name, str) else None


def located(local: datetime, name: str | None, account_zone: tzinfo | None) -> datetime | None:
    """Give a local time the zone that its text names; where it names none, the account's.

    Args:
        local: Date and time of day without a zone.
        name: What the text says about the zone, if anything.
        account_zone: The account's time zone, if known.

    Returns:
        The time with its zone; None if the zone is unknown.
    """
    if name is None:
        zone = account_zone
    elif name in UTC_NAMES or not _ABBREVIATION.fullmatch(name):
        zone = zone_of(name)
    elif account_zone is not None and _may_be(account_zone, name, local.year):
        for fold in (0, 1):
            candidate = local.replace(tzinfo=account_zone, fold=fold)
            if candidate.tzname() == name:
                return candidate
        zone = account_zone
    else:
        zone = ABBREVIATIONS.get(name)
    return None if zone is None else local.replace(tzinfo=zone)


def _may_be(account_zone: tzinfo, abbreviation: str, year: int) -> bool:
    """Return whether an abbreviation means the account's zone, in winter or summer of a year.

    Where the zone database has a number in place of a name, Java, which displays the times, has
    made up one (SGT, BRT): then any that stands for no other zone does.
    """
    names = {str(datetime(year, month, 1, tzinfo=account_zone).tzname()) for month in (1, 7)}
    is_nameless = not any(name.isalpha() for name in names)
    return abbreviation in names or (is_nameless and abbreviation not in ABBREVIATIONS)


@functools.lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo | None:
    """Return the zone of a name without surrounding blanks."""
    if name in UTC_NAMES:
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
