"""The records of the Audience Center besides its contacts, worked out from the account alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.contract import expected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acton_sandbox import Account
    from acton_sandbox.audience_center import Contact, ContactField, ImportDefinition, Segment

AUDIENCE_CENTER_KEYS: dict[str, tuple[str, ...]] = {
    "contact_fields": ("field_id",),
    "segments": ("id",),
    "segment_contacts": ("segment_id", "contact_id"),
    "import_definitions": ("id",),
}
"""The key columns of each stream that is selected by default."""

REPORT_KEYS: dict[str, tuple[str, ...]] = {
    "contact_history": ("id",),
    "contact_scores": ("id",),
    "contact_segments": ("contact_id", "segment_id"),
}
"""The key columns of the streams that take a call per contact."""

OF_A_CONTACT = {"ownerName": "山田"}
"""What the sandbox tells of a contact that no document names."""

_VERB_NAMES = {
    "s": "sent",
    "fs": "form signup",
    "fu": "form update",
    "wr": "registered for a webinar",
    "wa": "attended a webinar",
    "sv": "site visit",
}
_DAY_MS = 24 * 60 * 60 * 1_000


def audience_center_records(account: Account) -> dict[str, list[dict[str, Any]]]:
    """Work out the records of the streams that are selected by default.

    Args:
        account: The account.

    Returns:
        The records by stream.
    """
    columns = {column.column_index: column.name for column in account.contact_fields}
    counted_on = {"countedOn": account.now_ms // _DAY_MS}
    return {
        "contact_fields": [_field(column) for column in account.contact_fields],
        "segments": [
            {**_segment(segment, columns), "extra_fields": counted_on}
            for segment in account.segments
        ],
        "segment_contacts": [
            {"segment_id": segment.id, "contact_id": member, "extra_fields": OF_A_CONTACT}
            for segment in account.segments
            for member in segment.member_ids
        ],
        "import_definitions": [
            {**_definition(one), "account_id": str(account.account_id)}
            for one in account.import_definitions
        ],
    }


def report_records(account: Account) -> dict[str, list[dict[str, Any]]]:
    """Work out the records of the streams that take a call per contact.

    Args:
        account: The account.

    Returns:
        The records by stream, in the order in which the contacts changed.
    """
    changed = sorted(account.contacts, key=lambda contact: (contact.updated_at, contact.id))
    contacts = [contact for contact in changed if not contact.gone]
    return {
        "contact_history": [row for contact in contacts for row in _history(contact)],
        "contact_scores": [row for contact in contacts for row in _scores(contact)],
        "contact_segments": [
            {
                "contact_id": contact.id,
                "segment_id": segment.id,
                "name": segment.name,
                "extra_fields": {"countedOn": account.now_ms // _DAY_MS},
            }
            for contact in contacts
            for segment in account.segments
            if contact.id in segment.member_ids
        ],
    }


def _field(column: ContactField) -> dict[str, Any]:
    return {
        "field_id": str(column.field_id),
        "column_index": column.column_index,
        "name": column.name,
        "type": column.type,
        "standard_field_mapping": column.mapping,
        "is_required": column.required,
        "is_read_only": column.readonly,
        "is_hidden": column.hidden,
        "extra_fields": None,
    }


def _segment(segment: Segment, columns: dict[int, str]) -> dict[str, Any]:
    conditions = [
        {
            "type": "profile",
            "id": str(number),
            "field": columns[one.column_index],
            "condition": {"type": "text", "comparison": "IN", "values": list(one.values)},
        }
        for number, one in enumerate(segment.expressions, start=1)
    ]
    return {
        "id": segment.id,
        "name": segment.name,
        "type": segment.type,
        "parent_id": segment.parent_id,
        "filter": {
            "type": "group",
            "expressionEvaluationType": "AND",
            "customBooleanExpression": "",
            "expressions": conditions,
        }
        if conditions
        else None,
    }


def _definition(definition: ImportDefinition) -> dict[str, Any]:
    return {
        "id": str(definition.id),
        "name": definition.name or None,
        "merge_strategy": definition.merge_strategy,
        "object_type": definition.object_type,
        "mappings": [
            {
                "csv_column": one.csv_column,
                "acton_column": one.acton_column,
                "overwrite_existing_value": one.overwrites,
                "data_format": one.data_format,
                "extra_fields": None,
            }
            for one in definition.mappings
        ],
        "import_segment_ids": (
            None if definition.segment_ids is None else list(definition.segment_ids)
        ),
        "delimiter": definition.delimiter,
        "quote": definition.quote,
        "extra_fields": {"encoding": "UTF-8"},
    }


def _history(contact: Contact) -> Iterator[dict[str, Any]]:
    met = Counter[str]()
    for activity in contact.activities:
        record: dict[str, Any] = {
            "contact_id": contact.id,
            "activity_at": expected.timestamp(activity.at),
            "verb": activity.verb,
            "verb_name": _VERB_NAMES.get(activity.verb),
            "what": activity.what or None,
            "object_id": activity.object_id or None,
            "object_type": activity.object_type or None,
            "bin": activity.bin,
            "is_in_score_range": activity.counts,
            "icon": f"{activity.bin.lower()}.png",
            "responses": [],
            "extra_fields": None,
        }
        identity = [
            record[column] for column in ("contact_id", "activity_at", "verb", "object_id", "what")
        ]
        alike = expected.fingerprint(*identity)
        met[alike] += 1
        yield {"id": expected.fingerprint(*identity, met[alike]), **record}


def _scores(contact: Contact) -> Iterator[dict[str, Any]]:
    for score in contact.scores:
        yield {
            "id": expected.fingerprint(contact.id, str(score.sheet_id)),
            "contact_id": contact.id,
            "score_sheet_id": str(score.sheet_id),
            "name": score.sheet_name,
            "score": score.points,
            "extra_fields": {"scale": "open"},
        }
