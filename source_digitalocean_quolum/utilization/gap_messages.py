"""Gaps in words: which region or resource, which metrics, from when to when, for how long already, and why."""

from collections.abc import Iterable, Sequence

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.utilization.gaps import EVERYWHERE, Gap, GapGroup, OpenGaps, group
from source_digitalocean_quolum.utilization.times import format_time

# Names and gaps in one message; the state has all of them.
_MOST_NAMES = 5
_MOST_GAPS = 5

_NOUNS = {"insights": ("region", "regions"), "monitoring": ("resource", "resources")}
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def name_some(names: Iterable[str]) -> str:
    """The first names in alphabetical order, and how many more there are."""
    ordered = sorted(names)
    more = len(ordered) - _MOST_NAMES
    if more <= 1:
        return ", ".join(ordered)
    return f"{', '.join(ordered[:_MOST_NAMES])} and {more} more"


def describe(one: GapGroup) -> str:
    """E.g. "Insights, region fra1, metrics cpu_utilization, memory_total, 2026-01-20T09:00:00Z to ...T12:00:00Z"."""
    noun, nouns = _NOUNS[one.source]
    if one.places == (EVERYWHERE,):
        places = f"all {nouns}"
    else:
        places = f"{noun if len(one.places) == 1 else nouns} {name_some(one.places)}"
    metrics = f"{'metric' if len(one.metrics) == 1 else 'metrics'} {name_some(one.metrics)}"
    times = f"{format_time(one.start)} to {format_time(one.end)}"
    return f"{one.source.capitalize()}, {places}, {metrics}, {times}"


def describe_age(seconds: int) -> str:
    """A length of time in its largest unit: "3 days", "1 hour"."""
    for unit, length in _UNITS:
        if seconds >= length:
            number = seconds // length
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return "less than a minute"


def list_gaps(gaps: Iterable[Gap], open_gaps: OpenGaps, now: int | None = None) -> list[str]:
    """A clause for each group of gaps, with its age if it is `now`, and the reason that was met last.

    The last clause counts those that are not listed.
    """
    groups = group(gaps)
    clauses = [_describe_whole(one, open_gaps, now) for one in groups[:_MOST_GAPS]]
    if more := groups[_MOST_GAPS:]:
        clauses.append(f"and {len(more)} more, which the stream's state lists")
    return clauses


def make_incomplete(stream: str, gaps: Sequence[Gap], open_gaps: OpenGaps) -> AirbyteTracedException:
    """The error that ends the first sync that meets gaps; the platform then tries again."""
    clauses = "; ".join(list_gaps(gaps, open_gaps))
    return AirbyteTracedException(
        message=(
            f"{stream} is not complete, because DigitalOcean did not answer for: {clauses}. Everything else was read. "
            "What is missing is noted in the stream's state, and the next sync asks for it first."
        ),
        failure_type=FailureType.transient_error,
    )


def _describe_whole(one: GapGroup, open_gaps: OpenGaps, now: int | None) -> str:
    age = "" if now is None else f", missing for {describe_age(now - one.since)}"
    reason = open_gaps.find_reason(next(one.gaps()).key)
    return f"{describe(one)}{age} ({reason})" if reason else f"{describe(one)}{age}"
