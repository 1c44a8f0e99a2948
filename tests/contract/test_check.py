"""The check of an account: what it says of each choice that the documents leave open."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import click
import pytest

from acton_sandbox import Account, Choices, Fault, Sandbox
from acton_sandbox.timestamps import HOUR
from tap_acton.check.command import CAPTURE_BEGINS, Checker, needed
from tap_acton.check.findings import Verdict
from tap_acton.check.questions import QUESTIONS
from tap_acton.check.words import is_documented
from tap_acton.errors import (
    EXIT_ALLOWANCE_SPENT,
    EXIT_DIFFERS,
    EXIT_FAILED,
    ActOnError,
    CallsUsedUpError,
    CredentialsError,
    SettingsError,
)
from tap_acton.streams import STREAM_TYPES
from tests.contract.conftest import NOW
from tests.contract.harness import PROJECT, catalog, config_of, environment, signals_kept
from tests.contract.in_process import bench_in_process
from tests.contract.test_marketing import PAIRS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from acton_sandbox.entities import Event, Message
    from tap_acton.check.report import Report
    from tests.contract.harness import Bench

NOTHING = "This account cannot say"
"""How an answer begins that is none."""


@pytest.fixture(scope="module")
def account() -> Account:
    """A small account with more contacts than a usual page."""
    return Account.generate(seed=7, size="small", now=NOW, contacts=120)


@contextmanager
def checker(bench: Bench, *wanted: str, **settings: Any) -> Iterator[Checker]:
    """Give a check of an account, with small pages."""
    config = bench.config(**{"page_size": 10, **settings})
    with signals_kept(), bench._pauses_skipped():
        yield Checker(config=config, wanted=wanted)


def check(bench: Bench, *wanted: str, **settings: Any) -> Report:
    """Check an account to the end."""
    with checker(bench, *wanted, **settings) as made:
        report = made.check()
    assert report.problem is None
    return report


def verdicts(report: Report) -> dict[str, str]:
    """Give the word for each stream."""
    return {found.stream: found.verdict.value for found in report.findings}


def answers(report: Report) -> dict[str, str]:
    """Give the answer to each question."""
    return {one.question.name: one.answer.words for one in report.answered}


@dataclass(frozen=True)
class Case:
    """A choice, and what the check says of it.

    Attributes:
        choices: The choice.
        streams: The streams that are checked.
        says: By stream the word for it and the reason or shape, by question the answer; of these
            the beginning.
        edition: The edition.
        page_size: The setting.
    """

    choices: Mapping[str, Any]
    streams: str
    says: Mapping[str, str]
    edition: str = "2024"
    page_size: int = 10


RECORDS = "custom_object_records"
CASES = (
    Case({}, "messages", {"messages": "right, as documented", "field_names": "Those of the 2024"}),
    Case(
        {},
        "messages",
        {"messages": "right, the older edition's", "field_names": "Those of the 2019"},
        edition="2019",
    ),
    Case({"account_endpoint": False}, "account", {"account": "not offered, HTTP 404"}),
    Case(
        {"account_endpoint": False},
        "contacts",
        {"contacts": "failed, Act-On does not report the account's number"},
    ),
    Case({}, "hard_bounces", {"hard_bounces": "right", "filter_unit": "It takes seconds."}),
    Case(
        {"suppression_filter": "milliseconds"},
        "hard_bounces",
        {"filter_unit": "It takes milliseconds, and leaves out the very timestamp."},
    ),
    Case(
        {"suppression_filter": "milliseconds", "after_is_inclusive": True},
        "hard_bounces",
        {"filter_unit": "It takes milliseconds, and includes the very timestamp."},
    ),
    Case({"suppression_filter": "ignored"}, "hard_bounces", {"filter_unit": "It is ignored"}),
    Case({"suppression_filter": "refused"}, "hard_bounces", {"filter_unit": "It is refused"}),
    Case(
        {"suppression_filter_by": "contact"},
        "hard_bounces",
        {"filter_unit": "It compares another timestamp"},
    ),
    Case({}, "lists", {"lists": "right, as documented", "listing_types": "In lower case"}),
    Case(
        {"listing_type_case": "upper"},
        "lists",
        {"lists": "right", "listing_types": "In upper case only."},
    ),
    Case(
        {},
        "list_members",
        {
            "list_members": "right, as documented",
            "list_ids": "Before the list's own columns.",
            "list_dates": "As 9999-99-99 99:99:99 AAA.",
            "list_filter": "It works, in milliseconds; the total counts the rows that pass.",
            "csv_ids": "It has the ids, the columns of the JSON in their order.",
        },
    ),
    Case(
        {},
        "list_members",
        {"list_members": "right, the older edition's", "list_ids": "After the list's own columns."},
        edition="2019",
    ),
    Case(
        {"contact_id_column": "last"}, "list_members", {"list_ids": "After the list's own columns."}
    ),
    Case(
        {"contact_id_column": "absent"},
        "contact_facts,list_members",
        {
            "contact_facts": "empty, the account has no contacts",
            "list_members": "right",
            "list_ids": "No header names it",
            "csv_ids": "It has no ids, the columns of the JSON in their order.",
        },
    ),
    Case(
        {"filtered_total": "all"},
        "list_members,contacts",
        {
            "list_filter": "It works, in milliseconds; the total counts all rows.",
            "contact_filter": "It works, in seconds; the total counts all rows.",
        },
    ),
    Case({"ids_in_csv": False}, "list_members", {"csv_ids": "It has no ids, other headers"}),
    Case(
        {"csv_columns": "reversed"},
        "list_members",
        {"csv_ids": "It has the ids, the columns of the JSON in another order."},
    ),
    Case(
        {"csv_columns": "renamed"},
        "list_members",
        {"csv_ids": "It has no ids, other headers than the JSON."},
    ),
    Case(
        {"csv_has_mark": True},
        "list_members",
        {"csv_ids": "It has the ids, the columns of the JSON in their order, with a UTF-8 byte"},
    ),
    Case(
        {"largest_csv": 5},
        "list_members",
        {
            "csv_ids": "It has the ids, the columns of the JSON in their order, but not as many "
            "rows as the total says."
        },
    ),
    Case(
        {},
        "message_events",
        {
            "message_events": "right, as documented",
            "event_order": "They are in no order of time.",
            "event_fields": "They have columns: SENT, ",
        },
    ),
    Case(
        {},
        "message_events",
        {"pairs": "The first counts contacts, the second all events."},
    ),
    Case(
        {"drilldown_order": "oldest"}, "message_events", {"event_order": "The oldest come first."}
    ),
    Case(
        {"drilldown_order": "newest"}, "message_events", {"event_order": "The newest come first."}
    ),
    Case({}, "media*", {"media": "right", "media_slash": "With one", "media_reports": "right"}),
    Case(
        {"media_slash": "without"},
        "media*",
        {"media": "right", "media_slash": "Without one.", "media_reports": "right"},
    ),
    Case(
        {"landing_page_is_html": True},
        "landing_page_details",
        {"landing_page_details": "right, a page of HTML"},
    ),
    Case(
        {},
        "campaigns,segments,contact_history",
        {
            "campaigns": "differs, an object with result",
            "segments": "differs, an object with segments",
            "contact_history": "right, a bare object",
        },
    ),
    Case(
        {"undocumented_shape": "array"},
        "campaigns,segments,contact_history",
        {
            "campaigns": "differs, an array",
            "segments": "differs, an array",
            "contact_history": "right, an array",
        },
    ),
    Case(
        {"undocumented_shape": "data"},
        "campaigns,segments",
        {"campaigns": "differs, an object with data", "segments": "differs, an object with data"},
    ),
    Case(
        {"undocumented_shape": "content"},
        "segments",
        {"segments": "differs, an object with content"},
    ),
    Case(
        {"undocumented_shape": "source"}, "segments", {"segments": "differs, an object with source"}
    ),
    Case(
        {},
        "contacts,contact_fields",
        {
            "contacts": "differs, an object with contacts",
            "contact_fields": "right",
            "contact_filter": "It works, in seconds; the total counts the rows that pass.",
            "contact_dates": "As 9999-99-99A99:99:99.999A.",
            "contact_names": "By the documented properties.",
            "contact_order": "Not by date.",
            "multiple_texts": "As one text.",
            "largest_page": f"{NOTHING}: page_size, or",
        },
    ),
    Case(
        {"audience_center": "older"},
        "contacts,segments,contact_history,segment_contacts",
        {
            "contacts": "differs, the older edition's, a table",
            "contact_history": "right, the older edition's, a bare object",
            "segments": "not offered, HTTP 404",
            "segment_contacts": "not offered",
            "contact_filter": "The older paths have none.",
        },
    ),
    Case({"audience_center": "both"}, "segments", {"segments": "differs, an object with segments"}),
    Case(
        {"audience_center": "none"},
        "contacts,contact_fields",
        {"contacts": "not offered", "contact_fields": "not offered, HTTP 404"},
    ),
    Case(
        {"audience_center": "unrouted"},
        "contacts,contact_fields",
        {"contacts": "not offered, HTTP 404", "contact_fields": "not offered"},
    ),
    Case(
        {"audience_center": "older", "segment_of_all_contacts": False},
        "contacts,contact_history",
        {"contacts": "not offered, HTTP 404", "contact_history": "not checked, contacts: "},
    ),
    Case(
        {"contact_dates": "milliseconds"},
        "contacts",
        {"contact_dates": "As milliseconds since 1970, as text."},
    ),
    Case(
        {"contact_dates": "seconds"},
        "contacts",
        {"contact_dates": "As seconds since 1970, as text."},
    ),
    Case({"contact_dates": "display"}, "contacts", {"contact_dates": "As Aaa 99 9999 99:99 "}),
    Case({"contact_keys": "names"}, "contacts", {"contact_names": "By the labels of the fields."}),
    Case(
        {"multi_text_is_array": True}, "contacts,contact_fields", {"multiple_texts": "As an array."}
    ),
    Case({}, "contacts", {"largest_page": "A page of 100 rows comes whole."}, page_size=100),
    Case(
        {"largest_contact_page": 60},
        "contacts",
        {"largest_page": "Act-On cuts a page of 100 rows to 60."},
        page_size=100,
    ),
    Case(
        {"largest_contact_page": 60, "larger_contact_page": "refused"},
        "contacts",
        {"largest_page": "Act-On refuses 100 rows and accepts 50."},
        page_size=100,
    ),
    Case({"contact_filter": "ignored"}, "contacts", {"contact_filter": "It is ignored"}),
    Case({"contact_filter": "refused"}, "contacts", {"contact_filter": "It is refused."}),
    Case({"contact_order": "updated"}, "contacts", {"contact_order": "As they last changed."}),
    Case(
        {},
        f"custom_object_datasets,{RECORDS}",
        {
            "custom_object_datasets": "differs, an object with result",
            RECORDS: "right, an object with result",
            "dataset_objects": "Yes.",
            "record_ids": "They have one. Names are without the prefix.",
            "record_values": "As JSON has them",
            "record_pages": "As application/json, in the order requested, with the next page's "
            "token at the top.",
        },
    ),
    Case({"custom_objects": "off"}, RECORDS, {RECORDS: "not offered, custom_object_schemas: "}),
    Case(
        {"custom_objects": "off"},
        "custom_object_schemas",
        {"custom_object_schemas": "not offered, HTTP 403"},
    ),
    Case(
        {"custom_objects": "missing"},
        "custom_object_schemas",
        {"custom_object_schemas": "not offered, HTTP 404"},
    ),
    Case(
        {"custom_objects": "unrouted"},
        "custom_object_schemas",
        {"custom_object_schemas": "not offered, HTTP 404"},
    ),
    Case(
        {"datasets_name_object": False},
        f"custom_object_datasets,{RECORDS}",
        {RECORDS: "right", "dataset_objects": "No: those of each object are requested."},
    ),
    Case({"record_id_field": ""}, RECORDS, {"record_ids": "They have none; the tap makes one"}),
    Case(
        {"record_key_prefix": "co."},
        RECORDS,
        {"record_ids": "They have one. Names have the prefix."},
    ),
    Case({"record_values": "uploaded"}, RECORDS, {"record_values": "As texts alone."}),
    Case(
        {"next_page_is_told_at": "pagination"},
        RECORDS,
        {
            "record_pages": "As application/json, in the order requested, with the next page's "
            "token in an object of its own."
        },
    ),
    Case({"query_answer_is_text": True}, RECORDS, {"record_pages": "As text/plain, "}),
    Case(
        {"sorting_is_offered": False},
        RECORDS,
        {"record_pages": "As application/json, without an order, which is refused"},
    ),
    Case({"largest_record_page": 5}, RECORDS, {RECORDS: "differs, Act-On refuses the call: HTTP"}),
    Case({}, "message_reports,form_reports", {"unknown_ids": "HTTP 400, code 10030 (message_"}),
    Case({}, "upload_jobs,seo_reports", {"upload_jobs": "not checked, it needs the setting job_"}),
)


def _id_of(case: Case) -> str:
    chosen = [f"{name}={value}" for name, value in case.choices.items()]
    return f"{case.edition} {' '.join(chosen)} {case.streams}"


@pytest.mark.parametrize("case", CASES, ids=_id_of)
def test_of_each_choice_the_check_says_what_it_is(account: Account, case: Case) -> None:
    with bench_in_process(account, edition=case.edition, choices=Choices(**case.choices)) as bench:
        report = check(bench, *case.streams.split(","), page_size=case.page_size)
    said = answers(report)
    for found in report.findings:
        words = found.shape or found.reason
        if found.differences and not found.shape:
            words = found.differences[0]
        said[found.stream] = f"{found.verdict}, {words}"
    assert {name: said[name][: len(words)] for name, words in case.says.items()} == case.says


def test_the_table_has_every_choice_and_every_question() -> None:
    chosen = {name for case in CASES for name in case.choices}
    elsewhere = {"api_enabled"}
    assert {one.name for one in fields(Choices)} == chosen | elsewhere
    said = {name for case in CASES for name in case.says}
    assert {one.name for one in QUESTIONS} - said == {"day_zone"}


def _sent_at_night(message: Message) -> Message:
    """Let a message go out where it is still the day before in the account's zone."""
    midnight = datetime.fromtimestamp(message.sent_at / 1000, UTC).replace(hour=0, minute=0)
    delta = int(midnight.timestamp()) * 1000 + 30 * HOUR - message.sent_at
    delta -= delta % HOUR

    def planned_events() -> tuple[Event, ...]:
        return tuple(
            replace(event, at=event.at + delta, visible_at=event.visible_at + delta)
            for event in message.planned_events()
        )

    return replace(message, sent_at=message.sent_at + delta, planned_events=planned_events)


