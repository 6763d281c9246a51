"""How much is asked of Insights at once: no answer too large for us, no query too heavy for the server."""

import math
from collections import Counter
from collections.abc import Collection, Sequence

from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.sources.intervals import LOOK_BACK, RESOLUTION
from source_digitalocean_quolum.utilization.sources.promql import STATISTICS
from source_digitalocean_quolum.utilization.table import Feature, Metric

# Values in one answer, and series that hold them: so many take 16 and 35 MB while they are read.
MOST_VALUES = 250_000
MOST_SERIES = 40_000
# What a stock Prometheus refuses: more points than this a series, more samples than this in memory at a time.
MOST_POINTS = 11_000
MOST_SAMPLES = 50_000_000
# Seconds of the server's processor for one query, as measured on Prometheus 2.42 (docs/benchmarks.md): far below the
# two minutes after which it gives up, since Insights' machines and their load are not known.
MOST_SECONDS = 12.5

# Samples a second (one a minute), and seconds of processor to read one, to take one step of a subquery, and to put one
# value of the answer together with the others.
_SAMPLES = 1 / 60
_SECONDS_A_SAMPLE = 1e-7
_SECONDS_A_STEP = 1.8e-6
_SECONDS_A_VALUE = 1.2e-5
_FILTERED_COUNTER = 2.0
# A counter's subquery holds its rates and two counts at the same time, and what they make together.
_HELD_TOGETHER = 4
# Series of a metric that are added up: the modes of some cores.
_SUMMED = 16


class InsightsPlan:
    """The windows and batches of one feature; all figures are estimates for the region with most resources."""

    def __init__(self, feature: Feature, metrics: Sequence[Metric], resources: Sequence[Resource]) -> None:
        self._feature, self._metrics = feature, metrics
        in_region = Counter(region for one in resources for region in one.regions)
        homeless = sum(not one.regions for one in resources)
        self._resources = max(1, max(in_region.values(), default=0) + homeless)

    def longest_window(self, interval: int) -> int:
        """The longest window in seconds that can be asked for at once, all batches alike; an interval at least."""
        return min(
            (self._longest(batch, interval) for batch in self.split_metrics(self._metrics, interval)), default=interval
        )

    def split_metrics(self, metrics: Sequence[Metric], interval: int) -> list[Sequence[Metric]]:
        """The metrics that are asked for at once: all, unless so many resources are in a region that it is too much."""
        batches: list[list[Metric]] = []
        for metric in metrics:
            if batches and self._fits([*batches[-1], metric], interval):
                batches[-1].append(metric)
            else:
                batches.append([metric])
        return list(batches)

    def find_capacities(self, metrics: Sequence[Metric]) -> list[tuple[Metric, Metric]]:
        """What these metrics are measured against if it is not asked for among them: (metric, capacity)."""
        asked = {metric.name for metric in metrics}
        pairs = [(metric, self._feature.capacity_of(metric)) for metric in metrics]
        return [(one, whole) for one, whole in pairs if whole and whole.insights and whole.name not in asked]

    def _longest(self, metrics: Sequence[Metric], interval: int) -> int:
        intervals = min(
            MOST_POINTS,
            MOST_VALUES / self._count_series(metrics),
            MOST_SECONDS / self._estimate_seconds(metrics, interval, interval),
            (MOST_SAMPLES / 2 / max(1, self._count_held(metrics, interval)) - LOOK_BACK / interval),
        )
        return max(1, math.floor(intervals)) * interval

    def _fits(self, metrics: Sequence[Metric], interval: int) -> bool:
        """Whether one interval of these metrics can be asked for at once."""
        few_series = self._count_series(metrics) <= MOST_SERIES
        return few_series and self._estimate_seconds(metrics, interval, interval) <= MOST_SECONDS

    def _count_series(self, metrics: Sequence[Metric]) -> int:
        """Series in the answer."""
        return self._resources * (len(STATISTICS) * len(metrics) + len(self.find_capacities(metrics)))

    def _estimate_seconds(self, metrics: Sequence[Metric], window: int, interval: int) -> float:
        """Seconds of the server's processor for a window."""
        filtered = find_filtered(self._feature, self._feature.metrics)
        each = sum(len(STATISTICS) * _cost(metric, filtered) for metric in metrics)
        each += sum(_cost(whole, filtered) for _, whole in self.find_capacities(metrics))
        return self._resources * each * window + self._count_series(metrics) * window / interval * _SECONDS_A_VALUE

    def _count_held(self, metrics: Sequence[Metric], interval: int) -> float:
        """Samples in the server's memory for each interval of the window, for the metric that needs most."""
        most = 0.0
        for metric in metrics:
            if metric.insights and metric.insights.kind == "counter":
                most = max(most, _HELD_TOGETHER * _count_sources(metric) * interval / RESOLUTION)
            else:
                most = max(most, interval * (1 / RESOLUTION if self._feature.nan_between else _SAMPLES))
        return self._resources * most


def find_filtered(feature: Feature, metrics: Sequence[Metric]) -> set[str]:
    """The metrics of which it is known that some samples are no numbers: their counters were not seen to do it."""
    levels = (one.name for one in metrics if one.insights and one.insights.kind != "counter")
    return set(levels) if feature.nan_between else set()


def _cost(metric: Metric, filtered: Collection[str]) -> float:
    """Seconds of processor for one statistic of one resource and a second of the window."""
    counts = metric.insights is not None and metric.insights.kind == "counter"
    if not counts and metric.name not in filtered:
        return _SAMPLES * _SECONDS_A_SAMPLE
    factor = _FILTERED_COUNTER if counts and metric.name in filtered else 1
    return factor * _count_sources(metric) * _SECONDS_A_STEP / RESOLUTION


def _count_sources(metric: Metric) -> int:
    return _SUMMED if metric.insights and metric.insights.sum_over else 1
