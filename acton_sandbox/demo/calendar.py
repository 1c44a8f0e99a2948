"""What the demo company sends: a newsletter, launches, webinars, fairs, and what follows them."""

from __future__ import annotations

from acton_sandbox.generation.calendar import Calendar, Follower, Mail, Rates

NEWSLETTER = "Newsletter subscribers"
CUSTOMERS = "Customers"
PROSPECTS = "Prospects"
DEALERS = "Dealers"
DIRECTORY = "Trade directory (bought)"
"""The list that should not have been bought."""

_BUSY = (1, 2, 3, 4, 5, 6, 7, 9, 10, 11)
_LAUNCHES = (3, 9)
_FAIRS = (4, 10)

_NEWS = Rates(
    opens=0.33,
    clicks=0.12,
    opt_outs=0.006,
    hard_bounces=0.004,
    soft_bounces=0.004,
    complaints=0.0005,
)
_CUSTOMERS = Rates(opens=0.38, clicks=0.13)
_DEALERS = Rates(opens=0.42, clicks=0.13, opt_outs=0.002)
_PROSPECTS = Rates(opens=0.25, clicks=0.1, opt_outs=0.009)
_LAUNCH = Rates(opens=0.37, clicks=0.16)
_INVITATION = Rates(opens=0.29, clicks=0.15)
_DIGEST = Rates(opens=0.4, clicks=0.16, opt_outs=0.003)
_REGISTRANTS = Rates(opens=0.44, clicks=0.14, opt_outs=0.0)
_HOLIDAY = Rates(opens=0.34, clicks=0.06, soft_bounces=0.003)
_WELCOME = Rates(opens=0.44, clicks=0.14, opt_outs=0.0)
_BAD_IMPORT = Rates(
    opens=0.11, clicks=0.05, opt_outs=0.08, hard_bounces=0.13, soft_bounces=0.03, complaints=0.09
)

