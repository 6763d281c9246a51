"""The series of an answer of Insights, made metric intervals: whose they are, and what they are measured against."""

from collections.abc import Iterator, Sequence
from typing import Any

from source_digitalocean_quolum.utilization.api import Series
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.sources.capacity import find_capacity
from source_digitalocean_quolum.utilization.sources.insights_answer import (
    DecodedSeries,
    LastSamples,
    SeriesGroups,
    SeriesKey,
    combine_averages,
    combine_statistics,
    group_series,
    read_statistic,
)
from source_digitalocean_quolum.utilization.sources.metric_interval import MetricInterval, select_labels
from source_digitalocean_quolum.utilization.sources.promql import CAPACITY, STATISTIC_LABEL
from source_digitalocean_quolum.utilization.table import Feature, Metric, Table
from source_digitalocean_quolum.utilization.windows import Window


class InsightsReader:
    """Reads the answers for one feature.

    What a record says of its resource comes from the labels first: the inventory tells how things are now, and forgets
    what was deleted, so that figures would depend on when they were read.
    """

    def __init__(
        self, table: Table, feature: Feature, metrics: Sequence[Metric], resources: Sequence[Resource]
    ) -> None:
        self._feature, self._labels, self._prefixes = feature, table.labels, table.urn_prefixes
        self._metrics = {metric.name: metric for metric in metrics}
        self._resources = {resource.urn: resource for resource in resources}

    def group(self, region: str, answer: list[Series]) -> tuple[SeriesGroups, int]:
        """The series of a region's answer, which is emptied, by what they are of; and how many do not say it."""
        return group_series(answer, lambda labels: self._find_key(labels, region))

    def read(
        self, region: str, groups: SeriesGroups, last_samples: LastSamples, window: Window
    ) -> Iterator[MetricInterval]:
        """The metric intervals of one region's answer."""
        for key in groups:
            measured = [one for one in _decode(groups, key) if "avg" in one.values]
            if measured:
                yield from self._read_series(region, key, measured, groups, last_samples, window)

    def _read_series(
        self,
        region: str,
        key: SeriesKey,
        measured: list[DecodedSeries],
        groups: SeriesGroups,
        last_samples: LastSamples,
        window: Window,
    ) -> Iterator[MetricInterval]:
        metric, resource = self._metrics[key.metric], self._resources.get(key.urn)
        scale = metric.insights.scale if metric.insights else 1
        capacities = self._read_capacities(metric, key, groups)
        # A time that was not asked for would be an interval of its own.
        asked_for = range(window.start, window.end, window.interval)
        for statistics, newest in combine_statistics(key.metric, measured, window.interval, scale, last_samples):
            if statistics.start not in asked_for:
                continue
            labels = newest.labels
            yield MetricInterval(
                metric=metric,
                urn=key.urn,
                resource_id=self._find_id(key.urn),
                name=labels.get("service_name") or labels.get("resource_name") or (resource.name if resource else None),
                region=labels.get("resource_region_slug") or region,
                labels=key.labels,
                statistics=statistics,
                capacity=find_capacity(
                    metric.measured_against,
                    resource,
                    statistics.start,
                    capacities.get(statistics.start + window.interval),
                ),
            )

    def _read_capacities(self, metric: Metric, key: SeriesKey, groups: SeriesGroups) -> dict[int, float]:
        """What the metric is measured against where that is a metric, too, by the end of the interval."""
        whole = self._feature.capacity_of(metric)
        if whole is None or whole.insights is None:
            return {}
        own = key._replace(metric=whole.name)
        found = combine_averages(_decode(groups, own), "avg") if own in groups else {}
        found = found or combine_averages(_decode(groups, key), CAPACITY)
        return {end: value * whole.insights.scale for end, value in found.items()}

    def _find_key(self, labels: dict[str, Any], region: str) -> SeriesKey | None:
        """What a series of the answer is of; None if it does not say."""
        name, _ = read_statistic(labels)
        urn = self._find_urn(labels.get("resource_urn"))
        if name not in self._metrics or not urn:
            return None
        own = select_labels(labels, self._labels, STATISTIC_LABEL)
        if not labels.get("resource_urn"):
            # The team's own series come from every region.
            own = tuple(sorted((*own, ("region", region))))
        return SeriesKey(name, urn, own)

    def _find_urn(self, written: str | None) -> str | None:
        """The URN that a series belongs to, in our spelling, whether or not the resource still exists."""
        if not written:
            # Some series carry no URN (inference is the team's): they belong to the only resource there is.
            return next(iter(self._resources)) if len(self._resources) == 1 else None
        prefix, _, rest = written.rpartition(":")
        own = self._feature.resources[0].urn_prefix
        # No document lists the URNs' prefixes: one that no feature uses is another spelling of this feature's.
        return written if prefix in self._prefixes or not own else f"{own}:{rest}"

    def _find_id(self, urn: str) -> str:
        """The identifier in the resource's own stream."""
        return urn if self._feature.resources[0].id == "urn" else urn.rpartition(":")[2]


def _decode(groups: SeriesGroups, key: SeriesKey) -> list[DecodedSeries]:
    return [series.decode() for series in groups[key].values()]
