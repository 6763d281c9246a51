"""What is known of a resource's size in the past: what the last sync saw, and nothing that may have been otherwise."""

import math
from typing import Any

import pytest

from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.sizes import KnownSizes
from source_digitalocean_quolum.utilization.table import load

FEATURE = load().features["droplet_utilization"]
HOUR = 3600.0


def droplet(id_: str = "1", memory: int = 1024, created: float = 0.0, **changes: Any) -> Resource:
    facts = {"memory": memory, "vcpus": 1, "name": "not a size"}
    return Resource(f"do:droplet:{id_}", id_, None, ("nyc3",), created, facts, **changes)


def since(sizes: KnownSizes, now: float, *resources: Resource) -> list[float]:
    return [one.unchanged_since for one in sizes.date(FEATURE, resources, now)]


def test_a_first_sync_knows_how_large_things_are_now_and_nothing_of_the_past() -> None:
    assert since(KnownSizes(), 10 * HOUR, droplet(), droplet("2")) == [10 * HOUR, 10 * HOUR]


def test_what_is_as_the_last_sync_saw_it_has_been_so_since_then() -> None:
    sizes = KnownSizes()
    since(sizes, 10 * HOUR, droplet())
    for now in (11 * HOUR, 12 * HOUR):
        sizes = KnownSizes.from_state(sizes.to_state())
        assert since(sizes, now, droplet()) == [10 * HOUR]


def test_after_a_resize_nothing_is_known_until_the_sync_that_saw_it_and_the_same_when_it_is_taken_back() -> None:
    sizes = KnownSizes()
    for now, memory, wanted in ((10, 1024, 10), (11, 2048, 11), (12, 2048, 11), (13, 1024, 13)):
        sizes = KnownSizes.from_state(sizes.to_state())
        assert since(sizes, now * HOUR, droplet(memory=memory)) == [wanted * HOUR]


def test_what_was_made_after_the_last_sync_had_its_size_from_the_start() -> None:
    sizes = KnownSizes()
    since(sizes, 10 * HOUR, droplet())
    new, old = droplet("2", created=10.5 * HOUR), droplet("3", created=9 * HOUR)
    assert since(sizes, 11 * HOUR, droplet(), new, old) == [10 * HOUR, 10.5 * HOUR, 11 * HOUR]


def test_a_list_that_tells_when_it_was_changed_is_believed() -> None:
    assert since(KnownSizes(), 10 * HOUR, droplet(unchanged_since=4 * HOUR)) == [4 * HOUR]


def test_the_state_holds_ten_bytes_or_so_a_resource() -> None:
    sizes = KnownSizes()
    since(sizes, 10 * HOUR, *(droplet(str(number), memory=1024 * (number % 3 + 1)) for number in range(1000)))
    state = sizes.to_state()
    assert len(str(state)) < 12_000
    assert [group["size"]["memory"] for group in state["sizes"]] == [1024, 2048, 3072]
    assert state["seen"] == 36_000


@pytest.mark.parametrize(
    "written",
    [
        None,
        5,
        "x",
        [],
        {},
        {"sizes": 1},
        {"seen": "x", "sizes": []},
        {"seen": 1, "sizes": [{"ids": ["1"]}]},
        {"seen": 1},
    ],
)
def test_a_state_of_another_shape_tells_nothing(written: Any) -> None:
    sizes = KnownSizes.from_state(written)
    assert (sizes.seen, sizes.since) == (None, {})
    assert since(sizes, HOUR, droplet()) == [HOUR]
    assert math.isfinite(sizes.to_state()["seen"])
