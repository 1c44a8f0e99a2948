"""The generated account: everything the sandbox knows, at one point of its timeline."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from acton_sandbox.edits import with_edits
from acton_sandbox.entities import DRILLDOWNS, DayCount
from acton_sandbox.generation.assets import assets_of
from acton_sandbox.generation.audience_center import Contacts
from acton_sandbox.generation.content import images_of
from acton_sandbox.generation.custom_objects import CustomData
from acton_sandbox.generation.facts import facts_of
from acton_sandbox.generation.lists import Lists
from acton_sandbox.generation.mailings import Mailings
from acton_sandbox.generation.marketing import campaigns_of, keywords_of
from acton_sandbox.generation.media import MediaLibrary
from acton_sandbox.generation.people import People
from acton_sandbox.generation.suppressions import Suppressions
from acton_sandbox.generation.web import forms_of, landing_pages_of, programs_of
from acton_sandbox.sizes import SIZES
from acton_sandbox.timestamps import START, ZONE_NAME, local_day, milliseconds

if TYPE_CHECKING:
    from datetime import date

    from acton_sandbox.audience_center import Contact, ContactField, ImportDefinition, Segment
    from acton_sandbox.content import Block, Image, Logo
    from acton_sandbox.custom_objects import CustomObject, Dataset
    from acton_sandbox.edits import Edit, MessageEdit
    from acton_sandbox.entities import (
        Asset,
        ContactList,
        ListRow,
        Message,
        Sender,
        SubscriptionCategory,
        Suppression,
    )
    from acton_sandbox.facts import Facts
    from acton_sandbox.generation.mailings import Mailing
    from acton_sandbox.generation.words import Words
    from acton_sandbox.marketing import Campaign, Keyword
    from acton_sandbox.media import Medium
    from acton_sandbox.size import Size
    from acton_sandbox.web import Form, LandingPage, Program


_MOST_SNAPSHOTS = 4
"""The most that are kept of a timeline: tests go from day to day, and begin again."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """The history of an account, from its first day to any point in time."""

    seed: int
    size: Size
    lists: Lists
    mailings: Mailings
    suppressions: Suppressions
    assets: list[Asset]
    media: MediaLibrary
    images: list[Image]
    contacts: Contacts
    custom_data: CustomData
    _snapshots: dict[int, Snapshot] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, seed: int, size: Size, anchor: int) -> Timeline:
        """Lay out the history that belongs to a seed and a size."""
        words = size.words
        people = People(seed, words.person)
        lists = Lists(seed, size, people, anchor)
        return cls(
            seed=seed,
            size=size,
            lists=lists,
            mailings=Mailings(seed, size, lists, anchor),
            suppressions=Suppressions(seed, size, people, lists),
            assets=assets_of(seed, words),
            media=MediaLibrary(seed, words, people),
            images=images_of(seed, size.images, words),
            contacts=Contacts(seed, size, people, lists),
            custom_data=CustomData(seed, words, people),
        )

    def as_of(self, now: int) -> Snapshot:
        """Return everything as of a given time."""
        found = self._snapshots.pop(now, None) or Snapshot(self, now)
        self._snapshots[now] = found
        if len(self._snapshots) > _MOST_SNAPSHOTS:
            self._snapshots.pop(next(iter(self._snapshots)), None)
        return found


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a timeline holds as of a given time, before anybody edits it.

    It never changes, so all accounts with the same timeline and time share it.
    """

    timeline: Timeline
    now: int

    @cached_property
    def _mailings(self) -> list[Mailing]:
        return self.timeline.mailings.until(self.now)

    @cached_property
    def all_messages(self) -> list[Message]:
        """Every message there ever was, deleted ones included."""
        return [mailing.at(self.now) for mailing in self._mailings]

    @cached_property
    def messages(self) -> list[Message]:
        """Every message that is listed."""
        pairs = zip(self._mailings, self.all_messages, strict=True)
        return [message for mailing, message in pairs if self.now < mailing.listed_until]

    @cached_property
    def lists(self) -> list[ContactList]:
        """Every contact list that is listed."""
        return self.timeline.lists.at(self.now)

    @cached_property
    def media(self) -> list[Medium]:
        """What the media library lists, folder by folder."""
        return self.timeline.media.at(self.now)

    @cached_property
    def hard_bounces(self) -> list[Suppression]:
        """The hard-bounce list."""
        return self._suppressed("HARD_BOUNCE")

    @cached_property
    def spam_complaints(self) -> list[Suppression]:
        """The spam-complaint list."""
        return self._suppressed("SPAM")

    @cached_property
    def opt_outs(self) -> list[Suppression]:
        """The account-wide opt-out list."""
        return self._suppressed("OPT_OUT")

    @cached_property
    def categories(self) -> list[SubscriptionCategory]:
        """The subscription categories with their opt-outs."""
        return self.timeline.suppressions.categories(self.now)

    @cached_property
    def contacts(self) -> list[Contact]:
        """All contacts of the Audience Center."""
        return self.timeline.contacts.at(self.now)

    @cached_property
    def datasets(self) -> list[Dataset]:
        """The datasets of the custom objects, with their rows."""
        return self.timeline.custom_data.at(self.now)

    def _suppressed(self, kind: str) -> list[Suppression]:
        # The report has the name that the message had when somebody opted out.
        return self.timeline.suppressions.at(kind, self.all_messages, self.now)


