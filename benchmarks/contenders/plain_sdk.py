"""A tap of the Singer SDK as its documentation shows it: streams, nothing overridden.

``python plain_sdk.py --config CONFIG --catalog CATALOG``, like any tap. Writer, conformance and
request cycle are the SDK's own. With ``has_partitions`` the state has an entry for each message,
the SDK's default, whose cost grows with the square of the messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import OAuthAuthenticator, SingletonMeta
from singer_sdk.pagination import BaseOffsetPaginator

if TYPE_CHECKING:
    from collections.abc import Iterable

    import requests
    from singer_sdk.helpers.types import Context

PAGE = 1000
HEADERS = {
    "_contact_id_": "contact_id",
    "E-mail Address": "e_mail_address",
    "First Name": "first_name",
    "Last Name": "last_name",
    "Company": "company",
    "Job Title": "job_title",
    "Business Phone": "business_phone",
    "Street": "street",
    "City": "city",
    "State": "state",
    "Zip": "zip",
    "Country": "country",
    "Lead Source": "lead_source",
    "Score": "score",
    "Industry": "industry",
    "Owner": "owner",
    "Opted, how?": "opted_how",
    ".tz": "tz",
    "created_date": "created_at",
    "modified_date": "modified_at",
}
TIMESTAMPS = {"created_at", "modified_at"}
KINDS = ("SENT", "SUPPRESSED", "OPENED", "CLICKED", "BOUNCED", "OPT_OUT", "SPAM")
TEXTS_OF_EVENT = (
    "listid",
    "data",
    "os",
    "ip",
    "browser",
    "name",
    "action",
    "when",
    "recid",
    "email",
    "linkURI",
)


class Login(OAuthAuthenticator, metaclass=SingletonMeta):
    """The password grant."""

    @property
    def oauth_request_body(self) -> dict[str, Any]:
        """The form."""
        return {"grant_type": "password", "username": "reader@example.com"}


class Pages(BaseOffsetPaginator):
    """Pages by count and offset."""

    def has_more(self, response: requests.Response) -> bool:
        """Return whether another page follows."""
        total: int = response.json()["totalCount"]
        return self.current_value + PAGE < total


class ActOnStream(RESTStream[int]):
    """What the streams have in common."""

    parameters: ClassVar[dict[str, str]] = {}

    @property
    def url_base(self) -> str:
        """Where the server listens."""
        url: str = self.config["api_url"]
        return url

    @property
    def authenticator(self) -> Login:
        """The login that all streams share."""
        return Login(stream=self, auth_endpoint=f"{self.url_base}/token")

    def get_new_paginator(self) -> Pages:
        """Make the paginator."""
        return Pages(start_value=0, page_size=PAGE)

    def get_url_params(
        self,
        context: Context | None,  # noqa: ARG002
        next_page_token: int | None,
    ) -> dict[str, Any]:
        """Return the query parameters."""
        return {**self.parameters, "count": PAGE, "offset": next_page_token or 0}


class Contacts(ActOnStream):
    """The rows of the list."""

    name = "contacts"
    path = "/api/1/list/l-0001"
    primary_keys = ("list_id", "contact_id")
    replication_key = "modified_at"
    parameters: ClassVar[dict[str, str]] = {"datequalifiers": "true"}
    schema = th.PropertiesList(
        th.Property("list_id", th.StringType),
        *[
            th.Property(column, th.DateTimeType if column in TIMESTAMPS else th.StringType)
            for column in HEADERS.values()
        ],
    ).to_dict()

    def parse_response(self, response: requests.Response) -> Iterable[dict[str, Any]]:
        """Match the cells with the headers."""
        payload = response.json()
        columns = [HEADERS[header] for header in payload["headers"]]
        for cells in payload["data"]:
            yield dict(zip(columns, cells, strict=False))

    def post_process(
        self,
        row: dict[str, Any],
        context: Context | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Add the id of the list."""
        row["list_id"] = "l-0001"
        return row


class Messages(ActOnStream):
    """The sent messages."""

    name = "messages"
    path = "/api/1/message"
    records_jsonpath = "$.msgresult[*]"
    primary_keys = ("msgId",)
    parameters: ClassVar[dict[str, str]] = {"type": "SENT"}
    schema = th.PropertiesList(
        th.Property("msgId", th.StringType), th.Property("name", th.StringType)
    ).to_dict()

    def generate_child_contexts(
        self,
        record: dict[str, Any],
        context: Context | None,  # noqa: ARG002
    ) -> Iterable[Context]:
        """Return a context per drilldown of the message."""
        for kind in KINDS:
            yield {"message_id": record["msgId"], "event_type": kind}


class Events(ActOnStream):
    """The events of the messages."""

    name = "events"
    path = "/api/1/message/{message_id}/report/{event_type}"
    records_jsonpath = "$.result[*]"
    parent_stream_type = Messages
    schema = th.PropertiesList(
        th.Property("message_id", th.StringType),
        th.Property("event_type", th.StringType),
        th.Property("ts", th.IntegerType),
        *[th.Property(name, th.StringType) for name in TEXTS_OF_EVENT],
    ).to_dict()


class EventsWithoutPartitions(Events):
    """The same with one state for all messages."""

    state_partitioning_keys: ClassVar[list[str]] = []


class PlainTap(Tap):
    """The tap."""

    name = "tap-plain"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("stream", th.StringType, required=True),
        th.Property("has_partitions", th.BooleanType, default=False),
    ).to_dict()

    def discover_streams(self) -> list[ActOnStream]:
        """Return the streams needed for the one that is read."""
        if self.config["stream"] == "message_events":
            events = Events if self.config["has_partitions"] else EventsWithoutPartitions
            return [Messages(self), events(self)]
        return [Contacts(self)]


if __name__ == "__main__":
    PlainTap.cli()
