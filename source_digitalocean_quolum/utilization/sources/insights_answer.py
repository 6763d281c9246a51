"""An answer of Insights: which series belong together, and the statistics that they amount to."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from source_digitalocean_quolum.utilization.api import Series
from source_digitalocean_quolum.utilization.sources.intervals import IntervalStatistics
from source_digitalocean_quolum.utilization.sources.metric_interval import Labels
from source_digitalocean_quolum.utilization.sources.promql import STATISTIC_LABEL, STATISTICS

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


def find_spoiled(answer: Iterable[Series]) -> set[str]:
    """The metrics of which a statistic is no number: some of their samples are none."""
    spoiled = set()
    for series in answer:
        values = bytes(series.values)
        if b"NaN" in values or b"Inf" in values:
            spoiled.add(read_statistic(series.labels())[0])
    return spoiled


def find_duplicates(groups: SeriesGroups) -> dict[str, set[str]]:
    """The URNs of series that are one to a reader although they are several at Insights, as they stand there."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for key, group in groups.items():
        measured = [series for series in group.values() if "avg" in series.statistics]
        if len(measured) > 1:
            found[key.metric].update(series.labels.get("resource_urn", "") for series in measured)
    return dict(found)


def read_last_samples(answer: Iterable[Series]) -> LastSamples:
    """The answer to `write_last_sample_query`."""
    return {
        (read_statistic(labels)[0], identify(labels), round(time)): value
        for series in answer
        for labels in [series.labels()]
        for time, value in series.samples()
    }


def combine_averages(group: Iterable[DecodedSeries], statistic: str) -> dict[int, float]:
    """One statistic of a key, an average, by the end of the interval; where several series tell it, the last one."""
    combined: dict[int, float] = {}
    for series in group:
        combined.update(series.values.get(statistic, {}))
    return combined


def combine_statistics(
    metric: str, group: list[DecodedSeries], interval: int, scale: float, last_samples: LastSamples
) -> Iterator[tuple[IntervalStatistics, DecodedSeries]]:
    """The statistics of each interval over all source series of one key, in order of time, and the newest of these."""
    for end in sorted({end for series in group for end in series.values["avg"]}):
        present = [series for series in group if end in series.values["avg"]]
        if all(end in series.values.get(name, {}) for series in present for name in STATISTICS):
            newest = max(present, key=lambda series: last_samples.get((metric, series.identity, end), 0.0))
            yield _combine_interval(present, newest, end, interval, scale), newest


def _combine_interval(
    present: list[DecodedSeries], newest: DecodedSeries, end: int, interval: int, scale: float
) -> IntervalStatistics:
    counts = [series.values["count"][end] for series in present]
    total = sum(counts)
    average = sum(series.values["avg"][end] * count for series, count in zip(present, counts, strict=True)) / total
    return IntervalStatistics(
        start=end - interval,
        average=average * scale,
        minimum=min(series.values["min"][end] for series in present) * scale,
        maximum=max(series.values["max"][end] for series in present) * scale,
        last=newest.values["last"][end] * scale,
        samples=int(total),
    )
