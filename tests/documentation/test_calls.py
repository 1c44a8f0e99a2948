"""The endpoints and calls that the documentation names, compared with a run."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import redirect_stdout
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from acton_sandbox import Account, Sandbox
from scripts.docs import STREAMS
from tap_acton.settings.schema import MESSAGE_TYPES
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acton_sandbox import SeenRequest

GONE_OUT = {"SENT", "TRIGGERED", "FAILED"}

CHECK = 1
"""The page that checks a total, once per stream and run, where no page has shown that it is one."""


def calls_of(account: Account) -> tuple[Mapping[str, int], list[SeenRequest]]:
    """Read everything once and return the calls per stream, and all data calls."""
    with Sandbox(account) as sandbox:
        known = sandbox.credentials
        tap = TapActOn(
            config={
                "client_id": known.client_id,
                "client_secret": known.client_secret,
                "username": known.username,
                "password": known.password,
                "api_url": sandbox.url,
                "token_store": "memory",
                "requests_per_second": 10_000,
                "daily_request_limit": 100_000,
            }
        )
        with redirect_stdout(TextIOWrapper(BytesIO())):
            tap.sync_and_report()
        seen = [request for request in sandbox.requests if request.path != "/token"]
    return {name: count.calls for name, count in tap.run.summary.streams.items()}, seen


def pattern_of(endpoint: str) -> re.Pattern[str]:
    """Turn an endpoint of the documentation into a pattern of what is asked."""
    path, _, parameter = endpoint.partition("?")
    text = re.sub(r"\\{\w+\\}", "[^/?]+", re.escape(path))
    return re.compile(rf"{text}\?(.*&)?{parameter}.*" if parameter else rf"{text}(\?.*)?")


@pytest.fixture(autouse=True)
def _signal_handlers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)


def test_endpoints_and_costs_are_those_of_a_run() -> None:
    account = Account.generate(seed=7, size="small")
    calls, seen = calls_of(account)
    missing = calls.keys() - STREAMS.keys()
    assert not missing, "describe them in docs/streams/notes.toml"

    asked = Counter[str]()
    for request in seen:
        what = f"{request.path}?{urlencode(request.query)}"
        # The endpoint of a list stands for those of the system lists too, so it comes last.
        names = sorted(calls, key=lambda name: "{" in STREAMS[name].endpoint)
        names = [name for name in names if pattern_of(STREAMS[name].endpoint).fullmatch(what)]
        assert names, f"no stream has the endpoint of this call: {what}"
        asked[names[0]] += 1

    gone_out = [message for message in account.messages if message.type in GONE_OUT]
    kinds = [
        events
        for message in gone_out
        if not message.gone
        for events in message.events.values()
        if any(event.visible_at <= account.now_ms for event in events)
    ]
    assert asked == Counter(calls)
    expected = {
        "account": 1,
        "senders": 1,
        "logos": 1,
        "headers": 1,
        "header_details": len(account.headers),
        "footers": 1,
        "footer_details": len(account.footers),
        "images": 1,
        "image_details": len(account.images),
        "media": 1,
        "media_details": len(account.media),
        "media_reports": len(account.media),
        "media_messages": len(account.media),
        "media_views": len(account.media),
        "media_timeline": len(account.media),
        "forms": 1,
        "form_urls": len(account.forms),
        "form_reports": len(account.forms),
        "landing_pages": 1,
        "landing_page_details": len(account.landing_pages),
        "landing_page_urls": len(account.landing_pages),
        "landing_page_reports": len(account.landing_pages),
        "programs": 3,
        "messages": len(MESSAGE_TYPES) + CHECK,
        "message_reports": len(gone_out),
        "message_events": len(kinds) + CHECK,
        "message_daily_stats": len({r.query["period"] for r in seen if "period" in r.query}),
        "campaigns": 1,
        "campaign_details": len(account.campaigns),
        "seo_keywords": 1,
        "lists": 1 + CHECK,
        "list_members": len(account.lists) + CHECK,
        # They report no total, so one more page shows that nothing follows.
        "hard_bounces": 2,
        "spam_complaints": 2,
        "opt_outs": 2,
        "subscription_categories": 1,
        "subscription_opt_outs": len(account.categories) + CHECK,
        "contacts": 1 + CHECK,
        "contact_fields": 1,
        "segments": 1 + CHECK,
        "segment_contacts": len(account.segments) + CHECK,
        "import_definitions": 1,
        "custom_object_schemas": 1,
        "custom_object_datasets": 1,
        "custom_object_records": len(account.datasets),
        "webinar_registrants": 0,
    }
    assert calls == expected, "list the calls of every stream above, as its page counts them"
