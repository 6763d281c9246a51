"""The figures from DigitalOcean Insights: one query answers for all resources of a region and all metrics at once."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from source_digitalocean_quolum.utilization.intervals import IntervalStatistics
from source_digitalocean_quolum.utilization.promql import CAPACITY, FIGURE, FIGURES, latest, query
from source_digitalocean_quolum.utilization.readings import Labels, MetricInterval, own_labels
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.table import Feature, InsightsSeries, Metric
from source_digitalocean_quolum.utilization.windows import Window

logger = logging.getLogger("airbyte")

# IntervalStatistics in one answer, and series that hold them: so many take 16 and 35 MB while they are read.
MOST_FIGURES = 250_000
MOST_SERIES = 40_000

_Key = tuple[str, str, Labels]


@dataclass
class _Part:
    """One series of a resource: each figure's series in the answer, and what identifies it among its doubles."""

    labels: dict[str, str]
    series: dict[str, Series] = field(default_factory=dict)

    def read(self) -> "_Figured":
        """Its figures, parsed: for one part at a time."""
        figures = {name: {round(time): value for time, value in one.samples()} for name, one in self.series.items()}
        return _Figured(self.labels, figures)


@dataclass
class _Figured:
    """A part's figures by interval end."""

    labels: dict[str, str]
    figures: dict[str, dict[int, float]]


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
        self._resources = {resource.urn: resource for resource in resources}
        self._urn_of_id = {resource.id: resource.urn for resource in resources}
        self._regions = list(regions)
        self._identity = identity_labels | {FIGURE, "__name__"}
        self._told: set[str] = set()

    def requests(self, windows: int) -> int:
        """Requests for this many windows, on a healthy server."""
        return windows * len(self._regions) * len(self._batches)

    def longest(self, interval: int) -> int:
        """The longest window that keeps an answer small enough, in seconds."""
        most = max((len(batch) for batch in self._batches), default=0) * self._series_each
        return max(1, MOST_FIGURES // max(1, most)) * interval

    @cached_property
    def _series_each(self) -> int:
        """One metric's series in an answer: five figures and a capacity of each resource, of the largest region."""
        in_region = Counter(region for one in self._resources.values() for region in one.regions)
        homeless = sum(not one.regions for one in self._resources.values())
        return (len(FIGURES) + 1) * (max(in_region.values(), default=0) + homeless)

    @cached_property
    def _batches(self) -> list[list[Metric]]:
        """The metrics that are asked for at once: all of them, unless a region has thousands of resources."""
        at_once = max(1, MOST_SERIES // max(1, self._series_each))
        return [self._metrics[first : first + at_once] for first in range(0, len(self._metrics), at_once)]

    def readings(self, window: Window) -> Iterator[MetricInterval]:
        """The figures of a window, region by region.

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
            answer = self._ask(region, query([(one, self._capacity(one)) for one in metrics], window.interval), window)
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
            yield from self._parse(region, answer, window)

    def _ask(self, region: str, promql: str, window: Window) -> list[Series]:
        # A range query is evaluated at start, start + step, ...: at the end of each interval.
        form = {
            "query": promql,
            "start": str(window.start + window.interval),
            "end": str(window.end),
            "step": str(window.interval),
        }
        return self._api.post(f"/v2/insights/query/{region}/prom/api/v1/query_range", form)

    def _parse(self, region: str, answer: list[Series], window: Window) -> Iterator[MetricInterval]:
        groups: defaultdict[_Key, dict[tuple[tuple[str, str], ...], _Part]] = defaultdict(dict)
        unknown = 0
        by_name = {metric.name: metric for metric in self._metrics}
        while answer:
            series = answer.pop()
            labels = series.labels()
            name, _, figure = str(labels.get(FIGURE, "")).partition("/")
            urn = self._urn(labels.get("resource_urn"))
            if name not in by_name or not urn:
                unknown += 1
                continue
            insights = by_name[name].insights
            own = own_labels(labels, self._identity, insights.rename if insights else {})
            if "resource_urn" not in labels:
                # The team's own series come from every region.
                own = tuple(sorted((*own, ("region", region))))
            identity = tuple(sorted((k, v) for k, v in labels.items() if k not in (FIGURE, "__name__")))
            groups[name, urn, own].setdefault(identity, _Part(labels)).series[figure] = series
        if unknown:
            self._tell_once(f"{region} unknown", f"{unknown} series of {region} do not say whose they are: left out")
        yield from self._together(region, groups, by_name, window)

    def _together(
        self,
        region: str,
        groups: dict[_Key, dict[tuple[tuple[str, str], ...], _Part]],
        by_name: dict[str, Metric],
        window: Window,
    ) -> Iterator[MetricInterval]:
        doubled = {
            (name, urn)
            for (name, urn, _), parts in groups.items()
            if sum("avg" in part.series for part in parts.values()) > 1
        }
        ended = self._ended(region, doubled, by_name, window) if doubled else {}
        for (name, urn, own), unread in groups.items():
            parts = [part.read() for part in unread.values()]
            metric, resource = by_name[name], self._resources.get(urn)
            scale = metric.insights.scale if metric.insights else 1
            fixed = resource.capacity(metric, own) if resource else None
            metered = [part for part in parts if "avg" in part.figures]
            capacities: dict[int, float] = {}
            for part in parts:
                capacities.update(part.figures.get(CAPACITY, {}))
            # An app's data centres are one region to whoever looks for it, whichever of them answered.
            where = resource.regions[0] if resource and region in resource.regions else region
            times = {time for part in metered for time in part.figures["avg"]}
            for time in sorted(times):
                figures = _figures(metered, time, window.interval, scale, ended)
                if figures is None:
                    continue
                capacity = fixed if fixed is not None or time not in capacities else capacities[time] * scale
                said = metered[0].labels.get("service_name") or metered[0].labels.get("resource_name")
                known_as = resource.name if resource and resource.name else said
                yield MetricInterval(metric, resource, urn, known_as, where, own, figures, capacity)

    def _ended(
        self, region: str, doubled: Iterable[tuple[str, str]], by_name: dict[str, Metric], window: Window
    ) -> dict[tuple[str, int], float]:
        """When series that are one to us (a renamed resource, changed tags) had their last samples.

        Which of them was the last one is the one thing that their figures do not tell.
        """
        urns_of: defaultdict[str, set[str]] = defaultdict(set)
        for name, urn in doubled:
            urns_of[name].add(urn)
        terms = [latest(by_name[name], urns, window.interval) for name, urns in urns_of.items()]
        try:
            answer = self._ask(region, " or ".join(terms), window)
        except (TooMuch, NotUnderstood) as problem:
            self._tell_once("latest", f"the order of renamed series is unknown: {problem}")
            return {}
        ended = {}
        for series in answer:
            labels = series.labels()
            name = str(labels.get(FIGURE, "")).partition("/")[0]
            identity = _identity(name, labels)
            for time, value in series.samples():
                ended[identity, round(time)] = value
        return ended

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


def _identity(metric: str, labels: Mapping[str, Any]) -> str:
    return metric + str(sorted((k, v) for k, v in labels.items() if k not in (FIGURE, "__name__")))


def _figures(
    parts: list[_Figured], time: int, interval: int, scale: float, ended: dict[tuple[str, int], float]
) -> IntervalStatistics | None:
    """The figures of one interval, over all parts of the series that have samples in it; None if one is missing."""
    present = [part for part in parts if time in part.figures["avg"]]
    if not all(time in part.figures.get(figure, {}) for part in present for figure in FIGURES):
        return None
    counts = [part.figures["count"][time] for part in present]
    total = sum(counts)
    average = sum(p.figures["avg"][time] * n for p, n in zip(present, counts, strict=True)) / total
    low = min(part.figures["min"][time] for part in present)
    high = max(part.figures["max"][time] for part in present)
    newest = present[0]
    if len(present) > 1:
        name = newest.labels[FIGURE].partition("/")[0]
        newest = max(present, key=lambda part: ended.get((_identity(name, part.labels), time), 0.0))
    last = newest.figures["last"][time]
    return IntervalStatistics(time - interval, average * scale, low * scale, high * scale, last * scale, int(total))
