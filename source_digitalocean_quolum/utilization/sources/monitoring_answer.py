"""Monitoring's answers for one resource: matrices of samples, made the metrics' own samples."""

from collections import defaultdict
from collections.abc import Mapping

from source_digitalocean_quolum.utilization.api import Series
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.samples import Sample
from source_digitalocean_quolum.utilization.sources.intervals import (
    aggregate,
    compute_busy_percent,
    compute_rates,
    merge_samples,
)
from source_digitalocean_quolum.utilization.sources.metric_interval import Labels, select_labels
from source_digitalocean_quolum.utilization.table import MonitoringSeries, parameter_sets
from source_digitalocean_quolum.utilization.windows import Window

# An endpoint's path and its parameters besides the resource and the times.
Query = tuple[str, tuple[tuple[str, str], ...]]
Answers = Mapping[Query, list[Series]]


def sort_parameters(parameters: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Parameters as part of a Query."""
    return tuple(sorted(parameters.items()))


def read_samples(
    series: MonitoringSeries, resource: Resource, answers: Answers, identity: frozenset[str]
) -> dict[Labels, list[Sample]]:
    """The samples of a metric in its own unit (before `scale`), by the labels that tell them apart."""
    parts: defaultdict[Labels, list[list[Sample]]] = defaultdict(list)
    modes: defaultdict[Labels, defaultdict[str, list[list[Sample]]]] = defaultdict(lambda: defaultdict(list))
    for parameters in parameter_sets(series, resource.facts):
        tried = {name: parameters[name] for name in series.each}
        for one in answers.get((series.path, sort_parameters(parameters)), ()):
            labels, samples = {**one.labels(), **tried}, one.samples()
            if series.kind == "busy":
                mode = str(labels.pop(series.label, ""))
                modes[select_labels(labels, identity, series.rename)][mode].append(samples)
            else:
                parts[select_labels(labels, identity, series.rename)].append(samples)
    if series.kind == "busy":
        return {
            labels: compute_busy_percent({mode: merge_samples(some) for mode, some in found.items()}, series.idle)
            for labels, found in modes.items()
        }
    whole = {labels: merge_samples(found) for labels, found in parts.items()}
    if series.kind == "counter":
        return {labels: compute_rates(samples) for labels, samples in whole.items()}
    return whole


def read_capacities(
    series: MonitoringSeries, resource: Resource, answers: Answers, identity: frozenset[str], window: Window
) -> dict[tuple[Labels, int], float]:
    """What another metric is measured against: this one's average, by labels and the start of the interval."""
    found: dict[tuple[Labels, int], float] = {}
    for labels, samples in read_samples(series, resource, answers, identity).items():
        for statistics in aggregate(samples, window.start, window.end, window.interval, series.scale):
            found[labels, statistics.start] = statistics.average
    return found
