"""Custom objects: schemas, datasets and the query for rows (Act-On reference, 2024 edition).

Of all answers only the paths, the parameters and the errors are documented.
"""

from __future__ import annotations

import csv
import io
import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from acton_sandbox.answers import Answer, DataRoute, undocumented_answer, unrouted
from acton_sandbox.timestamps import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acton_sandbox.answers import Call
    from acton_sandbox.custom_objects import CustomObject, Dataset, ObjectField, ObjectRow

_PREFIX = "co."
_OTHER_PREFIX = "aoc."
_CREATED, _UPDATED = "sys.createdAt", "updatedDate"
_DEFAULT_SIZE = 100
_MOST_SORT_FIELDS = 10
_MOST_SELECT_FIELDS = 2_000
_DUPLICATES = (
    "allow",
    "noOtherJoinFieldsDuplicates",
    "noBaseJoinFieldsDuplicates",
    "noJoinFieldsDuplicates",
)
_SEPARATORS = {"comma": ",", "semicolon": ";", "pipe": "|", "tab": "\t"}
_DATE_FORMATS = {"dd/MM/yyyy": "%d/%m/%Y", "dd.MM.yyyy HH:mm:ss": "%d.%m.%Y %H:%M:%S"}
"""The formats of the account's fields, as Python has them."""


class _RefusedError(Exception):
    """The body of a query is not as documented."""


def spring_error(call: Call, message: str) -> Answer:
    """Answer with the family's envelope of a bad request."""
    return Answer.of_json(
        {
            "errorId": "0f7c2d1e",
            "requestUri": "/custom-objects/v1/" + "/".join(call.ids.values()),
            "errorMessage": message,
            "errorList": [message],
            "status": "400 BAD_REQUEST",
        },
        400,
    )


def missing(message: str = "Not found") -> Answer:
    """Answer that something is not there; the documents leave the shape of it open."""
    return Answer.of_json({"message": message}, 404)


def _offered(handle: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """Answer only an account that has custom objects, and only of itself."""

    def checked(call: Call) -> Answer:
        match call.view.choices.custom_objects:
            case "unrouted":
                return unrouted()
            case "off":
                return Answer.of_json({"message": "Custom objects are not enabled"}, 403)
            case "missing":
                return missing()
        if call.ids["account_id"] != str(call.view.account.account_id):
            return missing()
        return handle(call)

    return checked


def schemas(call: Call) -> Answer:
    """Answer with all schemas."""
    return undocumented_answer(call, [_schema(one) for one in call.view.account.custom_objects])


def schema(call: Call) -> Answer:
    """Answer with one schema."""
    for found in call.view.account.custom_objects:
        if found.id == call.ids["object_id"]:
            row = _schema(found)
            is_held = call.view.choices.undocumented_shape == "data"
            return Answer.of_json({"data": row} if is_held else row)
    return missing()


def _schema(found: CustomObject) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "dataType": found.data_type,
        "fields": [
            {
                "id": field.id,
                "name": field.name,
                "type": field.type,
                "description": "",
                "displayName": field.display_name,
                "properties": dict(field.properties),
                "extraData": "",
            }
            for field in found.fields
        ],
        "requiredFields": list(found.required_fields),
        "uniqueFieldSet": list(found.unique_field_set),
        "eventTimestampField": found.event_timestamp_field,
        "primaryEmailField": found.primary_email_field,
        "externalIdField": None,
        "objectTypeField": None,
        "relationships": [
            {
                "name": one.name,
                "description": "",
                "type": one.type,
                "fieldName": one.field_name,
                "fieldValue": "",
                "otherObject": one.other_object,
                "otherFieldName": one.other_field_name,
                "otherFieldValue": "",
                "properties": {},
            }
            for one in found.relationships
        ],
        # No document names this one.
        "schemaVersion": 3,
    }


def all_datasets(call: Call) -> Answer:
    """Answer with the datasets of all objects."""
    names_object = call.view.choices.datasets_name_object
    return undocumented_answer(
        call,
        [
            {**_dataset(one), **({"objectId": one.object_id} if names_object else {})}
            for one in call.view.account.datasets
        ],
    )


def datasets(call: Call) -> Answer:
    """Answer with the datasets of one object."""
    object_id = call.ids["object_id"]
    if all(one.id != object_id for one in call.view.account.custom_objects):
        return missing()
    found = [one for one in call.view.account.datasets if one.object_id == object_id]
    return undocumented_answer(call, [_dataset(one) for one in found])


def _dataset(found: Dataset) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "isDefault": found.is_default,
        # No document names this one.
        "recordCount": len(found.rows),
    }


