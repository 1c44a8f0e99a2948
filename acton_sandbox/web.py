"""What an account has on the web, and its programs, as plain records.

Every `..._at` is epoch milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Traffic(NamedTuple):
    """What came to a form from one source."""

    source: str
    submits: int
    unique: int
    views: int

    @property
    def percent(self) -> int:
        """The share of views that led to a submission."""
        return 100 * self.submits // self.views if self.views else 0


@dataclass(frozen=True, slots=True)
class Form:
    """A form; without a folder it is listed under all forms alone.

    One that is `gone` is listed, but nothing more of it can be fetched.
    """

    id: str
    title: str
    description: str
    folder_name: str
    url: str
    urls: tuple[str, ...]
    created_at: int
    modified_at: int
    traffic: tuple[Traffic, ...]
    gone: bool


@dataclass(frozen=True, slots=True)
class LandingPage:
    """A landing page with its visits by source; one that is `gone` is listed only."""

    id: str
    title: str
    folder_name: str
    url: str
    urls: tuple[str, ...]
    created_at: int
    modified_at: int
    html: str
    unknown_visitors: int
    traffic: tuple[tuple[str, int], ...]
    gone: bool


@dataclass(frozen=True, slots=True)
class Program:
    """A program of one of the types; timestamps that are not set are 0."""

    id: str
    type: str
    name: str
    description: str
    folder_id: int
    folder_name: str
    state: str
    created_at: int
    modified_at: int
    next_run_at: int
    is_favorite: bool
    is_valid: bool
    active: int
    src_ids: tuple[str, ...]
    src_names: tuple[str, ...]
    message_ids: tuple[str, ...]
    tag_names: tuple[str, ...]

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self.state == "running"

    @property
    def is_scheduled(self) -> bool:
        """Whether it has a next run."""
        return self.next_run_at > 0
