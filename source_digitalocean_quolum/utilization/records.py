"""The uniform record that a metric's interval becomes (DESIGN: one record shape for every feature)."""

from collections.abc import Iterable, Iterator
from typing import Any

from source_digitalocean_quolum.utilization.sources.metric_interval import Labels, MetricInterval
from source_digitalocean_quolum.utilization.times import format_time


class RecordBuilder:
    """Makes the records of one stream; what many records share is written once."""

    def __init__(self, feature: str, source: str, interval: int) -> None:
        self._feature, self._source, self._interval = feature, source, interval
        self._times: dict[int, str] = {}
        self._keys: dict[Labels, str] = {}

    def build(self, intervals: Iterable[MetricInterval]) -> Iterator[dict[str, Any]]:
        """One record for each metric interval."""
        for one in intervals:
            statistics, metric = one.statistics, one.metric
            yield {
                "feature": self._feature,
                "resource_urn": one.urn,
                "resource_id": one.resource_id,
                "resource_name": one.name,
                "region": one.region,
                "metric": metric.name,
                "unit": metric.unit,
                "kind": metric.kind,
                "labels": dict(one.labels),
                "labels_key": self._format_key(one.labels),
                "interval_start": self._format_time(statistics.start),
                "interval_end": self._format_time(statistics.start + self._interval),
                "average": statistics.average,
                "minimum": statistics.minimum,
                "maximum": statistics.maximum,
                "last": statistics.last,
                "samples": statistics.samples,
                "total": statistics.average * statistics.samples if metric.kind == "delta" else None,
                "capacity": one.capacity,
                "utilization_percent": _compute_percent(statistics.average, one.capacity, remaining=metric.remaining),
                "source": self._source,
            }

    def _format_time(self, seconds: int) -> str:
        if seconds not in self._times:
            self._times[seconds] = format_time(seconds)
        return self._times[seconds]

    def _format_key(self, labels: Labels) -> str:
        if labels not in self._keys:
            # Escaped, so that no two sets of labels read the same.
            self._keys[labels] = ",".join(f"{name}={_escape(value)}" for name, value in labels)
        return self._keys[labels]


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


def _compute_percent(average: float, capacity: float | None, *, remaining: bool) -> float | None:
    if not capacity or capacity < 0:
        return None
    share = average / capacity
    # What is left may exceed a capacity that changed within the interval; nothing is used less than not at all.
    return max(0.0, 100.0 * (1.0 - share if remaining else share))