def query(call: Call) -> Answer:
    """Answer with a page of the rows of a dataset."""
    account = call.view.account
    kind = {one.id: one for one in account.custom_objects}.get(call.ids["object_id"])
    dataset = {one.id: one for one in account.datasets}.get(call.ids["dataset_id"])
    if kind is None or dataset is None or dataset.gone or dataset.object_id != kind.id:
        return missing()
    try:
        return _page(call, kind, dataset)
    except _RefusedError as error:
        return spring_error(call, str(error))


def _page(call: Call, kind: CustomObject, dataset: Dataset) -> Answer:
    body = _body(call)
    names = _selected(body, kind)
    rows = _sorted(call, body, kind, dataset)
    zone = _zone(body)
    pagination = body.get("pagination") or {}
    size = _size(call, pagination)
    by_cursor = pagination.get("pageStrategy", "OFFSET") == "CURSOR"
    start = (
        _start(call, pagination.get("nextPageToken"))
        if by_cursor
        else max(int(pagination.get("page") or 0), 0) * size
    )
    spell = _Speller(call, kind, zone)
    shown = [spell.row(row, names) for row in rows[start : start + size]]
    is_last = start + size >= len(rows)
    token = None if is_last or not by_cursor else _token(call, start + size)
    return _answer(call, shown, len(rows), token)


def _answer(call: Call, rows: list[dict[str, Any]], total: int, token: str | None) -> Answer:
    choices = call.view.choices
    value: Any
    match choices.undocumented_shape:
        case "array":
            # Nowhere to put the token of the next page.
            value = rows
        case "data":
            value = {"data": rows}
        case "content":
            value = {"content": rows, "totalElements": total}
        case _:
            value = {"result": rows, "count": len(rows), "totalCount": total}
    if isinstance(value, dict):
        place = {"nextPageToken": token}
        value |= place if choices.next_page_is_told_at == "top" else {"pagination": place}
    if choices.query_answer_is_text:
        return Answer.of_text(json.dumps(value, ensure_ascii=False))
    return Answer.of_json(value)


def _body(call: Call) -> Mapping[str, Any]:
    try:
        body = json.loads(call.body or b"{}")
    except ValueError:
        raise _RefusedError("The body is not JSON") from None
    if not isinstance(body, dict):
        raise _RefusedError("The body is not an object")
    strategy = body.get("joinStrategy") or {}
    if strategy.get("joinEnabled", True):
        raise _RefusedError("This sandbox has nothing to join with")
    if strategy.get("duplicates", "allow") not in _DUPLICATES:
        raise _RefusedError("joinStrategy.duplicates is not known")
    return body


def _selected(body: Mapping[str, Any], kind: CustomObject) -> set[str]:
    """Return the names of the requested values."""
    known = {*kind.field_by_name, _CREATED, _UPDATED}
    fields = body.get("selectFields") or [f"{_PREFIX}*"]
    if len(fields) > _MOST_SELECT_FIELDS:
        raise _RefusedError("Too many selectFields")
    names: set[str] = set()
    for field in fields:
        if field.startswith(_OTHER_PREFIX):
            continue
        name = field.removeprefix(_PREFIX)
        if not field.startswith(_PREFIX) or (name != "*" and name not in known):
            raise _RefusedError(f"No such field: {field}")
        names |= known if name == "*" else {name}
    return names


def _sorted(
    call: Call, body: Mapping[str, Any], kind: CustomObject, dataset: Dataset
) -> Sequence[ObjectRow]:
    rows = list(dataset.rows)
    fields = body.get("sortFields") or []
    if fields and not call.view.choices.sorting_is_offered:
        raise _RefusedError("Sorting is not offered")
    if len(fields) > _MOST_SORT_FIELDS:
        raise _RefusedError("Too many sortFields")
    for field in reversed(fields):
        name = field.get("field", "").removeprefix(_PREFIX)
        if not field.get("field", "").startswith(_PREFIX) or not (
            name in kind.field_by_name or name in (_CREATED, _UPDATED)
        ):
            raise _RefusedError("No such field to sort by")
        rows.sort(key=_rank_by(name), reverse=field.get("direction", "asc") == "desc")
    return rows


def _rank_by(name: str) -> Callable[[ObjectRow], tuple[bool, str, float]]:
    """Make the key by which rows are sorted: nothing first, numbers before texts."""

    def rank(row: ObjectRow) -> tuple[bool, str, float]:
        value: Any = {_CREATED: row.created_at, _UPDATED: row.updated_at}.get(
            name, row.values.get(name)
        )
        if isinstance(value, int | float):
            return True, "", value
        return value is not None, json.dumps(value), 0

    return rank


