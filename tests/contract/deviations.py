"""Deviations from what Act-On documents, as data, and the endpoints that they may meet.

A line in `DEVIATIONS` is a deviation: a fault of the sandbox, where it is met, and what may come
of it. A line in `ENDPOINTS` is an endpoint. Every stream meets every deviation that its endpoint
can have.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acton_sandbox import Fault
from acton_sandbox.faults import VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acton_sandbox import SeenRequest


class Scope(enum.Enum):
    """Which calls meet a deviation."""

    ENDPOINT = "all calls of an endpoint"
    PARENT = "all calls about one item, such as a message or a list"
    ONCE = "the first call of each path"


class Outcome(enum.Enum):
    """What may come of a deviation besides an exit code other than 0."""

    EQUAL = "the tables equal the account"
    ROWS = "every row is there, whatever its key, and a warning says what cannot be requested"
    TYPED = "the columns equal the account; what is kept as it came does not"
    TIMES = "every row is there, and no timestamp is another one than in the account"
    BELIEVED = "rows are missing until the next run, since nothing shows that there are any"
    OFF = "the stream is switched off with a warning until the next run"


@dataclass(frozen=True)
class Endpoint:
    """A path, and which streams read it.

    Attributes:
        path: The path, with its ids in braces.
        streams: The streams whose rows it holds.
        group: Endpoints of one group deviate in the same run, since none leads to another.
        above: The streams without which it cannot be read.
        uses: The streams whose calls its streams make too, whether these are selected or not.
        parameter: The parameter that names the item it is about, where the path does not.
        key: The fields of a row that identify it.
        traits: What it has: `pages`, `total`, `folders`, `csv`, `token`, `html`; `keyless` where
            rows have no keys; `optional` where
            an account may not have it; `gone` where a 404 without a word is the documented answer
            about something that was deleted; `bare` where nothing shows whether there are rows;
            `counted` where another answer counts the rows;
            `refusable` where items may be refused for good by a code; `text` where it is
            no JSON; `endless` where nothing in it shows that it is whole.
    """

    path: str
    streams: tuple[str, ...]
    group: int
    above: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    parameter: str = ""
    key: tuple[str, ...] = ()
    traits: frozenset[str] = frozenset()

    @property
    def has_parent(self) -> bool:
        """Whether it is about one item of a listing."""
        return bool(self.parameter) or self.path.count("{") > self.path.count("{account}")

    def asked(self, requests: Sequence[SeenRequest]) -> list[SeenRequest]:
        """Give those of some requests that are calls of it."""
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", self.path))
        return [seen for seen in requests if pattern.fullmatch(seen.path)]


def _of(
    group: int,
    path: str,
    *streams: str,
    key: str = "",
    traits: str = "",
    above: str = "",
    uses: str = "",
    parameter: str = "",
) -> Endpoint:
    words = (tuple(text.split()) for text in (above, uses, key))
    above_streams, used_streams, fields = words
    return Endpoint(
        path,
        streams,
        group,
        above_streams,
        used_streams,
        parameter,
        fields,
        frozenset(traits.split()),
    )


V1, UCL, OBJECTS = "/api/1", "/ucl/v2/{account}", "/custom-objects/v1/{account}"

ENDPOINTS = (
    _of(0, f"{V1}/account/senders", "senders", key="id"),
    _of(0, f"{V1}/logo", "logos", key="id", traits="total"),
    _of(0, f"{V1}/header", "headers", key="id"),
    _of(0, f"{V1}/footer", "footers", key="id"),
    _of(0, f"{V1}/image", "images", key="id", traits="folders"),
    _of(0, f"{V1}/media/", "media", key="id", traits="folders"),
    _of(0, f"{V1}/form", "forms", key="id", traits="folders"),
    _of(0, f"{V1}/page", "landing_pages", key="id", traits="folders"),
    _of(0, f"{V1}/program", "programs", key="id", traits="folders"),
    _of(0, f"{V1}/message", "messages", key="msgId", traits="pages total"),
    _of(0, f"{V1}/campaigns", "campaigns", key="id"),
    _of(0, f"{V1}/seokeywords", "seo_keywords", key="id"),
    _of(0, f"{V1}/list", "lists", key="id", traits="pages total"),
    _of(0, f"{V1}/list/hardbounce", "hard_bounces", key="email timestamp", traits="pages"),
    _of(0, f"{V1}/list/spamcomplaint", "spam_complaints", key="email timestamp", traits="pages"),
    _of(0, f"{V1}/list/optout", "opt_outs", key="email timestamp", traits="pages"),
    _of(0, f"{V1}/subscription/category", "subscription_categories", key="id"),
    _of(0, f"{UCL}/contact/", "contacts", above="contact_fields", key="id", traits="pages total"),
    _of(0, f"{UCL}/segment/", "segments", above="contact_fields", key="id", traits="pages total"),
    _of(0, f"{UCL}/import/definition", "import_definitions", above="contact_fields", key="id"),
    _of(
        0,
        f"{OBJECTS}/schema/all",
        "custom_object_schemas",
        uses="account",
        key="id",
        traits="optional",
    ),
    _of(0, f"{V1}/seoreport", "seo_reports", parameter="url"),
    # Each kind of job in another group, lest one that is refused hide another that is wrong.
    _of(0, f"{OBJECTS}/data/status/{{id}}", "upload_jobs", uses="account"),
    _of(1, f"{V1}/header/{{id}}", "header_details", above="headers"),
    _of(1, f"{V1}/footer/{{id}}", "footer_details", above="footers"),
    _of(1, f"{V1}/image/{{id}}", "image_details", above="images"),
    _of(1, f"{V1}/media/{{id}}", "media_details", above="media"),
    _of(1, f"{V1}/media/{{id}}/report/", "media_reports", above="media"),
    _of(1, f"{V1}/media/{{id}}/report/messages", "media_messages", above="media"),
    _of(1, f"{V1}/media/{{id}}/report/views", "media_views", above="media"),
    _of(1, f"{V1}/media/{{id}}/report/timeline", "media_timeline", above="media", key="date"),
    _of(1, f"{V1}/form/{{id}}/urls", "form_urls", above="forms", traits="refusable"),
    _of(1, f"{V1}/form/{{id}}/report", "form_reports", above="forms", key="source"),
    _of(1, f"{V1}/page/{{id}}", "landing_page_details", above="landing_pages", traits="html"),
    _of(1, f"{V1}/page/{{id}}/urls", "landing_page_urls", above="landing_pages"),
    _of(1, f"{V1}/page/{{id}}/report", "landing_page_reports", above="landing_pages"),
    _of(1, f"{V1}/message/report", "message_daily_stats", above="messages", parameter="period"),
    _of(1, f"{V1}/message/{{id}}/report", "message_reports", above="messages"),
    _of(1, f"{V1}/campaigns/{{id}}", "campaign_details", above="campaigns", key="id"),
    _of(
        1,
        f"{V1}/list/l-{{id}}",
        "list_members",
        "webinar_registrants",
        above="lists",
        traits="pages total csv counted",
    ),
    # The same calls; these streams need no listing.
    _of(
        1, f"{V1}/list/l-{{id}}", "list_customers", "list_webinar", traits="pages total csv counted"
    ),
    _of(
        1,
        f"{V1}/list/rejectedUploadRecords",
        "upload_jobs",
        parameter="filename",
        traits="text",
    ),
    _of(
        1,
        f"{V1}/subscription/optout",
        "subscription_opt_outs",
        above="subscription_categories",
        parameter="category",
        key="email",
        traits="pages total",
    ),
    _of(
        1,
        f"{UCL}/segment/{{id}}/contacts",
        "segment_contacts",
        above="segments",
        key="id",
        traits="pages total gone",
    ),
    _of(
        1,
        f"{UCL}/contactReport/id/{{id}}/activity",
        "contact_history",
        above="contacts",
        traits="gone bare",
    ),
    _of(
        1,
        f"{UCL}/contactReport/id/{{id}}/scores",
        "contact_scores",
        above="contacts",
        traits="gone bare",
    ),
    _of(
        1,
        f"{UCL}/contactReport/id/{{id}}/segments",
        "contact_segments",
        above="contacts",
        traits="gone bare",
    ),
    _of(1, f"{OBJECTS}/data/all", "custom_object_datasets", above="custom_object_schemas"),
    _of(2, f"{UCL}/schema/", "contact_fields", uses="account", key="fieldId", traits="optional"),
    _of(2, f"{UCL}/import/status/{{id}}", "upload_jobs", uses="account"),
    _of(
        2,
        f"{V1}/message/{{id}}/report/{{kind}}",
        "message_events",
        above="message_reports",
        traits="pages total csv keyless counted",
    ),
    _of(
        2,
        f"{V1}/list/{{id}}/record/{{contact}}/facts",
        "contact_facts",
        "contact_activities",
        "contact_score_details",
        above="list_members",
    ),
    _of(
        2,
        f"{OBJECTS}/query/{{object}}/{{dataset}}/joinWithOther",
        "custom_object_records",
        above="custom_object_datasets",
        key="id",
        traits="token gone",
    ),
    _of(
        3,
        f"{V1}/message/{{id}}/l-{{contact}}",
        "message_contents",
        above="messages",
        uses="lists list_members message_events",
        traits="html text endless",
    ),
    _of(3, f"{V1}/list/{{id}}/status", "upload_jobs"),
    _of(3, f"{V1}/customevents/{{id}}/status", "upload_jobs"),
    _of(3, f"{V1}/account", "account", key="account_id"),
)

GROUPS = (0, 1, 2, 3)
STREAMS = tuple(stream for endpoint in ENDPOINTS for stream in endpoint.streams)


def below(streams: set[str]) -> set[str]:
    """Give streams and all that cannot be read without them."""
    found = set(streams)
    while True:
        more = {s for e in ENDPOINTS if found & {*e.above, *e.uses} for s in e.streams} - found
        if not more:
            return found
        found |= more


def users(streams: set[str]) -> set[str]:
    """Give the streams that make calls of some streams themselves."""
    return {one for e in ENDPOINTS if streams & {*e.uses} for one in e.streams}


def above(streams: set[str]) -> set[str]:
    """Give the streams without which some streams cannot be read."""
    found = {one for e in ENDPOINTS if streams & {*e.streams} for one in e.above}
    return found | above(found) if found else found


HARMLESS = {
    *(f"pages: {one}" for one in ("capped", "filtered", "behind the start", "first page again")),
    *(f"pages: {one}" for one in ("twice", "capped, by token")),
    *(f"total: {one}" for one in VALUES["total"] if one not in {"too large", "growing"}),
    *(f"body: {one}" for one in ("a mark", "utf-16", "latin-1", "packed")),
    *(f"timestamps: {one}" for one in VALUES["timestamps"] if one not in {"zero", "not available"}),
    "a null among the rows",
    "empty folders",
    "numbers as text and back",
    "stray braces",
}
"""Deviations in spite of which all is read, though all endpoints have them at once."""


@dataclass(frozen=True)
class Deviation:
    """Something that an answer has otherwise than documented.

    Attributes:
        name: What it is.
        fault: What the sandbox does.
        scope: Which calls meet it.
        traits: What an endpoint must have for it.
        without: What an endpoint must not have.
        of_key: Whether it is about the fields that identify a row.
        outcome: What may come of it.
        settings: Settings of the run.
    """

    name: str
    fault: Fault
    scope: Scope = Scope.ENDPOINT
    traits: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    of_key: bool = False
    outcome: Outcome = Outcome.EQUAL
    settings: tuple[tuple[str, object], ...] = ()

    def suits(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint can have it."""
        has_traits = self.traits <= endpoint.traits and not self.without & endpoint.traits
        has_key = bool(endpoint.key) or not self.of_key
        return has_traits and has_key and (self.scope is not Scope.PARENT or endpoint.has_parent)

    @property
    def is_harmless(self) -> bool:
        """Whether all is read in spite of it."""
        return self.name in HARMLESS

    def fault_of(self, endpoint: Endpoint, **more: object) -> Fault:
        """Give the fault of all calls of an endpoint."""
        fields = endpoint.key if self.of_key else self.fault.fields
        query = {"responseformat": "CSV"} if self.fault.kind == "table" else {}
        chosen: dict[str, object] = {
            "path_pattern": re.sub(r"\{\w+\}", "{id}", endpoint.path),
            "times": None,
            "fields": fields,
            "query": query,
            **more,
        }
        return replace(self.fault, **chosen)  # type: ignore[arg-type] # a field takes each of them


