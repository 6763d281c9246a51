"""What one source has answered in this run, and where asking is no longer worth its requests."""

from collections import Counter
from collections.abc import Iterable

from source_digitalocean_quolum.utilization.sources.question import PlaceMetric, Unanswered

# Windows in a row in which a place answers nothing before it is left alone until the next sync.
_SILENT_WINDOWS = 2
# Places in a row that answer nothing before the rest of a window is left alone.
_SILENT_PLACES = 5


class Tally:
    """Places and metrics answered or not. Threads may read it; one writes."""

    def __init__(self) -> None:
        self._answered: set[PlaceMetric] = set()
        self._refused: set[PlaceMetric] = set()
        self._failed_metrics: set[str] = set()
        self._silences: Counter[str] = Counter()
        self._in_a_row = 0
        self._last_reason = ""

    def begin_window(self) -> None:
        """Each window asks anew the first places."""
        self._in_a_row = 0

    def note_answer(self, place: str, metrics: Iterable[str]) -> None:
        """The place has told these metrics."""
        self._answered.update((place, metric) for metric in metrics)
        self._silences[place] = 0
        self._in_a_row = 0

    def note_failure(self, failed: Unanswered) -> None:
        """The place has not told these metrics."""
        if failed.kind == "refused":
            self._refused.update((failed.place, metric) for metric in failed.metrics)
        else:
            self._failed_metrics.update(failed.metrics)

    def note_silence(self, place: str, reason: str) -> None:
        """The place has told nothing at all in a window."""
        self._silences[place] += 1
        self._in_a_row += 1
        self._last_reason = reason

    def is_silent(self, place: str) -> bool:
        """Whether the place told nothing when it was asked last."""
        return self._silences[place] > 0

    def find_reason_to_pass_over(self, place: str) -> str | None:
        """Why the place is not asked in this window; None if it is."""
        if self._silences[place] >= _SILENT_WINDOWS:
            return f"not asked any more in this sync, after {self._last_reason}"
        if self._in_a_row >= _SILENT_PLACES:
            return f"not asked, since the ones before it did not answer: {self._last_reason}"
        return None

    def is_unknown(self, metric: str) -> bool:
        """Whether DigitalOcean seems not to have this metric at all.

        It was refused wherever it was asked for, and not for the place's sake: other metrics were answered there.
        """
        places = {place for place, name in self._refused if name == metric}
        answered_at = {place for place, _ in self._answered}
        answered = any(name == metric for _, name in self._answered)
        return bool(places) and not answered and metric not in self._failed_metrics and places <= answered_at
