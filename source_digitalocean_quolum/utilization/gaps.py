"""What a source did not answer: noted in a utilization stream's state, asked for again, and after a week lost."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from source_digitalocean_quolum.utilization.times import format_time, parse_time

# The name in a stream's state.
FIELD = "gaps"
# A gap without a place is one of all regions or resources that its source reads.
EVERYWHERE = ""
# Seconds after which a gap is given up.
LOST_AFTER = 7 * 86400
# What a state holds at most: entries, and names of regions and resources in all of them.
MOST_ENTRIES = 100
MOST_PLACES = 1000

# How the state calls the places of each source.
_PLACES = {"insights": "regions", "monitoring": "resources"}

# Source, place, metric.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """One metric of one place for which a source gave no answer; times are UNIX seconds.

    `place` is a region's slug (Insights answers by region) or a resource's URN (Monitoring answers by resource).
    `since` is when the trouble was first met. An empty gap (`start` equals `end`) holds nothing that is missing: it
    remembers that the place was in trouble up to `start`, so that a new gap from there on is no news.
    """

    source: str
    place: str
    metric: str
    start: int
    end: int
    since: int

    @property
    def key(self) -> Key:
        """What the gap is of, whenever it is."""
        return self.source, self.place, self.metric

    def touches(self, other: "Gap") -> bool:
        """Whether nothing that was answered lies between two gaps of the same key."""
        return self.start <= other.end and other.start <= self.end


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps that differ in place and metric only: one entry of the state, one question to the source."""

    source: str
    places: tuple[str, ...]
    metrics: tuple[str, ...]
    start: int
    end: int
    since: int

    def gaps(self) -> Iterator[Gap]:
        """Each of the gaps."""
        for place in self.places:
            for metric in self.metrics:
                yield Gap(self.source, place, metric, self.start, self.end, self.since)

    def to_state(self) -> dict[str, Any]:
        """As the state holds it."""
        places = {} if self.places == (EVERYWHERE,) else {_PLACES[self.source]: list(self.places)}
        times = {"from": self.start, "to": self.end, "since": self.since}
        written = {name: format_time(seconds) for name, seconds in times.items()}
        return {"source": self.source, **places, "metrics": list(self.metrics), **written}


class OpenGaps:
    """The gaps of one stream. Not for several threads."""

    def __init__(self, gaps: Iterable[Gap] = ()) -> None:
        self._gaps: dict[Key, list[Gap]] = {}
        # What this run met first, and why each key went unanswered when it was asked last.
        self._opened: set[tuple[Key, int]] = set()
        self._reasons: dict[Key, str] = {}
        for gap in gaps:
            self.keep(gap)

    def __iter__(self) -> Iterator[Gap]:
        for gaps in self._gaps.values():
            yield from gaps

    def open(self, gap: Gap, reason: str) -> None:
        """Note a gap of new intervals; one that goes on from a known gap is the same trouble and keeps its age."""
        known = any(gap.touches(other) for other in self._gaps.get(gap.key, ()))
        if not known:
            self._opened.add((gap.key, gap.start))
        self.keep(gap, reason)

    def keep(self, gap: Gap, reason: str = "") -> None:
        """Note a gap that was met before."""
        if reason:
            self._reasons[gap.key] = reason
        others = self._gaps.pop(gap.key, [])
        joined = [other for other in others if other.touches(gap)]
        start = min([gap.start, *(other.start for other in joined)])
        end = max([gap.end, *(other.end for other in joined)])
        since = min([gap.since, *(other.since for other in joined)])
        apart = [other for other in others if other not in joined]
        self._gaps[gap.key] = sorted([*apart, replace(gap, start=start, end=end, since=since)])

    def close(self, key: Key, start: int, end: int) -> None:
        """Forget what is missing of a key from `start` to `end`: it was answered, or is lost."""
        rest = []
        for gap in self._gaps.pop(key, []):
            if gap.end <= start or gap.start >= end:
                rest.append(gap)
                continue
            if gap.start < start:
                rest.append(replace(gap, end=start))
            if gap.end > end:
                rest.append(replace(gap, start=end))
        if rest:
            self._gaps[key] = rest

    def forget_empty(self, until: int) -> None:
        """Forget the troubles of the past that no gap has followed up to `until`."""
        for gap in [one for one in self if one.start == one.end < until]:
            self._gaps[gap.key].remove(gap)
            if not self._gaps[gap.key]:
                del self._gaps[gap.key]

    def give_up(self, now: int, until: int) -> list[Gap]:
        """Close and return the gaps that are a week old; where one reaches to `until`, the trouble is remembered."""
        lost = [gap for gap in self._missing() if now - gap.since >= LOST_AFTER]
        for gap in lost:
            self.close(gap.key, gap.start, gap.end)
            if gap.end == until:
                self.keep(replace(gap, start=until, since=now))
        return lost

    def spread(self, source: str, places: Iterable[str]) -> None:
        """Make gaps of one source that are everywhere those of each of these places."""
        for gap in [one for one in self if one.source == source and one.place == EVERYWHERE]:
            del self._gaps[gap.key]
            for place in places:
                self.keep(replace(gap, place=place))

    def opened(self) -> list[Gap]:
        """The gaps that this run is the first to meet."""
        return [gap for gap in self._missing() if (gap.key, gap.start) in self._opened]

    def known(self) -> list[Gap]:
        """The gaps that an earlier run has met."""
        return [gap for gap in self._missing() if (gap.key, gap.start) not in self._opened]

    def find_reason(self, key: Key) -> str:
        """Why a key was not answered the last time that this run asked; empty if it did not."""
        return self._reasons.get(key, "")

    def in_trouble(self, source: str, until: int) -> set[tuple[str, str]]:
        """Place and metric of the gaps of a source that reach up to this time."""
        return {(gap.place, gap.metric) for gap in self if gap.source == source and gap.end == until}

    def _missing(self) -> Iterator[Gap]:
        return (gap for gap in self if gap.start < gap.end)

    def to_state(self) -> list[dict[str, Any]]:
        """The state's entries. Too many become fewer and wider ones, which are asked for whole: nothing is dropped.

        What is asked for twice is the same row twice. First the gaps of a place become one, then those of a source.
        """
        groups = group(self)
        for widest in (lambda gap: (gap.source, gap.place), lambda gap: (gap.source, EVERYWHERE)):
            if len(groups) <= MOST_ENTRIES and sum(len(one.places) for one in groups) <= MOST_PLACES:
                break
            wider: defaultdict[tuple[str, str], list[Gap]] = defaultdict(list)
            for gap in self:
                wider[widest(gap)].append(gap)
            groups = group(one for place, gaps in wider.items() for one in _widen(place, gaps))
        return [one.to_state() for one in groups]