NOTHING_THERE = {
    "nothing",
    "no content",
    "null",
    "an empty object",
    "an empty array",
    "a text",
    "null data",
}
"""Bodies that may mean that there are no rows."""

ALIKE = {"a mark", "utf-16", "latin-1", "packed", "null", "more behind", "half a pack"}
"""Bodies that are like others, or harmless, wherever they are met."""

BROKEN = ("half", "badly packed", "nothing")
"""Bodies that are met once, too."""

STATUSES: Mapping[str, Fault] = {
    "400": Fault("status", status=400),
    "401": Fault("status", status=401),
    "403": Fault("status", status=403),
    "403 without a body": Fault("status", status=403, body=""),
    "404": Fault("status", status=404),
    "404 without a body": Fault("status", status=404, body=""),
    "429": Fault("status", status=429),
    "500": Fault("status", status=500),
    "503": Fault("status", status=503),
    "200 with an error": Fault("garbage", body='{"errorCode": 99999, "message": "Failed"}'),
    "redirected": Fault(
        "status", status=302, body="", headers={"Location": "https://other.example.com/"}
    ),
}
"""Answers that refuse."""

CODED = {"400", "200 with an error"}
"""Refusals by a code of Act-On's own."""

SWITCHED_OFF = {"401", "403", "403 without a body", "404", "404 without a body"}
"""Refusals that switch a stream off where all of its calls meet them."""

