"""The account that the credentials lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_acton.streams.base.old_stream import ActOnStream
from tap_acton.sync.forecast import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_acton.records.reader import Record


class Account(ActOnStream):
    """The account itself: its id, names and time zone, in one row.

    The endpoint is described in the Act-On developer site, 2019 edition, and missing
    from the 2024 edition; where a host does not offer it, the stream stands aside.
    """

    name = "account"
    path = "/api/1/account"
    primary_keys = ("account_id",)

    def read(self) -> Iterator[Record]:
        """Give the account, which a run asks for once, whoever needs it first.

        Yields:
            The account.
        """
        yield self.reader.record(self.run.account)

    def estimate(self) -> Estimate:
        """Foresee the only call, which is made in any case.

        Returns:
            No calls besides it.
        """
        _ = self.run.account
        return Estimate(0)
