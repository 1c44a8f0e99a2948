"""Values: what each type takes, and everything that it refuses."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_acton.records.values import (
    Unconvertible,
    boolean,
    identifier,
    identifiers,
    integer,
    is_storable,
    minutes,
    number,
    snake_case,
    text,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

thorough = settings(max_examples=3 * settings().max_examples // 2)

any_text = st.text(st.characters())
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**80), 10**80),
    st.floats(),
    st.decimals(allow_nan=False, allow_infinity=False),
    any_text,
    st.text("0123456789 .,+-eEtrufalsyno", max_size=40),
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (769, 769),
        ("769", 769),
        (" -769 ", -769),
        ("+5", 5),
        ("007", 7),
        (5.0, 5),
        ("5.0", 5),
        ("1e3", 1000),
        (Decimal("5.0"), 5),
        ("9007199254740993.0", 9_007_199_254_740_993),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (Decimal(2**63 - 1), 2**63 - 1),
        (-(2.0**63), -(2**63)),
        (None, None),
        ("", None),
        (" \t", None),
    ],
)
def test_integer(value: object, expected: int | None) -> None:
    found = integer(value)
    assert found == expected
    assert not isinstance(found, float)


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        -(2**63) - 1,
        str(2**63),
        1.5,
        "1.5",
        1e300,
        "1,234",
        "1_234",
        "0x1f",
        "٣",
        "12 34",
        "1e999999999",
        pytest.param("9" * 5000, id="too long"),
        "none",
        True,
        math.nan,
        -math.inf,
        Decimal("1e999999"),
        Decimal("nan"),
        [],
        {},
    ],
)
def test_integer_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        integer(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, 1.5),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("2.5e-3", 0.0025),
        ("769", 769),
        (Decimal("0.1"), 0.1),
        (1e300, 1e300),
        (None, None),
        (" ", None),
    ],
)
def test_number(value: object, expected: float | None) -> None:
    assert number(value) == expected


def test_number_keeps_whole_numbers_whole() -> None:
    assert type(number("769")) is int
    assert type(number("769.0")) is float


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, "nan", "inf", "1e400", Decimal("1e400"), 2**63, str(2**64), "12%", True],
)
def test_number_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        number(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("47", 47),
        (" 12.5 ", 12.5),
        (47, 47),
        ("1:02:30", 62.5),
        ("01:02:30", 62.5),
        ("62:30", 62.5),
        ("0:00", 0),
        ("0:20", 0.3333),
        ("90:00", 90),
        ("100:00:00", 6000),
        ("", None),
        (None, None),
    ],
)
def test_minutes(value: object, expected: float | None) -> None:
    assert minutes(value) == expected


@pytest.mark.parametrize(
    "value", ["n/a", "47 min", "1:60", "1:60:00", "1:5", ":30", "1:2:3:4", "-1:00", "1:02.5", True]
)
def test_minutes_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        minutes(value)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_minutes_of_a_clock_are_those_of_its_seconds(
    hours: int, of_hour: int, seconds: int
) -> None:
    told = minutes(f"{hours}:{of_hour:02}:{seconds:02}")
    assert told == minutes(f"{hours * 60 + of_hour}:{seconds:02}")
    assert told is not None
    assert round(told * 60) == hours * 3600 + of_hour * 60 + seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("False", False),
        (" YES ", True),
        ("no", False),
        ("1", True),
        ("0", False),
        (1, True),
        (0, False),
        (None, None),
        ("", None),
        ("  ", None),
    ],
)
def test_boolean(value: object, expected: bool | None) -> None:  # noqa: FBT001 - the data
    assert boolean(value) is expected


@pytest.mark.parametrize("value", [2, -1, "2", "y", "on", "maybe", [], {}, math.nan])
def test_boolean_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        boolean(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Pat Sample", "Pat Sample"),
        ("  kept  ", "  kept  "),
        ("", ""),
        (None, None),
        ("Zoë 😀", "Zoë 😀"),
        ("a\0b", "ab"),
        ("é\0", "é"),
        ("lone \ud83d half", "lone \ufffd half"),
        ("end \udc00", "end \ufffd"),
        ("\ud83d\0", "\ufffd"),
        ("two halves \ud83d\ude00", "two halves 😀"),
        (123, "123"),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.50"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_text(value: object, expected: str | None) -> None:
    assert text(value) == expected


@pytest.mark.parametrize(
    "value", [[], {}, ["a"], math.nan, math.inf, pytest.param(10**5000, id="too long")]
)
def test_text_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        text(value)


@thorough
@given(any_text)
def test_text_can_always_be_stored(value: str) -> None:
    stored = text(value)
    assert stored is not None
    assert "\0" not in stored
    assert stored.encode().decode() == stored
    assert text(stored) == stored


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("l-0a41:2b7", "l-0a41:2b7"),
        ("0012", "0012"),
        (" 51877 ", "51877"),
        (51877, "51877"),
        (-1, "-1"),
        (0, "0"),
        (70123.0, "70123"),
        (Decimal("70123.0"), "70123"),
        (10**30, "1" + "0" * 30),
        (None, None),
        ("", None),
        ("  ", None),
        ("\0", None),
    ],
)
def test_identifier(value: object, expected: str | None) -> None:
    assert identifier(value) == expected


@pytest.mark.parametrize(
    "value", [True, False, 1.5, math.nan, 1e300, [], {}, pytest.param(10**5000, id="too long")]
)
def test_identifier_refuses(value: object) -> None:
    with pytest.raises(Unconvertible):
        identifier(value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("senderName", "sender_name"),
        ("sender_name", "sender_name"),
        ("timeWhen", "time_when"),
        ("hardBounced", "hard_bounced"),
        ("optOut", "opt_out"),
        ("customEventsId", "custom_events_id"),
        ("URLString", "url_string"),
        ("linkURI", "link_uri"),
        ("tsLastModified", "ts_last_modified"),
        ("sourceTS", "source_ts"),
        ("bIsSingleton", "b_is_singleton"),
        ("srcIds", "src_ids"),
        ("srcIDs", "src_ids"),
        ("URLsSeen", "urls_seen"),
        ("URLsend", "ur_lsend"),
        ("URLId", "url_id"),
        ("progstate", "progstate"),
        ("ScorePeriod", "score_period"),
        ("ID", "id"),
        ("ON24Id", "on24_id"),
        ("address2", "address2"),
        ("__created_date", "created_date"),
        ("_contact_id_", "contact_id"),
        ("Act-On Primary Score", "act_on_primary_score"),
        ("Work e-mail", "work_e_mail"),
        ("Revenue ($)", "revenue"),
        ("2nd Name", "_2nd_name"),
        ("Größe ÄndernJetzt", "größe_ändern_jetzt"),
        ("氏名", "氏名"),
        ("Cafe\u0301", "café"),
        ("", "_"),
        ("!!", "_"),
    ],
)
def test_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected


@thorough
@given(any_text | st.text("AZaz09_ -İŉǅΣ\u0307\u0327", max_size=8))
def test_snake_case_is_a_column_name_and_stays_one(name: str) -> None:
    column = snake_case(name)
    assert snake_case(column) == column
    assert column
    assert not column[0].isdigit()
    assert "__" not in column
    assert column == column.lower()


@pytest.mark.parametrize("convert", [integer, number, minutes, boolean, text, identifier])
@thorough
@given(json_values)
def test_nothing_but_unconvertible_is_ever_raised(
    convert: Callable[[object], object], value: object
) -> None:
    try:
        converted = convert(value)
    except Unconvertible:
        return
    assert converted is None or isinstance(converted, str | int | float)


def test_a_number_may_be_written_with_so_many_digits_and_no_more() -> None:
    assert integer("1".zfill(128)) == 1
    with pytest.raises(Unconvertible):
        integer("1".zfill(129))


def test_only_the_letter_before_a_capital_tells_whether_it_starts_a_word() -> None:
    assert snake_case("a bC") == "a_b_c"


def test_letters_beyond_ascii_can_be_stored() -> None:
    assert is_storable("Größe, テスト")


@pytest.mark.parametrize(("of_all", "of_one"), [(texts, text), (identifiers, identifier)])
@thorough
@given(
    values=st.lists(
        st.none() | st.text() | st.sampled_from(["\0", " x ", "\ud83d", "\ude00"]) | json_values
    )
)
def test_values_together_become_what_each_becomes(
    of_all: Callable[[list[object]], object], of_one: Callable[[object], object], values: list[Any]
) -> None:
    try:
        expected = [of_one(value) for value in values]
    except Unconvertible:
        with pytest.raises(Unconvertible):
            of_all(values)
    else:
        assert of_all(values) == expected


def test_halves_of_a_character_in_two_values_are_not_taken_for_one() -> None:
    assert texts(["\ud83d", "\ude00"]) == ["\ufffd", "\ufffd"]


def test_texts_that_need_nothing_are_not_copied() -> None:
    for values in (["a", None, ""], ["a", None, "Zoë"]):
        assert texts(values) is values
