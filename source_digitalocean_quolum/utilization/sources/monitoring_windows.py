"""How long a window one request to Monitoring may cover: a day, or two weeks where these were seen to be whole."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from source_digitalocean_quolum.utilization.api import Series
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.windows import Window

DAY = 86_400
# What a server does with a window longer than a day is not documented: it may refuse it, leave out its beginning, or
# put fewer samples into it. Two weeks are 10,080 samples of a series, and Prometheus answers 11,000 at most.
_TWO_WEEKS = 14 * DAY
# Below so many days, learning it costs more than it saves.
_WORTH_ASKING = 3 * DAY
# Resources that are tried if the ones before have no samples at both ends.
_EXAMPLES = 3
# Of a series' usual samples a day: where a day has fewer, something may have been left out.
_PLENTY = 0.75

# The samples of a resource from one moment to another (UNIX seconds); None for no usable answer.
Ask = Callable[[Resource, int, int], list[Series] | None]
# Those of one question from one moment to another.
AskTimes = Callable[[int, int], list[Series]]


@dataclass(frozen=True)
class _Whole:
    """The largest answers of an endpoint that were seen to be whole, and the fewest samples of a series a day."""

    series: int
    samples: int
    a_day: int


class LongWindows:
    """What is known of answers for more than a day. Several threads may use it: what one forgets is learned again."""

    def __init__(self) -> None:
        self.longest = DAY
        self._whole: dict[str, _Whole] = {}
        self._not_whole: set[str] = set()

    def learn(self, ask: Ask, resources: Iterable[Resource], start: int, end: int) -> None:
        """Find out the longest window that is answered whole, where the time from `start` to `end` is read.

        It is known when one answer for the whole window holds every sample that its first and its last day hold when
        they are asked for alone.
        """
        longest = min(_TWO_WEEKS, (end - start) // DAY * DAY)
        if longest < _WORTH_ASKING:
            return
        first = end - longest
        for resource in islice((one for one in resources if one.since <= first), _EXAMPLES):
            oldest = _collect(ask(resource, first, first + DAY))
            newest = _collect(ask(resource, end - DAY, end)) if oldest else set()
            if oldest and newest:
                if oldest | newest <= _collect(ask(resource, first, end)):
                    self.longest = longest
                return

    def read(self, ask: AskTimes, path: str, window: Window, since: float) -> list[Series]:
        """The series of a window of one endpoint, of a resource that exists since then.

        One example does not tell how a server answers for another endpoint or for more series. So the first long answer
        of each endpoint is compared with its first and its last day, and so is one that is larger than those before or
        has few samples on one of these days. Where it lacks some of theirs, the endpoint is asked for by days.
        """
        if window.end - window.start <= DAY:
            return ask(window.start, window.end)
        start, end = min(max(window.start, int(since)), window.end - DAY), window.end
        if end - start == DAY:
            return ask(start, end)
        if path not in self._not_whole:
            found = ask(start, end)
            if self._is_known(found, path, start, end):
                return found
            edges = [ask(start, start + DAY), ask(end - DAY, end)]
            if all(_collect(edge) <= _collect(found) for edge in edges):
                self._note_whole(found, path, edges)
                return found
            self._not_whole.add(path)
        return [series for at in range(start, end, DAY) for series in ask(at, min(at + DAY, end))]

    def _is_known(self, found: list[Series], path: str, start: int, end: int) -> bool:
        known = self._whole.get(path)
        if known is None or len(found) > known.series or _count(found, start, end) > known.samples:
            return False
        days = ((start, start + DAY), (end - DAY, end))
        return all(_count([one], *day) >= _PLENTY * known.a_day for one in found for day in days)

    def _note_whole(self, found: list[Series], path: str, edges: list[list[Series]]) -> None:
        known = self._whole.get(path, _Whole(0, 0, 0))
        self._whole[path] = _Whole(
            max(known.series, len(found)),
            max(known.samples, sum(len(one.samples()) for one in found)),
            min((len(one.samples()) for edge in edges for one in edge), default=0),
        )


def _count(found: list[Series], start: int, end: int) -> int:
    return sum(start <= at < end for one in found for at, _ in one.samples())


def _collect(found: list[Series] | None) -> set[tuple[bytes, float, str | float]]:
    return {(bytes(series.metric), at, value) for series in found or () for at, value in series.samples()}
