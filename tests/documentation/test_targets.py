"""What the page about targets says of types, held against the types that the tests find."""

from __future__ import annotations

import re

from scripts.docs import DOCS
from tests.end_to_end.warehouses import DUCKDB_TYPES, POSTGRES_TYPES, SNOWFLAKE_TYPES

ROWS = {
    "Text": ("string",),
    "Timestamp, always in UTC": ("date-time",),
    "Date": ("date",),
    "Whole number": ("integer",),
    "Number": ("number",),
    "Yes or no": ("boolean",),
    "Object": ("object",),
    "Array": ("array of string", "array of object"),
}
"""The kinds of columns that a row of the table is about."""


def test_the_types_of_columns_are_those_that_tests_find() -> None:
    text = (DOCS / "targets.md").read_text(encoding="utf-8")
    table = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    rows = {cells[0]: cells[1:] for cells in table}
    for row, kinds in ROWS.items():
        for place, types in enumerate((DUCKDB_TYPES, POSTGRES_TYPES, SNOWFLAKE_TYPES)):
            named = set(re.findall(r"\w+(?:\[\])?", rows[row][place]))
            assert named >= {re.sub(r"^_(\w+)", r"\1[]", types[kind]) for kind in kinds}, row
    assert {kind for kinds in ROWS.values() for kind in kinds} == DUCKDB_TYPES.keys()
