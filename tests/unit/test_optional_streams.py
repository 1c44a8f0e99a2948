"""The setting ``optional_streams``: what is costly is in the catalog only where it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_acton.catalog import OPTIONAL
from tap_acton.errors import SettingsError
from tap_acton.streams import STREAM_TYPES
from tap_acton.tap import TapActOn
from tests.unit.test_tap import SETTINGS, signals_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

ALWAYS = [kind.name for kind in STREAM_TYPES if kind.name not in OPTIONAL]
NONE: dict[str, Any] = {**SETTINGS, "optional_streams": []}
READERS = {
    setting: [kind.name for kind in STREAM_TYPES if setting in (*kind.inputs, *kind.chosen_by)]
    for setting in ("seo_reports", "job_ids", "contact_ids", "activity_verbs")
}
VALUES: dict[str, Any] = {
    "seo_reports": [{"url": "https://example.com", "keyword": "tea"}],
    "job_ids": [{"job_type": "list_upload", "id": "1"}],
    "contact_ids": ["1"],
    "activity_verbs": ["fs"],
}


@pytest.fixture(autouse=True)
def _signals_stay_as_they_are() -> Iterator[None]:
    with signals_kept():
        yield


def discovered(**settings: Any) -> dict[str, Any]:
    """Discover without credentials, and give the catalog."""
    return TapActOn(config=settings, validate_config=False, setup_mapper=False).catalog_dict


def names(catalog: dict[str, Any]) -> list[str]:
    return [stream["tap_stream_id"] for stream in catalog["streams"]]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]


def test_the_streams_that_cost_a_call_per_item_have_effects_or_need_input_are_optional() -> None:
    assert set(OPTIONAL) == {
        *("message_contents", "seo_reports", "contact_facts", "contact_activities"),
        *("contact_score_details", "contact_history", "contact_scores", "contact_segments"),
        *("upload_jobs", "sync_runs"),
    }


@pytest.mark.parametrize(
    ("setting", "added"),
    [
        (None, []),
        ([], []),
        (["contact_scores"], ["contact_scores"]),
        ("upload_jobs, contact_history", ["contact_history", "upload_jobs"]),
        ('["contact_history"]', ["contact_history"]),
        (["*"], [*OPTIONAL]),
        ("*", [*OPTIONAL]),
        (["contact_facts", "*"], [*OPTIONAL]),
    ],
)
def test_the_catalog_has_those_that_the_setting_names(setting: Any, added: list[str]) -> None:
    catalog = discovered(optional_streams=setting)
    assert sorted(names(catalog)) == sorted([*ALWAYS, *added])


def test_whatever_the_catalog_has_is_selected() -> None:
    made = TapActOn(config=dict(SETTINGS))
    assert [name for name, stream in made.streams.items() if not stream.selected] == []


@pytest.mark.parametrize("is_run", [True, False], ids=["run", "discovery"])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("contact_histroy", "names contact_histroy, which is no optional stream; did you mean con"),
        ("Contact_Scores", "did you mean contact_scores? All of them are message_contents, seo"),
        ("contacts", "names contacts, which is no optional stream: all of them are message_cont"),
        ("contact_*", "names contact_*"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, says: str, *, is_run: bool) -> None:
    config = {**NONE, "optional_streams": ["contact_facts", name]}
    with pytest.raises(SettingsError) as refusal:
        _ = TapActOn(config=config, validate_config=is_run).catalog_dict
    assert says in refusal.value.sentence


def test_a_name_that_is_an_address_is_not_shown() -> None:
    with pytest.raises(SettingsError) as refusal:
        discovered(optional_streams=["someone@example.com"])
    assert "someone" not in refusal.value.sentence


@pytest.mark.parametrize("selected", [True, False, None])
def test_a_catalog_of_an_older_version_goes_on_working(*, selected: bool | None) -> None:
    catalog = discovered(optional_streams=["*"])
    catalog["streams"] = [
        one for one in catalog["streams"] if one["tap_stream_id"] in {"lists", "contact_history"}
    ]
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"] and stream["tap_stream_id"] in OPTIONAL:
                entry["metadata"] |= {"selected-by-default": False}
                entry["metadata"].pop("selected", None)
                if selected is not None:
                    entry["metadata"]["selected"] = selected
    made = TapActOn(config=dict(NONE), catalog=catalog)
    assert made.stream("lists").selected
    assert made.stream("contact_history").selected is (selected is True)
    assert "contact_scores" not in made.streams


@pytest.mark.parametrize("setting", READERS)
def test_a_setting_whose_streams_are_not_offered_is_a_warning(
    caplog: pytest.LogCaptureFixture, setting: str
) -> None:
    given = {**NONE, setting: VALUES[setting]}
    _ = TapActOn(config=given).streams
    (line,) = warnings(caplog)
    assert line == (
        f"The setting {setting} has no effect: no stream that uses it is in optional_streams "
        f"({', '.join(READERS[setting])})."
    )
    caplog.clear()
    _ = TapActOn(config={**given, "optional_streams": READERS[setting][-1:]}).streams
    catalog = discovered(optional_streams=READERS[setting][:1])
    _ = TapActOn(config=given, catalog=catalog).streams
    assert warnings(caplog) == []


HEEDED_BY: dict[str, set[str]] = {
    "list_ids": {"lists", "list_members", "contact_facts", "webinar_registrants"},
    "list_names": {"lists", "list_members", "contact_facts", "webinar_registrants"},
    "segment_ids": {"segments", "segment_contacts", "contact_history", "contact_facts"},
    "segment_names": {"segments", "segment_contacts", "contact_scores", "contact_activities"},
    "contact_ids": {"contact_history", "contact_segments", "contact_score_details"},
    "activity_verbs": {"contact_history", "contact_activities"},
    "on24_client_ids": {"webinar_registrants"},
    "seo_urls": {"seo_keywords"},
    "seo_reports": {"seo_reports"},
    "job_ids": {"upload_jobs"},
}
"""Some of the streams that each setting is for."""


def selecting(*streams: str) -> dict[str, Any]:
    """Give a catalog of everything in which only these streams are selected."""
    catalog = discovered(optional_streams=["*"])
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["tap_stream_id"] in streams
    return catalog


@pytest.mark.parametrize("setting", HEEDED_BY)
def test_a_setting_that_no_selected_stream_heeds_is_a_warning(
    caplog: pytest.LogCaptureFixture, setting: str
) -> None:
    given = {**NONE, setting: VALUES.get(setting, ["x"])}
    _ = TapActOn(config=given, catalog=selecting("forms", "messages"))
    (line,) = warnings(caplog)
    sentence, _, streams = line.partition(" (")
    assert sentence == f"The setting {setting} has no effect: no stream that uses it is selected"
    assert {*streams.removesuffix(").").split(", ")} >= HEEDED_BY[setting]
    for stream in HEEDED_BY[setting]:
        caplog.clear()
        _ = TapActOn(config=given, catalog=selecting("forms", stream))
        assert warnings(caplog) == []


def test_what_a_run_reads_without_a_catalog_is_not_told_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _ = TapActOn(config={**NONE, "job_ids": VALUES["job_ids"]}).streams
    assert len(warnings(caplog)) == 1
    caplog.clear()
    _ = TapActOn(
        config={"job_ids": VALUES["job_ids"]}, validate_config=False, setup_mapper=False
    ).streams
    assert len(warnings(caplog)) == 1


def test_settings_that_other_streams_read_too_are_no_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _ = TapActOn(config={**NONE, "segment_ids": ["q-1"], "list_ids": ["l-1"]}).streams
    assert warnings(caplog) == []


def test_a_stream_map_may_wait_for_its_stream(caplog: pytest.LogCaptureFixture) -> None:
    TapActOn(config={**NONE, "stream_maps": {"contact_history": {"what": None}}})
    assert warnings(caplog) == []
