"""Since when each resource is known to have had its present size: what a past interval may be measured against."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.table import Feature


@dataclass
class KnownSizes:
    """The sizes that the last sync saw, and when, as a stream's state keeps them.

    A resource that still has the size of the last sync has had it since then; one with another size was resized in
    between, and nothing is known of the time before this sync. Shape in the state, the times in UNIX seconds:
    `{"seen": 1763596800, "sizes": [{"size": {"memory": 1024}, "since": 1763000000, "ids": ["1", "2"]}]}`.
    """

    seen: float | None = None
    since: dict[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def from_state(cls, written: Any) -> "KnownSizes":
        """From a state; what is not of this shape tells nothing."""
        try:
            since = {
                (str(id_), _write_size(group["size"])): float(group["since"])
                for group in written["sizes"]
                for id_ in group["ids"]
            }
            return cls(float(written["seen"]), since)
        except (TypeError, KeyError, ValueError, AttributeError):
            return cls()

    def date(self, feature: Feature, resources: Iterable[Resource], now: float) -> list[Resource]:
        """The resources with `unchanged_since` set, which is also what `to_state` tells from then on.

        `now` is when they were listed. A resource that was made after the last sync has had its size from the start.
        """
        dated = [replace(one, unchanged_since=self._find_since(feature, one, now)) for one in resources]
        self.since = {(one.id, _write_size(_select_size(feature, one))): one.unchanged_since for one in dated}
        self.seen = now
        return dated

    def to_state(self) -> dict[str, Any]:
        """What the next sync needs to know; resources of one size and time together."""
        groups: defaultdict[tuple[str, float], list[str]] = defaultdict(list)
        for (id_, size), since in self.since.items():
            groups[size, since].append(id_)
        sizes = [
            {"size": json.loads(size), "since": int(since), "ids": sorted(ids)}
            for (size, since), ids in sorted(groups.items())
        ]
        return {"seen": None if self.seen is None else int(self.seen), "sizes": sizes}

    def _find_since(self, feature: Feature, resource: Resource, now: float) -> float:
        known = self.since.get((resource.id, _write_size(_select_size(feature, resource))), math.inf)
        is_new = self.seen is not None and resource.since > self.seen
        return min(now, known, resource.unchanged_since, resource.since if is_new else math.inf)


def _select_size(feature: Feature, resource: Resource) -> dict[str, Any]:
    return {path: resource.facts.get(path) for path in sorted(feature.capacity_paths)}


def _write_size(size: Mapping[str, Any]) -> str:
    return json.dumps(dict(sorted(size.items())))
