"""What the documentation leaves open, and how an account answers it.

A question looks at the samples, and makes a call of its own only where they cannot answer it.
``calls`` says how many at most, if Act-On refuses none.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

from tap_acton.api.client import Call, path_part
from tap_acton.api.decoding import decode_text
from tap_acton.api.pagination import DEFAULT_PAGE_SIZE, FIRST_PAGE, Page
from tap_acton.check.findings import Behavior
from tap_acton.check.samples import calls_for
from tap_acton.check.shapes import content_type_of, decoded, form_of, is_answer, refusal_of
from tap_acton.errors import CallError, GivenUpError, GoneError
from tap_acton.records.list_table import CONTACT_ID, CREATED, MODIFIED, read_csv
from tap_acton.records.reader import EXTRA_FIELDS, is_unknown
from tap_acton.records.timestamps import milliseconds_of
from tap_acton.streams.audience_center.stream import AudienceStream
from tap_acton.streams.audience_center.time_slices import TimeSlice, second_of
from tap_acton.streams.custom_objects.fields import PREFIX
from tap_acton.streams.lists.rows import SECOND, WHOLE, ListPage
from tap_acton.streams.suppression.system_lists import UNITS, created_after
from tap_acton.sync.query import Query

if TYPE_CHECKING:
    from tap_acton.api.exchange import Exchange
    from tap_acton.check.samples import Sample, SampledPage
    from tap_acton.records.reader import Record
    from tap_acton.streams.base.tap import ActOnTap
    from tap_acton.sync.query import Response

LARGEST_PAGE = 1000
"""More rows than that are requested nowhere: the largest page of ``/api/1`` (2024 edition)."""

LARGEST_FILE = 1000
"""A list of more rows is not requested as a file."""

MOST_CANDIDATES = 2
"""So many messages are looked at to find the zone of a day."""

FEW_ROWS = 3
"""It takes so many rows to show an order."""

SYSTEM_LISTS = ("hard_bounces", "spam_complaints", "opt_outs")

PAIRS: Mapping[str, str] = {"OPENED": "opened", "CLICKED": "clicked"}
"""By kind of events the field of the report that counts them by two numbers."""

UNKNOWN_IDS: Mapping[str, str] = {
    "message_reports": "/api/1/message/s-ffffff-0001/report",
    "list_members": "/api/1/list/l-fffffff",
    "landing_page_reports": "/api/1/page/p-ffffff/report",
    "form_reports": "/api/1/form/{uuid}/report",
    "media_reports": "/api/1/media/f-{uuid}/report/",
}
"""By stream a path with an id of the documented form that no item has."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an account says to a question.

    Attributes:
        words: The answer, without any value.
        is_assumed: Whether it is what the tap assumes; None where the tap takes any answer, or
            the account's data say nothing.
        is_known: Whether the account's data say anything.
        has_failed: Whether a call failed for a reason that may pass.
        filters: What the answer says of a stream's date filter.
    """

    words: str
    is_assumed: bool | None = None
    is_known: bool = True
    has_failed: bool = False
    filters: Mapping[str, Behavior] | None = None


def unknown(why: str) -> Answer:
    """Return the answer that the account's data give none."""
    return Answer(f"This account cannot say: {why}.", is_known=False)


