"""Campaigns, search keywords and audits, whatever their answers look like."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acton_sandbox import Account, Choices, Fault
from tests.contract.conftest import bench_of
from tests.contract.expected import fingerprint
from tests.contract.expected_marketing import marketing_records

if TYPE_CHECKING:
    from tests.contract.harness import Bench, Output

STREAMS = ("campaigns", "campaign_details", "seo_keywords")
PATHS = {"campaigns": "/api/1/campaigns", "seo_keywords": "/api/1/seokeywords"}
REPORT = "/api/1/seoreport"
PAIRS = [
    {"url": "https://www.example.com/Start", "keyword": "Größe & Maß"},
    {"url": "https://www.example.com/", "keyword": "lighthouse"},
]


def answered(bench: Bench, stream: str, body: Any) -> Output:
    """Read a stream from an answer of one's own."""
    fault = Fault("status", PATHS[stream], times=None, status=200, body=json.dumps(body))
    bench.sandbox.faults.add(fault)
    found = bench.run(streams=[stream])
    assert found.failure is None
    return found


def asked_of(found: Output, path: str) -> list[dict[str, str]]:
    """Give the parameters with which a path was asked."""
    return [dict(request.query) for request in found.requests if request.path == path]


@pytest.mark.parametrize("edition", ["2024", "2019"])
@pytest.mark.parametrize("shape", ["envelope", "array", "data"])
def test_exactly_the_rows_of_the_account(account: Account, shape: str, edition: str) -> None:
    choices = Choices(undocumented_shape=shape)
    with bench_of(account, edition=edition, choices=choices) as bench:
        found = bench.run(streams=STREAMS)
    assert found.failure is None
    assert found.records == marketing_records(account)


def test_a_campaign_that_is_listed_but_gone_is_skipped(account: Account, bench: Bench) -> None:
    found = bench.run(streams=["campaign_details"])
    assert found.failure is None
    assert found.records["campaign_details"] == marketing_records(account)["campaign_details"]
    gone = [campaign.id for campaign in account.campaigns if campaign.gone]
    assert any(f"campaign {gone[0]}." in line for line in found.lines("WARNING"))


@pytest.mark.parametrize("stream", PATHS)
@pytest.mark.parametrize("answer", [{}, [], [{}], {"result": [], "totalCount": 0}, {"items": []}])
def test_nothing_is_no_row(bench: Bench, stream: str, answer: Any) -> None:
    assert stream not in answered(bench, stream, answer).records


def test_campaigns_without_ids_get_some_that_stay_and_are_not_asked_about(bench: Bench) -> None:
    body = json.dumps([{"name": "Spring", "creation_time": 1}, "Autumn"])
    bench.sandbox.faults.add(Fault("status", PATHS["campaigns"], times=None, status=200, body=body))
    found = bench.run(streams=["campaigns", "campaign_details"])
    assert found.failure is None
    assert [row["name"] for row in found.records["campaigns"]] == ["Spring", "Autumn"]
    assert found.records["campaigns"][1]["id"] == fingerprint("campaign", "Autumn", None)
    assert not [path for path in found.paths if path.startswith(f"{PATHS['campaigns']}/")]


def test_a_bare_campaign_is_a_row(bench: Bench) -> None:
    found = answered(bench, "campaigns", {"campaignId": 7, "campaignName": "One"})
    assert [(row["id"], row["name"]) for row in found.records["campaigns"]] == [("7", "One")]


def test_keywords_may_be_plain_texts(bench: Bench) -> None:
    found = answered(bench, "seo_keywords", ["lighthouse", "Größe"]).records["seo_keywords"]
    assert [row["keyword"] for row in found] == ["lighthouse", "Größe"]
    assert [row["id"] for row in found] == [
        fingerprint(None, None, None, keyword) for keyword in ("lighthouse", "Größe")
    ]


def test_keywords_are_asked_for_each_page_of_the_setting(account: Account, bench: Bench) -> None:
    urls = list(dict.fromkeys(keyword.url for keyword in account.keywords))[:2]
    found = bench.run(streams=["seo_keywords"], seo_urls=[*urls, urls[0]])
    assert found.failure is None
    assert found.paths[PATHS["seo_keywords"]] == len(urls)
    assert found.records["seo_keywords"] == [
        {**row, "id": fingerprint(row["url"], row["url"], row["id"], row["keyword"])}
        for url in urls
        for row in marketing_records(account)["seo_keywords"]
        if row["url"] == url
    ]


def test_a_page_that_is_refused_leaves_the_others(bench: Bench) -> None:
    found = bench.run(streams=["seo_keywords"], seo_urls=["nonsense", PAIRS[1]["url"]])
    assert found.failure is not None
    assert found.records["seo_keywords"]
    assert any("page nonsense" in line for line in found.lines("WARNING"))


def expected_reports(account: Account) -> list[dict[str, Any]]:
    """Work out the reports of the pairs."""
    audited_at = account.now_ms // 86_400_000 * 86_400_000
    kept = [{"auditedAt": audited_at, "findings": [{"check": "title", "passed": False}]}] * 2
    # Act-On's own spelling of the page is kept where it is another one.
    kept[0] = {"url": PAIRS[0]["url"].lower(), **kept[0]}
    return [{**pair, "extra_fields": extra} for pair, extra in zip(PAIRS, kept, strict=True)]


def test_nothing_is_audited_without_being_asked_to(bench: Bench) -> None:
    assert REPORT not in bench.run(seo_reports=PAIRS).paths
    assert REPORT not in bench.run(streams=["seo_reports"]).paths


@pytest.mark.parametrize("shape", ["envelope", "array", "data"])
def test_each_pair_is_audited_once(account: Account, shape: str) -> None:
    with bench_of(account, choices=Choices(undocumented_shape=shape)) as bench:
        pairs = [*PAIRS, PAIRS[0]]
        found = bench.run(streams=["seo_reports"], seo_reports=pairs, max_concurrency=1)
    assert found.failure is None
    assert asked_of(found, REPORT) == PAIRS
    assert found.records["seo_reports"] == expected_reports(account)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ([{"a": 1}, {"a": 2}], {"result": [{"a": 1}, {"a": 2}]}),
        ("done", {"result": "done"}),
        ({"score": 7}, {"score": 7}),
    ],
)
def test_a_report_is_kept_whatever_it_is(bench: Bench, answer: Any, kept: Any) -> None:
    bench.sandbox.faults.add(
        Fault("status", REPORT, times=None, status=200, body=json.dumps(answer))
    )
    found = bench.run(streams=["seo_reports"], seo_reports=PAIRS[:1])
    assert found.records["seo_reports"] == [{**PAIRS[0], "extra_fields": kept}]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 400},
        {"kind": "unauthorized"},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "reset"},
        {"kind": "truncated"},
    ],
    ids=lambda fault: fault.get("status", fault["kind"]),
)
def test_an_audit_that_fails_is_not_repeated(bench: Bench, fault: dict[str, Any]) -> None:
    bench.sandbox.faults.add(Fault(path_pattern=REPORT, **fault))
    found = bench.run(streams=["seo_reports"], seo_reports=PAIRS, max_concurrency=1)
    assert found.paths[REPORT] == len(PAIRS)
    assert [row["url"] for row in found.records["seo_reports"]] == [PAIRS[1]["url"]]
    assert found.failure is not None
    assert any(PAIRS[0]["url"] in line for line in found.lines("WARNING"))
