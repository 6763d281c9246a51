"""One PromQL query for a feature: every metric and every statistic of an interval, told apart by an added label."""

from collections.abc import Iterable

from source_digitalocean_quolum.utilization.table import InsightsSeries, Metric

# The label that tells which metric and which statistic a series of the answer is: "cpu_utilization/avg".
STATISTIC_LABEL = "quolum_statistic"

STATISTICS = ("avg", "min", "max", "last", "count")
CAPACITY = "capacity"

# The resolution of a counter's subquery: twice a minute. DigitalOcean samples once a minute at most, so that no step
# finds two new samples; and a gap is one of more than 300 s (LONGEST_STEP), seen from up to one step later.
_RESOLUTION = 30
_LOOK_BACK = 300 + _RESOLUTION


def write_query(metrics: Iterable[tuple[Metric, InsightsSeries | None]], interval: int) -> str:
    """The query for these metrics, each with its capacity's series if that is another metric.

    `interval` is in seconds. Evaluated at the end of an interval, `offset 1ms` makes its samples those of
    [start, end) although PromQL's ranges include their end; then the query's own times can stay round.
    """
    terms = []
    for metric, capacity in metrics:
        if metric.insights is None:
            raise ValueError(f"{metric.name} is not in Insights")
        terms += [_over_time(metric.name, name, name, metric.insights, interval) for name in STATISTICS]
        if capacity is not None:
            terms.append(_over_time(metric.name, CAPACITY, "avg", capacity, interval))
    return " or ".join(terms)


def write_last_sample_query(metric: Metric, urns: Iterable[str], interval: int) -> str:
    """When each series of a metric had its last sample in the interval, in UNIX seconds, for these resources."""
    if metric.insights is None:
        raise ValueError(f"{metric.name} is not in Insights")
    among = "|".join(sorted(urns))
    selector = _write_selector(metric.insights, f'resource_urn=~"{among}"')
    return _add_label(f"max_over_time(timestamp({selector} offset 1ms){_write_range(interval)})", metric.name, "time")


def _over_time(name: str, statistic: str, function: str, series: InsightsSeries, interval: int) -> str:
    return _add_label(f"{function}_over_time({_select_samples(series, interval)})", name, statistic)


def _select_samples(series: InsightsSeries, interval: int) -> str:
    selector = _write_selector(series)
    if series.kind == "gauge":
        return f"{selector}[{interval}s] offset 1ms"
    # irate() looks at two neighbouring samples, so nothing is extrapolated and a reset makes no spike. The
    # comparison lets each step find only what is new since the one before: each sample once.
    rate = f"irate({selector}[{_LOOK_BACK}s] offset 1ms)"
    return f"({rate} and timestamp({selector} offset 1ms) >= time() - {_RESOLUTION}){_write_range(interval)}"


def _write_range(interval: int) -> str:
    """The steps of a subquery in an interval: `_RESOLUTION` after its start and on to its end, but not at its start.

    Whether a range includes its own start differs between Prometheus 2 and 3, hence the second less.
    """
    return f"[{interval - 1}s:{_RESOLUTION}s]"


def _write_selector(series: InsightsSeries, *more: str) -> str:
    matchers = ",".join([matcher for matcher in (series.where, *more) if matcher])
    return f"{series.series}{{{matchers}}}" if matchers else series.series


def _add_label(expression: str, metric: str, statistic: str) -> str:
    return f'label_replace({expression}, "{STATISTIC_LABEL}", "{metric}/{statistic}", "", "")'
