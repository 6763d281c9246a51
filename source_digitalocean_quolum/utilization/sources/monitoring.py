"""The same metric intervals from Monitoring: one request for a metric of a resource, samples made intervals here."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.utilization.api import MetricsApi
from source_digitalocean_quolum.utilization.gap_messages import name_some
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.sources.capacity import find_capacity
from source_digitalocean_quolum.utilization.sources.intervals import aggregate
from source_digitalocean_quolum.utilization.sources.metric_interval import Labels, MetricInterval
from source_digitalocean_quolum.utilization.sources.monitoring_answer import (
    Answers,
    Query,
    read_capacities,
    read_samples,
)
from source_digitalocean_quolum.utilization.sources.monitoring_questions import MonitoringQuestions, ResourceAnswers
from source_digitalocean_quolum.utilization.sources.monitoring_windows import DAY
from source_digitalocean_quolum.utilization.sources.question import Question, Unanswered
from source_digitalocean_quolum.utilization.sources.tally import Tally
from source_digitalocean_quolum.utilization.table import Feature, Metric, Table
from source_digitalocean_quolum.utilization.windows import Window, count_windows

T = TypeVar("T")

logger = logging.getLogger("airbyte")

# Requests of one stream under way at the same time; the budget paces all of them.
_PARALLEL = 4


class Monitoring:
    """Reads one feature from `/v2/monitoring/metrics/<feature>/<metric>` (matrices of samples every 120 s)."""

    name = "monitoring"

    def __init__(
        self,
        api: MetricsApi,
        table: Table,
        feature: Feature,
        metrics: Sequence[Metric],
        resources: Sequence[Resource],
        find_deleted: Callable[[Iterable[str]], set[str]],
    ) -> None:
        """`find_deleted` tells which of some resources are no longer listed."""
        self._feature, self._questions = feature, MonitoringQuestions(api, feature)
        self._metrics = list(metrics)
        self._resources = {
            resource.urn: resource
            for resource in resources
            if feature.monitoring
            and resource.fits(feature.monitoring.where)
            and any(resource.has(one) for one in metrics)
        }
        self._labels = table.labels
        self._find_deleted = find_deleted
        self._still_there: set[str] = set()
        self.tally = Tally()

    def count_requests(
        self,
        windows: int,
        interval: int,
        places: Sequence[str] | None = None,
        metrics: Sequence[str] | None = None,
    ) -> int:
        """Requests for this many windows of these resources and metrics (None: all); a younger one takes fewer."""
        chosen = self._resources.values() if places is None else self._select_resources(places)
        return windows * sum(len(self._list_queries(resource, metrics)) for resource in chosen)

    def longest_window(self, interval: int) -> int:
        """The longest window that one request may cover, in seconds, as far as is known."""
        return self._questions.windows.longest

    def learn_windows(self, start: int, end: int, interval: int) -> None:
        """Try whether a longer window than a day is answered whole, before the time from `start` to `end` is read.

        Raises Forbidden where the token may not ask.
        """
        asked = ((one, self._list_queries(one, None)) for one in self._resources.values())
        queries = {resource.urn: min(found) for resource, found in asked if found}
        resources = [resource for urn, resource in self._resources.items() if urn in queries]
        windows = self._questions.windows
        windows.learn(
            lambda one, first, last: self._questions.try_query(
                one, queries[one.urn], Window(first, last, last - first)
            ),
            resources,
            start,
            end,
        )
        if windows.longest > DAY:
            logger.info(
                "%s: Monitoring answers %d days at once, so that it takes %s requests",
                self._feature.stream,
                windows.longest // DAY,
                f"{self.count_requests(count_windows(start, end, interval, windows.longest), interval):,}",
            )

    def list_places(self) -> list[str]:
        """The URNs of the resources that are asked for."""
        return list(self._resources)

    def knows(self, place: str) -> bool:
        """Whether the place can be asked: a resource that was deleted cannot."""
        return place in self._resources

    def has_metric(self, metric: str) -> bool:
        """Whether the metric is one of those that are read."""
        return any(one.name == metric for one in self._metrics)

    def read(self, question: Question) -> Iterator[MetricInterval | Unanswered]:
        """The metric intervals of a window, resource by resource, and what could not be learned.

        A resource that was deleted since it was listed is left out. Raises Forbidden where the token may not ask,
        and a config_error where nothing may be asked.
        """
        self.tally.begin_window()
        absent: list[tuple[Resource, ResourceAnswers]] = []
        with ThreadPoolExecutor(_PARALLEL, thread_name_prefix=self._feature.stream) as pool:
            for resource, found in _prefetch(pool, self._list_due(question), lambda one: self._ask(one, question)):
                if isinstance(found, Unanswered):
                    yield found
                elif found.is_absent:
                    absent.append((resource, found))
                else:
                    yield from self._read_answers(resource, found, question)
        for resource, found in self._leave_out_deleted(absent):
            yield from self._read_answers(resource, found, question)

    def _list_due(self, question: Question) -> Iterator[Resource]:
        """The resources that existed in the window, those in trouble last."""
        chosen = self._resources.values() if question.places is None else self._select_resources(question.places)
        troubled = {urn for urn, _ in question.in_trouble}
        due = [resource for resource in chosen if resource.since < question.window.end]
        return iter(sorted(due, key=lambda resource: resource.urn in troubled))

    def _select_resources(self, urns: Sequence[str]) -> list[Resource]:
        return [self._resources[urn] for urn in urns if urn in self._resources]

    def _select_metrics(self, resource: Resource, names: Sequence[str] | None) -> list[Metric]:
        return [one for one in self._metrics if (names is None or one.name in names) and resource.has(one)]

    def _list_queries(self, resource: Resource, names: Sequence[str] | None) -> set[Query]:
        metrics = self._select_metrics(resource, names)
        return {query for metric in metrics for query in self._questions.list_queries(metric, resource)}

    def _ask(self, resource: Resource, question: Question) -> ResourceAnswers | Unanswered:
        """In a thread of its own: whether to ask for a resource, and then its answers."""
        metrics = self._select_metrics(resource, question.metrics)
        if reason := self.tally.find_reason_to_pass_over(resource.urn):
            names = tuple(metric.name for metric in metrics)
            return Unanswered(resource.urn, names, question.window, "failed", reason)
        once = self.tally.is_silent(resource.urn)
        return self._questions.ask(resource, metrics, question, once=once)

    def _leave_out_deleted(
        self, absent: Sequence[tuple[Resource, ResourceAnswers]]
    ) -> Iterator[tuple[Resource, ResourceAnswers]]:
        """Of the resources that Monitoring does not know, those that are listed still."""
        in_doubt = {resource.urn for resource, _ in absent} - self._still_there
        deleted: set[str] = set()
        if in_doubt:
            try:
                deleted = self._find_deleted(in_doubt)
            except AirbyteTracedException as problem:
                logger.warning(
                    "%s: whether %s were deleted is unknown: %s",
                    self._feature.stream,
                    name_some(in_doubt),
                    problem.message,
                )
            self._still_there |= in_doubt - deleted
        if deleted:
            logger.info("%s: deleted during the sync: %s", self._feature.stream, name_some(deleted))
        return (one for one in absent if one[0].urn not in deleted)

    def _read_answers(
        self, resource: Resource, found: ResourceAnswers, question: Question
    ) -> Iterator[MetricInterval | Unanswered]:
        self._questions.learn(found)
        unanswered: list[Unanswered] = []
        for metric in self._select_metrics(resource, question.metrics):
            failures = found.list_failures(self._questions.list_queries(metric, resource))
            if question.window not in [failed.window for failed in failures]:
                self.tally.note_answer(resource.urn, [metric.name])
                for one in self._metric(metric, resource, found.answers, question.window):
                    if not any(part.window.start <= one.statistics.start < part.window.end for part in failures):
                        yield one
            for failed in failures:
                unanswered.append(Unanswered(resource.urn, (metric.name,), failed.window, failed.kind, failed.reason))
                self.tally.note_failure(unanswered[-1])
        if unanswered and not found.answers:
            self.tally.note_silence(resource.urn, unanswered[-1].reason)
        yield from unanswered

    def _metric(self, metric: Metric, resource: Resource, answers: Answers, window: Window) -> Iterator[MetricInterval]:
        series = metric.monitoring
        if series is None:
            return
        capacities = self._capacities(metric, resource, answers, window)
        # Where one of several data centres holds an app, Monitoring does not say which.
        region = resource.regions[0] if len(resource.regions) == 1 else None
        for labels, samples in read_samples(series, resource, answers, self._labels).items():
            for statistics in aggregate(samples, window.start, window.end, window.interval, series.scale):
                measured = capacities.get((labels, statistics.start))
                capacity = find_capacity(metric.measured_against, resource, statistics.start, measured)
                yield MetricInterval(
                    metric, resource.urn, resource.id, resource.name, region, labels, statistics, capacity
                )

    def _capacities(
        self, metric: Metric, resource: Resource, answers: Answers, window: Window
    ) -> dict[tuple[Labels, int], float]:
        series = self._questions.find_capacity(metric)
        return {} if series is None else read_capacities(series, resource, answers, self._labels, window)


def _prefetch(
    pool: ThreadPoolExecutor, resources: Iterator[Resource], ask: Callable[[Resource], T]
) -> Iterator[tuple[Resource, T]]:
    """Each resource with its answers, in order, with a few under way ahead of the one that is being used."""
    under_way: list[tuple[Resource, Future[T]]] = []

    def submit(number: int) -> None:
        under_way.extend((one, pool.submit(ask, one)) for one in islice(resources, number))

    submit(_PARALLEL)
    try:
        while under_way:
            resource, future = under_way.pop(0)
            found = future.result()
            submit(1)
            yield resource, found
    finally:
        for _, future in under_way:
            future.cancel()
