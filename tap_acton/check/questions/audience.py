"""The contacts of the Audience Center."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_acton.api.pagination import DEFAULT_PAGE_SIZE, Page
from tap_acton.check.questions.base import (
    FEW_ROWS,
    LARGEST_PAGE,
    Answer,
    DateFilter,
    effect_of,
    middle_of,
    question,
    unknown,
)
from tap_acton.check.shapes import pattern_of
from tap_acton.streams.audience_center.stream import AudienceStream
from tap_acton.streams.audience_center.time_slices import TimeSlice, second_of

if TYPE_CHECKING:
    from tap_acton.check.questions.base import Samples


@question(
    "How large is the largest page of the Audience Center?",
    "contacts",
    calls=6,
)
def largest_page(samples: Samples) -> Answer:
    """Request a page of contacts that is as large as runs request them."""
    pages, size = samples.pages("contacts"), min(LARGEST_PAGE, samples.largest_page)
    first = pages[0].response
    if size <= DEFAULT_PAGE_SIZE or (first.total or len(first.rows)) < DEFAULT_PAGE_SIZE:
        return unknown("page_size, or the number of contacts, is no larger than the usual page")
    response = samples.fetch("contacts", first.query, Page(size=size))
    rows, accepted = len(response.rows), response.page.size
    if response.problem is not None:
        return Answer("Act-On refuses every larger page.", is_assumed=False)
    if accepted < size:
        return Answer(f"Act-On refuses {size:,} rows and accepts {accepted:,}.")
    if rows < min(size, first.total or size):
        if first.total is None:
            return unknown(f"of {size:,} rows fewer came: all of them, or a page that was cut")
        return Answer(f"Act-On cuts a page of {size:,} rows to {rows:,}.")
    return Answer(f"A page of {size:,} rows comes whole.", is_assumed=True)


@question(
    "Does the date filter of contacts work?",
    "contacts",
    calls=1,
)
def contact_filter(samples: Samples) -> Answer:
    """Request the contacts that changed after the middle one."""
    name, pages = "contacts", samples.pages("contacts")
    middle = middle_of(record["updated_at"] for record in samples.records(name))
    stream = samples.tap.stream(name)
    if isinstance(stream, AudienceStream) and stream.is_older:
        return Answer("The older paths have none.")
    if middle is None:
        return unknown("not enough contacts changed at different times")
    parameters = TimeSlice(begin=second_of(middle)).filters
    query = replace(pages[0].response.query, parameters=parameters)
    response = samples.fetch(name, query)
    times = [record["updated_at"] or "" for record in samples.records_of(name, response)]
    latest = max(record["updated_at"] or "" for record in samples.records(name))
    tried = DateFilter(name, "seconds", middle, expected=latest)
    return effect_of(tried, pages[0].response, response, times)


@question(
    "How do contacts spell dates?",
    "contacts",
)
def contact_dates(samples: Samples) -> Answer:
    """Say in which form contacts have their dates."""
    forms = {
        pattern_of(row[name]): None
        for page in samples.pages("contacts")
        for row in page.response.rows
        for name in ("createdDate", "updatedDate", "Created Date", "Modified Date")
        if row.get(name) not in (None, "")
    }
    if not forms:
        return unknown("no contact has a date")
    has_failed = any(record["updated_at"] is None for record in samples.records("contacts"))
    return Answer(f"As {' or '.join(forms)}.", is_assumed=not has_failed)


@question(
    "What names a contact's values?",
    "contacts",
)
def contact_names(samples: Samples) -> Answer:
    """Say by what the values of a contact are named."""
    labels = {"First Name", "Last Name", "Created Date", "Modified Date"}
    for page in samples.pages("contacts"):
        if labels & {*page.response.rows[0]}:
            return Answer("By the labels of the fields.")
        return Answer("By the documented properties.", is_assumed=True)
    return unknown("there are no contacts")


@question(
    "In which order do contacts come?",
    "contacts",
)
def contact_order(samples: Samples) -> Answer:
    """Look at the order of the contacts on a page."""
    for column, words in (("created_at", "were created"), ("updated_at", "last changed")):
        for page in samples.pages("contacts")[:1]:
            times = [record[column] or "" for record in page.records]
            if len(set(times)) >= FEW_ROWS and times in (sorted(times), sorted(times)[::-1]):
                return Answer(f"As they {words}.")
    if len(samples.records("contacts")) < FEW_ROWS:
        return unknown("there are too few contacts")
    return Answer("Not by date.")


@question(
    "How does a field of several texts come?",
    *("contacts", "contact_fields"),
)
def multiple_texts(samples: Samples) -> Answer:
    """Say how a field of several texts comes."""
    fields = [row for page in samples.pages("contact_fields") for row in page.response.rows]
    several = {
        str(field.get(key))
        for field in fields
        if str(field.get("type")).upper() == "MULTI-TEXT"
        for key in ("columnIndex", "name", "fieldId")
    }
    for page in samples.pages("contacts"):
        for row in page.response.rows:
            custom = row.get("customFields")
            values = {**row, **(custom if isinstance(custom, dict) else {})}
            for name in several & values.keys():
                if values[name] not in (None, ""):
                    is_array = isinstance(values[name], list)
                    return Answer("As an array." if is_array else "As one text.")
    return unknown("no contact has a value of such a field")
