"""Which stream answers what others who read Act-On offer: the reports of Domo, the views of CData.

The names are those of Domo's and CData's public documentation. Neither says which calls it makes,
so a stream is matched by the name and by Act-On's own words for its endpoints.
"""

from __future__ import annotations

from typing import NamedTuple

from tap_acton.streams import STREAM_TYPES
from tests.documentation.markdown import table
from tests.documentation.stream_pages import link


class Match(NamedTuple):
    """What another product calls some data, and the streams that hold it.

    Attributes:
        name: The other product's name.
        streams: The streams; the first one holds the rows, others what belongs to them.
        remark: What differs, or why the match is not certain; empty where there is nothing to say.
    """

    name: str
    streams: tuple[str, ...]
    remark: str = ""


DOMO = (
    Match(
        "Campaign Message",
        ("messages",),
        "A guess: messages of one type. The setting `message_types` narrows the stream likewise.",
    ),
    Match("Campaign Message List All Types", ("messages",)),
    Match("Campaign Message Report", ("message_reports",)),
    Match("Campaign Message Report Drilldown", ("message_events",), "All kinds in one table."),
    Match("Campaign Message Rollup", ("message_daily_stats",), "One row per day."),
    Match("Contact API Subscription Category", ("subscription_categories",)),
    Match("Content API Form List", ("forms",)),
    Match("Content API Form Report", ("form_reports",)),
    Match("Content API Header Fetch", ("header_details",)),
    Match("Content API Header List", ("headers",)),
    Match("Content API Image Fetch", ("image_details",)),
    Match("Content API Image List", ("images",)),
    Match("Content API Logo List", ("logos",)),
    Match("Content API Media List", ("media",)),
    Match("Content API Media Message Drilldown", ("media_messages",)),
    Match("Content API Media Rollup Report", ("media_reports",)),
    Match("Content API Media Timeline Drilldown", ("media_timeline",)),
    Match("Content API Media Views Drilldown", ("media_views",)),
    Match("Content API Page List", ("landing_pages",)),
    Match("Content API Page Report", ("landing_page_reports",)),
    Match("Content API Page URLs", ("landing_page_urls",)),
    Match("Content API Promotional URLs", ("form_urls",), "Likely: the addresses of a form."),
    Match(
        "Fact API Contact Record Facts",
        ("contact_facts", "contact_activities", "contact_score_details"),
        "One answer of Act-On, in three tables.",
    ),
    Match(
        "Fact API List Optout",
        ("opt_outs", "subscription_opt_outs"),
        "Likely the first; the second has the opt-outs from single categories.",
    ),
    Match("List API", ("lists",), "The setting `listing_types` is Domo's menu."),
    Match("List API Details", ("list_members",), "All lists in one table."),
    Match("List API Hard Bounce", ("hard_bounces",)),
    Match("List API Spam Complaint", ("spam_complaints",)),
    Match("SEO API Keywords", ("seo_keywords",)),
    Match(
        "All Contacts Details",
        ("contacts",),
        "Added by Domo later than the others. Likely the contacts of the whole account.",
    ),
)
"""Domo's 29 reports for Act-On, and the one that came later."""

CDATA = (
    Match(
        "List_*name*",
        ("list_members",),
        "CData has a table per list. This stream has the cells of all lists in `fields`; with the "
        "setting `list_streams`, a list gets [a stream of its "
        "own](streams/lists.md#streams-of-single-lists), which keeps its name when the list is "
        "renamed.",
    ),
    Match(
        "List_*name*_Score", ("contact_score_details",), "Likely. The total is in `contact_facts`."
    ),
    Match("Segment_*name*", ("segment_contacts",), "CData has a table per segment."),
    Match("Segment_*name*_Score", ("contact_scores",)),
    Match("Campaigns", ("campaigns",)),
    Match("Categories", ("subscription_categories",)),
    Match("ContactList", ("lists",)),
    Match("DrilldownReports", ("message_events",)),
    Match("Footer", ("footers", "footer_details")),
    Match("Hardbounce", ("hard_bounces",)),
    Match("Header", ("headers", "header_details")),
    Match("Images", ("images",)),
    Match("LandingPages", ("landing_pages",)),
    Match("Media", ("media",)),
    Match("Messages", ("messages",)),
    Match("Optout", ("opt_outs",)),
    Match(
        "OtherLists",
        ("hard_bounces", "spam_complaints", "opt_outs"),
        "CData has replaced it by a view for each.",
    ),
    Match("Pages", ("landing_pages",), "Likely the same pages once more."),
    Match("Programs", ("programs",)),
    Match("Reports", ("message_reports",)),
    Match("ReportsByPeriod", ("message_daily_stats",), "One row per day."),
    Match("ScoreDetails", ("contact_score_details",), "Likely."),
    Match("Spamcomplaint", ("spam_complaints",)),
    Match("SubscriptionOptOuts", ("subscription_opt_outs",)),
    Match("Users", ("senders",), "In CData's words, these are the e-mail senders of the account."),
)
"""CData's tables and views for Act-On, over all versions of its drivers."""

KINDS = {kind.name: kind for kind in STREAM_TYPES}


def domo_table() -> str:
    """Make the table of Domo's reports.

    Returns:
        Markdown: a row per report.
    """
    rows = [
        (str(number), match.name, _streams(match.streams), match.remark)
        for number, match in enumerate(DOMO, start=1)
    ]
    return table(("", "report", "stream", ""), rows)


def cdata_table() -> str:
    """Make the table of CData's tables and views.

    Returns:
        Markdown: a row per table or view.
    """
    rows = [(match.name, _streams(match.streams), match.remark) for match in CDATA]
    return table(("table or view", "stream", ""), rows)


def beyond() -> str:
    """List the streams that none of the tables names.

    Returns:
        Markdown: links to the streams.
    """
    named = {stream for match in (*DOMO, *CDATA) for stream in match.streams}
    return f"{_streams([name for name in KINDS if name not in named])}."


def _streams(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(link(KINDS[name], "streams/") for name in names)
