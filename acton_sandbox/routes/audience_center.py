"""`/ucl/v2/{accountId}`: contacts, their schema and segments (Act-On reference, 2024 edition).

Most answers are documented as JSON and no further.
"""

from __future__ import annotations

from functools import wraps
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from acton_sandbox.answers import Answer, DataRoute, unrouted
from acton_sandbox.facts import Facts
from acton_sandbox.routes.facts import facts_object
from acton_sandbox.timestamps import DAY, SECOND, date_cell, display_with_zone_name, local

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acton_sandbox.answers import Call
    from acton_sandbox.audience_center import Contact, ContactField, ImportDefinition, Segment

Item = TypeVar("Item")
_DEFAULT_PAGE = 50
_DATE_FILTERS = frozenset({"createdAfter", "createdBefore", "updatedAfter", "updatedBefore"})


def nothing(status: int = 404) -> Answer:
    """Answer with an error of this part of the API: the status is all there is."""
    return Answer(status, b"", "text/plain")


def routed_for(*generations: str) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
    """Let an endpoint answer only where one of these generations is chosen."""

    def decorate(handle: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        @wraps(handle)
        def answer(call: Call) -> Answer:
            view = call.view
            if view.choices.audience_center == "none":
                return nothing()
            if view.choices.audience_center not in generations:
                return unrouted()
            if call.ids["account_id"] != str(view.account.account_id):
                return nothing()
            return handle(call)

        return answer

    return decorate


def recent_facts(call: Call, contact: Contact, months: int) -> dict[str, Any]:
    """Return what a contact has done in the present month and so many months before it."""
    now = call.view.account.now_ms
    first = _month(now) - months
    activities = tuple(one for one in contact.activities if _month(one.at) >= first)
    return facts_object(Facts(activities, ()), now)


def _month(timestamp: int) -> int:
    when = local(timestamp)
    return when.year * 12 + when.month


def _page(
    call: Call,
    items: Sequence[Item],
    show: Callable[[Call, Item], dict[str, Any]],
    name: str,
    counted: int | None = None,
) -> Answer:
    """Answer with a page of things, in the shape that is chosen.

    Args:
        call: The call.
        items: The things.
        show: Shows one of them.
        name: Their name in the envelope.
        counted: The total; by default that of the things.
    """
    choices = call.view.choices
    total = len(items) if counted is None else counted
    page = max(call.number("page", 0), 0)
    size = call.number("pageSize", _DEFAULT_PAGE)
    size = size if size > 0 else _DEFAULT_PAGE
    largest = choices.largest_contact_page
    if largest is not None and size > largest:
        if choices.larger_contact_page == "refused":
            return Answer.of_json({"errors": [f"pageSize must not be above {largest}"]}, 400)
        size = largest
    found = [show(call, item) for item in items[page * size : (page + 1) * size]]
    match choices.undocumented_shape:
        case "array":
            return Answer.of_json(found)
        case "data":
            return Answer.of_json({"data": found})
        case "content":
            last = (page + 1) * size >= len(items)
            whole = {"totalElements": total, "number": page, "size": size, "last": last}
            return Answer.of_json({"content": found, **whole})
        case "source":
            return _wrapped(found)
    envelope = {"page": page, "pageSize": size, "totalCount": total}
    return Answer.of_json({**envelope, name: found})


def _one(call: Call, row: dict[str, Any]) -> Answer:
    """Answer with a single thing, in the shape that is chosen."""
    match call.view.choices.undocumented_shape:
        case "array":
            return Answer.of_json([row])
        case "data":
            return Answer.of_json({"data": row})
        case "content":
            return Answer.of_json({"content": row})
        case "source":
            return _wrapped(row)
    return Answer.of_json(row)


def _wrapped(value: object) -> Answer:
    """Answer in the documented envelope of a write."""
    outcome = {"errorMessage": None, "statusCode": 200, "objectId": None, "isSuccess": True}
    return Answer.of_json({"source": value, **outcome})


@routed_for("newest", "both")
def schema(call: Call) -> Answer:
    """Answer with the columns of the contacts, without hidden and read-only ones by default."""
    account = call.view.account
    skips = {
        name: call.query.get(name, "true").lower() != "false"
        for name in ("skipHidden", "skipReadOnly")
    }
    return Answer.of_json(
        {
            "accountId": str(account.account_id),
            "columns": [
                {
                    "fieldId": column.field_id,
                    "columnIndex": column.column_index,
                    "name": column.name,
                    "type": column.type,
                    "standardFieldMapping": column.mapping,
                    "required": column.required,
                    "readonly": column.readonly,
                    "hidden": column.hidden,
                }
                for column in account.contact_fields
                if not (column.hidden and skips["skipHidden"])
                if not (column.readonly and skips["skipReadOnly"])
            ],
        }
    )


@routed_for("newest", "both")
def contacts(call: Call) -> Answer:
    """Answer with a page of the contacts within the date filters, which are in seconds."""
    choices = call.view.choices
    inclusive = choices.after_is_inclusive
    found = call.view.account.contacts
    if choices.contact_order == "updated":
        found = sorted(found, key=lambda one: (one.updated_at, one.number))
    is_filtered = not _DATE_FILTERS.isdisjoint(call.query)
    if is_filtered and choices.contact_filter == "refused":
        return Answer.of_json({"errors": ["unknown parameter"]}, 400)
    for name in ("created", "updated") if choices.contact_filter == "heeded" else ():
        timestamp = attrgetter(f"{name}_at")
        after = call.number(f"{name}After", -1)
        before = call.number(f"{name}Before", -1)
        if after >= 0:
            begin = (after if inclusive else after + 1) * SECOND
            found = [one for one in found if timestamp(one) >= begin]
        if before >= 0:
            found = [one for one in found if timestamp(one) < before * SECOND]
    counts_all = choices.filtered_total == "all"
    counted = len(call.view.account.contacts) if counts_all else len(found)
    return _page(call, found, _contact, "contacts", counted)


def _contact(call: Call, contact: Contact) -> dict[str, Any]:
    choices = call.view.choices
    fields = call.view.account.contact_fields
    names: dict[str, str] = {}
    if choices.contact_keys == "names":
        names = {_property(one): one.name for one in fields if one.mapping is not None}
    custom: dict[str, Any] = {str(index): text for index, text in contact.custom.items()}
    if choices.multi_text_is_array:
        for column in fields:
            text = custom.get(str(column.column_index))
            if column.type == "MULTI-TEXT" and text is not None:
                custom[str(column.column_index)] = text.split(";") if text else []
    return {
        "id": contact.id,
        **{names.get(name, name): text for name, text in contact.properties.items()},
        "createdDate": _date(choices.contact_dates, contact.created_at),
        "updatedDate": _date(choices.contact_dates, contact.updated_at),
        "customFields": custom,
        "ownerName": call.view.account.words.owner,
    }


def _property(column: ContactField) -> str:
    """Return the property that a standard column's values stand in."""
    first, *others = (column.mapping or "").lower().split("_")
    return first + "".join(word.capitalize() for word in others)


def _date(spelling: str, timestamp: int) -> str:
    match spelling:
        case "milliseconds":
            return str(timestamp)
        case "seconds":
            return str(timestamp // SECOND)
        case "display":
            return display_with_zone_name(timestamp)
    return date_cell(timestamp, "iso")


@routed_for("newest", "both")
def contact(call: Call) -> Answer:
    """Answer with one contact."""
    found = call.view.account.contact_by_id.get(call.ids["id"])
    return nothing() if found is None else _one(call, _contact(call, found))


@routed_for("newest", "both")
def contact_activity(call: Call) -> Answer:
    """Answer with what a contact has done, which should look like the facts of `/api/1`."""
    found = call.view.account.contact_by_id.get(call.ids["id"])
    if found is None:
        return nothing()
    # Only the older generation documents that no dates mean the present month.
    facts = recent_facts(call, found, max(call.number("monthsOfPastData", 0), 0))
    if call.view.choices.undocumented_shape in ("envelope", "source"):
        return _one(call, facts)
    return _all(call, facts["activitylist"])


@routed_for("newest", "both")
def contact_scores(call: Call) -> Answer:
    """Answer with the scores of a contact, one for each score sheet."""
    found = call.view.account.contact_by_id.get(call.ids["id"])
    if found is None:
        return nothing()
    return _all(
        call,
        [
            {"id": one.sheet_id, "name": one.sheet_name, "score": one.points, "scale": "open"}
            for one in found.scores
        ],
    )


@routed_for("newest", "both")
def contact_segments(call: Call) -> Answer:
    """Answer with the segments that a contact belongs to."""
    account = call.view.account
    found = account.contact_by_id.get(call.ids["id"])
    if found is None:
        return nothing()
    return _all(
        call,
        [
            _segment(call, one)
            for one in account.segments
            if not one.gone and found.id in one.member_ids
        ],
    )


def _all(call: Call, rows: Sequence[dict[str, Any]], name: str = "result") -> Answer:
    """Answer with all rows at once, in the shape that is chosen."""
    match call.view.choices.undocumented_shape:
        case "array":
            return Answer.of_json(rows)
        case "data":
            return Answer.of_json({"data": rows})
        case "content":
            return Answer.of_json({"content": rows, "totalElements": len(rows)})
        case "source":
            return _wrapped(rows)
    return Answer.of_json({"totalCount": len(rows), name: rows})


@routed_for("newest", "both")
def segments(call: Call) -> Answer:
    """Answer with a page of the segments."""
    return _page(call, call.view.account.segments, _segment, "segments")


@routed_for("newest", "both")
def segment(call: Call) -> Answer:
    """Answer with one segment."""
    found = _existing_segment(call)
    return nothing() if found is None else _one(call, _segment(call, found))


@routed_for("newest", "both")
def segment_contacts(call: Call) -> Answer:
    """Answer with a page of the contacts of a segment."""
    found = _existing_segment(call)
    if found is None:
        return nothing()
    by_id = {one.id: one for one in call.view.account.contacts}
    return _page(call, [by_id[member] for member in found.member_ids], _contact, "contacts")


def _existing_segment(call: Call) -> Segment | None:
    found = (one for one in call.view.account.segments if one.id == call.ids["id"])
    return next((one for one in found if not one.gone), None)


def _segment(call: Call, segment: Segment) -> dict[str, Any]:
    labels = {column.column_index: column for column in call.view.account.contact_fields}
    expressions = [
        {
            "type": "profile",
            "id": str(number),
            "field": labels[one.column_index].name if one.column_index in labels else "",
            "condition": {"type": "text", "comparison": "IN", "values": list(one.values)},
        }
        for number, one in enumerate(segment.expressions, start=1)
    ]
    query = {
        "type": "group",
        "expressionEvaluationType": "AND",
        "customBooleanExpression": "",
        "expressions": expressions,
    }
    return {
        "id": segment.id,
        "name": segment.name,
        "type": segment.type,
        "parentId": segment.parent_id,
        "filter": query if expressions else None,
        "countedOn": call.view.account.now_ms // DAY,
    }


@routed_for("newest", "both")
def import_definitions(call: Call) -> Answer:
    """Answer with all definitions of imports."""
    found = [_definition(call, one) for one in call.view.account.import_definitions]
    return _all(call, found, "data")


@routed_for("newest", "both")
def import_definition(call: Call) -> Answer:
    """Answer with one definition of imports."""
    for found in call.view.account.import_definitions:
        if str(found.id) == call.ids["id"]:
            return _one(call, _definition(call, found))
    return nothing()


def _definition(call: Call, definition: ImportDefinition) -> dict[str, Any]:
    segment_ids = definition.segment_ids
    return {
        "accountId": str(call.view.account.account_id),
        "importDefinitionId": definition.id,
        "importDefinitionName": definition.name,
        "mergeStrategy": definition.merge_strategy,
        "objectType": definition.object_type,
        "mappings": [
            {
                "csvColumn": one.csv_column,
                "actonColumn": one.acton_column,
                "overwriteExistingValue": one.overwrites,
                "dataFormat": one.data_format,
            }
            for one in definition.mappings
        ],
        "importSegmentIds": None if segment_ids is None else list(segment_ids),
        "delimiter": definition.delimiter,
        "quote": definition.quote,
        "encoding": "UTF-8",
    }


_BASE = "/ucl/v2/{account_id}"
ROUTES = [
    DataRoute(f"{_BASE}/schema/", schema),
    DataRoute(f"{_BASE}/contact/", contacts),
    DataRoute(f"{_BASE}/contact/id/{{id}}", contact),
    DataRoute(f"{_BASE}/contactReport/id/{{id}}/activity", contact_activity),
    DataRoute(f"{_BASE}/contactReport/id/{{id}}/scores", contact_scores),
    DataRoute(f"{_BASE}/contactReport/id/{{id}}/segments", contact_segments),
    DataRoute(f"{_BASE}/segment/", segments),
    DataRoute(f"{_BASE}/segment/{{id}}", segment),
    DataRoute(f"{_BASE}/segment/{{id}}/contacts", segment_contacts),
    DataRoute(f"{_BASE}/import/definition", import_definitions),
    DataRoute(f"{_BASE}/import/definition/{{id}}", import_definition),
]
