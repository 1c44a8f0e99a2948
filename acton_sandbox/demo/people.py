"""The people of the demo account: whom a maker of warehouse equipment sells to."""

from __future__ import annotations

from functools import cache
from itertools import cycle
from typing import NamedTuple
from unicodedata import combining, normalize

from acton_sandbox.dice import Dice
from acton_sandbox.entities import Person

_NAMES = (
    (
        (
            "James Mary Robert Linda Michael Susan David Karen William Nancy Thomas Lisa Daniel"
            " Emily Matthew Ashley Andrew Megan Kevin Rachel Brian Laura Eric Amanda Jason Heather"
            " Scott Holly"
        ),
        (
            "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Jackson"
            " White Harris Clark Lewis Robinson Walker Young Allen King Wright Hill Green Adams"
            " Nelson Baker Carter Mitchell Roberts Turner Phillips Campbell Parker Evans Edwards"
            " Collins Stewart"
        ),
    ),
    (
        ("Lukas Anna Jonas Katharina Markus Sabine Stefan Julia Tobias Monika Andreas Petra Felix"),
        (
            "Schmidt Schneider Fischer Weber Meyer Wagner Becker Hoffmann Koch Richter Klein Wolf"
            " Neumann Zimmermann Krüger Hartmann Lange Krause"
        ),
    ),
    (
        (
            "Camille Antoine Claire Julien Élodie Nicolas Sophie Mathieu Hélène Laurent Chloé"
            " Olivier"
        ),
        (
            "Martin Bernard Dubois Laurent Moreau Girard Lefebvre Rousseau Fontaine Chevalier"
            " Gauthier Mercier Lambert Bonnet Renard"
        ),
    ),
    (
        (
            "Carlos Lucía Javier Carmen Miguel Elena Alejandro Isabel Diego Valeria Fernando"
            " Gabriela"
        ),
        (
            "García Hernández López Martínez González Pérez Rodríguez Sánchez Ramírez Torres Flores"
            " Rivera Morales Ortiz Castillo Vargas"
        ),
    ),
    (
        "Priya Rahul Ananya Arjun Deepa Vikram Kavita Rohan Meera Sanjay Neha Aditya",
        "Sharma Patel Gupta Singh Reddy Nair Iyer Mehta Desai Kapoor Joshi Rao Menon Chopra",
    ),
    (
        "Wei Mei Jun Lin Hao Xin Ming Yan Lei Jing",
        "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Lin",
    ),
    (
        "Yuki Haruto Aiko Kenji Naoko Takashi Emi Hiroshi Sakura Daiki",
        "Tanaka Suzuki Sato Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Mori Ogawa",
    ),
    (
        "Marta Piotr Agnieszka Tomasz Ewa Jan Katarzyna Marek Zofia Adam",
        "Kowalski Nowak Kaminski Lewandowski Zielinski Wozniak Mazur Krawczyk Dudek Wieczorek",
    ),
    (
        "Amina Omar Fatima Hassan Layla Karim Nadia Youssef Samira Tariq",
        "Haddad Rahman Khan Malik Nasser Aziz Farah Hussain Saleh Mansour Bakr Karimi",
    ),
    (
        "Ingrid Lars Astrid Erik Freya Mikkel Sigrid Henrik Maja Anders",
        "Larsen Nilsson Hansen Berg Johansson Lund Eriksen Dahl Holm Lindqvist Solberg",
    ),
    (
        "Chidi Amara Kwame Zainab Tunde Abena Emeka Ngozi Kofi Ifeoma",
        "Okafor Mensah Adeyemi Boateng Nwosu Owusu Balogun Eze Asante Obi",
    ),
    (
        "Giulia Marco Francesca Luca Chiara Matteo Elisa Paolo Martina Davide",
        "Rossi Russo Ferrari Bianchi Romano Colombo Ricci Marino Greco Conti Costa Fontana",
    ),
)
"""First and last names that go together."""

