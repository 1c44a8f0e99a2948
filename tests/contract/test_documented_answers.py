"""What Act-On documents: each value comes out once, and the sandbox answers alike."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Fault
from acton_sandbox.routes import Router
from acton_sandbox.view import View
from tests.contract.documented import (
    ERRORS,
    EXAMPLES,
    PARAMETERS,
    SCHEMA_FIELDS,
    STATUS_ALONE,
)
from tests.contract.in_process import bench_in_process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from acton_sandbox import Account
    from acton_sandbox.answers import Answer
    from tests.contract.documented import Example
    from tests.contract.harness import Bench

READ = [example for example in EXAMPLES if example.stream]


@pytest.fixture(scope="module")
def bench(account: Account) -> Iterator[Bench]:
    with bench_in_process(account) as bench:
        yield bench


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Give the values in a value, each with the name of its field; of a count, its key too."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield from leaves(held, key)
            if name == "incoming_traffic":
                yield key, key
    elif isinstance(value, list):
        for held in value:
            yield from leaves(held, name)
    else:
        yield name, value


def spelling(value: Any) -> str:
    """Give the spelling in which a value has to come out."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    moment = None
    if re.fullmatch(r"17\d{11}", text):
        moment = datetime.fromtimestamp(int(text) / 1000, UTC)
    elif text.endswith(" PDT"):
        moment = datetime.strptime(f"{text[:-4]} -0700", "%b %d %Y %I:%M %p %z").astimezone(UTC)
    elif re.fullmatch(r"\d\d/\d\d/\d{4}", text):
        return f"{text[6:]}-{text[:2]}-{text[3:5]}"
    if moment is None:
        return text
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rows_of(answer: Any) -> Any:
    """Give the entries of folders, each once and with the name of its folder."""
    if not isinstance(answer, list) or "entries" not in answer[0]:
        return answer
    rows: dict[str, list[Any]] = {}
    for folder in answer:
        for entry in folder["entries"]:
            rows.setdefault(entry["id"], [entry, folder.get("folder", folder.get("name"))])
    return [*rows.values()]


def values_of(example: Example) -> Counter[str]:
    """Give the values that have to come out, and how often."""
    found: Counter[str] = Counter()
    for name, value in leaves(rows_of(example.answer)):
        if name not in example.beside:
            found[spelling(value)] += 1 + (value in example.twice)
    return found


@pytest.mark.parametrize("example", READ, ids=lambda example: example.path)
def test_each_value_of_a_documented_answer_comes_out_once(bench: Bench, example: Example) -> None:
    clean = bench.run(streams=[example.stream])
    pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", example.path))
    asked = next(
        seen
        for seen in clean.requests
        if pattern.fullmatch(seen.path) and example.query.items() <= seen.query.items()
    )
    bench.sandbox.faults.add(
        Fault("garbage", asked.path, query=example.query, times=None, body=example.body)
    )
    found = bench.run(streams=[example.stream])
    bench.sandbox.faults.clear()
    before = {json.dumps(row, sort_keys=True) for row in clean.records[example.stream]}
    after = {json.dumps(row, sort_keys=True) for row in found.records[example.stream]} - before
    told = Counter(
        spelling(value)
        for row in after
        for _, value in leaves(json.loads(row))
        if value is not None
    )
    expected = values_of(example)
    assert {value: told[value] for value in expected} == expected, after


def fields_of(value: Any) -> Any:
    """Give the names and types of an answer; of an array, those of what it holds."""
    if isinstance(value, dict):
        return {name: fields_of(held) for name, held in value.items()}
    if isinstance(value, list):
        return [fields_of(held) for held in value[:1]]
    return type(value).__name__


def shape_differs(found: Any, expected: Any) -> bool:
    """Tell whether names or types differ, whatever is empty aside."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return found.keys() != expected.keys() or any(
            shape_differs(found[name], expected[name]) for name in expected
        )
    if isinstance(expected, list) and isinstance(found, list):
        return bool(found and expected) and shape_differs(found[0], expected[0])
    return bool(found != expected)


def asked(account: Account, path: str, query: Mapping[str, str] | None = None) -> Answer:
    """Ask the sandbox, without a network."""
    reported = next(m for m in account.messages if len(m.events["SENT"]) > 1 and not m.gone)
    ids = {
        "account": str(account.account_id),
        "message": reported.id,
        "list": account.lists[0].id,
        "segment": next(one.id for one in account.segments if len(one.member_ids) > 1),
        "contact": next(c.id for c in account.contacts if len(c.activities) > 1 and not c.gone),
    }
    return Router().answer(View(account), path.format_map(ids), query or {})


def ids_for(account: Account, path: str) -> Iterable[str]:
    """Give ids of what a documented path is about."""
    family = path.split("/")[3]
    kinds: dict[str, Iterable[Any]] = {
        "logo": account.logos,
        "image": account.images,
        "media": [one for one in account.media if one.views and not one.gone],
        "form": [one for one in account.forms if one.traffic],
        "page": account.landing_pages,
        "message": [one for one in account.messages if one.type == "SENT"],
        "list": [one for one in account.lists if one.rows],
    }
    return [one.id for one in kinds[family] if not getattr(one, "gone", False)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.path)
def test_the_sandbox_answers_with_the_documented_fields(account: Account, example: Example) -> None:
    expected = fields_of(example.answer)
    places = ids_for(account, example.path) if "{" in example.path else ["none"]
    query = {"period": "2603"} if "period" in example.query else example.query
    found = [
        fields_of(json.loads(asked(account, example.path.format(id=place), query).body))
        for place in places
    ]
    if "incoming_traffic" in str(expected):
        for one in (expected, *found):
            one["incoming_traffic"] = ["int"]
    assert any(not shape_differs(one, expected) for one in found), (expected, found[0])


@pytest.mark.parametrize(("path", "query", "status", "code", "message"), ERRORS)
def test_the_sandbox_refuses_as_documented(
    account: Account, path: str, query: dict[str, str], status: int, code: int, message: str
) -> None:
    answer = asked(account, path, query)
    assert answer.status == status
    assert json.loads(answer.body) == {"errorCode": code, "message": message}


@pytest.mark.parametrize(("path", "status"), STATUS_ALONE.items())
def test_the_sandbox_refuses_by_a_status_alone(account: Account, path: str, status: int) -> None:
    answer = asked(account, path)
    assert (answer.status, answer.body, answer.content_type) == (status, b"", "text/plain")


@pytest.mark.parametrize(("path", "query"), PARAMETERS)
def test_the_sandbox_heeds_each_documented_parameter(
    account: Account, path: str, query: dict[str, str]
) -> None:
    with_it, without = asked(account, path, query), asked(account, path)
    assert with_it.status == without.status == 200
    assert with_it.body != without.body


def test_the_sandbox_has_the_documented_fields_of_custom_objects(account: Account) -> None:
    answer = asked(account, "/custom-objects/v1/{account}/schema/all")
    for found in json.loads(answer.body)["result"]:
        for place, names in SCHEMA_FIELDS.items():
            for held in found[place] if place else [found]:
                assert set(names) <= held.keys()
