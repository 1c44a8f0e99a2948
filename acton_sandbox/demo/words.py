"""What can be read in the demo account besides its messages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acton_sandbox.audience_center import (
    ALL_CONTACTS,
    ColumnMapping,
    ContactField,
    Expression,
    ImportDefinition,
    Segment,
)
from acton_sandbox.content import Block, Logo
from acton_sandbox.custom_objects import ObjectField
from acton_sandbox.demo.people import COMPANIES, place_of, plausible_person
from acton_sandbox.entities import Sender
from acton_sandbox.facts import Kind
from acton_sandbox.generation.audience_center import STANDARD_FIELDS
from acton_sandbox.generation.custom_objects import DATASETS, NOTES, ORDERS, VISITS
from acton_sandbox.generation.people import eagerness
from acton_sandbox.generation.words import Words
from acton_sandbox.timestamps import DAY, date_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from acton_sandbox.dice import Dice
    from acton_sandbox.entities import Person

_ACCOUNT_TYPE, _REGION = 58, 61


def _score(dice: Dice, email: str) -> int:
    return int(eagerness(email) * 80) + dice.below(15)


def _details(dice: Dice, number: int, person: Person) -> dict[str, str]:
    place = place_of(person)
    details = {
        "department": dice.pick(("Operations", "Purchasing", "Logistics", "Production", "")),
        "timezone": place.zone,
        "businessStreet": f"{dice.between(1, 990)} {dice.pick(_STREETS)}",
        "businessCity": place.city,
        "businessState": place.state,
        "businessZip": f"{dice.between(10_000, 99_999)}",
        "businessCountry": place.country,
        "businessPhone": f"+1 555 01{dice.below(100):02d}",
        "actonPrimaryScore": str(_score(dice, person.email)),
    }
    if dice.chance(0.3):
        details["mobilePhone"] = f"+1 555 01{number % 100:02d}"
    return details


def _renewal(dice: Dice, at: int) -> str:
    return date_cell(at + dice.between(10, 400) * DAY, "iso")[:10]


def _webinar(dice: Dice, at: int) -> str:
    return date_cell(at - dice.below(200) * DAY, "iso") if dice.chance(0.4) else ""


def _one_of(*texts: str) -> Callable[[Dice, int], str]:
    return lambda dice, _: dice.pick(texts)


_STREETS = ("Harbor Street", "Mill Road", "Industrial Way", "Station Road", "Park Avenue")
_NOTES = (
    "Asked for a call after the summer",
    "Met at the trade fair",
    "Prefers e-mail",
    "Wants a quote for pallet racks",
    "New warehouse planned for next year",
    "Buys through a dealer",
)

_CONTACT_FIELDS = (
    (52, "Visited booth", "BOOLEAN", _one_of("false", "false", "false", "true")),
    (53, "Do Not Contact", "BOOLEAN", _one_of(*["false"] * 59, "true")),
    (54, "Renewal date", "DATE", _renewal),
    (55, "Last webinar", "DATETIME", _webinar),
    (56, "Warehouse size (sq ft)", "NUMBER", lambda dice, _: str(dice.between(20, 900) * 100)),
    (57, "Webinar score", "SCORE", lambda dice, _: str(dice.below(100))),
    (_ACCOUNT_TYPE, "Account Type", "TEXT", _one_of("Customer", "Prospect", "Prospect", "Dealer")),
    (60, "Interests", "MULTI-TEXT", _one_of("Racks", "Benches", "Racks;Benches", "Bins;Carts")),
    (_REGION, "Region", "TEXT", _one_of("West", "Central", "East", "Europe", "Asia Pacific")),
    (65, "Status", "TEXT", _one_of("Open", "Contacted", "Qualified")),
    (66, "Lead Source", "TEXT", _one_of("Website", "Webinar", "Trade fair", "Referral", "Dealer")),
)

DEMO_WORDS = Words(
    person=plausible_person,
    contact_details=_details,
    contact_score=_score,
    contact_fields=(
        *STANDARD_FIELDS,
        *(
            ContactField(2188 + index, index, name, type_, readonly=type_ == "SCORE")
            for index, name, type_, _ in _CONTACT_FIELDS
        ),
    ),
    contact_values={index: draw for index, _, _, draw in _CONTACT_FIELDS},
    contact_kinds=(
        Kind("l", "Visited: Planning guide", "p-000c", "page", "LANDING"),
        Kind("l", "Visited: Height-adjustable bench", "p-000f", "page", "LANDING"),
        Kind("l", "Visited: Showroom visit", "p-0012", "page", "LANDING"),
        Kind("l", "Visited: Price list", "p-0014", "page", "LANDING"),
        *(Kind("sv", "", "", "", "WEB"),) * 4,
    ),
    fact_kinds=(
        Kind("l", "Visited: Planning guide", "p-000c", "page", "LANDING"),
        Kind("l", "Visited: Case studies", "p-0015", "page", "LANDING"),
        *(Kind("sv", "", "", "", "WEB"),) * 3,
    ),
    score_sheets=((1, "Default"), (2, "Webinars"), (3, "Dealers")),
    segments=(
        Segment("g-002e", "Trade fair guests", "DIRECT_SELECT", ALL_CONTACTS),
        Segment(
            "q-00b3", "Dealers", "QUERY", ALL_CONTACTS, (Expression(_ACCOUNT_TYPE, ("Dealer",)),)
        ),
        Segment(
            "q-00b4",
            "Customers in Europe",
            "QUERY",
            ALL_CONTACTS,
            (Expression(_ACCOUNT_TYPE, ("Customer",)), Expression(_REGION, ("Europe",))),
        ),
        Segment("g-002f", "Asked for a quote", "DIRECT_SELECT", ALL_CONTACTS),
        Segment("q-00c1", "West", "QUERY", ALL_CONTACTS, (Expression(_REGION, ("West",)),)),
    ),
    import_definitions=(
        ImportDefinition(
            5512,
            "Trade fair badge scan",
            "EMAIL",
            None,
            (
                ColumnMapping("mail", "E-mail Address", overwrites=False),
                ColumnMapping("sqft", "Warehouse size (sq ft)", overwrites=True),
            ),
            ("g-002e",),
            "COMMA",
            "QUOTE",
        ),
        ImportDefinition(
            5513,
            "CRM nightly",
            "EXTERNAL_ID",
            "Lead",
            (
                ColumnMapping("Id", "ExternalId", overwrites=False),
                ColumnMapping("Renewal", "Renewal date", overwrites=True, data_format="MM/DD/YYYY"),
            ),
            None,
            "SEMI_COLON",
            "SIMPLE_QUOTE",
        ),
    ),
    owner="Dana Reeves",
    audiences=("Customer", "Prospect", "Dealer", "Trade fair"),
    topics=("announcement", "newsletter", "offer", "survey", "invitation", "reminder"),
    message_name="{audience} {topic}",
    message_notes=("please review", "new layout", "second version"),
    page_text="Dear {name}, thank you for reading.",
    links=(
        "https://www.example.com/benches/height-adjustable",
        "https://www.example.com/planning-guide",
        "https://www.example.com/racks",
        "https://www.example.com/quote",
        "https://www.example.com/webinars",
        "https://www.example.com/dealers",
        "https://www.example.com/stories",
    ),
    systems=("Windows 11", "Windows 11", "macOS", "iOS", "iOS", "Android", "Windows 10"),
    browsers=("Outlook", "Chrome", "Safari", "Safari", "Safari", "Chrome", "Edge"),
    senders=(
        Sender("51877", "Harbourline News", "news@example.com"),
        Sender("51902", "Dana Reeves", "dana.reeves@example.com"),
        Sender("51933", "Harbourline Events", "events@example.com"),
        Sender("51960", "Harbourline Service", "service@example.com"),
    ),
    origins=("User: Dana Reeves", "Program: Quote request", "Import: previous system"),
    categories=(
        ("Newsletter", "Once a month"),
        ("Events and webinars", "Invitations and reminders"),
        ("Offers", "Discounts and trials"),
        ("Surveys", "A few times a year"),
        ("Service messages", "About orders and deliveries"),
    ),
    category_headers=(("1", "Default"), ("2", "Events"), ("1", "Default")),
    logos=(
        Logo(
            "i-7",
            "Harbourline blue",
            "https://assets.example.com/logo7.png",
            "Harbourline",
            "Home",
            "https://www.example.com/",
        ),
        Logo("i-8", "Harbourline white", "https://assets.example.com/logo8.png", "Logo", "", ""),
    ),
    headers=(
        Block("1", "Default", "<p>Hello {{First Name}}</p>", "Hello {{First Name}}"),
        Block("2", "Events", "<h1>Save the date</h1>", "Save the date"),
        Block("3", "Dealers", "<p>For our dealers</p>", "For our dealers"),
    ),
    footers=(
        Block("0", "Default", "<p>Harbourline, 1 Pier</p>", "Harbourline, 1 Pier"),
        Block("1", "Dealers", "<p>Harbourline Dealers</p>", "Harbourline Dealers"),
    ),
    image_folders=("Products", "Trade fairs", "Newsletter", "Unsorted"),
    image_names=(
        "bench-height-adjustable.jpg",
        "pallet-rack.jpg",
        "mezzanine.jpg",
        "booth-214.jpg",
        "bins.png",
        "cart.png",
        "newsletter-header.png",
        "team.jpg",
    ),
    media_folders={
        "Downloads": ("planning-guide.pdf", "price-list.pdf", "safety-checklist.pdf"),
        "Case studies": ("fairview-foods.pdf", "granite-automotive.pdf"),
        "Dealers": ("dealer-handbook.pdf",),
        "Links": ("Showroom tour", "Rack configurator"),
    },
    media_message="{topic} {number}",
    media_visitors=COMPANIES,
    asset_name="{audience} {kind} {number}",
    asset_folders=("", "Newsletter", "Events"),
    web_folders=("Website", "Events", "Dealers"),
    form_names=(
        "Request a quote",
        "Trade fair ticket (not published)",
        "Old contact form",
        "Newsletter sign-up",
        "Planning guide download",
        "Webinar registration",
        "Become a dealer",
        "Book a showroom visit",
        "Service request",
        "Spare parts order",
        "Trade fair ticket",
        "Customer survey",
    ),
    form_descriptions=("", "On the website", "Linked in messages"),
    form_sources=("Website", "Message", "Search", "Trade fair", "Partner site"),
    landing_page_names=(
        "Planning guide",
        "Trade fair (not published)",
        "Spring offer (old)",
        "Height-adjustable bench",
        "Webinars",
        "Dealer network",
        "Showroom visit",
        "Safety checklist",
        "Price list",
        "Case studies",
    ),
    landing_page_sources=("Default", "Message", "Search", "Partner site"),
    landing_page_heading="Racks and benches that last",
    landing_page_template="Two columns",
    address_query="lang=en&from=mail",
    address_kind="Public",
    program_names={
        "TRACK": ("Welcome", "Quote request", "Customer onboarding", "Dealer welcome", "Win back"),
        "EVENT": (
            "Trade fair",
            "Webinar reminders",
            "Showroom visit",
            "Product launch",
            "Open day",
        ),
        "LIST_MAINT": (
            "Sort new leads",
            "Clean up bounces",
            "Assign regions",
            "Mark customers",
            "Find duplicates",
        ),
    },
    program_descriptions=("", "Three messages in ten days", "Runs every night"),
    program_states=("running", "running", "running", "running", "draft"),
    program_folders=((-1, ""), (12, "Nurture"), (13, "Operations")),
    program_sources=(("l-0a41", "Newsletter subscribers"), ("l-0a47", "Prospects")),
    program_messages={
        "TRACK": (
            ("s-f000-2501", "s-f001-2501", "s-f002-2501"),
            ("s-f003-2502", "s-f004-2502"),
            ("s-f005-2503",),
            ("s-f006-2503",),
            (),
        ),
        "EVENT": ((),),
        "LIST_MAINT": ((),),
    },
    program_share=1.0,
    program_tags=("Nurture", "Sales"),
    campaign_names=(
        "Height-adjustable bench launch",
        "Spring trade fair",
        "Autumn trade fair",
        "Webinar series",
        "Dealer recruiting",
        "Customer loyalty",
        "Planning guide",
        "Price change",
        "Website relaunch",
    ),
    campaign_descriptions=("", "With sales", "Agreed with the dealers"),
    campaign_folders=("", "Products", "Events"),
    campaign_owners=("Dana Reeves", "Reader One"),
    keywords=(
        "pallet rack",
        "workbench",
        "height adjustable bench",
        "warehouse shelving",
        "mezzanine floor",
        "packing station",
        "storage bins",
        "cantilever rack",
    ),
    longer_keyword="{keyword} price",
    keyword_pages=(
        "https://www.example.com/",
        "https://www.example.com/racks",
        "https://www.example.com/benches",
    ),
    objects=(
        replace(
            ORDERS,
            description="What was ordered, online and through dealers",
            fields=tuple(
                ObjectField(
                    one.id,
                    one.name,
                    one.type,
                    {"place": "Location"}.get(one.name, one.display_name),
                    {**one.properties, "enumValues": "OPEN,PAID,RETURNED"}
                    if one.type == "ENUM"
                    else one.properties,
                )
                for one in ORDERS.fields
            ),
        ),
        replace(VISITS, name="Showroom visit", description="Who came, and when"),
        replace(NOTES, description="What the sales team writes down"),
    ),
    datasets=tuple(
        plan._replace(name={"Läden / shops": "Dealers"}.get(plan.name, plan.name))
        for plan in DATASETS
        if plan.rows and not plan.gone
    ),
    object_tags=("new", "rush", "dealer", "repeat", "spare parts"),
    order_states=("OPEN", "PAID", "RETURNED"),
    order_notes=("", "phone", "call before delivery"),
    visit_amounts=("120", "45.50", "260"),
    visit_detail="pages",
    notes=_NOTES,
)
