"""What a source tells of one interval of one series, and the labels that tell a resource's series apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from source_digitalocean_quolum.utilization.sources.intervals import IntervalStatistics
from source_digitalocean_quolum.utilization.table import LabelMeaning, Metric

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MetricInterval:
    """The statistics of one metric of one resource, for one set of labels and one interval."""

    metric: Metric
    urn: str
    resource_id: str
    name: str | None
    region: str | None
    labels: Labels
    statistics: IntervalStatistics
    capacity: float | None


def select_labels(labels: Mapping[str, Any], meaning: LabelMeaning, *ignored: str) -> Labels:
    """The labels that tell series of one resource apart, sorted, by the names that both sources share."""
    left_out = meaning.identity.union(ignored)
    own = [(meaning.rename.get(name, name), str(value)) for name, value in labels.items() if name not in left_out]
    return tuple(sorted(own))