_PLACE_NAMES = (
    "Northgate Alder Bluewater Cascade Delta Eastfield Fairview Granite Hillcrest Ironwood Juniper"
    " Keystone Lakeside Maplewood Newport Oakridge Pinecrest Quarry Ridgeline Summit Timberline"
    " Union Valley Westbrook Yellowstone Ashford Brightwell Crosby Dunmore Ellsworth Foxglove"
    " Glenmore Harrow Inverness Kingsley Linden Merrow Norwell Orchard Prescott"
)
_TRADES = (
    "Logistics Foods Manufacturing Hardware Automotive Pharma Electronics Packaging Distribution"
    " Furniture Instruments Tools Textiles"
)
COMPANIES = tuple(
    f"{place} {trade}" for place, trade in zip(_PLACE_NAMES.split(), cycle(_TRADES.split()))
)
_TITLES = (
    "Warehouse Manager",
    "Purchasing Manager",
    "Operations Manager",
    "Logistics Coordinator",
    "Facilities Manager",
    "Plant Manager",
    "Head of Procurement",
    "Maintenance Supervisor",
    "Buyer",
    "Production Planner",
    "Safety Officer",
    "Director of Operations",
    "Supply Chain Analyst",
    "Owner",
    "Shift Supervisor",
    "Managing Director",
    "Industrial Engineer",
    "Office Manager",
)
_HOSTS = ("example.com",) * 12 + ("example.org",) * 5 + ("example.net",) * 3
_STEP = 1_621
"""A prime that spreads neighboring numbers over all names."""


class Place(NamedTuple):
    """Where somebody works."""

    city: str
    state: str
    country: str
    zone: str


_PLACES = (
    Place("Seattle", "WA", "United States", "America/Los_Angeles"),
    Place("Portland", "OR", "United States", "America/Los_Angeles"),
    Place("Sacramento", "CA", "United States", "America/Los_Angeles"),
    Place("Denver", "CO", "United States", "America/Denver"),
    Place("Dallas", "TX", "United States", "America/Chicago"),
    Place("Chicago", "IL", "United States", "America/Chicago"),
    Place("Columbus", "OH", "United States", "America/New_York"),
    Place("Atlanta", "GA", "United States", "America/New_York"),
    Place("Toronto", "ON", "Canada", "America/Toronto"),
    Place("Vancouver", "BC", "Canada", "America/Vancouver"),
    Place("Monterrey", "NL", "Mexico", "America/Monterrey"),
    Place("Manchester", "", "United Kingdom", "Europe/London"),
    Place("Hamburg", "", "Germany", "Europe/Berlin"),
    Place("Lyon", "", "France", "Europe/Paris"),
    Place("Osaka", "", "Japan", "Asia/Tokyo"),
    Place("Pune", "", "India", "Asia/Kolkata"),
)


def plausible_person(seed: int, number: int) -> Person:
    """Return a person with an address that nobody else has."""
    pairs = _pairs()
    first, last = pairs[(number * _STEP + seed) % len(pairs)]
    dice = Dice(seed, "person", number)
    namesakes = number // len(pairs)
    local_part = f"{_plain(first)}.{_plain(last)}{namesakes + 1 if namesakes else ''}"
    return Person(
        first_name=first,
        last_name=last,
        email=f"{local_part}@{dice.pick(_HOSTS)}",
        company=dice.pick(COMPANIES),
        title=dice.pick(_TITLES),
    )


def place_of(person: Person) -> Place:
    """Return where a person works."""
    return Dice("place", person.company, person.email).pick(_PLACES)


@cache
def _pairs() -> list[tuple[str, str]]:
    return [
        (first, last)
        for firsts, lasts in _NAMES
        for first in firsts.split()
        for last in lasts.split()
    ]


def _plain(name: str) -> str:
    letters = normalize("NFD", name.lower())
    return "".join(letter for letter in letters if not combining(letter))
