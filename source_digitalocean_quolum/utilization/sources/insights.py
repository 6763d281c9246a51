"""Metric intervals from DigitalOcean Insights: one query for all resources of a region and all their metrics."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from source_digitalocean_quolum.utilization.api import (
    Absent,
    MetricsApi,
    NotUnderstood,
    Series,
    TooMuch,
    Unreadable,
    gave_up,
)
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.sources.insights_answer import (
    LastSamples,
    SeriesKey,
    SourceSeries,
    combine_capacities,
    combine_statistics,
    find_duplicates,
    group_series,
    read_last_samples,
    read_statistic,
)
from source_digitalocean_quolum.utilization.sources.metric_interval import MetricInterval, select_labels
from source_digitalocean_quolum.utilization.sources.promql import (
    STATISTIC_LABEL,
    STATISTICS,
    write_last_sample_query,
    write_query,
)
from source_digitalocean_quolum.utilization.table import Feature, InsightsSeries, Metric
from source_digitalocean_quolum.utilization.windows import Window

logger = logging.getLogger("airbyte")

# Values in one answer, and series that hold them: so many take 16 and 35 MB while they are read.
MOST_VALUES = 250_000
MOST_SERIES = 40_000


class Insights:
    """Reads one feature from `/v2/insights/query/{region}/prom/api/v1/query_range` (Prometheus' range query)."""

    name = "insights"

    def __init__(
        self,
        api: MetricsApi,
        feature: Feature,
        metrics: Sequence[Metric],
        resources: Sequence[Resource],
        regions: Sequence[str],
        identity_labels: frozenset[str],
    ) -> None:
        self._api, self._feature = api, feature
        self._metrics = list(metrics)
        self._by_name = {metric.name: metric for metric in metrics}
        self._resources = {resource.urn: resource for resource in resources}
        self._urn_of_id = {resource.id: resource.urn for resource in resources}
        self._regions = list(regions)
        self._identity = identity_labels | {STATISTIC_LABEL, "__name__"}
        self._told: set[str] = set()

    def count_requests(self, windows: int) -> int:
        """Requests for this many windows, on a healthy server."""
        return windows * len(self._regions) * len(self._batches)

    def longest_window(self, interval: int) -> int:
        """The longest window that keeps an answer small enough, in seconds."""
        most = max((len(batch) for batch in self._batches), default=0) * self._series_each
        return max(1, MOST_VALUES // max(1, most)) * interval

    @cached_property
    def _series_each(self) -> int:
        """One metric's series in an answer: five statistics and a capacity of each resource, of the largest region."""
        in_region = Counter(region for one in self._resources.values() for region in one.regions)
        homeless = sum(not one.regions for one in self._resources.values())
        return (len(STATISTICS) + 1) * (max(in_region.values(), default=0) + homeless)

    @cached_property
    def _batches(self) -> list[list[Metric]]:
        """The metrics that are asked for at once: all of them, unless a region has thousands of resources."""
        at_once = max(1, MOST_SERIES // max(1, self._series_each))
        return [self._metrics[first : first + at_once] for first in range(0, len(self._metrics), at_once)]

    def read(self, window: Window) -> Iterator[MetricInterval]:
        """The metric intervals of a window, region by region.

        A region whose answer is no answer (a maintenance page) is left out and named once. Raises Forbidden
        where the token may not ask, and a transient failure where a region stays silent.
        """
        for region in self._regions:
            try:
                for metrics in self._batches:
                    yield from self._region(region, metrics, window)
            except Unreadable as problem:
                self._tell_once(region, f"region {region} is left out, its answer is unreadable ({problem})")
            except Absent:
                self._tell_once(region, f"region {region} is left out, Insights does not know it")

    def _region(self, region: str, metrics: Sequence[Metric], window: Window) -> Iterator[MetricInterval]:
        """Ask for everything at once; what is too much is halved, first by metrics and then by time."""
        try:
            answer = self._ask(
                region, write_query([(one, self._capacity(one)) for one in metrics], window.interval), window
            )
        except (TooMuch, NotUnderstood) as problem:
            if len(metrics) > 1:
                half = len(metrics) // 2
                yield from self._region(region, metrics[:half], window)
                yield from self._region(region, metrics[half:], window)
            elif halves := window.halves():
                for part in halves:
                    yield from self._region(region, metrics, part)
            elif isinstance(problem, NotUnderstood):
                self._tell_once(
                    metrics[0].name, f"metric {metrics[0].name} is left out, Insights rejects it: {problem}"
                )
            else:
                raise gave_up(self._feature.stream, f"region {region}", problem) from None
        else:
            yield from self._read_answer(region, answer, window)

    def _ask(self, region: str, promql: str, window: Window) -> list[Series]:
        # A range query is evaluated at start, start + step, ...: at the end of each interval.
        form = {
            "query": promql,
            "start": str(window.start + window.interval),
            "end": str(window.end),
            "step": str(window.interval),
        }
        return self._api.post(f"/v2/insights/query/{region}/prom/api/v1/query_range", form)

    def _read_answer(self, region: str, answer: list[Series], window: Window) -> Iterator[MetricInterval]:
        groups, unknown = group_series(answer, lambda labels: self._find_key(labels, region))
        if unknown:
            self._tell_once(f"{region} unknown", f"{unknown} series of {region} do not say whose they are: left out")
        duplicates = find_duplicates(groups)
        last_samples = self._ask_last_samples(region, duplicates, window) if duplicates else {}
        for key, group in groups.items():
            yield from self._combine(region, key, group.values(), last_samples, window)

    def _find_key(self, labels: dict[str, Any], region: str) -> SeriesKey | None:
        """What the series of the answer belongs to; None if it does not say."""
        metric = self._by_name.get(read_statistic(labels)[0])
        urn = self._urn(labels.get("resource_urn"))
        if metric is None or not urn:
            return None
        own = select_labels(labels, self._identity, metric.insights.rename if metric.insights else {})
        if "resource_urn" not in labels:
            # The team's own series come from every region.
            own = tuple(sorted((*own, ("region", region))))
        return SeriesKey(metric.name, urn, own)

    def _combine(
        self, region: str, key: SeriesKey, group: Iterable[SourceSeries], last_samples: LastSamples, window: Window
    ) -> Iterator[MetricInterval]:
        metric, resource = self._by_name[key.metric], self._resources.get(key.urn)
        decoded = [series.decode() for series in group]
        measured = [series for series in decoded if "avg" in series.values]
        if not measured:
            return
        scale = metric.insights.scale if metric.insights else 1
        fixed = resource.capacity(metric, key.labels) if resource else None
        capacities = combine_capacities(decoded)
        # An app's data centres are one region to whoever looks for it, whichever of them answered.
        where = resource.regions[0] if resource and region in resource.regions else region
        labelled = measured[0].labels.get("service_name") or measured[0].labels.get("resource_name")
        name = resource.name if resource and resource.name else labelled
        for statistics in combine_statistics(metric.name, measured, window.interval, scale, last_samples):
            capacity = fixed
            if capacity is None and (end := statistics.start + window.interval) in capacities:
                capacity = capacities[end] * scale
            yield MetricInterval(metric, resource, key.urn, name, where, key.labels, statistics, capacity)

    def _ask_last_samples(self, region: str, duplicates: set[tuple[str, str]], window: Window) -> LastSamples:
        """When series that are one to us (a renamed resource, changed tags) had their last samples.

        Which of them was the last one is the one thing that their statistics do not tell.
        """
        urns_of: defaultdict[str, set[str]] = defaultdict(set)
        for name, urn in duplicates:
            urns_of[name].add(urn)
        terms = [write_last_sample_query(self._by_name[name], urns, window.interval) for name, urns in urns_of.items()]
        try:
            return read_last_samples(self._ask(region, " or ".join(terms), window))
        except (TooMuch, NotUnderstood) as problem:
            self._tell_once("latest", f"the order of renamed series is unknown: {problem}")
            return {}

    def _capacity(self, metric: Metric) -> InsightsSeries | None:
        if metric.capacity is None or not metric.capacity.metric:
            return None
        return self._feature.metric(metric.capacity.metric).insights

    def _urn(self, written: str | None) -> str | None:
        if not written:
            # Some series carry no URN (inference is the team's): they belong to the only resource there is.
            return next(iter(self._resources)) if len(self._resources) == 1 else None
        if written in self._resources:
            return written
        # No document lists the URNs' prefixes: the same id is the same resource.
        return self._urn_of_id.get(written.rpartition(":")[2], written)

    def _tell_once(self, about: str, sentence: str) -> None:
        if about not in self._told:
            self._told.add(about)
            logger.warning("%s: %s", self._feature.stream, sentence)
