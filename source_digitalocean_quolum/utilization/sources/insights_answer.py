"""An answer of Insights: which series belong together, and the statistics that they amount to."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from source_digitalocean_quolum.utilization.api import Series
from source_digitalocean_quolum.utilization.sources.intervals import IntervalStatistics
from source_digitalocean_quolum.utilization.sources.metric_interval import Labels
from source_digitalocean_quolum.utilization.sources.promql import CAPACITY, STATISTIC_LABEL, STATISTICS

# All labels of a series but those that only say what was asked.
Identity = tuple[tuple[str, str], ...]


class SeriesKey(NamedTuple):
    """What is one series to a reader of the warehouse: metric, resource and the labels of a record."""

    metric: str
    urn: str
    labels: Labels


@dataclass(slots=True)
class SourceSeries:
    """One series at Insights; the answer holds a series for each of its statistics."""

    labels: dict[str, str]
    statistics: dict[str, Series] = field(default_factory=dict)

    def decode(self) -> "DecodedSeries":
        """Its statistics, parsed: for one series at a time."""
        values = {name: {round(time): value for time, value in one.samples()} for name, one in self.statistics.items()}
        return DecodedSeries(identify(self.labels), self.labels, values)


@dataclass(slots=True)
class DecodedSeries:
    """One series at Insights, its statistics by name and by the end of the interval (UNIX seconds)."""

    identity: Identity
    labels: dict[str, str]
    values: dict[str, dict[int, float]]


# The series of one key, by all their labels: more than one after a resource was renamed or its tags were changed.
SeriesGroups = dict[SeriesKey, dict[Identity, SourceSeries]]

# When a source series had its last sample in the interval that ends then, in UNIX seconds, by metric and identity.
LastSamples = Mapping[tuple[str, Identity, int], float]


def identify(labels: Mapping[str, Any]) -> Identity:
    """All labels of a series, sorted, without what the query itself added."""
    return tuple(sorted((name, str(v)) for name, v in labels.items() if name not in (STATISTIC_LABEL, "__name__")))


def read_statistic(labels: Mapping[str, Any]) -> tuple[str, str]:
    """Which metric and which of its statistics a series of the answer is."""
    metric, _, statistic = str(labels.get(STATISTIC_LABEL, "")).partition("/")
    return metric, statistic


def group_series(
    answer: list[Series], key_of: Callable[[dict[str, Any]], SeriesKey | None]
) -> tuple[SeriesGroups, int]:
    """The series of an answer, which is emptied, by key; and how many had none."""
    groups: defaultdict[SeriesKey, dict[Identity, SourceSeries]] = defaultdict(dict)
    unknown = 0
    while answer:
        series = answer.pop()
        labels = series.labels()
        key = key_of(labels)
        if key is None:
            unknown += 1
            continue
        source = groups[key].setdefault(identify(labels), SourceSeries(labels))
        source.statistics[read_statistic(labels)[1]] = series
    return dict(groups), unknown


def find_duplicates(groups: SeriesGroups) -> set[tuple[str, str]]:
    """Metrics and URNs of which several source series are one to a reader."""
    return {
        (key.metric, key.urn)
        for key, group in groups.items()
        if sum("avg" in series.statistics for series in group.values()) > 1
    }


def read_last_samples(answer: list[Series]) -> LastSamples:
    """The answer to `write_last_sample_query`."""
    return {
        (read_statistic(labels)[0], identify(labels), round(time)): value
        for series in answer
        for labels in [series.labels()]
        for time, value in series.samples()
    }


def combine_capacities(group: list[DecodedSeries]) -> dict[int, float]:
    """What the metric is measured against, by the end of the interval, where it is a metric itself."""
    capacities: dict[int, float] = {}
    for series in group:
        capacities.update(series.values.get(CAPACITY, {}))
    return capacities


def combine_statistics(
    metric: str, group: list[DecodedSeries], interval: int, scale: float, last_samples: LastSamples
) -> Iterator[IntervalStatistics]:
    """The statistics of each interval over all source series of one key, in order of time."""
    for end in sorted({end for series in group for end in series.values["avg"]}):
        present = [series for series in group if end in series.values["avg"]]
        if all(end in series.values.get(name, {}) for series in present for name in STATISTICS):
            yield _combine_interval(metric, present, end, interval, scale, last_samples)


def _combine_interval(
    metric: str, present: list[DecodedSeries], end: int, interval: int, scale: float, last_samples: LastSamples
) -> IntervalStatistics:
    counts = [series.values["count"][end] for series in present]
    total = sum(counts)
    average = sum(series.values["avg"][end] * count for series, count in zip(present, counts, strict=True)) / total
    newest = max(present, key=lambda series: last_samples.get((metric, series.identity, end), 0.0))
    return IntervalStatistics(
        start=end - interval,
        average=average * scale,
        minimum=min(series.values["min"][end] for series in present) * scale,
        maximum=max(series.values["max"][end] for series in present) * scale,
        last=newest.values["last"][end] * scale,
        samples=int(total),
    )