LOSSY_TIMESTAMPS = {
    "seconds",
    "seconds as text",
    "microseconds",
    "iso with words",
    "zero",
    "not available",
}
"""Spellings of timestamps that lose something of them."""


BROKEN_CALLS: Mapping[str, Fault] = {
    "reset": Fault("reset"),
    "half an answer": Fault("truncated"),
    "HTML": Fault("html"),
}
"""Calls without a whole answer."""

KEYS: Mapping[str, Fault] = {
    "missing": Fault("missing_fields"),
    "null": Fault("wrong_type", value=None),
    "renamed": Fault("renamed_fields"),
    "an object": Fault("wrong_type", value={"value": "7"}),
}
"""What becomes of the fields that identify a row. 0 is none of it: it is the id of a footer."""

TRAITS = "pages total csv keyless html gone bare refusable folders token counted text endless"

PAGES, TOTAL, CSV, KEYLESS, HTML, GONE, BARE, REFUSABLE, FOLDERS, TOKEN, COUNTED, TEXT, ENDLESS = (
    frozenset({trait}) for trait in TRAITS.split()
)
NONE: frozenset[str] = frozenset()

UNSEEN = {"half": ENDLESS, "half a pack": TEXT, "latin-1": ENDLESS, "more behind": TEXT}
"""Bodies that show nowhere, by what an answer has then: half a page is a page, the host itself
replaces what the charset of a page lacks, and what stands behind a text is a part of it."""


