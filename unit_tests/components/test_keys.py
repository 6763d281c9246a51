"""Identity of rows that have none: stable under reordering, apart for rows that share it, blind to corrections."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from source_digitalocean_quolum.components.endpoint import RowKey
from source_digitalocean_quolum.components.keys import KeyedRows

KEY = RowKey(field="row_hash", of=("product", "resource_id", "region"))

rows = st.lists(
    st.fixed_dictionaries(
        {"product": st.sampled_from(["a", "b"]), "resource_id": st.sampled_from([None, 1, "1"])},
        optional={"region": st.sampled_from([None, "nyc3"]), "amount": st.text(max_size=3)},
    ),
    max_size=12,
)


def keyed(items: list[dict[str, Any]], page: int = 5) -> list[dict[str, Any]]:
    whole = KeyedRows(KEY)
    for start in range(0, len(items), page):
        whole.add(items[start : start + page])
    return [row for rows in whole.pages() for row in rows]


def keys_of(items: list[dict[str, Any]]) -> list[str]:
    return [row["row_hash"] for row in keyed(items)]


def by_key(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["row_hash"]: row for row in keyed(items)}


@given(items=rows, seed=st.integers(), page=st.integers(1, 6))
def test_every_row_keeps_its_key_in_any_order_and_on_any_page(
    items: list[dict[str, Any]], seed: int, page: int
) -> None:
    shuffled = list(items)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 (any other order will do)

    assert {row["row_hash"]: row for row in keyed(shuffled, page)} == by_key(items)
    assert len(by_key(items)) == len(items)


def test_rows_come_out_as_they_went_in_and_in_their_order() -> None:
    items = [{"product": str(number), "resource_id": number, "amount": 1.25 * number} for number in range(12)]

    assert [{**row, "row_hash": None} for row in keyed(items)] == [{**row, "row_hash": None} for row in items]


def test_equal_rows_are_told_apart() -> None:
    row = {"product": "Droplets", "resource_id": "1"}

    assert len(set(keys_of([row, row, row]))) == 3
    assert set(keys_of([row, row])) < set(keys_of([row, row, row]))


def test_two_charges_that_differ_in_the_amount_only_keep_their_keys_when_they_change_places() -> None:
    small = {"product": "Droplets", "resource_id": "1", "amount": "1.50"}
    large = {**small, "amount": "7.25"}

    assert by_key([small, large]) == by_key([large, small])
    assert {row["amount"] for row in by_key([small, large]).values()} == {"1.50", "7.25"}


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


def test_what_was_read_before_the_list_changed_is_forgotten() -> None:
    row = {"product": "Droplets", "resource_id": "1"}
    whole = KeyedRows(KEY)
    whole.add([row])
    whole.clear()
    whole.add([row])

    assert [found["row_hash"] for rows in whole.pages() for found in rows] == keys_of([row])


def test_a_key_never_changes_between_versions() -> None:
    row = {"product": "Droplets", "resource_id": "1", "region": "nyc3"}

    assert keys_of([row]) == ["1926b960b5832db66bfe2a486bd3e1d1"]
