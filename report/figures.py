"""The charts: what each one shows, where its numbers come from, and how it is drawn.

A figure is data: the table it sums up, by what, into which numbers. `rows` works out its rows for
the page as it is first shown, and `page.js` whenever the reader chooses something else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import altair as alt

from report import words
from report.database import EPOCH
from report.marts import DAYS_TO_OPEN
from report.story import ENOUGH_SENT, MOST_BOUNCES, MOST_COMPLAINTS
from report.totals import WITHOUT_A_NAME, Number, chosen, total

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from report.marts import Marts
    from report.totals import Choice

Drawing = Any
"""A chart of Altair, whose methods have no types."""

MOST_POINTS = 2000
"""Messages in the chart of opens against clicks: those with the most recipients."""

MOST_IN_TABLE = 120
"""Rows of the table of a chart."""

LONGEST_BY_DAY = 45
LONGEST_BY_WEEK = 800
"""Days in a period up to which a trend has a point per day, and per week; beyond, per month."""

INFLATED = (
    "Opens are inflated: mail programs that protect privacy, such as Apple Mail, load the pictures "
    "of every message. Compare open rates with each other; trust clicks."
)


@dataclass(frozen=True)
class Figure:
    """One chart with its table of numbers.

    Attributes:
        name: Its name in the page.
        title: What it is about, in a few words.
        about: How to read it, in a sentence or two; the text for whoever does not see it.
        table: The table that it sums up.
        by: What a row stands for: columns of the table, ``bucket`` for the days, weeks or months of
            the period, ``row`` for single rows.
        numbers: What is worked out for each.
        source: The mart and its columns.
        follows: Which of ``period`` and ``types`` apply to it.
        draw: Makes the chart.
        labels: The words for values of the first column of ``by``, in their order.
        most: How many rows to show, those with the largest numbers; 0 for all.
        largest: By which number; empty: the first.
        drawn: How many of the numbers are drawn; 0 for all. The table has the rest, too.
        is_wide: Whether it takes the whole width of the page.
    """

    name: str
    title: str
    about: str
    table: str
    by: tuple[str, ...]
    numbers: tuple[Number, ...]
    source: str
    follows: str
    draw: Callable[[Figure], Drawing]
    labels: Mapping[Any, str] = field(default_factory=dict)
    most: int = 0
    largest: str = ""
    drawn: int = 0
    is_wide: bool = False

    @property
    def marks(self) -> tuple[Number, ...]:
        """The numbers that are drawn."""
        return self.numbers[: self.drawn or None]

    def specification(self) -> dict[str, Any]:
        """Return the chart in Vega-Lite, without its rows.

        Altair takes a second to compare all of them with the schema of Vega-Lite; a test does that.
        """
        made: dict[str, Any] = self.draw(self).to_dict(validate=False)
        return {name: value for name, value in made.items() if name not in {"config", "$schema"}}


def unit_of_time(days: int) -> str:
    """Return what a point of a trend over so many days stands for: day, week or month."""
    if days <= LONGEST_BY_DAY:
        return "day"
    return "week" if days <= LONGEST_BY_WEEK else "month"


def bucket(day: int, unit: str) -> int:
    """Return the first day of a day's week (a Monday) or month."""
    if unit == "week":
        return day - (day + 3) % 7
    if unit == "month":
        date = EPOCH.fromordinal(EPOCH.toordinal() + day)
        return day - date.day + 1
    return day


