"""One PromQL query for a feature: every metric and every figure of an interval, told apart by an added label."""

from collections.abc import Iterable

from source_digitalocean_quolum.utilization.table import InsightsSeries, Metric

# The label that tells which metric and which figure a series of the answer is: "cpu_utilization/avg".
FIGURE = "quolum_figure"

FIGURES = ("avg", "min", "max", "last", "count")
CAPACITY = "capacity"

# A counter is looked at twice a minute. DigitalOcean samples once a minute at most, so that no look finds two new
# samples; and a gap is one of more than 300 s (LONGEST_STEP), seen from up to one look later.
_LOOK = 30
_LOOK_BACK = 300 + _LOOK


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
    return _named(f"max_over_time(timestamp({selector} offset 1ms){_looks(interval)})", metric.name, "time")


def _term(name: str, figure: str, function: str, series: InsightsSeries, interval: int) -> str:
    return _named(f"{function}_over_time({_samples(series, interval)})", name, figure)


def _samples(series: InsightsSeries, interval: int) -> str:
    selector = _selector(series)
    if series.kind == "gauge":
        return f"{selector}[{interval}s] offset 1ms"
    # irate() looks at two neighbouring samples, so nothing is extrapolated and a reset makes no spike. The
    # comparison lets each look find only what is new since the one before: each sample once.
    fresh = f"irate({selector}[{_LOOK_BACK}s] offset 1ms) and timestamp({selector} offset 1ms) >= time() - {_LOOK}"
    return f"({fresh}){_looks(interval)}"


def _looks(interval: int) -> str:
    """The looks at an interval: `_LOOK` after its start and on to its end, but not at its start.

    Whether a range includes its own start differs between Prometheus 2 and 3, hence the second less.
    """
    return f"[{interval - 1}s:{_LOOK}s]"


def _selector(series: InsightsSeries, *more: str) -> str:
    matchers = ",".join([matcher for matcher in (series.where, *more) if matcher])
    return f"{series.series}{{{matchers}}}" if matchers else series.series


def _named(expression: str, name: str, figure: str) -> str:
    return f'label_replace({expression}, "{FIGURE}", "{name}/{figure}", "", "")'
