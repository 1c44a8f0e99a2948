"""What an account holds to make messages of, as plain records. `..._at` is epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture with a link."""

    id: str
    title: str
    url: str
    alternative_text: str
    tool_tip: str
    target_url: str


@dataclass(frozen=True, slots=True)
class Block:
    """A header or a footer; one that is `gone` is listed but cannot be fetched."""

    id: str
    title: str
    html: str
    text: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in a folder; one that is `gone` is listed but cannot be fetched."""

    id: str
    name: str
    folder_name: str
    url: str
    thumb_url: str
    size: int
    width: int
    height: int
    version: int
    created_at: int
    modified_at: int
    gone: bool
