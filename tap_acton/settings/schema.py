"""The settings: their types, defaults, limits and descriptions.

The one source for ``--about``, for ``meltano.yml`` and for parsing a configuration.
"""

from __future__ import annotations

from typing import Any

from singer_sdk.helpers.capabilities import FLATTENING_CONFIG, STREAM_MAPS_CONFIG

HOSTS = {"us": "https://api.actonsoftware.com", "eu": "https://api-eu.actonsoftware.com"}
"""Where each region is served (Act-On reference, 2024 edition)."""

MESSAGE_TYPES = ("DRAFT", "TEMPLATE", "SENT", "TRIGGERED", "FAILED", "SCHEDULED")
EVENT_TYPES = ("SENT", "SUPPRESSED", "OPENED", "CLICKED", "BOUNCED", "OPT_OUT", "SPAM")
LISTING_TYPES = (
    *("contact_list", "header", "footer", "sender", "media", "pages", "custom_events"),
    *("template_message", "draft_message", "landing_page", "sent_message", "triggered_message"),
    *("test_message", "failed_message", "scheduled_message"),
)
"""The types of assets that Act-On documents, in its reference of 2024; it may have others.

Public clients send them in upper case.
"""

VERBS = {
    "s": "sent",
    "os": "opened and sent",
    "E": "exported",
    "r": "response",
    "d": "document",
    "fv": "form viewed",
    "fs": "form signup",
    "fu": "form update",
    "b": "web beacon",
    "sv": "site visit",
    "l": "landing page visit",
    "oi": "opt-in",
    "oo": "opt-out",
    "wr": "registered for a webinar",
    "wa": "attended a webinar",
    "custom": "custom event",
    "hb": "hard bounce",
    "sb": "soft bounce",
    "sp": "spam complaint",
    "sto": "organic search",
    "stp": "paid search",
}
"""What the codes of activities stand for (Act-On developer site, before 2021)."""

JOB_TYPES = ("list_upload", "rejected_records", "custom_events", "contact_import", "custom_object")


def _setting(kind: str, title: str, description: str, **keywords: object) -> dict[str, Any]:
    """Describe one setting in JSON schema."""
    return {"type": kind, "title": title, "description": description, **keywords}


_SECRET = {"secret": True, "writeOnly": True}
_TEXT = {"type": "string", "minLength": 1}

