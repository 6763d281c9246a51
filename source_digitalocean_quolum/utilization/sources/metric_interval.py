"""What a source tells of one interval of one series, and the labels that tell a resource's series apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.sources.intervals import IntervalStatistics
from source_digitalocean_quolum.utilization.table import Metric

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MetricInterval:
    """The statistics of one metric of one resource, for one set of labels and one interval.

    `resource` is None where the inventory no longer knows the URN: the resource was deleted since.
    """

    metric: Metric
    resource: Resource | None
    urn: str
    name: str | None
    region: str | None
    labels: Labels
    statistics: IntervalStatistics
    capacity: float | None


def select_labels(labels: Mapping[str, Any], identity: frozenset[str], rename: Mapping[str, str]) -> Labels:
    """The labels that tell series of one resource apart, sorted, by the names that both sources share."""
    own = [(rename.get(name, name), str(value)) for name, value in labels.items() if name not in identity]
    return tuple(sorted(own))
