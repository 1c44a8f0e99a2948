"""Some contacts, segments and activities alone: what comes, what it takes, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Choices, Fault
from tap_acton.errors import AllowanceSpentError
from tap_acton.plan import Planner
from tests.contract.expected_audience_center import audience_center_records, report_records
from tests.contract.expected_facts import expected_facts
from tests.contract.harness import catalog, signals_kept
from tests.contract.in_process import bench_in_process

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from acton_sandbox import Account
    from tap_acton.plan import Plan
    from tests.contract.expected import Record
    from tests.contract.harness import Bench, Output

BASE = "/ucl/v2/70123"
REPORTS = ("contact_history", "contact_scores", "contact_segments")
FACTS = ("contact_facts", "contact_activities", "contact_score_details")
A_DAY = 24 * 3_600 + 60
FEW_CALLS = {"/api/1/account": 1, f"{BASE}/schema/": 1}
"""What a run of the Audience Center requests in any case."""

SHARED_ADDRESS = "person61_x@example.com"
"""The address of two contacts, one of which came from a list."""


@pytest.fixture
def bench(account: Account) -> Iterator[Bench]:
    """An account that responds in this process."""
    with bench_in_process(account) as bench:
        yield bench


def few(account: Account, number: int) -> list[str]:
    """Give the ids of some contacts of which reports can be had, in their order."""
    return sorted(one.id for one in account.contacts if not one.gone)[-number:]


def members(account: Account, *segment_ids: str) -> set[str]:
    """Give the ids of the members of segments."""
    return {
        member
        for segment in account.segments
        if segment.id in segment_ids
        for member in segment.member_ids
    }


def with_address(account: Account, address: str) -> set[str]:
    """Give the ids of the contacts with an address."""
    return {one.id for one in account.contacts if one.email.casefold() == address.casefold()}


def asked(found: Output, kind: str = "activity") -> list[str]:
    """Give the contacts whose report was requested."""
    paths = found.paths.elements()
    return sorted(path.split("/")[6] for path in paths if path.endswith(f"/{kind}"))


def asked_facts(found: Output) -> list[str]:
    """Give the contacts whose facts were requested."""
    return sorted(path.split("/")[6] for path in found.paths.elements() if path.endswith("facts"))


def rows_of(account: Account, stream: str, ids: Collection[str]) -> list[Record]:
    """Give the rows of a report that some contacts have, by contact."""
    rows = [row for row in report_records(account)[stream] if row["contact_id"] in ids]
    return sorted(rows, key=lambda row: row["contact_id"])


def said(found: Output, part: str) -> list[str]:
    """Give the warnings with a text in them."""
    return [line for line in found.lines("WARNING") if part in line]


# Segments


@pytest.mark.parametrize(
    ("settings", "ids"),
    [
        ({"segment_ids": ["g-002e"]}, {"g-002e"}),
        ({"segment_names": ["partner*"]}, {"q-00b3", "q-00b4"}),
        ({"segment_names": ["Partners"], "segment_ids": ["g-002f"]}, {"q-00b3", "g-002f"}),
    ],
)
def test_only_the_segments_that_the_settings_name(
    account: Account, bench: Bench, settings: dict[str, Any], ids: set[str]
) -> None:
    found = bench.run(streams=["segments", "segment_contacts"], **settings)
    assert found.failure is None
    expected = audience_center_records(account)
    assert found.records == {
        "segments": [row for row in expected["segments"] if row["id"] in ids],
        "segment_contacts": [
            row for row in expected["segment_contacts"] if row["segment_id"] in ids
        ],
    }
    assert said(found, "matches no") == []


def test_a_full_refresh_drops_no_members_of_other_segments(bench: Bench) -> None:
    settings: dict[str, Any] = {"streams": ["segment_contacts"], "full_read_period": "P7D"}
    first = bench.run(**settings)
    bench.next_day(7)
    for state in (None, first.state):
        found = bench.run(state, segment_ids=["g-002e"], **settings)
        assert found.failure is None
        assert found.of_type("ACTIVATE_VERSION") == []
        assert any("segment_ids leaves out" in line for line in found.lines("INFO"))


# Contacts by id


@pytest.mark.parametrize("stream", REPORTS)
def test_ten_contacts_take_ten_calls(account: Account, bench: Bench, stream: str) -> None:
    ids = few(account, 10)
    found = bench.run(streams=[stream], contact_ids=ids)
    assert found.failure is None
    assert found.records[stream] == rows_of(account, stream, ids)
    assert len(found.requests) - found.logins == len(ids) + len(FEW_CALLS)


@pytest.mark.parametrize("stream", REPORTS)
def test_every_run_requests_all_of_them_and_what_is_covered_stays(
    account: Account, bench: Bench, stream: str
) -> None:
    kind = {"contact_history": "activity"}.get(stream, stream.removeprefix("contact_"))
    whole = bench.run(streams=[stream])
    narrowed, state = whole, whole.state
    for _ in range(2):
        bench.next_day()
        narrowed = bench.run(state, streams=[stream], contact_ids=few(account, 3))
        assert asked(narrowed, kind) == few(account, 3)
        state = narrowed.state
    assert narrowed.bookmarks[stream]["progress"] == whole.bookmarks[stream]["progress"]
    # Without the setting, all that changed since the last whole run comes, and no more.
    wide = bench.run(state, streams=[stream])
    since = (account.now_ms - 2 * 24 * 3_600_000) // 60_000 * 60_000
    changed = [one.id for one in bench.sandbox.account.contacts if one.updated_at >= since]
    assert asked(wide, kind) == sorted(changed)


def test_what_was_left_out_at_first_comes_once_the_setting_is_gone(
    account: Account, bench: Bench
) -> None:
    first = bench.run(streams=["contact_scores"], contact_ids=few(account, 3))
    wide = bench.run(first.state, streams=["contact_scores"])
    assert wide.records["contact_scores"] == report_records(account)["contact_scores"]


def test_ids_of_lists_are_skipped_however_many(account: Account, bench: Bench) -> None:
    others = [f"l-0a41:{number:x}" for number in range(1, 9)]
    found = bench.run(streams=["contact_scores"], contact_ids=others)
    assert found.failure is None
    assert said(found, "8 of 8")
    found = bench.run(streams=["contact_scores"], contact_ids=[*others, *few(account, 1)])
    assert found.failure is None
    assert found.records["contact_scores"] == rows_of(account, "contact_scores", few(account, 1))


@pytest.mark.parametrize(
    "settings",
    [
        {"contact_ids": [f"l-unified-contacts:{number}" for number in range(1, 5)]},
        {"segment_ids": ["g-002e", "q-00b3"]},
    ],
)
def test_a_shard_takes_its_part_of_the_contacts(bench: Bench, settings: dict[str, Any]) -> None:
    streams = ["contact_history"]
    parts = [asked(bench.run(streams=streams, shard=one, **settings)) for one in ("1/2", "2/2")]
    assert sorted(parts[0] + parts[1]) == asked(bench.run(streams=streams, **settings))
    assert all(parts)


# Contacts by address


@pytest.mark.parametrize(
    "choices",
    [
        Choices(),
        Choices(contact_keys="names"),
        Choices(audience_center="older"),
        Choices(undocumented_shape="array"),
    ],
)
def test_an_address_stands_for_all_contacts_that_have_it(
    account: Account, choices: Choices
) -> None:
    address = "PERSON81.O'Neill@mail.example.com"
    ids = with_address(account, address)
    assert len(ids) == 3
    with bench_in_process(account, choices=choices) as bench:
        found = bench.run(streams=["contact_history"], contact_ids=[address])
    assert found.failure is None
    history = found.records["contact_history"]
    assert history == rows_of(account, "contact_history", ids)


def test_all_contacts_are_listed_once_for_all_reports(account: Account, bench: Bench) -> None:
    address = SHARED_ADDRESS
    found = bench.run(streams=REPORTS, contact_ids=[address, *few(account, 1)])
    assert found.failure is None
    assert [found.paths[f"{BASE}/contact/"], found.paths[f"{BASE}/segment/"]] == [2, 0]
    assert asked(found) == sorted({*with_address(account, address), *few(account, 1)})
    assert address not in found.log
    assert address not in str(found.state)


def test_contacts_that_cannot_be_listed_fail_each_report(bench: Bench) -> None:
    bench.sandbox.faults.add(Fault("status", f"{BASE}/contact/", times=None, status=400))
    found = bench.run(streams=REPORTS, contact_ids=[SHARED_ADDRESS])
    assert found.failure is not None
    assert all(name in str(found.failure) for name in REPORTS)


# Contacts by segment


@pytest.mark.parametrize(
    "choices", [Choices(), Choices(undocumented_shape="data"), Choices(audience_center="older")]
)
def test_the_members_of_a_segment_and_the_contacts_that_are_named(
    account: Account, choices: Choices
) -> None:
    settings: dict[str, Any] = {"segment_ids": ["g-002e"], "contact_ids": few(account, 2)}
    wanted = members(account, "g-002e") | {*few(account, 2)}
    is_older = choices.audience_center == "older"
    with bench_in_process(account, choices=choices) as bench:
        found = bench.run(streams=REPORTS[:1] if is_older else REPORTS, **settings)
    if is_older:
        # It has no listing of segments, so nobody can say who is wanted.
        assert found.failure is None
        assert found.records == {}
        assert said(found, "switched off")
        return
    assert found.failure is None
    assert {name: found.records[name] for name in REPORTS} == {
        name: rows_of(account, name, wanted) for name in REPORTS
    }
    assert found.paths[f"{BASE}/segment/g-002e/contacts"] <= 2, "read once for all"
    assert found.paths[f"{BASE}/contact/"] == 0


@pytest.mark.parametrize("streams", [REPORTS, FACTS])
def test_without_an_audience_center_there_are_no_segments(
    account: Account, streams: tuple[str, ...]
) -> None:
    with bench_in_process(account, choices=Choices(audience_center="none")) as bench:
        found = bench.run(streams=streams, segment_names=["Partners"], contact_ids=["l-0a44:1"])
    assert found.failure is None
    assert found.records == {}
    assert len(said(found, "has no Audience Center")) == 1


def test_nothing_is_remembered_of_segments_that_are_read_for_others(bench: Bench) -> None:
    found = bench.run(streams=["contact_scores"], segment_ids=["g-002e"])
    assert found.bookmarks["segment_contacts"] == {}
    both = bench.run(streams=["segment_contacts", "contact_scores"], segment_ids=["g-002e"])
    assert both.records["contact_scores"] == found.records["contact_scores"]


def test_who_comes_into_a_segment_is_requested(account: Account, bench: Bench) -> None:
    settings: dict[str, Any] = {"streams": ["contact_history"], "segment_ids": ["q-00b3"]}
    first = bench.run(**settings)
    bench.next_day(3)
    second = bench.run(first.state, **settings)
    now = members(bench.sandbox.account, "q-00b3")
    assert now - members(account, "q-00b3"), "nobody came"
    assert asked(second) == sorted(now)


def test_a_segment_that_was_deleted_is_skipped(account: Account, bench: Bench) -> None:
    found = bench.run(streams=["contact_scores"], segment_ids=["g-0030", "g-002e"])
    assert found.failure is None
    assert asked(found, "scores") == sorted(members(account, "g-002e"))
    assert said(found, "segment g-0030")


@pytest.mark.parametrize("streams", [REPORTS, FACTS])
def test_a_segment_that_cannot_be_read_leaves_all_incomplete(
    account: Account, bench: Bench, streams: tuple[str, ...]
) -> None:
    settings: dict[str, Any] = {"streams": streams, "segment_ids": ["g-002e", "q-00b3"]}
    whole = bench.run(**settings)
    assert whole.failure is None
    fault = Fault("status", f"{BASE}/segment/g-002e/contacts", times=None, status=400)
    bench.sandbox.faults.add(fault)
    found = bench.run(**settings)
    assert found.failure is not None
    assert all(name in str(found.failure) for name in streams)
    assert found.records[streams[0]], "the members of the other segment are read"
    if streams == REPORTS:
        assert asked(found) == sorted(members(account, "q-00b3"))
    bench.sandbox.faults.clear()
    again = bench.run(found.state, **settings)
    assert again.failure is None
    assert again.records == whole.records


@pytest.mark.parametrize("streams", [REPORTS, FACTS])
def test_segments_that_cannot_be_listed_fail_all(bench: Bench, streams: tuple[str, ...]) -> None:
    bench.sandbox.faults.add(Fault("status", f"{BASE}/segment/", times=None, status=400))
    found = bench.run(streams=streams, segment_names=["Partners"])
    assert found.failure is not None
    assert all(name in str(found.failure) for name in streams)
    assert found.records == {}
    assert said(found, "matches no") == []


# Several days


def load(bench: Bench, store: Path, limit: int, **settings: Any) -> list[Output]:
    """Run day after day until everything has been read."""
    outputs: list[Output] = []
    while not outputs or outputs[-1].failure:
        assert len(outputs) < 20, "the load does not end"
        bench.let_pass(A_DAY)
        state = outputs[-1].state if outputs and outputs[-1].of_type("STATE") else None
        outputs.append(
            bench.run(state, token_store=str(store), daily_request_limit=limit, **settings)
        )
        assert isinstance(outputs[-1].failure, AllowanceSpentError | None)
    return outputs


@pytest.mark.parametrize("streams", [["contact_history"], ["contact_facts"]])
def test_a_load_of_several_days_requests_no_contact_twice(
    bench: Bench, tmp_path: Path, streams: list[str]
) -> None:
    settings: dict[str, Any] = {"streams": streams, "segment_ids": ["g-002e", "q-00b3"]}
    wanted = (asked_facts if streams == ["contact_facts"] else asked)(bench.run(**settings))
    outputs = load(bench, tmp_path, 20, **settings)
    assert len(outputs) > 1
    read = [one for output in outputs for one in (*asked(output), *asked_facts(output))]
    # The contact that was under way when the allowance ended may come again.
    assert {*read} == {*wanted}
    assert len(read) <= len(wanted) + len(outputs)


@pytest.mark.parametrize("stream", ["contact_scores", "contact_facts"])
def test_a_segment_that_is_read_again_in_the_middle_of_a_load_lacks_nobody(
    bench: Bench, tmp_path: Path, stream: str
) -> None:
    settings: dict[str, Any] = {"streams": [stream], "segment_ids": ["g-002e", "q-00b3"]}
    whole = bench.run(**settings)
    bench.let_pass(A_DAY)
    path = f"{BASE}/segment/g-002e/contacts"
    bench.sandbox.faults.add(Fault("status", path, times=None, status=400))
    first = bench.run(daily_request_limit=17, token_store=str(tmp_path), **settings)
    assert isinstance(first.failure, AllowanceSpentError)
    bench.sandbox.faults.clear()
    bench.let_pass(A_DAY)
    second = bench.run(first.state, token_store=str(tmp_path), **settings)
    assert second.failure is None
    read = {str(row) for output in (first, second) for row in output.records[stream]}
    assert read == {str(row) for row in whole.records[stream]}


def test_a_load_begins_anew_with_other_contacts(
    account: Account, bench: Bench, tmp_path: Path
) -> None:
    ids = few(account, 12)
    bench.let_pass(A_DAY)
    settings: dict[str, Any] = {"streams": ["contact_scores"], "token_store": str(tmp_path)}
    first = bench.run(contact_ids=ids[6:], daily_request_limit=8, **settings)
    assert isinstance(first.failure, AllowanceSpentError)
    (progress,) = first.bookmarks["contact_scores"]["progress"]
    assert progress["checkpoint"]["covers"] == {"shard": ["1/1"], "contact_ids": ids[6:]}
    bench.let_pass(A_DAY)
    second = bench.run(first.state, contact_ids=ids, **settings)
    assert asked(second, "scores") == ids


@pytest.mark.parametrize(
    ("stream", "before", "after"),
    [
        ("messages", {"message_types": ["SENT"]}, {}),
        ("message_contents", {"message_types": ["SENT"]}, {}),
        ("message_events", {"event_types": ["OPENED"]}, {}),
        ("lists", {"list_names": ["no such list"]}, {}),
        ("lists", {}, {"listing_types": ["contact_list", "footer"]}),
        ("segments", {"segment_names": ["no such segment"]}, {}),
        ("seo_reports", {}, {"seo_reports": [{"url": "https://www.example.com/", "keyword": "a"}]}),
    ],
)
def test_a_load_begins_anew_where_settings_choose_more(
    bench: Bench, tmp_path: Path, stream: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """What a stream is done with, it is not if a setting has left out what is wanted now."""
    settings: dict[str, Any] = {
        "streams": [stream, "custom_object_records"],
        "token_store": str(tmp_path),
        "page_size": 5,
    }
    alone = bench.run(**{**settings, **before, "streams": [stream]})
    calls = len(alone.requests)
    bench.let_pass(A_DAY)
    first = bench.run(**settings, **before, daily_request_limit=calls + 5)
    assert isinstance(first.failure, AllowanceSpentError)
    (progress,) = first.bookmarks[stream]["progress"]
    assert progress["checkpoint"]["is_done"]
    bench.let_pass(A_DAY)
    second = bench.run(first.state, **settings, **after)
    assert second.failure is None
    whole = bench.run(**settings, **after)
    held = [*first.records[stream], *second.records[stream]]
    assert [row for row in whole.records[stream] if row not in held] == []


# Facts of contacts in lists


def facts_of(account: Account, ids: Collection[str]) -> dict[str, list[Record]]:
    """Give the facts of some contacts."""
    found = {
        stream: [row for row in rows if row["contact_id"] in ids]
        for stream, rows in expected_facts(account).items()
    }
    return {stream: rows for stream, rows in found.items() if rows}


def test_facts_by_id_read_only_the_lists_of_the_ids(account: Account, bench: Bench) -> None:
    ids = ["l-0a44:1", "l-0a44:2"]
    found = bench.run(streams=FACTS, contact_ids=ids)
    assert found.failure is None
    assert found.records == facts_of(account, ids)
    paths = {path for path in found.paths if path.startswith("/api/1/list/")}
    assert paths == {"/api/1/list/l-0a44", *(f"/api/1/list/l-0a44/record/{i}/facts" for i in ids)}


@pytest.mark.parametrize("choices", [Choices(), Choices(undocumented_shape="array")])
def test_facts_by_address_are_those_of_its_rows(account: Account, choices: Choices) -> None:
    address = "PERSON1.o'neill@mail.example.com"
    ids = [
        row.contact_id
        for item in account.lists
        for row in item.rows
        if row.email.casefold() == address.casefold()
    ]
    assert ids
    with bench_in_process(account, choices=choices) as bench:
        found = bench.run(streams=FACTS, contact_ids=[address])
    assert found.failure is None
    assert found.records == facts_of(account, ids)
    assert not any(path.startswith("/ucl/") for path in found.paths)
    assert address.casefold() not in found.log.casefold()


def test_facts_by_segment_are_those_of_its_members(account: Account, bench: Bench) -> None:
    known = [one for one in account.contacts if one.id in members(account, "g-002e", "q-00b3")]
    origins = {one.properties["legacyRecordId"] for one in known}
    addresses = {one.email.casefold() for one in known} - {""}
    ids = [
        row.contact_id
        for item in account.lists
        for row in item.rows
        if row.contact_id in origins or row.email.casefold() in addresses
    ]
    assert origins - {""}
    found = bench.run(streams=FACTS, segment_ids=["g-002e", "q-00b3"])
    assert found.failure is None
    assert asked_facts(found) == sorted(ids)
    assert found.records == facts_of(account, ids)


# Activities


@pytest.mark.parametrize("streams", [["contact_history"], ["contact_activities"], list(FACTS)])
def test_only_the_activities_that_the_setting_names(bench: Bench, streams: list[str]) -> None:
    name = "contact_history" if "contact_history" in streams else "contact_activities"
    whole = bench.run(streams=streams)
    found = bench.run(streams=streams, activity_verbs=["Form Signup", "sv"])
    assert found.failure is None
    kept = [row for row in whole.records[name] if row["verb"] in {"fs", "sv"}]
    assert 0 < len(kept) < len(whole.records[name])
    assert found.records == {**whole.records, name: kept}
    # Wider, what was left out comes.
    assert bench.run(found.state, streams=streams).records == whole.records


def test_scores_do_not_depend_on_activities(account: Account, bench: Bench) -> None:
    first = bench.run(streams=["contact_scores"], activity_verbs=["fs"])
    bench.next_day()
    second = bench.run(first.state, streams=["contact_scores"])
    assert 0 < len(asked(second, "scores")) < len(account.contacts)


# Entries that match nothing

NONE_OF_THEM = "nobody@example.com"


@pytest.mark.parametrize(
    ("streams", "settings", "sentences"),
    [
        (
            ["lists"],
            {"list_ids": ["l-0a41", "l-ffff"], "list_names": ["Kunden*", "Expo *"]},
            ["2 of list_ids matches no list: l-ffff", "2 of list_names matches no list: Expo *"],
        ),
        (["lists"], {"list_names": [f"*{NONE_OF_THEM}"]}, ["1 of list_names matches no list"]),
        (
            ["segment_contacts"],
            {"segment_ids": ["g-ffff"], "segment_names": ["Partners", "Nobody"]},
            [
                "1 of segment_ids matches no segment: g-ffff",
                "2 of segment_names matches no segment: Nobody",
            ],
        ),
        (
            list(REPORTS),
            {"contact_ids": [SHARED_ADDRESS, NONE_OF_THEM]},
            ["2 of contact_ids matches no contact"],
        ),
        (
            list(FACTS),
            {"contact_ids": ["l-0a41:1", "l-0a41:ffff", NONE_OF_THEM]},
            [
                "2 of contact_ids matches no contact of the lists: l-0a41:ffff",
                "3 of contact_ids matches no contact of the lists",
            ],
        ),
    ],
)
def test_an_entry_that_matches_nothing_is_a_warning(
    bench: Bench, streams: list[str], settings: dict[str, Any], sentences: list[str]
) -> None:
    found = bench.run(streams=streams, **settings)
    assert found.failure is None
    told = [line.partition("Entry ")[2] for line in said(found, "matches no")]
    assert told == [f"{sentence}." for sentence in sentences]
    assert NONE_OF_THEM not in found.log


@pytest.mark.parametrize(
    ("streams", "settings", "path"),
    [
        (["lists"], {"list_ids": ["l-ffff"]}, "/api/1/list"),
        (["segments"], {"segment_ids": ["g-ffff"]}, f"{BASE}/segment/"),
        (["contact_scores"], {"contact_ids": [NONE_OF_THEM]}, f"{BASE}/contact/"),
        (["contact_facts"], {"contact_ids": [NONE_OF_THEM]}, "/api/1/list/l-0a41"),
    ],
)
def test_nothing_is_said_of_entries_where_the_listing_was_not_read(
    bench: Bench, streams: list[str], settings: dict[str, Any], path: str
) -> None:
    body = '{"errorCode": 1}'
    bench.sandbox.faults.add(Fault("status", path, times=None, status=400, body=body))
    found = bench.run(streams=streams, **settings)
    assert found.failure is not None
    assert said(found, "matches no") == []


def test_an_activity_that_is_not_documented_is_a_warning(bench: Bench) -> None:
    found = bench.run(streams=["senders"], activity_verbs=["fs", "FV"])
    assert said(found, "Entry 2 of activity_verbs is no activity that Act-On documents: FV")


# The plan


def planned(bench: Bench, streams: Collection[str], **settings: Any) -> Plan:
    """Plan a run."""
    with signals_kept():
        return Planner(config=bench.config(**settings), catalog=catalog(streams)).plan()


@pytest.mark.parametrize(
    ("streams", "settings", "tolerance"),
    [
        (REPORTS, {"contact_ids": ["l-unified-contacts:1", "l-unified-contacts:2"]}, 0),
        (REPORTS, {"segment_ids": ["g-002e"]}, 2),
        (REPORTS, {"contact_ids": [SHARED_ADDRESS]}, 4),
        (FACTS, {"contact_ids": ["l-0a44:1"]}, 1),
        (FACTS, {"contact_ids": ["person1.o'neill@mail.example.com"]}, 3),
    ],
)
def test_the_plan_counts_the_narrowed_calls(
    bench: Bench, streams: tuple[str, ...], settings: dict[str, Any], tolerance: int
) -> None:
    found = bench.run(streams=streams, **settings)
    calls = len(found.requests) - found.logins
    before = len(bench.sandbox.requests)
    plan = planned(bench, streams, **settings)
    assert abs(plan.calls - calls) <= tolerance
    paths = [seen.path for seen in bench.sandbox.requests[before:]]
    assert [path for path in paths if "contactReport" in path or "facts" in path] == []


@pytest.mark.parametrize("stream", REPORTS)
def test_an_id_that_no_contact_has_may_be_a_mistake_in_the_setting(
    bench: Bench, account: Account, stream: str
) -> None:
    found = bench.run(streams=[stream], contact_ids=[*few(account, 1), "l-0a44:99999"])
    (line,) = [line for line in found.lines("WARNING") if "Skipped" in line]
    assert "Skipped 1 of 2 (deleted in Act-On, or a wrong ID in contact_ids): contact " in line