CONFIG_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["client_id", "client_secret"],
    "properties": {
        "client_id": _setting(
            "string", "Client ID", "The client ID of your Act-On API credentials."
        ),
        "client_secret": _setting(
            "string",
            "Client secret",
            "The client secret of your Act-On API credentials.",
            **_SECRET,
        ),
        "username": _setting(
            "string",
            "Username",
            "The email address of an Act-On user. The tap reads this user's account.",
        ),
        "password": _setting("string", "Password", "The password of the Act-On user.", **_SECRET),
        "refresh_token": _setting(
            "string",
            "Refresh token",
            "Starts the first run if you do not want to store a password. It works once: later "
            "runs use its successor from the token store.",
            **_SECRET,
        ),
        "region": _setting(
            "string",
            "Region",
            "Where the account is hosted: us or eu.",
            default="us",
            enum=list(HOSTS),
        ),
        "api_url": _setting(
            "string",
            "API URL",
            "Overrides the region's host, for a proxy or a sandbox. Must be https, except for "
            "this machine itself.",
            examples=["https://acton-proxy.example.com"],
        ),
        "account_id": _setting(
            "string",
            "Account ID",
            "The ID of the account. Only needed if the API does not report it; if it does, both "
            "must be the same.",
        ),
        "start_date": _setting(
            "string",
            "Start date",
            "Read nothing earlier. A date, a timestamp, a time before now such as '7 days ago' or "
            "P7D, or one of: now, today, yesterday, tomorrow, and this or last week, month, "
            "quarter or year, which mean their beginning. Whatever names no time zone is UTC; "
            "weeks start on Monday. By default, everything is read.",
            examples=["2026-01-01", "2026-01-01T08:00:00-08:00", "7 days ago", "P1M", "last month"],
        ),
        "end_date": _setting(
            "string",
            "End date",
            "Read nothing later. Takes the same values as start_date, but a date, and a word for a "
            "day, week, month, quarter or year, means its end.",
            default="now",
            examples=["2026-01-31", "yesterday", "last month"],
        ),
        "lookback_window": _setting(
            "string",
            "Lookback window",
            "How far behind its bookmark an incremental stream reads again, as an ISO 8601 "
            "duration. Bounces, complaints and opt-outs always go back at least 30 days.",
            default="P2D",
            examples=["P2D", "PT12H"],
        ),
        "engagement_window": _setting(
            "string",
            "Engagement window",
            "How long after a message was sent its report and events are checked for changes, as "
            "an ISO 8601 duration.",
            default="P90D",
            examples=["P90D", "P6M"],
        ),
        "recheck_period": _setting(
            "string",
            "Recheck period",
            "Messages older than the engagement window, and lists, files and pages that show no "
            "change, are re-checked once per period, spread evenly over it. An ISO 8601 duration "
            "of a day or more.",
            default="P30D",
            examples=["P30D", "P7D", "P1Y"],
        ),
        "full_read_period": _setting(
            "string",
            "Full read period",
            "How often contacts, the rows of lists, webinars and custom objects, and segment "
            "members are read in full, so that targets that support ACTIVATE_VERSION can remove "
            "deleted rows. An ISO 8601 duration of a day or more. Off by default.",
            examples=["P30D", "P7D"],
        ),
        "message_types": _setting(
            "array",
            "Message types",
            "The types of messages to read.",
            default=list(MESSAGE_TYPES),
            items={"type": "string", "enum": list(MESSAGE_TYPES)},
        ),
        "event_types": _setting(
            "array",
            "Event types",
            "The types of message events to read.",
            default=list(EVENT_TYPES),
            items={"type": "string", "enum": list(EVENT_TYPES)},
        ),
        "listing_types": _setting(
            "array",
            "Listing types",
            f"The types of assets that the lists stream covers: {', '.join(LISTING_TYPES)}.",
            default=["contact_list"],
            items=_TEXT,
            examples=[["contact_list", "custom_events"]],
        ),
        "list_ids": _setting(
            "array",
            "List IDs",
            "Read only the lists with these IDs, and those whose names match list_names.",
            default=[],
            items=_TEXT,
            examples=[["l-0a41"]],
        ),
        "list_names": _setting(
            "array",
            "List names",
            "Read only the lists whose names match one of these patterns (* and ?, in any case), "
            "and those in list_ids.",
            default=[],
            items=_TEXT,
            examples=[["Expo *"]],
        ),
        "contact_ids": _setting(
            "array",
            "Contact IDs",
            "Read contact_history, contact_scores, contact_segments and the contact_facts streams "
            "only for the contacts with these IDs or email addresses, and for those in the "
            "segments of segment_ids and segment_names.",
            default=[],
            items=_TEXT,
            examples=[["l-unified-contacts:2b7", "pat@example.com"]],
        ),
        "segment_ids": _setting(
            "array",
            "Segment IDs",
            "Read only the segments with these IDs, and those whose names match segment_names; "
            "and whatever is read contact by contact only for their members, and for contact_ids.",
            default=[],
            items=_TEXT,
            examples=[["g-002e"]],
        ),
        "segment_names": _setting(
            "array",
            "Segment names",
            "Read only the segments whose names match one of these patterns (* and ?, in any "
            "case), and those in segment_ids; and whatever is read contact by contact only for "
            "their members, and for contact_ids.",
            default=[],
            items=_TEXT,
            examples=[["Expo *"]],
        ),
        "activity_verbs": _setting(
            "array",
            "Activity verbs",
            "The activities that contact_history and contact_activities hold, as Act-On's codes or "
            "in the words of the column verb_name. By default, all of them.",
            default=[],
            items=_TEXT,
            examples=[["fs", "form viewed"]],
        ),
        "list_streams": _setting(
            "array",
            "List streams",
            "The IDs or name patterns of lists that get a stream of their own, with the headers of "
            "the list as columns.",
            default=[],
            items=_TEXT,
            examples=[["l-0a41", "Webinar *"]],
        ),
        "optional_streams": _setting(
            "array",
            "Optional streams",
            "The optional streams to offer in the catalog, or * for all of them. They take a call "
            "per contact or message, have a side effect or need input.",
            default=[],
            items=_TEXT,
            examples=[["contact_history", "contact_scores"], ["*"]],
        ),
        "custom_field_columns": _setting(
            "boolean",
            "Custom field columns",
            "Add a typed column to contacts for each custom field of the account, and to "
            "custom_object_records for each field of its custom objects. Discovery looks them up.",
            default=True,
        ),
        "column_names": _setting(
            "string",
            "Column names",
            "How columns and streams are named that come from the account, such as custom fields "
            "and headers of lists: in their own script (unicode), or in ASCII letters, for "
            "warehouses that take nothing else.",
            default="unicode",
            enum=["unicode", "ascii"],
        ),
        "on24_client_ids": _setting(
            "array",
            "ON24 client IDs",
            "The names of the folders that ON24 writes its webinar lists to.",
            default=[],
            items=_TEXT,
        ),
        "seo_urls": _setting(
            "array",
            "SEO pages",
            "The URLs of the pages whose keywords to read.",
            default=[],
            items=_TEXT,
        ),
        "seo_reports": _setting(
            "array",
            "SEO reports",
            "The pairs of page and keyword whose reports to read.",
            default=[],
            items={
                "type": "object",
                "required": ["url", "keyword"],
                "properties": {"url": _TEXT, "keyword": _TEXT},
            },
            examples=[[{"url": "https://www.example.com/", "keyword": "lighthouse"}]],
        ),
        "job_ids": _setting(
            "array",
            "Upload jobs",
            "The jobs whose outcome the upload_jobs stream reads.",
            default=[],
            items={
                "type": "object",
                "required": ["job_type", "id"],
                "properties": {
                    "job_type": {"type": "string", "enum": list(JOB_TYPES)},
                    "id": _TEXT,
                },
            },
            examples=[[{"job_type": "list_upload", "id": "1048"}]],
        ),
        "page_size": _setting(
            "integer",
            "Page size",
            "Rows per request.",
            default=1000,
            minimum=1,
            maximum=1000,
        ),
        "bulk_format": _setting(
            "string",
            "Bulk format",
            "When to fetch a large list, or the events of a large message, as one CSV file: with "
            "auto if it replaces three or more further pages, with csv if it replaces any, and in "
            "both cases only if it proves to hold what JSON holds; with json never, so that lists "
            "of 255 columns or more are cut off and the run is incomplete.",
            default="auto",
            enum=["auto", "json", "csv"],
        ),
        "max_concurrency": _setting(
            "integer",
            "Maximum concurrency",
            "How many requests may be in flight at once.",
            default=8,
            minimum=1,
            maximum=64,
        ),
        "requests_per_second": _setting(
            "number",
            "Requests per second",
            "The most requests per second, over all threads of a run and all runs that share the "
            "token store.",
            default=5,
            exclusiveMinimum=0,
        ),
        "daily_request_limit": _setting(
            "integer",
            "Daily request limit",
            "The most requests in 24 hours, over all runs that share the token store. At the limit "
            "a run stops and keeps its state.",
            default=30_000,
            minimum=1,
        ),
        "token_store": _setting(
            "string",
            "Token store",
            "Where the login and the call counts are kept between runs: a folder, memory to keep "
            "nothing, or, for several machines, the address of a PostgreSQL server. By default, "
            "the user's cache folder.",
            examples=[
                "/var/lib/tap-acton",
                "memory",
                "postgresql://user:password@host:5432/database",
            ],
        ),
        "request_timeout": _setting(
            "number",
            "Request timeout",
            "How many seconds to wait for a response.",
            default=60,
            exclusiveMinimum=0,
        ),
        "max_retries": _setting(
            "integer",
            "Maximum retries",
            "How often to retry a request that failed for a reason that may pass.",
            default=8,
            minimum=0,
            maximum=20,
        ),
        "progress": _setting(
            "string",
            "Progress",
            "How a run shows how far it has come: bar, the last lines of the terminal; log, a "
            "sentence a minute; off; or auto, a bar on a terminal and sentences elsewhere.",
            default="auto",
            enum=["auto", "bar", "log", "off"],
        ),
        "shard": _setting(
            "string",
            "Shard",
            "Lets several runs share the work: 2/5 takes the second fifth of whatever is fetched "
            "item by item.",
            pattern="^[0-9]+/[0-9]+$",
            examples=["2/5"],
        ),
        "user_agent": _setting(
            "string",
            "User agent",
            "The User-Agent header. By default, tap-acton and its version.",
        ),
    },
}
"""The JSON schema of the configuration."""

SETTINGS: dict[str, dict[str, Any]] = dict(CONFIG_SCHEMA["properties"])
"""The tap's own settings, without those that the SDK adds to the schema."""

SDK_SETTINGS = frozenset(
    [*STREAM_MAPS_CONFIG["properties"], *FLATTENING_CONFIG["properties"]],
)
"""The settings that the SDK adds."""
