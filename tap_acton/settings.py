"""The settings: what they are, and what they come to in one run.

:data:`CONFIG_SCHEMA` describes them for ``--about`` and for Meltano, and is where their
defaults and limits stand. :meth:`Settings.read` turns a configuration into values once,
at the start of a run, so that everything in it works with the same window of time.
"""

from __future__ import annotations

import dataclasses
import difflib
import fnmatch
import importlib.metadata
import ipaddress
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from tap_acton import values
from tap_acton.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pendulum import DateTime

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
            "week, month, quarter or year, which mean their first moment. Calendar words and "
            "values without a zone are UTC; weeks start on Monday. Without it everything is read.",
            examples=["2026-01-01", "2026-01-01T08:00:00-08:00", "7 days ago", "P1M", "last month"],
        ),
        "end_date": _setting(
            "string",
            "End",
            "Nothing later is read. The same values as for the start; here a date and the words "
            "for a day, week, month, quarter or year mean their last moment.",
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
            "Gives each custom field of the account a typed column in contacts, found out at "
            "discovery.",
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
            "How a list travels that may have more columns than the 255 that JSON holds: with "
            "auto or csv as CSV; with json it is cut, and the run ends as incomplete.",
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
            "Never more than this in 24 hours, over all runs on this machine. At the limit the "
            "run stops and keeps its state.",
            default=30_000,
            minimum=1,
        ),
        "token_store": _setting(
            "string",
            "Token store",
            "The folder that keeps the login between runs, or memory to keep it nowhere. "
            "By default the user's cache folder.",
            examples=["/var/lib/tap-acton", "memory"],
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

_SETTINGS: dict[str, dict[str, Any]] = dict(CONFIG_SCHEMA["properties"])
"""The tap's own settings, without those that the SDK adds to the schema."""

_AGO = re.compile(
    r"(?P<count>\d+|an?) (?P<unit>second|minute|hour|day|week|month|quarter|year)s? ago", re.ASCII
)
_DURATION = re.compile(
    r"P(?=[\dT])(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII,
)
_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)
_CALENDAR_WORDS = {
    "today": ("day", 0),
    "yesterday": ("day", -1),
    "tomorrow": ("day", 1),
    **{f"this {unit}": (unit, 0) for unit in ("week", "month", "quarter", "year")},
    **{f"last {unit}": (unit, -1) for unit in ("week", "month", "quarter", "year")},
}
_SIMILAR_ENOUGH = 0.8


class Window(NamedTuple):
    """What time a run reads: from its first to its last millisecond, both included.

    Attributes:
        start: The first moment, in UTC; None for no limit.
        end: The last moment, in UTC; None for no limit.
    """

    start: datetime | None
    end: datetime | None


class Shard(NamedTuple):
    """The part of the work that a run takes.

    Attributes:
        part: Which part, from 1.
        parts: How many there are.
    """

    part: int
    parts: int


class SeoReport(NamedTuple):
    """What an SEO report is asked for.

    Attributes:
        url: The address of the page.
        keyword: The keyword.
    """

    url: str
    keyword: str


