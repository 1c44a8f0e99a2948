"""A capture holds the shape of every answer and no value of it."""

from __future__ import annotations

import json
import re
import string
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tap_acton import check
from tap_acton.api.exchange import Exchange
from tap_acton.api.responses import API_ACCESS_OFF_WORDS, NOT_ROUTED_WORDS, THROTTLE_WORDS
from tap_acton.check.capture import capture, secret_shift, written
from tap_acton.check.replacements import PHRASES, Replacements, kind_of
from tap_acton.check.thinning import form_of_value
from tap_acton.check.words import (
    derived_names,
    documented_names,
    documented_values,
    is_documented_value,
)
from tap_acton.settings.schema import EVENT_TYPES
from tests.captures import exchanges_of
from tests.captures.runs import MADE_UP, common_runs, values_in
from tests.captures.runs import WORDS as WORDS_OF

SHIFT = timedelta(days=-500, minutes=77, seconds=-7)
JSON = {"Content-Type": "application/json;charset=UTF-8"}
CSV = {"Content-Type": "text/csv;charset=UTF-8"}


def answered(value: Any, **more: Any) -> Exchange:
    """Make an exchange with an answer in JSON, or in CSV if it is a text."""
    is_table = isinstance(value, str)
    given: dict[str, Any] = {
        "stream": "messages",
        "method": "GET",
        "path": "/api/1/message",
        "parameters": {"type": "SENT", "count": 100, "offset": 0},
        "body": None,
        "status": 200,
        "headers": CSV if is_table else JSON,
        "content": (value if is_table else json.dumps(value)).encode("utf-8", "replace"),
    }
    return Exchange(**{**given, **more})


def captured(*exchanges: Exchange, shift: timedelta = SHIFT) -> dict[str, Any]:
    return capture(exchanges, about={}, shift=shift)


# What accounts are full of.
LETTERS = st.sampled_from([*string.ascii_letters, *"éßÅøñŁабвЖαβΓ山田検索あカ한글שלבאनमस"])
WORDS = st.text(LETTERS, min_size=1, max_size=12)
SIGNS = st.sampled_from(
    [" ", ", ", "-", "_", ".", "/", ":", "'", '"', "\n", " & ", "😀", "“", "!?", ";"]
)
TEXTS = st.builds(
    lambda words, signs: "".join(w + s for w, s in zip(words, [*signs, ""], strict=False)),
    st.lists(WORDS, min_size=1, max_size=4),
    st.lists(SIGNS, min_size=4, max_size=4),
)
NUMERALS = st.from_regex(
    r"-?[0-9]{1,11}(\.[0-9]{1,3})?|\+[0-9]{2} [0-9]{3} [0-9]{4}|00[0-9]{3}",
    fullmatch=True,
)
IDS = st.from_regex(r"[a-z]-[0-9a-f]{4}(:[0-9a-f]{1,4})?|[0-9a-f]{8}-[0-9a-f]{4}", fullmatch=True)
LOOKALIKES = st.sampled_from(
    ["email", "SENT", "Y", "N", "A", "0", "1", "007", "null", "NaN", "true", "-", "--", "[]", "{}"]
)
OF_ACTON = st.sampled_from(sorted(documented_names() | documented_values()))
PARTS = st.from_regex(r"[a-z]{3,10}", fullmatch=True)
ADDRESSES = st.builds("{}.{}@{}.org".format, PARTS, PARTS, PARTS)
LINKS = st.builds("https://{}.org/{}?id={}".format, PARTS, PARTS, PARTS)
MARKUP = st.builds("<div class='{}'>{}</div>".format, PARTS, TEXTS)
DATES = st.dates(datetime(2001, 1, 1, tzinfo=UTC).date(), datetime(2038, 1, 1, tzinfo=UTC).date())
ORDERS = st.builds(
    lambda day, form, sign, number: day.strftime(form) + f"{sign}{number}",
    DATES,
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d %H:%M", "%b %d %Y"]),
    st.sampled_from(["-", "+", " -", " +", " "]),
    st.integers(1500, 9999),
)
FORMAT_LIKE = st.text(st.sampled_from("yMdHhmsSaz "), min_size=1, max_size=4).map("Mayyd{}".format)
OPAQUE = st.one_of(
    *(TEXTS, NUMERALS, IDS, LOOKALIKES, ADDRESSES, LINKS, MARKUP, ORDERS, FORMAT_LIKE),
    *(OF_ACTON, OF_ACTON.map(str.title)),
)
MOMENTS = st.integers(1_550_000_000, 1_790_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))
SPELLINGS = st.sampled_from(
    ["%Y-%m-%dT%H:%M:%SZ", "%b %d %Y %I:%M %p PDT", "%m/%d/%Y", "%a %b %d %Y, %I:%M %p"]
)
SPELLED = st.builds(lambda at, form: at.strftime(form), MOMENTS, SPELLINGS)
EPOCHS = st.builds(lambda at: int(at.timestamp()) * 1000, MOMENTS)
NUMBERS = st.one_of(
    st.integers(-(10**11), 10**11), st.floats(allow_nan=False, allow_infinity=False, width=32)
)
SCALARS = st.one_of(OPAQUE, SPELLED, EPOCHS, NUMBERS, st.none(), st.booleans())
CODES_AND_COUNTS = st.sampled_from(
    ["statusCode", "errorCode", "dayOfMonth", "emailColumn", "totalPages", "total", "message"]
)
NAMES = st.one_of(
    st.sampled_from(["id", "name", "msgId", "email", "timeStamp", "customFields"]),
    CODES_AND_COUNTS,
    WORDS,
    TEXTS,
    IDS,
)
NESTED = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(NAMES, SCALARS, max_size=3)
)
ROWS = st.dictionaries(NAMES, NESTED, max_size=6)
RECORDS = st.lists(
    st.builds(lambda held: {"fields": held}, st.dictionaries(NAMES, SCALARS, max_size=6)),
    max_size=4,
)
NUMBERED = st.builds(
    lambda name, first, step: [{name: first + step * place} for place in range(12)],
    CODES_AND_COUNTS,
    st.integers(500_000, 700_000),
    st.integers(1, 9999),
)
PAGES = st.builds(
    lambda rows, more: {"count": len(rows), "totalCount": len(rows) + more, "msgresult": rows},
    st.lists(ROWS, max_size=6),
    st.sampled_from([0, 0, 7, 4000]),
)


