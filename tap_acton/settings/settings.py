"""The settings of one run, checked and resolved.

:meth:`Settings.read` resolves a configuration once, at the start of a run, so that everything
in the run works with the same time window.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import math
import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from tap_acton.errors import SettingsError
from tap_acton.records.ids import shown
from tap_acton.settings import dates
from tap_acton.settings.entries import matches_name
from tap_acton.settings.parser import Configuration, nearest_value
from tap_acton.settings.postgresql_address import PostgresqlAddress, is_address, is_loopback
from tap_acton.settings.schema import HOSTS, LISTING_TYPES, SETTINGS, VERBS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)


class Window(NamedTuple):
    """The time that a run reads, in UTC, both ends included; None for no limit."""

    start: datetime | None
    end: datetime | None


class Shard(NamedTuple):
    """The part of the work that a run takes, counted from 1."""

    part: int
    parts: int


class SeoReport(NamedTuple):
    """An SEO report to read: of a page, for a keyword."""

    url: str
    keyword: str


class Job(NamedTuple):
    """An upload job whose outcome is read."""

    job_type: str
    id: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one run, checked and resolved.

    Each setting is an attribute of the same name, except that ``region`` and ``api_url`` become
    ``base_url``, and ``start_date`` and ``end_date`` become ``window``. The schema describes
    them.

    Attributes:
        base_url: The address of the API, without a trailing slash.
        full_read_period: None for never.
        activity_verbs: Codes, where Act-On documents one.
        token_store: A folder, ``memory``, None for the user's cache folder, or a server.
        warnings: Sentences about settings, or entries of them, that look misspelled.
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
    recheck_period: timedelta
    full_read_period: timedelta | None
    message_types: tuple[str, ...]
    event_types: tuple[str, ...]
    listing_types: tuple[str, ...]
    list_ids: tuple[str, ...]
    list_names: tuple[str, ...]
    contact_ids: tuple[str, ...]
    segment_ids: tuple[str, ...]
    segment_names: tuple[str, ...]
    activity_verbs: tuple[str, ...]
    list_streams: tuple[str, ...]
    optional_streams: tuple[str, ...]
    custom_field_columns: bool
    column_names: str
    on24_client_ids: tuple[str, ...]
    seo_urls: tuple[str, ...]
    seo_reports: tuple[SeoReport, ...]
    job_ids: tuple[Job, ...]
    page_size: int
    bulk_format: str
    max_concurrency: int
    requests_per_second: float
    daily_request_limit: int
    token_store: str | PostgresqlAddress | None
    request_timeout: float
    max_retries: int
    progress: str
    shard: Shard | None
    user_agent: str
    warnings: tuple[str, ...]

    @classmethod
    def read(cls, config: Mapping[str, Any], *, now: datetime) -> Settings:
        """Check a configuration, and resolve what depends on the time.

        A setting that is null, or an empty string or list, counts as not set. Numbers, booleans
        and lists may come as strings, as they do from environment variables.

        Args:
            config: The configuration, by the names of the schema.
            now: When the run begins, with a time zone.

        Raises:
            SettingsError: With one sentence per mistake.
        """
        given = Configuration(config)
        now = dates.to_millisecond(now.astimezone(UTC))
        _check_user(given)
        types = given.texts("listing_types")
        verbs = [_verb(entry) for entry in given.texts("activity_verbs")]
        settings = cls(
            client_id=given.required("client_id"),
            client_secret=given.required("client_secret"),
            username=given.text("username"),
            password=given.text("password"),
            refresh_token=given.text("refresh_token"),
            base_url=_base_url(given),
            account_id=_account_id(given),
            window=_window(given, now),
            lookback_window=_duration(given, "lookback_window", now),
            engagement_window=_duration(given, "engagement_window", now),
            recheck_period=_duration(given, "recheck_period", now, timedelta(days=1)),
            full_read_period=_optional_duration(given, "full_read_period", now, timedelta(days=1)),
            message_types=given.texts("message_types"),
            event_types=given.texts("event_types"),
            listing_types=types,
            list_ids=given.texts("list_ids"),
            list_names=given.texts("list_names"),
            contact_ids=given.texts("contact_ids"),
            segment_ids=given.texts("segment_ids"),
            segment_names=given.texts("segment_names"),
            activity_verbs=tuple(sorted(set(verbs))),
            list_streams=given.texts("list_streams"),
            optional_streams=given.texts("optional_streams"),
            custom_field_columns=given.boolean("custom_field_columns"),
            column_names=given.choice("column_names"),
            on24_client_ids=given.texts("on24_client_ids"),
            seo_urls=given.texts("seo_urls"),
            seo_reports=tuple(SeoReport(**item) for item in given.objects("seo_reports")),
            job_ids=tuple(Job(**item) for item in given.objects("job_ids")),
            page_size=given.integer("page_size"),
            bulk_format=given.choice("bulk_format"),
            max_concurrency=given.integer("max_concurrency"),
            requests_per_second=given.number("requests_per_second"),
            daily_request_limit=given.integer("daily_request_limit"),
            token_store=_token_store(given),
            request_timeout=given.number("request_timeout"),
            max_retries=given.integer("max_retries"),
            progress=given.choice("progress"),
            shard=_shard(given),
            user_agent=_user_agent(given),
            warnings=(
                *given.suspicions(),
                *_unknown_types(types),
                *_unknown_verbs(verbs),
            ),
        )
        if given.mistakes:
            raise SettingsError(" ".join(given.mistakes))
        return settings

    def wants_list(self, list_id: str, name: str | None) -> bool:
        """Return whether ``list_ids`` or ``list_names`` has a list, or neither is set."""
        if not self.list_ids and not self.list_names:
            return True
        return list_id in self.list_ids or matches_name(name, self.list_names)

    def wants_segment(self, segment_id: str, name: str | None) -> bool:
        """Return whether ``segment_ids`` or ``segment_names`` has a segment, or neither is set."""
        if not self.chooses_segments:
            return True
        return segment_id in self.segment_ids or matches_name(name, self.segment_names)

    @property
    def shard_text(self) -> str:
        """The part and the number of parts, such as ``2/4``; ``1/1`` without ``shard``."""
        return "1/1" if self.shard is None else f"{self.shard.part}/{self.shard.parts}"

    @property
    def chooses_segments(self) -> bool:
        """Whether only some segments are wanted."""
        return bool(self.segment_ids or self.segment_names)

    @property
    def chooses_contacts(self) -> bool:
        """Whether what takes a call per contact is wanted for some contacts only."""
        return bool(self.contact_ids) or self.chooses_segments

    def wants_verb(self, verb: str | None) -> bool:
        """Return whether ``activity_verbs`` has an activity, or is not set."""
        return not self.activity_verbs or verb in self.activity_verbs

    def wants_list_stream(self, list_id: str, name: str | None) -> bool:
        """Return whether ``list_streams`` has a list, which then gets a stream of its own."""
        return list_id in self.list_streams or matches_name(name, self.list_streams)

    def in_shard(self, key: str) -> bool:
        """Return whether this run takes an item; without ``shard``, it takes all.

        Args:
            key: What identifies the item, such as the id of a list, on every machine alike.
        """
        if self.shard is None:
            return True
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.shard.parts == self.shard.part - 1

    def number_in_shard(self, number: int) -> int:
        """Return about how many of so many items this run takes."""
        return math.ceil(number / self.shard.parts) if self.shard else number


def _verb(entry: str) -> str:
    """Return the code of a verb, which may be in words; what Act-On does not document stays."""
    if entry in VERBS:
        return entry
    words = entry.lower()
    return next((code for code, meaning in VERBS.items() if meaning == words), entry)


def _unknown_verbs(verbs: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each activity that Act-On does not document."""
    for number, verb in enumerate(verbs, 1):
        if verb not in VERBS:
            is_code = verb.lower() in VERBS
            meant = verb.lower() if is_code else nearest_value(verb.lower(), VERBS.values())
            yield _undocumented("activity_verbs", number, "activity", verb, meant)


