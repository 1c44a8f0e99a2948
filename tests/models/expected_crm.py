"""The marts of the CRM, worked out from the rows of the streams."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tests.models.expected_people import SUBMISSIONS, contacts, entries, segments_of, short
from tests.models.expected_suppression import suppressions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.contract.expected import Record
    from tests.models.loaded import Loaded

OBJECTS = {"00Q": "Lead", "003": "Contact"}
OF_A_RECORD = ("crm_object", "crm_id", "crm_id_15")


def crm_keys(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__crm_keys``."""
    found = [*_keys(loaded)]
    ids, emails, addresses, records = (defaultdict(set) for _ in range(4))
    objects: dict[str, str] = {}
    for row in found:
        one = row["crm_id_15"]
        ids[one].add(row["crm_id"])
        records[one].add(row["contact_id"])
        emails[one].add(row["email"])
        addresses[row["email"]].add(one)
        if row["crm_object"]:
            objects[one] = max(objects.get(one, ""), row["crm_object"])
    for row in found:
        one, email = row["crm_id_15"], row["email"]
        yield {
            **row,
            "crm_object": objects.get(one),
            "crm_id": max(ids[one]),
            "is_ambiguous": (
                len(records[one] - {None}) > 1
                or len(emails[one] - {None}) > 1
                or (email is not None and len(addresses[email]) > 1)
            ),
        }


def _keys(loaded: Loaded) -> Iterator[Record]:
    of_row = defaultdict(list)
    for row in loaded.records["contacts"]:
        of_row[row["legacy_record_id"]].append(row["id"])
        if row["external_id"]:
            yield {
                "crm_key": f"contact:{row['id']}",
                "via": "contact",
                "crm_object": row["object_type"],
                "crm_id": row["external_id"],
                "crm_id_15": short(row["external_id"]),
                "contact_id": row["id"],
                "list_contact_id": row["legacy_record_id"],
                "email": row["email"],
            }
    of_salesforce = {row["id"] for row in loaded.records["lists"] if row["is_salesforce"]}
    for row in loaded.records["list_members"]:
        crm_id = row["fields"].get("RecordID")
        if row["list_id"] in of_salesforce and crm_id:
            for contact_id in of_row[row["contact_id"]] or [None]:
                yield {
                    "crm_key": f"list_row:{row['contact_id']}:{contact_id or ''}",
                    "via": "list_row",
                    "crm_object": OBJECTS.get(crm_id[:3]),
                    "crm_id": crm_id,
                    "crm_id_15": short(crm_id),
                    "contact_id": contact_id,
                    "list_contact_id": row["contact_id"],
                    "email": row["email"],
                }


def crm_hard_bounces(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__crm_hard_bounces``."""
    for record, row in _suppressed(loaded, ("hard_bounce",)):
        yield {**record, "bounced_at": row["last_at"], "origin": row["last_origin"]}


def crm_opt_outs(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__crm_opt_outs``."""
    for record, row in _suppressed(loaded, ("opt_out", "category_opt_out")):
        yield {
            **record,
            "subscription_category_id": row["subscription_category_id"],
            "category_name": row["category_name"],
            "opted_out_at": row["last_at"],
            "origin": row["last_origin"],
        }


def crm_scores(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__crm_scores``."""
    for record, contact in _contacts_of_records(loaded):
        if contact["score"] is not None:
            yield {**record, **_part(contact, "contact_id", "email", "score", "updated_at")}


def crm_score_sheets(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__crm_score_sheets``."""
    scores = defaultdict(list)
    for row in loaded.records["contact_scores"]:
        scores[row["contact_id"]].append(row)
    for record, contact in _contacts_of_records(loaded):
        for row in scores[contact["contact_id"]]:
            yield {
                **record,
                **_part(contact, "contact_id", "email"),
                "score_id": row["id"],
                "score_sheet_name": row["name"],
                "score": float(row["score"]),
            }


def crm_form_submissions(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__crm_form_submissions``."""
    titles = {row["id"]: row["name"] for row in loaded.records["forms"]}
    of_contacts, of_rows = defaultdict(list), defaultdict(list)
    for row in entries(loaded):
        of_contacts[row["contact_id"]].append(row)
    for row in loaded.records["contact_activities"]:
        of_rows[row["contact_id"]].append(row)
    records = [*_once(crm_keys(loaded), *OF_A_RECORD, "contact_id", "list_contact_id")]
    with_history = {one["crm_id_15"] for one in records if of_contacts[one["contact_id"]]}
    for record in records:
        if record["contact_id"]:
            history = of_contacts[record["contact_id"]]
            record["list_contact_id"] = None
        elif record["crm_id_15"] in with_history:
            continue
        else:
            history = of_rows[record["list_contact_id"]]
        for entry in history:
            if entry["verb"] in SUBMISSIONS:
                yield {
                    **record,
                    "activity_id": entry["id"],
                    "submitted_at": entry["activity_at"],
                    "verb_name": entry["verb_name"],
                    "form_id": entry["object_id"],
                    "form_name": titles.get(entry["object_id"]),
                    "what": entry["what"],
                }


def crm_memberships(loaded: Loaded) -> Iterator[Record]:
    """Work out ``acton__crm_memberships``."""
    segments = segments_of(loaded)
    segment_names = {row["id"]: row["name"] for row in loaded.records["segments"]}
    list_names = {row["id"]: row["name"] for row in loaded.records["lists"]}
    lists = {row["contact_id"]: row["list_id"] for row in loaded.records["list_members"]}
    found = []
    for record in crm_keys(loaded):
        for segment_id in segments[record["contact_id"]] & {*segment_names}:
            name = segment_names[segment_id]
            found.append({**record, "kind": "segment", "list_id": segment_id, "list_name": name})
        list_id = lists.get(record["list_contact_id"])
        if list_id in list_names:
            name = list_names[list_id]
            found.append({**record, "kind": "list", "list_id": list_id, "list_name": name})
    return _once(found, *OF_A_RECORD, "kind", "list_id", "list_name")


def _suppressed(loaded: Loaded, reasons: Iterable[str]) -> Iterator[tuple[Record, Record]]:
    listed = defaultdict(list)
    for row in suppressions(loaded):
        if row["reason"] in reasons:
            listed[row["email"]].append(row)
    for record in _once(crm_keys(loaded), *OF_A_RECORD, "email"):
        for row in listed[record["email"]]:
            yield record, row


def _contacts_of_records(loaded: Loaded) -> Iterator[tuple[Record, Record]]:
    known = {row["contact_id"]: row for row in contacts(loaded)}
    for record in _once(crm_keys(loaded), *OF_A_RECORD, "contact_id"):
        contact = known.get(record.pop("contact_id"))
        if contact:
            yield record, contact


def _once(rows: Iterable[Record], *columns: str) -> Iterator[Record]:
    """Give some columns of rows, each combination once."""
    parts = {tuple(row[column] for column in columns) for row in rows}
    return (dict(zip(columns, part, strict=True)) for part in parts)


def _part(row: Record, *columns: str) -> dict[str, Any]:
    return {column: row[column] for column in columns}
