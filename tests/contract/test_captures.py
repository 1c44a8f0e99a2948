"""Every capture is read by the whole tap, as the account that it was made of."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from acton_sandbox import Account, Choices
from acton_sandbox.replay import Replay
from acton_sandbox.spoiling import rows_of
from tap_acton import schemas
from tap_acton.check.capture import capture
from tap_acton.sync.run import Run
from tests.captures import FILES
from tests.captures.__main__ import SHIFT
from tests.captures.runs import common_runs
from tests.contract.conftest import NOW
from tests.contract.in_process import bench_in_process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acton_sandbox.answers import Answer
    from tap_acton.api.exchange import Exchange
    from tests.contract.harness import Bench, Output

PAGED = {
    "messages": "/api/1/message",
    "message_events": "/api/1/message/[^/]+/report/[A-Z_]+",
    "lists": "/api/1/list",
    "list_members": "/api/1/list/[^/]*[-0-9][^/]*.*datequalifiers.*",
    "hard_bounces": "/api/1/list/hardbounce",
    "opt_outs": "/api/1/list/optout",
    "spam_complaints": "/api/1/list/spamcomplaint",
    "subscription_opt_outs": "/api/1/subscription/optout",
    "contacts": r"/ucl/v2/([^/]+/contact/|segment/contacts/[^/]+/list/[^/]+) \[\]",
    "segments": "/ucl/v2/[^/]+/segment/",
    "segment_contacts": "/ucl/v2/[^/]+/segment/[^/]+/contacts",
}
"""The paths of streams that have a record for each row of their pages."""

COLUMNS = {
    file.stem: {*json.loads(file.read_text(encoding="utf-8"))["properties"]}
    for file in Path(schemas.__file__).parent.glob("*.json")
}
"""The columns that every account has."""

UNDOCUMENTED = frozenset(
    {
        *("headers", "footers", "campaigns", "campaign_details", "senders", "seo_keywords"),
        *("media_messages", "landing_page_details", "landing_page_urls", "form_urls"),
        *("segments", "contacts", "segment_contacts", "import_definitions"),
        *("contact_history", "contact_scores", "contact_segments"),
        *("custom_object_schemas", "custom_object_datasets", "custom_object_records"),
    }
)
"""Streams of which no document says what holds the rows."""

EDITION_2024 = next(file for file in FILES if file.stem == "sandbox_2024")
NAMES_OF_ROWS = ("data", "content", "source")
"""What may hold them, besides what holds them in the capture."""

UNKNOWN = "fieldOfNobody"

AS_ASKED = frozenset({"count", "offset", "page", "pageNumber", "pageSize"})


class Served(Replay):
    """A replay that keeps the rows that it has answered, by path and query."""

    def __init__(self, document: Any, rows: int = 0) -> None:
        super().__init__(document, rows)
        self.rows: dict[str, dict[int, Any]] = defaultdict(dict)

    def answer(
        self, view: Any, path: str, query: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        answer = super().answer(view, path, query, body)
        # A single row is requested to find a recipient, or to see that a call succeeds.
        is_single = query.get("count") == "1"
        if (
            body is None
            and not is_single
            and answer.status == 200
            and "json" in answer.content_type
        ):
            page = int(query.get("page") or query.get("pageNumber") or 0)
            start = int(query.get("offset", 0)) + page * int(query.get("pageSize", 0))
            others = sorted((k, v) for k, v in query.items() if k not in AS_ASKED)
            rows = rows_of(json.loads(answer.body))
            self.rows[f"{path} {others}"].update(enumerate(rows, start))
        return answer

    def rows_at(self, pattern: str) -> int:
        """Count the rows that were answered on paths."""
        return sum(
            len(rows) for call, rows in self.rows.items() if re.fullmatch(f"{pattern}( .*)?", call)
        )


@contextmanager
def replaying(replay: Replay) -> Iterator[Bench]:
    """Put a capture behind the sandbox."""
    account = Account.generate(size="small", now=NOW)
    with bench_in_process(account, answers=replay) as bench:
        yield bench


def everything(bench: Bench) -> Output:
    """Read whatever the tap can read, with the columns of the account."""
    return bench.run(discovered=bench.discover(), optional_streams=["*"])


def schemas_of(output: Output) -> dict[str, Any]:
    return {message["stream"]: message["schema"] for message in output.of_type("SCHEMA")}


def marked(document: Any) -> set[str]:
    """Add a field that nobody knows to every row, and give the streams whose rows have it."""
    streams = set()
    for entry in document["answers"]:
        rows = rows_of(entry.get("JSON")) if entry["status"] == 200 else []
        for row in rows:
            if isinstance(row, dict) and "headers" not in row:
                row[UNKNOWN] = "seen"
                streams.add(entry["stream"])
    return streams


def rewrapped(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Give rows that no document describes, and that are in an object, another field there."""
    for entry in document["answers"]:
        match entry.get("rows"):
            case {"at": [place]} if entry["stream"] in UNDOCUMENTED:
                entry["rows"]["at"] = [name]
                entry["JSON"] = {
                    name if key == place else key: held for key, held in entry["JSON"].items()
                }
    return document