class Job(NamedTuple):
    """A job whose outcome is read.

    Attributes:
        job_type: One of :data:`JOB_TYPES`.
        id: The id that the uploader was given.
    """

    job_type: str
    id: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one run, checked and resolved.

    Each setting is an attribute of its name, except that ``region`` and ``api_url`` come to
    ``base_url``, and ``start_date`` and ``end_date`` to ``window``.

    Attributes:
        base_url: The address of the API, without a slash at its end.
        window: What time is read, the same for the whole run.
        lookback_window: How far behind a bookmark to read again.
        engagement_window: How long to look at a message again after its sending.
        token_store: A folder, ``memory``, or None for the user's cache folder.
        warnings: Sentences about what looks like a misspelt setting.
    """

    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    username: str | None = dataclasses.field(repr=False)
    password: str | None = dataclasses.field(repr=False)
    refresh_token: str | None = dataclasses.field(repr=False)
    base_url: str
    account_id: str | None
    window: Window
    lookback_window: timedelta
    engagement_window: timedelta
    message_types: tuple[str, ...]
    event_types: tuple[str, ...]
    listing_types: tuple[str, ...]
    list_ids: tuple[str, ...]
    list_names: tuple[str, ...]
    list_streams: tuple[str, ...]
    custom_field_columns: bool
    on24_client_ids: tuple[str, ...]
    seo_urls: tuple[str, ...]
    seo_reports: tuple[SeoReport, ...]
    job_ids: tuple[Job, ...]
    page_size: int
    bulk_format: str
    max_concurrency: int
    requests_per_second: float
    daily_request_limit: int
    token_store: str | None
    request_timeout: float
    max_retries: int
    shard: Shard | None
    user_agent: str
    warnings: tuple[str, ...]

    @classmethod
    def read(cls, config: Mapping[str, Any], *, now: datetime) -> Settings:
        """Check a configuration and resolve what depends on the time.

        A setting that is null, or an empty text or list, counts as not set. Numbers,
        booleans and lists may come as text, as they do from environment variables.

        Args:
            config: The configuration by the names of :data:`CONFIG_SCHEMA`.
            now: When the run begins, with a zone.

        Returns:
            The settings.

        Raises:
            SettingsError: With one sentence per mistake.
        """
        given = _Configuration(config)
        now = _to_millisecond(now.astimezone(UTC))
        given.check_user()
        settings = cls(
            client_id=given.required("client_id"),
            client_secret=given.required("client_secret"),
            username=given.text("username"),
            password=given.text("password"),
            refresh_token=given.text("refresh_token"),
            base_url=given.base_url(),
            account_id=given.account_id(),
            window=given.window(now),
            lookback_window=given.duration("lookback_window", now),
            engagement_window=given.duration("engagement_window", now),
            message_types=given.texts("message_types"),
            event_types=given.texts("event_types"),
            listing_types=given.texts("listing_types"),
            list_ids=given.texts("list_ids"),
            list_names=given.texts("list_names"),
            list_streams=given.texts("list_streams"),
            custom_field_columns=given.boolean("custom_field_columns"),
            on24_client_ids=given.texts("on24_client_ids"),
            seo_urls=given.texts("seo_urls"),
            seo_reports=tuple(SeoReport(**item) for item in given.objects("seo_reports")),
            job_ids=tuple(Job(**item) for item in given.objects("job_ids")),
            page_size=given.integer("page_size"),
            bulk_format=given.choice("bulk_format"),
            max_concurrency=given.integer("max_concurrency"),
            requests_per_second=given.number("requests_per_second"),
            daily_request_limit=given.integer("daily_request_limit"),
            token_store=given.token_store(),
            request_timeout=given.number("request_timeout"),
            max_retries=given.integer("max_retries"),
            shard=given.shard(),
            user_agent=given.user_agent(),
            warnings=tuple(_suspicions(config)),
        )
        if given.mistakes:
            raise SettingsError(" ".join(given.mistakes))
        return settings

    def wants_list(self, list_id: str, name: str | None) -> bool:
        """Return whether a list, and what hangs on it, is to be read.

        Args:
            list_id: The id of the list.
            name: Its name.

        Returns:
            Whether ``list_ids`` or ``list_names`` has it, or neither is set.
        """
        if not self.list_ids and not self.list_names:
            return True
        return list_id in self.list_ids or _matches(name, self.list_names)

    def wants_list_stream(self, list_id: str, name: str | None) -> bool:
        """Return whether a list gets a stream of its own.

        Args:
            list_id: The id of the list.
            name: Its name.

        Returns:
            Whether ``list_streams`` has its id or a pattern that its name matches.
        """
        return list_id in self.list_streams or _matches(name, self.list_streams)

    def in_shard(self, key: str) -> bool:
        """Return whether this run takes a piece of work, the same on every machine.

        Args:
            key: What tells the piece of work apart, such as the id of a list.

        Returns:
            Whether it falls into ``shard``; always true without one.
        """
        if self.shard is None:
            return True
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.shard.parts == self.shard.part - 1


class _Configuration:
    """A configuration on its way to settings, and the mistakes found in it so far.

    A method that finds a mistake notes it and returns something in its place, so that
    one look finds all mistakes.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self.mistakes: list[str] = []

    def refuse(self, name: str, allowed: str) -> None:
        """Note that a setting has a value that is not allowed, without showing it."""
        self.mistakes.append(f"The setting {name} must be {allowed}.")

    def value(self, name: str) -> Any:
        """Return what is set, or None where nothing is."""
        value = self._config.get(name)
        if isinstance(value, str):
            value = value.strip() if "secret" not in _SETTINGS[name] else value
        return None if value in ("", [], ()) else value

    def text(self, name: str) -> str | None:
        """Return a text; a number is one too, except where its zeros may have mattered."""
        value = self.value(name)
        if value is None or isinstance(value, str):
            return value
        if type(value) is int and "secret" not in _SETTINGS[name]:
            return str(value)
        self.refuse(name, "a text; in YAML, put it in quotes")
        return None

    def required(self, name: str) -> str:
        """Return a text that must be set."""
        if self.value(name) is None:
            self.mistakes.append(f"The setting {name} is required.")
        return self.text(name) or ""

    def choice(self, name: str) -> str:
        """Return one of the texts that the schema lists, in any case."""
        default: str = _SETTINGS[name]["default"]
        choices: list[str] = _SETTINGS[name]["enum"]
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, str) and value.lower() in choices:
            return value.lower()
        self.refuse(name, f"one of {', '.join(choices)}")
        return default

    def integer(self, name: str) -> int:
        """Return a whole number within the limits of the schema."""
        return int(self.number(name))

    def number(self, name: str) -> float:
        """Return a number within the limits of the schema."""
        schema = _SETTINGS[name]
        default: float = schema["default"]
        value = self.value(name)
        if value is None:
            return default
        convert = values.integer if schema["type"] == "integer" else values.number
        try:
            found = convert(value)
        except values.Unconvertible:
            found = None
        if found is None or not _is_within(schema, found):
            self.refuse(name, _numbers_allowed(schema))
            return default
        return found

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        default: bool = _SETTINGS[name]["default"]
        try:
            found = values.boolean(self.value(name))
        except values.Unconvertible:
            self.refuse(name, "true or false")
            return default
        return default if found is None else found

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, each once, in the order given."""
        schema = _SETTINGS[name]
        choices: list[str] = schema["items"].get("enum", [])
        items = [str(item) if type(item) is int else item for item in self._items(name)]
        if choices:
            items = [item.upper() if isinstance(item, str) else item for item in items]
        texts = [item.strip() for item in items if isinstance(item, str) and item.strip()]
        if len(texts) != len(items) or (choices and not set(texts) <= set(choices)):
            self.refuse(name, f"a list of {', '.join(choices) or 'texts'}")
        return tuple(dict.fromkeys(texts))

    def objects(self, name: str) -> list[dict[str, str]]:
        """Return a list of objects that have all properties of the schema, as texts."""
        properties: dict[str, dict[str, Any]] = _SETTINGS[name]["items"]["properties"]
        found = []
        for item in self._items(name):
            fields = item if isinstance(item, Mapping) else {}
            texts = {
                key: str(fields[key]).strip()
                for key in properties
                if isinstance(fields.get(key), str) or type(fields.get(key)) is int
            }
            found.append(texts)
            if not all(
                texts.get(key) and texts[key] in schema.get("enum", [texts[key]])
                for key, schema in properties.items()
            ):
                self.refuse(name, f"a list of objects with {_fields_allowed(properties)}")
                return []
        return found

    def _items(self, name: str) -> list[Any]:
        """Return a list, which as text is a JSON array or has commas."""
        value = self.value(name)
        if value is None:
            return list(_SETTINGS[name]["default"])
        if isinstance(value, str):
            try:
                parsed = json.loads(value)
            except ValueError:
                parsed = None
            # A pattern such as [ab]* looks like an array, and an id like a number.
            if not isinstance(parsed, list):
                return [part for part in value.split(",") if part.strip()]
            value = parsed
        return list(value) if isinstance(value, list | tuple) else [value]

    def check_user(self) -> None:
        """Note if there is nothing to log in with, or half of it."""
        has_username, has_password, has_token = (
            self.value(name) is not None for name in ("username", "password", "refresh_token")
        )
        if has_username != has_password:
            self.mistakes.append("The settings username and password must be set together.")
        elif not (has_username or has_token):
            self.mistakes.append(
                "Either the settings username and password, or the setting refresh_token, must "
                "be set."
            )

    def base_url(self) -> str:
        """Return where the API is."""
        host = HOSTS[self.choice("region")]
        value = self.value("api_url")
        if value is None:
            return host
        address = _address(value) if isinstance(value, str) else None
        if address is None:
            # The address is not shown: whoever puts a password into it has made this mistake.
            self.refuse(
                "api_url",
                "an https address without user name, query and fragment; http is allowed only "
                "for this machine itself",
            )
        return address or host

    def account_id(self) -> str | None:
        """Return the account's number, which becomes a part of paths."""
        value = self.text("account_id")
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", value, re.ASCII):
            self.refuse("account_id", "made of letters, digits, hyphens and underscores")
        return value

    def token_store(self) -> str | None:
        """Return where the login is kept."""
        value = self.value("token_store")
        if value is None:
            return None
        if isinstance(value, str):
            try:
                return str(Path(value).expanduser())
            except RuntimeError:
                pass  # a home folder that does not exist
        self.refuse("token_store", "the path of a folder, or memory")
        return None

    def shard(self) -> Shard | None:
        """Return the part of the work that this run takes."""
        value = self.value("shard")
        if value is None:
            return None
        found = _SHARD.fullmatch(value) if isinstance(value, str) else None
        if found and 1 <= int(found[1]) <= int(found[2]):
            return Shard(int(found[1]), int(found[2]))
        self.refuse("shard", "a part and a number of parts, such as 2/5, the part from 1 on")
        return None

    def user_agent(self) -> str:
        """Return how the tap names itself."""
        value = self.text("user_agent")
        if value is None:
            return f"tap-acton/{_version()}"
        if not (value.isascii() and value.isprintable()):
            self.refuse("user_agent", "one line of ASCII text")
        return value

    def duration(self, name: str, now: datetime) -> timedelta:
        """Return a length of time; months and years are counted back from now."""
        default: str = _SETTINGS[name]["default"]
        try:
            return now - _before(now, **_duration(self.text(name) or default))
        except (ValueError, OverflowError):
            self.refuse(name, "an ISO 8601 duration such as P2D, PT12H or P1M")
            return timedelta()

    def window(self, now: datetime) -> Window:
        """Return what time is to be read."""
        first = self._stretch("start_date", now)
        last = self._stretch("end_date", now)
        # Up to now means whatever is there: no clock is exact enough to draw a line.
        is_open = last is None or str(self.text("end_date")).lower() == "now"
        window = Window(first and first[0], None if is_open else last and last[1])
        if window.start is not None and window.start > (window.end or now):
            self.refuse("start_date", "no later than end_date, or than now where that is not set")
        return window

    def _stretch(self, name: str, now: datetime) -> tuple[datetime, datetime] | None:
        """Return the first and the last moment of what a setting names."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return _stretch(value, now)
        except (ValueError, OverflowError):
            self.refuse(
                name,
                "a date (2026-03-17), a date-time (2026-03-17T07:00:00Z), a time before now "
                "(7 days ago, P7D), or one of now, today, yesterday, tomorrow, and this or last "
                "week, month, quarter or year",
            )
            return None


def _stretch(value: str, now: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last moment of what a text names.

    Args:
        value: A date setting.
        now: When the run begins.

    Returns:
        Both moments; they are the same unless the text names a stretch of the calendar.

    Raises:
        ValueError: If the text is none of what is allowed.
        OverflowError: If it leads out of the years 1 to 9999.
    """
    words = " ".join(value.lower().split())
    if words in _CALENDAR_WORDS:
        return _calendar_stretch(*_CALENDAR_WORDS[words], now)
    if words == "now":
        moment = now
    elif ago := _AGO.fullmatch(words):
        count = 1 if ago["count"] in {"a", "an"} else int(ago["count"])
        moment = _before(now, **_length(ago["unit"], count))
    elif words.startswith("p"):
        moment = _before(now, **_duration(words))
    else:
        try:
            day = date.fromisoformat(words.upper())
        except ValueError:
            moment = datetime.fromisoformat(words.upper())
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        else:
            return _at(day, time.min), _at(day, time.max)
    return _to_millisecond(moment), _to_millisecond(moment)


