"""Monitoring's requests for one resource: which a metric needs, and what came of each of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from source_digitalocean_quolum.utilization.api import (
    Absent,
    MetricsApi,
    NotUnderstood,
    Series,
    TooMuch,
    single_try,
)
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.sources.intervals import LONGEST_STEP
from source_digitalocean_quolum.utilization.sources.monitoring_answer import Query, list_queries
from source_digitalocean_quolum.utilization.sources.monitoring_windows import LongWindows
from source_digitalocean_quolum.utilization.sources.parts import Answered, Failed, ask_in_parts, ask_once
from source_digitalocean_quolum.utilization.sources.question import Question
from source_digitalocean_quolum.utilization.table import Feature, Metric, MonitoringSeries
from source_digitalocean_quolum.utilization.windows import Window

# Requests for one resource that fail before the others are left out, if none is answered.
_SILENT_QUERIES = 2
# Resources that refuse a path before the others are not asked for it, if none answers it.
_REFUSALS_OF_PATH = 5


@dataclass
class ResourceAnswers:
    """What one resource's requests brought for a window: series, or the parts of the window without any."""

    answers: dict[Query, list[Series]] = field(default_factory=dict)
    failures: dict[Query, list[Failed[str]]] = field(default_factory=dict)

    @property
    def is_absent(self) -> bool:
        """Whether every request was answered by 404: the resource may be gone."""
        failures = [one for some in self.failures.values() for one in some]
        return not self.answers and bool(failures) and all(isinstance(one.problem, Absent) for one in failures)

    def list_failures(self, queries: Iterable[Query]) -> list[Failed[str]]:
        """The failures of these requests."""
        return [one for query in queries for one in self.failures.get(query, ())]


class MonitoringQuestions:
    """Asks `/v2/monitoring/metrics/<feature>/<metric>` for one resource after the other; for several threads."""

    def __init__(self, api: MetricsApi, feature: Feature) -> None:
        self._api, self._feature = api, feature
        self.windows = LongWindows()
        self._answered_paths: set[str] = set()
        self._refusals: Counter[str] = Counter()

    def list_queries(self, metric: Metric, resource: Resource) -> list[Query]:
        """The requests that a metric of a resource takes, those of its capacity included."""
        found: list[Query] = []
        for series in filter(None, (metric.monitoring, self.find_capacity(metric))):
            found += list_queries(series, resource)
        return found

    def find_capacity(self, metric: Metric) -> MonitoringSeries | None:
        """What the metric is measured against, where that is measured itself."""
        whole = self._feature.capacity_of(metric)
        return whole.monitoring if whole else None

    def ask(self, resource: Resource, metrics: Sequence[Metric], question: Question, *, once: bool) -> ResourceAnswers:
        """All requests for a resource, each once although two metrics may need it; what fails is asked in parts.

        Unless `once`: then a failure is not looked into. Raises Forbidden.
        """
        found, window = ResourceAnswers(), question.window
        for query in sorted({query for metric in metrics for query in self.list_queries(metric, resource)}):
            if failed := self._pass_over(query, found, window):
                found.failures[query] = [failed]
                continue

            def ask(_: Sequence[str], part: Window, query: Query = query) -> list[Series]:
                return self._ask_query(resource, query, part)

            path = [query[0]]
            for one in [ask_once(ask, path, window)] if once else ask_in_parts(ask, path, window, question.turn):
                if isinstance(one, Answered):
                    found.answers.setdefault(query, []).extend(one.answer)
                else:
                    found.failures.setdefault(query, []).append(one)
        return found

    def try_query(self, resource: Resource, query: Query, window: Window) -> list[Series] | None:
        """The answer to one request, for an example; None where there is none. Raises Forbidden."""
        with single_try():
            one = ask_once(lambda _, part: self._get(resource, query, part.start, part.end), [query[0]], window)
        return one.answer if isinstance(one, Answered) else None

    def learn(self, found: ResourceAnswers) -> None:
        """Note which paths DigitalOcean knows and which it refuses although it knows the resource."""
        self._answered_paths.update(path for path, _ in found.answers)
        if found.answers:
            refused = {path for (path, _), some in found.failures.items() if any(one.kind == "refused" for one in some)}
            self._refusals.update(refused)

    def _pass_over(self, query: Query, found: ResourceAnswers, window: Window) -> Failed[str] | None:
        path = query[0]
        if path not in self._answered_paths and self._refusals[path] >= _REFUSALS_OF_PATH:
            return Failed([path], window, NotUnderstood(f"{path} was refused for every resource before"))
        if not found.answers and len(found.failures) >= _SILENT_QUERIES:
            last = next(reversed(found.failures.values()))[-1]
            return Failed([path], window, last.problem)
        return None

    def _ask_query(self, resource: Resource, query: Query, window: Window) -> list[Series]:
        def ask(start: int, end: int) -> list[Series]:
            return self._get(resource, query, start, end)

        try:
            return self.windows.read(ask, query[0], window, resource.since)
        except TooMuch:
            if window.halves() or window.interval <= LONGEST_STEP:
                raise
        # Not even one interval at once. Where its last minutes are too much as well, size is not what is wrong.
        self._get(resource, query, window.end - LONGEST_STEP, window.end)
        return self._get_in_halves(resource, query, window.start, window.end)

    def _get_in_halves(self, resource: Resource, query: Query, start: float, end: float) -> list[Series]:
        middle = (start + end) // 2
        found: list[Series] = []
        for first, last in ((start, middle), (middle, end)):
            try:
                found += self._get(resource, query, first, last)
            except TooMuch:
                if last - first <= LONGEST_STEP:
                    raise
                found += self._get_in_halves(resource, query, first, last)
        return found

    def _get(self, resource: Resource, query: Query, start: float, end: float) -> list[Series]:
        path, parameters = query
        # A rate needs the sample before the first one of the window.
        times: Mapping[str, str] = {"start": str(int(start - LONGEST_STEP)), "end": str(int(end))}
        return self._api.get(
            f"/v2/monitoring/metrics/{self._feature.below}/{path}",
            {self._feature.parameter: resource.id, **dict(parameters), **times},
        )