class Look:
    """What a question may look at.

    Args:
        tap: Whose streams make the calls.
        samples: The samples by stream.
        exchanges: What the recorder of the run gets.
        largest_page: The page size that runs are set to.
    """

    def __init__(
        self,
        tap: ActOnTap,
        samples: Mapping[str, Sample],
        exchanges: Sequence[Exchange],
        largest_page: int,
    ) -> None:
        self.tap = tap
        self.samples = samples
        self.largest_page = largest_page
        self.all_exchanges = exchanges

    def pages(self, name: str) -> list[SampledPage]:
        """Return the sampled pages of a stream that have rows; none where it was not read."""
        sample = self.samples.get(name)
        return [] if sample is None else [one for one in sample.pages if one.response.rows]

    def records(self, name: str) -> list[Record]:
        """Return the sampled records of a stream."""
        return [record for page in self.pages(name) for record in page.records]

    def exchanges(self, name: str) -> list[Exchange]:
        """Return the calls that were made for the sample of a stream."""
        sample = self.samples.get(name)
        return [] if sample is None else sample.exchanges

    def answer(self, path: str, *names: str) -> dict[str, Any]:
        """Return the object that was answered to a call for one of some streams; empty for none."""
        for exchange in chain.from_iterable(map(self.exchanges, names)):
            if exchange.path == path and is_answer(exchange):
                payload = decoded(exchange)
                return payload if isinstance(payload, dict) else {}
        return {}

    def fetch(self, name: str, query: Query, page: Page = FIRST_PAGE) -> Response:
        """Request a page in the name of a stream; a refusal is part of the response.

        Raises:
            GivenUpError: If the call fails again and again.
        """
        response: Response = self.tap.stream(name).fetch(query, page)
        if isinstance(response.problem, GivenUpError):
            raise response.problem
        return response

    def records_of(self, name: str, response: Response) -> list[Record]:
        """Make records of the rows of a page."""
        if not response.rows:
            return []
        batches = self.tap.stream(name).batches(response.rows, response.query)
        return [record for batch in batches for record in batch]

    def last(self, name: str) -> Exchange | None:
        """Return the latest call for a stream, with its answer."""
        return next(reversed(calls_for(self.tap.stream(name), self.all_exchanges)), None)


Ask: TypeAlias = Callable[[Look], Answer]


@dataclass(frozen=True, slots=True)
class Question:
    """A question that the documentation leaves open.

    Attributes:
        name: How machines know it.
        text: The question.
        streams: The streams whose samples answer it; none where no sample can.
        ask: Answers it.
        calls: How many calls it makes at most.
    """

    name: str
    text: str
    streams: tuple[str, ...]
    ask: Ask
    calls: int = 0


# Messages


def meaning_of_pairs(look: Look) -> Answer:
    """Compare the two numbers of a report with the events themselves."""
    for page in look.pages("message_events"):
        query, rows, total = page.response.query, page.records, page.response.total
        report, _, kind = query.path.rpartition("/")
        pair = look.answer(report, "message_events", "message_reports").get(PAIRS.get(kind, ""))
        is_whole = total is None or total <= len(rows)
        if isinstance(pair, list) and len(pair) == 2 and is_whole:  # noqa: PLR2004 - a pair
            contacts = len({record["contact_id"] or record["email"] for record in rows})
            if (meaning := _meaning(pair, len(rows), contacts)) is not None:
                return meaning
    return unknown("no message with few opens or clicks tells both apart")


def _meaning(pair: list[Any], events: int, contacts: int) -> Answer | None:
    first, second = pair
    if first == second:
        return None
    if (first, second) == (contacts, events):
        return Answer("The first counts contacts, the second all events.", is_assumed=True)
    if (first, second) == (events, contacts):
        return Answer("The first counts all events, the second contacts.", is_assumed=False)
    if contacts == events and events in pair:
        which = "first" if events == first else "second"
        return Answer(f"As many events come as the {which} says, one per contact.")
    return Answer("Neither is the number of the events that come.", is_assumed=False)


def order_of_events(look: Look) -> Answer:
    """Look at the order of the events on each page that has enough of them."""
    pages = [
        [record["event_at"] for record in page.records] for page in look.pages("message_events")
    ]
    shown = [times for times in pages if len(set(times)) >= FEW_ROWS]
    if not shown:
        return unknown("no kind of events has enough of them on one page")
    if all(times == sorted(times) for times in shown):
        return Answer("The oldest come first.")
    if all(times == sorted(times, reverse=True) for times in shown):
        return Answer("The newest come first.")
    return Answer("They are in no order of time.")


