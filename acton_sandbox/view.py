"""The view from which data calls are answered: an account, an edition, and open questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acton_sandbox.account import Account

EDITIONS = ("2024", "2019")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the documents leave open or describe in two ways; each has a default."""

    account_endpoint: bool = True
    """Whether `/api/1/account` answers; the 2024 edition of the reference does not have it."""
    api_enabled: bool = True
    """Whether API access is switched on for the account; if not, nobody gets a token."""
    suppression_filter: str = "seconds"
    """What `createdafter` on the system lists takes: `seconds` or `milliseconds`.

    It may also be `ignored`, or `refused` with 400.
    """
    suppression_filter_by: str = "timestamp"
    """Which timestamp of a row it compares: its `timestamp`, or that of its `listing`.

    As on other lists it may also be that at which the `contact` was created.
    """
    after_is_inclusive: bool = False
    """Whether `...after` filters include the exact timestamp they name."""
    listing_type_case: str = "both"
    """Which spelling of `listingtype` is understood: `both`, `lower` or `upper`."""
    contact_id_column: str = ""
    """Where `_contact_id_` stands: `first`, `last` or `absent`; by default as in the edition."""
    filtered_total: str = "rows"
    """What the total of a list, or of the contacts, counts beside a date filter: the `rows` that
    pass it, or `all`."""
    ids_in_csv: bool = True
    """Whether the CSV form of a list has the `_contact_id_` column."""
    csv_columns: str = "same"
    """The columns of lists and drilldowns as CSV: the `same`, `reversed` or `renamed`."""
    csv_has_mark: bool = False
    """Whether such CSV begins with the mark of UTF-8."""
    largest_csv: int | None = None
    """The most rows of such CSV, if there is a limit."""
    drilldown_order: str = "recipients"
    """The order of a drilldown's rows: by `recipients`, or the `oldest` or the `newest` first."""
    media_slash: str = "with"
    """Whether paths of media end in a slash where that is documented: `with`, `without`, `both`."""
    landing_page_is_html: bool = False
    """Whether a landing page alone is answered with the page itself, in place of JSON."""
    undocumented_shape: str = "envelope"
    """What holds the rows where no document says: an `envelope`, an `array` or `data`.

    In the Audience Center also `content`, or `source` as in the answers to its writes.
    """
    audience_center: str = "newest"
    """Which generation of the Audience Center is routed: `newest`, `older` or `both`.

    With `none` the account has no Audience Center, with `unrouted` the host knows nothing of it.
    """
    contact_dates: str = "iso"
    """The spelling of a contact's dates: `iso`, `milliseconds`, `seconds` or `display`."""
    contact_keys: str = "properties"
    """What names a contact's values: the documented `properties` or the schema's `names`."""
    multi_text_is_array: bool = False
    """Whether the values of a MULTI-TEXT field come as an array, in place of one text."""
    largest_contact_page: int | None = None
    """The most rows of a page of contacts or of segments, if there is a limit."""
    larger_contact_page: str = "cut"
    """What a page above the limit is: `cut` without a word, or `refused` with 400."""
    contact_filter: str = "heeded"
    """What becomes of the date filters of the contacts: `heeded`, `ignored` or `refused`."""
    contact_order: str = "created"
    """The order of the contacts: as they were `created`, or as they were last `updated`."""
    segment_of_all_contacts: bool = True
    """Whether the older generation gives all contacts, as if they were a segment."""
    custom_objects: str = "on"
    """Whether the account has custom objects: `on`, `off` (403), `missing` (404) or `unrouted`."""
    datasets_name_object: bool = True
    """Whether the list of all datasets names the object of each."""
    record_id_field: str = "id"
    """The name of a custom record's own id; empty where it has none."""
    record_key_prefix: str = ""
    """What stands before the names of a custom record's values, such as `co.`."""
    record_values: str = "typed"
    """How values of custom records come: `typed` as JSON has them, or as the texts `uploaded`."""
    next_page_is_told_at: str = "top"
    """Where the token of the next page of custom records stands: `top` or `pagination`."""
    query_answer_is_text: bool = False
    """Whether custom records come as `text/plain`, though they hold JSON."""
    sorting_is_offered: bool = True
    """Whether the query for custom records can be sorted, as documented."""
    largest_record_page: int | None = None
    """The most custom records that may be requested at once, if there is a limit."""


@dataclass(frozen=True, slots=True)
class View:
    """An account seen through an edition. It never changes: another account is another view."""

    account: Account
    edition: str = "2024"
    choices: Choices = field(default_factory=Choices)

    def __post_init__(self) -> None:
        if self.edition not in EDITIONS:
            raise ValueError(f"unknown edition {self.edition!r}: choose from {', '.join(EDITIONS)}")

    @property
    def is_2019(self) -> bool:
        """Whether keys are spelled as in the developer site's 2019 edition."""
        return self.edition == "2019"

    @property
    def contact_id_column(self) -> str:
        """Where the `_contact_id_` column stands in a list download.

        It comes first in the reference's 2024 edition; the older sample begins with ordinary
        columns.
        """
        return self.choices.contact_id_column or ("last" if self.is_2019 else "first")
