"""Who must not be written to: bounces, complaints, opt-outs, and the categories of these."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tap_acton.answers import Query
from tap_acton.stream import ActOnStream

if TYPE_CHECKING:
    from collections.abc import Iterator


class _FullyReadList(ActOnStream):
    """A list that is read whole in every run, and of which the latest rows are emitted.

    An address may be listed days after the moment that its row tells. As all rows are
    read in any case, those of the last thirty days are emitted again.
    """

    rows_at = "result"
    has_pages = True

    @property
    def lookback(self) -> timedelta:
        """How far behind the bookmark rows are emitted again."""
        return max(super().lookback, timedelta(days=30))


class _SystemList(_FullyReadList):
    """A list that Act-On keeps by itself.

    Its total is always -1, so each page has to be read to know whether another follows.
    Whether its date filter takes seconds or milliseconds is not documented, so the tap
    reads the whole list and filters by itself. Removals are not reported.
    """


class HardBounces(_SystemList):
    """Addresses that cannot be delivered to, with the moment and the origin of the bounce."""

    name = "hard_bounces"
    path = "/api/1/list/hardbounce"
    primary_keys = ("email", "bounced_at")
    replication_key = "bounced_at"


class SpamComplaints(_SystemList):
    """Addresses whose owners called a message spam."""

    name = "spam_complaints"
    path = "/api/1/list/spamcomplaint"
    primary_keys = ("email", "complained_at")
    replication_key = "complained_at"


class OptOuts(_SystemList):
    """Addresses that opted out of all messages."""

    name = "opt_outs"
    path = "/api/1/list/optout"
    primary_keys = ("email", "opted_out_at")
    replication_key = "opted_out_at"


class SubscriptionCategories(ActOnStream):
    """The categories of messages that contacts can subscribe to."""

    name = "subscription_categories"
    path = "/api/1/subscription/category"
    rows_at = ""
    primary_keys = ("id",)
    parent_columns = ("id", "name")


class SubscriptionOptOuts(_FullyReadList):
    """Addresses that opted out of one category of messages."""

    name = "subscription_opt_outs"
    path = "/api/1/subscription/optout"
    primary_keys = ("subscription_category_id", "email")
    replication_key = "opted_out_at"
    listing = "subscription_categories"

    def queries(self) -> Iterator[Query]:
        """Ask for each category by its name, as Act-On wants it.

        Yields:
            A query per category that has a name.
        """
        for category in self.parents():
            yield Query(
                self.path,
                subject=f"category {category['id']}",
                parameters={"category": category["name"] or ""},
                given={"subscription_category_id": category["id"]},
                parent=category,
                since=self.since,
            )