def table(rows: list[list[Any]]) -> str:
    """Write CSV."""
    cells = ([json.dumps(str(cell), ensure_ascii=False) for cell in row] for row in rows)
    return "".join(f"{','.join(row)}\r\n" for row in cells)


TABLES = st.lists(st.lists(OPAQUE, min_size=2, max_size=3), min_size=1, max_size=4).map(table)
NUMBERED_TABLES = NUMBERED.map(lambda rows: table([[*rows[0]], *([*row.values()] for row in rows)]))
OPEN_TABLES = OPAQUE.map(lambda text: f'{table([["id", text]])}7,"no end')
NAMED_ROWS = st.builds(
    lambda name, rows: {name: rows},
    st.one_of(NAMES, st.just("counts")),
    st.one_of(st.lists(ROWS, min_size=1, max_size=4), NUMBERED),
)
ERRORS = st.builds(
    lambda text, code: {"errorCode": code, "message": text}, OPAQUE, st.integers(0, 999_999)
)
ANSWERS = st.one_of(
    *(PAGES, st.lists(ROWS, max_size=4), ROWS, ERRORS, RECORDS),
    *(NUMBERED, NAMED_ROWS, TABLES, NUMBERED_TABLES, OPEN_TABLES),
)
CONTENT_TYPES = st.one_of(
    st.sampled_from([JSON, CSV]),
    st.builds(
        lambda kind, charset, later: {
            "Content-Type": f"{kind}; charset={charset}",
            "Retry-After": later,
        },
        st.one_of(OF_ACTON, st.builds("{}/{}".format, PARTS, PARTS)),
        st.one_of(st.just("utf-8"), PARTS),
        st.one_of(ADDRESSES, IDS, PARTS),
    ),
)
EXCHANGES = st.lists(
    st.builds(
        lambda value, identifier, sent, status, headers: answered(
            value,
            path=f"/api/1/message/{quote(identifier, safe='')}/report",
            parameters={"category": sent, "count": 100, "offset": 0},
            body={"fields": [sent], "pagination": {"pageSize": 50}},
            status=status,
            **({} if isinstance(value, str) else {"headers": headers}),
        ),
        ANSWERS,
        st.one_of(IDS, OPAQUE),
        OPAQUE,
        st.sampled_from([200, 200, 400, 404]),
        CONTENT_TYPES,
    ),
    min_size=1,
    max_size=4,
)

