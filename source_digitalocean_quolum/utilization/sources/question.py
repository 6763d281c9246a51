"""What a source is asked, and what it says of the part that it could not learn."""

from dataclasses import dataclass
from typing import Literal

from source_digitalocean_quolum.utilization.windows import Window

# Place and metric: a region's slug and a metric of Insights, a resource's URN and a metric of Monitoring.
PlaceMetric = tuple[str, str]

# "refused": DigitalOcean says that it does not know this (400, 404, 422); "failed": there was no usable answer.
FailureKind = Literal["refused", "failed"]


@dataclass(frozen=True, slots=True)
class Question:
    """All intervals of a window, of all places and metrics that the source reads unless some are named.

    What is `in_trouble` was not answered the last time: it is asked for apart, so that it costs nothing else. `turn`
    differs from sync to sync: what is tried as an example of many things is then another one.
    """

    window: Window
    places: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    in_trouble: frozenset[PlaceMetric] = frozenset()
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Metrics of one place that a source did not tell for a window, and why, in words for an operator."""

    place: str
    metrics: tuple[str, ...]
    window: Window
    kind: FailureKind
    reason: str
