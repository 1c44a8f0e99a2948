"""What the documentation says of streams and settings beyond what the code says itself."""

from __future__ import annotations

from typing import NamedTuple


class StreamNote(NamedTuple):
    """What a person wants to know of a stream before selecting it.

    Attributes:
        endpoint: What is asked, as Act-On documents it.
        cost: Calls in a first run, in words short enough for a table.
        later: What a later run asks and emits.
    """

    endpoint: str
    cost: str
    later: str


STREAMS: dict[str, StreamNote] = {
    "account": StreamNote("/api/1/account", "1", "The same again: one row, one call."),
    "messages": StreamNote(
        "/api/1/message?type=",
        "1 per message type and page",
        "The whole list again. Messages have no filter by date, and the list is what every other "
        "message stream works through.",
    ),
    "message_reports": StreamNote(
        "/api/1/message/{id}/report",
        "1 per message that has gone out",
        "One call and one row for each message that was sent within `engagement_window`, and for "
        "each triggered message, however old. All others rest.",
    ),
    "message_events": StreamNote(
        "/api/1/message/{id}/report/{drilldown}",
        "1 per page of each kind of event that the message has",
        "A kind of event is asked for only where the message's report counts something other than "
        "last time; then all of its rows are emitted, because an event may be reported late. The "
        "reports come from `message_reports` where that is selected, else they cost one call per "
        "message in view.",
    ),
    "message_daily_stats": StreamNote(
        "/api/1/message/report?period=",
        "1 per month",
        "The month of the bookmark, the month before it, and every month since.",
    ),
    "lists": StreamNote(
        "/api/1/list?listingtype=",
        "1 per listing type and page",
        "The whole list again. A listing type that brings no rows costs a second call, because "
        "the spelling of the types is not certain.",
    ),
    "list_members": StreamNote(
        "/api/1/list/{id}",
        "1 per page of each list",
        "One call per list for the rows that changed since that list was last read; lists that "
        "are new are read whole. Each list has a bookmark of its own. A list of 255 columns or "
        "more costs one call more: it is read as CSV, in one piece, since JSON cuts it off there.",
    ),
    "hard_bounces": StreamNote(
        "/api/1/list/hardbounce",
        "1 per page",
        "The whole list is read again and filtered here, because the unit of Act-On's own filter "
        "is not certain. Emitted are the rows since 30 days before the bookmark, or since "
        "`lookback_window` before it where that is longer.",
    ),
    "spam_complaints": StreamNote(
        "/api/1/list/spamcomplaint", "1 per page", "As for `hard_bounces`."
    ),
    "opt_outs": StreamNote("/api/1/list/optout", "1 per page", "As for `hard_bounces`."),
    "subscription_categories": StreamNote(
        "/api/1/subscription/category", "1", "The whole list again."
    ),
    "subscription_opt_outs": StreamNote(
        "/api/1/subscription/optout?category=",
        "1 per page of each category",
        "Every category is read again, since the endpoint has no filter. What is emitted is as "
        "for `hard_bounces`.",
    ),
}
"""The streams in the order in which they are read."""

ADDED = {
    ("message_events", "id"),
    ("message_events", "message_id"),
    ("message_events", "event_type"),
    ("message_daily_stats", "date"),
    ("lists", "listing_type"),
    ("list_members", "list_id"),
    ("list_members", "email"),
    ("list_members", "fields"),
    ("subscription_opt_outs", "subscription_category_id"),
}
"""Columns that no field of the row holds."""

SETTING_GROUPS: dict[str, tuple[str, ...]] = {
    "Login": (
        "client_id",
        "client_secret",
        "username",
        "password",
        "refresh_token",
        "region",
        "api_url",
        "token_store",
    ),
    "What is read": (
        "start_date",
        "end_date",
        "lookback_window",
        "engagement_window",
        "message_types",
        "event_types",
        "listing_types",
        "list_ids",
        "list_names",
        "shard",
    ),
    "Pace": (
        "requests_per_second",
        "daily_request_limit",
        "max_concurrency",
        "page_size",
        "bulk_format",
        "request_timeout",
        "max_retries",
        "user_agent",
    ),
}
"""The settings that do something, in the order of the table."""

RESERVED: dict[str, str] = {
    "account_id": "the contact and custom-object streams",
    "list_streams": "a stream of its own for a list",
    "custom_field_columns": "`contacts`",
    "on24_client_ids": "`webinar_registrants`",
    "seo_urls": "`seo_keywords`",
    "seo_reports": "`seo_reports`",
    "job_ids": "`upload_jobs`",
}
"""Settings that are checked but do nothing yet, and what they are for."""
