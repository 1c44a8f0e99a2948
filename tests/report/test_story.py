"""The sentences at the top of the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from report.marts import MOST_ROWS
from report.story import (
    BEYOND_CHANCE,
    CHANGES,
    ENOUGH_SENT,
    MOST_BOUNCES,
    MOST_COMPLAINTS,
    story,
)
from report.totals import Choice
from tests.report.accounts import DAY, marts, message

if TYPE_CHECKING:
    from report.marts import Marts

ROOT = Path(__file__).parents[2]
MONTH = Choice(DAY - 29, DAY)


def said(of: Marts, choice: Choice = MONTH) -> dict[str, str]:
    return {
        sentence.kind: f"{sentence.before}{sentence.name}{sentence.after}"
        for sentence in story(of, choice)
    }


def month(**counts: int) -> Marts:
    """A month with these counts of 1,000 e-mails, after one with usual ones."""
    usual = {"opened": 350, "clicked": 100, "bounced": 20}
    sent = counts.pop("sent", 1000)
    return marts(
        messages=[message(6, sent, **{**usual, **counts}), message(59, 1000, **usual)],
        days=[{"account": 0, "day": DAY}],
    )


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"clicked": 40}, "the click rate fell from 10.2% to 4.1%."),
        ({"clicked": 160}, "the click rate rose from 10.2% to 16.3%."),
        ({"bounced": 60}, "the bounce rate rose from 2.0% to 6.0%."),
        # Twice as large is more than half as much again.
        ({"clicked": 200, "opened": 500}, "the click rate rose from 10.2% to 20.4%."),
        # From nothing is the largest of all.
        ({"clicked": 200, "complained": 12}, "the complaint rate rose from 0.0% to 1.2%."),
        (
            {"sent": 2000, "clicked": 80, "opened": 700},
            "from 10.2% to 4.0%, while 100% more e-mails went out.",
        ),
        (
            {"sent": 50_000, "clicked": 80, "opened": 17_000},
            "to 0.16%, while more than ten times as many e-mails went out.",
        ),
    ],
)
def test_the_biggest_change_comes_first(counts: dict[str, int], words: str) -> None:
    first = story(month(**counts), MONTH)[0]
    assert first.kind == "change"
    assert first.before.startswith("The biggest change against the 30 days before: the ")
    assert words in first.before


def test_less_than_chance_is_no_change() -> None:
    words = said(month(opened=340, clicked=104, complained=1))["steady"]
    assert words == (
        "Nothing changed by more than chance against the 30 days before: 1,000 e-mails went out in "
        "1 message, with an open rate of 34.7% and a click rate of 10.6%."
    )


def test_mail_alone_may_have_changed() -> None:
    words = said(month(sent=500, opened=175, clicked=50, bounced=10))["change"]
    assert words == (
        "Against the 30 days before, 50% fewer e-mails went out; "
        "no rate changed by more than chance."
    )


def test_rates_of_the_last_days_are_not_final() -> None:
    pending = "Mail of the last days is still being opened, so part of this will pass."
    assert pending in said(month(clicked=20))["change"]
    assert pending not in said(month(clicked=200))["change"]
    assert pending not in said(month(bounced=90))["change"]
    earlier = marts(
        messages=[message(7, 1000, clicked=20), message(59, 1000, clicked=100)],
        days=[{"account": 0, "day": DAY}],
    )
    assert pending not in said(earlier)["change"]


def test_without_a_whole_period_before_nothing_is_compared() -> None:
    of = marts(messages=[message(10, 1000, opened=350), message(35, 50)])
    assert said(of)["volume"] == (
        "1,000 e-mails went out in 1 message; 35.0% of the delivered were opened."
    )


def test_the_best_message_has_the_most_clicks_beyond_luck() -> None:
    of = marts(
        messages=[
            message(3, 3, clicked=2, name="luck"),
            message(2, 400, clicked=120, name="best"),
            message(1, 400, clicked=60, opened=400, name="opened"),
        ]
    )
    assert said(of)["best"] == (
        "The best message, of those with enough recipients to tell, was best of Nov 28, 2026: "
        "30.0% of its 400 recipients clicked, against 22.7% over all messages."
    )


def test_without_clicks_opens_decide_and_without_both_nothing_is_best() -> None:
    of = marts(
        messages=[message(2, 100, opened=30, name="a"), message(1, 100, opened=50, name="b")]
    )
    assert said(of)["best"].startswith(
        "The best message, of those with enough recipients to tell, was b of Nov 29, 2026: 50.0% of"
    )
    assert "best" not in said(marts(messages=[message(2, 100), message(1, 100)]))


def test_one_message_is_not_best_of_one() -> None:
    of = marts(
        messages=[message(2, 100, opened=30, clicked=7, name="\N{HEBREW LETTER ALEF}" * 300)]
    )
    (best,) = (sentence for sentence in story(of, MONTH) if sentence.kind == "best")
    assert best.name == "\N{HEBREW LETTER ALEF}" * 79 + "…"
    assert best.after == ", was clicked by 7.0% and opened by 30.0% of its 100 recipients."


def test_counts_below_zero_are_not_best() -> None:
    of = marts(
        messages=[
            message(2, 400, clicked=-5, opened=90, name="clicked"),
            message(2, 10, bounced=30, clicked=9, name="delivered"),
            message(2, 400, clicked=40, name="best"),
        ]
    )
    assert "was best of Nov 28, 2026: 10.0% of its" in said(of)["best"]


def domain(name: str | None, sent: int, bounced: int, complained: int = 0) -> dict[str, object]:
    return {
        "account": 0,
        "day": DAY - 2,
        "domain": name,
        "sent": sent,
        "delivered": sent - bounced,
        "bounced": bounced,
        "complained": complained,
    }


def test_the_worst_domain_is_named() -> None:
    of = marts(
        messages=[message(2, 5000, bounced=100)],
        domains=[
            domain("good.example.com", 1000, 50),
            domain("bad.example.com", 1000, 80),
            domain("worse.example.com", 1000, 40, complained=9),
            domain("small.example.com", 99, 60),
            domain(None, 1000, 400),
        ],
    )
    assert said(of)["alarm"] == (
        "Deliverability alarm: of the mail to worse.example.com, 0.94% was complained about; the "
        "alarm is at 0.30%. One more alarm is under Deliverability."
    )


def test_the_alarm_may_be_of_all_mail() -> None:
    of = marts(messages=[message(2, 1000, bounced=51)])
    assert said(of)["alarm"] == (
        "Deliverability alarm: of all mail, 5.1% bounced; the alarm is at 5.0%."
    )


def test_a_message_to_a_bad_list_is_an_alarm_though_the_mail_of_the_month_hides_it() -> None:
    of = marts(
        messages=[
            message(2, 5000, bounced=10),
            message(2, 640, bounced=106, name="Bought list"),
            message(1, 200, bounced=12),
            message(1, 99, bounced=90),
        ],
        domains=[domain("good.example.com", 5939, 218)],
    )
    assert said(of)["alarm"] == (
        "Deliverability alarm: of the message Bought list, 16.6% bounced; the alarm is at 5.0%. "
        "One more alarm is under Messages."
    )


def test_no_alarm_is_said_too_but_not_of_a_handful_of_mail() -> None:
    assert said(marts(messages=[message(2, 1000, bounced=50, complained=2)]))["calm"] == (
        "No deliverability alarm: 5.0% bounced and 0.21% complained; "
        "the alarms are at 5.0% and 0.30%."
    )
    assert {"alarm", "calm"}.isdisjoint(said(marts(messages=[message(2, 99, bounced=50)])))


def test_the_mart_and_the_docs_have_the_rules_of_the_page() -> None:
    (mart,) = (ROOT / "transform").rglob("acton__deliverability_daily.sql")
    assert f"bounce_rate > {MOST_BOUNCES}," in mart.read_text()
    assert f"complaint_rate > {MOST_COMPLAINTS}," in mart.read_text()
    text = " ".join((ROOT / "docs" / "report.md").read_text().split())
    assert (
        f"from {ENOUGH_SENT} e-mails on: more than {MOST_BOUNCES:.0%} bounced, "
        f"or more than {MOST_COMPLAINTS:.1%} complained"
    ) in text
    assert f"moved by {BEYOND_CHANCE} standard errors" in text
    assert len(CHANGES) == 5
    assert "any of the five that the first sentence looks at" in text
    assert f"the {MOST_ROWS} largest rows of each account" in text


def test_nothing_to_tell_is_told() -> None:
    assert said(marts()) == {"empty": "No message has gone out from this account so far."}
    undated = marts(messages=[{**message(0, 10), "day": None}])
    assert said(undated) == {"empty": "No message has a date, so that none belongs to a period."}
    unbuilt = marts()
    unbuilt.tables["messages"].missing = "acton__messages"
    assert said(unbuilt) == {
        "empty": "Nothing is known about messages: acton__messages is missing."
    }
    failed = Choice(MONTH.first, MONTH.last, frozenset({"FAILED"}))
    assert said(month(), failed) == {
        "empty": "No message of these types went out from Nov 1, 2026 to Nov 30, 2026."
    }
