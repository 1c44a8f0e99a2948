"""`/api/1/message`: the message list in the keys of both editions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.answers import DataRoute, page_answer
from acton_sandbox.timestamps import display_without_year

if TYPE_CHECKING:
    from acton_sandbox.answers import Answer, Call
    from acton_sandbox.entities import Message


def message_list(call: Call) -> Answer:
    """Answer with a page of the messages of a type, or of all types if none is named."""
    wanted = call.query.get("type", "").upper()
    messages = [m for m in call.view.account.messages if not wanted or m.type == wanted]
    offset, page = call.page(messages)
    row = _row_2019 if call.view.is_2019 else _row_2024
    # The stray id is part of the documented envelope.
    return page_answer(offset, [row(m) for m in page], len(messages), name="msgresult", id=0)


def _row_2024(message: Message) -> dict[str, object]:
    return {
        "name": message.name,
        "msgId": message.id,
        "msgType": message.type,
        "timeStamp": str(message.sent_at),
        "timeWhen": display_without_year(message.sent_at),
        "senderName": message.sender.name,
        "senderId": message.sender.id,
        "isTextOnly": "true" if message.is_text_only else "false",
        "senderEmail": message.sender.email,
    }


def _row_2019(message: Message) -> dict[str, object]:
    return {
        "title": message.name,
        "msg_id": message.id,
        "time_when": display_without_year(message.sent_at, offset_name=True),
        "sender_name": message.sender.name,
        "sender_id": message.sender.id,
        "is_text_only": "true" if message.is_text_only else "false",
        "timestamp": message.sent_at,
        "sender_email": message.sender.email,
    }


ROUTES = [DataRoute("/api/1/message", message_list)]
