"""Identity of rows that have none: stable under reordering, apart for rows that share it, blind to corrections."""

import os
import random
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st

from source_digitalocean_quolum.http.facts import SurrogateKey
from source_digitalocean_quolum.retrievers.surrogate_keys import SurrogateKeyedList

KEY = SurrogateKey(field="row_hash", of=("product", "resource_id", "region"))

rows = st.lists(
    st.fixed_dictionaries(
        {"product": st.sampled_from(["a", "b"]), "resource_id": st.sampled_from([None, 1, "1"])},
        optional={"region": st.sampled_from([None, "nyc3"]), "amount": st.text(max_size=3)},
    ),
    max_size=12,
)


def keyed(items: list[dict[str, Any]], page: int = 5) -> list[dict[str, Any]]:
    whole = SurrogateKeyedList(KEY)
    for start in range(0, len(items), page):
        rows = items[start : start + page]
        whole.add(rows, whole.identities(rows))
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
    whole = SurrogateKeyedList(KEY)
    whole.add([row], whole.identities([row]))
    whole.clear()
    whole.add([row], whole.identities([row]))

    assert [found["row_hash"] for rows in whole.pages() for found in rows] == keys_of([row])


def test_a_key_never_changes_between_versions() -> None:
    row = {"product": "Droplets", "resource_id": "1", "region": "nyc3"}

    assert keys_of([row]) == ["1926b960b5832db66bfe2a486bd3e1d1"]


def charges(numbers: range) -> Iterator[list[dict[str, Any]]]:
    """Pages of rows that share their key fields by seven, and all differ in the amount."""
    for start in range(0, len(numbers), 200):
        yield [{"product": f"p{n % 7}", "region": "nyc3", "amount": f"{n}.00"} for n in numbers[start : start + 200]]


def test_no_key_of_a_long_list_depends_on_the_order() -> None:
    def keys(numbers: range) -> dict[str, str]:
        whole = SurrogateKeyedList(KEY)
        for page in charges(numbers):
            whole.add(page, whole.identities(page))
        return {row["row_hash"]: row["amount"] for rows in whole.pages() for row in rows}

    forwards = keys(range(50_000))

    assert len(forwards) == 50_000
    assert keys(range(49_999, -1, -1)) == forwards


def test_a_long_list_waits_on_disk() -> None:
    whole = SurrogateKeyedList(KEY)
    tracemalloc.start()
    for page in charges(range(50_000)):
        whole.add(page, whole.identities(page))
    rows = sum(map(len, whole.pages()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert rows == 50_000
    # As dicts they take 18 MB, their digests and contents as bytes 11.
    assert peak < 3_000_000


def test_a_folder_for_temporary_files_that_takes_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    monkeypatch.setattr(tempfile, "tempdir", gone)
    whole = SurrogateKeyedList(KEY)
    rows = [{"product": os.urandom(2_000).hex()} for _ in range(200)]

    with pytest.raises(AirbyteTracedException) as caught:
        whole.add(rows, whole.identities(rows))

    assert caught.value.failure_type == FailureType.system_error
    assert f"make room in {gone}, or name another in TMPDIR" in str(caught.value.message)
    assert "No such file or directory" in str(caught.value.message)
