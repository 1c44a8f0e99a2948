"""`/api/1/message/{id}/{recid}`: the page of a message (Act-On developer site, 2019 edition)."""

from __future__ import annotations

from html import escape

from acton_sandbox.answers import Answer, Call, DataRoute, numeric_error, unrouted


def page_for_recipient(call: Call) -> Answer:
    """Answer with the page that a recipient of the message sees, or another contact."""
    message = call.view.account.message_by_id.get(call.ids["id"])
    if message is None or message.gone:
        return numeric_error(10030, "Invalid or deleted message", 404)
    for event in message.events["SENT"]:
        if event.recipient.contact_id == call.ids["recid"]:
            return _page(call, message.subject, event.recipient.name)
    rows = (row for item in call.view.account.lists for row in item.rows)
    if any(row.contact_id == call.ids["recid"] for row in rows):
        return _page(call, message.subject, "")
    return numeric_error(10008, "Invalid contact")


def page_for_nobody(call: Call) -> Answer:
    """Answer with the page without a recipient, which the 2024 edition does not have."""
    if not call.view.is_2019:
        return unrouted()
    message = call.view.account.message_by_id.get(call.ids["id"])
    if message is None or message.gone:
        return numeric_error(10030, "Invalid or deleted message", 404)
    return _page(call, message.subject, "")


def _page(call: Call, subject: str, name: str) -> Answer:
    title = escape(subject)
    text = call.view.account.words.page_text.format(name=escape(name or "reader"))
    return Answer.of_text(
        f"<!doctype html>\n<title>{title}</title>\n<div>{text}</div>\n<pre>{text}</pre>\n",
        content_type="text/html",
    )


ROUTES = [
    DataRoute("/api/1/message/{id}", page_for_nobody),
    DataRoute("/api/1/message/{id}/{recid}", page_for_recipient),
]
