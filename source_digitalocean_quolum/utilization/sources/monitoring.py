"""The same metric intervals from Monitoring: one request for a metric of a resource, samples made intervals here."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from urllib.parse import urlencode

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
from source_digitalocean_quolum.utilization.sources.intervals import LONGEST_STEP, aggregate
from source_digitalocean_quolum.utilization.sources.metric_interval import Labels, MetricInterval
from source_digitalocean_quolum.utilization.sources.monitoring_answer import (
    Answers,
    Query,
    read_capacities,
    read_samples,
    sort_parameters,
)
from source_digitalocean_quolum.utilization.table import Feature, Metric, MonitoringSeries, parameter_sets
from source_digitalocean_quolum.utilization.windows import Window

logger = logging.getLogger("airbyte")

# 10,080 samples of 120 s: below the 11,000 points at which stock Prometheus refuses an answer.
_LONGEST = 14 * 86400
# Requests of one stream under way at the same time; the budget paces all of them.
_PARALLEL = 4


class Monitoring:
    """Reads one feature from `/v2/monitoring/metrics/<feature>/<metric>` (matrices of samples every 120 s)."""

    name = "monitoring"

    def __init__(
        self,
        api: MetricsApi,
        feature: Feature,
        metrics: Sequence[Metric],
        resources: Sequence[Resource],
        identity_labels: frozenset[str],
    ) -> None:
        self._api, self._feature = api, feature
        self._metrics = list(metrics)
        self._resources = [
            resource
            for resource in resources
            if resource.fits(feature.monitored) and any(resource.has(one) for one in metrics)
        ]
        self._identity = identity_labels | {"__name__"}
        self._told: set[str] = set()

    def count_requests(self, windows: int) -> int:
        """Requests for this many windows; a resource that is younger takes fewer."""
        return windows * sum(len(self._wanted(resource)) for resource in self._resources)

    def longest_window(self, interval: int) -> int:
        """The longest window that one request may cover, in seconds."""
        return _LONGEST

    def read(self, window: Window) -> Iterator[MetricInterval]:
        """The metric intervals of a window, resource by resource.

        A resource that was deleted since it was listed is left out. Raises Forbidden where the token may not
        ask, and a transient failure where a request gets no answer.
        """
        with ThreadPoolExecutor(_PARALLEL, thread_name_prefix=self._feature.stream) as pool:
            for resource, answers in _prefetch(pool, self._due(window), lambda one: self._answers(one, window)):
                if answers is not None:
                    for metric in self._metrics:
                        if resource.has(metric):
                            yield from self._metric(metric, resource, answers, window)

    def _due(self, window: Window) -> Iterator[Resource]:
        return (resource for resource in self._resources if resource.since < window.end)

    def _wanted(self, resource: Resource) -> set[Query]:
        """The requests for one resource, each once although two metrics may need the same one."""
        wanted: set[Query] = set()
        for metric in self._metrics:
            if resource.has(metric):
                for series in filter(None, (metric.monitoring, self._capacity(metric))):
                    wanted.update((series.path, sort_parameters(one)) for one in parameter_sets(series, resource.facts))
        return wanted

    def _answers(self, resource: Resource, window: Window) -> dict[Query, list[Series]] | None:
        answers: dict[Query, list[Series]] = {}
        for path, parameters in sorted(self._wanted(resource)):
            try:
                answers[path, parameters] = self._ask(resource, path, parameters, window.start, window.end)
            except Absent:
                # Listed a moment ago, deleted since; or an endpoint that has nothing for this resource.
                continue
            except (NotUnderstood, Unreadable) as problem:
                self._tell_once(path, f"{path} is left out, DigitalOcean's answer is of no use: {problem}")
        return answers or None

    def _ask(
        self, resource: Resource, path: str, parameters: tuple[tuple[str, str], ...], start: float, end: float
    ) -> list[Series]:
        # A rate needs the sample before the first one of the window.
        params = {
            self._feature.parameter: resource.id,
            **dict(parameters),
            "start": str(int(start - LONGEST_STEP)),
            "end": str(int(end)),
        }
        url = f"/v2/monitoring/metrics/{self._feature.below}/{path}"
        try:
            return self._api.get(url, params)
        except TooMuch as problem:
            if end - start <= LONGEST_STEP:
                what = f"{url}?{urlencode({self._feature.parameter: resource.id})}"
                raise gave_up(self._feature.stream, what, problem) from None
            middle = (start + end) // 2
            return [
                *self._ask(resource, path, parameters, start, middle),
                *self._ask(resource, path, parameters, middle, end),
            ]

    def _metric(self, metric: Metric, resource: Resource, answers: Answers, window: Window) -> Iterator[MetricInterval]:
        series = metric.monitoring
        if series is None:
            return
        capacities = self._capacities(metric, resource, answers, window)
        region = resource.regions[0] if resource.regions else None
        for labels, samples in read_samples(series, resource, answers, self._identity).items():
            fixed = resource.capacity(metric, labels)
            for statistics in aggregate(samples, window.start, window.end, window.interval, series.scale):
                capacity = fixed if fixed is not None else capacities.get((labels, statistics.start))
                yield MetricInterval(
                    metric, resource, resource.urn, resource.name, region, labels, statistics, capacity
                )

    def _capacities(
        self, metric: Metric, resource: Resource, answers: Answers, window: Window
    ) -> dict[tuple[Labels, int], float]:
        series = self._capacity(metric)
        return {} if series is None else read_capacities(series, resource, answers, self._identity, window)

    def _capacity(self, metric: Metric) -> MonitoringSeries | None:
        if metric.capacity is None or not metric.capacity.metric:
            return None
        return self._feature.metric(metric.capacity.metric).monitoring

    def _tell_once(self, about: str, sentence: str) -> None:
        if about not in self._told:
            self._told.add(about)
            logger.warning("%s: %s", self._feature.stream, sentence)


def _prefetch(
    pool: ThreadPoolExecutor, resources: Iterator[Resource], ask: Callable[[Resource], Answers | None]
) -> Iterator[tuple[Resource, Answers | None]]:
    """Each resource with its answers, in order, with a few under way ahead of the one that is being used."""
    under_way: list[tuple[Resource, Future[Answers | None]]] = []

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
