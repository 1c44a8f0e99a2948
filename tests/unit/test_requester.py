"""What a request leaves behind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_acton.api.client import Call
from tap_acton.api.decoding import decode_json
from tap_acton.api.pagination import FIRST_PAGE
from tap_acton.errors import CallError, GivenUpError, NotFoundError, RejectedCallError
from tap_acton.sync.query import Query
from tap_acton.sync.requester import Requester

if TYPE_CHECKING:
    from tap_acton.api.client import ActOnClient
    from tap_acton.sync.requester import RequestMaker


@pytest.mark.parametrize("kind", [RejectedCallError, NotFoundError, GivenUpError])
def test_a_failure_does_not_hold_the_response_in_memory(kind: type[CallError]) -> None:
    def read(*_: Any) -> None:
        try:
            int("x")
        except ValueError:
            raise kind("x") from None

    maker = SimpleNamespace(
        paging=None,
        missing_is_gone=False,
        call=lambda query, _: Call(query.path, "x", "x"),
        decoder=lambda _: decode_json,
    )
    requester = Requester(
        cast("ActOnClient", SimpleNamespace(read=read)), cast("RequestMaker", maker)
    )
    problem = requester.fetch(Query("/x"), FIRST_PAGE).problem
    assert isinstance(problem, kind)
    assert problem.__traceback__ is None
    assert problem.__context__ is None
