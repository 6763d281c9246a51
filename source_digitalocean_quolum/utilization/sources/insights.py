"""Metric intervals from DigitalOcean Insights: one query for all resources of a region and all their metrics."""

import logging
from collections.abc import Iterable, Iterator, Sequence

from source_digitalocean_quolum.utilization.api import Absent, MetricsApi, Series
from source_digitalocean_quolum.utilization.resources import Regions, Resource
from source_digitalocean_quolum.utilization.sources.insights_answer import (
    LastSamples,
    SeriesGroups,
    find_duplicates,
    find_spoiled,
    read_last_samples,
    read_statistic,
)
from source_digitalocean_quolum.utilization.sources.insights_plan import InsightsPlan, find_filtered
from source_digitalocean_quolum.utilization.sources.insights_reader import InsightsReader
from source_digitalocean_quolum.utilization.sources.metric_interval import MetricInterval
from source_digitalocean_quolum.utilization.sources.parts import Answered, Failed, ask_in_parts, ask_once
from source_digitalocean_quolum.utilization.sources.promql import join_terms, write_last_sample_query, write_query
from source_digitalocean_quolum.utilization.sources.question import Question, Unanswered
from source_digitalocean_quolum.utilization.sources.tally import Tally
from source_digitalocean_quolum.utilization.table import Feature, Metric, Table
from source_digitalocean_quolum.utilization.windows import Window

logger = logging.getLogger("airbyte")

# The series of an answer by what they are of, and when each had its last sample where that is needed.
_Answer = tuple[SeriesGroups, LastSamples]


class Insights:
    """Reads one feature from `/v2/insights/query/{region}/prom/api/v1/query_range` (Prometheus' range query)."""

    name = "insights"

    def __init__(
        self,
        api: MetricsApi,
        table: Table,
        feature: Feature,
        metrics: Sequence[Metric],
        resources: Sequence[Resource],
        regions: Regions,
    ) -> None:
        self._api, self._feature = api, feature
        self._metrics = list(metrics)
        self._by_name = {metric.name: metric for metric in metrics}
        self._regions, self._certain = regions
        self._plan = InsightsPlan(feature, metrics, resources)
        self._reader = InsightsReader(table, feature, metrics, resources)
        self._filtered = find_filtered(feature, metrics)
        self._told: set[str] = set()
        self.tally = Tally()

    def count_requests(
        self,
        windows: int,
        interval: int,
        places: Sequence[str] | None = None,
        metrics: Sequence[str] | None = None,
    ) -> int:
        """Requests for this many windows of these regions and metrics (None: all), on a healthy server."""
        regions = self._regions if places is None else places
        return windows * len(regions) * len(self._plan.split_metrics(self._select_metrics(metrics), interval))

    def longest_window(self, interval: int) -> int:
        """The longest window that can be asked for at once, in seconds."""
        return self._plan.longest_window(interval)

    def learn_windows(self, start: int, end: int, interval: int) -> None:
        """Nothing to try: what a server answers at most is known (insights_plan.py)."""

    def list_places(self) -> list[str]:
        """The regions that are asked."""
        return self._regions

    def knows(self, place: str) -> bool:
        """Whether the place can be asked: any region can, whether it still holds resources or not."""
        return True

    def has_metric(self, metric: str) -> bool:
        """Whether the metric is one of those that are read."""
        return metric in self._by_name

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
            for metrics in self._plan.split_metrics(group, question.window.interval):
                if self.tally.is_silent(region):
                    yield ask_once(ask, metrics, question.window)
                else:
                    yield from ask_in_parts(ask, metrics, question.window, question.turn)

    def _is_elsewhere(self, failed: Failed[Metric]) -> bool:
        """Whether a region that was only a guess says that it does not exist."""
        return not self._certain and isinstance(failed.problem, Absent)

    def _ask_metrics(self, region: str, metrics: Sequence[Metric], window: Window) -> _Answer:
        groups, unknown = self._reader.group(region, self._ask_series(region, metrics, window))
        if unknown:
            self._tell_once(f"{region} unknown", f"{unknown} series of {region} do not say whose they are: left out")
        return groups, self._ask_last_samples(region, groups, window)

    def _ask_series(self, region: str, metrics: Sequence[Metric], window: Window) -> list[Series]:
        """The series of these metrics; those that turn out to hold samples that are no numbers are asked for anew.

        Prometheus' average of samples of which one is no number is none: such samples have to be passed over.
        """
        answer = self._ask(region, self._write_query(metrics, window), window)
        spoiled = find_spoiled(answer) - self._filtered
        if not spoiled:
            return answer
        self._filtered |= spoiled
        kept = [series for series in answer if read_statistic(series.labels())[0] not in spoiled]
        again = [metric for metric in metrics if metric.name in spoiled]
        return kept + self._ask(region, self._write_query(again, window), window)

    def _write_query(self, metrics: Sequence[Metric], window: Window) -> str:
        return write_query(metrics, self._plan.find_capacities(metrics), window.interval, self._filtered)

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
        yield from self._reader.read(region, groups, last_samples, window)

    def _ask_last_samples(self, region: str, groups: SeriesGroups, window: Window) -> LastSamples:
        """When series that are one to us (a renamed resource, changed tags) had their last samples.

        Which of them was the last one is the one thing that their statistics do not tell.
        """
        terms = [
            write_last_sample_query(self._by_name[name], urns, window.interval)
            for name, urns in find_duplicates(groups).items()
        ]
        return read_last_samples(self._ask(region, join_terms(terms), window)) if terms else {}

    def _tell_once(self, about: str, sentence: str) -> None:
        if about not in self._told:
            self._told.add(about)
            logger.warning("%s: %s", self._feature.stream, sentence)