def _pages(value: str) -> Deviation:
    # A row that comes twice without a key is two rows; what is cut off shows by the total alone.
    traits = PAGES | TOTAL if value == "cut off" else PAGES
    without = CSV if value == "twice" else NONE
    return Deviation(f"pages: {value}", Fault("pages", value=value), traits=traits, without=without)


def _body(value: str, scope: Scope) -> Deviation:
    fault, is_nothing = Fault("body", value=value), value in NOTHING_THERE
    outcome = Outcome.BELIEVED if is_nothing else Outcome.EQUAL
    without = BARE if is_nothing else UNSEEN.get(value, NONE)
    return Deviation(f"body: {value}", fault, scope, without=without, outcome=outcome)


def _status(name: str, scope: Scope) -> Deviation:
    is_off = scope is Scope.ENDPOINT and name in SWITCHED_OFF
    outcome = Outcome.OFF if is_off else Outcome.EQUAL
    without = NONE
    if scope is not Scope.ONCE:
        without |= GONE if name.startswith("404") else NONE
        without |= REFUSABLE if name in CODED else NONE
    return Deviation(f"status: {name}", STATUSES[name], scope, without=without, outcome=outcome)


def _key(name: str, row: int | None) -> Deviation:
    which = "all rows" if row is None else "one row"
    fault = replace(KEYS[name], row=row)
    # Rows of several pages that are the same without their keys become one.
    settings = (("page_size", 100),)
    return Deviation(
        f"key of {which}: {name}", fault, of_key=True, outcome=Outcome.ROWS, settings=settings
    )