def rows(figure: Figure, marts: Marts, choice: Choice, span: Choice) -> list[dict[str, Any]]:
    """Work out the rows of a figure.

    Args:
        figure: The figure.
        marts: The tables.
        choice: What the reader looks at.
        span: All days of the data, for figures that do not follow the period.

    Returns:
        Dictionaries with the values of ``by`` and the numbers; a day is one since 1970.
    """
    table = marts.tables[figure.table]
    period = choice if "period" in figure.follows else span
    unit = unit_of_time(period.days)
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row in chosen(table, choice, figure.follows):
        key = []
        for column in figure.by:
            if column == "bucket":
                day = table.columns["day"][row]
                key.append(None if day is None else bucket(day, unit))
            else:
                key.append(row if column == "row" else table.columns[column][row])
        if not ("bucket" in figure.by and key[figure.by.index("bucket")] is None):
            groups.setdefault(tuple(key), []).append(row)
    everything = [row for group in groups.values() for row in group]
    made = []
    for group_key, group in groups.items():
        one: dict[str, Any] = dict(zip(figure.by, group_key, strict=True))
        for number in figure.numbers:
            if number.over == "*":
                count = Number(number.name, number.label, "count", number.of)
                whole = total(count, table, everything).of
                one[number.name] = total(count, table, group).of / whole if whole else None
            else:
                one[number.name] = total(number, table, group).value
        made.append(one)
    return _ordered(figure, made)


