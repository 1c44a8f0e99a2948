"""The account that is read: responses of any length, assembled from pieces that are encoded once.

The client is what is measured, so a response must cost next to nothing. The pieces hold
placeholders for the number of the page or message; whatever has to differ between responses
(ids, addresses, timestamps) is filled in there.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LIST_ID = "l-0001"
LIST_NAME = "Everybody"
PAGE = 1000
"""The most rows of a page (Act-On reference, 2024 edition)."""

HEADERS = (
    "_contact_id_",
    "E-mail Address",
    "First Name",
    "Last Name",
    "Company",
    "Job Title",
    "Business Phone",
    "Street",
    "City",
    "State",
    "Zip",
    "Country",
    "Lead Source",
    "Score",
    "Industry",
    "Owner",
    "Opted, how?",
    ".tz",
    "created_date",
    "modified_date",
)

SHARES = {
    "SENT": 50,
    "SUPPRESSED": 0,
    "OPENED": 30,
    "CLICKED": 12,
    "BOUNCED": 5,
    "OPT_OUT": 2,
    "SPAM": 1,
}
"""How many events of each kind a message to :data:`FEW_RECIPIENTS` has."""

FEW_RECIPIENTS = 50
MANY_RECIPIENTS = 500
"""Fewer than a page holds, so that there is one of each kind of events."""

_NUMBER = "@@@@@"
"""The placeholder for the number of a page or message: five digits."""
_DAY = "@@@@-@@-@@"
"""The placeholder for the day of a page."""
_SUMMER = 180
"""The days of a year that are used: all in daylight saving time, as the cells' zone says."""


class Account:
    """An account with one list of `rows` rows, and sent messages with `recipients` each."""

    def __init__(self, rows: int, messages: int, recipients: int = FEW_RECIPIENTS) -> None:
        self.rows = rows
        self.messages = messages
        cells = [_cells(place) for place in range(PAGE)]
        self._json_rows = [_encoded(row) for row in cells]
        self._json_page = b",".join(self._json_rows)
        self._csv_rows = [_csv_line(row) for row in cells]
        self._csv_page = b"".join(self._csv_rows)
        self._events = events_of(recipients)
        self._drilldowns = {
            kind: _encoded(_events_page(kind, 0, count)) for kind, count in self._events.items()
        }
        self._report = _encoded(_report(events_of(recipients)))
        self._message = _encoded(_message())

    def listing(self) -> bytes:
        """Return the listing of lists."""
        return _encoded(_page([_listed(self.rows)], 1))

    def list_page(self, offset: int, count: int) -> bytes:
        """Return a page of the list as JSON."""
        end = min(self.rows, offset + min(count, PAGE))
        beginning = {
            "listId": LIST_ID,
            "offset": offset,
            "count": max(0, end - offset),
            "totalCount": self.rows,
            "emailColumn": 1,
            "headers": HEADERS,
        }
        data = b",".join(_parts(self._json_page, self._json_rows, b",", offset, end))
        return _encoded(beginning)[:-1] + b',"data":[' + data + b"]}"

    def list_csv(self) -> Iterator[bytes]:
        """Return the whole list as CSV, page by page."""
        yield _csv_line(HEADERS)
        yield from _parts(self._csv_page, self._csv_rows, b"", 0, self.rows)

    def message_page(self, kind: str, offset: int, count: int) -> bytes:
        """Return a page of the messages of a type as JSON; all messages have the type ``SENT``."""
        total = self.messages if kind == "SENT" else 0
        numbers = range(offset, min(total, offset + min(count, PAGE)))
        beginning = {"id": 0, "offset": offset, "count": len(numbers), "totalCount": total}
        rows = b",".join(_numbered(self._message, number) for number in numbers)
        return _encoded(beginning)[:-1] + b',"msgresult":[' + rows + b"]}"

    def report(self, number: int) -> bytes:
        """Return the report of a message as JSON."""
        return _numbered(self._report, number)

    def drilldown(self, number: int, kind: str, offset: int = 0) -> bytes:
        """Return the events of one kind of a message from an offset on; they fit on one page."""
        page = self._drilldowns[kind]
        if offset:
            page = _encoded(_events_page(kind, offset, self._events[kind]))
        return _numbered(page, number)