@pytest.mark.parametrize(
    ("day_of", "says"),
    [
        (None, "Days are in the account's time zone."),
        (lambda at: datetime.fromtimestamp(at / 1000, UTC).date(), "Days are in UTC."),
    ],
    ids=["of the account", "of UTC"],
)
def test_a_message_of_the_night_shows_the_zone_of_a_day(
    account: Account, day_of: Callable[[int], date] | None, says: str
) -> None:
    sent = [one for one in account.messages if one.type == "SENT" and not one.gone]
    largest = max(sent, key=lambda one: one.report.sent)
    edited = account.with_message(largest.id, _sent_at_night)
    zone = patch("acton_sandbox.account.local_day", day_of) if day_of else patch.dict({})
    with zone, bench_in_process(edited) as bench:
        report = check(bench, "message_daily_stats", page_size=50)
    assert answers(report)["day_zone"] == says
    assert report.differs == (["day_zone"] if day_of else [])


@pytest.fixture(scope="module")
def whole(account: Account) -> tuple[Report, Checker, int]:
    """A check of all streams, and how many calls the sandbox has counted."""
    with bench_in_process(account) as bench, checker(bench, page_size=1000) as made:
        report = made.check()
        assert report.problem is None
        return report, made, len(bench.sandbox.requests)


