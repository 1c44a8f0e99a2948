"""Custom objects, their datasets and their records."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_acton.check.questions.base import Answer, question, unknown
from tap_acton.check.shapes import content_type_of, decoded
from tap_acton.errors import CallError
from tap_acton.streams.custom_objects.fields import PREFIX

if TYPE_CHECKING:
    from tap_acton.api.exchange import Exchange
    from tap_acton.check.questions.base import Samples


@question(
    "Does the list of datasets name their objects?",
    "custom_object_datasets",
)
def dataset_objects(samples: Samples) -> Answer:
    """Say whether the list of all datasets names the object of each."""
    pages = samples.pages("custom_object_datasets")
    if not pages:
        return unknown("there are no datasets")
    has_own = any(page.response.query.item is not None for page in pages)
    return Answer("No: those of each object are requested." if has_own else "Yes.")


@question(
    "Do records of custom objects have ids?",
    "custom_object_records",
)
def record_ids(samples: Samples) -> Answer:
    """Say whether records of custom objects have ids of their own."""
    for page in samples.pages("custom_object_records"):
        prefixed = any(name.startswith(PREFIX) for name in page.response.rows[0])
        given = {name.removeprefix(PREFIX) for name in page.response.rows[0]}
        has_id = bool(given & {"sys.id", "id", "recordId", "_id", "sys"})
        words = "They have one" if has_id else "They have none; the tap makes one of their values"
        return Answer(f"{words}. Names {'have' if prefixed else 'are without'} the prefix.")
    return unknown("there are no records")


@question(
    "How do records of custom objects hold their values?",
    "custom_object_records",
)
def record_values(samples: Samples) -> Answer:
    """Say whether the values of custom objects come as JSON has them, or as texts."""
    for page in samples.pages("custom_object_records"):
        values = [value for record in page.records for value in (record["fields"] or {}).values()]
        if any(isinstance(value, bool | int | float | list) for value in values):
            return Answer("As JSON has them: numbers are numbers.")
        return Answer("As texts alone.")
    return unknown("there are no records")


CONTENT_TYPES = ("application/json", "text/json", "text/plain", "text/html")
"""Those that are named; any other is a text that somebody has set."""


@question(
    "How do records of custom objects come?",
    "custom_object_records",
)
def record_pages(samples: Samples) -> Answer:
    """Say how records come: content type, order, size, token."""
    sample, pages = samples.of.get("custom_object_records"), samples.pages("custom_object_records")
    good = [
        one for one in samples.exchanges("custom_object_records") if one.status == HTTPStatus.OK
    ]
    if sample is None or not pages or not good:
        return unknown("there are no records")
    content_type = content_type_of(good[0]).partition(";")[0].strip().lower()
    parts = [f"As {content_type if content_type in CONTENT_TYPES else 'another content type'}"]
    changed = [old for old, new in sample.alternatives if old.parameters and not new.parameters]
    parts.append("without an order, which is refused" if changed else "in the order requested")
    if any(new.first.size for _, new in sample.alternatives):
        parts.append("on smaller pages than requested")
    if token := _place_of_token(good[0]):
        parts.append(f"with the next page's token {token}")
    return Answer(f"{', '.join(parts)}.")


def _place_of_token(exchange: Exchange) -> str:
    try:
        payload = decoded(exchange)
    except CallError:
        return ""
    if isinstance(payload, dict):
        if "nextPageToken" in payload:
            return "at the top"
        pagination = payload.get("pagination")
        if isinstance(pagination, dict) and "nextPageToken" in pagination:
            return "in an object of its own"
    return ""