def events_of(recipients: int) -> dict[str, int]:
    """Return how many events of each kind a message to so many recipients has."""
    return {kind: share * recipients // FEW_RECIPIENTS for kind, share in SHARES.items()}


def account() -> bytes:
    """Return the account."""
    return _encoded(
        {
            "account_id": 70123,
            "cname": "mktg.example.com",
            "user_name": "Reader One",
            "user_email": "reader@example.com",
            "account_name": "Harbourline Demo",
            "user_type": "Marketing",
            "time_zone": "US/Pacific",
        }
    )


def token() -> bytes:
    """Return the token of a login."""
    return _encoded(
        {
            "access_token": "example-access-token",
            "refresh_token": "example-refresh-token",
            "scope": "offline-access",
            "token_type": "Bearer",
            "expires_in": 3600,
        }
    )


def failure(code: int, message: str) -> bytes:
    """Return an error as JSON."""
    return _encoded({"errorCode": code, "message": message})


def message_number(message_id: str) -> int:
    """Return the number of a message, from 0 on.

    Raises:
        ValueError: No message has such an id.
    """
    return int(message_id.split("-")[1])


def _cells(place: int) -> list[str]:
    """Make the cells of a row."""
    hour, minute = divmod(place, 60)
    return [
        f"{LIST_ID}:{_NUMBER}{place:03x}",
        f"person.{_NUMBER}{place}@example.com",
        ("Pat", "Sam", "Robin", "Zoë")[place % 4],
        f"Sample {place % 97}",
        f"Harbourline {place % 211} GmbH & Co. KG",
        ("Head of Procurement", "Engineer", "")[place % 3],
        f"+1 206 555 {place:04}",
        f"{place} Quay Street, 2nd floor",
        "Seattle",
        "WA",
        f"{98000 + place}",
        "United States",
        ("Webinar", "Trade fair", "Referral", "")[place % 4],
        str(place % 100),
        "Manufacturing",
        "owner@example.com",
        "",
        "America/Los_Angeles",
        f"{_DAY} {hour:02}:{minute:02}:07 PDT",
        f"{_DAY} {hour + 6:02}:{minute:02}:52 PDT",
    ]


def _event(kind: str, place: int) -> dict[str, Any]:
    """Make an event of a message."""
    return {
        "listid": LIST_ID,
        "data": "CLICK" if kind == "CLICKED" else "",
        "os": "Linux",
        "ip": f"192.0.2.{place % 250}",
        "browser": "Firefox",
        "name": f"Pat Sample {place}",
        "action": "Clickthrough" if kind == "CLICKED" else kind.title(),
        "when": "Mar 17 2026 9:40 AM PDT",
        "recid": f"{LIST_ID}:{place:03x}",
        "email": f"person.{place}@example.com",
        # A number in the end: `_encoded` takes the quotes off.
        "ts": f"#17{_NUMBER}{place:03}{len(kind):03}#",
        "linkURI": "https://www.example.com/new" if kind == "CLICKED" else "",
    }


def _events_page(kind: str, offset: int, total: int) -> dict[str, Any]:
    """Make the page with the events of a message from an offset on."""
    rows = [_event(kind, place) for place in range(offset, total)]
    return _page(rows, total) | {"offset": offset}


def _message() -> dict[str, Any]:
    """Make a message of the listing."""
    return {
        "name": f"Digest {_NUMBER}",
        "msgId": f"s-{_NUMBER}-2603",
        "msgType": "SENT",
        "timeStamp": f"17{_NUMBER}000000",
        "timeWhen": "Tue Mar 17 7:05 AM PDT",
        "senderName": "Harbourline News",
        "senderId": "51877",
        "isTextOnly": "false",
        "senderEmail": "news@example.com",
    }


def _report(events: Mapping[str, int]) -> dict[str, Any]:
    """Make the report of a message with so many events of each kind."""
    sent, opened, clicked = (events[kind] for kind in ("SENT", "OPENED", "CLICKED"))
    return {
        "status": "ok",
        "sent": sent,
        "delivered": sent - events["BOUNCED"],
        "bounced": events["BOUNCED"],
        "hardBounced": events["BOUNCED"],
        "softBounced": 0,
        "opened": [opened, opened],
        "effectiveopened": [opened, opened],
        "clicked": [clicked, clicked],
        "notsent": [events["SUPPRESSED"]] * 2,
        "notopened": sent - opened,
        "optout": events["OPT_OUT"],
        "spam": events["SPAM"],
        "lastOpenTS": 1773912612000,
        "lastClickTS": 1773765600000,
        "msgId": f"s-{_NUMBER}-2603",
        "subject": "What is new",
        "title": f"Digest {_NUMBER}",
        "sentto": [LIST_ID],
        "suppressedon": [],
    }


def _listed(rows: int) -> dict[str, Any]:
    """Make the entry of the list in the listing."""
    return {
        "id": LIST_ID,
        "name": LIST_NAME,
        "folderName": "",
        "sourceId": LIST_ID,
        "baseId": LIST_ID,
        "description": "",
        "sourceSize": str(rows),
        "sourceName": LIST_NAME,
        "tsLastModified": 1773756309000,
        "tsLastCounted": 1773765600000,
        "tsSource": 1773756309000,
        "bIsSingleton": False,
        "bIsList": True,
    }


def _page(rows: Sequence[Any], total: int) -> dict[str, Any]:
    """Wrap rows in the usual envelope."""
    return {"offset": 0, "count": len(rows), "totalCount": total, "result": rows}


def _parts(
    page: bytes, rows: Sequence[bytes], comma: bytes, offset: int, end: int
) -> Iterator[bytes]:
    """Return the rows between two offsets, whole pages in one piece."""
    while offset < end:
        number, start = divmod(offset, PAGE)
        stop = min(PAGE, end - number * PAGE)
        part = page if stop - start == PAGE else comma.join(rows[start:stop])
        yield _numbered(part, number).replace(_DAY.encode(), _day_of(number))
        offset += stop - start


def _day_of(page: int) -> bytes:
    """Return the day of a page; no two pages have the same."""
    years, days = divmod(page, _SUMMER)
    return (date(2025 - years, 4, 1) + timedelta(days)).isoformat().encode()


def _numbered(piece: bytes, number: int) -> bytes:
    """Fill a number into its placeholders."""
    return piece.replace(_NUMBER.encode(), b"%05d" % number)


def _encoded(value: Any) -> bytes:
    """Encode JSON, with strings marked by `#` as numbers."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace('"#', "").replace('#"', "").encode()


def _csv_line(cells: Sequence[str]) -> bytes:
    """Encode a line of CSV."""
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
