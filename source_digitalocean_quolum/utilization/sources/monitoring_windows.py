"""How long a window one request to Monitoring may cover: a day, or two weeks where these were seen to be whole."""

from collections.abc import Callable, Iterable
from itertools import islice

from source_digitalocean_quolum.utilization.api import Series
from source_digitalocean_quolum.utilization.resources import Resource

DAY = 86_400
# What a server does with a window longer than a day is not documented: it may refuse it, leave out its beginning, or
# put fewer samples into it. Two weeks are 10,080 samples of a series, and Prometheus answers 11,000 at most.
_TWO_WEEKS = 14 * DAY
# Below so many days, learning it costs more than it saves.
_WORTH_ASKING = 3 * DAY
# Resources that are tried if the ones before have no samples at both ends.
_EXAMPLES = 3

# The samples of a resource from one moment to another (UNIX seconds); None for no usable answer.
Ask = Callable[[Resource, int, int], list[Series] | None]


def find_longest_window(ask: Ask, resources: Iterable[Resource], start: int, end: int) -> int:
    """The longest window that is known to be answered whole, in seconds, where the time from `start` to `end` is read.

    It is known when one answer for the whole window holds every sample that its first and its last day hold when they
    are asked for alone.
    """
    longest = min(_TWO_WEEKS, (end - start) // DAY * DAY)
    if longest < _WORTH_ASKING:
        return DAY
    first = end - longest
    for resource in islice((one for one in resources if one.since <= first), _EXAMPLES):
        oldest = _samples(ask(resource, first, first + DAY))
        newest = _samples(ask(resource, end - DAY, end)) if oldest else set()
        if oldest and newest:
            return longest if oldest | newest <= _samples(ask(resource, first, end)) else DAY
    return DAY


def _samples(found: list[Series] | None) -> set[tuple[bytes, float, str | float]]:
    return {(bytes(series.metric), at, value) for series in found or () for at, value in series.samples()}
