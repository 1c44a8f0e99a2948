"""Which endpoint a path belongs to: the path without ids, which may be personal."""

from __future__ import annotations

from tap_acton.settings.schema import EVENT_TYPES

WORDS = """
token api account campaigns category customevents facts footer form hardbounce header image list
logo media message messages optout page program record rejectedUploadRecords report seokeywords
seoreport senders spamcomplaint status subscription timeline urls views
ucl v1 v2 activity all contact contactReport contacts custom-objects data definition id import
joinWithOther lookup query schema scores segment segments
"""
"""What the documented paths consist of, besides ids and the version in ``/api/1``."""

LITERALS = {*WORDS.split(), *EVENT_TYPES}

OLDER_API = "/api/1"


def endpoint_of(path: str) -> str:
    """Return a path with ``{id}`` in the place of each part that is not a documented word."""
    beginning = OLDER_API if path.startswith(f"{OLDER_API}/") else ""
    parts = path.removeprefix(beginning).split("/")
    return beginning + "/".join(part if not part or part in LITERALS else "{id}" for part in parts)