def _unknown_types(types: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each type of assets that Act-On does not document."""
    for number, one in enumerate(types, 1):
        if one.lower() not in LISTING_TYPES:
            meant = nearest_value(one.lower(), LISTING_TYPES)
            yield _undocumented("listing_types", number, "type", one, meant)


def _undocumented(setting: str, number: int, kind: str, entry: str, meant: str) -> str:
    """Say that an entry may be misspelled; Act-On may know more than it documents."""
    end = f"; did you mean {meant}?" if meant else "."
    return f"Entry {number} of {setting} is no {kind} that Act-On documents: {shown(entry)}{end}"


def _check_user(given: Configuration) -> None:
    """Note a mistake if there is nothing to log in with, or only half of it."""
    has_username, has_password, has_token = (
        given.value(name) is not None for name in ("username", "password", "refresh_token")
    )
    if has_username != has_password:
        given.mistakes.append("The settings username and password must be set together.")
    elif not (has_username or has_token):
        given.mistakes.append(
            "The settings username and password must be set, or the setting refresh_token."
        )


def _base_url(given: Configuration) -> str:
    """Return the address of the API."""
    host = HOSTS[given.choice("region")]
    value = given.value("api_url")
    if value is None:
        return host
    address = _address(value) if isinstance(value, str) else None
    if address is None:
        # The address is not shown: a password in it is one of the mistakes found here.
        given.refuse(
            "api_url",
            "an https address without user name, query or fragment; http is allowed only for "
            "this machine itself",
        )
    return address or host


def _account_id(given: Configuration) -> str | None:
    """Return the account ID, which becomes part of paths."""
    value = given.text("account_id")
    if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", value, re.ASCII):
        given.refuse("account_id", "made of letters, digits, hyphens and underscores")
    return value


def _token_store(given: Configuration) -> str | PostgresqlAddress | None:
    """Return where the tokens and call counts are stored."""
    value = given.value("token_store")
    text = value.strip() if isinstance(value, str) else value
    if not text:
        return None
    if isinstance(text, str):
        try:
            if is_address(text):
                return PostgresqlAddress.parse(text)
            return "memory" if text.lower() == "memory" else str(Path(text).expanduser())
        except (ValueError, RuntimeError):
            pass  # an unsupported address, or a home folder that does not exist
    # The value is not shown: it may hold a password.
    given.refuse(
        "token_store",
        "a folder, memory, or the address of a PostgreSQL server such as "
        "postgresql://user:password@host:5432/database; an sslmode below require is allowed only "
        "for this machine itself",
    )
    return None


def _shard(given: Configuration) -> Shard | None:
    """Return the part of the work that this run takes."""
    value = given.value("shard")
    if value is None:
        return None
    found = _SHARD.fullmatch(value) if isinstance(value, str) else None
    if found and 1 <= int(found[1]) <= int(found[2]):
        return Shard(int(found[1]), int(found[2]))
    given.refuse("shard", "a part and the number of parts, such as 2/5, with parts counted from 1")
    return None


def _user_agent(given: Configuration) -> str:
    """Return the User-Agent header."""
    value = given.text("user_agent")
    if value is None:
        return f"tap-acton/{_version()}"
    if not (value.isascii() and value.isprintable()):
        given.refuse("user_agent", "one line of ASCII text")
    return value


def _duration(
    given: Configuration, name: str, now: datetime, least: timedelta | None = None
) -> timedelta:
    """Return a duration, with months and years counted back from now."""
    default: str = SETTINGS[name].get("default", "")
    try:
        found = dates.duration(given.text(name) or default, now)
    except (ValueError, OverflowError):
        given.refuse(name, "an ISO 8601 duration such as P2D, PT12H or P1M")
        return least or timedelta()
    if least is not None and found < least:
        given.refuse(name, "an ISO 8601 duration of a day or more, such as P30D")
        return least
    return found


def _optional_duration(
    given: Configuration, name: str, now: datetime, least: timedelta
) -> timedelta | None:
    """Return a duration, or None if it is not set."""
    return None if given.value(name) is None else _duration(given, name, now, least)


def _window(given: Configuration, now: datetime) -> Window:
    """Return the time window to read."""
    first = _stretch(given, "start_date", now)
    last = _stretch(given, "end_date", now)
    # Up to now means whatever is there: clocks are not exact enough to draw a line.
    is_open = last is None or str(given.text("end_date")).lower() == "now"
    window = Window(first and first[0], None if is_open else last and last[1])
    if window.start is not None and window.start > (window.end or now):
        given.refuse("start_date", "no later than end_date, or than now if end_date is not set")
    return window


def _stretch(given: Configuration, name: str, now: datetime) -> tuple[datetime, datetime] | None:
    """Return the first and the last timestamp of what a setting names."""
    value = given.text(name)
    if value is None:
        return None
    try:
        return dates.stretch(value, now)
    except (ValueError, OverflowError):
        given.refuse(
            name,
            "a date (2026-03-17), a timestamp (2026-03-17T07:00:00Z), a time before now "
            "(7 days ago, P7D), or one of now, today, yesterday, tomorrow, and this or last "
            "week, month, quarter or year",
        )
        return None


def _address(value: str) -> str | None:
    """Return an address if credentials may be sent there, else None."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError if it is not a number
    except ValueError:
        return None
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    is_plain = value.isprintable() and not re.search(r"[@?#\s\\]", value)
    if not (host and is_safe and is_plain):
        return None
    if parts.scheme == "http":
        # Whatever the name is said to be elsewhere.
        value = re.sub("//localhost", "//127.0.0.1", value, count=1, flags=re.IGNORECASE)
    return value.rstrip("/")


def _version() -> str:
    try:
        return importlib.metadata.version("tap-acton")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