def _table(value: str) -> Deviation:
    fault, settings = Fault("table", value=value), (("bulk_format", "csv"),)
    # Of events, one in place of another cannot be noticed, since they have no keys.
    without = KEYLESS if value == "a row for another" else NONE
    return Deviation(f"csv: {value}", fault, traits=CSV, without=without, settings=settings)


def _timestamps(value: str) -> Deviation:
    outcome = Outcome.TIMES if value in LOSSY_TIMESTAMPS else Outcome.TYPED
    return Deviation(f"timestamps: {value}", Fault("timestamps", value=value), outcome=outcome)


EVERYWHERE = (Scope.ENDPOINT, Scope.PARENT)

OPTIONAL = below({s for e in ENDPOINTS if "optional" in e.traits for s in e.streams})
"""The streams of what an account may not have, which one refusal may say."""

DEVIATIONS = (
    *map(_pages, VALUES["pages"]),
    Deviation("pages: capped, by token", Fault("pages", value="capped"), traits=TOKEN),
    *(
        Deviation(f"total: {value}", Fault("total", value=value), traits=TOTAL)
        for value in VALUES["total"]
    ),
    *(_body(value, Scope.ENDPOINT) for value in VALUES["body"]),
    *(_body(value, Scope.PARENT) for value in VALUES["body"] if value not in ALIKE),
    *(_body(value, Scope.ONCE) for value in BROKEN),
    # 429 is about the pace of all calls, so where it stays it ends a run.
    *(_status(name, scope) for scope in EVERYWHERE for name in STATUSES if name != "429"),
    *(_status(name, Scope.ONCE) for name in ("403", "404", "429", "500", "503")),
    *(
        # Where pages are HTML, nobody can tell those of a proxy.
        Deviation(f"call: {name}", fault, scope, without=HTML if name == "HTML" else NONE)
        for scope in EVERYWHERE
        for name, fault in BROKEN_CALLS.items()
    ),
    *(_key(name, row) for row in (None, 1) for name in KEYS),
    *map(_table, VALUES["table"]),
    *map(_timestamps, VALUES["timestamps"]),
    Deviation("a null among the rows", Fault("null_row")),
    Deviation("empty folders", Fault("empty_folder"), traits=FOLDERS),
    *(
        Deviation("no rows", Fault("no_rows"), scope, without=BARE, outcome=Outcome.BELIEVED)
        for scope in Scope
    ),
    *(
        Deviation("a row less", Fault("fewer_rows"), scope, COUNTED, outcome=Outcome.BELIEVED)
        for scope in EVERYWHERE
    ),
    Deviation("the last row twice", Fault("duplicate_row"), traits=PAGES, without=CSV),
    Deviation("numbers as text and back", Fault("wrong_type"), outcome=Outcome.TYPED),
    # Act-On prints them in samples of JSON.
    Deviation("stray braces", Fault("stray_braces"), without=TEXT),
)
"""The catalogue."""
