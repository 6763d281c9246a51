"""What there is to measure: the resources of a feature, from the lists that the other streams read anyway."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, Protocol, TypeVar

from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.utilization.table import Feature, Metric, ResourceList, Table
from source_digitalocean_quolum.utilization.times import parse_time

logger = logging.getLogger("airbyte")

# The stream that tells of resizes (sizes.py).
ACTIONS = "actions"
# The stream of all regions, for resources that do not say theirs.
EVERY_REGION = "regions"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: who it is, where, since when (UNIX seconds; 0 is unknown), and what its metrics need to know.

    `unchanged_since` is from when on its size is known to be what `facts` say (inf: not known).
    """

    urn: str
    id: str
    name: str | None
    regions: tuple[str, ...]
    since: float
    facts: Mapping[str, Any]
    unchanged_since: float = math.inf

    def has(self, metric: Metric) -> bool:
        """Whether the metric is one of this resource's (a MySQL metric is only a MySQL cluster's)."""
        return self.fits(metric.where)

    def fits(self, where: Mapping[str, Sequence[Any]]) -> bool:
        """Whether its record has one of the wanted values at each of these paths."""
        return all(self.facts.get(path) in values for path, values in where.items())


class ListStream(Protocol):
    """Makes the stream of a list."""

    def __call__(self, name: str, *, fresh: bool = False) -> AbstractStream:
        """Without a cursor; a `fresh` one asks although its pages were read before."""


class Regions(NamedTuple):
    """Where to look for a feature's resources; not `certain` if they do not say and it may be anywhere."""

    slugs: list[str]
    certain: bool


class Inventory:
    """The resources of every feature, each list read once a run and only when asked for.

    A list that fails fails for whoever asks for it, and for nobody else. Lists may be asked for by several threads.
    """

    def __init__(self, list_stream: ListStream, is_refused: Callable[[str], bool]) -> None:
        """`is_refused` tells of a list whether the token may not read it, once it has been asked for."""
        self._list_stream = list_stream
        self._is_refused = is_refused
        self._lock = threading.RLock()
        self._known: dict[str, list[Resource] | AirbyteTracedException] = {}
        self._every_region: list[str] | AirbyteTracedException | None = None

    def resources_for(self, feature: Feature) -> list[Resource]:
        """The feature's resources; raises what made a list fail."""
        with self._lock:
            if feature.stream not in self._known:
                self._known[feature.stream] = _keep_failure(lambda: self._read(feature))
            known = self._known[feature.stream]
        if isinstance(known, AirbyteTracedException):
            raise known
        return known

    def is_refused(self, feature: Feature) -> bool:
        """Whether the token may not read a list of the feature: then no resources means that none are known."""
        return any(self._is_refused(source.list) for source in feature.resources)

    def regions_for(self, feature: Feature) -> Regions:
        """The regions that hold resources of the feature, in alphabetical order.

        A resource without a region (a global load balancer) is looked for where the feature's others are. Where none
        has one (buckets), that is every region of DigitalOcean, or as many as the run's other features are in.
        """
        resources = self.resources_for(feature)
        found = {region for resource in resources for region in resource.regions}
        if found or not resources:
            return Regions(sorted(found), certain=True)
        with self._lock:
            if self._every_region is None:
                self._every_region = _keep_failure(self._read_regions)
            known = self._every_region
        if isinstance(known, AirbyteTracedException):
            raise known
        return Regions(known, certain=False)

    def find_deleted(self, feature: Feature, urns: Iterable[str]) -> set[str]:
        """Those of these resources that are gone by now: the lists are read once more."""
        listed = {one.urn for source in feature.resources for one in self._read_list(source, feature, fresh=True)}
        return set(urns) - listed

    def _read(self, feature: Feature) -> list[Resource]:
        found = (one for source in feature.resources for one in self._read_list(source, feature))
        return list({one.urn: one for one in found}.values())

    def _read_list(self, source: ResourceList, feature: Feature, *, fresh: bool = False) -> Iterator[Resource]:
        for record in self._read_records(source.list, fresh=fresh):
            if _fits(record, source.where):
                try:
                    yield _read_resource(record, source, feature.paths)
                except (KeyError, TypeError) as problem:
                    # An account without a team, for one.
                    logger.warning(
                        "%s: a record of %s does not say what it is (%s): it has no utilization",
                        feature.stream,
                        source.list,
                        problem,
                    )

    def _read_regions(self) -> list[str]:
        slugs = {str(slug) for record in self._read_records(EVERY_REGION) if (slug := record.get("slug"))}
        if not slugs:
            listed = [known for known in self._known.values() if isinstance(known, list)]
            slugs = {region for resources in listed for resource in resources for region in resource.regions}
        return sorted(slugs)

    def _read_records(self, name: str, *, fresh: bool = False) -> Iterator[Mapping[str, Any]]:
        for partition in self._list_stream(name, fresh=fresh).generate_partitions():
            for record in partition.read():
                yield record.data


def name_lists(features: Iterable[Feature]) -> set[str]:
    """The streams that the inventory of these features reads."""
    return {source.list for feature in features for source in feature.resources} | {EVERY_REGION}


def share_lists(table: Table, streams: Iterable[dict[str, Any]]) -> None:
    """Have the streams that list resources share their pages with the inventory: no request is made twice."""
    lists = name_lists(table.features.values()) | {ACTIONS}
    for stream in streams:
        if stream["name"] in lists:
            stream["retriever"]["requester"]["use_cache"] = True


def _keep_failure(read: Callable[[], list[T]]) -> list[T] | AirbyteTracedException:
    try:
        return read()
    except AirbyteTracedException as failure:
        return failure


def _fits(record: Mapping[str, Any], where: Mapping[str, str]) -> bool:
    return all(fnmatchcase(str(_at(record, path)), pattern) for path, pattern in where.items())


def _read_resource(record: Mapping[str, Any], source: ResourceList, paths: frozenset[str]) -> Resource:
    """A resource from its record; raises KeyError or TypeError if the record does not identify it."""
    identity, name = _at(record, source.id), _at(record, source.name)
    if identity is None or identity == "":
        raise KeyError(source.id)
    regions = _at(record, source.regions)
    return Resource(
        urn=source.urn.format_map(record),
        id=str(identity),
        name=None if name is None else str(name),
        regions=tuple(str(one) for one in ([regions] if isinstance(regions, str) else regions or ()) if one),
        since=_read_since(_at(record, source.since)),
        facts={path: _at(record, path) for path in paths},
        unchanged_since=_read_since(_at(record, source.unchanged_since)) or math.inf,
    )


def _at(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if path else None


def _read_since(written: Any) -> float:
    """When a resource was made. What is no time, or one to come, is unknown."""
    try:
        since = parse_time(written)
    except (TypeError, ValueError):
        return 0.0
    return since if since < time.time() else 0.0
