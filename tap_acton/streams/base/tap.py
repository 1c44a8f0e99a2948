"""What the streams know of the tap."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from singer_sdk.tap_base import Tap

if TYPE_CHECKING:
    from tap_acton.stream_maps import StreamMaps
    from tap_acton.sync.run import Run


class ActOnTap(Tap):
    """A tap whose streams share a run.

    Attributes:
        writes_lines: Whether streams may write their records past the SDK.
        maps: What maps the records of the streams.
    """

    writes_lines = False
    maps: StreamMaps

    @property
    @abstractmethod
    def run(self) -> Run:
        """What the run shares."""

    @abstractmethod
    def stream(self, name: str) -> Any:
        """Return a stream by its name."""

    @abstractmethod
    def stream_begins(self, name: str) -> None:
        """Take note of which stream is read from now on."""
