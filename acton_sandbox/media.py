"""Files and links of the media library, and the views of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from acton_sandbox.timestamps import local_day

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date


@dataclass(frozen=True, slots=True)
class MediaView:
    """A visitor's view of a file or link; views may be alike in everything that is shown.

    `campaign` is the name of the message that led to it, or empty.
    """

    at: int
    is_known: bool
    recipient: str
    campaign: str
    action: str
    total_count: int
    source_id: str
    contact_id: str


@dataclass(frozen=True, slots=True)
class MediaMessage:
    """A message that holds a file or link."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ViewCount:
    """How many views there were of something, and by how many visitors."""

    total: int
    unique: int

    @classmethod
    def of(cls, views: Iterable[MediaView]) -> ViewCount:
        """Count views."""
        visitors = [view.recipient for view in views]
        return cls(len(visitors), len(set(visitors)))


@dataclass(frozen=True)
class Medium:
    """A file or a link of the media library as it shows at the account's `now`.

    Files have a size, links a target. `gone` marks one that is still listed but answers that it
    does not exist.
    """

    id: str
    name: str
    folder_name: str
    url: str
    created_at: int
    modified_at: int
    size: int
    target_url: str
    gone: bool
    messages: tuple[MediaMessage, ...]
    views: tuple[MediaView, ...]

    @property
    def is_link(self) -> bool:
        """Whether it leads elsewhere, and is no file."""
        return bool(self.target_url)

    @property
    def known(self) -> ViewCount:
        """The views by contacts."""
        return ViewCount.of(view for view in self.views if view.is_known)

    @property
    def unknown(self) -> ViewCount:
        """The views by visitors who are not known."""
        return ViewCount.of(view for view in self.views if not view.is_known)

    @property
    def from_messages(self) -> ViewCount:
        """The views that came from messages."""
        return ViewCount.of(view for view in self.views if view.campaign)

    def last_viewed_at(self, message: MediaMessage) -> int:
        """Return when a message last led to a view; 0 if it never did."""
        views = (view.at for view in self.views if view.source_id == message.id)
        return max(views, default=0)

    @cached_property
    def views_by_day(self) -> dict[date, list[MediaView]]:
        """The views on each of the account's calendar days that has any."""
        days: dict[date, list[MediaView]] = defaultdict(list)
        for view in self.views:
            days[local_day(view.at)].append(view)
        return dict(sorted(days.items()))