def zone_of_a_day(look: Look) -> Answer:
    """Find a message whose day is another one in UTC, and see to which day it was counted."""
    zone, stats = look.tap.run.zone, look.pages("message_daily_stats")
    if zone is None:
        return unknown("Act-On does not report the account's time zone")
    if not stats:
        return unknown("there are no daily totals")
    messages = look.records("messages")
    candidates = []
    for message in messages:
        if message["message_type"] == "SENT" and message["sent_at"]:
            utc = datetime.fromisoformat(message["sent_at"])
            with suppress(OverflowError):
                local = utc.astimezone(zone)
                if local.date() != utc.date():
                    candidates.append((message["id"], local.date(), utc.date()))
    for message_id, local_day, utc_day in candidates[:MOST_CANDIDATES]:
        report = look.tap.stream("message_reports").query_of({"id": message_id, "sent_at": None})
        records = look.records_of("message_reports", look.fetch("message_reports", report))
        number = records[0]["sent"] if records else None
        if not number:
            continue
        counts: dict[str, int] = {}
        for month in {local_day.replace(day=1), utc_day.replace(day=1)}:
            query = look.tap.stream("message_daily_stats").query_of_month(month)
            found = look.records_of("message_daily_stats", look.fetch("message_daily_stats", query))
            counts |= {record["date"]: record["sent"] or 0 for record in found}
        is_local = counts.get(local_day.isoformat(), 0) >= number
        is_utc = counts.get(utc_day.isoformat(), 0) >= number
        if is_local != is_utc:
            words = "the account's time zone" if is_local else "UTC"
            return Answer(f"A day is one of {words}.", is_assumed=is_local)
    return unknown("no message went out where the days of its zone and of UTC differ and tell it")


# Lists


def dates_of_lists(look: Look) -> Answer:
    """Say in which form the rows of a list have their dates."""
    forms: dict[str, None] = {}
    has_failed = False
    for page in look.pages("list_members"):
        for row, record in zip(page.response.rows, page.records, strict=True):
            for name, column in ((CREATED[0], "created_at"), (MODIFIED[0], "modified_at")):
                if row.get(name) not in (None, ""):
                    forms[form_of(row[name])] = None
                    has_failed |= record[column] is None
    if not forms:
        return unknown("no list has rows with dates")
    return Answer(f"As {' or '.join(forms)}.", is_assumed=not has_failed)


def place_of_ids(look: Look) -> Answer:
    """Say where in a list the ids of the contacts are."""
    for page in look.pages("list_members"):
        if isinstance(page.response.rows, ListPage):
            headers = page.response.rows.headers
            if CONTACT_ID not in headers:
                return Answer("No header names it; it is looked for among the cells.")
            where = "behind" if headers.index(CONTACT_ID) else "before"
            return Answer(f"It stands {where} the list's own columns.")
    return unknown("no list has rows")