def _ordered(figure: Figure, made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if figure.most:
        first = figure.largest or figure.numbers[0].name
        return sorted(made, key=lambda one: -(one[first] or 0))[: figure.most]
    if figure.labels:
        order = list(figure.labels)
        column = figure.by[-1]
        made.sort(key=lambda one: order.index(one[column]) if one[column] in order else len(order))
    else:
        made.sort(key=lambda one: _place(one[figure.by[-1]]))
    return sorted(made, key=lambda one: tuple(_place(one[column]) for column in figure.by[:-1]))


def tabled(figure: Figure, made: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """Return the rows for the table of a figure, and what to say of those that it leaves out."""
    if len(made) <= MOST_IN_TABLE:
        return made, ""
    if "bucket" in figure.by:
        return made[-MOST_IN_TABLE:], f"The latest {MOST_IN_TABLE} of {len(made):,} rows."
    return made[:MOST_IN_TABLE], f"The first {MOST_IN_TABLE} of {len(made):,} rows."


def _place(value: Any) -> tuple[bool, Any]:
    return value is None, 0 if value is None else value


def label(figure: Figure, column: str, value: Any, unit: str) -> str:
    """Word the value of a column of ``by``."""
    if column in {"bucket", "cohort"}:
        date = EPOCH.fromordinal(EPOCH.toordinal() + value)
        if column == "cohort" or unit == "month":
            return f"{date:%b %Y}"
        return f"Week of {words.day(value)}" if unit == "week" else words.day(value)
    if value in figure.labels:
        return figure.labels[value]
    text = "" if value is None else str(value)
    if text.strip():
        return text
    return WITHOUT_A_NAME if column == "name" else "(none)"


# How charts are drawn. Colors are variables of the page's style sheet, so one drawing serves light,
# dark and paper.


def _color(name: str) -> str:
    return f"var(--{name})"


def _format(number: Number) -> str:
    return ".1~%" if number.unit == "rate" else ",.0f"


def _axis(number: Number) -> alt.Axis:
    return alt.Axis(
        format="~%" if number.unit == "rate" else ",.0f",
        title=None,
        tickCount=5,
        tickMinStep=0 if number.unit == "rate" else 1,
    )


def _chart(height: int | alt.Step) -> Drawing:
    return alt.Chart(alt.NamedData("rows"), width="container", height=height)


def _legend(figure: Figure) -> tuple[alt.Legend | None, alt.Scale]:
    numbers = figure.marks
    scale = alt.Scale(
        domain=[one.label for one in numbers], range=[_color(one.color) for one in numbers]
    )
    return (alt.Legend(title=None, orient="top") if len(numbers) > 1 else None), scale


def _long(figure: Figure, height: int | alt.Step) -> Drawing:
    """Fold the numbers of a row into rows of their own, with the label as `number`."""
    names = {one.name: one.label for one in figure.marks}
    return (
        _chart(height)
        .transform_fold([one.name for one in figure.marks], as_=["name", "value"])
        .transform_calculate(number=f"{json.dumps(names)}[datum.name]")
    )


def _tooltip(figure: Figure) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("label:N", title=" "),
        *(
            alt.Tooltip(f"{one.name}:Q", title=one.label, format=_format(one))
            for one in figure.numbers
        ),
    ]


# Bars as wide as their time, with a seam between them.
TOUCHING: dict[str, Any] = {"orient": "vertical", "stroke": "var(--surface)", "strokeWidth": 1}

# A month by its name, over more than a year with the year, in the account's days.
TIME = alt.Axis(
    title=None,
    grid=False,
    tickCount=6,
    labelExpr="utcFormat(datum.value, domain('x')[1] - domain('x')[0] > 33e9 ? '%b %Y' : '%b %-d')",
)


def lines(figure: Figure) -> Drawing:
    """Draw rates over time."""
    legend, scale = _legend(figure)
    return (
        _long(figure, 220)
        .mark_line(
            point=alt.OverlayMarkDef(size=28),
            invalid="break-paths-show-path-domains",
            strokeJoin="round",
        )
        .encode(
            x=alt.X("time:T", scale=alt.Scale(type="utc"), axis=TIME),
            y=alt.Y(
                "value:Q", axis=_axis(figure.numbers[0]), scale=alt.Scale(zero=True, nice=True)
            ),
            color=alt.Color("number:N", scale=scale, legend=legend),
            tooltip=_tooltip(figure),
        )
    )


def with_alarm(limit: float) -> Callable[[Figure], Drawing]:
    """Draw a rate over time, with the line above which it is an alarm."""

    def draw(figure: Figure) -> Drawing:
        once = alt.Chart(alt.InlineData(values=[{"limit": limit}]))
        rule = once.mark_rule(strokeDash=[4, 4], color=_color("alarm")).encode(y="limit:Q")
        return alt.layer(lines(figure), rule)

    return draw


def bars_over_time(figure: Figure) -> Drawing:
    """Draw counts over time, as bars as wide as their day, week or month."""
    legend, scale = _legend(figure)
    return (
        _long(figure, 220)
        .mark_bar(**TOUCHING)
        .encode(
            x=alt.X("time:T", scale=alt.Scale(type="utc"), axis=TIME),
            x2="end:T",
            y=alt.Y("value:Q", axis=_axis(figure.numbers[0]), stack="zero"),
            color=alt.Color("number:N", scale=scale, legend=legend),
            tooltip=_tooltip(figure),
        )
    )


def brush(figure: Figure) -> Drawing:
    """Draw bars over all days, in which the reader brushes a period."""
    one = figure.numbers[0]
    return (
        _chart(140)
        .mark_bar(**TOUCHING, color=_color(one.color))
        .encode(
            x=alt.X("time:T", scale=alt.Scale(type="utc"), axis=TIME),
            x2="end:T",
            y=alt.Y(f"{one.name}:Q", axis=_axis(one)),
            tooltip=_tooltip(figure),
        )
        .add_params(
            alt.selection_interval(
                name="brush",
                encodings=["x"],
                zoom=False,
                mark=alt.BrushConfig(
                    fill=_color("brush"), fillOpacity=0.22, stroke=_color("brush")
                ),
            )
        )
    )


def bars(figure: Figure) -> Drawing:
    """Draw a bar for every number of every row."""
    legend, scale = _legend(figure)
    thickness = 22 if len(figure.marks) == 1 else 34
    made = (
        _long(figure, alt.Step(thickness))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y(
                "label:N",
                sort=None,
                axis=alt.Axis(title=None, labelLimit=170, ticks=False, domain=False),
            ),
            x=alt.X("value:Q", axis=_axis(figure.numbers[0])),
            color=alt.Color("number:N", scale=scale, legend=legend),
            tooltip=_tooltip(figure),
        )
    )
    if len(figure.marks) > 1:
        return made.encode(yOffset=alt.YOffset("number:N", sort=list(scale.to_dict()["domain"])))
    return made


def bars_with_alarm(limit: float) -> Callable[[Figure], Drawing]:
    """Draw a bar for the first number of every row, in color where it is an alarm."""

    def draw(figure: Figure) -> Drawing:
        one = figure.marks[0]
        return bars(figure).encode(
            color=alt.when((alt.datum[one.name] > limit) & (alt.datum.sent >= ENOUGH_SENT))
            .then(alt.value(_color(one.color)))
            .otherwise(alt.value(_color("neutral")))
        )

    return draw


