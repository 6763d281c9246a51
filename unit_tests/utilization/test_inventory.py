"""What there is to measure: the resources of a feature and their regions, from the lists of the other streams."""

import logging
import math
from types import SimpleNamespace
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.utilization.resources import Inventory, Regions, Resource, name_lists
from source_digitalocean_quolum.utilization.table import Feature, ResourceList

FUTURE = "2999-01-01T00:00:00Z"


class Lists:
    """The streams that list resources, from rows by name; an exception in their place is raised."""

    def __init__(self, **rows: Any) -> None:
        self.rows = rows
        self.asked: list[tuple[str, bool]] = []

    def __call__(self, name: str, *, fresh: bool = False) -> Any:
        self.asked.append((name, fresh))
        found = self.rows.get(name, [])
        if isinstance(found, Exception):
            raise found
        partition = SimpleNamespace(read=lambda: iter([SimpleNamespace(data=row) for row in found]))
        return SimpleNamespace(generate_partitions=lambda: iter([partition]))


def feature(*lists: ResourceList, stream: str = "thing_utilization") -> Feature:
    return Feature(name="things", stream=stream, resources=lists, metrics=())


THINGS = ResourceList(
    list="things",
    urn="do:thing:{id}",
    id="id",
    name="spec.name",
    regions="region.slug",
    since="created_at",
    unchanged_since="updated_at",
)


def inventory(lists: Lists, refused: str = "") -> Inventory:
    return Inventory(lists, lambda name: name == refused)


def read(row: dict[str, Any], source: ResourceList = THINGS) -> list[Resource]:
    return inventory(Lists(things=[row])).resources_for(feature(source))


def test_a_resource_is_what_its_record_says() -> None:
    row = {
        "id": 7,
        "spec": {"name": "web"},
        "region": {"slug": "fra1"},
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-02-01T00:00:00",
    }
    assert read(row) == [Resource("do:thing:7", "7", "web", ("fra1",), 1767225600.0, {}, 1769904000.0)]


@pytest.mark.parametrize("odd", [None, "", "soon", 5, FUTURE])
def test_what_is_not_said_is_not_known(odd: Any) -> None:
    (found,) = read({"id": "a", "spec": "x", "region": None, "created_at": odd, "updated_at": odd})
    assert found == Resource("do:thing:a", "a", None, (), 0.0, {}, math.inf)


def test_several_regions() -> None:
    (found,) = read({"id": 1, "region": {"slug": ["fra1", "", "ams3"]}})
    assert found.regions == ("fra1", "ams3")


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": ""}])
def test_what_does_not_say_which_it_is_has_no_utilization_and_is_told(
    row: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "airbyte"):
        assert read(row) == []
    assert "thing_utilization: a record of things does not say what it is" in caplog.text


def test_facts_are_those_that_metrics_need() -> None:
    source = ResourceList(list="things", urn="do:thing:{id}", id="id", where={"engine": "my*", "spec.kind": "?"})
    rows: list[dict[str, Any]] = [
        {"id": 1, "engine": "mysql", "spec": {"kind": "a"}},
        {"id": 2, "engine": "pg", "spec": {"kind": "a"}},
        {"id": 3, "engine": "mysql", "spec": {"kind": "ab"}},
        {"id": 4, "engine": "mysql"},
    ]
    found = inventory(Lists(things=rows)).resources_for(feature(source))
    assert [one.id for one in found] == ["1"]


def test_a_resource_of_two_lists_is_one_and_a_list_is_read_once() -> None:
    lists = Lists(things=[{"id": 1}, {"id": 2}], others=[{"id": 2}, {"id": 3}])
    others = ResourceList(list="others", urn="do:thing:{id}", id="id")
    both = feature(THINGS, others)
    known = inventory(lists)
    assert [one.id for one in known.resources_for(both)] == ["1", "2", "3"]
    assert known.resources_for(both) is known.resources_for(both)
    assert lists.asked == [("things", False), ("others", False)]
    assert name_lists([both]) == {"things", "others", "regions"}


def test_a_list_that_fails_fails_for_everyone_who_asks_and_is_not_asked_again() -> None:
    failure = AirbyteTracedException(message="HTTP 500", failure_type=FailureType.transient_error)
    lists = Lists(things=failure, others=[{"id": 1}])
    known = inventory(lists)
    for _ in range(2):
        with pytest.raises(AirbyteTracedException, match="HTTP 500"):
            known.resources_for(feature(THINGS))
    assert lists.asked == [("things", False)]
    other = feature(ResourceList(list="others", urn="{id}", id="id"), stream="other_utilization")
    assert len(known.resources_for(other)) == 1


def test_who_is_gone_is_asked_of_fresh_lists() -> None:
    lists = Lists(things=[{"id": 1}])
    known = inventory(lists)
    assert known.find_deleted(feature(THINGS), ["do:thing:1", "do:thing:2"]) == {"do:thing:2"}
    assert lists.asked == [("things", True)]


def test_a_refused_list_is_known_to_be_one() -> None:
    assert inventory(Lists(), refused="things").is_refused(feature(THINGS))
    assert not inventory(Lists(), refused="others").is_refused(feature(THINGS))


def where(lists: Lists) -> Regions:
    return inventory(lists).regions_for(feature(THINGS))


def test_regions_are_those_of_the_resources() -> None:
    rows = [{"id": 1, "region": {"slug": "nyc3"}}, {"id": 2, "region": {"slug": "fra1"}}, {"id": 3}]
    lists = Lists(things=rows, regions=[{"slug": "sgp1"}])
    assert where(lists) == Regions(["fra1", "nyc3"], certain=True)
    assert lists.asked == [("things", False)]
    assert where(Lists(regions=[{"slug": "sgp1"}])) == Regions([], certain=True)


def test_what_is_in_no_region_may_be_in_any() -> None:
    lists = Lists(things=[{"id": 1}], regions=[{"slug": "nyc3"}, {"slug": "fra1"}, {"slug": ""}, {}])
    known = inventory(lists)
    for _ in range(2):
        assert known.regions_for(feature(THINGS)) == Regions(["fra1", "nyc3"], certain=False)
    assert lists.asked == [("things", False), ("regions", False)]


def test_without_a_list_of_regions_those_of_other_features_are_taken() -> None:
    others = ResourceList(list="others", urn="do:other:{id}", id="id", regions="region")
    known = inventory(Lists(things=[{"id": 1}], others=[{"id": 1, "region": "ams3"}]))
    known.resources_for(feature(others, stream="other_utilization"))
    assert known.regions_for(feature(THINGS)) == Regions(["ams3"], certain=False)


def test_regions_that_cannot_be_listed_fail_for_those_who_need_them() -> None:
    failure = AirbyteTracedException(message="HTTP 500", failure_type=FailureType.transient_error)
    lists = Lists(things=[{"id": 1}], regions=failure)
    known = inventory(lists)
    for _ in range(2):
        with pytest.raises(AirbyteTracedException, match="HTTP 500"):
            known.regions_for(feature(THINGS))
    assert len(lists.asked) == 2


def test_a_metric_is_of_resources_that_have_one_of_the_wanted_values() -> None:
    def thing(**facts: Any) -> Resource:
        return Resource("u", "1", None, (), 0.0, facts)

    wanted = {"engine": ("mysql", "pg"), "size": (1,)}
    assert thing(engine="pg", size=1).fits(wanted)
    assert not thing(engine="pg", size=2).fits(wanted)
    assert not thing(engine="redis", size=1).fits(wanted)
    assert not thing(engine="pg").fits(wanted)
    assert thing().fits({})
