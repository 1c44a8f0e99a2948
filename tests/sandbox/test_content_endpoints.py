"""Senders, logos, headers, footers and images, in the shapes that the documents give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from acton_sandbox import Account, Sandbox
    from tests.sandbox.conftest import Api

LISTED_IMAGE = {
    "id": str,
    "name": str,
    "url": str,
    "thumb": str,
    "size": int,
    "width": str,
    "height": str,
    "creation_time": str,
    "last_modified": str,
}
IMAGE = {
    "id": str,
    "image_url": str,
    "thumb_url": str,
    "size": int,
    "last_modified": int,
    "creation_time": int,
    "display_name": str,
    "folder_name": str,
}


def types_of(row: dict[str, Any]) -> dict[str, type]:
    """Give the type of each field of a row."""
    return {name: type(value) for name, value in row.items()}


def test_images_come_in_folders(api: Api, account: Account) -> None:
    folders = api.json("/image")
    assert all(set(folder) == {"name", "entries"} for folder in folders)
    rows = {row["id"]: (folder["name"], row) for folder in folders for row in folder["entries"]}
    assert rows.keys() == {image.id for image in account.images}
    assert all(types_of(row) == LISTED_IMAGE for _, row in rows.values())
    assert all(rows[image.id][0] == image.folder_name for image in account.images)
    assert any(not folder["entries"] for folder in folders)


def test_folders_of_images_can_be_chosen_in_the_older_edition(
    api: Api, any_edition: Sandbox
) -> None:
    names = [folder["name"] for folder in api.json("/image", foldernames="Größe & Maß;none such")]
    every = [folder["name"] for folder in api.json("/image")]
    assert names == (["Größe & Maß"] if any_edition.edition == "2019" else every)


def test_an_image_has_other_names_than_in_the_list(
    api: Api, any_edition: Sandbox, account: Account
) -> None:
    version = {"version": int} if any_edition.edition == "2024" else {}
    for image in account.images:
        if not image.gone:
            assert types_of(api.json(f"/image/{image.id}")) == IMAGE | version


def test_logos_come_in_one_page(api: Api, account: Account) -> None:
    answer = api.json("/logo", count=1)
    rows = answer.pop("result")
    assert answer == {"offset": 0, "count": len(rows), "totalCount": len(account.logos)}
    assert [api.json(f"/logo/{row['id']}") for row in rows] == rows
    assert all(row["url_str_ts"].startswith(row["url_str"]) for row in rows)


def test_what_is_gone_is_listed_all_the_same(api: Api, account: Account) -> None:
    gone = [("header", block.id) for block in account.headers if block.gone]
    gone += [("footer", block.id) for block in account.footers if block.gone]
    gone += [("image", image.id) for image in account.images if image.gone]
    assert {kind for kind, _ in gone} == {"header", "footer", "image"}
    for kind, number in [*gone, ("logo", "i-0")]:
        response = api.get(f"/{kind}/{number}")
        assert (response.status_code, response.json()["errorCode"]) == (404, 10054)
        assert kind == "logo" or number in api.get(f"/{kind}").text


@pytest.mark.parametrize("kind", ["header", "footer"])
def test_the_content_of_headers_and_footers(api: Api, account: Account, kind: str) -> None:
    blocks = account.headers if kind == "header" else account.footers
    for block in blocks:
        if not block.gone:
            row = api.json(f"/{kind}/{block.id}")
            assert (row["title"], row["html"], row["text"]) == (block.title, block.html, block.text)


def test_what_messages_and_categories_refer_to_exists(account: Account) -> None:
    senders = {sender.id for sender in account.senders}
    assert {message.sender.id for message in account.messages} <= senders
    titles = {header.id: header.title for header in account.headers}
    for category in account.categories:
        assert not category.header_id or titles[category.header_id] == category.header_name
