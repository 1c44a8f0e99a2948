"""What the catalog leaves out: columns that are deselected, and columns that it does not know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contract.harness import Bench

STREAMS = ("list_members", "contacts", "custom_object_records", "opt_outs", "message_reports")
BAGS = ("fields", "custom_fields", "extra_fields")


def changed(discovered: dict[str, Any], *, deletes: bool) -> dict[str, Any]:
    """Delete or deselect the columns that a stream can do without, but for the bags."""
    for entry in discovered["streams"]:
        properties = entry["schema"]["properties"]
        needed = {*entry["key_properties"], entry.get("replication_key"), *BAGS}
        for name in [name for name in properties if name not in needed]:
            if deletes:
                del properties[name]
            else:
                (metadata,) = (
                    item["metadata"]
                    for item in entry["metadata"]
                    if item["breadcrumb"] == ["properties", name]
                )
                metadata["selected"] = False
    return discovered


@pytest.mark.parametrize("settings", [{}, {"stream_maps": {"*": {"a": "1"}}}])
def test_records_follow_the_schemas_of_a_saved_catalog(
    bench: Bench, settings: dict[str, Any]
) -> None:
    """Whether this tap writes the records, or the SDK does."""
    discovered = changed(bench.discover(), deletes=True)
    found = bench.run(streams=STREAMS, discovered=discovered, **settings)
    assert found.failure is None
    for stream in STREAMS:
        (schema,) = (one["schema"] for one in found.of_type("SCHEMA") if one["stream"] == stream)
        assert found.records[stream]
        assert {tuple(sorted(row)) for row in found.records[stream]} == {
            tuple(sorted(schema["properties"]))
        }
    assert all(row["extra_fields"]["sent"] >= 0 for row in found.records["message_reports"])
    assert all("@" in row["extra_fields"]["email"] for row in found.records["list_members"])


def test_what_is_deselected_is_in_no_other_column(bench: Bench) -> None:
    discovered = bench.discover()
    whole = bench.run(streams=STREAMS, discovered=discovered)
    found = bench.run(streams=STREAMS, discovered=changed(discovered, deletes=False))
    assert found.failure is None
    for stream in STREAMS:
        assert len(found.records[stream]) == len(whole.records[stream])
    assert any(row["custom_fields"] for row in whole.records["contacts"])
    # The account's schema does not name the field 99, so it has no column.
    assert not any({*(row["custom_fields"] or {})} - {"99"} for row in found.records["contacts"])
    assert any(row["fields"] for row in whole.records["custom_object_records"])
    assert not any(row["fields"] for row in found.records["custom_object_records"])
    for stream in ("contacts", "list_members"):
        addresses = {row["email"] for row in whole.records[stream] if row["email"]}
        told = json.dumps(found.records[stream])
        assert addresses
        assert not [address for address in addresses if json.dumps(address) in told]
