"""What a metric was measured against in an interval: what was measured then, else what was true then, else nothing."""

from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.table import Capacity


def find_capacity(
    capacity: Capacity | None, resource: Resource | None, start: int, measured: float | None
) -> float | None:
    """The capacity in the interval that begins at `start` (UNIX seconds), in the metric's unit.

    `measured` is the average of the metric that it is measured against, in the same interval, where that is known.
    A field of the resource's record says what the resource is like now: it counts for intervals since it is known to be
    so. A number does not depend on the resource, which may have been deleted since.
    """
    if capacity is None:
        return None
    if capacity.number is not None:
        return capacity.number
    if measured is not None:
        return measured
    if not capacity.path or resource is None or start < resource.unchanged_since:
        return None
    try:
        return float(resource.facts[capacity.path]) * capacity.scale
    except (KeyError, TypeError, ValueError):
        return None
