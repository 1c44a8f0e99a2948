"""Campaigns and search keywords, as plain records. Every `..._at` is epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign; one that is `gone` is listed but not found by itself."""

    id: str
    name: str
    description: str
    folder_name: str
    status: str
    owner: str
    created_at: int
    modified_at: int
    gone: bool


@dataclass(frozen=True, slots=True)
class Keyword:
    """A search keyword of a page."""

    id: str
    text: str
    url: str
    engine: str
