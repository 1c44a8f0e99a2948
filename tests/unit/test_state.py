"""Which parts of a state a run relies on, whoever wrote it and whoever edited it."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_acton.errors import SettingsError
from tap_acton.records.ids import header_identity
from tap_acton.records.timestamps import timestamp_of
from tap_acton.state.format import (
    VERSION,
    as_written,
    bookmarks_of,
    decode,
    encode,
    start_over,
)
from tap_acton.state.migrations import LONG_AGO, of_version_1
from tap_acton.state.stream_state import (
    Checkpoint,
    ContactReportsState,
    ContactsState,
    Cursor,
    DateFilter,
    FilterState,
    FullRefresh,
    ItemsState,
    Known,
    ListsState,
    ListState,
    MessagesState,
    MonthsState,
    OptOutsState,
    StreamState,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
THEN = "2026-03-19T10:00:00.000Z"
SOON = timestamp_of(NOW + timedelta(hours=23))
LATER = "2026-04-02T10:00:00.000Z"
FILTER = {"unit": "seconds", "found_at": THEN, "pages": 3, "latest": THEN}
NAMES = {"columns": {header_identity("Name"): "name"}, "source": "l-1"}

STATES = Path(__file__).with_name("states")
"""States as older versions of the tap wrote them, running against the sandbox."""

KINDS: dict[str, type[StreamState]] = {
    "contact_history": ContactReportsState,
    "contact_scores": ContactReportsState,
    "contact_segments": ContactReportsState,
    "contacts": ContactsState,
    "hard_bounces": FilterState,
    "image_details": ItemsState,
    "landing_page_details": ItemsState,
    "list_members": ListsState,
    "media_details": ItemsState,
    "media_messages": ItemsState,
    "media_timeline": ItemsState,
    "media_views": ItemsState,
    "message_daily_stats": MonthsState,
    "message_events": MessagesState,
    "message_reports": MessagesState,
    "opt_outs": FilterState,
    "spam_complaints": FilterState,
}
"""What streams remember; those that are not listed are plain ones."""

texts = st.text("ab1", max_size=4)
timestamps = st.sampled_from([THEN, "2025-12-31T23:59:59.999Z", SOON])
reached = st.just("") | st.just("2026-03-19") | timestamps
fingerprints = st.sampled_from(["", "abcdefgh", "abc_efg-12345678"])
covers = st.dictionaries(texts, st.lists(texts, max_size=2), max_size=2)
columns = st.dictionaries(texts, st.just("0123456789abcdef"), max_size=2)
counts = st.integers(0, 9)
place_examples = st.lists(texts | timestamps, max_size=2).map(tuple)
selected = st.none() | st.lists(texts, max_size=2)
shared: dict[str, Any] = {
    "checkpoint": st.none()
    | st.builds(
        Checkpoint,
        started_at=timestamps,
        is_done=st.booleans(),
        behind=place_examples,
        left=st.lists(st.lists(texts | timestamps, min_size=1, max_size=2).map(tuple), max_size=2),
        not_listed=st.lists(texts, max_size=2),
        reached=reached,
        covers=covers,
        cursor=st.none()
        | st.builds(
            Cursor,
            size=st.integers(1, 9),
            token=texts,
            is_sorted=st.booleans(),
            rows=counts,
        ),
    ),
    "full_refresh": st.none()
    | st.builds(
        FullRefresh, version=st.integers(1, 9), is_open=st.booleans(), has_gap=st.booleans()
    ),
}
items: dict[str, Any] = {
    **shared,
    "fingerprints": fingerprints,
    "rechecked_at": st.none() | timestamps,
}
lists: dict[str, Any] = {
    **items,
    "columns": columns,
    "read_again": st.lists(texts, max_size=2),
    "without_zone": st.lists(texts, max_size=2),
    "selected": selected,
}
fields: dict[type[StreamState], dict[str, Any]] = {
    StreamState: dict(**shared),
    ItemsState: dict(**items),
    ContactsState: dict(**shared, columns=columns, without_zone=st.booleans(), selected=selected),
    ListState: dict(**lists),
    ListsState: dict(**lists, lists=st.dictionaries(texts, reached, max_size=2)),
    MessagesState: dict(
        **shared,
        read_until=reached,
        newest=st.none() | timestamps,
        rechecked_at=st.none() | timestamps,
        covers=covers,
        ask_again=st.lists(texts, max_size=2),
        counters=st.dictionaries(texts, st.lists(st.none() | counts, max_size=3), max_size=3),
        read_again=st.dictionaries(texts, st.lists(texts, max_size=2), max_size=2),
        known=st.dictionaries(
            texts,
            st.dictionaries(
                texts, st.builds(Known, rows=counts, latest=reached, digest=texts), max_size=2
            ),
            max_size=2,
        ),
        fingerprints=fingerprints,
        not_offered=st.lists(texts, max_size=2),
        lacks_ids=st.booleans(),
    ),
    MonthsState: dict(**shared, empty=st.lists(st.just("2026-03-01"), max_size=2)),
    FilterState: dict(
        **shared,
        filter=st.none()
        | st.builds(
            DateFilter,
            unit=st.sampled_from(["seconds", "milliseconds", "none"]),
            found_at=timestamps,
            pages=counts,
            latest=timestamps,
        ),
    ),
    ContactReportsState: dict(
        **shared,
        covered_until=st.none() | timestamps,
        ask_again=st.lists(texts, max_size=2),
        covers=covers,
        without_zone=st.booleans(),
    ),
    OptOutsState: dict(**shared, covers=covers),
}
states: st.SearchStrategy[StreamState] = st.one_of(
    *(st.builds(kind, **examples) for kind, examples in fields.items())
)
FUTURE = "2999-01-01T00:00:00.000Z"
IMPOSSIBLE = "2026-02-30T00:00:00.000Z"
junk = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=3)
    | st.sampled_from([[], {}, [7], {"a": 1}, FUTURE, IMPOSSIBLE, "2999-01-01", FUTURE[:19]])
)


def bookmark_of(state: StreamState) -> dict[str, Any]:
    """Give a bookmark as it comes out of a file."""
    bookmark = {
        "replication_key": "event_at",
        "replication_key_value": THEN,
        **NAMES,
        "progress": encode(state),
    }
    return json.loads(json.dumps(bookmark))  # type: ignore[no-any-return] # an object stays one


def fail(stream: str, problem: str) -> None:
    """Take no damage."""
    pytest.fail(f"{stream}: {problem}")


def problems_of(bookmark: Any, version: int = VERSION) -> tuple[dict[str, Any], list[str]]:
    """Give what is left of a bookmark, and what is wrong with it."""
    problems: list[str] = []
    state = {"version": version, "bookmarks": {"a": bookmark}}
    left = bookmarks_of(state, NOW, lambda _, problem: problems.append(problem))
    return left["a"], problems


def migrated(bookmark: Any, version: int = 2) -> dict[str, Any]:
    """Bring a sound bookmark up to date."""
    found, problems = problems_of(bookmark, version)
    assert not problems
    return found


def progress_of(bookmark: Any, version: int = 2) -> Any:
    """Bring a sound bookmark up to date, and give what is the tap's own of it."""
    return migrated(bookmark, version)["progress"][0]