def filter_of_lists(look: Look) -> Answer:
    """Request what of a list changed after the middle one of its rows."""
    name = "list_members"
    for page in look.pages(name):
        times = sorted({record["modified_at"] for record in page.records if record["modified_at"]})
        if len(times) < FEW_ROWS:
            continue
        middle = times[len(times) // 2]
        parameters = {**WHOLE, "modafter": milliseconds_of(middle) - SECOND}
        query = replace(page.response.query, parameters=parameters)
        response = look.fetch(name, query, Page(size=LARGEST_PAGE))
        if response.problem is not None:
            return _filtered(name, "It is refused.", is_heeded=False)
        found = {record["modified_at"] or "" for record in look.records_of(name, response)}
        if any(_is_before(one, middle) for one in found):
            return _filtered(name, "It is ignored: earlier rows come, too.", is_heeded=False)
        if middle not in found and len(response.rows) < response.page.count:
            return _filtered(name, "It leaves out rows that it should not.", is_heeded=False)
        counts_all = response.total == page.response.total and page.response.total is not None
        words = "all rows of the list" if counts_all else "the rows that pass"
        return _filtered(name, f"It works, in milliseconds; the total counts {words}.")
    return unknown("no list has enough rows that changed at different times")


def _is_before(timestamp: str, other: str) -> bool:
    """Return whether a timestamp is certainly earlier: some have no more than minutes."""
    margin = 60 * SECOND
    return bool(timestamp) and milliseconds_of(timestamp) < milliseconds_of(other) - margin


def _filtered(name: str, words: str, *, is_heeded: bool = True) -> Answer:
    behavior = Behavior.AS_ASSUMED if is_heeded else Behavior.OTHERWISE
    return Answer(words, is_assumed=is_heeded, filters={name: behavior})


def ids_in_csv(look: Look) -> Answer:
    """Request a list as a file, and compare its headers with those of the JSON."""
    for page in look.pages("list_members"):
        rows, query, total = page.response.rows, page.response.query, page.response.total
        if not isinstance(rows, ListPage) or (total or len(rows)) > LARGEST_FILE:
            continue
        call = Call(
            query.path, "list_members, CSV", "list_members", {**WHOLE, "responseformat": "CSV"}
        )
        try:
            text = look.tap.run.client.read(call, lambda payload: payload, decode_text)
            headers, lines = read_csv(text) if isinstance(text, str) else ([], [])
        except ValueError:
            return Answer("The file is not CSV.", is_assumed=False)
        except GivenUpError:
            raise
        except CallError:
            last = look.last("list_members")
            refused = "" if last is None else f": {refusal_of(last)}"
            return Answer(f"Act-On refuses the file{refused}.", is_assumed=False)
        last = look.last("list_members")
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
        parts.append("behind a mark of UTF-8")
    return Answer(f"{', '.join(parts)}.")


def case_of_listing_types(look: Look) -> Answer:
    """Say in which case the type of a listing was understood."""
    sample = look.samples.get("lists")
    if sample is None or not look.pages("lists"):
        return unknown("no listing has rows")
    if sample.forms:
        return Answer("In upper case only.")
    return Answer("In lower case, as documented.", is_assumed=True)


def unit_of_filter(look: Look) -> Answer:
    """Request the later half of a list in each unit, and see which one leaves out the rest."""
    for name in SYSTEM_LISTS:
        stream = look.tap.stream(name)
        column = stream.replication_key
        times = sorted({r[column] for r in look.records(name) if not is_unknown(r[column])})
        if len(times) < FEW_ROWS:
            continue
        middle = times[len(times) // 2]
        seen: dict[str, str] = {}
        for unit in UNITS:
            query = Query(stream.path, parameters=created_after(middle, timedelta(), unit))
            response = look.fetch(name, query, Page(size=LARGEST_PAGE))
            found = {record[column] for record in look.records_of(name, response)}
            seen[unit] = _effect(times, middle, found, response)
        return _unit_answer(name, seen)
    return unknown("no list of bounces, complaints or opt-outs has rows of several times")


def _effect(times: list[str], middle: str, found: set[str], response: Response) -> str:
    """Say in a word what a filter behind the middle one of some timestamps has let through."""
    if response.problem is not None:
        return "refused"
    if not found:
        return "nothing"
    earlier = {one for one in times if milliseconds_of(one) < milliseconds_of(middle) - SECOND}
    later = {one for one in times if one > middle}
    is_full = len(response.rows) >= response.page.count
    if found >= earlier:
        return "everything"
    has_earlier = any(milliseconds_of(one) < milliseconds_of(middle) - SECOND for one in found)
    if has_earlier or not (found >= later or is_full):
        return "others"
    return "later, and the very timestamp" if middle in found else "later"


def _unit_answer(name: str, seen: Mapping[str, str]) -> Answer:
    proven = [unit for unit, effect in seen.items() if effect.startswith("later")]
    if proven:
        words = f"It takes {proven[0]}"
        if proven[0] == "milliseconds":
            is_inclusive = "very" in seen[proven[0]]
            words += f", and {'includes' if is_inclusive else 'leaves out'} the very timestamp"
        return Answer(f"{words}.", is_assumed=True, filters={name: Behavior.AS_ASSUMED})
    other = {name: Behavior.OTHERWISE}
    effects = set(seen.values())
    if effects == {"refused"}:
        return Answer("It is refused; the lists are read whole.", filters=other)
    if "others" in effects:
        return Answer(
            "It compares another timestamp than the row's; the lists are read whole.", filters=other
        )
    if effects == {"everything"}:
        return Answer("It is ignored; the lists are read whole.", filters=other)
    return Answer("It works in neither unit; the lists are read whole.", filters=other)


# The Audience Center


def largest_page(look: Look) -> Answer:
    """Request a page of contacts that is as large as runs request them."""
    pages, size = look.pages("contacts"), min(LARGEST_PAGE, look.largest_page)
    first = pages[0].response
    if size <= DEFAULT_PAGE_SIZE or (first.total or len(first.rows)) < DEFAULT_PAGE_SIZE:
        return unknown("page_size, or the number of contacts, is no larger than the usual page")
    response = look.fetch("contacts", first.query, Page(size=size))
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


def filter_of_contacts(look: Look) -> Answer:
    """Request the contacts that changed after the middle one."""
    name, pages = "contacts", look.pages("contacts")
    times = sorted({r["updated_at"] for r in look.records(name) if r["updated_at"]})
    stream = look.tap.stream(name)
    if isinstance(stream, AudienceStream) and stream.is_older:
        return Answer("The older paths have none.")
    if len(times) < FEW_ROWS:
        return unknown("not enough contacts changed at different times")
    middle = times[len(times) // 2]
    parameters = TimeSlice(begin=second_of(middle)).filters
    query = replace(pages[0].response.query, parameters=parameters)
    response = look.fetch(name, query)
    if response.problem is not None:
        return _filtered(name, "It is refused.", is_heeded=False)
    found = [record["updated_at"] for record in look.records_of(name, response)]
    if any(_is_before(one or "", middle) for one in found):
        words = "It is ignored: contacts that changed before come, too."
        return _filtered(name, words, is_heeded=False)
    if not found:
        return _filtered(name, "It leaves out contacts that it should not.", is_heeded=False)
    whole = pages[0].response.total
    counts_all = response.total == whole and whole is not None
    words = "all contacts" if counts_all else "those that pass"
    return _filtered(name, f"It works, in seconds; the total counts {words}.")


def dates_of_contacts(look: Look) -> Answer:
    """Say in which form contacts have their dates."""
    forms = {
        form_of(row[name]): None
        for page in look.pages("contacts")
        for row in page.response.rows
        for name in ("createdDate", "updatedDate", "Created Date", "Modified Date")
        if row.get(name) not in (None, "")
    }
    if not forms:
        return unknown("no contact has a date")
    has_failed = any(record["updated_at"] is None for record in look.records("contacts"))
    return Answer(f"As {' or '.join(forms)}.", is_assumed=not has_failed)


def names_of_contacts(look: Look) -> Answer:
    """Say by what the values of a contact are named."""
    labels = {"First Name", "Last Name", "Created Date", "Modified Date"}
    for page in look.pages("contacts"):
        if labels & {*page.response.rows[0]}:
            return Answer("By the labels of the fields.")
        return Answer("By the documented properties.", is_assumed=True)
    return unknown("there are no contacts")


def order_of_contacts(look: Look) -> Answer:
    """Look at the order of the contacts on a page."""
    for column, words in (("created_at", "were created"), ("updated_at", "last changed")):
        for page in look.pages("contacts")[:1]:
            times = [record[column] or "" for record in page.records]
            if len(set(times)) >= FEW_ROWS and times in (sorted(times), sorted(times)[::-1]):
                return Answer(f"As they {words}.")
    if len(look.records("contacts")) < FEW_ROWS:
        return unknown("there are too few contacts")
    return Answer("In another one than that of their dates.")


def multiple_texts(look: Look) -> Answer:
    """Say how a field of several texts comes."""
    fields = [row for page in look.pages("contact_fields") for row in page.response.rows]
    several = {
        str(field.get(key))
        for field in fields
        if str(field.get("type")).upper() == "MULTI-TEXT"
        for key in ("columnIndex", "name", "fieldId")
    }
    for page in look.pages("contacts"):
        for row in page.response.rows:
            custom = row.get("customFields")
            values = {**row, **(custom if isinstance(custom, dict) else {})}
            for name in several & values.keys():
                if values[name] not in (None, ""):
                    is_array = isinstance(values[name], list)
                    return Answer("As an array." if is_array else "As one text.")
    return unknown("no contact has a value of such a field")


# Custom objects


def naming_of_objects(look: Look) -> Answer:
    """Say whether the list of all datasets names the object of each."""
    pages = look.pages("custom_object_datasets")
    if not pages:
        return unknown("there are no datasets")
    has_own = any(page.response.query.item is not None for page in pages)
    return Answer("No: those of each object are requested." if has_own else "Yes.")


def ids_of_records(look: Look) -> Answer:
    """Say whether records of custom objects have ids of their own."""
    for page in look.pages("custom_object_records"):
        prefixed = any(name.startswith(PREFIX) for name in page.response.rows[0])
        given = {name.removeprefix(PREFIX) for name in page.response.rows[0]}
        has_id = bool(given & {"sys.id", "id", "recordId", "_id", "sys"})
        words = "They have one" if has_id else "They have none; the tap makes one of their values"
        return Answer(f"{words}. Names {'have' if prefixed else 'are without'} the prefix.")
    return unknown("there are no records")


def values_of_records(look: Look) -> Answer:
    """Say whether the values of custom objects come as JSON has them, or as texts."""
    for page in look.pages("custom_object_records"):
        values = [value for record in page.records for value in (record["fields"] or {}).values()]
        if any(isinstance(value, bool | int | float | list) for value in values):
            return Answer("As JSON has them: numbers are numbers.")
        return Answer("As texts alone.")
    return unknown("there are no records")


def answers_of_records(look: Look) -> Answer:
    """Say how records come: content type, order, size, token."""
    sample, pages = look.samples.get("custom_object_records"), look.pages("custom_object_records")
    good = [one for one in look.exchanges("custom_object_records") if one.status == 200]  # noqa: PLR2004 - OK
    if sample is None or not pages or not good:
        return unknown("there are no records")
    parts = [f"As {content_type_of(good[0]).partition(';')[0] or 'no content type'}"]
    changed = [old for old, new in sample.forms if old.parameters and not new.parameters]
    parts.append("without an order, which is refused" if changed else "in the order requested")
    if any(new.first.size for _, new in sample.forms):
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


# All of them


def edition(look: Look) -> Answer:
    """Say which edition's names the fields of messages have."""
    for page in look.pages("messages"):
        names = {*page.response.rows[0]}
        if "msgId" in names:
            return Answer("Those of the 2024 edition.", is_assumed=True)
        if "msg_id" in names:
            return Answer("Those of the 2019 edition.", is_assumed=True)
        return Answer("Others than both editions have.", is_assumed=False)
    return unknown("there are no messages")


def slash_of_media(look: Look) -> Answer:
    """Say whether paths of media end in a slash."""
    sample = look.samples.get("media")
    if sample is None or not sample.pages:
        return unknown("media are not offered")
    return Answer("Without one." if sample.forms else "With one, as documented.")


def fields_of_events(look: Look) -> Answer:
    """Say which kinds of events have fields without a column, or fields that do not fit."""
    kinds: dict[str, bool] = {}
    for page in look.pages("message_events"):
        kind = page.response.query.given["event_type"]
        kinds[kind] = any(record[EXTRA_FIELDS] for record in page.records)
    if not kinds:
        return unknown("no message has events")
    others = [kind for kind, has_extra in kinds.items() if has_extra]
    if others:
        words = f"Fields without a column come with {', '.join(others)}."
        return Answer(words, is_assumed=False)
    return Answer(f"They have columns: {', '.join(kinds)} were looked at.", is_assumed=True)


def refusal_of_unknown_ids(look: Look) -> Answer:
    """Request what does not exist, of several endpoints that are offered."""
    told: dict[str, list[str]] = {}
    unlike = False
    for name, path in UNKNOWN_IDS.items():
        if not look.pages(name):
            continue
        stream = look.tap.stream(name)
        query = Query(
            path.format(uuid=path_part(str(uuid4()))),
            given={stream.id_column: "none"},
            parameters=WHOLE if name == "list_members" else {},
            subject=f"{stream.item} that does not exist",
            item={"id": "none"},
        )
        # Here a failure of the server is an answer, too.
        problem = stream.fetch(query, FIRST_PAGE).problem
        last = look.last(name)
        unlike |= not isinstance(problem, GoneError)
        said = "with an answer" if problem is None or last is None else refusal_of(last)
        told.setdefault(said, []).append(name)
    if not told:
        return unknown("no endpoint of single items has rows")
    words = "; ".join(f"{said} ({', '.join(names)})" for said, names in told.items())
    return Answer(f"{words}.", is_assumed=not unlike)


def too_many_calls(_: Look) -> Answer:
    """Say why that is not tried."""
    return Answer(
        "Not tried: it would take more calls than are allowed. A run recognizes several refusals.",
        is_known=False,
    )


QUESTIONS = (
    Question("field_names", "Which names do fields have?", ("messages",), edition),
    Question(
        "pairs",
        "What do the two numbers of opens and clicks count?",
        ("message_events",),
        meaning_of_pairs,
    ),
    Question("event_fields", "Do all events have columns?", ("message_events",), fields_of_events),
    Question("event_order", "In which order do events come?", ("message_events",), order_of_events),
    Question(
        "day_zone",
        "In which time zone is a day of the daily totals?",
        ("message_daily_stats", "messages", "message_reports"),
        zone_of_a_day,
        calls=3 * MOST_CANDIDATES,
    ),
    Question("list_dates", "How do list rows spell dates?", ("list_members",), dates_of_lists),
    Question(
        "list_ids", "Where do list rows have the contact's id?", ("list_members",), place_of_ids
    ),
    Question(
        "list_filter",
        "Does the date filter of lists work?",
        ("list_members",),
        filter_of_lists,
        calls=1,
    ),
    Question("csv_ids", "Does CSV hold ids?", ("list_members",), ids_in_csv, calls=1),
    Question(
        "listing_types",
        "In which case are the types of listings understood?",
        ("lists",),
        case_of_listing_types,
    ),
    Question(
        "filter_unit",
        "Which unit does the date filter of bounces, complaints and opt-outs take?",
        SYSTEM_LISTS,
        unit_of_filter,
        calls=2,
    ),
    Question(
        "largest_page",
        "How large is the largest page of the Audience Center?",
        ("contacts",),
        largest_page,
        calls=6,
    ),
    Question(
        "contact_filter",
        "Does the date filter of contacts work?",
        ("contacts",),
        filter_of_contacts,
        calls=1,
    ),
    Question("contact_dates", "How do contacts spell dates?", ("contacts",), dates_of_contacts),
    Question("contact_names", "What names a contact's values?", ("contacts",), names_of_contacts),
    Question("contact_order", "In which order do contacts come?", ("contacts",), order_of_contacts),
    Question(
        "multiple_texts",
        "How does a field of several texts come?",
        ("contacts", "contact_fields"),
        multiple_texts,
    ),
    Question(
        "dataset_objects",
        "Does the list of datasets name their objects?",
        ("custom_object_datasets",),
        naming_of_objects,
    ),
    Question(
        "record_ids",
        "Do records of custom objects have ids?",
        ("custom_object_records",),
        ids_of_records,
    ),
    Question(
        "record_values",
        "How do records of custom objects hold their values?",
        ("custom_object_records",),
        values_of_records,
    ),
    Question(
        "record_pages",
        "How do records of custom objects come?",
        ("custom_object_records",),
        answers_of_records,
    ),
    Question("media_slash", "Do paths of media end in a slash?", ("media",), slash_of_media),
    Question(
        "unknown_ids",
        "How is an unknown id refused?",
        tuple(UNKNOWN_IDS),
        refusal_of_unknown_ids,
        calls=len(UNKNOWN_IDS),
    ),
    Question("too_many_calls", "How is a call too many refused?", (), too_many_calls),
)
"""The questions, in the order in which they are answered."""
