"""Lists and their rows."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import replace
from typing import TYPE_CHECKING

from tap_acton.api.client import Call
from tap_acton.api.decoding import decode_text
from tap_acton.api.pagination import Page
from tap_acton.check.questions.base import (
    LARGEST_PAGE,
    Answer,
    DateFilter,
    effect_of,
    middle_of,
    question,
    unknown,
)
from tap_acton.check.shapes import pattern_of, refusal_of
from tap_acton.errors import CallError, GivenUpError
from tap_acton.records.list_table import CONTACT_ID, CREATED, MODIFIED, read_csv
from tap_acton.records.timestamps import milliseconds_of
from tap_acton.streams.lists.rows import SECOND, WHOLE, ListPage

if TYPE_CHECKING:
    from tap_acton.check.questions.base import Samples


@question(
    "How do list rows spell dates?",
    "list_members",
)
def list_dates(samples: Samples) -> Answer:
    """Say in which form the rows of a list have their dates."""
    forms: dict[str, None] = {}
    has_failed = False
    for page in samples.pages("list_members"):
        for row, record in zip(page.response.rows, page.records, strict=True):
            for name, column in ((CREATED[0], "created_at"), (MODIFIED[0], "modified_at")):
                if row.get(name) not in (None, ""):
                    forms[pattern_of(row[name])] = None
                    has_failed |= record[column] is None
    if not forms:
        return unknown("no list has rows with dates")
    return Answer(f"As {' or '.join(forms)}.", is_assumed=not has_failed)


@question(
    "Where do list rows have the contact's id?",
    "list_members",
)
def list_ids(samples: Samples) -> Answer:
    """Say where in a list the ids of the contacts are."""
    for page in samples.pages("list_members"):
        if isinstance(page.response.rows, ListPage):
            headers = page.response.rows.headers
            if CONTACT_ID not in headers:
                return Answer("No header names it; it is looked for among the cells.")
            where = "After" if headers.index(CONTACT_ID) else "Before"
            return Answer(f"{where} the list's own columns.")
    return unknown("no list has rows")


@question(
    "Does the date filter of lists work?",
    "list_members",
    calls=1,
)
def list_filter(samples: Samples) -> Answer:
    """Request what of a list changed after the middle one of its rows."""
    name = "list_members"
    for page in samples.pages(name):
        middle = middle_of(record["modified_at"] for record in page.records)
        if middle is None:
            continue
        parameters = {**WHOLE, "modafter": milliseconds_of(middle) - SECOND}
        query = replace(page.response.query, parameters=parameters)
        response = samples.fetch(name, query, Page(size=LARGEST_PAGE))
        times = [one["modified_at"] or "" for one in samples.records_of(name, response)]
        tried = DateFilter(name, "milliseconds", middle, expected=middle)
        return effect_of(tried, page.response, response, times)
    return unknown("no list has enough rows that changed at different times")


LARGEST_FILE = 1000
"""A list of more rows is not requested as a file."""


@question(
    "Does CSV hold ids?",
    "list_members",
    calls=1,
)
def csv_ids(samples: Samples) -> Answer:
    """Request a list as a file, and compare its headers with those of the JSON."""
    for page in samples.pages("list_members"):
        rows, query, total = page.response.rows, page.response.query, page.response.total
        if not isinstance(rows, ListPage) or (total or len(rows)) > LARGEST_FILE:
            continue
        call = Call(
            query.path, "list_members, CSV", "list_members", {**WHOLE, "responseformat": "CSV"}
        )
        try:
            text = samples.tap.run.client.read(call, lambda payload: payload, decode_text)
            headers, lines = read_csv(text) if isinstance(text, str) else ([], [])
        except ValueError:
            return Answer("The file is not CSV.", is_assumed=False)
        except GivenUpError:
            raise
        except CallError:
            last = samples.last("list_members")
            refused = "" if last is None else f": {refusal_of(last)}"
            return Answer(f"Act-On refuses the file{refused}.", is_assumed=False)
        last = samples.last("list_members")
        has_mark = last is not None and last.content.startswith(BOM_UTF8)
        return _file_compared(rows.headers, headers, len(lines), total, has_mark=has_mark)
    return unknown(f"no list of at most {LARGEST_FILE:,} rows was read")


def _file_compared(
    wanted: list[str], headers: list[str], rows: int, total: int | None, *, has_mark: bool
) -> Answer:
    if not headers:
        return Answer("The file is not CSV.", is_assumed=False)
    parts = ["It has the ids" if CONTACT_ID in headers else "It has no ids"]
    if headers == wanted:
        parts.append("the columns of the JSON in their order")
    elif sorted(headers) == sorted(wanted):
        parts.append("the columns of the JSON in another order")
    else:
        parts.append("other headers than the JSON")
    if total is not None and rows != total:
        parts.append("but not as many rows as the total says")
    if has_mark:
        parts.append("with a UTF-8 byte-order mark")
    return Answer(f"{', '.join(parts)}.")


@question(
    "In which case are the types of listings understood?",
    "lists",
)
def listing_types(samples: Samples) -> Answer:
    """Say in which case the type of a listing was understood."""
    sample = samples.of.get("lists")
    if sample is None or not samples.pages("lists"):
        return unknown("no listing has rows")
    if sample.alternatives:
        return Answer("In upper case only.")
    return Answer("In lower case, as documented.", is_assumed=True)