# What stands for what, in an account of its own each.
REPLACED = [
    ("", ""),
    ("SENT", "SENT"),
    ("First Name", "Zuzu Xuzu"),
    ({"First Name": "Owner"}, {"First Name": "Zuzu"}),
    ({"Verb": "b", "Initial": "b"}, {"Verb": "b", "Zuzu": "z"}),
    ("ACME", "ZUZU"),
    ("acme", "zuzu"),
    ("Acme acme, ACME & Co.", "Zuzu zuzu, ZUZU &Zu."),
    ("Größe", "Zužžz"),
    ("検索", "龘龘"),
    ("sentToday", "zuzuXuzu"),
    ("l-0a41:17", "z-0z00:10"),
    ("12345", "30000"),
    ("007", "001"),
    ("+49 30 1234567", "+10 11 3000000"),
    ("ada@acme.org", "zuzu@example.com"),
    ("https://acme.org/x?id=7", "https://example.com/zuzu"),
    ("<b>Hello</b> Ada", "<p>zuzu</p>"),
    ('{"favourite": ["Ada", 4711]}', '{"zuzuzuzu": ["Zu", 3000]}'),
    ("3 days ago", "1 days ago"),
    ({"format": "dd/MM/yyyy HH:mm"}, {"format": "dd/MM/yyyy HH:mm"}),
    ("dd/MM/yyyy HH:mm", "zu/XU/zuzu QU:xu"),
    ({"format": "Mayyadah"}, {"format": "Zuzuzuzu"}),
    ("2026-03-17-4711", "3000-01-10-3100"),
    ("2026-03-17 07:05-0815", "2024-11-02 08:22-0815"),
    ("2026-03-17 07:05-4711", "3000-01-10 02:03-3100"),
    ("Europe/Paris", "US/Pacific"),
    ("2026-03-17T07:05:09.123Z", "2024-11-02T08:22:02.500Z"),
    ("2026-03-17", "2024-11-02"),
    ("Tue Mar 17 2026, 07:05 AM", "Sat Nov 02 2024, 08:22 AM"),
    ("Mar 17 2026 7:05 AM PDT", "Nov 02 2024 8:22 AM PDT"),
    ("Mar 17 2026 07:05 America/New_York", "Nov 02 2024 08:22 US/Pacific"),
    ("03/17/2026 11:05 PM", "11/13/2024 12:22 AM"),
    ("17.03.2026", "13.11.2024"),
    ("2026-03-17 ACME", "3000-01-10 ZUZU"),
    ("1773756309123", "1730560922500"),
    (1773756309000, 1730560922000),
    (0, 0),
    (-42, -10),
    (4711, 3000),
    (3.75, 1.5),
    (True, True),
    (None, None),
]


@pytest.mark.parametrize(("value", "made_up"), REPLACED, ids=str)
def test_what_stands_for_a_value_has_its_form(value: Any, made_up: Any) -> None:
    assert Replacements(SHIFT).value(value) == made_up


def test_an_id_is_replaced_by_the_same_one_wherever_it_stands() -> None:
    document = captured(
        answered({"msgresult": [{"msgId": "s-1a2b", "n": "s-1a2b:7"}, {"msgId": "s-3c4d"}]}),
        answered({"msgId": "s-3c4d"}, path="/api/1/message/s-3c4d/report"),
    )
    rows, report = document["answers"]
    first, second = rows["JSON"]["msgresult"]
    (name,) = first.keys() - {"msgId"}
    assert first[name].startswith(f"{first['msgId']}:")
    assert second["msgId"] != first["msgId"]
    assert report["JSON"] == {"msgId": second["msgId"]}
    assert report["call"] == f"GET /api/1/message/{{{second['msgId']}}}/report"


def test_of_rows_alike_one_is_kept_and_their_number_in_words() -> None:
    rows: list[dict[str, Any]] = [{"id": str(n), "name": f"Name {n}"} for n in range(1, 101)]
    rows[40] = {"id": "41", "name": None}
    page = {"count": 100, "offset": 0, "totalCount": 4711, "result": rows}
    (entry,) = captured(answered(page))["answers"]
    assert entry["rows"] == {
        "at": ["result"],
        "came": "100 to 999",
        "kept": 3,
        "fill_the_page": True,
    }
    assert [row["name"] is None for row in entry["JSON"]["result"]] == [False, True, False]
    assert (entry["JSON"]["count"], entry["JSON"]["totalCount"]) == (3, 4)


