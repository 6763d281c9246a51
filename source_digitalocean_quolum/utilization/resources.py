"""What there is to measure: the resources of a feature, from the lists that the other streams read anyway."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream

from source_digitalocean_quolum.utilization.table import Feature, Metric, ResourceList, Table

logger = logging.getLogger("airbyte")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: who it is, where, since when (UNIX seconds; 0 is unknown), and what its metrics need to know."""

    urn: str
    id: str
    name: str | None
    regions: tuple[str, ...]
    since: float
    facts: Mapping[str, Any]

    def has(self, metric: Metric) -> bool:
        """Whether the metric is one of this resource's (a MySQL metric is only a MySQL cluster's)."""
        return self.fits(metric.where)

    def fits(self, where: Mapping[str, list[Any]]) -> bool:
        """Whether its record has one of the wanted values at each of these paths."""
        return all(self.facts.get(path) in values for path, values in where.items())

    def capacity(self, metric: Metric, labels: Iterable[tuple[str, str]]) -> float | None:
        """The metric's capacity for a series of this resource, as far as it is a number or in its record."""
        capacity = metric.capacity
        if capacity is None or capacity.metric or not capacity.labels.items() <= set(labels):
            return None
        if not capacity.path:
            return capacity.number
        try:
            return float(self.facts[capacity.path]) * capacity.scale
        except (KeyError, TypeError, ValueError):
            return None


class Inventory:
    """The resources of every feature, each list read once a run and only when asked for.

    `stream_of` makes the stream of a list, without a cursor. Lists may be asked for by several threads.
    """

    def __init__(self, table: Table, stream_of: Callable[[str], AbstractStream]) -> None:
        self._table = table
        self._stream_of = stream_of
        self._lock = threading.RLock()
        self._known: dict[str, list[Resource]] = {}

    def of(self, feature: Feature) -> list[Resource]:
        """The feature's resources. One without regions of its own is looked for in every region of the team."""
        with self._lock:
            if feature.stream not in self._known:
                resources: dict[str, Resource] = {}
                for source in feature.resources:
                    resources.update((one.urn, one) for one in self._read(source, feature.paths))
                self._known[feature.stream] = list(resources.values())
            return self._known[feature.stream]

    def regions(self, feature: Feature) -> list[str]:
        """The regions that hold resources of the feature, in alphabetical order."""
        resources = self.of(feature)
        found = {region for resource in resources for region in resource.regions}
        if any(not resource.regions for resource in resources):
            for other in self._table.features.values():
                if any(source.regions for source in other.resources):
                    found.update(region for resource in self.of(other) for region in resource.regions)
        return sorted(found)

    def _read(self, source: ResourceList, paths: frozenset[str]) -> Iterator[Resource]:
        for partition in self._stream_of(source.list).generate_partitions():
            for record in partition.read():
                if _fits(record.data, source.where):
                    yield _resource(record.data, source, paths)


def share_lists(table: Table, streams: Iterable[dict[str, Any]]) -> None:
    """Have the streams that list resources share their pages with the inventory: no request is made twice."""
    lists = {source.list for feature in table.features.values() for source in feature.resources}
    for stream in streams:
        if stream["name"] in lists:
            stream["retriever"]["requester"]["use_cache"] = True


def _fits(record: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    for path, wanted in where.items():
        value = _at(record, path)
        if isinstance(wanted, str):
            if not fnmatchcase(str(value), wanted):
                return False
        elif value not in wanted:
            return False
    return True


def _resource(record: Mapping[str, Any], source: ResourceList, paths: frozenset[str]) -> Resource:
    regions = _at(record, source.regions)
    name = _at(record, source.name)
    return Resource(
        urn=source.urn.format_map(record),
        id=str(_at(record, source.id)),
        name=None if name is None else str(name),
        regions=tuple([regions] if isinstance(regions, str) and regions else regions or ()),
        since=_seconds(_at(record, source.since)),
        facts={path: _at(record, path) for path in paths},
    )


def _at(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if path else None


def _seconds(written: Any) -> float:
    try:
        moment = datetime.fromisoformat(written)
    except (TypeError, ValueError):
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