def stacked(figure: Figure) -> Drawing:
    """Draw one number over time, stacked by the words of the last column of ``by``."""
    one = figure.numbers[0]
    scale = alt.Scale(
        domain=list(figure.labels.values()), range=[_color(reason) for reason in figure.labels]
    )
    return (
        _chart(220)
        .mark_bar(**TOUCHING)
        .encode(
            x=alt.X("time:T", scale=alt.Scale(type="utc"), axis=TIME),
            x2="end:T",
            y=alt.Y(f"{one.name}:Q", axis=_axis(one), stack="zero"),
            color=alt.Color(
                "kind:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=2)
            ),
            tooltip=[
                alt.Tooltip("label:N", title=" "),
                alt.Tooltip("kind:N", title="Reason"),
                *_tooltip(figure)[1:],
            ],
        )
    )


def columns(figure: Figure) -> Drawing:
    """Draw a column for every number of every row, side by side."""
    legend, scale = _legend(figure)
    return (
        _long(figure, 320)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X(
                "label:N",
                sort=None,
                axis=alt.Axis(title="Days after sending", labelAngle=0, ticks=False),
            ),
            xOffset=alt.XOffset("number:N", sort=list(scale.to_dict()["domain"])),
            y=alt.Y("value:Q", axis=_axis(figure.numbers[0])),
            color=alt.Color("number:N", scale=scale, legend=legend),
            tooltip=_tooltip(figure),
        )
    )


def dots(figure: Figure) -> Drawing:
    """Draw a dot for every message."""
    return (
        _chart(320)
        .mark_circle(color=_color("sent"), opacity=0.55, stroke=_color("surface"), strokeWidth=0.5)
        .encode(
            x=alt.X(
                "open_rate:Q",
                axis=alt.Axis(format="~%", title="Open rate (inflated)", tickCount=6),
                scale=alt.Scale(zero=True),
            ),
            y=alt.Y(
                "click_rate:Q",
                axis=alt.Axis(format="~%", title="Click rate", tickCount=6),
                scale=alt.Scale(zero=True),
            ),
            size=alt.Size("delivered:Q", scale=alt.Scale(range=[18, 500]), legend=None),
            tooltip=_tooltip(figure),
        )
    )


