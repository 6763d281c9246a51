"""What a source tells of one interval of one series, and the uniform record that it becomes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from source_digitalocean_quolum.utilization.intervals import IntervalStatistics
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.table import Metric

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MetricInterval:
    """The figures of one metric of one resource, for one set of labels and one interval.

    `resource` is None where the inventory no longer knows the URN: the resource was deleted since.
    """

    metric: Metric
    resource: Resource | None
    urn: str
    name: str | None
    region: str | None
    labels: Labels
    figures: IntervalStatistics
    capacity: float | None


def own_labels(labels: Mapping[str, Any], identity: frozenset[str], rename: Mapping[str, str]) -> Labels:
    """The labels that tell series of one resource apart, sorted, by the names that both sources share."""
    own = [(rename.get(name, name), str(value)) for name, value in labels.items() if name not in identity]
    return tuple(sorted(own))


class Records:
    """Readings as records of one stream (DESIGN: one uniform record for every feature)."""

    def __init__(self, feature: str, source: str, interval: int) -> None:
        self._feature, self._source, self._interval = feature, source, interval
        self._written: dict[int, str] = {}
        self._keys: dict[Labels, str] = {}

    def of(self, readings: Iterable[MetricInterval]) -> Iterator[dict[str, Any]]:
        """One record for each reading."""
        for reading in readings:
            figures, metric, resource = reading.figures, reading.metric, reading.resource
            yield {
                "feature": self._feature,
                "resource_urn": reading.urn,
                "resource_id": resource.id if resource else reading.urn.rpartition(":")[2],
                "resource_name": reading.name,
                "region": reading.region,
                "metric": metric.name,
                "unit": metric.unit,
                "labels": dict(reading.labels),
                "labels_key": self._key(reading.labels),
                "interval_start": self._time(figures.start),
                "interval_end": self._time(figures.start + self._interval),
                "average": figures.average,
                "minimum": figures.minimum,
                "maximum": figures.maximum,
                "last": figures.last,
                "samples": figures.samples,
                "capacity": reading.capacity,
                "utilization_percent": _percent(figures.average, reading.capacity, remaining=metric.remaining),
                "source": self._source,
            }

    def _time(self, seconds: int) -> str:
        if seconds not in self._written:
            self._written[seconds] = written(seconds)
        return self._written[seconds]

    def _key(self, labels: Labels) -> str:
        if labels not in self._keys:
            # Escaped, so that no two sets of labels read the same.
            self._keys[labels] = ",".join(f"{name}={_escaped(value)}" for name, value in labels)
        return self._keys[labels]


def written(seconds: float) -> str:
    """UNIX seconds as RFC 3339 in UTC, e.g. 2026-11-23T12:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


def _percent(average: float, capacity: float | None, *, remaining: bool) -> float | None:
    if not capacity or capacity < 0:
        return None
    share = average / capacity
    return 100.0 * (1.0 - share if remaining else share)