def test_every_stream_and_question_has_a_line(whole: tuple[Report, Checker, int]) -> None:
    report, *_ = whole
    names = [kind.name for kind in STREAM_TYPES if kind.name != "sync_runs"]
    assert [found.stream for found in report.findings] == names
    assert [one.question for one in report.answered] == [*QUESTIONS]
    text = report.text()
    lines = text.splitlines()
    assert [line.split()[0] for line in lines[1 : len(names) + 1]] == names
    assert all(one.question.text in text for one in report.answered)


def test_the_calls_are_those_that_were_announced(whole: tuple[Report, Checker, int]) -> None:
    report, made, requests = whole
    assert report.calls == requests
    assert requests <= made.usual_calls < 130
    per_path: dict[tuple[str, str], int] = {}
    for exchange in made.exchanges:
        key = (exchange.stream, exchange.path)
        per_path[key] = per_path.get(key, 0) + 1
    # Six types of messages; questions about filters, files and pages.
    assert {key for key, calls in per_path.items() if calls > 3} <= {
        ("messages", "/api/1/message"),
        ("hard_bounces", "/api/1/list/hardbounce"),
        *(key for key in per_path if key[0] in {"list_members", "contacts"}),
    }


def test_machines_get_the_same_without_a_value_of_the_account(
    account: Account, whole: tuple[Report, Checker, int]
) -> None:
    report, *_ = whole
    data = report.data()
    assert data["verdict"] == "differs"
    assert data["calls"] == report.calls
    assert [one["stream"] for one in data["streams"]] == [f.stream for f in report.findings]
    assert {one["question"]: one["answer"] for one in data["questions"]} == answers(report)
    named = {name for one in data["streams"] for name in one["new_fields"]}
    assert {name for name in named if not is_documented(name)} == set()
    assert "isDefault" in named
    assert sum(one["other_fields"] for one in data["streams"]) > len(named)
    written = json.dumps(data) + report.text()
    assert [one for one in ("ownerName", "countedOn", "schemaVersion") if one in written] == []
    emails = [row.email for row in account.contacts if row.email]
    names = [item.name for item in account.lists] + [item.id for item in account.lists]
    assert emails
    assert names
    assert [one for one in [*emails, *names] if one in written] == []