def test_equal_answers_are_told_once_and_each_refusal() -> None:
    report = answered({"sent": 5}, path="/api/1/message/s-1/report")
    other = answered({"sent": 7}, path="/api/1/message/s-2/report")
    refused = answered(
        {"errorCode": 10030, "message": "No such message: Spring"},
        path="/api/1/message/s-3/report",
        status=400,
    )
    answers = captured(report, other, refused)["answers"]
    assert [entry["status"] for entry in answers] == [200, 400]
    assert answers[1]["JSON"] == {"errorCode": 10030, "message": "Zu zuzu xuzu: Quzu"}


def test_a_table_keeps_its_form() -> None:
    text = '\ufeffE-mail;created_date;Größe\r\nada@acme.org;1773756309123;"1;2"\r\n'
    (entry,) = captured(answered(text))["answers"]
    assert entry["written"] == {"mark": True, "delimiter": ";", "line_end": "\r\n"}
    assert entry["CSV"] == [
        ["Z-zuzu", "created_date", "Zužžz"],
        ["zuzu@example.com", "1730560922500", "1;2"],
    ]


def test_what_cannot_be_read_is_told_and_not_shown() -> None:
    page = answered({}, content=b"\xff\xfe Acme <html", headers={"content-type": "text/acme"})
    (entry,) = captured(page)["answers"]
    assert entry["written"] == {"unreadable": True}
    assert entry["headers"] == {"content-type": "zuzu/xuzu"}
    assert "cme" not in written(entry)


def test_a_table_with_a_cell_of_any_length_is_captured() -> None:
    (entry,) = captured(answered('id,"' + "no end " * 30_000))["answers"]
    assert [len(row) for row in entry["CSV"]] == [2]
    assert len(written(entry)) < 1000


@pytest.mark.parametrize(
    "odd",
    [
        json.loads("[" * 500 + "]" * 500),
        json.loads('{"a":' * 300 + "1" + "}" * 300),
        {"title": "[" * 300 + "]" * 300},
        {"co." * 2000 + "x": 1},
        {"result": [{f"own{number}": 1} for number in range(2000)]},
    ],
    ids=["deep arrays", "deep objects", "a deep text", "a long name", "names of their own"],
)
def test_an_odd_answer_costs_no_capture(odd: Any) -> None:
    document = captured(answered(odd), answered({"result": [{"title": "Spring"}]}))
    assert len(written(document)) < 50_000
    assert document["answers"][-1]["JSON"] == {"result": [{"title": "Zuzu"}]}


def test_negative_counts_are_numbers_of_the_account() -> None:
    counts = {"count": -4711555, "offset": -99887766, "totalCount": -4711555}
    document = captured(answered({**counts, "totalPages": -8877665, "result": [{"id": "1"}]}))
    (entry,) = document["answers"]
    numbers = [held for held in entry["JSON"].values() if isinstance(held, int)]
    assert not {*counts.values(), -8877665}.intersection(numbers)


def test_an_error_does_not_show_by_how_much_timestamps_are_moved() -> None:
    now = {"timestamp": "2026-03-17T07:05:09Z", "at": 1773756309123, "day": "Mar 17 2026"}
    refused = answered({"message": "Zu", **now}, status=500, path="/api/1/message/s-1/report")
    disguised = answered({"errorCode": 10030, **now}, path="/api/1/message/s-2/report")
    for entry in captured(refused, disguised)["answers"]:
        times = [*entry["JSON"].values()][1:]
        assert times == ["2020-01-02T03:04:05Z", 1577934245500, "Jan 02 2020"]


def test_the_amount_is_another_one_each_time_and_changes_every_digit_of_a_second() -> None:
    amounts = {secret_shift() for _ in range(50)}
    assert len(amounts) > 40
    for amount in amounts:
        assert timedelta(days=-1500) < amount < timedelta(days=-399)
        assert amount.total_seconds() % 10


