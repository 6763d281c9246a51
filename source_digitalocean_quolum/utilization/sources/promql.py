"""One PromQL query for a feature: every metric and every statistic of an interval, told apart by an added label.

All ranges end 1 ms before the end of an interval (`offset 1ms`), so that a sample belongs to [start, end) while the
query's own times stay round. No range is looked at through `timestamp()`, which costs Prometheus 2.42 processor time
by the square of the window.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from source_digitalocean_quolum.utilization.sources.intervals import LOOK_BACK, RESOLUTION
from source_digitalocean_quolum.utilization.table import InsightsSeries, Metric

# The label that tells which metric and which statistic a series of the answer is: "cpu_utilization/avg".
STATISTIC_LABEL = "quolum_statistic"

STATISTICS = ("avg", "min", "max", "last", "count")
CAPACITY = "capacity"

_NUMBERS = "> -Inf < +Inf"


def write_query(
    metrics: Iterable[Metric],
    capacities: Iterable[tuple[Metric, Metric]],
    interval: int,
    filtered: Collection[str] = (),
) -> str:
    """The query for these metrics and for what some of them are measured against, as (metric, capacity).

    `interval` is in seconds; it is evaluated at the end of each interval. The metrics named in `filtered` hold samples
    that are no numbers, which cost several times as much to pass over.
    """
    terms = [
        _add_label(
            f"{statistic}_over_time({select_samples(_series(one), interval, one.name in filtered)})", one, statistic
        )
        for one in metrics
        for statistic in STATISTICS
    ]
    terms += [
        _add_label(f"avg_over_time({select_samples(_series(whole), interval, whole.name in filtered)})", one, CAPACITY)
        for one, whole in capacities
    ]
    return join_terms(terms)


def join_terms(terms: Sequence[str]) -> str:
    """All terms in one query.

    As a balanced tree: each `or` goes through all series to its left, so that in a chain of seventy they cost
    Prometheus several times what the terms themselves do.
    """
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return f"({join_terms(terms[:middle])} or {join_terms(terms[middle:])})"


def write_last_sample_query(metric: Metric, urns: Iterable[str], interval: int) -> str:
    """When each series of a metric had its last sample in the interval, to half a minute, in UNIX seconds.

    `urns` are the labels as they stand in the answer, empty for series without.
    """
    among = "|".join(re.escape(urn).replace("\\", "\\\\") for urn in sorted(urns))
    series = _series(metric)
    newest = _filter_newest(f'{series.series}{{resource_urn=~"{among}"}}')
    if series.sum_over:
        newest = f"max without ({', '.join(series.sum_over)}) ({newest})"
    return _add_label(f"max_over_time((({newest}) * 0 + time()){_write_steps(interval)})", metric, "time")


def select_samples(series: InsightsSeries, interval: int, filtered: bool) -> str:
    """The samples of an interval as a range vector: a gauge's own, a counter's rates."""
    if series.kind == "counter":
        rate = _filter_rates(series.series) if filtered else _compute_rates(series.series)
        if series.sum_over:
            rate = f"sum without ({', '.join(series.sum_over)}) ({rate})"
        return f"({rate}){_write_steps(interval)}"
    if filtered:
        return f"({_filter_newest(series.series)}){_write_steps(interval)}"
    return f"{series.series}[{interval}s] offset 1ms"


def _compute_rates(series: str) -> str:
    """A counter's rate at each step that has a new sample, since the sample before (intervals.compute_rates).

    irate() looks at two neighbouring samples: nothing is extrapolated, and a reset makes no spike. The two counts begin
    at the same moment, so that whether a range includes its beginning (Prometheus 2) or not (3) is the same for both.
    """
    before = f"count_over_time({series}[{LOOK_BACK - RESOLUTION}s] offset {RESOLUTION}001ms)"
    return f"irate({series}[{LOOK_BACK}s] offset 1ms) and count_over_time({series}[{LOOK_BACK}s] offset 1ms) > {before}"


def _filter_rates(series: str) -> str:
    """The same of a counter with samples that are no numbers; their times are known to a step only."""
    newest = _filter_newest(series)
    return f"irate(({newest})[{LOOK_BACK - 1}s:{RESOLUTION}s]) and ({newest})"


def _filter_newest(series: str) -> str:
    """The newest sample of a step if it is a number."""
    return f"last_over_time({series}[{RESOLUTION}s] offset 1ms) {_NUMBERS}"


def _write_steps(interval: int) -> str:
    """The steps of a subquery in an interval: one resolution after its start and on to its end.

    Whether a range includes its own start differs between Prometheus 2 and 3, hence the second less.
    """
    return f"[{interval - 1}s:{RESOLUTION}s]"


def _series(metric: Metric) -> InsightsSeries:
    if metric.insights is None:
        raise ValueError(f"{metric.name} is not in Insights")
    return metric.insights


def _add_label(expression: str, metric: Metric, statistic: str) -> str:
    return f'label_replace({expression}, "{STATISTIC_LABEL}", "{metric.name}/{statistic}", "", "")'