NEVER_WELL = (
    "/api/1/message/*/report*",
    "/api/1/list/l-*",
    "/api/1/media/*/report*",
    "/api/1/page/*",
    "/api/1/form/*",
    "*/segments/*",
    "*/contacts/*",
    "*/datasets/*",
    "*/subscriptions/*",
    "/api/1/campaign/*",
)
"""Endpoints of single items."""


def test_calls_that_fail_put_no_id_into_the_report_nor_into_the_capture(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "tap-acton")
    with bench_in_process(account) as bench, checker(bench, page_size=50) as made:
        for path in NEVER_WELL:
            bench.sandbox.faults.add(
                Fault("status", status=500, path_pattern=path, times=None, after=0)
            )
        report = made.check()
        about = json.loads(made.captured(report))["about"]
        paths = {seen.path for seen in bench.sandbox.requests if seen.status == 500}
    written = json.dumps(report.data()) + report.text() + json.dumps(about)
    ids = {part for path in paths for part in path.split("/") if any(map(str.isdigit, part[1:]))}
    assert len(ids) >= 6
    assert {one for one in ids if one in written} == set()
    assert {one for one in ids if one in caplog.text} != set()
    assert verdicts(report)["message_reports"] == "failed"
    assert "message_reports: failed: HTTP 500" in report.text().splitlines()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("missing_fields", "no row of an answer has its key"),
        ("html", "the answer is a page of HTML"),
    ],
)
def test_an_answer_to_a_question_that_is_not_as_documented_is_a_difference(
    account: Account, capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str, reason: str
) -> None:
    file = tmp_path / "capture.json"
    with bench_in_process(account) as bench:
        bench.sandbox.faults.add(
            Fault(
                kind,
                path_pattern="/api/1/list/hardbounce",
                times=None,
                after=2,
                fields=("email",),
            )
        )
        printed, code = invoke(
            bench, capsys, streams="hard_bounces", report_format="json", capture_file=file
        )
    assert code == EXIT_DIFFERS
    said = {one["question"]: one for one in json.loads(printed)["questions"]}["filter_unit"]
    assert said["answer"] == f"Not what is documented: {reason}."
    assert said["as_assumed"] is False
    assert json.loads(file.read_text())["about"]["questions"]["filter_unit"] == said["answer"]


