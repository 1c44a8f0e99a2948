"""The media library and its reports (Act-On reference, 2024 edition)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.answers import Answer, DataRoute, numeric_error, undocumented_answer, unrouted
from acton_sandbox.timestamps import display

if TYPE_CHECKING:
    from collections.abc import Callable

    from acton_sandbox.answers import Call
    from acton_sandbox.media import Medium


def media_list(call: Call) -> Answer:
    """Answer with the folders and what is in them, all at once."""
    account = call.view.account
    return Answer.of_json(
        [
            {
                "entries": [
                    _entry(medium) for medium in account.media if medium.folder_name == folder
                ],
                "name": folder,
            }
            for folder in account.media_folders
        ]
    )


def _entry(medium: Medium) -> dict[str, object]:
    of_kind = {"target_url": medium.target_url} if medium.is_link else {"size": str(medium.size)}
    return {
        "creation_time": medium.created_at,
        **of_kind,
        "name": medium.name,
        "id": medium.id,
        # A text here and a number in the answer about one: both are documented so.
        "last_modified": str(medium.modified_at),
        "url": medium.url,
    }


def _details(_: Call, medium: Medium) -> Answer:
    of_kind = {"target_url": medium.target_url} if medium.is_link else {"size": medium.size}
    return Answer.of_json(
        {
            "id": medium.id,
            "name": medium.name,
            "url": medium.url,
            **of_kind,
            "creation_time": medium.created_at,
            "last_modified": medium.modified_at,
        }
    )


def _report(_: Call, medium: Medium) -> Answer:
    return Answer.of_json(
        {
            "total_known_views": medium.known.total,
            "total_unknown_views": medium.unknown.total,
            "unique_known_views": medium.known.unique,
            "unique_unknown_views": medium.unknown.unique,
            "total_messages": len(medium.messages),
            "total_from_messages": medium.from_messages.total,
            "unique_from_messages": medium.from_messages.unique,
        }
    )


def _messages(call: Call, medium: Medium) -> Answer:
    """Answer with the messages that hold it; nothing of the rows is documented."""
    rows = [
        {
            "msgId": message.id,
            "title": message.name,
            "lastViewed": display(last) if (last := medium.last_viewed_at(message)) else "",
        }
        for message in medium.messages
    ]
    return undocumented_answer(call, rows)


def _views(_: Call, medium: Medium) -> Answer:
    return Answer.of_json(
        [
            {
                "known": view.is_known,
                "recipient": view.recipient,
                "campaign": view.campaign,
                "action": view.action,
                "total_count": view.total_count,
                "srcid": view.source_id,
                "cid": view.contact_id,
                "tstamp": display(view.at),
            }
            for view in medium.views
        ]
    )


def _timeline(_: Call, medium: Medium) -> Answer:
    return Answer.of_json(
        [
            {
                "date": f"{day:%m/%d/%Y}",
                "unique": len({view.recipient for view in views}),
                "total": len(views),
                "known": sum(view.is_known for view in views),
                "unknown": sum(not view.is_known for view in views),
            }
            for day, views in medium.views_by_day.items()
        ]
    )


def _about(answer: Callable[[Call, Medium], Answer]) -> Callable[[Call], Answer]:
    """Make the handler of a path about one file or link."""

    def handle(call: Call) -> Answer:
        medium = next((m for m in call.view.account.media if m.id == call.ids["id"]), None)
        if medium is None or medium.gone:
            return numeric_error(10054, "The id is invalid")
        return answer(call, medium)

    return handle


def _if_spelled(path: str, handle: Callable[[Call], Answer]) -> list[DataRoute]:
    """Make the routes of a path that is documented with a slash, and known without it too."""

    def handle_if(*, has_slash: bool) -> Callable[[Call], Answer]:
        def answer(call: Call) -> Answer:
            spelling = call.view.choices.media_slash
            is_known = spelling in {"both", "with" if has_slash else "without"}
            return handle(call) if is_known else unrouted()

        return answer

    return [
        DataRoute(f"{path}/", handle_if(has_slash=True)),
        DataRoute(path, handle_if(has_slash=False)),
    ]


ROUTES = [
    *_if_spelled("/api/1/media", media_list),
    DataRoute("/api/1/media/{id}", _about(_details)),
    *_if_spelled("/api/1/media/{id}/report", _about(_report)),
    DataRoute("/api/1/media/{id}/report/messages", _about(_messages)),
    DataRoute("/api/1/media/{id}/report/views", _about(_views)),
    DataRoute("/api/1/media/{id}/report/timeline", _about(_timeline)),
]
