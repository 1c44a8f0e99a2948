"""What an account is made of: its words, its people, and what stands in fields of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acton_sandbox.audience_center import ContactField, ImportDefinition, Segment
    from acton_sandbox.content import Block, Logo
    from acton_sandbox.custom_objects import CustomObject, DatasetPlan
    from acton_sandbox.dice import Dice
    from acton_sandbox.entities import Person, Sender
    from acton_sandbox.facts import Kind


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that can be read in an account.

    A `..._names` is a pattern: `{audience}`, `{topic}` and `{number}` are filled in. There are as
    many different ones as items, or they repeat.
    """

    # People and contacts
    person: Callable[[int, int], Person]
    """The person with a seed and a number."""
    contact_details: Callable[[Dice, int, Person], dict[str, str]]
    """Further properties of the contact with a number."""
    contact_score: Callable[[Dice, str], int]
    """The primary score of the contact with an address."""
    contact_fields: tuple[ContactField, ...]
    contact_values: Mapping[int, Callable[[Dice, int], str]]
    """Custom fields by column index, as of a time."""
    contact_kinds: tuple[Kind, ...]
    fact_kinds: tuple[Kind, ...]
    score_sheets: tuple[tuple[int, str], ...]
    segments: tuple[Segment, ...]
    import_definitions: tuple[ImportDefinition, ...]
    owner: str
    # Messages
    audiences: tuple[str, ...]
    topics: tuple[str, ...]
    message_name: str
    """A pattern in which `{stamp}` is part of the id."""
    message_notes: tuple[str, ...]
    """What may follow the name in a subject."""
    page_text: str
    """What a message says to `{name}`."""
    links: tuple[str, ...]
    systems: tuple[str, ...]
    browsers: tuple[str, ...]
    senders: tuple[Sender, ...]
    # Suppression
    origins: tuple[str, ...]
    """Who put an address on a list; the last is the import of the first day."""
    categories: tuple[tuple[str, str], ...]
    """Names and descriptions; nobody ever leaves the last category."""
    category_headers: tuple[tuple[str, str], ...]
    # Content
    logos: tuple[Logo, ...]
    headers: tuple[Block, ...]
    footers: tuple[Block, ...]
    image_folders: tuple[str, ...]
    """The last one stays empty."""
    image_names: tuple[str, ...]
    media_folders: Mapping[str, tuple[str, ...]]
    """The folders and what is in them; a name with a dot is a file, any other a link."""
    media_message: str
    media_visitors: tuple[str, ...]
    """Whom visitors of the media library work for, as far as it is known."""
    asset_name: str
    """A pattern in which `{kind}` is the type of the listing."""
    asset_folders: tuple[str, ...]
    # Web and programs
    web_folders: tuple[str, ...]
    form_names: tuple[str, ...]
    form_descriptions: tuple[str, ...]
    form_sources: tuple[str, ...]
    landing_page_names: tuple[str, ...]
    landing_page_sources: tuple[str, ...]
    landing_page_heading: str
    landing_page_template: str
    address_query: str
    address_kind: str
    program_names: Mapping[str, tuple[str, ...]]
    """By the type of the programs."""
    program_descriptions: tuple[str, ...]
    program_states: tuple[str, ...]
    program_folders: tuple[tuple[int, str], ...]
    program_sources: tuple[tuple[str, str], ...]
    program_messages: Mapping[str, tuple[tuple[str, ...], ...]]
    """What the programs of a type send, one after the other."""
    program_share: float
    """How likely it is that a program sends anything."""
    program_tags: tuple[str, ...]
    # Campaigns and keywords
    campaign_names: tuple[str, ...]
    campaign_descriptions: tuple[str, ...]
    campaign_folders: tuple[str, ...]
    campaign_owners: tuple[str, ...]
    keywords: tuple[str, ...]
    longer_keyword: str
    keyword_pages: tuple[str, ...]
    # Custom objects
    objects: tuple[CustomObject, ...]
    datasets: tuple[DatasetPlan, ...]
    object_tags: tuple[str, ...]
    order_states: tuple[str, ...]
    order_notes: tuple[str, ...]
    visit_amounts: tuple[str, ...]
    visit_detail: str
    notes: tuple[str, ...]

    def named(self, patterns: tuple[str, ...], dice: Dice, number: int) -> str:
        """Return the name of an item, the pattern after its number filled in."""
        pattern = patterns[number % len(patterns)]
        audience, topic = dice.pick(self.audiences), ""
        if "{topic}" in pattern:
            topic = dice.pick(self.topics)
        return pattern.format(audience=audience, topic=topic, number=number)

    def contact(self, dice: Dice, at: int) -> dict[int, Any]:
        """Return values of all custom fields of a contact."""
        return {index: draw(dice, at) for index, draw in self.contact_values.items()}
