"""Which rows count, and what they add up to."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import vl_convert

from report import words
from report.figures import FIGURES, bucket, rows, tabled, unit_of_time
from report.page import compared, page
from report.totals import (
    TILES,
    Choice,
    Number,
    Total,
    chosen,
    first_choice,
    has_before,
    span,
    total,
)
from tests.report.accounts import DAY, marts, message

OPEN_RATE = next(tile for tile in TILES if tile.name == "open_rate")
BOUNCE_RATE = next(tile for tile in TILES if tile.name == "bounce_rate")
SENT = TILES[0]
FIGURE = {figure.name: figure for group in FIGURES.values() for figure in group}


def test_a_rate_is_a_sum_over_a_sum_and_null_where_nothing_was_sent() -> None:
    of = marts(messages=[message(1, 1000, opened=100), message(2, 10, opened=10), message(3, 0)])
    messages = of.tables["messages"]
    assert total(OPEN_RATE, messages, [0, 1, 2]).value == 110 / 1010
    assert total(OPEN_RATE, messages, [2]).value is None
    assert total(SENT, messages, [2]).value == 0


def test_opens_of_a_message_without_a_report_have_no_rate() -> None:
    of = marts(
        messages=[message(1, 100, opened=50), {**message(2, 0, opened=9), "delivered": None}]
    )
    assert total(OPEN_RATE, of.tables["messages"], [0, 1]) == Total(50, 100)


def test_what_the_reader_chose_is_counted() -> None:
    of = marts(
        ("north", "south"),
        messages=[
            message(1, 1),
            message(1, 2, account=1),
            message(1, 4, type="TRIGGERED"),
            message(29, 8),
            message(30, 16),
            {**message(0, 32), "day": None},
        ],
    )
    messages = of.tables["messages"]

    def sent(choice: Choice, follows: str = "period types") -> float | None:
        return total(SENT, messages, chosen(messages, choice, follows)).value

    month = Choice(DAY - 29, DAY)
    assert sent(month) == 1 + 2 + 4 + 8
    assert sent(Choice(DAY - 29, DAY, account=1)) == 2
    assert sent(Choice(DAY - 29, DAY, frozenset({"SENT"}))) == 1 + 2 + 8
    assert sent(month.before) == 16
    assert sent(month, "types") == 63


def test_the_period_before_must_be_whole() -> None:
    of = marts(messages=[message(1, 1), message(59, 1)])
    assert span(of) == (DAY - 59, DAY - 1)
    assert has_before(of, Choice(DAY - 29, DAY))
    assert not has_before(of, Choice(DAY - 30, DAY))
    assert not has_before(marts(), Choice(DAY - 29, DAY))


@pytest.mark.parametrize(
    ("day", "period", "first"),
    [(5, "30", 29), (40, "90", 89), (200, "365", 364), (800, "all", 800)],
)
def test_the_first_period_is_the_shortest_with_messages(day: int, period: str, first: int) -> None:
    of = marts(messages=[message(day, 1)], days=[{"account": 0, "day": DAY}])
    assert first_choice(of) == (period, Choice(DAY - first, DAY))


def test_a_change_is_better_or_worse_only_beyond_chance() -> None:
    assert compared(OPEN_RATE, Total(300, 1000), Total(400, 1000)) == (
        "\N{MINUS SIGN}10.0 points (worse), 40.0% before",
        "worse",
    )
    assert compared(BOUNCE_RATE, Total(10, 1000), Total(60, 1000)) == (
        "\N{MINUS SIGN}5.0 points (better), 6.0% before",
        "better",
    )
    assert compared(OPEN_RATE, Total(3, 10), Total(4, 10)) == (
        "\N{MINUS SIGN}10.0 points, 40.0% before",
        "same",
    )
    assert compared(OPEN_RATE, Total(3, 10), Total(3, 10))[0] == "Unchanged, 30.0% before"
    assert compared(SENT, Total(150, None), Total(100, None)) == ("+50%, 100 before", "same")
    assert compared(SENT, Total(15_000, None), Total(100, None))[0] == (
        "More than ten times as many, 100 before"
    )
    assert compared(OPEN_RATE, Total(0, 0), Total(3, 10)) == ("30.0% before", "none")
    assert compared(SENT, Total(3, None), Total(0, None))[1] == "none"


def test_time_goes_by_day_week_and_month() -> None:
    assert [unit_of_time(days) for days in (45, 46, 800, 801)] == ["day", "week", "week", "month"]
    # November 30, 2026, is a Monday.
    assert [bucket(DAY + day, "week") - DAY for day in (-1, 0, 6, 7)] == [-7, 0, 0, 7]
    assert [words.day(bucket(DAY + day, "month")) for day in (0, 1)] == [
        "Nov 1, 2026",
        "Dec 1, 2026",
    ]


def test_a_trend_adds_up_its_weeks() -> None:
    of = marts(messages=[message(day, 10, opened=day) for day in range(90)])
    everything = Choice(DAY - 89, DAY)
    made = rows(FIGURE["rates"], of, everything, everything)
    assert [row["bucket"] for row in made] == list(range(DAY - 91, DAY + 1, 7))
    assert made[-1]["open_rate"] == 0
    assert made[-2]["open_rate"] == sum(range(1, 8)) / 70


def test_a_table_that_is_too_long_keeps_its_latest_or_largest_rows() -> None:
    suppressions = [
        {"account": 0, "day": DAY - 7 * week, "reason": reason, "addresses": 1}
        for week in range(100)
        for reason in ("opt_out", "hard_bounce")
    ]
    messages = [message(n % 30, 1000 + n, name=f"{n}") for n in range(130)]
    of = marts(suppressions=suppressions, messages=messages)
    choice = Choice(DAY - 699, DAY)
    shown, words_ = tabled(FIGURE["suppressions"], rows(FIGURE["suppressions"], of, choice, choice))
    assert words_ == "The latest 120 of 200 rows."
    assert [shown[n]["bucket"] for n in (0, -1)] == [DAY - 59 * 7, DAY]
    shown, words_ = tabled(FIGURE["opens-clicks"], rows(FIGURE["opens-clicks"], of, choice, choice))
    assert words_ == "The first 120 of 130 rows."
    assert [shown[n]["delivered"] for n in (0, -1)] == [1129, 1010]
    assert tabled(FIGURE["opens-clicks"], shown) == (shown, "")
    assert "The first 120 of 130 rows." in page(of, datetime(2026, 11, 30, tzinfo=UTC))


def test_shares_of_a_whole_add_up_to_one() -> None:
    steps = [
        {"account": 0, "day": DAY - 3, "step": step, "opens": opens, "clicks": 0}
        for step, opens in ((2, 1), (0, 6), (1, 3))
    ]
    choice = Choice(DAY - 29, DAY)
    made = rows(FIGURE["time-to-open"], marts(steps=steps), choice, choice)
    assert [(row["step"], row["opens"], row["clicks"]) for row in made] == [
        (0, 0.6, None),
        (1, 0.3, None),
        (2, 0.1, None),
    ]


def test_the_smaller_domains_come_after_what_they_add_up_to() -> None:
    domains = [
        {"account": 0, "day": DAY, "domain": name, "sent": sent, "bounced": bounced}
        for name, sent, bounced in (("a", 10, 1), (None, 90, 9), ("b", 50, 1), ("a", 10, 0))
    ]
    choice = Choice(DAY, DAY)
    made = rows(FIGURE["domains"], marts(domains=domains), choice, choice)
    assert [(row["domain"], row["sent"], row["bounce_rate"]) for row in made] == [
        (None, 90, 0.1),
        ("b", 50, 0.02),
        ("a", 20, 0.05),
    ]


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (None, "rate", "\N{EN DASH}"),
        (0, "rate", "0.0%"),
        (0.0008, "rate", "0.08%"),
        (0.0125, "rate", "1.3%"),
        (0.3636, "rate", "36.4%"),
        (1234567, "count", "1,234,567"),
        (119, "minutes", "119 min"),
        (150, "minutes", "2.5 h"),
        (2880, "minutes", "2.0 days"),
        (DAY, "day", "Nov 30, 2026"),
    ],
)
def test_numbers_have_units(number: float | None, unit: str, text: str) -> None:
    assert words.number(number, unit) == text


@pytest.mark.parametrize(("name", "limit"), [("bounces", 0.05), ("complaints", 0.003)])
def test_an_alarm_is_a_line_at_its_threshold(name: str, limit: float) -> None:
    figure = FIGURE[name]
    made = figure.specification()
    values = [
        {"time": day * 86_400_000, figure.numbers[0].name: share, "label": ""}
        for day, share in ((DAY - 1, 0.0), (DAY, 2 * limit))
    ]
    # As page.js adds the rows to the data sets of the drawing.
    datasets = {**made["datasets"], "rows": values}
    svg = vl_convert.vegalite_to_svg({**made, "width": 400, "datasets": datasets})
    heights = [
        [
            float(y)
            for y in re.findall(rf'description="{mark}" transform="translate\(\d+,(\d+)', svg)
        ]
        for mark in ("point", "rule mark")
    ]
    assert heights == [[220, 0], [110]]


def test_every_number_of_a_figure_is_a_column() -> None:
    of = marts()
    for figure in FIGURE.values():
        columns = of.tables[figure.table].columns
        asked = {one for number in figure.numbers for one in (number.of, number.over)}
        assert asked - {"", "*"} <= columns.keys(), figure.name
        assert {*figure.by} - {"bucket", "row"} <= columns.keys(), figure.name
        assert isinstance(figure.numbers[0], Number)
