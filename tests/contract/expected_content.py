"""The records of the content streams, worked out from the account alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acton_sandbox import Account
    from acton_sandbox.content import Block, Image

CONTENT_KEYS: dict[str, tuple[str, ...]] = dict.fromkeys(
    (
        "senders",
        "logos",
        "headers",
        "header_details",
        "footers",
        "footer_details",
        "images",
        "image_details",
    ),
    ("id",),
)
"""The key columns of each stream."""


def expected_content(account: Account, edition: str) -> dict[str, list[dict[str, Any]]]:
    """Work out the records of the content streams.

    Args:
        account: The account.
        edition: The documentation edition that its API follows.

    Returns:
        The records by stream.
    """
    author = {"createdBy": account.user_name}
    return {
        "senders": [
            {
                "id": sender.id,
                "name": sender.name,
                "email": sender.email,
                "extra_fields": {"isVerified": True},
            }
            for sender in account.senders
        ],
        "logos": [
            {
                "id": logo.id,
                "name": logo.title,
                "url_str": logo.url,
                "alt_txt": logo.alternative_text,
                "tool_tip": logo.tool_tip,
                "target_url": logo.target_url,
                "extra_fields": None,
            }
            for logo in account.logos
        ],
        "headers": [_listed(header, is_default=header.id == "1") for header in account.headers],
        "header_details": [_block(header, author) for header in account.headers if not header.gone],
        "footers": [_listed(footer, is_default=footer.id == "0") for footer in account.footers],
        "footer_details": [_block(footer, author) for footer in account.footers if not footer.gone],
        "images": [
            {
                **_image(image),
                # What is in no folder stands in one without a name.
                "folder_name": image.folder_name or None,
                "width": image.width,
                "height": image.height,
            }
            for image in _by_folder(account)
        ],
        "image_details": [
            {
                **_image(image),
                "folder_name": image.folder_name,
                "version": None if edition == "2019" else image.version,
            }
            for image in _by_folder(account)
            if not image.gone
        ],
    }


def _listed(block: Block, *, is_default: bool) -> dict[str, Any]:
    return {
        "id": block.id,
        "name": block.title,
        "html": None,
        "text": None,
        "extra_fields": {"isDefault": is_default},
    }


def _block(block: Block, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": block.id,
        "name": block.title,
        "html": block.html,
        "text": block.text,
        "extra_fields": more,
    }


def _by_folder(account: Account) -> list[Image]:
    folders = ("Spring photos", "Größe & Maß", "")
    return sorted(account.images, key=lambda image: folders.index(image.folder_name))


def _image(image: Image) -> dict[str, Any]:
    return {
        "id": image.id,
        "name": image.name,
        "url": image.url,
        "thumb": image.thumb_url,
        "size": image.size,
        "created_at": _timestamp(image.created_at),
        "modified_at": _timestamp(image.modified_at),
        "extra_fields": None,
    }


def _timestamp(milliseconds: int) -> str:
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