def group(gaps: Iterable[Gap]) -> list[GapGroup]:
    """Gaps as few questions: the metrics of a place together, and then the places that lack the same."""
    metrics: defaultdict[tuple[str, str, int, int, int], set[str]] = defaultdict(set)
    for gap in gaps:
        metrics[gap.source, gap.place, gap.start, gap.end, gap.since].add(gap.metric)
    places: defaultdict[tuple[str, tuple[str, ...], int, int, int], list[str]] = defaultdict(list)
    for (source, place, *times), names in metrics.items():
        start, end, since = times
        places[source, tuple(sorted(names)), start, end, since].append(place)
    groups = [
        GapGroup(source, tuple(sorted(those)), names, start, end, since)
        for (source, names, start, end, since), those in places.items()
    ]
    return sorted(groups, key=lambda one: (one.start, one.end, one.source, one.metrics, one.places))


def read_gaps(state: Mapping[str, Any]) -> list[Gap]:
    """The gaps in a stream's state; one from before there were any has none. Raises ValueError if it is not ours."""
    entries = state.get(FIELD) or []
    if not isinstance(entries, list):
        raise ValueError(f"`{FIELD}` is no list")
    return [gap for entry in entries for gap in _read_entry(entry).gaps()]


def _read_entry(entry: Any) -> GapGroup:
    try:
        source = entry["source"]
        start, end, since = (int(parse_time(entry[name])) for name in ("from", "to", "since"))
        places = entry.get(_PLACES[source], [EVERYWHERE])
        metrics = entry["metrics"]
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ValueError(f"an entry of `{FIELD}` is not readable ({type(problem).__name__})") from None
    for names in (places, metrics):
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"an entry of `{FIELD}` names no regions, resources or metrics")
    return GapGroup(source, tuple(places), tuple(metrics), start, end, since)


def _widen(place: tuple[str, str], gaps: Iterable[Gap]) -> Iterator[Gap]:
    """One gap for each metric, from the first start to the last end of all, as old as the oldest."""
    those = list(gaps)
    start, end = min(gap.start for gap in those), max(gap.end for gap in those)
    since = min(gap.since for gap in those)
    for metric in {gap.metric for gap in those}:
        yield Gap(*place, metric, start, end, since)