def squares(figure: Figure) -> Drawing:
    """Draw a square per cohort and month, the darker the larger its rate."""
    one = figure.numbers[0]
    base = _chart(alt.Step(22)).encode(
        x=alt.X(
            "months:O",
            axis=alt.Axis(
                title="Months since they were created", labelAngle=0, ticks=False, domain=False
            ),
        ),
        y=alt.Y("label:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False)),
    )
    return base.mark_rect(color=_color(one.color), cornerRadius=2).encode(
        opacity=alt.Opacity(
            f"{one.name}:Q", scale=alt.Scale(range=[0.06, 1], zero=True), legend=None
        ),
        tooltip=[
            alt.Tooltip("label:N", title="Created"),
            alt.Tooltip("months:O", title="Months since"),
            *_tooltip(figure)[1:],
        ],
    )


OPEN_RATE = Number("open_rate", "Open rate (inflated)", "rate", "opened", "delivered", "opens")
CLICK_RATE = Number("click_rate", "Click rate", "rate", "clicked", "delivered", "clicks")

REASONS = {
    "hard_bounce": "Hard bounce",
    "spam_complaint": "Spam complaint",
    "opt_out": "Opted out of everything",
    "category_opt_out": "Opted out of a category",
}
ENGAGEMENT = {
    "engaged": "Engaged",
    "lapsed": "Lapsed",
    "never engaged": "Never engaged",
    "never mailed": "Never mailed",
}


def _steps() -> dict[int, str]:
    first = [0, *(last + 1 for last in DAYS_TO_OPEN)]
    return {
        number: f"{last}" if first[number] == last else f"{first[number]}\N{EN DASH}{last}"
        for number, last in enumerate(DAYS_TO_OPEN)
    }


FIGURES: Mapping[str, Sequence[Figure]] = {
    "overview": (
        Figure(
            "sends",
            "E-mails sent, from the first day to the last",
            "Drag over the bars to choose a period; the rest of the page follows. A message "
            "that keeps sending counts on the day on which it began.",
            "messages",
            ("bucket",),
            (Number("sent", "E-mails sent", "count", "sent", color="sent"),),
            "acton__messages: sent by sent_on",
            "types",
            brush,
            is_wide=True,
        ),
        Figure(
            "rates",
            "Opens and clicks of the mail sent on each day",
            f"Of the mail that was delivered, the share that was opened and clicked. {INFLATED}",
            "messages",
            ("bucket",),
            (OPEN_RATE, CLICK_RATE),
            "acton__messages: opened_unique and clicked_unique over delivered, by sent_on",
            "period types",
            lines,
        ),
        Figure(
            "activity",
            "Opens and clicks on the day on which they happened",
            "All types of messages together, whenever the mail was sent.",
            "days",
            ("bucket",),
            (
                Number("opened", "Opens (inflated)", "count", "opened", color="opens"),
                Number("clicked", "Clicks", "count", "clicked", color="clicks"),
            ),
            "acton__account_daily: opened, clicked",
            "period",
            lines,
        ),
    ),
    "messages": (
        Figure(
            "opens-clicks",
            "Opens against clicks",
            "A dot is a message, the larger the more recipients it had. High and left: few open, "
            f"and they click. The {MOST_POINTS:,} largest messages of the period are drawn.",
            "messages",
            ("row",),
            (
                Number("delivered", "Delivered", "count", "delivered"),
                OPEN_RATE,
                CLICK_RATE,
            ),
            "acton__messages: open_rate, click_rate, delivered",
            "period types",
            dots,
            most=MOST_POINTS,
        ),
        Figure(
            "time-to-open",
            "How long after sending opens and clicks come in",
            "The share of all opens and of all clicks of the first 30 days. Without triggered "
            "messages, which keep sending.",
            "steps",
            ("step",),
            (
                Number("opens", "Opens (inflated)", "rate", "opens", "*", "opens"),
                Number("clicks", "Clicks", "rate", "clicks", "*", "clicks"),
            ),
            "acton__message_daily: opens, clicks by days_since_sent, of acton__messages by sent_on",
            "period",
            columns,
            _steps(),
        ),
    ),
    "audience": (
        Figure(
            "engagement",
            "People by engagement",
            "Engaged: opened or clicked lately (90 days, unless the models were built with another "
            "number). Lapsed: earlier only. As of the last update, whatever the period.",
            "people",
            ("engagement",),
            (
                Number("people", "People", "count", "people", color="people"),
                Number("mailable", "Of these, mailable", "count", "mailable", color="sent"),
            ),
            "acton__people: engagement, is_mailable",
            "",
            bars,
            ENGAGEMENT,
        ),
        Figure(
            "growth",
            "New contacts and list members",
            "A contact that is on two lists counts twice among list members.",
            "days",
            ("bucket",),
            (
                Number("new_contacts", "New contacts", "count", "new_contacts", color="people"),
                Number(
                    "members_added",
                    "Members added to lists",
                    "count",
                    "members_added",
                    color="sent",
                ),
            ),
            "acton__account_daily: new_contacts, list_members_added",
            "period",
            lines,
        ),
        Figure(
            "cohorts",
            "Contacts that were active, by month of creation",
            "A row is everybody created in a month; the stronger the color, the larger the share "
            "of them that did something so many months later. Whatever the period.",
            "cohorts",
            ("cohort", "months"),
            (
                Number("active_rate", "Active", "rate", "active", "contacts", "people"),
                Number("contacts", "Contacts", "count", "contacts"),
            ),
            "acton__contact_cohorts: active_contacts over contacts",
            "",
            squares,
            is_wide=True,
        ),
    ),
    "deliverability": (
        Figure(
            "bounces",
            "Bounce rate of the mail sent on each day",
            "All types of messages together. A bounce counts on the day on which the mail was "
            "sent, so the latest days may still get worse. The dashed line is the alarm at "
            f"{words.percent(MOST_BOUNCES)}, which counts from {ENOUGH_SENT} e-mails on.",
            "domains",
            ("bucket",),
            (Number("bounce_rate", "Bounce rate", "rate", "bounced", "sent", "bounces"),),
            "acton__deliverability_daily: bounces over sent",
            "period",
            with_alarm(MOST_BOUNCES),
        ),
        Figure(
            "complaints",
            "Complaint rate of the mail sent on each day",
            "Spam complaints, as a share of what did not bounce. The dashed line is the alarm at "
            f"{words.percent(MOST_COMPLAINTS)}, which counts from {ENOUGH_SENT} e-mails on.",
            "domains",
            ("bucket",),
            (
                Number(
                    "complaint_rate",
                    "Complaint rate",
                    "rate",
                    "complained",
                    "delivered",
                    "complaints",
                ),
            ),
            "acton__deliverability_daily: complaints over sent minus bounces",
            "period",
            with_alarm(MOST_COMPLAINTS),
        ),
        Figure(
            "domains",
            "Bounce rate by domain of the recipients",
            "The domains that most mail went to and those with an alarm, largest first; the others "
            f"are summed up. Red is above the alarm at {words.percent(MOST_BOUNCES)}, from "
            f"{ENOUGH_SENT} e-mails on.",
            "domains",
            ("domain",),
            (
                Number("bounce_rate", "Bounce rate", "rate", "bounced", "sent", "bounces"),
                Number("sent", "Sent", "count", "sent"),
                Number("hard_bounced", "Hard bounces", "count", "hard_bounced"),
                Number("soft_bounced", "Soft bounces", "count", "soft_bounced"),
                Number("complaint_rate", "Complaint rate", "rate", "complained", "delivered"),
                Number("opted_out", "Opt-outs", "count", "opted_out"),
            ),
            "acton__deliverability_daily: bounces over sent, by domain",
            "period",
            bars_with_alarm(MOST_BOUNCES),
            labels={None: "All other domains"},
            most=30,
            largest="sent",
            drawn=1,
        ),
        Figure(
            "categories",
            "Opt-outs by subscription category",
            "Whoever left a category still gets all other messages. As of the last update, "
            "whatever the period.",
            "categories",
            ("category",),
            (Number("addresses", "Addresses", "count", "addresses", color="opt_outs"),),
            "acton__suppressions: rows with the reason category_opt_out, by category_name",
            "",
            bars,
            most=15,
        ),
        Figure(
            "suppressions",
            "Addresses suppressed, by reason",
            "By the day on which each address was first suppressed for that reason.",
            "suppressions",
            ("bucket", "reason"),
            (Number("addresses", "Addresses", "count", "addresses"),),
            "acton__suppressions: rows by reason and first_on",
            "period",
            stacked,
            REASONS,
            is_wide=True,
        ),
    ),
    "web": (
        Figure(
            "form-sources",
            "Forms: views and submissions by source",
            "Since each form was made: Act-On reports no days.",
            "form_sources",
            ("source",),
            (
                Number("views", "Views", "count", "views", color="neutral"),
                Number("submits", "Submissions", "count", "submits", color="web"),
            ),
            "acton__form_sources: views, submits",
            "",
            bars,
            most=12,
        ),
        Figure(
            "page-sources",
            "Landing pages: visits by source",
            "Since each page was made: Act-On reports no days.",
            "page_sources",
            ("source",),
            (Number("visits", "Visits", "count", "visits", color="web"),),
            "acton__landing_page_sources: visits",
            "",
            bars,
            most=12,
        ),
    ),
    "webinars": (
        Figure(
            "attendance",
            "Registrants and attendees",
            "By webinar, whatever the period.",
            "webinars",
            ("name",),
            (
                Number("registrants", "Registrants", "count", "registrants", color="neutral"),
                Number("attendees", "Attendees", "count", "attendees", color="people"),
            ),
            "acton__webinars: registrants, attendees",
            "",
            bars,
            most=15,
        ),
        Figure(
            "registrations",
            "Registrations",
            "By the day of the registration.",
            "registrations",
            ("bucket",),
            (Number("registrants", "Registrants", "count", "registrants", color="people"),),
            "acton__webinar_attendance: rows by registered_on",
            "period",
            bars_over_time,
        ),
    ),
}