@dataclass(frozen=True, eq=False)
class Account:
    """An account as it shows at `now`: the ground truth behind every answer of the sandbox.

    Collections are worked out on first use and never change afterwards; a later time is
    another `Account`.
    """

    now: datetime
    timeline: Timeline = field(repr=False)
    account_id: int = 70123
    name: str = "Harbourline Demo"
    host_name: str = "mktg.example.com"
    user_name: str = "Reader One"
    user_email: str = "reader@example.com"
    time_zone: str = ZONE_NAME
    edits: tuple[tuple[str, Edit], ...] = ()
    """What was done to lists, by their ids, the earliest first."""
    message_edits: tuple[tuple[str, MessageEdit], ...] = ()
    """The same for messages."""
    contact_fields: tuple[ContactField, ...] = field(kw_only=True, repr=False)
    custom_objects: tuple[CustomObject, ...] = field(kw_only=True, repr=False)

    @classmethod
    def generate(
        cls,
        seed: int = 7,
        size: str | Size = "small",
        now: datetime | None = None,
        **measures: Any,
    ) -> Account:
        """Make the account that belongs to these arguments, always the same one.

        Args:
            seed: Another seed is another account.
            size: `small`, `standard` or measures of your own.
            now: The account's current time, by default the real one.
            **measures: Fields of `Size` to override, such as `messages=10_000` together with
                `events_per_message=2` for many small messages, or
                `imported_spam_complaints=2_000`.

        Returns:
            The account as of that time.

        Raises:
            ValueError: `now` has no zone or lies before the second day of the history.
        """
        timestamp = now or datetime.now(UTC)
        if timestamp.tzinfo is None or timestamp.astimezone(UTC).date() <= START:
            raise ValueError(f"now must have a time zone and lie after {START}: {timestamp}")
        chosen = SIZES[size] if isinstance(size, str) else size
        chosen = replace(chosen, **measures)
        return cls(
            timestamp.astimezone(UTC),
            Timeline.of(seed, chosen, milliseconds(timestamp)),
            contact_fields=chosen.words.contact_fields,
            custom_objects=chosen.words.objects,
        )

    def at(self, timestamp: datetime) -> Account:
        """Return the same account at another time."""
        return replace(self, now=timestamp.astimezone(UTC))

    def with_contact_fields(self, *fields: ContactField) -> Account:
        """Return the same account with other columns of its contacts, whose values stay."""
        return replace(self, contact_fields=fields)

    def with_list(self, list_id: str, *edits: Edit) -> Account:
        """Return the same account with something done to one of its contact lists."""
        return replace(self, edits=(*self.edits, *((list_id, edit) for edit in edits)))

    def with_message(self, message_id: str, *edits: MessageEdit) -> Account:
        """Return the same account with something done to one of its messages."""
        done = tuple((message_id, edit) for edit in edits)
        return replace(self, message_edits=(*self.message_edits, *done))

    def with_custom_objects(self, *objects: CustomObject) -> Account:
        """Return the same account with other schemas of its custom objects, whose rows stay."""
        return replace(self, custom_objects=objects)

    def next_day(self) -> Account:
        """Return the same account one day later."""
        return self.at(self.now + timedelta(days=1))

    @property
    def words(self) -> Words:
        """What can be read in the account."""
        return self.timeline.size.words

    @cached_property
    def now_ms(self) -> int:
        """The account's `now` in epoch milliseconds."""
        return milliseconds(self.now)

    @cached_property
    def _snapshot(self) -> Snapshot:
        return self.timeline.as_of(self.now_ms)

    @cached_property
    def messages(self) -> list[Message]:
        """Every message that is listed."""
        return with_edits(self._snapshot.messages, self.message_edits)

    @cached_property
    def all_messages(self) -> list[Message]:
        """Every message there ever was, deleted ones included; their events still count."""
        return with_edits(self._snapshot.all_messages, self.message_edits, with_deleted=True)

    @cached_property
    def message_by_id(self) -> dict[str, Message]:
        """The listed messages by id."""
        return {message.id: message for message in self.messages}

    @cached_property
    def lists(self) -> list[ContactList]:
        """Every contact list that is listed, readable or not."""
        return with_edits(self._snapshot.lists, self.edits)

    @cached_property
    def list_by_id(self) -> dict[str, ContactList]:
        """The listed contact lists by id."""
        return {item.id: item for item in self.lists}

    @property
    def assets(self) -> list[Asset]:
        """What the asset listing holds besides contact lists and messages."""
        return self.timeline.assets

    @property
    def senders(self) -> tuple[Sender, ...]:
        """Everybody in whose name messages can go out."""
        return self.words.senders

    @property
    def logos(self) -> tuple[Logo, ...]:
        """The logos."""
        return self.words.logos

    @property
    def headers(self) -> tuple[Block, ...]:
        """The headers that are listed."""
        return self.words.headers

    @property
    def footers(self) -> tuple[Block, ...]:
        """The footers that are listed, the default one first."""
        return self.words.footers

    @property
    def images(self) -> list[Image]:
        """The images that are listed."""
        return self.timeline.images

    @cached_property
    def media(self) -> list[Medium]:
        """What the media library lists, folder by folder."""
        return self._snapshot.media

    @property
    def media_folders(self) -> tuple[str, ...]:
        """The folders of the media library, empty ones included."""
        return self.timeline.media.folders

    @cached_property
    def campaigns(self) -> list[Campaign]:
        """The campaigns that are listed."""
        return campaigns_of(self.timeline.seed, self.words)

    @cached_property
    def keywords(self) -> list[Keyword]:
        """The search keywords."""
        return keywords_of(self.timeline.seed, self.words)

    def facts_of(self, row: ListRow) -> Facts | None:
        """The history and the score of a contact; None for one that has just been deleted."""
        return facts_of(self.timeline.seed, row, self.words.fact_kinds, self.now_ms)

    @cached_property
    def forms(self) -> list[Form]:
        """The forms, with what came of them so far."""
        return forms_of(self.timeline.seed, self.timeline.size, self.now_ms)

    @cached_property
    def landing_pages(self) -> list[LandingPage]:
        """The landing pages, with their visits so far."""
        return landing_pages_of(self.timeline.seed, self.timeline.size, self.now_ms)

    @cached_property
    def programs(self) -> list[Program]:
        """The programs of all types."""
        return programs_of(self.timeline.seed, self.timeline.size, self.now_ms)

    @cached_property
    def hard_bounces(self) -> list[Suppression]:
        """The hard-bounce list."""
        return self._snapshot.hard_bounces

    @cached_property
    def spam_complaints(self) -> list[Suppression]:
        """The spam-complaint list."""
        return self._snapshot.spam_complaints

    @cached_property
    def opt_outs(self) -> list[Suppression]:
        """The account-wide opt-out list."""
        return self._snapshot.opt_outs

    @cached_property
    def categories(self) -> list[SubscriptionCategory]:
        """The subscription categories with their opt-outs."""
        return self._snapshot.categories

    @cached_property
    def contacts(self) -> list[Contact]:
        """All contacts of the Audience Center."""
        return self._snapshot.contacts

    @cached_property
    def contact_by_id(self) -> dict[str, Contact]:
        """The contacts of which more can be had, by id."""
        return {contact.id: contact for contact in self.contacts if not contact.gone}

    @cached_property
    def segments(self) -> list[Segment]:
        """The segments of the contacts, those they stand in first."""
        return self.timeline.contacts.segments(self.contacts)

    @property
    def import_definitions(self) -> tuple[ImportDefinition, ...]:
        """How files of contacts are read in."""
        return self.words.import_definitions

    @cached_property
    def datasets(self) -> list[Dataset]:
        """The datasets of the custom objects, with their rows."""
        return self._snapshot.datasets

    @cached_property
    def day_counts(self) -> dict[date, DayCount]:
        """What happened on each of the account's calendar days, over all messages."""
        counts: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for message in self.all_messages:
            for drilldown in DRILLDOWNS:
                for event in message.events[drilldown]:
                    day = counts[local_day(event.at)]
                    day[drilldown] += 1
                    day[event.data] += 1
        return {
            day: DayCount(
                sent=of_day["SENT"],
                opened=of_day["OPENED"],
                clicked=of_day["CLICKED"],
                bounced=of_day["BOUNCED"],
                hard_bounced=of_day["HARD"],
                soft_bounced=of_day["SOFT"],
                opted_out=of_day["OPT_OUT"],
            )
            for day, of_day in sorted(counts.items())
        }