def test_a_question_whose_call_fails_leaves_the_check_incomplete(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    with bench_in_process(account) as bench:
        bench.sandbox.faults.add(
            Fault("status", status=500, path_pattern="/api/1/list/hardbounce", times=None, after=2)
        )
        printed, code = invoke(bench, capsys, streams="hard_bounces", report_format="json")
    assert code == EXIT_FAILED
    assert json.loads(printed)["verdict"] == "failed"
    said = {one["question"]: one for one in json.loads(printed)["questions"]}["filter_unit"]
    assert said["answer"] == "A call failed: HTTP 500."
    assert (said["known"], said["as_assumed"]) == (False, None)


def test_a_listing_that_fails_is_a_line_though_only_its_items_are_checked(account: Account) -> None:
    with bench_in_process(account) as bench:
        bench.sandbox.faults.add(
            Fault("status", status=500, path_pattern="/api/1/message", times=None)
        )
        report = check(bench, "message_reports")
    assert verdicts(report) == {"messages": "failed", "message_reports": "not checked"}
    assert "message_reports: not checked: messages: HTTP 500" in report.text().splitlines()
    assert report.verdict == "failed"


def test_a_check_of_nothing_is_not_right(account: Account) -> None:
    with bench_in_process(account) as bench:
        assert check(bench, "upload_jobs").verdict == "not checked"


def test_the_page_on_live_accounts_names_what_a_report_has(
    whole: tuple[Report, Checker, int],
) -> None:
    report, made, _ = whole
    page = (PROJECT / "docs" / "live-account.md").read_text(encoding="utf-8")
    data = report.data()
    names = {*data, *data["streams"][0], *data["questions"][0]}
    names |= {one.name for one in QUESTIONS}
    assert {name for name in names if f"`{name}`" not in page} == set()
    assert {one.value for one in Verdict if f"\n| {one} | " not in page} == set()
    about = f"about {made.usual_calls} for all streams, and never more than {made.most_calls}"
    assert about in " ".join(page.split())


def test_a_check_makes_no_more_calls_than_it_has_announced(account: Account) -> None:
    with bench_in_process(account) as bench, checker(bench, "media*") as made:
        most = made.most_calls
        bench.sandbox.faults.add(Fault("status", status=404, path_pattern="/api/1/media/*/report*"))
        with patch.object(made.run.summary, "most_calls", 4):
            report = made.check()
        assert most > 4
        assert isinstance(report.problem, CallsUsedUpError)
        assert report.data()["verdict"] == "failed"
        assert len(bench.sandbox.requests) == report.calls == 4
        assert verdicts(report)["media"] == "right"
        assert verdicts(report)["media_timeline"] == "not checked"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("status", status=429, times=None), EXIT_ALLOWANCE_SPENT),
        (Fault("reset", times=None), EXIT_FAILED),
    ],
    ids=["too many calls", "no response"],
)
def test_what_ends_a_run_ends_a_check_with_its_exit_code(
    account: Account, fault: Fault, code: int
) -> None:
    with bench_in_process(account) as bench, checker(bench, "logos", "forms") as made:
        bench.sandbox.faults.add(replace(fault, after=1))
        report = made.check()
    assert report.problem is not None
    assert report.problem.exit_code == code
    assert verdicts(report) == {"logos": "not checked", "forms": "not checked"}