@pytest.mark.parametrize(
    ("file", "name"),
    [*((file, "") for file in FILES), *((EDITION_2024, name) for name in NAMES_OF_ROWS)],
    ids=lambda one: getattr(one, "stem", one),
)
def test_every_row_and_field_of_a_capture_comes_out_as_its_schema_says(
    file: Path, name: str
) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    if name:
        document = rewrapped(document, name)
    with_mark = marked(document)
    served = Served(document, rows=4)
    with replaying(served) as bench:
        output = everything(bench)
    assert output.failure is None
    assert output.lines("ERROR") == []
    read = {stream: len(output.records[stream]) for stream in PAGED}
    assert read == {stream: served.rows_at(pattern) for stream, pattern in PAGED.items()}
    assert with_mark >= {"messages", "lists", "message_events"}
    for stream in with_mark & PAGED.keys():
        assert all(one["extra_fields"][UNKNOWN] == "seen" for one in output.records[stream])
    for stream, schema in schemas_of(output).items():
        validator = Draft4Validator(schema, format_checker=FormatChecker())
        for record in output.records[stream]:
            validator.validate(record)


READINGS = {"2024": Choices(), "2019": Choices(audience_center="older")}


def recorded(edition: str) -> tuple[list[Exchange], Output]:
    """Read an account, and keep every exchange."""
    exchanges: list[Exchange] = []
    account = Account.generate(seed=7, size="small", now=NOW, contacts=10)
    made = Run.__init__

    def with_recorder(run: Run, *args: Any, **more: Any) -> None:
        made(run, *args, **{**more, "recorder": exchanges.append})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "__init__", with_recorder)
        with bench_in_process(account, edition=edition, choices=READINGS[edition]) as bench:
            return exchanges, everything(bench)


def filled(output: Output) -> dict[str, tuple[set[str], int]]:
    """Give the columns of each stream that have a value: Act-On's, and the number of others."""
    found = {}
    for stream, records in output.records.items():
        columns = {name for record in records for name, held in record.items() if held is not None}
        found[stream] = (columns & COLUMNS[stream], len(columns))
    return found


def warnings(output: Output) -> Counter[str]:
    """Give the warnings, without the names and numbers in them."""
    lines = (line.split("(deleted")[0] for line in output.lines("WARNING"))
    return Counter(re.sub(r"'[^']*'|\d+|\(no URLs.*", "", line) for line in lines)


@pytest.mark.parametrize("edition", READINGS)
def test_a_replay_is_read_as_the_account_was_and_shows_no_value_of_it(edition: str) -> None:
    exchanges, original = recorded(edition)
    document = capture(exchanges, about={}, shift=SHIFT)
    assert common_runs(exchanges, document) == set()
    with replaying(Replay(json.loads(json.dumps(document)))) as bench:
        again = everything(bench)
    assert filled(again) == filled(original)
    assert warnings(again) == warnings(original)