def _zone(body: Mapping[str, Any]) -> ZoneInfo | None:
    name = body.get("datetimeFieldsTimezone")
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        raise _RefusedError("datetimeFieldsTimezone is not known") from None


def _size(call: Call, pagination: Mapping[str, Any]) -> int:
    size = pagination.get("size", _DEFAULT_SIZE)
    largest = call.view.choices.largest_record_page
    if not isinstance(size, int) or size < 1 or (largest is not None and size > largest):
        raise _RefusedError("pagination.size is out of range")
    return size


def _token(call: Call, start: int) -> str:
    """Make the token of the page that begins at a row; it is good for a day, for this query."""
    held = json.dumps([start, _of_query(call), call.view.account.now_ms])
    return urlsafe_b64encode(held.encode()).decode()


def _start(call: Call, token: object) -> int:
    if token is None:
        return 0
    try:
        start, of_query, given_at = json.loads(urlsafe_b64decode(str(token)))
    except ValueError:
        raise _RefusedError("nextPageToken is not valid") from None
    age = call.view.account.now_ms - given_at
    if of_query != _of_query(call) or not 0 <= age < DAY:
        raise _RefusedError("nextPageToken has expired")
    return int(start)


def _of_query(call: Call) -> list[Any]:
    """Return what a token is bound to: the dataset and the order of its rows."""
    return [*call.ids.values(), _body(call).get("sortFields")]


class _Speller:
    """Spells rows as the view has chosen."""

    def __init__(self, call: Call, kind: CustomObject, zone: ZoneInfo | None) -> None:
        self._choices = call.view.choices
        self._is_uploaded = self._choices.record_values == "uploaded"
        self._fields = kind.field_by_name
        self._zone = zone
        self._account_zone = call.view.account.time_zone

    def row(self, row: ObjectRow, names: set[str]) -> dict[str, Any]:
        """Return a row as it is answered."""
        shown: dict[str, Any] = {}
        if self._choices.record_id_field:
            shown[self._choices.record_id_field] = row.id
        for name, value in row.values.items():
            if name in names:
                shown[name] = self._value(self._fields[name], value)
        for name, timestamp in ((_CREATED, row.created_at), (_UPDATED, row.updated_at)):
            if name in names:
                shown[name] = timestamp if self._is_uploaded else self._iso(timestamp, "")
        return {f"{self._choices.record_key_prefix}{name}": held for name, held in shown.items()}

    def _value(self, field: ObjectField, value: Any) -> Any:
        if value is None:
            return None
        match field.type:
            case "DATE" if self._is_uploaded:
                return date.fromisoformat(value).strftime(_format_of(field))
            case "DATETIME":
                zone_name = field.properties.get("timezone", "")
                if self._is_uploaded and "format" in field.properties:
                    return self._at(value, zone_name).strftime(_format_of(field))
                return self._iso(value, zone_name)
        return _uploaded(field, value) if self._is_uploaded else value

    def _at(self, timestamp: int, zone_name: str) -> datetime:
        """Return a timestamp in the requested zone, else in the field's, else in the account's."""
        zone = self._zone or ZoneInfo(zone_name or self._account_zone)
        return datetime.fromtimestamp(timestamp / 1000, UTC).astimezone(zone)

    def _iso(self, timestamp: int, zone_name: str) -> str:
        return self._at(timestamp, zone_name).isoformat(timespec="milliseconds")


def _format_of(field: ObjectField) -> str:
    return _DATE_FORMATS[field.properties["format"]]


def _uploaded(field: ObjectField, value: Any) -> Any:
    """Return a value as the file had it from which it was read."""
    match field.type:
        case "STRING_ARRAY":
            line = io.StringIO()
            separator = _SEPARATORS[field.properties["CSVSeparator"]]
            csv.writer(line, delimiter=separator, lineterminator="").writerow(value)
            return line.getvalue()
        case "JSON":
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            is_base64 = field.properties["format"] == "base64"
            return b64encode(text.encode()).decode() if is_base64 else text
        case "CURRENCY" if not isinstance(value, str):
            return f"{value:.2f}"
    return value


_FAMILY = "/custom-objects/v1/{account_id}"

ROUTES = [
    DataRoute(f"{_FAMILY}/schema/all", _offered(schemas)),
    DataRoute(f"{_FAMILY}/schema/{{object_id}}", _offered(schema)),
    DataRoute(f"{_FAMILY}/data/all", _offered(all_datasets)),
    DataRoute(f"{_FAMILY}/data/{{object_id}}/all", _offered(datasets)),
    DataRoute(
        f"{_FAMILY}/query/{{object_id}}/{{dataset_id}}/joinWithOther",
        _offered(query),
        method="POST",
    ),
]