def test_a_catalog_chooses_the_streams_and_their_listings_are_read_in_part(
    account: Account,
) -> None:
    with (
        bench_in_process(account) as bench,
        signals_kept(),
        bench._pauses_skipped(),
    ):
        made = Checker(config=bench.config(page_size=4), catalog=catalog(["message_reports"]))
        report = made.check()
        paths = [seen.path for seen in bench.sandbox.requests]
    assert verdicts(report) == {"message_reports": "right"}
    # Six types, each with a second page at most.
    assert 6 <= paths.count("/api/1/message") <= 12
    # The second asks for a message that does not exist.
    assert sum(path.endswith("/report") for path in paths) == 2


def test_what_has_an_effect_is_never_requested(account: Account) -> None:
    with bench_in_process(account) as bench:
        report = check(bench, "seo_reports", seo_reports=PAIRS)
        paths = {seen.path for seen in bench.sandbox.requests}
    (found,) = report.findings
    assert (found.verdict.value, found.reason) == ("not checked", "a request would begin an audit")
    assert "/api/1/seoreport" not in paths


def test_an_account_without_api_access_ends_like_the_tap(account: Account) -> None:
    with (
        bench_in_process(account, choices=Choices(api_enabled=False)) as bench,
        checker(bench, "logos") as made,
        pytest.raises(CredentialsError),
    ):
        made.check()


