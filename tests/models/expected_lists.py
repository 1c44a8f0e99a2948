"""The marts of lists, worked out from the rows of the streams."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from tests.models.loaded import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.expected import Record
    from tests.models.loaded import Loaded

SUPPRESSED = ("hard_bounces", "spam_complaints", "opt_outs")
COLUMNS = (
    *("folder_name", "description", "is_list", "is_salesforce", "is_salesforce_report"),
    *("modified_at", "counted_at"),
)


def lists(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__lists``."""
    suppressed = {row["email"] for stream in SUPPRESSED for row in loaded.records[stream]}
    members = defaultdict(list)
    for row in loaded.records["list_members"]:
        members[row["list_id"]].append(row)
    since = loaded.now - timedelta(days=30)
    for row in loaded.records["lists"]:
        held = members[row["id"]]
        yield {
            "list_id": row["id"],
            "list_name": row["name"],
            **{column: row[column] for column in COLUMNS},
            "counted_on": loaded.day(row["counted_at"]),
            "member_count": row["size"],
            "loaded_members": len(held) or None,
            "mailable_members": sum(
                one["email"] is not None and one["email"] not in suppressed for one in held
            )
            if held
            else None,
            "members_added_30d": sum(moment(one["created_at"]) > since for one in held)
            if held
            else None,
        }


def list_growth_daily(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__list_growth_daily``."""
    added: dict[str, Counter[str]] = defaultdict(Counter)
    deleted: dict[str, Counter[str]] = defaultdict(Counter)
    for row in loaded.records["list_members"] + loaded.deleted["list_members"]:
        added[row["list_id"]][loaded.day(row["created_at"])] += 1
    for row in loaded.deleted["list_members"]:
        deleted[row["list_id"]][loaded.day(row["deleted_at"])] += 1
    for list_id, counts in added.items():
        days = sorted({*counts, *deleted[list_id]})
        to_date = accumulate(counts[day] for day in days)
        for day, so_far in zip(days, to_date, strict=True):
            yield {
                "list_id": list_id,
                "date_day": day,
                "members_added": counts[day],
                "members_added_to_date": so_far,
                "members_deleted": deleted[list_id][day],
            }
