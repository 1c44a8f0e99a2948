"""What a warehouse holds after some runs of the tap, worked out from the accounts alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.contract.expected import KEYS, expected_records
from tests.contract.expected_audience_center import REPORT_KEYS, report_records
from tests.contract.expected_facts import expected_facts
from tests.contract.expected_webinars import expected_registrants

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from acton_sandbox import Account
    from tests.contract.expected import Record

ADDRESSES = ("email", "sender_email")
ACTIVITIES = "contact_activities"
REGISTRANTS = "webinar_registrants"


@dataclass(frozen=True)
class Loaded:
    """The rows of one account in a warehouse, as staging has to have them.

    Attributes:
        records: The records of each stream that is never optional or that models use, by the
            stream's names of columns. Timestamps are in UTC without a zone, addresses in lower
            case, and no text is empty.
        deleted: The rows that the loader has marked as deleted, which are not in ``records``, by
            stream; ``deleted_at`` is when.
        now: When the tap has last run.
        zone: The account's time zone.
    """

    records: dict[str, list[Record]]
    now: datetime
    zone: ZoneInfo
    deleted: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(
        cls,
        days: Sequence[Account],
        webinar_folders: Collection[str],
        streams: Collection[str] | None = None,
    ) -> Loaded:
        """Work out what is there after a run on each day: no row goes, and the latest counts.

        Args:
            days: The account as the tap has read it, run by run.
            webinar_folders: The setting ``on24_client_ids``.
            streams: The streams that were read, if not all.

        Returns:
            The rows.
        """
        keys = {
            **KEYS,
            **REPORT_KEYS,
            ACTIVITIES: ("id",),
            REGISTRANTS: ("list_id", "contact_id"),
        }
        rows: dict[str, dict[tuple[Any, ...], Record]] = defaultdict(dict)
        for day in days:
            read = {
                **expected_records(day),
                **report_records(day),
                ACTIVITIES: expected_facts(day)[ACTIVITIES],
                REGISTRANTS: expected_registrants(day, webinar_folders),
            }
            for stream, records in read.items():
                if streams is None or stream in streams:
                    for record in map(_staged, records):
                        rows[stream][tuple(record[name] for name in keys[stream])] = record
        return cls(
            {stream: [*rows[stream].values()] for stream in keys},
            days[-1].now,
            ZoneInfo(days[-1].time_zone),
        )

    def delete(self, stream: str, columns: Mapping[str, str], deleted_at: str) -> None:
        """Take the rows with some values for deleted, of which there has to be one at least."""
        records = self.records[stream]
        found = [row for row in records if columns.items() <= row.items()]
        assert found
        self.records[stream] = [row for row in records if row not in found]
        self.deleted[stream] += [{**row, "deleted_at": deleted_at} for row in found]

    def day(self, timestamp: str) -> str:
        """Give the day of a timestamp in the account's time zone."""
        return moment(timestamp).astimezone(self.zone).date().isoformat()


def moment(timestamp: str) -> datetime:
    """Read a timestamp as a record has it here."""
    return datetime.fromisoformat(timestamp).replace(tzinfo=UTC)


def rate(part: int, whole: int) -> float | None:
    """Divide, unless by nothing."""
    return part / whole if whole else None


def total(values: Iterable[int | None]) -> int | None:
    """Add up as SQL does: what is missing does not count, and nothing at all is missing, too."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _staged(record: Record) -> Record:
    return {name: _value(name, value) for name, value in record.items()}


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name in ADDRESSES:
        return value.lower() or None
    return (value.removesuffix("Z") if name.endswith("_at") else value) or None