def test_a_stream_that_is_none_is_named(account: Account) -> None:
    with (
        bench_in_process(account) as bench,
        pytest.raises(SettingsError, match="names medium, which is no stream"),
        checker(bench, "medium"),
    ):
        pass


def invoke(bench: Bench, capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[str, int]:
    """Run the command line in this process; return what it printed, and its exit code."""

    class Config:
        config = bench.config(page_size=10)
        parse_env = False

    code = 0
    with signals_kept(), bench._pauses_skipped():
        try:
            Checker.invoke(config=Config, **options)
        except ActOnError as error:
            code = error.exit_code
    return capsys.readouterr().out, code


def test_exit_codes_tell_right_from_different(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    with bench_in_process(account) as bench:
        printed, code = invoke(bench, capsys, streams="logos, media", report_format="json")
        assert json.loads(printed)["verdict"] == "right"
        assert code == 0
        bench.sandbox.faults.add(Fault("html", path_pattern="/api/1/logo", times=None))
        printed, code = invoke(bench, capsys, streams="logos,media")
        assert "logos: The tap cannot read the answer: it is a page of HTML." in printed
        assert "--capture FILE" in printed
        assert code == EXIT_DIFFERS
        bench.sandbox.faults.clear()
        bench.sandbox.faults.add(
            Fault("status", status=500, path_pattern="/api/1/logo", times=None)
        )
        printed, code = invoke(bench, capsys, streams="logos,media")
        assert "logos: failed: HTTP 500" in printed.splitlines()
        assert code == EXIT_FAILED


def test_the_capture_is_written_beside_the_report(
    account: Account,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = tmp_path / "capture.json"
    with bench_in_process(account) as bench, caplog.at_level("INFO", "tap-acton"):
        bench.sandbox.faults.add(Fault("html", path_pattern="/api/1/logo", times=None))
        _, code = invoke(bench, capsys, streams="logos,lists", capture_file=file)
    assert code == EXIT_DIFFERS
    text = file.read_text()
    about = json.loads(text)["about"]
    assert about["verdicts"] == {"logos": "differs", "lists": "right"}
    assert about["questions"]["listing_types"] == "In lower case, as documented."
    assert [item.name for item in account.lists if item.name in text] == []
    assert any("Read it, then attach it" in record.message for record in caplog.records)


def test_a_capture_that_cannot_be_written_ends_the_check_before_a_call(
    account: Account, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"client_id": "c"}')
    os.mkfifo(tmp_path / "pipe")
    with bench_in_process(account) as bench:
        for name in ("none/capture.json", "config.json", "pipe", "."):
            printed, code = invoke(bench, capsys, capture_file=tmp_path / name)
            assert code == EXIT_FAILED, name
            assert not printed
        assert not bench.sandbox.requests
    assert (tmp_path / "config.json").read_text() == '{"client_id": "c"}'


def test_a_capture_is_there_though_the_report_could_not_be_printed(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = tmp_path / "capture.json"
    file.write_bytes(CAPTURE_BEGINS)
    monkeypatch.setattr(click, "echo", full)
    with bench_in_process(account) as bench, signals_kept(), bench._pauses_skipped():
        config = SimpleNamespace(config=bench.config(), parse_env=False)
        with pytest.raises(OSError, match="No space"):
            Checker.invoke(config=config, streams="logos", capture_file=file)
    assert json.loads(file.read_text())["answers"]
    assert [one.name for one in tmp_path.iterdir()] == ["capture.json"]


@pytest.mark.parametrize("streams", ["", " , ", ",,"])
def test_an_option_that_names_no_stream_checks_none(
    account: Account, capsys: pytest.CaptureFixture[str], streams: str
) -> None:
    with bench_in_process(account) as bench:
        assert invoke(bench, capsys, streams=streams) == ("", EXIT_FAILED)
        assert not bench.sandbox.requests


def test_a_check_without_a_login_leaves_no_capture(
    account: Account, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file, kept = tmp_path / "capture.json", tmp_path / "kept.json"
    kept.write_bytes(CAPTURE_BEGINS)
    with bench_in_process(account, choices=Choices(api_enabled=False)) as bench:
        codes = [invoke(bench, capsys, capture_file=one)[1] for one in (file, kept)]
    assert codes == [EXIT_FAILED, EXIT_FAILED]
    assert not file.exists()
    assert kept.read_bytes() == CAPTURE_BEGINS


def test_the_command_prints_a_report_and_writes_a_capture(account: Account, tmp_path: Path) -> None:
    config, file = tmp_path / "config.json", tmp_path / "capture.json"
    with Sandbox(account=account) as sandbox:
        config.write_text(json.dumps(config_of(sandbox)))
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "tap_acton.check", "--config", config),
                *("--streams", "media, logos", "--format", "json", "--capture", file),
            ],
            cwd=PROJECT,
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            timeout=50,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    printed = json.loads(ended.stdout)
    assert [one["verdict"] for one in printed["streams"]] == ["right", "right"]
    assert json.loads(file.read_text())["about"]["verdicts"] == {"logos": "right", "media": "right"}
    lines = ended.stderr.splitlines()
    assert "The check makes about 4 calls, and never more than 28." in lines[0]
    assert f"The capture is in {file}." in lines[-1]


def test_what_lists_the_items_of_a_stream_is_read_for_it() -> None:
    assert needed(["message_events"]) == {"message_events", "messages"}
    assert needed(["contact_facts"]) == {"contact_facts", "list_members", "lists"}
    assert needed(["contact_scores"]) == {"contact_scores", "contacts"}
    assert needed(["custom_object_records"]) == {
        "custom_object_records",
        "custom_object_datasets",
        "custom_object_schemas",
    }


def test_every_answer_but_that_of_a_login_is_kept_as_it_came(
    whole: tuple[Report, Checker, int],
) -> None:
    report, made, _ = whole
    exchanges = made.exchanges
    assert len(exchanges) == report.calls - 1
    assert {one.path for one in exchanges if "token" in one.path} == set()
    (listing,) = [one for one in exchanges if one.path == "/api/1/list"]
    assert listing.method == "GET"
    assert listing.body is None
    assert listing.parameters["listingtype"] == "contact_list"
    assert listing.headers["content-type"].startswith("application/json")
    assert json.loads(listing.content)["totalCount"] == 5
    queries = [one for one in exchanges if one.stream == RECORDS]
    assert {one.method for one in queries} == {"POST"}
    assert all(one.body["pagination"] for one in queries)
