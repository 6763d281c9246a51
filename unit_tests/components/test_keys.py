"""Identity of rows that have none: stable under reordering, apart for duplicates, blind to corrections."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from source_digitalocean_quolum.components.endpoint import RowKey
from source_digitalocean_quolum.components.keys import RowKeys

KEY = RowKey(field="row_hash", of=("product", "resource_id", "region"))

rows = st.lists(
    st.fixed_dictionaries(
        {"product": st.sampled_from(["a", "b"]), "resource_id": st.sampled_from([None, 1, "1"])},
        optional={"region": st.sampled_from([None, "nyc3"]), "amount": st.text(max_size=3)},
    ),
    max_size=12,
)


def keys_of(items: list[dict[str, Any]]) -> list[str]:
    keys = RowKeys(KEY)
    return [keys.key(item) for item in items]


@given(items=rows, seed=st.integers())
def test_the_keys_of_a_list_do_not_depend_on_its_order(items: list[dict[str, Any]], seed: int) -> None:
    shuffled = list(items)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 (any other order will do)

    assert sorted(keys_of(items)) == sorted(keys_of(shuffled))
    assert len(set(keys_of(items))) == len(items)


def test_equal_rows_are_told_apart_by_their_ordinal() -> None:
    row = {"product": "Droplets", "resource_id": "1"}

    first, second, third = keys_of([row, row, row])

    assert len({first, second, third}) == 3
    assert keys_of([row, row]) == [first, second]


def test_a_corrected_amount_keeps_the_key() -> None:
    before = {"product": "Droplets", "resource_id": "1", "amount": "1.50"}

    assert keys_of([before]) == keys_of([{**before, "amount": "1.49", "duration": "3"}])


def test_a_value_is_not_the_text_that_looks_like_it_nor_another_fields_value() -> None:
    distinct: list[dict[str, Any]] = [
        {"product": "1"},
        {"product": 1},
        {"resource_id": "1"},
        {"product": "1", "resource_id": "1"},
        {"product": "11"},
        {"product": None},
    ]

    assert len({keys_of([row])[0] for row in distinct}) == len(distinct)


def test_a_missing_field_is_a_null_one_and_nested_keys_have_no_order() -> None:
    assert keys_of([{"product": "a"}]) == keys_of([{"product": "a", "region": None}])
    assert keys_of([{"product": {"x": 1, "y": 2}}]) == keys_of([{"product": {"y": 2, "x": 1}}])


def test_a_key_never_changes_between_versions() -> None:
    row = {"product": "Droplets", "resource_id": "1", "region": "nyc3"}

    assert keys_of([row]) == ["1926b960b5832db66bfe2a486bd3e1d1"]