CALENDAR = Calendar(
    mails=(
        Mail(
            "Newsletter {month} {year}",
            (
                "What's new in December: gifts for the workshop",
                "New year, tidy aisles: five ideas for January",
                "Mezzanines: double your space, keep your lease",
                "Spring cleaning for warehouses",
                "How Keystone Tools cut picking time by a third",
                "Ergonomic benches: what a good height is worth",
                "Mid-year check: are your racks inspected?",
                "Summer reading: the warehouse planning guide",
                "Quick wins for a quiet month",
                "Peak season is coming: a checklist",
                "Cold storage without cold feet",
                "Made to measure: benches for electronics",
            ),
            NEWSLETTER,
            _NEWS,
        ),
        Mail(
            "Customer tips {month} {year} - 1",
            (
                "Three minutes that make a rack last longer",
                "Labels that people can read from a forklift",
                "Your spare parts, now next-day",
                "How to load a cantilever rack safely",
            ),
            CUSTOMERS,
            _CUSTOMERS,
            months=_BUSY,
            weekday=2,
            nth=2,
            share=0.25,
            minute=16 * 60,
            sender=1,
        ),
        Mail(
            "Customer tips {month} {year} - 2",
            (
                "Ask our engineers: anchoring on old floors",
                "A better packing bench in one afternoon",
                "What inspectors look at first",
                "Small parts, big mess? Try these bins",
            ),
            CUSTOMERS,
            _CUSTOMERS,
            months=_BUSY,
            weekday=3,
            nth=4,
            share=0.25,
            minute=19 * 60,
            sender=1,
        ),
        Mail(
            "Dealer update {month} {year}",
            (
                "Dealer update: stock and lead times",
                "Dealer update: new displays for your showroom",
                "Dealer update: margins for the season",
            ),
            DEALERS,
            _DEALERS,
            weekday=0,
            nth=2,
            minute=15 * 60 + 30,
            sender=1,
        ),
        Mail(
            "Offer for prospects {month} {year}",
            (
                "Free layout plan for your warehouse",
                "10% off your first order of workbenches",
                "Borrow a bench for 30 days",
                "Your quote, ready in one day",
            ),
            PROSPECTS,
            _PROSPECTS,
            months=_BUSY,
            weekday=2,
            nth=3,
            share=0.24,
            minute=18 * 60,
            sender=1,
        ),
        Mail(
            "Case study {month} {year}",
            (
                "How Fairview Foods moved in over a weekend",
                "40% more pallets at Granite Automotive",
                "A safer loading dock at Cascade Hardware",
            ),
            PROSPECTS,
            _PROSPECTS,
            months=_BUSY,
            weekday=3,
            nth=1,
            share=0.24,
            minute=16 * 60 + 15,
        ),
        Mail(
            "Stock notice {month} {year}",
            ("Back in stock: bins and carts", "Stock notice: racks ship in five days"),
            DEALERS,
            _DEALERS,
            months=_BUSY,
            weekday=0,
            nth=4,
            share=0.6,
            minute=17 * 60 + 45,
            sender=1,
        ),
        Mail(
            "Spare parts {month} {year}",
            ("Time for new castors?", "Spare parts for your benches", "Worn rollers? We have some"),
            CUSTOMERS,
            _CUSTOMERS,
            months=_BUSY,
            weekday=2,
            nth=1,
            share=0.2,
            minute=20 * 60 + 20,
            sender=3,
        ),
        Mail(
            "Rack planner {month} {year}",
            ("Plan your aisles online", "How many pallets fit? Find out in a minute"),
            PROSPECTS,
            _PROSPECTS,
            months=_BUSY,
            weekday=1,
            nth=4,
            share=0.2,
            minute=15 * 60 + 50,
        ),
        *(
            Mail(
                f"Blog digest {{month}} {{year}} - {number}",
                subjects,
                NEWSLETTER,
                _DIGEST,
                months=_BUSY,
                weekday=4,
                nth=nth,
                share=0.09,
                minute=16 * 60 + 5,
            )
            for number, nth, subjects in (
                (1, 2, ("On the blog: lighting for aisles", "On the blog: better packing lists")),
                (2, 4, ("On the blog: forklift habits", "On the blog: counting without stopping")),
            )
        ),
        Mail(
            "Customer survey {month} {year}",
            ("How are we doing? Two minutes of your time",),
            CUSTOMERS,
            Rates(opens=0.36, clicks=0.16),
            months=(2, 5, 11),
            weekday=0,
            nth=3,
            share=0.5,
            minute=20 * 60,
        ),
        Mail(
            "Price list {month} {year}",
            ("The new price list is here",),
            CUSTOMERS,
            Rates(opens=0.43, clicks=0.14, soft_bounces=0.003),
            months=(1, 7),
            weekday=1,
            nth=3,
            minute=16 * 60 + 40,
            sender=1,
        ),
        *(
            Mail(
                f"Product launch {{month}} {{year}} - {step}",
                (subject,),
                NEWSLETTER,
                _LAUNCH,
                months=_LAUNCHES,
                weekday=1,
                nth=3,
                share=share,
                days_later=days,
                minute=minute,
            )
            for step, subject, share, days, minute in (
                ("teaser", "Something sturdy is coming", 0.25, -6, 18 * 60),
                ("launch", "It's here: our new height-adjustable bench", 0.35, 0, 16 * 60),
                ("follow-up", "Questions about the new bench? We have answers", 0.2, 9, 19 * 60),
            )
        ),
        *(
            Mail(
                f"Trade fair {{month}} {{year}} - {step}",
                (subject,),
                PROSPECTS,
                _INVITATION,
                months=_FAIRS,
                weekday=1,
                nth=4,
                share=share,
                days_later=days,
                minute=minute,
                sender=2,
            )
            for step, subject, share, days, minute in (
                (
                    "invitation",
                    "Meet us at the Logistics Fair: your free ticket",
                    0.4,
                    -27,
                    17 * 60,
                ),
                ("reminder", "See you next week at booth 214?", 0.3, -6, 16 * 60 + 20),
                ("follow-up", "Thanks for stopping by booth 214", 0.25, 6, 18 * 60 + 30),
            )
        ),
        *(
            Mail(
                name,
                (subject,),
                list_name,
                rates,
                weekday=3,
                nth=2,
                share=share,
                days_later=days,
                minute=minute,
                sender=2,
                is_about_webinar=True,
            )
            for name, subject, list_name, rates, share, days, minute in (
                (
                    "Webinar invitation: {title}",
                    "Invitation: {title}",
                    NEWSLETTER,
                    _INVITATION,
                    0.14,
                    -22,
                    17 * 60 + 10,
                ),
                (
                    "Webinar last call: {title}",
                    "Last seats: {title}",
                    PROSPECTS,
                    _INVITATION,
                    0.17,
                    -7,
                    19 * 60 + 20,
                ),
                (
                    "Webinar reminder: {title}",
                    "Tomorrow: {title}",
                    "",
                    _REGISTRANTS,
                    1.0,
                    -1,
                    16 * 60,
                ),
                (
                    "Webinar recording: {title}",
                    "Recording and slides: {title}",
                    "",
                    _REGISTRANTS,
                    1.0,
                    1,
                    18 * 60,
                ),
            )
        ),
        Mail(
            "Winter break {year}",
            ("We are closed from December 24 to January 2",),
            CUSTOMERS,
            _HOLIDAY,
            months=(12,),
            weekday=2,
            nth=3,
        ),
        Mail(
            "Introduction to trade directory",
            ("Racks and benches from Harbourline",),
            DIRECTORY,
            _BAD_IMPORT,
            is_import=True,
        ),
    ),
    followers=(
        Follower("Welcome 1: hello", "Welcome to Harbourline", NEWSLETTER, _WELCOME),
        Follower(
            "Welcome 2: planning guide",
            "Your free warehouse planning guide",
            NEWSLETTER,
            Rates(opens=0.41, clicks=0.16, opt_outs=0.0),
            days_later=3,
        ),
        Follower(
            "Welcome 3: talk to us",
            "Got a floor plan? Let's talk",
            NEWSLETTER,
            Rates(opens=0.34, clicks=0.1, opt_outs=0.0),
            days_later=10,
        ),
        Follower("Quote request: received", "We are working on your quote", PROSPECTS, _WELCOME),
        Follower(
            "Quote request: follow-up",
            "Any questions about your quote?",
            PROSPECTS,
            Rates(opens=0.39, clicks=0.13, opt_outs=0.0),
            days_later=5,
        ),
        Follower(
            "Onboarding: first order",
            "How your first order ships",
            CUSTOMERS,
            _WELCOME,
            days_later=1,
        ),
        Follower("Dealer welcome", "Welcome to the dealer network", DEALERS, _WELCOME),
    ),
)
