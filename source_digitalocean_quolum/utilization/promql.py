"""One PromQL query for a feature: every metric and every figure of an interval, told apart by an added label."""

from collections.abc import Iterable

from source_digitalocean_quolum.utilization.table import InsightsSeries, Metric

# The label that tells which metric and which figure a series of the answer is: "cpu_utilization/avg".
FIGURE = "quolum_figure"

FIGURES = ("avg", "min", "max", "last", "count")
CAPACITY = "capacity"

# A counter's samples are looked at once a minute, DigitalOcean's resolution, and no further back than a gap.
_RESOLUTION = 60
_LOOK_BACK = 300


def query(metrics: Iterable[tuple[Metric, InsightsSeries | None]], interval: int) -> str:
    """The query for these metrics, each with its capacity's series if that is another metric.

    `interval` is in seconds. Evaluated at the end of an interval, `offset 1ms` makes its samples those of
    [start, end) although PromQL's ranges include their end; then the query's own times can stay round.
    """
    terms = []
    for metric, capacity in metrics:
        if metric.insights is None:
            raise ValueError(f"{metric.name} is not in Insights")
        terms += [_term(metric.name, figure, figure, metric.insights, interval) for figure in FIGURES]
        if capacity is not None:
            terms.append(_term(metric.name, CAPACITY, "avg", capacity, interval))
    return " or ".join(terms)


def latest(metric: Metric, urns: Iterable[str], interval: int) -> str:
    """When each series of a metric had its last sample in the interval, in UNIX seconds, for these resources."""
    if metric.insights is None:
        raise ValueError(f"{metric.name} is not in Insights")
    among = "|".join(sorted(urns))
    selector = _selector(metric.insights, f'resource_urn=~"{among}"')
    return _named(f"max_over_time(timestamp({selector})[{interval}s:{_RESOLUTION}s] offset 1ms)", metric.name, "time")


def _term(name: str, figure: str, function: str, series: InsightsSeries, interval: int) -> str:
    return _named(f"{function}_over_time({_samples(series, interval)} offset 1ms)", name, figure)


def _samples(series: InsightsSeries, interval: int) -> str:
    selector = _selector(series)
    if series.kind == "gauge":
        return f"{selector}[{interval}s]"
    # irate() looks at two neighbouring samples, so nothing is extrapolated and a reset makes no spike. The
    # comparison takes each sample once, and none that is older than the grid's last minute.
    fresh = f"irate({selector}[{_LOOK_BACK}s]) and timestamp({selector}) > time() - {_RESOLUTION}"
    return f"({fresh})[{interval}s:{_RESOLUTION}s]"


def _selector(series: InsightsSeries, *more: str) -> str:
    matchers = ",".join([matcher for matcher in (series.where, *more) if matcher])
    return f"{series.series}{{{matchers}}}" if matchers else series.series


def _named(expression: str, name: str, figure: str) -> str:
    return f'label_replace({expression}, "{FIGURE}", "{name}/{figure}", "", "")'
