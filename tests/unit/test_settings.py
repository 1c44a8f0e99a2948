"""Settings: what is allowed, what is refused and how, and what they decide."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tap_acton.errors import SettingsError
from tap_acton.settings.schema import CONFIG_SCHEMA, SETTINGS
from tap_acton.settings.settings import Job, SeoReport, Settings, Shard, Window
from tap_acton.tap import TapActOn

NOW = datetime(2026, 3, 31, 12, 34, 56, 789_999, tzinfo=UTC)
NOW_IN_MILLISECONDS = NOW.replace(microsecond=789_000)
ONE_MILLISECOND = timedelta(milliseconds=1)

LOGIN = {
    "client_id": "client",
    "client_secret": "secret",
    "username": "pat@example.com",
    "password": "password",
}

# The address of a server holds a password.
SECRETS = {"client_secret", "password", "refresh_token"}
NAMES = {
    *("client_id", "client_secret", "username", "password", "refresh_token", "region", "api_url"),
    *("account_id", "start_date", "end_date", "lookback_window", "engagement_window"),
    "recheck_period",
    "full_read_period",
    *("message_types", "event_types", "listing_types", "list_ids", "list_names", "list_streams"),
    *("contact_ids", "segment_ids", "segment_names", "activity_verbs"),
    *(
        "optional_streams",
        "custom_field_columns",
        "column_names",
        "on24_client_ids",
        "seo_urls",
        "seo_reports",
        "job_ids",
    ),
    *("page_size", "bulk_format", "max_concurrency", "requests_per_second"),
    *("daily_request_limit", "token_store", "request_timeout", "max_retries", "shard"),
    *("user_agent", "progress"),
}


TOKEN_STORES = (
    "a folder, memory, or the address of a PostgreSQL server such as "
    "postgresql://user:password@host:5432/database; an sslmode below require is allowed only "
    "for this machine itself"
)


def read(now: datetime = NOW, /, **config: object) -> Settings:
    return Settings.read({**LOGIN, **config}, now=now)


def refusal(**config: object) -> str:
    try:
        read(**config)
    except SettingsError as refused:
        return refused.sentence
    return ""


# The schema


def test_the_schema_has_the_settings_of_the_contract() -> None:
    # The SDK adds settings of its own to the schema once a tap has been made.
    own = {**CONFIG_SCHEMA, "properties": SETTINGS}
    Draft202012Validator.check_schema(own)
    assert set(SETTINGS) >= NAMES
    assert json.loads(json.dumps(own)) == own


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_setting_is_described(name: str) -> None:
    schema = CONFIG_SCHEMA["properties"][name]
    assert schema["title"]
    assert schema["description"].endswith(".")
    assert schema.get("secret", False) == (name in SECRETS)
    validator = Draft202012Validator(schema)
    for value in [*schema.get("examples", []), schema.get("default")]:
        assert value is None or validator.is_valid(value)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_examples_and_defaults_are_accepted(name: str) -> None:
    schema = CONFIG_SCHEMA["properties"][name]
    end = {} if name == "end_date" else {"end_date": "9999-12-31"}
    for value in [*schema.get("examples", []), schema.get("default")]:
        assert refusal(**({} if value is None else {name: value}), **end) == ""


def test_a_setting_that_is_given_its_default_changes_nothing() -> None:
    defaults = {
        name: schema["default"]
        for name, schema in CONFIG_SCHEMA["properties"].items()
        if name in NAMES and "default" in schema
    }
    assert len(defaults) > 10
    assert read(**defaults) == read()


# Defaults, and values as text


def test_the_defaults() -> None:
    settings = read()
    assert settings.base_url == "https://api.actonsoftware.com"
    assert settings.window == Window(None, None)
    assert settings.lookback_window == timedelta(days=2)
    assert settings.engagement_window == timedelta(days=90)
    assert settings.recheck_period == timedelta(days=30)
    assert settings.full_read_period is None
    assert len(settings.message_types) == 6
    assert len(settings.event_types) == 7
    assert settings.listing_types == ("contact_list",)
    assert settings.custom_field_columns is True
    assert settings.column_names == "unicode"
    assert (settings.page_size, settings.max_concurrency, settings.max_retries) == (1000, 8, 8)
    assert (settings.requests_per_second, settings.daily_request_limit) == (5, 30_000)
    assert settings.request_timeout == 60
    assert (settings.bulk_format, settings.progress) == ("auto", "auto")
    assert (settings.account_id, settings.token_store, settings.shard) == (None, None, None)
    assert settings.list_ids == settings.list_names == settings.list_streams == ()
    assert settings.on24_client_ids == settings.seo_urls == ()
    assert settings.seo_reports == ()
    assert settings.job_ids == ()
    assert settings.warnings == ()


@pytest.mark.parametrize(
    ("name", "given_value", "attribute", "expected"),
    [
        ("page_size", "100", "page_size", 100),
        ("page_size", 100.0, "page_size", 100),
        ("requests_per_second", "0.5", "requests_per_second", 0.5),
        ("max_retries", "0", "max_retries", 0),
        ("custom_field_columns", "false", "custom_field_columns", False),
        ("custom_field_columns", "True", "custom_field_columns", True),
        ("region", "EU", "base_url", "https://api-eu.actonsoftware.com"),
        ("bulk_format", " CSV ", "bulk_format", "csv"),
        ("account_id", 70123, "account_id", "70123"),
        ("account_id", "70123", "account_id", "70123"),
        ("message_types", "sent, TRIGGERED", "message_types", ("SENT", "TRIGGERED")),
        ("message_types", '["SENT"]', "message_types", ("SENT",)),
        ("event_types", ["CLICKED", "CLICKED"], "event_types", ("CLICKED",)),
        ("list_ids", "l-0a41,l-0a42,", "list_ids", ("l-0a41", "l-0a42")),
        ("list_names", '["Expo, spring", "Expo *"]', "list_names", ("Expo, spring", "Expo *")),
        ("list_names", "[ab]*", "list_names", ("[ab]*",)),
        ("on24_client_ids", 4711, "on24_client_ids", ("4711",)),
        ("on24_client_ids", "4711", "on24_client_ids", ("4711",)),
        ("on24_client_ids", [4711, "folder"], "on24_client_ids", ("4711", "folder")),
        ("seo_urls", ("https://a.example",), "seo_urls", ("https://a.example",)),
        (
            "seo_reports",
            [{"url": "https://a.example", "keyword": "pier"}],
            "seo_reports",
            (SeoReport("https://a.example", "pier"),),
        ),
        (
            "job_ids",
            '[{"job_type": "list_upload", "id": 7}]',
            "job_ids",
            (Job("list_upload", "7"),),
        ),
        ("shard", "2/5", "shard", Shard(2, 5)),
        ("token_store", "memory", "token_store", "memory"),
        ("token_store", " Memory ", "token_store", "memory"),
        ("user_agent", "ours/1", "user_agent", "ours/1"),
    ],
)
def test_values_are_read(name: str, given_value: object, attribute: str, expected: object) -> None:
    found = getattr(read(**{name: given_value}), attribute)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("nothing", [None, "", "  ", []])
def test_nothing_is_the_default(nothing: object) -> None:
    optional = NAMES - set(LOGIN) - {"refresh_token"}
    assert read(**dict.fromkeys(optional, nothing)) == read()


def test_secrets_are_not_altered() -> None:
    assert read(password=" spaces count ").password == " spaces count "


def test_the_user_agent_names_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"of-{name}")
    assert read().user_agent == "tap-acton/of-tap-acton"


def test_the_user_agent_of_a_tap_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", no_version)
    assert read().user_agent == "tap-acton/unknown"


def test_the_token_store_may_start_with_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/pat")
    monkeypatch.setenv("USERPROFILE", "/home/pat")
    assert read(token_store="~/tokens").token_store == str(Path("/home/pat/tokens"))


# Refusals

TEXT = "a string; in YAML, put it in quotes"
TYPES = "DRAFT, TEMPLATE, SENT, TRIGGERED, FAILED, SCHEDULED"
ADDRESS = (
    "an https address without user name, query or fragment; http is allowed only for this "
    "machine itself"
)
DURATION = "an ISO 8601 duration such as P2D, PT12H or P1M"
SHARD = "a part and the number of parts, such as 2/5, with parts counted from 1"
JOBS = (
    "a list of objects with job_type (one of list_upload, rejected_records, custom_events, "
    "contact_import, custom_object) and id"
)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("client_id", ["client"], TEXT),
        ("client_secret", 12345, TEXT),
        ("password", 12345, TEXT),
        ("username", {"name": "pat"}, TEXT),
        ("region", "cn", "one of us, eu"),
        ("region", 1, "one of us, eu"),
        ("column_names", "latin", "one of unicode, ascii"),
        ("bulk_format", "xml", "one of auto, json, csv"),
        ("progress", "verbose", "one of auto, bar, log, off"),
        ("account_id", "../70123", "made of letters, digits, hyphens and underscores"),
        ("page_size", 0, "a whole number from 1 to 1000"),
        ("page_size", 1001, "a whole number from 1 to 1000"),
        ("page_size", 1.5, "a whole number from 1 to 1000"),
        ("page_size", True, "a whole number from 1 to 1000"),
        ("page_size", "many", "a whole number from 1 to 1000"),
        ("max_concurrency", 65, "a whole number from 1 to 64"),
        ("max_retries", -1, "a whole number from 0 to 20"),
        ("max_retries", 21, "a whole number from 0 to 20"),
        ("daily_request_limit", 0, "a whole number of at least 1"),
        ("requests_per_second", 0, "a number greater than 0"),
        ("requests_per_second", "-1", "a number greater than 0"),
        ("requests_per_second", float("nan"), "a number greater than 0"),
        ("request_timeout", 0, "a number greater than 0"),
        ("request_timeout", float("inf"), "a number greater than 0"),
        ("custom_field_columns", "maybe", "true or false"),
        ("custom_field_columns", 2, "true or false"),
        ("message_types", ["SENT", "LOST"], f"a list of {TYPES}"),
        ("message_types", "LOST", f"a list of {TYPES}"),
        ("message_types", [None], f"a list of {TYPES}"),
        ("message_types", {"SENT": True}, f"a list of {TYPES}"),
        ("list_ids", [["l-0a41"]], "a list of strings"),
        ("list_ids", [""], "a list of strings"),
        ("list_ids", True, "a list of strings"),
        ("seo_reports", [{"url": "https://a.example"}], "a list of objects with url and keyword"),
        ("seo_reports", "https://a.example", "a list of objects with url and keyword"),
        ("job_ids", [{"job_type": "list_upload", "id": ""}], JOBS),
        ("job_ids", [{"job_type": "lost", "id": "1"}], JOBS),
        ("job_ids", [{"job_type": "list_upload", "id": True}], JOBS),
        ("lookback_window", "2 days", DURATION),
        ("lookback_window", 0, DURATION),
        ("engagement_window", "P99999Y", DURATION),
        ("recheck_period", "monthly", DURATION),
        ("recheck_period", "PT23H", "an ISO 8601 duration of a day or more, such as P30D"),
        ("recheck_period", "P0D", "an ISO 8601 duration of a day or more, such as P30D"),
        ("full_read_period", "monthly", DURATION),
        ("full_read_period", "PT23H", "an ISO 8601 duration of a day or more, such as P30D"),
        ("shard", "0/5", SHARD),
        ("shard", "6/5", SHARD),
        ("shard", "1", SHARD),
        ("shard", 2, SHARD),
        ("token_store", "~no-such-user-of-this-machine/tokens", TOKEN_STORES),
        ("token_store", 1, TOKEN_STORES),
        ("token_store", "redis://u:pass-word@localhost/0", TOKEN_STORES),
        ("token_store", "postgresql://u:pass-word@db.example.com/a?sslmode=allow", TOKEN_STORES),
        ("token_store", "mysql://u:pass-word@localhost/base", TOKEN_STORES),
        ("user_agent", "ours\r\nX-Injected: 1", "one line of ASCII text"),
        ("user_agent", "Zoë", "one line of ASCII text"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(name: str, value: object, allowed: str) -> None:
    assert refusal(**{name: value}).startswith(f"The setting {name} must be {allowed}")


@pytest.mark.parametrize(
    ("name", "value", "end"),
    [
        ("region", "EUR", 'us, eu, not "EUR"; did you mean eu?'),
        ("progress", "logs", 'off, not "logs"; did you mean log?'),
        ("bulk_format", "xml", 'csv, not "xml".'),
        ("page_size", 5_000, "1000, not 5000."),
        ("custom_field_columns", "maybe", 'false, not "maybe".'),
        ("start_date", "someday", 'year, not "someday".'),
        ("event_types", ["SENT", "Opens"], 'SPAM, not "Opens"; did you mean OPENED?'),
        ("event_types", "sent,READ", 'SPAM, not "READ".'),
        ("message_types", ["draft", "TRIGGER"], 'not "TRIGGER"; did you mean TRIGGERED?'),
        ("list_ids", ["l-0a41", 7.5], "a list of strings, not 7.5."),
        (
            "job_ids",
            [{"job_type": "list_uploads", "id": "7"}],
            'and id, not {"job_type": "list_uploads", "id": "7"}; did you mean list_upload?',
        ),
        ("seo_reports", [{"url": "pat@example.com"}], 'not {"url": (an address).'),
        ("shard", "line\nbreak" + 500 * "x", "..."),
    ],
)
def test_a_refusal_repeats_what_is_wrong_and_names_the_nearest_right_value(
    name: str, value: object, end: str
) -> None:
    sentence = refusal(**{name: value})
    assert end in sentence
    assert sentence[-1] in ".?"
    assert len(sentence) < 500
    assert sentence.isprintable()


def test_each_wrong_entry_of_a_list_is_named() -> None:
    sentence = refusal(event_types=["READ", "SENT", "CLICK"])
    assert 'not "READ".' in sentence
    assert 'not "CLICK"; did you mean CLICKED?' in sentence


@pytest.mark.parametrize(
    "value",
    [
        "http://api.actonsoftware.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "https://",
        "https:///path",
        "api.actonsoftware.com",
        "ftp://api.actonsoftware.com",
        "https://pat:password@api.actonsoftware.com",
        "https://pat@api.actonsoftware.com",
        "https://api.actonsoftware.com?key=1",
        "https://api.actonsoftware.com/?",
        "https://api.actonsoftware.com#part",
        "https://api.actonsoftware.com:port",
        "https://api.actonsoftware.com/a b",
        "https://api.actonsoftware.com\n.example.com",
        "https://[::1",
        443,
    ],
)
def test_an_address_that_credentials_must_not_go_to_is_refused(value: object) -> None:
    # Without the address, in which a password may be.
    assert refusal(api_url=value) == f"The setting api_url must be {ADDRESS}."


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://proxy.example.com", "https://proxy.example.com"),
        ("https://proxy.example.com:8443/act-on//", "https://proxy.example.com:8443/act-on"),
        ("http://localhost:8080/", "http://127.0.0.1:8080"),
        ("http://LocalHost", "http://127.0.0.1"),
        ("https://localhost:8080", "https://localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_replaces_the_host_of_the_region(value: str, expected: str) -> None:
    assert read(api_url=value, region="eu").base_url == expected


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {},
            (
                "The settings username and password must be set, or the setting refresh_token. "
                "The setting client_id is required. The setting client_secret is required."
            ),
        ),
        (
            {"client_id": "a", "client_secret": "b", "username": "pat@example.com"},
            "The settings username and password must be set together.",
        ),
        (
            {"client_id": "a", "client_secret": "b", "password": "c", "refresh_token": "d"},
            "The settings username and password must be set together.",
        ),
        (
            {"client_id": "", "client_secret": None, "refresh_token": "d"},
            "The setting client_id is required. The setting client_secret is required.",
        ),
    ],
)
def test_what_is_needed_to_log_in(config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.read(config, now=NOW)
    assert refused.value.sentence == sentence


def test_a_refresh_token_is_enough_to_log_in() -> None:
    config = {"client_id": "a", "client_secret": "b", "refresh_token": "c"}
    settings = Settings.read(config, now=NOW)
    assert (settings.username, settings.password, settings.refresh_token) == (None, None, "c")


@pytest.mark.parametrize("name", sorted(SECRETS | {"username", "api_url", "token_store"}))
@pytest.mark.parametrize("wrong", ["Pat-0815", ["Pat-0815"], {"Pat-0815": "Pat-0815"}])
def test_no_refusal_shows_what_may_be_secret(name: str, wrong: object) -> None:
    assert "Pat-0815" not in refusal(**{name: wrong})


@pytest.mark.parametrize("name", sorted(NAMES))
def test_no_refusal_shows_an_address(name: str) -> None:
    for wrong in ("pat@example.com", ["pat@example.com"], {"pat@example.com": "pat@example.com"}):
        assert "example.com" not in refusal(**{name: wrong}).replace(ADDRESS, "")


def test_the_settings_do_not_show_who_logs_in() -> None:
    shown = repr(read(refresh_token="token-0815"))
    for value in ("pat@example.com", "'secret'", "'password'", "token-0815"):
        assert value not in shown


def test_the_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read().page_size = 1  # type: ignore[misc]


# Misspelt settings


def test_a_misspelt_setting_is_worth_a_warning() -> None:
    assert read(pagesize=5, start_dat="2026-01-01").warnings == (
        "The setting pagesize is unknown and has no effect; did you mean page_size?",
        "The setting start_dat is unknown and has no effect; did you mean start_date?",
    )


def test_a_name_that_is_like_no_setting_is_worth_a_warning_too() -> None:
    assert read(comment="ours", batch_config={}).warnings == (
        "The setting batch_config is unknown and has no effect.",
        "The setting comment is unknown and has no effect.",
    )


def test_the_settings_of_the_sdk_are_known() -> None:
    builtin: dict[str, Any] = {"properties": {}}
    TapActOn.append_builtin_config(builtin)
    assert "stream_maps" in builtin["properties"]
    assert read(**builtin["properties"]).warnings == ()


# Dates and durations


def test_a_window_is_from_the_first_to_the_last_timestamp_of_what_is_named() -> None:
    window = read(start_date="last quarter", end_date="Yesterday").window
    assert window == Window(
        datetime(2025, 10, 1, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC) - ONE_MILLISECOND
    )


@pytest.mark.parametrize("value", ["soon", "0001-01-01T00:00:00+05:00", "P99999Y", 1767225600])
@pytest.mark.parametrize("name", ["start_date", "end_date"])
def test_what_is_no_date_is_refused(name: str, value: object) -> None:
    assert refusal(**{name: value}) == (
        f"The setting {name} must be a date (2026-03-17), a timestamp (2026-03-17T07:00:00Z), "
        "a time before now (7 days ago, P7D), or one of now, today, yesterday, tomorrow, and "
        f"this or last week, month, quarter or year, not {json.dumps(value)}."
    )


@pytest.mark.parametrize(
    "config",
    [
        {"start_date": "2026-03-02", "end_date": "2026-03-01"},
        {"start_date": "tomorrow"},
        {"start_date": "2026-03-31T12:34:56.790Z"},
    ],
)
def test_a_start_after_the_end_is_refused(config: dict[str, str]) -> None:
    assert refusal(**config) == (
        "The setting start_date must be no later than end_date, or than now if end_date is not "
        f'set, not "{config["start_date"]}".'
    )


def test_a_window_may_be_one_day_or_one_timestamp() -> None:
    window = read(start_date="2026-03-02", end_date="2026-03-02").window
    assert window.start is not None
    assert window.end is not None
    assert window.end - window.start == timedelta(days=1) - ONE_MILLISECOND
    assert read(start_date="now", end_date="now").window == Window(NOW_IN_MILLISECONDS, None)


def test_now_may_come_in_any_zone_and_the_window_is_utc() -> None:
    late = datetime(2026, 3, 31, 20, 0, tzinfo=timezone(timedelta(hours=-8)))
    window = read(late, start_date="today", end_date="1 hour ago").window
    assert window == Window(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 1, 3, tzinfo=UTC))
    assert window.start is not None
    assert window.end is not None
    assert window.start.tzinfo is UTC
    assert window.end.tzinfo is UTC


@pytest.mark.parametrize("name", ["lookback_window", "engagement_window", "recheck_period"])
def test_durations(name: str) -> None:
    # March has 31 days, and a month before its last day is February's last.
    assert getattr(read(**{name: "P1M"}), name) == timedelta(days=31)


# What the settings decide


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({}, True),
        ({"list_ids": ["l-0a41"]}, True),
        ({"list_ids": ["l-0a4"]}, False),
        ({"list_ids": ["l-0a*"]}, False),
        ({"list_names": ["expo *"]}, True),
        ({"list_names": ["EXPO SPRIN?"]}, True),
        ({"list_names": ["Expo"]}, False),
        ({"list_ids": ["l-ffff"], "list_names": ["Expo*"]}, True),
        ({"list_ids": ["l-0a41"], "list_names": ["Webinar*"]}, True),
        ({"list_ids": ["l-ffff"], "list_names": ["Webinar*"]}, False),
    ],
)
def test_wants_list(config: dict[str, list[str]], wanted: bool) -> None:  # noqa: FBT001 - the data
    assert read(**config).wants_list("l-0a41", "Expo Spring") is wanted


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({}, True),
        ({"contact_ids": ["l-unified-contacts:2b7"]}, True),
        ({"segment_ids": ["g-002e"]}, True),
        ({"segment_names": ["expo *"]}, True),
        ({"segment_ids": ["g-002f"]}, False),
        ({"segment_names": ["Expo"]}, False),
        ({"segment_ids": ["g-002f"], "segment_names": ["Expo*"]}, True),
    ],
)
def test_wants_segment(config: dict[str, list[str]], wanted: bool) -> None:  # noqa: FBT001 - the data
    settings = read(**config)
    assert settings.wants_segment("g-002e", "Expo guests") is wanted
    assert settings.chooses_contacts is bool(config)


@pytest.mark.parametrize(
    ("entries", "verbs"),
    [
        (["E", "fv"], ("E", "fv")),
        (["Form Viewed", "opt-in", "fv"], ("fv", "oi")),
        (["S"], ("S",)),
    ],
)
def test_activities_by_code_or_in_words(entries: list[str], verbs: tuple[str, ...]) -> None:
    settings = read(activity_verbs=entries)
    assert settings.activity_verbs == verbs
    assert [settings.wants_verb(verb) for verb in (*verbs, "s", None)] == [
        *[True] * len(verbs),
        False,
        False,
    ]
    assert read().wants_verb(None)


def test_an_activity_that_act_on_does_not_document_is_worth_a_warning() -> None:
    assert read(activity_verbs=["fv", "ZZ", "form view"]).warnings == (
        "Entry 2 of activity_verbs is no activity that Act-On documents: ZZ.",
        (
            "Entry 3 of activity_verbs is no activity that Act-On documents: form view; did you "
            "mean form viewed?"
        ),
    )
    # Codes are case-sensitive.
    assert read(activity_verbs=["FV"]).warnings == (
        "Entry 1 of activity_verbs is no activity that Act-On documents: FV; did you mean fv?",
    )


@pytest.mark.parametrize(
    ("entries", "warnings"),
    [
        (["contact_list", "Custom_Events", "LANDING_PAGE"], []),
        (
            ["contact_list", "contacts_list"],
            [
                (
                    "Entry 2 of listing_types is no type that Act-On documents: contacts_list; did "
                    "you mean contact_list?"
                )
            ],
        ),
        ("webinar", ["Entry 1 of listing_types is no type that Act-On documents: webinar."]),
        (
            ["pat@example.com"],
            ["Entry 1 of listing_types is no type that Act-On documents: (an address)."],
        ),
    ],
)
def test_a_type_of_listings_that_act_on_does_not_document_is_worth_a_warning(
    entries: Any, warnings: list[str]
) -> None:
    settings = read(listing_types=entries)
    assert list(settings.warnings) == warnings
    # Act-On may have more types than it documents.
    assert settings.listing_types == tuple([entries] if isinstance(entries, str) else entries)


def test_a_list_without_a_name_has_only_its_id() -> None:
    assert read(list_ids=["l-0a41"], list_names=["?*"]).wants_list("l-0a41", None)
    assert not read(list_names=["?*"]).wants_list("l-0a41", None)


def test_wants_list_stream() -> None:
    assert not read().wants_list_stream("l-0a41", "Expo Spring")
    assert read(list_streams=["l-0a41"]).wants_list_stream("l-0a41", "Expo Spring")
    assert read(list_streams=["expo *"]).wants_list_stream("l-0a41", "Expo Spring")
    assert not read(list_streams=["expo"]).wants_list_stream("l-0a41", "Expo Spring")


def test_every_piece_of_work_falls_into_one_shard() -> None:
    keys = [f"l-{number:04x}" for number in range(1000)]
    shards = [read(shard=f"{part}/5") for part in range(1, 6)]
    for key in keys:
        assert sum(settings.in_shard(key) for settings in shards) == 1
    for settings in shards:
        assert 150 < sum(map(settings.in_shard, keys)) < 250
    assert all(map(read().in_shard, keys))


def test_a_shard_has_about_its_share_of_the_work() -> None:
    assert read().number_in_shard(11) == 11
    assert read(shard="5/5").number_in_shard(11) == 3


def test_shards_are_the_same_on_every_machine() -> None:
    settings = read(shard="1/2")
    taken = [key for key in ("l-0a41", "l-0a42", "l-0a43", "Zoë", "") if settings.in_shard(key)]
    assert taken == ["l-0a43", "Zoë", ""]


def test_a_plain_start_does_not_import_pendulum() -> None:
    program = (
        "import sys, datetime\n"
        "from tap_acton.settings.settings import Settings\n"
        f"Settings.read({LOGIN!r}, now=datetime.datetime.now(datetime.UTC))\n"
        "print('pendulum' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True, timeout=50
    )
    assert ran.stdout.strip() == "False"
