"""What the settings are: their types, defaults, limits and descriptions.

They stand here once: for ``--about``, for Meltano, and for reading a configuration.
"""

from __future__ import annotations

from typing import Any

HOSTS = {"us": "https://api.actonsoftware.com", "eu": "https://api-eu.actonsoftware.com"}
"""Where each region is served (Act-On reference, 2024 edition)."""

MESSAGE_TYPES = ("DRAFT", "TEMPLATE", "SENT", "TRIGGERED", "FAILED", "SCHEDULED")
EVENT_TYPES = ("SENT", "SUPPRESSED", "OPENED", "CLICKED", "BOUNCED", "OPT_OUT", "SPAM")
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
            "string", "Client ID", "The client ID of the API credentials that Act-On issued."
        ),
        "client_secret": _setting(
            "string", "Client secret", "The secret that belongs to the client ID.", **_SECRET
        ),
        "username": _setting(
            "string",
            "User name",
            "The e-mail address of the Act-On user; this user's account is what is read.",
        ),
        "password": _setting("string", "Password", "The password of the Act-On user.", **_SECRET),
        "refresh_token": _setting(
            "string",
            "Refresh token",
            "Starts the first run where no password is to be stored. It is good for one use: "
            "later runs take its successor from the token store.",
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
            "API address",
            "Replaces the host of the region, for a proxy or a sandbox. It must be https, "
            "except on this machine itself.",
            examples=["https://acton-proxy.example.com"],
        ),
        "account_id": _setting(
            "string",
            "Account ID",
            "The account's number. Only needed where the API does not tell it.",
        ),
        "start_date": _setting(
            "string",
            "Start",
            "Nothing earlier is read. A date, a date-time, a time before now such as "
            "'7 days ago' or P7D, or one of: now, today, yesterday, tomorrow, and this or last "
            "week, month, quarter or year, which mean their first timestamp. Calendar words and "
            "values without a zone are UTC; weeks start on Monday. Without it everything is read.",
            examples=["2026-01-01", "2026-01-01T08:00:00-08:00", "7 days ago", "P1M", "last month"],
        ),
        "end_date": _setting(
            "string",
            "End",
            "Nothing later is read. The same values as for the start; here a date and the words "
            "for a day, week, month, quarter or year mean their last timestamp.",
            default="now",
            examples=["2026-01-31", "yesterday", "last month"],
        ),
        "lookback_window": _setting(
            "string",
            "Lookback",
            "How far behind its bookmark an incremental stream reads again, as an ISO 8601 "
            "duration. Bounces, complaints and opt-outs go back thirty days at least.",
            default="P2D",
            examples=["P2D", "PT12H"],
        ),
        "engagement_window": _setting(
            "string",
            "Engagement window",
            "How long after its sending the report and the events of a message are looked at "
            "again, as an ISO 8601 duration.",
            default="P90D",
            examples=["P90D", "P6M"],
        ),
        "recheck_period": _setting(
            "string",
            "Recheck period",
            "Within which each message that is older than the engagement window, and each list, "
            "file and page that shows no change, is asked about once all the same, as an ISO 8601 "
            "duration of a day or more. They are spread evenly over it.",
            default="P30D",
            examples=["P30D", "P7D", "P1Y"],
        ),
        "full_read_period": _setting(
            "string",
            "Full read period",
            "How often the contacts, the rows of lists, webinars and custom objects, and the "
            "members of segments are read in full, so that a target that knows ACTIVATE_VERSION "
            "can drop what is gone from Act-On, as an ISO 8601 duration of a day or more. "
            "Without it never.",
            examples=["P30D", "P7D"],
        ),
        "message_types": _setting(
            "array",
            "Message types",
            "Which messages are read.",
            default=list(MESSAGE_TYPES),
            items={"type": "string", "enum": list(MESSAGE_TYPES)},
        ),
        "event_types": _setting(
            "array",
            "Event types",
            "Which events of messages are read.",
            default=list(EVENT_TYPES),
            items={"type": "string", "enum": list(EVENT_TYPES)},
        ),
        "listing_types": _setting(
            "array",
            "Listing types",
            "Which kinds of assets the stream lists covers.",
            default=["contact_list"],
            items=_TEXT,
            examples=[["contact_list", "custom_events"]],
        ),
        "list_ids": _setting(
            "array",
            "List IDs",
            "Narrows the lists, and what is read of them, to these IDs and to the names in "
            "list_names.",
            default=[],
            items=_TEXT,
            examples=[["l-0a41"]],
        ),
        "list_names": _setting(
            "array",
            "List names",
            "Narrows the lists, and what is read of them, to names that match one of these "
            "patterns (* and ?, in any case) and to the IDs in list_ids.",
            default=[],
            items=_TEXT,
            examples=[["Expo *"]],
        ),
        "list_streams": _setting(
            "array",
            "Lists with a stream of their own",
            "IDs of lists, or patterns of their names, that get a stream whose columns are the "
            "headers of the list.",
            default=[],
            items=_TEXT,
            examples=[["l-0a41", "Webinar *"]],
        ),
        "custom_field_columns": _setting(
            "boolean",
            "Columns for custom fields",
            "Gives each custom field of the account a typed column in contacts, and each field of "
            "its custom objects one in custom_object_records, found out at discovery.",
            default=True,
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
            "The addresses whose keywords are read.",
            default=[],
            items=_TEXT,
        ),
        "seo_reports": _setting(
            "array",
            "SEO reports",
            "The pairs of page and keyword whose report is read.",
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
            "The jobs whose outcome is read by the stream upload_jobs.",
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
            "Rows to ask for at once.",
            default=1000,
            minimum=1,
            maximum=1000,
        ),
        "bulk_format": _setting(
            "string",
            "Bulk format",
            "How big lists and drilldowns travel: with auto as one CSV file in place of three or "
            "more further pages, with csv in place of any, if it proves to hold what JSON holds; "
            "with json never: a list of 255 columns or more is then cut, and the run incomplete.",
            default="auto",
            enum=["auto", "json", "csv"],
        ),
        "max_concurrency": _setting(
            "integer",
            "Requests at once",
            "How many requests may be under way at the same time.",
            default=8,
            minimum=1,
            maximum=64,
        ),
        "requests_per_second": _setting(
            "number",
            "Requests per second",
            "Never more than this, over all threads of the run.",
            default=5,
            exclusiveMinimum=0,
        ),
        "daily_request_limit": _setting(
            "integer",
            "Requests per day",
            "Never more than this in 24 hours, over all runs that share the token store. At the "
            "limit the run stops and keeps its state.",
            default=30_000,
            minimum=1,
        ),
        "token_store": _setting(
            "string",
            "Token store",
            "The folder that keeps the login and the counts of calls between runs, or memory to "
            "keep them nowhere; for several machines the address of a PostgreSQL server. "
            "By default the user's cache folder.",
            examples=[
                "/var/lib/tap-acton",
                "memory",
                "postgresql://user:password@host:5432/database",
            ],
        ),
        "request_timeout": _setting(
            "number",
            "Request timeout",
            "Seconds to wait for Act-On to answer.",
            default=60,
            exclusiveMinimum=0,
        ),
        "max_retries": _setting(
            "integer",
            "Retries",
            "How often a request is repeated that failed for a passing reason.",
            default=8,
            minimum=0,
            maximum=20,
        ),
        "shard": _setting(
            "string",
            "Shard",
            "2/5 lets this run take the second fifth of everything that is read one by one, so "
            "that five runs share the work.",
            pattern="^[0-9]+/[0-9]+$",
            examples=["2/5"],
        ),
        "user_agent": _setting(
            "string",
            "User agent",
            "How the tap names itself to Act-On; by default tap-acton and its version.",
        ),
    },
}
"""The JSON schema of the configuration."""

SETTINGS: dict[str, dict[str, Any]] = dict(CONFIG_SCHEMA["properties"])
"""The tap's own settings, without those that the SDK adds to the schema."""
