"""The records that the streams of forms, landing pages and programs have to give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acton_sandbox.timestamps import MINUTE
from tests.contract import expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acton_sandbox import Account
    from acton_sandbox.web import Form, LandingPage, Program
    from tests.contract.expected import Record

PAGE_KEYS: dict[str, tuple[str, ...]] = {
    "forms": ("id",),
    "form_urls": ("id",),
    "form_reports": ("form_id", "source"),
    "landing_pages": ("id",),
    "landing_page_details": ("id",),
    "landing_page_urls": ("id",),
    "landing_page_reports": ("landing_page_id",),
    "programs": ("program_type", "id"),
}
"""The key columns of each stream."""


def page_records(account: Account, *, is_html: bool = False) -> dict[str, list[Record]]:
    """Work out the records of the streams.

    Args:
        account: The account at the timestamp at which it is read.
        is_html: Whether a landing page is answered with the page itself.

    Returns:
        The records by stream.
    """
    forms = [form for form in account.forms if not form.gone]
    pages = [page for page in account.landing_pages if not page.gone]
    return {
        "forms": [_form(form) for form in account.forms],
        "form_urls": [row for form in forms for row in _urls("form_id", form.id, form.urls)],
        "form_reports": [row for form in forms for row in _sources(form)],
        "landing_pages": [_landing_page(page) for page in account.landing_pages],
        "landing_page_details": [_details(page, is_html=is_html) for page in pages],
        "landing_page_urls": [
            row for page in pages for row in _urls("landing_page_id", page.id, page.urls)
        ],
        "landing_page_reports": [_visits(page) for page in pages],
        "programs": [_program(program) for program in account.programs],
    }


def _form(form: Form) -> Record:
    return {
        "id": form.id,
        "name": form.title,
        "description": form.description,
        "folder_name": form.folder_name or None,
        "url": form.url,
        "created_at": expected.timestamp(form.created_at),
        "modified_at": expected.timestamp(form.modified_at),
        "extra_fields": None,
    }


def _urls(id_column: str, item_id: str, urls: Sequence[str]) -> Iterator[Record]:
    for place, url in enumerate(urls):
        yield {
            "id": expected.fingerprint(item_id, url, urls[: place + 1].count(url)),
            id_column: item_id,
            "url": url,
            "url_id": None,
            "extra_fields": {"kind": "Öffentlich"},
        }


def _sources(form: Form) -> Iterator[Record]:
    labels = expected.distinct([traffic.source for traffic in form.traffic])
    for label, traffic in zip(labels, form.traffic, strict=True):
        yield {
            "form_id": form.id,
            "source": label or "(none)",
            "submits": traffic.submits,
            "unique_visitors": traffic.unique,
            "views": traffic.views,
            "submit_percent": traffic.percent,
            "non_submitters": "N/A",
            "extra_fields": None,
        }


def _landing_page(page: LandingPage) -> Record:
    return {
        "id": page.id,
        "name": page.title,
        "folder_name": page.folder_name or None,
        "url": page.url,
        "created_at": expected.timestamp(page.created_at),
        "modified_at": expected.timestamp(page.modified_at),
        "extra_fields": None,
    }


def _details(page: LandingPage, *, is_html: bool) -> Record:
    listed = _landing_page(page)
    if is_html:
        return {**dict.fromkeys(listed), "id": page.id, "html": page.html}
    told = {"folder_name": None, "html": None, "extra_fields": {"template": "Größe & Maß"}}
    return {**listed, **told}


def _visits(page: LandingPage) -> Record:
    return {
        "landing_page_id": page.id,
        "total_visits": sum(visits for _, visits in page.traffic),
        "unique_unknown_visits": page.unknown_visitors,
        "incoming_traffic": [
            {"source": source, "visits": visits} for source, visits in page.traffic
        ],
        "extra_fields": None,
    }


def _program(program: Program) -> Record:
    is_in_folder = program.folder_id > 0
    # What was never changed displays when it was made, to the minute.
    displayed_at = expected.timestamp(program.created_at, MINUTE)
    return {
        "program_type": program.type,
        "id": program.id,
        "name": program.name,
        "description": program.description,
        "folder_id": str(program.folder_id) if is_in_folder else None,
        "folder_name": program.folder_name if is_in_folder else None,
        "state": program.state,
        "created_at": expected.timestamp(program.created_at),
        "modified_at": expected.timestamp(program.modified_at) or displayed_at,
        "next_run_at": expected.timestamp(program.next_run_at),
        "is_running": program.is_running,
        "is_scheduled": program.is_scheduled,
        "is_valid": program.is_valid,
        "is_favorite": program.is_favorite,
        "active": program.active,
        "src_ids": list(program.src_ids),
        "src_names": list(program.src_names),
        "message_ids": list(program.message_ids),
        "tag_names": list(program.tag_names),
        "extra_fields": None,
    }
