"""The words from which generated accounts are made, awkward ones included."""

from __future__ import annotations

FIRST_NAMES = (
    "Pat",
    "Sam",
    "Jörg",
    "Zoë",
    "Łukasz",
    "Siobhán",
    "美咲",
    "伟",
    "محمد",
    "שרה",
    "Ngọc Ánh",
    "José María",
    "D'Arcy",
    'Robert "Bob"',
    "Anne-Marie",
    "e\u0301milie",  # a combining accent instead of the composed letter
    "🚀 Rocket",
    "Иван",
    "Priya",
    "X",
)
LAST_NAMES = (
    "Sample",
    "O'Neill",
    "Müller-Lüdenscheidt",
    "Example",
    "de la Cruz, Jr.",
    "山田",
    "王",
    "عبد الله",
    "כהן",
    "Nguyễn",
    "Ångström",
    "Smith; Jones",
    "van der Berg",
    "Null",
    "",
    "Петров",
)
COMPANIES = (
    "Example Works",
    'The "Quoted" Company, Inc.',
    "Müller & Söhne GmbH",
    "株式会社サンプル",
    "Line\nBreak Ltd",
    "Harbourline",
    "Tab\tSeparated",
    "",
    "A/B Testing <b>Lab</b>",
)
TITLES = ("Engineer", "Head of R&D", "Geschäftsführer", "CEO", "", "Buyer, EMEA")
TOPICS = (
    "digest",
    "launch",
    "survey",
    "invitation",
    "price list",
    "Rückblick",
    "お知らせ",
    "recap",
)
AUDIENCES = ("Harbour", "Partner", "Customer", "Expo", "Trial", "Größe & Maß", "Q3 \u2013 “quoted”")
LINKS = (
    "https://www.example.com/new",
    "https://www.example.com/trial?from=mail&id=7",
    "https://docs.example.org/größe/überblick",
    "https://www.example.com/a/very/long/path/" + "segment/" * 20,
    "mailto:reader@example.com",
)
SYSTEMS = ("Linux", "Windows 11", "macOS", "iOS", "Android", "")
BROWSERS = ("Firefox", "Chrome", "Safari", "Edge", "Outlook", "")
NOTES = (
    "",
    "phone",
    "at the booth, asked for a call",
    'said "maybe"',
    "first line\nsecond line\r\nthird line",
    "=SUM(A1:A2)",
    "<script>alert('x')</script>",
    "العربية مع English",
    "🙂🙃",
    "long text " * 300,
)
ZONES = ("America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo", "")
CATEGORIES = (
    ("Product news", "Monthly product mail"),
    ("R&D / Forschung", "What the laboratories do"),
    ("Käse & Wein", "Tastings, räumlich begrenzt"),
    ("C++ users", "For people who compile"),
    ("50% off?", "Offers"),
    ("Events; webinars, fairs", ""),
    ("研究ニュース", "Research news"),
    ("Never left", "Nobody has opted out of this one"),
)
"""Names and descriptions; nobody ever leaves the last category."""