def damaged(bookmark: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """Put something else in one place of a bookmark, at any depth."""
    found = deepcopy(bookmark)
    *outer, last = data.draw(st.sampled_from([place for place in places(found) if place]))
    inner: Any = found
    for key in outer:
        inner = inner[key]
    inner[last] = data.draw(junk)
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of every value within a JSON value."""
    yield path
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, held in inner:
        yield from places(held, (*path, key))


# Versions


def test_a_state_is_written_with_its_version_first() -> None:
    written = as_written({"bookmarks": {}})
    assert json.dumps(written) == f'{{"version": {VERSION}, "bookmarks": {{}}}}'
    assert as_written(written) == written


@pytest.mark.parametrize(
    ("kept", "written"),
    [
        ({"lists": {"l-1": "", "jo@example.com": ""}}, {"lists": {"l-1": ""}}),
        ({"known": {"jo@example.com": {"SENT": {}}}}, {"known": {}}),
        ({"ask_again": ["jo@example.com", "m-1"]}, {"ask_again": ["m-1"]}),
        ({"checkpoint": {"behind": ("jo@example.com", "1")}}, {}),
        ({"checkpoint": {"left": [["a"], ["b", "jo@example.com"]], "behind": ["c"]}}, {}),
        ({"checkpoint": {"behind": ["b"]}}, {"checkpoint": {"behind": ["b"]}}),
    ],
)
def test_a_state_is_written_without_addresses(
    kept: dict[str, Any], written: dict[str, Any]
) -> None:
    bookmark: dict[str, Any] = {
        "source": "jo@example.com",
        "columns": {"header 1": "name"},
        "progress": [kept],
    }
    found = as_written({"bookmarks": {"stream": bookmark}})["bookmarks"]["stream"]
    assert found == {"columns": {"header 1": "name"}, "progress": [written]}


def test_a_state_of_a_later_version_ends_the_run() -> None:
    sentence = rf"has version {VERSION + 1}, .* up to version {VERSION}: install the later"
    with pytest.raises(SettingsError, match=sentence):
        bookmarks_of({"version": VERSION + 1, "bookmarks": {}}, NOW, fail)


@pytest.mark.parametrize(
    "state",
    [
        {"version": "2"},
        {"version": 0},
        {"version": True},
        {"version": None},
        {"bookmarks": ["message_events"]},
        {"bookmarks": "message_events"},
        {"bookmarks": {"message_events": "2026-03-19"}},
        {"bookmarks": {"message_events": []}},
    ],
    ids=str,
)
def test_what_is_no_state_ends_the_run(state: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"was not written by tap-acton: .*Pass the last"):
        bookmarks_of(state, NOW, fail)


@pytest.mark.parametrize("state", [{}, {"bookmarks": {}}, {"bookmarks": None}, {"version": 1}])
def test_an_empty_state_is_one(state: dict[str, Any]) -> None:
    assert bookmarks_of(state, NOW, fail) == {}


# What comes back


@given(states)
def test_a_state_comes_back_as_it_was(state: StreamState) -> None:
    bookmark, problems = problems_of(bookmark_of(state))
    assert bookmark == bookmark_of(state)
    assert not problems
    assert decode(bookmark, type(state), NOW) == (state, "")


def test_what_is_as_at_the_beginning_is_not_written() -> None:
    assert encode(MessagesState()) == [{}]
    assert encode(MessagesState(read_until=THEN, known={})) == [{"read_until": THEN}]
    assert decode({"progress": [{}]}, MessagesState, NOW) == (MessagesState(), "")


@pytest.mark.parametrize("bookmark", [{}, {"progress": None}, NAMES])
def test_a_stream_without_progress_begins(bookmark: dict[str, Any]) -> None:
    assert decode(migrated(bookmark, VERSION), ItemsState, NOW) == (ItemsState(), "")


def test_what_starts_over_shares_nothing() -> None:
    decode({}, ListsState, NOW)[0].lists["l-1"] = THEN
    assert decode({}, ListsState, NOW) == (ListsState(), "")


@pytest.mark.parametrize(
    "bookmark",
    [
        {"replication_key": "date", "replication_key_value": "2026-03-20"},
        {"replication_key": "event_at", "replication_key_value": SOON},
        {"replication_key": "event_at", "replication_key_value": "2026-03-19T10:00:00+02:00"},
        {"replication_key": "event_at"},
        {"progress": [{"read_until": SOON}], **NAMES},
    ],
)
def test_what_the_tap_or_the_sdk_writes_is_relied_on(bookmark: dict[str, Any]) -> None:
    assert problems_of(bookmark) == (bookmark, [])


def test_the_bookkeeping_of_an_earlier_run_is_dropped() -> None:
    sound = {"replication_key": "event_at", "replication_key_value": THEN, "progress": [{}]}
    of_the_sdk = {
        "progress_markers": {"Note": "Progress is not resumable if interrupted."},
        "partitions": [{"context": {"list_id": "l-1"}, "replication_key_value": THEN}],
        "replication_key_signpost": LATER,
        "starting_replication_value": THEN,
    }
    for version in (1, 2):
        assert migrated({**sound, **of_the_sdk}, version) == {
            name: held for name, held in sound.items() if name != "progress"
        }
    assert migrated({**sound, **of_the_sdk}, VERSION) == sound


# Damage


@pytest.mark.parametrize(
    ("part", "value", "problem"),
    [
        ("replication_key", 5, "'replication_key' is not a name"),
        ("replication_key_value", 5, "neither a timestamp nor a day"),
        ("replication_key_value", "yesterday", "neither a timestamp nor a day"),
        ("replication_key_value", "2026-02-30", "neither a timestamp nor a day"),
        ("replication_key_value", LATER, f"{LATER} lies in the future"),
        ("replication_key_value", "2026-04-02", "2026-04-02 lies in the future"),
    ],
)
def test_of_a_bookmark_with_a_wrong_replication_value_only_names_stay(
    part: str, value: Any, problem: str
) -> None:
    bookmark = {**bookmark_of(ItemsState(rechecked_at=THEN)), part: value}
    left, (found,) = problems_of(bookmark)
    assert left == NAMES
    assert found.endswith(problem)


@pytest.mark.parametrize(
    ("kind", "progress", "problem"),
    [
        (StreamState, 5, "'progress' is not what this tap writes"),
        (StreamState, {}, "'progress' is not what this tap writes"),
        (StreamState, [], "'progress' is not what this tap writes"),
        (StreamState, [{}, {}], "'progress' is not what this tap writes"),
        (StreamState, [{"lists": {}}], "'progress' is not what this tap writes"),
        (StreamState, [{"checkpoint": {}}], "'checkpoint' is not what this tap writes"),
        (
            StreamState,
            [{"checkpoint": {"started_at": THEN, "cursor": {"size": 0}}}],
            "'checkpoint.cursor.size' is not what this tap writes",
        ),
        (
            StreamState,
            [{"checkpoint": {"started_at": THEN, "left": [["7"], []]}}],
            "'checkpoint.left[1]' is not what this tap writes",
        ),
        (
            StreamState,
            [{"checkpoint": {"started_at": THEN, "behind": [FUTURE, "7"]}}],
            f"{FUTURE} lies in the future",
        ),
        (
            StreamState,
            [{"checkpoint": {"started_at": THEN, "behind": ["2999-01-01T00:00:00Z", "7"]}}],
            "2999-01-01T00:00:00Z is not a timestamp that this tap writes",
        ),
        (
            StreamState,
            [{"full_refresh": {"version": 0}}],
            "'full_refresh.version' is not what this tap writes",
        ),
        (ListsState, [{"lists": {"l-1": 5}}], "'lists[...]' is not what this tap writes"),
        (ListsState, [{"lists": {"l-1": LATER}}], f"{LATER} lies in the future"),
        (ListsState, [{"fingerprints": "abc"}], "'fingerprints' is not what this tap writes"),
        (MonthsState, [{"empty": [""]}], "'empty[0]' is not what this tap writes"),
        (
            MonthsState,
            [{"empty": ["2026-02-30"]}],
            "2026-02-30 is not a timestamp that this tap writes",
        ),
        (MessagesState, [{"newest": ""}], "'newest' is not what this tap writes"),
        (MessagesState, [{"newest": "2026-03-19"}], "'newest' is not what this tap writes"),
        (MessagesState, [{"newest": THEN + "\n"}], "'newest' is not what this tap writes"),
        (
            MessagesState,
            [{"read_until": IMPOSSIBLE}],
            f"{IMPOSSIBLE} is not a timestamp that this tap writes",
        ),
        (MessagesState, [{"counters": {"s": "1"}}], "'counters[...]' is not what this tap writes"),
        (
            FilterState,
            [{"filter": {**FILTER, "unit": "days"}}],
            "'filter.unit' is not what this tap writes",
        ),
        (
            FilterState,
            [{"filter": {**FILTER, "pages": -1}}],
            "'filter.pages' is not what this tap writes",
        ),
        (ContactReportsState, [{"covers": {"shard": "1/1"}}], "'covers[...]' is not"),
    ],
)
def test_progress_that_is_not_as_written_is_not_used(
    kind: type[StreamState], progress: Any, problem: str
) -> None:
    state, found = decode({"progress": progress}, kind, NOW)
    assert state == kind()
    assert problem in found


@pytest.mark.timeout(300)
@settings(max_examples=20 * settings().max_examples)
@given(states, st.data())
def test_whatever_is_damaged_is_not_relied_on(state: StreamState, data: st.DataObject) -> None:
    left, problems = problems_of(damaged(bookmark_of(state), data))
    kind = type(state)
    found, problem = decode(left, kind, NOW)
    if problem or problems:
        assert found == kind()
    # Either another value of the right type, or nothing that a run goes by.
    assert msgspec.convert(encode(found), tuple[kind]) == (found,)  # type: ignore[valid-type] # a type
    assert not left.get("replication_key_value", "").startswith("2999")
    written = json.dumps(encode(found))
    assert "2999" not in written
    assert IMPOSSIBLE not in written


@given(st.none() | st.integers() | st.text(max_size=3), st.dictionaries(texts, junk))
def test_nothing_but_a_sentence_comes_of_a_strange_state(version: Any, bookmarks: Any) -> None:
    state = {"version": version, "bookmarks": bookmarks}
    try:
        found = bookmarks_of(state, NOW, lambda *_: None)
    except SettingsError:
        return
    assert found.keys() == bookmarks.keys()


def test_of_a_bookmark_that_starts_over_names_stay() -> None:
    bookmark = bookmark_of(ItemsState(rechecked_at=THEN))
    start_over(bookmark)
    assert bookmark == NAMES


# Older versions


@pytest.mark.parametrize("path", sorted(STATES.glob("*.json")), ids=lambda path: path.stem)
def test_states_of_older_versions_are_relied_on_as_a_whole(path: Path) -> None:
    old = json.loads(path.read_text())
    found = bookmarks_of(old, NOW, fail)
    for stream, bookmark in found.items():
        state, problem = decode(bookmark, KINDS.get(stream, StreamState), NOW)
        assert not problem, stream
        own = old["bookmarks"][stream].keys() & {"round", "full_read", "read", "lists", "covers"}
        if own:
            assert encode(state) != [{}]
        same = ("replication_key", "replication_key_value")
        columns = old["bookmarks"][stream].get("columns", {})
        assert [*bookmark.get("columns", {}).values()] == [*columns.values()]
        assert [bookmark.get(name) for name in same] == [
            old["bookmarks"][stream].get(name) for name in same
        ]
    assert found.keys() == old["bookmarks"].keys()
    # Once written, it is as if this version had written it.
    assert bookmarks_of(as_written({"bookmarks": found}), NOW, fail) == found


def test_headers_of_version_3_become_digests_even_where_they_come_back_later() -> None:
    old = json.loads((STATES / "version_3_list_streams.json").read_text())
    found = bookmarks_of(old, NOW, fail)
    assert "Jane" not in json.dumps(found)
    assert found["list_leads"]["columns"][header_identity("City")] == "city"
    assert found["contacts"]["columns"] == old["bookmarks"]["contacts"]["columns"]
    merged = as_written({"bookmarks": old["bookmarks"]})
    assert bookmarks_of(merged, NOW, fail) == found


def of_sample(name: str, stream: str) -> Any:
    """Read the progress of a stream in a sample."""
    found = bookmarks_of(json.loads((STATES / f"{name}.json").read_text()), NOW, fail)
    return decode(found[stream], KINDS.get(stream, StreamState), NOW)[0]


def test_a_night_of_version_2() -> None:
    events = of_sample("version_2_night", "message_events")
    assert events.read_until == events.newest == "2026-03-21T13:43:48.000Z"
    assert events.rechecked_at == "2026-03-22T12:00:00.000Z"
    assert events.covers["shard"] == ["1/1"]
    assert events.counters["s-f000-2501"] == [443, 0, 210, 45, 13, 4, 1]
    assert events.fingerprints.startswith("3Styihkj")
    assert events.known == {}
    members = of_sample("version_2_night", "list_members")
    assert members.lists["l-0a44"] == "2026-03-22T05:12:36.000Z"
    assert members.fingerprints.startswith("20gLfm66")
    bounces = of_sample("version_2_night", "hard_bounces")
    assert bounces == FilterState(
        filter=DateFilter(
            unit="seconds",
            found_at="2026-03-20T12:00:00.000Z",
            pages=57,
            latest="2026-03-21T14:19:26.000Z",
        )
    )
    scores = of_sample("version_2_night", "contact_scores")
    assert scores == ContactReportsState(
        covered_until="2026-03-22T12:00:00.000Z", covers={"shard": ["1/1"]}
    )
    assert of_sample("version_2_night", "custom_object_records") == StreamState()


STARTED_AT = "2026-03-21T12:01:00.000Z"


@pytest.mark.parametrize(
    ("sample", "stream", "behind"),
    [
        ("contacts_broken_off", "contacts", ("2026-02-20T07:37:05.000Z",)),
        (
            "contact_reports_broken_off",
            "contact_history",
            ("2026-03-03T09:16:20.397Z", "l-unified-contacts:518"),
        ),
        ("facts_broken_off", "contact_score_details", ("l-0a41", "l-0a41:1c5")),
        ("reports_broken_off", "message_events", ()),
    ],
)
def test_loads_of_several_days_resume_by_id(
    sample: str, stream: str, behind: tuple[str, ...]
) -> None:
    checkpoint = of_sample(f"version_2_{sample}", stream).checkpoint
    assert (checkpoint.started_at, checkpoint.behind) == (STARTED_AT, behind)
    assert not checkpoint.is_done
    assert checkpoint.cursor is None
    kept = json.loads((STATES / f"version_2_{sample}.json").read_text())["bookmarks"][stream]
    assert checkpoint.reached == kept["round"].get("reached", "")


def test_custom_objects_resume_on_their_page() -> None:
    checkpoint = of_sample(
        "version_2_custom_objects_broken_off", "custom_object_records"
    ).checkpoint
    assert (checkpoint.started_at, checkpoint.behind) == (STARTED_AT, ("co-9f31", "ds-02"))
    assert (checkpoint.cursor.size, checkpoint.cursor.rows) == (10, 20)
    assert checkpoint.cursor.token.startswith("WzIwLCBb")
    older = of_sample("version_1_custom_objects_broken_off", "custom_object_records").checkpoint
    assert older.cursor == msgspec.structs.replace(checkpoint.cursor, rows=0)


def test_streams_that_are_done_stay_so() -> None:
    assert of_sample("version_2_reports_broken_off", "forms").checkpoint == Checkpoint(
        started_at=STARTED_AT, is_done=True
    )


def test_a_full_refresh_goes_on() -> None:
    assert of_sample("version_2_full_read", "contacts").full_refresh == FullRefresh(
        version=1_774_008_000
    )
    contacts = of_sample("version_2_full_read_broken_off", "contacts")
    assert contacts.full_refresh == FullRefresh(version=1_774_785_600, is_open=True)
    assert contacts.checkpoint.behind == ("2026-03-15T03:59:42.000Z",)


@pytest.mark.parametrize("words", ["contact l-1:2", "form 7", "message s-1", 7, None, ["list 1"]])
def test_loads_that_saved_other_words_begin_anew(words: Any) -> None:
    progress = progress_of({"round": {"started_at": THEN, "after": words}})
    assert progress == {"checkpoint": {"started_at": THEN, "behind": []}}


@pytest.mark.parametrize(
    ("resume", "checkpoint"),
    [
        (
            {"object_id": "o", "dataset_id": "d", "is_done": True},
            {"started_at": LONG_AGO, "behind": ["o", "d"]},
        ),
        ({"object_id": "o", "dataset_id": "d"}, None),
        ({"object_id": "o", "size": 7}, None),
        (7, None),
    ],
)
def test_nothing_is_skipped_of_a_dataset_whose_page_is_unknown(
    resume: Any, checkpoint: Any
) -> None:
    progress = migrated({"resume": resume}).get("progress", [{}])[0]
    assert progress.get("checkpoint") == checkpoint


def test_what_version_2_set_to_null_is_absent() -> None:
    parts = ("resume", "round", "read_until", "full_read", "replication_key_value", "counters")
    assert migrated({**dict.fromkeys(parts), "columns": {}}) == {"columns": {}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("12,,3", [12, None, 3]),
        ("", [None]),
        ("-1,x,2", [None, None, 2]),
        ("9" * 5_000, [None]),
        (7, 7),
    ],
)
def test_counters_become_numbers(old: Any, new: Any) -> None:
    assert progress_of({"counters": {"s-1": old}}) == {"counters": {"s-1": new}}


def test_a_filter_without_its_unit_is_found_out_again() -> None:
    found = {"found_at": THEN, "pages": 3, "latest": THEN}
    assert migrated({"createdafter": found}) == {}
    known = {**found, "unit": "none"}
    assert progress_of({"createdafter": known}) == {"filter": known}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        (
            {"read_until": THEN, "read_at": "2026-03-19T11:00:00.000Z"},
            {
                "read_until": THEN,
                "newest": "2026-03-19T11:00:00.000Z",
                "rechecked_at": "2026-03-19T11:00:00.000Z",
            },
        ),
        ({"read_until": THEN}, {"read_until": THEN, "newest": THEN, "rechecked_at": THEN}),
        ({"read_until": ""}, {"read_until": ""}),
        (
            {"read_until": THEN, "newest": "2026-03-18T10:00:00.000Z"},
            {
                "read_until": THEN,
                "newest": "2026-03-18T10:00:00.000Z",
                "rechecked_at": "2026-03-18T10:00:00.000Z",
            },
        ),
    ],
)
def test_message_streams_of_version_1_know_when_they_were_complete(before: Any, after: Any) -> None:
    assert of_version_1(before) == after
    assert of_version_1(after) == after


OLD: dict[str, Any] = {
    f"{path.stem}, {stream}": (json.loads(path.read_text()).get("version", 1), stream, bookmark)
    for path in sorted(STATES.glob("*.json"))
    for stream, bookmark in json.loads(path.read_text())["bookmarks"].items()
}


@settings(max_examples=10 * settings().max_examples)
@given(st.sampled_from(sorted(OLD)), st.data())
def test_damaged_states_of_older_versions_raise_nothing(name: str, data: st.DataObject) -> None:
    version, stream, bookmark = OLD[name]
    left, _ = problems_of(damaged(bookmark, data), version)
    found, _ = decode(left, KINDS.get(stream, StreamState), NOW)
    written = json.dumps(encode(found))
    assert "2999" not in written
    assert IMPOSSIBLE not in written


def test_the_samples_hold_no_addresses() -> None:
    assert not [path.name for path in STATES.glob("*.json") if "@" in path.read_text()]


def test_all_that_streams_remember_is_written_and_read_here() -> None:
    for kind, examples in fields.items():
        assert examples.keys() == {field.name for field in msgspec.structs.fields(kind)}, kind
    assert fields.keys() >= {*KINDS.values()}


@pytest.mark.parametrize(
    "bookmark",
    [
        {"progress": [{"checkpoint": {"started_at": THEN, "behind": ["\ud800"]}}]},
        {"progress": [{"checkpoint": {"started_at": THEN, "covers": {"shard": ["\ud800"]}}}]},
        {"columns": {"header 1": 5}},
        {"columns": {"header 1": ["name"]}},
        {"columns": {"header 1": "\ud800"}},
        {"columns": ["name"]},
        {"source": 7},
    ],
)
def test_what_no_run_can_have_written_is_not_used(bookmark: dict[str, Any]) -> None:
    (found,) = bookmarks_of({"version": 4, "bookmarks": {"forms": bookmark}}, NOW, print).values()
    state, problem = decode(found, StreamState, NOW)
    assert state == StreamState()
    assert bool(problem) is ("progress" in bookmark)
    assert not found.keys() - {"progress"}