def _calendar_stretch(unit: str, offset: int, now: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last moment of a day, week, month, quarter or year.

    Args:
        unit: Which of them.
        offset: 0 for the one that now is in, -1 for the one before, 1 for the next.
        now: When the run begins.

    Returns:
        Both moments.
    """
    first = _calendar(now).start_of("month" if unit == "quarter" else unit)
    if unit == "quarter":
        first = first.subtract(months=(first.month - 1) % 3)
    first = first.add(**_length(unit, offset))
    last = first.add(**_length(unit, 1)).subtract(days=1)
    return _at(first, time.min), _at(last, time.max)


def _length(unit: str, count: int) -> dict[str, int]:
    """Return a length of time in the words of pendulum, which knows no quarter."""
    return {"months": 3 * count} if unit == "quarter" else {f"{unit}s": count}


def _duration(value: str) -> dict[str, int]:
    """Return the parts of an ISO 8601 duration without fractions; ValueError for any other."""
    found = _DURATION.fullmatch(value.upper())
    if found is None:
        message = "This is not an ISO 8601 duration."
        raise ValueError(message)
    return {name: int(count) for name, count in found.groupdict("0").items()}


def _before(now: datetime, *, years: int = 0, months: int = 0, **exact: int) -> datetime:
    """Return the moment that lies a length of time back.

    Args:
        now: From where to count.
        years: Calendar years.
        months: Calendar months; the 31st becomes the last day of a shorter month.
        **exact: What always takes the same time, in the words of timedelta.

    Returns:
        The moment, in UTC.
    """
    if years or months:
        now = datetime.combine(_calendar(now).subtract(years=years, months=months), now.timetz())
    return now - timedelta(**exact)


def _calendar(now: datetime) -> DateTime:
    """Return a moment that knows the calendar."""
    # This import takes a tenth of a second, which runs that name no such date are spared.
    import pendulum  # noqa: PLC0415

    return pendulum.instance(now)


def _at(day: date, time_of_day: time) -> datetime:
    """Return a moment of a day in UTC."""
    return _to_millisecond(datetime.combine(day, time_of_day, UTC))


def _to_millisecond(moment: datetime) -> datetime:
    """Cut a moment to the milliseconds that all moments of the tap have."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _address(value: str) -> str | None:
    """Return an address that credentials may be sent to, or None where they may not."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError where it is none
    except ValueError:
        return None
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    is_plain = value.isprintable() and not re.search(r"[@?#\s\\]", value)
    return value.rstrip("/") if host and is_safe and is_plain else None


def _is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_within(schema: Mapping[str, Any], value: float) -> bool:
    """Return whether a number is within the limits of a schema."""
    lowest: float = schema.get("minimum", value)
    highest: float = schema.get("maximum", value)
    return lowest <= value <= highest and value > schema.get("exclusiveMinimum", -math.inf)


def _numbers_allowed(schema: Mapping[str, Any]) -> str:
    """Say what numbers a schema allows."""
    if "exclusiveMinimum" in schema:
        return f"a number greater than {schema['exclusiveMinimum']}"
    if "maximum" in schema:
        return f"a whole number from {schema['minimum']} to {schema['maximum']}"
    return f"a whole number of at least {schema['minimum']}"


def _fields_allowed(properties: Mapping[str, Mapping[str, Any]]) -> str:
    """Say what fields an object needs."""
    return " and ".join(
        f"{name} (one of {', '.join(schema['enum'])})" if "enum" in schema else name
        for name, schema in properties.items()
    )


def _matches(name: str | None, patterns: tuple[str, ...]) -> bool:
    """Return whether a name matches one of some glob patterns, in any case."""
    lowered = (name or "").lower()
    return any(fnmatch.fnmatchcase(lowered, pattern.lower()) for pattern in patterns)


PLANNED = (
    "account_id",
    "list_streams",
    "custom_field_columns",
    "on24_client_ids",
    "seo_urls",
    "seo_reports",
    "job_ids",
)
"""Settings that are checked but have no effect yet: the streams that use them are to come."""


def _suspicions(config: Mapping[str, Any]) -> Iterator[str]:
    """Give a sentence for every setting that does not do what its user may expect."""
    for name in PLANNED:
        value = config.get(name)
        is_set = value not in (None, []) and str(value).strip()
        if is_set and value != _SETTINGS[name].get("default"):
            yield f"The setting {name} has no effect yet."
    for name in config:
        if name not in _SETTINGS:
            for meant in difflib.get_close_matches(name, _SETTINGS, n=1, cutoff=_SIMILAR_ENOUGH):
                yield f"The setting {name} is not known and has no effect; {meant} may be meant."


def _version() -> str:
    """Return the version of the tap."""
    try:
        return importlib.metadata.version("tap-acton")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
