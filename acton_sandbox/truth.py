"""The ground truth as JSON, for those who run the sandbox in a process of its own."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import DataclassInstance

    from acton_sandbox.account import Account
    from acton_sandbox.audience_center import Contact, ImportDefinition, Segment
    from acton_sandbox.custom_objects import CustomObject
    from acton_sandbox.entities import ListRow, Message
    from acton_sandbox.facts import Facts
    from acton_sandbox.media import Medium


def truth_of(account: Account) -> dict[str, Any]:
    """Return everything that an account holds."""
    return {
        "account_id": account.account_id,
        "now": account.now.isoformat(),
        "time_zone": account.time_zone,
        "messages": [_message(message) for message in account.messages],
        "events": [
            {"message_id": message.id, **_fields(event), **_fields(event.recipient)}
            for message in account.messages
            for events in message.events.values()
            for event in events
        ],
        "lists": [
            {**_fields(item), "rows": [_fields(row) for row in item.rows]} for item in account.lists
        ],
        "assets": [_fields(asset) for asset in account.assets],
        "senders": [_fields(sender) for sender in account.senders],
        "logos": [_fields(logo) for logo in account.logos],
        "headers": [_fields(header) for header in account.headers],
        "footers": [_fields(footer) for footer in account.footers],
        "images": [_fields(image) for image in account.images],
        "media": [_medium(medium) for medium in account.media],
        "campaigns": [_fields(campaign) for campaign in account.campaigns],
        "keywords": [_fields(keyword) for keyword in account.keywords],
        "forms": [_fields(form) for form in account.forms],
        "landing_pages": [_fields(page) for page in account.landing_pages],
        "programs": [_fields(program) for program in account.programs],
        "facts": [_facts(row.contact_id, facts) for row, facts in _contacts(account)],
        "hard_bounces": [_fields(row) for row in account.hard_bounces],
        "spam_complaints": [_fields(row) for row in account.spam_complaints],
        "opt_outs": [_fields(row) for row in account.opt_outs],
        "categories": [_fields(category) for category in account.categories],
        "contact_fields": [_fields(column) for column in account.contact_fields],
        "contacts": [_contact(contact) for contact in account.contacts],
        "segments": [_segment(segment) for segment in account.segments],
        "import_definitions": [_definition(one) for one in account.import_definitions],
        "custom_objects": [_custom_object(one) for one in account.custom_objects],
        "datasets": [
            {**_fields(one), "rows": [_fields(row) for row in one.rows]} for one in account.datasets
        ],
        "day_counts": {
            day.isoformat(): _fields(counts) for day, counts in account.day_counts.items()
        },
    }


def counts_of(account: Account) -> dict[str, int]:
    """Return how many rows of each kind an account holds."""
    return {
        "messages": len(account.messages),
        "events": sum(len(rows) for m in account.messages for rows in m.events.values()),
        "lists": len(account.lists),
        "list rows": sum(len(item.rows) for item in account.lists),
        "other assets": len(account.assets),
        "senders": len(account.senders),
        "logos": len(account.logos),
        "headers and footers": len(account.headers) + len(account.footers),
        "images": len(account.images),
        "files and links": len(account.media),
        "views of files and links": sum(len(medium.views) for medium in account.media),
        "campaigns": len(account.campaigns),
        "search keywords": len(account.keywords),
        "forms": len(account.forms),
        "landing pages": len(account.landing_pages),
        "programs": len(account.programs),
        "hard bounces": len(account.hard_bounces),
        "spam complaints": len(account.spam_complaints),
        "opt-outs": len(account.opt_outs),
        "subscription categories": len(account.categories),
        "category opt-outs": sum(len(category.opt_outs) for category in account.categories),
        "contacts": len(account.contacts),
        "columns of contacts": len(account.contact_fields),
        "segments": len(account.segments),
        "members of segments": sum(len(segment.member_ids) for segment in account.segments),
        "import definitions": len(account.import_definitions),
        "custom objects": len(account.custom_objects),
        "datasets of custom objects": len(account.datasets),
        "rows of custom objects": sum(len(dataset.rows) for dataset in account.datasets),
    }


def _fields(record: DataclassInstance) -> dict[str, Any]:
    """Return the fields of a record that are not records themselves.

    `asdict` looks for records in records, which takes seconds for all the events of an account.
    """
    values = ((field.name, getattr(record, field.name)) for field in fields(record))
    return {name: value for name, value in values if not is_dataclass(value)}


def _message(message: Message) -> dict[str, Any]:
    shown = _fields(message)
    # How the events are worked out is of no interest, and the time is at the top.
    del shown["planned_events"], shown["as_of"]
    return {**shown, "sender": _fields(message.sender), "report": _fields(message.report)}


def _medium(medium: Medium) -> dict[str, Any]:
    return {
        **_fields(medium),
        "messages": [_fields(message) for message in medium.messages],
        "views": [_fields(view) for view in medium.views],
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        **_fields(contact),
        "activities": [_fields(activity) for activity in contact.activities],
        "scores": [_fields(score) for score in contact.scores],
    }


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        **_fields(segment),
        "expressions": [_fields(expression) for expression in segment.expressions],
    }


def _definition(definition: ImportDefinition) -> dict[str, Any]:
    return {
        **_fields(definition),
        "mappings": [_fields(mapping) for mapping in definition.mappings],
    }


def _custom_object(found: CustomObject) -> dict[str, Any]:
    return {
        **_fields(found),
        "fields": [_fields(one) for one in found.fields],
        "relationships": [_fields(one) for one in found.relationships],
    }


def _contacts(account: Account) -> Iterator[tuple[ListRow, Facts]]:
    rows = (row for item in account.lists for row in item.rows)
    return ((row, facts) for row in rows if (facts := account.facts_of(row)) is not None)


def _facts(contact_id: str, facts: Facts) -> dict[str, Any]:
    return {
        "contact_id": contact_id,
        "activities": [_fields(activity) for activity in facts.activities],
        "scores": [_fields(entry) for entry in facts.scores],
    }