@given(
    # Moved, it stays behind 2001, where numbers of milliseconds begin to have thirteen digits.
    at=st.datetimes(datetime(2006, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - of no zone
    shift=st.builds(
        lambda days, minutes, seconds: -timedelta(days=days, minutes=minutes, seconds=seconds),
        *(st.integers(400, 1399), st.integers(0, 1439), st.integers(1, 9)),
    ),
)
def test_two_spellings_of_a_timestamp_stay_in_the_same_minute(
    at: datetime, shift: timedelta
) -> None:
    at = at.replace(tzinfo=UTC, microsecond=0)
    row = {"ts": int(at.timestamp()) * 1000, "when": f"{at:%b %d %Y %I:%M %p GMT}"}
    (moved,) = captured(answered({"result": [row]}), shift=shift)["answers"][0]["JSON"]["result"]
    minute = datetime.fromtimestamp(moved["ts"] // 1000, UTC)
    assert moved["when"] == f"{minute:%b %d %Y %I:%M %p GMT}"


def test_made_up_words_are_no_documented_ones() -> None:
    letters = re.compile("(?:[zxqvjkw][uoiy]){1,9}", re.IGNORECASE)
    words = documented_names() | documented_values()
    assert [word for word in words if letters.fullmatch(word)] == []


def test_every_phrase_that_the_tap_looks_for_in_an_error_is_kept() -> None:
    phrases = {phrase.lower() for phrase in PHRASES}
    assert phrases == {NOT_ROUTED_WORDS, API_ACCESS_OFF_WORDS, *THROTTLE_WORDS}


def test_no_word_is_listed_that_is_a_name_anyway_or_twice() -> None:
    text = resources.files(check).joinpath("documented_words.txt").read_text("utf-8")
    names, values = text.partition("\n[values]\n")[::2]
    assert derived_names().isdisjoint(names.splitlines())
    assert {*EVENT_TYPES}.isdisjoint(values.splitlines())
    for part in (names, values):
        words = [line for line in part.splitlines() if line and line[0] not in "#["]
        assert len(words) == len({*words})


@settings(max_examples=20)
@given(EXCHANGES)
def test_no_run_of_four_characters_of_a_value_is_in_a_capture(exchanges: list[Exchange]) -> None:
    assert common_runs(exchanges, captured(*exchanges)) == set()


@settings(max_examples=20)
@given(EXCHANGES)
def test_every_word_of_a_capture_is_documented_or_made_up(exchanges: list[Exchange]) -> None:
    for found in values_in(captured(*exchanges)):
        if found.is_own:
            continue
        text = found.text
        bare = re.sub(r"https://example\.com/|@example\.com|</?p>", " ", text)
        for word in WORDS_OF.findall(bare):
            parts = re.findall(r"[A-Z]?[^A-Z]+|[A-Z][A-Z0-9]*", word)
            assert all(MADE_UP.fullmatch(part) for part in parts), text


@settings(max_examples=20)
@given(EXCHANGES)
@example([answered('id,"one\r\n7,two')])
@example([answered('"id","<div>Ann</div>"\r\n7,"no end')])
def test_a_capture_of_a_capture_is_the_same(exchanges: list[Exchange]) -> None:
    document = json.loads(written(captured(*exchanges)))
    again = captured(*exchanges_of(document), shift=timedelta())
    assert written(again) == written(document)


ROTATED = str.maketrans(
    string.ascii_letters + "123456789",
    string.ascii_lowercase[5:]
    + string.ascii_lowercase[:5]
    + string.ascii_uppercase[5:]
    + string.ascii_uppercase[:5]
    + "234567891",
)
OPAQUE_ROWS = st.lists(
    st.dictionaries(st.sampled_from(["id", "name", "title"]), OPAQUE), min_size=1
)


@settings(max_examples=20)
@given(OPAQUE_ROWS, MOMENTS)
def test_a_capture_depends_on_the_forms_of_values_alone(
    rows: list[dict[str, str]], at: datetime
) -> None:
    def other(text: str) -> str:
        changed = text.translate(ROTATED)
        is_own = is_documented_value(text) or is_documented_value(changed)
        return text if is_own or form_of_value(text) != form_of_value(changed) else changed

    kinds = {kind_of(text) for row in rows for text in row.values()}
    assume(kinds.isdisjoint({"timestamp", "epoch"}))
    moved = timedelta(days=33, minutes=205)
    ours = [{**row, "ts": int(at.timestamp()) * 1000} for row in rows]
    theirs = [
        {
            **{name: other(text) for name, text in row.items()},
            "ts": int((at + moved).timestamp()) * 1000,
        }
        for row in rows
    ]
    assert written(captured(answered({"result": ours}))) == written(
        captured(answered({"result": theirs}), shift=SHIFT - moved)
    )
