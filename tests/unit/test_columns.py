"""Names of found columns and streams: how they are made, and that they stay."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_acton.records.dynamic_columns import (
    Column,
    FoundStream,
    KnownNames,
    annotate,
    assign_names,
    found_in,
    with_columns,
    with_known_names,
)
from tap_acton.records.ids import header_identity
from tap_acton.records.reserved_names import RESERVED, UNLOADABLE
from tap_acton.streams import STREAM_TYPES
from tap_acton.streams.base.schema import SCHEMAS
from tap_acton.streams.lists.list_streams import SCHEMA

TEXT = {"type": ["string", "null"], "description": "A text."}

identities = st.integers(0, 12).map(str)
labels = st.dictionaries(
    identities, st.sampled_from(["Region", "region", "Region 2", "", "é", "2024", "_"]) | st.text()
)
names = st.sampled_from(["region", "region_2", "column", "other"])


class TestNames:
    """Every label gets a name of its own."""

    @pytest.mark.parametrize(
        ("label", "name"),
        [
            ("Visited booth", "visited_booth"),
            ("Größe (m²) & Maß", "größe_m2_maß"),
            ("E-mail Address", "e_mail_address"),
            (".tz", "tz"),
            ("__intern", "intern"),
            ("2024 visits", "_2024_visits"),
            ("日付", "日付"),
            ("", "unnamed"),
            ("???", "unnamed"),
            ("Order", "order_field"),
            ("User", "user_field"),
            ("Tag", "tag_field"),
            ("CTID", "ctid_field"),
            ("xmax", "xmax_field"),
            ("oid", "oid_field"),
            ("Ordering", "ordering"),
        ],
    )
    def test_a_label_in_snake_case(self, label: str, name: str) -> None:
        assert assign_names({"1": label}, {}) == {"1": name}

    @pytest.mark.parametrize(
        ("label", "name"),
        [
            ("Visited booth", "visited_booth"),
            ("Größe (m²) & Maß", "grosse_m2_mass"),
            ("ÄußereFarbe", "aussere_farbe"),
            ("Prénom", "prenom"),
            ("Имя и фамилия", "imya_i_familiya"),
            ("テスト", "tesuto"),
            ("日付", "ri_fu"),
            ("Δήμος", "dimos"),
            ("???", "unnamed"),
            ("Où", "ou"),
            ("ÖRDER", "order_field"),
        ],
    )
    def test_a_label_in_ascii(self, label: str, name: str) -> None:
        assert assign_names({"1": label}, {}, ascii_only=True) == {"1": name}

    def test_labels_that_become_one_name_in_ascii_stay_two_columns(self) -> None:
        labels = {"a": "Größe", "b": "Grosse", "c": "grösse"}
        found = assign_names(labels, {}, ascii_only=True)
        assert found == {"a": "grosse", "b": "grosse_2", "c": "grosse_3"}
        # Also where one of them is found later, or not at all for a while.
        assert assign_names({"c": "grösse"}, found, ascii_only=True) == {"c": "grosse_3"}
        later = assign_names({"d": "Großé", **labels}, found, ascii_only=True)
        assert later == {"d": "grosse_4", **found}

    @given(labels, labels)
    def test_names_in_ascii_are_different_and_stay(
        self, before: dict[str, str], after: dict[str, str]
    ) -> None:
        wide = assign_names(before, {})
        known = assign_names(before, wide, ascii_only=True)
        assert "".join(known.values()).isascii()
        assert len({*known.values()}) == len(known)
        assert all(len(name) <= 63 for name in known.values())
        assert RESERVED.isdisjoint(known.values())
        # What was in ASCII keeps its name when the setting changes, there and back.
        assert {one: known[one] for one in wide if wide[one].isascii()} == {
            one: name for one, name in wide.items() if name.isascii()
        }
        assert assign_names(before, known) == known
        found = assign_names(after, known, ascii_only=True)
        assert all(found[one] == known[one] for one in found.keys() & known.keys())

    def test_equal_labels_are_numbered_in_their_order(self) -> None:
        found = assign_names({"a": "Phone", "b": "Phone", "c": "phone"}, {}, taken=["phone_2"])
        assert found == {"a": "phone", "b": "phone_3", "c": "phone_4"}

    @given(labels, st.sets(names))
    def test_no_name_comes_twice_or_is_taken(self, labels: dict[str, str], taken: set[str]) -> None:
        found = assign_names(labels, {}, taken)
        assert list(found) == list(labels)
        assert len(set(found.values())) == len(labels)
        assert taken.isdisjoint(found.values())
        assert all(len(name.encode()) <= 63 for name in found.values())
        assert RESERVED.isdisjoint(found.values())

    @given(labels, labels)
    def test_names_stay_whatever_becomes_of_the_labels(
        self, before: dict[str, str], after: dict[str, str]
    ) -> None:
        known = assign_names(before, {})
        found = assign_names(after, known)
        for identity in before.keys() & after.keys():
            assert found[identity] == known[identity]
        # A name of what is gone is kept for it.
        gone = {known[identity] for identity in before.keys() - after.keys()}
        assert gone.isdisjoint(found.values())

    @pytest.mark.parametrize("word", sorted(RESERVED))
    def test_no_reserved_word_is_assigned(self, word: str) -> None:
        assert {*assign_names({"1": word, "2": word.upper()}, {}).values()}.isdisjoint(RESERVED)

    def test_a_reserved_word_that_was_assigned_before_stays(self) -> None:
        known = {"1": "order", "2": "user"}
        assert assign_names({"1": "Order", "2": "User"}, known) == known

    @pytest.mark.parametrize("word", sorted(UNLOADABLE))
    def test_a_name_that_could_never_be_loaded_is_given_up(self, word: str) -> None:
        assert assign_names({"1": word}, {"1": word}) == {"1": f"{word}_field"}
        state = {"bookmarks": {"contacts": {"columns": {"7": word}}}}
        found = with_known_names(catalog_of("contacts", {"7": word}), KnownNames.of_state(state))
        assert found_in(found)["contacts"].names == {"7": f"{word}_field"}

    def test_names_differ_in_more_than_case(self) -> None:
        found = assign_names({"a": "stra\u00dfe", "b": "strasse", "c": "STRASSE"}, {})
        assert found == {"a": "stra\u00dfe", "b": "strasse_2", "c": "strasse_3"}

    def test_a_name_that_is_used_very_often_is_no_longer_than_others(self) -> None:
        labels = {str(number): "a" * 80 for number in range(1, 1200)}
        found = assign_names(labels, {}).values()
        assert len({*found}) == len(labels)
        assert max(map(len, found)) <= 63

    def test_a_name_that_the_schema_has_come_to_need_is_given_up(self) -> None:
        assert assign_names({"1": "Email"}, {"1": "email"}, taken=["email"]) == {"1": "email_2"}


QUOTED = {"sync_runs": {"rows"}}
"""Columns whose promised names are reserved somewhere: queries have to quote them there."""


@pytest.mark.parametrize("stream", [*(kind.name for kind in STREAM_TYPES), SCHEMA])
def test_every_warehouse_takes_the_columns_of_the_schemas(stream: str) -> None:
    properties = SCHEMAS.get_schema(stream)["properties"]
    inner = [held.get("items", {}).get("properties", {}) for held in properties.values()]
    for names in (properties, *inner):
        assert RESERVED & names.keys() == (QUOTED.get(stream, set()) & names.keys())
        assert len({name.upper() for name in names}) == len(names)
        assert all(len(name.encode()) <= 63 for name in names)


class TestSchema:
    """Found columns stand before the last one."""

    def test_they_stand_between_the_others(self) -> None:
        schema = {"type": "object", "properties": {"id": TEXT, "extra_fields": TEXT}}
        found = FoundStream("contacts", {"region": Column("1", TEXT)})
        whole = with_columns(schema, found, before="extra_fields")
        assert list(whole["properties"]) == ["id", "region", "extra_fields"]
        assert list(schema["properties"]) == ["id", "extra_fields"]


NAME = header_identity("Name")


def catalog_of(stream: str, columns: dict[str, str], source: str = "") -> dict[str, Any]:
    """Make a catalog of one stream, with an id and columns by identity."""
    found = FoundStream(
        stream, {name: Column(identity, TEXT) for identity, name in columns.items()}, source
    )
    properties = {"id": TEXT, **dict.fromkeys(columns.values(), TEXT)}
    entry = {
        "tap_stream_id": stream,
        "stream": stream,
        "schema": {"type": "object", "properties": properties},
        "metadata": [
            {"breadcrumb": [], "metadata": {"selected": True}},
            *(
                {"breadcrumb": ["properties", name], "metadata": {"inclusion": "available"}}
                for name in properties
            ),
        ],
    }
    return annotate({"streams": [entry]}, {stream: found})


class TestCatalog:
    """The catalog carries what its columns stand for."""

    def test_what_was_found_is_read_from_it_again(self) -> None:
        found = found_in(catalog_of("list_expo", {"Name": "name", "Name (2)": "name_2"}, "l-1"))
        assert found["list_expo"].names == {NAME: "name", header_identity("Name (2)"): "name_2"}
        assert found["list_expo"].source == "l-1"
        assert found["list_expo"].columns["name"].definition == TEXT

    def test_a_catalog_by_hand_has_nothing_found(self) -> None:
        assert found_in({}) == {}
        assert found_in({"streams": [{"tap_stream_id": "contacts"}]}) == {}

    def test_a_new_label_goes_on_under_the_name_that_the_state_knows(self) -> None:
        state = {"bookmarks": {"contacts": {"columns": {"7": "region"}}}}
        new = catalog_of("contacts", {"7": "area", "8": "region"})
        found = with_known_names(new, KnownNames.of_state(state))
        assert found_in(found)["contacts"].names == {"7": "region", "8": "region_2"}
        (entry,) = found["streams"]
        assert list(entry["schema"]["properties"]) == ["id", "region", "region_2"]
        assert new == catalog_of("contacts", {"7": "area", "8": "region"})

    def test_a_renamed_list_goes_on_as_the_stream_that_it_was(self) -> None:
        state = {"bookmarks": {"list_expo": {"source": "l-1", "columns": {NAME: "name"}}}}
        new = catalog_of("list_fair", {"Name": "name", "Town": "town"}, "l-1")
        found = with_known_names(new, KnownNames.of_state(state))
        assert list(found_in(found)) == ["list_expo"]
        assert found_in(found)["list_expo"].names == {NAME: "name", header_identity("Town"): "town"}
        assert found["streams"][0]["stream"] == "list_expo"

    def test_a_new_list_that_takes_the_old_name_does_not_take_the_stream(self) -> None:
        state = {"bookmarks": {"list_expo": {"source": "l-1", "columns": {NAME: "name"}}}}
        new = catalog_of("list_expo", {"Name": "name"}, "l-2")
        new["streams"] += catalog_of("list_fair", {"Name": "name"}, "l-1")["streams"]
        found = found_in(with_known_names(new, KnownNames.of_state(state)))
        assert {name: one.source for name, one in found.items()} == {
            "list_expo_2": "l-2",
            "list_expo": "l-1",
        }

    def test_with_the_setting_its_names_become_ascii_also_if_it_is_older(self) -> None:
        old = catalog_of("contacts", {"7": "größe", "8": "city"})
        known = KnownNames.of_state(None, ascii_only=True)
        found = found_in(with_known_names(old, known))["contacts"]
        assert found.names == {"7": "grosse", "8": "city"}

    def test_with_the_setting_what_the_state_knows_in_another_script_is_given_up(self) -> None:
        columns = {"7": "größe", "8": "city", "9": "grosse"}
        state = {"bookmarks": {"contacts": {"columns": columns}}}
        new = catalog_of("contacts", {"7": "grosse_x", "8": "town", "9": "grosse"})
        known = KnownNames.of_state(state, ascii_only=True)
        found = found_in(with_known_names(new, known))["contacts"]
        assert found.names == {"7": "grosse_x", "8": "city", "9": "grosse"}

    @pytest.mark.parametrize(
        "streams", [["list_größe", "list_grosse"], ["list_grosse", "list_größe"]]
    )
    def test_a_list_that_has_got_a_name_in_ascii_keeps_it(self, streams: list[str]) -> None:
        state = {"bookmarks": {stream: {"source": "l-1"} for stream in streams}}
        known = KnownNames.of_state(state, ascii_only=True)
        assert known.sources["l-1"].stream == "list_grosse"

    @pytest.mark.parametrize(
        "state",
        [
            None,
            {},
            [],
            {"bookmarks": None},
            {"bookmarks": {"contacts": None}},
            {"bookmarks": {"contacts": {"columns": ["region"], "source": 7}}},
        ],
    )
    def test_a_state_without_names_changes_nothing(self, state: Any) -> None:
        catalog = catalog_of("contacts", {"7": "area"})
        assert with_known_names(catalog, KnownNames.of_state(state)) == catalog
