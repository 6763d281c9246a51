"""Monitoring's answers for one resource: matrices of samples, made the metrics' own samples."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from source_digitalocean_quolum.utilization.api import Series
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.samples import Sample
from source_digitalocean_quolum.utilization.sources.intervals import (
    aggregate,
    compute_busy_percent,
    compute_rates,
    compute_used_percent,
    merge_samples,
)
from source_digitalocean_quolum.utilization.sources.metric_interval import Labels, select_labels
from source_digitalocean_quolum.utilization.table import LabelMeaning, MonitoringSeries, parameter_sets
from source_digitalocean_quolum.utilization.windows import Window

# An endpoint's path and its parameters besides the resource and the times.
Query = tuple[str, tuple[tuple[str, str], ...]]
Answers = Mapping[Query, list[Series]]


def sort_parameters(parameters: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Parameters as part of a Query."""
    return tuple(sorted(parameters.items()))


def list_queries(series: MonitoringSeries, resource: Resource) -> Iterator[Query]:
    """The requests that a metric takes for one resource."""
    for parameters in parameter_sets(series, resource.facts):
        for path in (series.path, *series.left):
            yield path, sort_parameters(parameters)


def read_samples(
    series: MonitoringSeries, resource: Resource, answers: Answers, meaning: LabelMeaning
) -> dict[Labels, list[Sample]]:
    """The samples of a metric in its own unit (before `scale`), by the labels that tell them apart."""
    if series.kind == "busy":
        return _read_busy(series, resource, answers, meaning)
    if series.kind == "used":
        return _read_used(series, resource, answers, meaning)
    return _read_path(series.path, series, resource, answers, meaning)


def _read_path(
    path: str, series: MonitoringSeries, resource: Resource, answers: Answers, meaning: LabelMeaning
) -> dict[Labels, list[Sample]]:
    """The samples of one endpoint; a counter's rates."""
    found: defaultdict[Labels, list[list[Sample]]] = defaultdict(list)
    for labels, samples in _list_series(path, series, resource, answers):
        # As in Insights, a series that begins has no rate at its first sample, also if it goes on for another one.
        rates = compute_rates(samples) if series.kind == "counter" else samples
        found[select_labels(labels, meaning)].append(rates)
    return {labels: merge_samples(parts) for labels, parts in found.items()}


def _read_busy(
    series: MonitoringSeries, resource: Resource, answers: Answers, meaning: LabelMeaning
) -> dict[Labels, list[Sample]]:
    modes: defaultdict[Labels, defaultdict[str, list[list[Sample]]]] = defaultdict(lambda: defaultdict(list))
    for labels, samples in _list_series(series.path, series, resource, answers):
        mode = labels.pop(series.label, "")
        modes[select_labels(labels, meaning)][mode].append(samples)
    return {
        labels: compute_busy_percent({mode: merge_samples(some) for mode, some in found.items()}, series.idle)
        for labels, found in modes.items()
    }


def _read_used(
    series: MonitoringSeries, resource: Resource, answers: Answers, meaning: LabelMeaning
) -> dict[Labels, list[Sample]]:
    left = [_read_path(path, series, resource, answers, meaning) for path in series.left]
    whole = _read_path(series.path, series, resource, answers, meaning)
    return {
        labels: compute_used_percent(samples, [part.get(labels, []) for part in left])
        for labels, samples in whole.items()
    }


def _list_series(
    path: str, series: MonitoringSeries, resource: Resource, answers: Answers
) -> Iterator[tuple[dict[str, str], list[Sample]]]:
    """The series of an endpoint with all their labels; one that came in several answers (parts of a window) is one."""
    parts: defaultdict[tuple[tuple[str, str], ...], list[list[Sample]]] = defaultdict(list)
    for parameters in parameter_sets(series, resource.facts):
        tried = {name: parameters[name] for name in series.each}
        for one in answers.get((path, sort_parameters(parameters)), ()):
            labels = {**one.labels(), **tried}
            parts[sort_parameters({name: str(value) for name, value in labels.items()})].append(one.samples())
    for sorted_labels, found in parts.items():
        yield dict(sorted_labels), merge_samples(found)


def read_capacities(
    series: MonitoringSeries, resource: Resource, answers: Answers, meaning: LabelMeaning, window: Window
) -> dict[tuple[Labels, int], float]:
    """What another metric is measured against: this one's average, by labels and the start of the interval."""
    found: dict[tuple[Labels, int], float] = {}
    for labels, samples in read_samples(series, resource, answers, meaning).items():
        for statistics in aggregate(samples, window.start, window.end, window.interval, series.scale):
            found[labels, statistics.start] = statistics.average
    return found
