"""Rows that come twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tap_acton.sync.answers import SeenKeys

KEYS = st.tuples(st.sampled_from("ab"), st.integers(0, 4))


@given(pages=st.lists(st.lists(st.lists(KEYS, max_size=4), max_size=3), max_size=5))
def test_only_the_first_record_with_a_key_is_new(pages: list[list[list[tuple[str, int]]]]) -> None:
    remembering = SeenKeys(("list", "contact"), forgets=False)
    forgetting = SeenKeys(("list", "contact"), forgets=True)
    numbers = iter(range(1000))
    new_on: dict[bool, list[set[tuple[str, int]]]] = {False: [], True: []}
    for page in pages:
        for new in new_on.values():
            new.append(set())
        remembering.turn_page()
        forgetting.turn_page()
        for keys in page:
            records = [
                {"list": name, "contact": number, "place": next(numbers)} for name, number in keys
            ]
            for seen in (remembering, forgetting):
                new = new_on[seen is forgetting]
                expected = []
                for key, record in zip(keys, records, strict=True):
                    if not any(key in known for known in new[-2 if seen is forgetting else 0 :]):
                        new[-1].add(key)
                        expected.append(record)
                assert list(seen.new_of(records)) == expected


def test_a_key_may_be_one_column() -> None:
    seen = SeenKeys(("id",), forgets=True)
    assert list(seen.new_of([{"id": "a"}, {"id": "b"}, {"id": "a"}])) == [{"id": "a"}, {"id": "b"}]
    assert list(seen.new_of([])) == []
