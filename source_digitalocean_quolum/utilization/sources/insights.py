"""Metric intervals from DigitalOcean Insights: one query for all resources of a region and all their metrics."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from source_digitalocean_quolum.utilization.api import Absent, MetricsApi, Series
from source_digitalocean_quolum.utilization.resources import Regions, Resource
from source_digitalocean_quolum.utilization.sources.insights_answer import (
    LastSamples,
    SeriesGroups,
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
from source_digitalocean_quolum.utilization.sources.parts import Answered, Failed, ask_in_parts, ask_once
from source_digitalocean_quolum.utilization.sources.promql import (
    STATISTIC_LABEL,
    STATISTICS,
    write_last_sample_query,
    write_query,
)
from source_digitalocean_quolum.utilization.sources.question import Question, Unanswered
from source_digitalocean_quolum.utilization.sources.tally import Tally
from source_digitalocean_quolum.utilization.table import Feature, InsightsSeries, Metric
from source_digitalocean_quolum.utilization.windows import Window

logger = logging.getLogger("airbyte")

# Values in one answer, and series that hold them: so many take 16 and 35 MB while they are read.
MOST_VALUES = 250_000
MOST_SERIES = 40_000

# The series of an answer by what they are of, and when each had its last sample where that is needed.
_Answer = tuple[SeriesGroups, LastSamples]


class Insights:
    """Reads one feature from `/v2/insights/query/{region}/prom/api/v1/query_range` (Prometheus' range query)."""

    name = "insights"

    def __init__(
        self,
        api: MetricsApi,
        feature: Feature,
        metrics: Sequence[Metric],
        resources: Sequence[Resource],
        regions: Regions,
        identity_labels: frozenset[str],
    ) -> None:
        self._api, self._feature = api, feature
        self._metrics = list(metrics)
        self._by_name = {metric.name: metric for metric in metrics}
        self._resources = {resource.urn: resource for resource in resources}
        self._urn_of_id = {resource.id: resource.urn for resource in resources}
        self._regions, self._certain = regions
        self._identity = identity_labels | {STATISTIC_LABEL, "__name__"}
        self._told: set[str] = set()
        self.tally = Tally()

    def count_requests(
        self, windows: int, places: Sequence[str] | None = None, metrics: Sequence[str] | None = None
    ) -> int:
        """Requests for this many windows of these regions and metrics (None: all), on a healthy server."""
        regions = self._regions if places is None else places
        return windows * len(regions) * len(self._split_metrics(self._select_metrics(metrics)))

    def longest_window(self, interval: int) -> int:
        """The longest window that keeps an answer small enough, in seconds."""
        most = max((len(batch) for batch in self._split_metrics(self._metrics)), default=0) * self._series_each
        return max(1, MOST_VALUES // max(1, most)) * interval

    def list_places(self) -> list[str]:
        """The regions that are asked."""
        return self._regions

    def knows(self, place: str) -> bool:
        """Whether the place can be asked: any region can, whether it still holds resources or not."""
        return True

    def has_metric(self, metric: str) -> bool:
        """Whether the metric is one of those that are read."""
        return metric in self._by_name

    @cached_property
    def _series_each(self) -> int:
        """One metric's series in an answer: five statistics and a capacity of each resource, of the largest region."""
        in_region = Counter(region for one in self._resources.values() for region in one.regions)
        homeless = sum(not one.regions for one in self._resources.values())
        return (len(STATISTICS) + 1) * (max(in_region.values(), default=0) + homeless)

    def _split_metrics(self, metrics: Sequence[Metric]) -> list[Sequence[Metric]]:
        """The metrics that are asked for at once: all of them, unless a region has thousands of resources."""
        at_once = max(1, MOST_SERIES // max(1, self._series_each))
        return [metrics[first : first + at_once] for first in range(0, len(metrics), at_once)]

    def _select_metrics(self, names: Sequence[str] | None) -> list[Metric]:
        return [metric for metric in self._metrics if names is None or metric.name in names]

    def read(self, question: Question) -> Iterator[MetricInterval | Unanswered]:
        """The metric intervals of a window, region by region, and what could not be learned.

        Raises Forbidden where the token may not ask, and a config_error where nothing may be asked.
        """
        self.tally.begin_window()
        regions = self._regions if question.places is None else question.places
        troubled = {region for region, _ in question.in_trouble}
        for region in sorted(regions, key=lambda one: one in troubled):
            yield from self._read_region(region, question)

    def _read_region(self, region: str, question: Question) -> Iterator[MetricInterval | Unanswered]:
        metrics = self._select_metrics(question.metrics)
        names = tuple(metric.name for metric in metrics)
        if reason := self.tally.find_reason_to_pass_over(region):
            yield Unanswered(region, names, question.window, "failed", reason)
            return
        sound = [one for one in metrics if (region, one.name) not in question.in_trouble]
        troubled = [one for one in metrics if (region, one.name) in question.in_trouble]
        told = False
        failures: list[Unanswered] = []
        for outcome in self._ask_region(region, [sound, troubled], question):
            if isinstance(outcome, Answered):
                told = True
                self.tally.note_answer(region, [metric.name for metric in outcome.metrics])
                yield from self._read_answer(region, outcome.answer, outcome.window)
            elif self._is_elsewhere(outcome):
                self._tell_once(region, f"Insights has nothing in {region}, where none of the resources is known to be")
                told = True
            else:
                missing = tuple(metric.name for metric in outcome.metrics)
                failures.append(Unanswered(region, missing, outcome.window, outcome.kind, outcome.reason))
                self.tally.note_failure(failures[-1])
        if failures and not told:
            self.tally.note_silence(region, failures[-1].reason)
        yield from failures

    def _ask_region(
        self, region: str, groups: Iterable[Sequence[Metric]], question: Question
    ) -> Iterator[Answered[Metric, _Answer] | Failed[Metric]]:
        def ask(some: Sequence[Metric], part: Window) -> _Answer:
            return self._ask_metrics(region, some, part)

        for group in groups:
            for metrics in self._split_metrics(group):
                if self.tally.is_silent(region):
                    yield ask_once(ask, metrics, question.window)
                else:
                    yield from ask_in_parts(ask, metrics, question.window, question.turn)

    def _is_elsewhere(self, failed: Failed[Metric]) -> bool:
        """Whether a region that was only a guess says that it does not exist."""
        return not self._certain and isinstance(failed.problem, Absent)

    def _ask_metrics(self, region: str, metrics: Sequence[Metric], window: Window) -> _Answer:
        promql = write_query([(one, self._capacity(one)) for one in metrics], window.interval)
        groups, unknown = group_series(self._ask(region, promql, window), lambda labels: self._find_key(labels, region))
        if unknown:
            self._tell_once(f"{region} unknown", f"{unknown} series of {region} do not say whose they are: left out")
        duplicates = find_duplicates(groups)
        return groups, self._ask_last_samples(region, duplicates, window) if duplicates else {}

    def _ask(self, region: str, promql: str, window: Window) -> list[Series]:
        # A range query is evaluated at start, start + step, ...: at the end of each interval.
        form = {
            "query": promql,
            "start": str(window.start + window.interval),
            "end": str(window.end),
            "step": str(window.interval),
        }
        return self._api.post(f"/v2/insights/query/{region}/prom/api/v1/query_range", form)

    def _read_answer(self, region: str, answer: _Answer, window: Window) -> Iterator[MetricInterval]:
        groups, last_samples = answer
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
        return read_last_samples(self._ask(region, " or ".join(terms), window))

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
