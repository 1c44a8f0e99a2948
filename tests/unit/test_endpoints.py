"""Paths without ids: what the metrics name an endpoint by."""

from __future__ import annotations

import re

import pytest

from acton_sandbox.routes import FAMILIES
from tap_acton.api.endpoints import endpoint_of
from tap_acton.settings.schema import EVENT_TYPES

PLACEHOLDER = re.compile(r"\{\w+\}")
TEMPLATES = sorted({route.path for family in FAMILIES for route in family.ROUTES})

IDS = ("l-0001", "d-0:1", "12", "1", "a%20person@example.com", "A", "Report", "..", "v3")


@pytest.mark.parametrize("template", [*TEMPLATES, "/token"])
def test_each_endpoint_is_its_documented_path(template: str) -> None:
    expected = PLACEHOLDER.sub("{id}", template)
    for held in IDS:
        assert endpoint_of(PLACEHOLDER.sub(held, template)) == expected


def test_a_kind_of_events_is_a_part_of_the_endpoint() -> None:
    for kind in EVENT_TYPES:
        path = f"/api/1/message/d-0001/report/{kind}"
        assert endpoint_of(path) == f"/api/1/message/{{id}}/report/{kind}"


@pytest.mark.parametrize("path", ["", "/", "/api", "/api/1/", "no path"])
def test_what_is_no_path_holds_nothing_else(path: str) -> None:
    assert endpoint_of(path) in {path, "{id}"}
