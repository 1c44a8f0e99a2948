"""The minimum that reads the same: a loop of calls that writes every row as it is.

``python bare.py URL STREAM json|msgspec|csv``. It shows what transport and decoding alone cost:
no types, no keys, no state, no retries.
"""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = 1000
KINDS = ("SENT", "SUPPRESSED", "OPENED", "CLICKED", "BOUNCED", "OPT_OUT", "SPAM")


class Bare:
    """A session, with the function that decodes responses."""

    def __init__(self, url: str, decode: Callable[[bytes], Any]) -> None:
        self._url = url
        self._decode = decode
        self._session = requests.Session()
        form = {"grant_type": "password", "username": "reader@example.com"}
        token = self._session.post(f"{url}/token", data=form, timeout=60).json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def rows(self) -> Iterator[Any]:
        """Read the list page by page."""
        for page in self._pages("/api/1/list/l-0001", datequalifiers="true"):
            headers = page["headers"]
            for cells in page["data"]:
                yield dict(zip(headers, cells, strict=False))

    def rows_of_csv(self) -> Iterator[Any]:
        """Read the list as one file."""
        parameters = {"datequalifiers": "true", "responseformat": "CSV"}
        url = f"{self._url}/api/1/list/l-0001"
        with self._session.get(url, params=parameters, stream=True, timeout=60) as response:
            lines = response.iter_lines(chunk_size=2**16, decode_unicode=False)
            reader = csv.reader(line.decode() for line in lines)
            headers = next(reader)
            for cells in reader:
                yield dict(zip(headers, cells, strict=False))

    def events(self) -> Iterator[Any]:
        """Read all drilldowns of all messages."""
        for listing in self._pages("/api/1/message", type="SENT"):
            for message in listing["msgresult"]:
                path = f"/api/1/message/{message['msgId']}/report"
                for kind in KINDS:
                    for page in self._pages(f"{path}/{kind}"):
                        for row in page["result"]:
                            yield {"message_id": message["msgId"], "event_type": kind, **row}

    def _pages(self, path: str, **parameters: str) -> Iterator[Any]:
        offset, total = 0, 1
        while offset < total:
            query: dict[str, str | int] = {**parameters, "count": PAGE, "offset": offset}
            response = self._session.get(self._url + path, params=query, timeout=60)
            response.raise_for_status()
            page = self._decode(response.content)
            yield page
            offset, total = offset + PAGE, page["totalCount"]


def main() -> None:
    """Read, and write a line per record."""
    url, stream, way = sys.argv[1:]
    bare = Bare(url, json.loads if way == "json" else msgspec.json.decode)
    if stream == "message_events":
        records = bare.events()
    else:
        records = bare.rows_of_csv() if way == "csv" else bare.rows()
    out = sys.stdout.buffer
    if way == "json":
        for record in records:
            out.write(json.dumps(record).encode() + b"\n")
    else:
        encode = msgspec.json.Encoder().encode
        for record in records:
            out.write(encode(record) + b"\n")


if __name__ == "__main__":
    main()
