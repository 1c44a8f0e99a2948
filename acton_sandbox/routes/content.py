"""Senders, logos, headers, footers and images.

Of the senders, headers and footers only the paths are documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.answers import (
    Answer,
    DataRoute,
    numeric_error,
    page_answer,
    undocumented_answer,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acton_sandbox.answers import Call
    from acton_sandbox.content import Block, Image, Logo


def senders(call: Call) -> Answer:
    """Answer with all senders."""
    return undocumented_answer(
        call,
        [
            {"id": sender.id, "name": sender.name, "email": sender.email, "isVerified": True}
            for sender in call.view.account.senders
        ],
    )


def logos(call: Call) -> Answer:
    """Answer with all logos, in an envelope that has no second page."""
    found = call.view.account.logos
    return page_answer(0, [_logo(call, logo) for logo in found], len(found))


def logo(call: Call) -> Answer:
    """Answer with a logo."""
    for found in call.view.account.logos:
        if found.id == call.ids["id"]:
            return Answer.of_json(_logo(call, found))
    return _invalid_id()


def headers(call: Call) -> Answer:
    """Answer with all headers, without their content."""
    return _block_list(call, call.view.account.headers)


def header(call: Call) -> Answer:
    """Answer with a header, which does not repeat its id."""
    return _block(call, call.view.account.headers, has_id=False)


def footers(call: Call) -> Answer:
    """Answer with all footers, without their content."""
    return _block_list(call, call.view.account.footers)


def footer(call: Call) -> Answer:
    """Answer with a footer, which repeats its id as a number."""
    return _block(call, call.view.account.footers, has_id=True)


def images(call: Call) -> Answer:
    """Answer with the images in their folders.

    The 2019 edition takes a choice of folders, separated by semicolons.
    """
    wanted = call.query.get("foldernames", "") if call.view.is_2019 else ""
    return Answer.of_json(
        [
            {
                "entries": [
                    _listed_image(image)
                    for image in call.view.account.images
                    if image.folder_name == folder
                ],
                "name": folder,
            }
            for folder in call.view.account.words.image_folders
            if not wanted or folder in wanted.split(";")
        ]
    )


def image(call: Call) -> Answer:
    """Answer with an image, by other names than in the list, and with numbers as numbers."""
    for found in call.view.account.images:
        if found.id == call.ids["id"] and not found.gone:
            version = {} if call.view.is_2019 else {"version": found.version}
            return Answer.of_json(
                {
                    "id": found.id,
                    "image_url": found.url,
                    "thumb_url": found.thumb_url,
                    "size": found.size,
                    "last_modified": found.modified_at,
                    "creation_time": found.created_at,
                    "display_name": found.name,
                    "folder_name": found.folder_name,
                    **version,
                }
            )
    return _invalid_id()


def _logo(call: Call, logo: Logo) -> dict[str, object]:
    joint = "&" if "?" in logo.url else "?"
    return {
        "url_str": logo.url,
        "url_str_ts": f"{logo.url}{joint}ts={call.view.account.now_ms}",
        "alt_txt": logo.alternative_text,
        "tool_tip": logo.tool_tip,
        "target_url": logo.target_url,
        "id": logo.id,
        "title": logo.title,
    }


def _block_list(call: Call, blocks: Sequence[Block]) -> Answer:
    rows = [{"id": b.id, "title": b.title, "isDefault": b is blocks[0]} for b in blocks]
    return undocumented_answer(call, rows)


def _block(call: Call, blocks: Sequence[Block], *, has_id: bool) -> Answer:
    for block in blocks:
        if block.id == call.ids["id"] and not block.gone:
            row = {
                "title": block.title,
                "html": block.html,
                "text": block.text,
                "createdBy": call.view.account.user_name,
            }
            return Answer.of_json({"id": int(block.id), **row} if has_id else row)
    return _invalid_id()


def _listed_image(image: Image) -> dict[str, object]:
    return {
        "creation_time": str(image.created_at),
        "size": image.size,
        "thumb": image.thumb_url,
        "name": image.name,
        "width": str(image.width),
        "id": image.id,
        "last_modified": str(image.modified_at),
        "url": image.url,
        "height": str(image.height),
    }


def _invalid_id() -> Answer:
    return numeric_error(10054, "The id is invalid", 404)


ROUTES = [
    DataRoute("/api/1/account/senders", senders),
    DataRoute("/api/1/logo", logos),
    DataRoute("/api/1/logo/{id}", logo),
    DataRoute("/api/1/header", headers),
    DataRoute("/api/1/header/{id}", header),
    DataRoute("/api/1/footer", footers),
    DataRoute("/api/1/footer/{id}", footer),
    DataRoute("/api/1/image", images),
    DataRoute("/api/1/image/{id}", image),
]
