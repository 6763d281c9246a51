"""What a metric is measured against in an interval: what was measured, what was true then, or nothing."""

from typing import Any

import pytest

from source_digitalocean_quolum.utilization.sources.capacity import find_capacity
from source_digitalocean_quolum.utilization.sources.metric_interval import select_labels
from source_digitalocean_quolum.utilization.table import Capacity, LabelMeaning
from unit_tests.utilization.sources.fakes import resource

MEMORY = Capacity(metric="size", path="memory", scale=1024)


@pytest.mark.parametrize(
    ("capacity", "known", "measured", "expected"),
    [
        (None, resource(unchanged_since=0.0), 5.0, None),
        # A number depends on nobody, a deleted resource included.
        (Capacity(number=100), None, None, 100),
        (Capacity(number=0), None, 5.0, 0),
        (MEMORY, resource(unchanged_since=0.0), 2048.0, 2048),
        (MEMORY, None, 2048.0, 2048),
        (MEMORY, resource(unchanged_since=0.0), 0.0, 0),
        (MEMORY, resource(unchanged_since=0.0), None, 4096),
        # Since its last resize, and in the interval that begins with its end.
        (MEMORY, resource(unchanged_since=1000.0), None, 4096),
        (MEMORY, resource(unchanged_since=1000.5), None, None),
        (MEMORY, resource(), None, None),
        (MEMORY, None, None, None),
        (Capacity(metric="size"), resource(unchanged_since=0.0), None, None),
        (Capacity(path="vcpus"), resource(unchanged_since=0.0), None, 2),
    ],
)
def test_capacity_is_the_first_that_is_known_for_the_interval(
    capacity: Capacity | None, known: Any, measured: float | None, expected: float | None
) -> None:
    assert find_capacity(capacity, known, 1000, measured) == expected


@pytest.mark.parametrize("facts", [{}, {"memory": None}, {"memory": "n/a"}, {"memory": []}])
def test_a_field_that_is_no_number_is_no_capacity(facts: dict[str, Any]) -> None:
    assert find_capacity(MEMORY, resource(unchanged_since=0.0, facts=facts), 1000, None) is None


def test_labels_are_sorted_renamed_and_without_what_only_says_whose_they_are() -> None:
    meaning = LabelMeaning(identity=frozenset({"host_id"}), rename={"cpu_mode": "mode"})
    labels = {"z": 1, "cpu_mode": "user", "host_id": "7", "asked": "x", "a": None}
    assert select_labels(labels, meaning, "asked") == (("a", "None"), ("mode", "user"), ("z", "1"))
    assert ("asked", "x") in select_labels(labels, meaning)
