"""Reads one utilization stream: what is missing first, then the new intervals window by window."""

import logging
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Protocol

from airbyte_cdk.models import AirbyteMessage

from source_digitalocean_quolum.records.page import PagePartition, RecordPage
from source_digitalocean_quolum.utilization.api import Forbidden
from source_digitalocean_quolum.utilization.gap_messages import list_gaps, make_incomplete
from source_digitalocean_quolum.utilization.gaps import Gap, OpenGaps, group
from source_digitalocean_quolum.utilization.records import RecordBuilder
from source_digitalocean_quolum.utilization.run import RunTimes, Source, UtilizationRun
from source_digitalocean_quolum.utilization.sources.metric_interval import MetricInterval
from source_digitalocean_quolum.utilization.sources.question import Question, Unanswered
from source_digitalocean_quolum.utilization.table import Feature
from source_digitalocean_quolum.utilization.times import format_time
from source_digitalocean_quolum.utilization.windows import Window, split_windows

logger = logging.getLogger("airbyte")

# Records handed on together.
_AT_ONCE = 200

Pages = Iterator[RecordPage | AirbyteMessage]


class Progress(Protocol):
    """How far a stream has come (UtilizationCursor): the next interval, and what is missing before it."""

    next: int
    gaps: OpenGaps

    def make_state(self) -> AirbyteMessage:
        """The state as it is now."""


class UtilizationReader(PagePartition):
    """The one partition of a stream: its gaps, and then its windows, one after the other.

    Among its records it yields the states in between: the CDK queues what a partition yields in order, so a state
    is always behind what it covers. (A state emitted past the partition would overtake records still in a batch.)
    """

    def __init__(self, feature: Feature, run: UtilizationRun, progress: Progress) -> None:
        self._feature, self._run, self._progress = feature, run, progress
        self._stream = feature.stream

    def read_pages(self) -> Pages:
        """The records of all gaps and of all closed intervals since the cursor.

        Raises a transient error at the end if something went unanswered that no sync has missed before.
        """
        times = self._run.begin()
        self._check_position(times)
        inventory = self._run.inventory
        if not inventory.resources_for(self._feature) and inventory.is_refused(self._feature):
            # Which resources there are is not known, and the log says what the token lacks.
            return
        sources = self._run.list_sources(self._feature)
        yield from self._fill_gaps(sources)
        yield from self._give_up_old_gaps(times.now)
        yield from self._read_new(sources, times)
        self._tell(sources, times.now)

    def to_slice(self) -> Mapping[str, Any]:
        """Nothing tells the one partition from another."""
        return {}

    def stream_name(self) -> str:
        """See Partition."""
        return self._stream

    def __hash__(self) -> int:
        return hash(self._stream)

    def _check_position(self, times: RunTimes) -> None:
        """Say where the stream begins anew; one whose clock was wrong once goes on from now, or would read nothing."""
        position = self._run.selected[self._stream]
        if position.problem:
            logger.warning(
                "The state of stream %s is not one this version can go on from (%s): the stream begins at the start "
                "date again. Nothing is lost; records are repeated.",
                self._stream,
                position.problem,
            )
        progress = self._progress
        if position.has_state and progress.next > times.now:
            logger.warning(
                "Stream %s has a state from the future (%s): it goes on at %s. What it has passed over, when a clock "
                "was wrong, only a full refresh brings.",
                self._stream,
                format_time(progress.next),
                format_time(times.end),
            )
            progress.next = times.end
        progress.gaps = OpenGaps(
            replace(gap, end=min(gap.end, progress.next), since=min(gap.since, times.now))
            for gap in progress.gaps
            if gap.start <= progress.next
        )

    def _list_candidates(self, sources: list[Source]) -> list[Source]:
        return [source for source in sources if not self._run.is_refused(source.name)]

    def _fill_gaps(self, sources: list[Source]) -> Pages:
        for source in self._list_candidates(sources):
            self._leave_out_unaskable(source)
            missing = (gap for gap in self._progress.gaps if gap.source == source.name and gap.start < gap.end)
            try:
                for one in group(missing):
                    for window in split_windows(one.start, one.end, *self._measure(source)):
                        asked = Question(window, self._rotate(one.places), one.metrics, turn=self._turn())
                        unanswered = yield from self._read(source, asked)
                        self._settle(source, asked, unanswered, one.since)
                        yield self._progress.make_state()
            except Forbidden as problem:
                self._run.note_refusal(source.name, str(problem))

    def _leave_out_unaskable(self, source: Source) -> None:
        """Close the gaps of metrics that are no longer read and of resources that no longer exist."""
        gaps = self._progress.gaps
        gaps.spread(source.name, source.list_places())
        unwanted = [gap for gap in gaps if gap.source == source.name and not source.has_metric(gap.metric)]
        deleted = [gap for gap in gaps if gap.source == source.name and not source.knows(gap.place)]
        for gap in (*unwanted, *deleted):
            gaps.close(gap.key, gap.start, gap.end)
        if deleted:
            clauses = "; ".join(list_gaps(deleted, gaps))
            logger.warning("%s: deleted meanwhile, and what was missing is lost: %s", self._stream, clauses)

    def _rotate(self, places: tuple[str, ...]) -> tuple[str, ...]:
        """Another one first every hour, so that a series of places without an answer does not hide the same others."""
        first = self._turn() % len(places)
        return places[first:] + places[:first]

    def _turn(self) -> int:
        return self._run.begin().now // 3600

    def _settle(self, source: Source, asked: Question, unanswered: list[Unanswered], since: int) -> None:
        """Of what was missing, keep what is missing still."""
        gaps = self._progress.gaps
        for place in asked.places or ():
            for metric in asked.metrics or ():
                gaps.close((source.name, place, metric), asked.window.start, asked.window.end)
        for one in unanswered:
            for gap in _list_gaps(source, one, since):
                gaps.keep(gap, one.reason)

    def _give_up_old_gaps(self, now: int) -> Pages:
        lost = self._progress.gaps.give_up(now, self._progress.next)
        if lost:
            logger.warning(
                "%s: missing for a week and now given up as lost: %s",
                self._stream,
                "; ".join(list_gaps(lost, self._progress.gaps)),
            )
            yield self._progress.make_state()

    def _read_new(self, sources: list[Source], times: RunTimes) -> Pages:
        if self._progress.next >= times.end:
            return
        if not self._run.inventory.resources_for(self._feature):
            self._progress.next = times.end
            yield self._progress.make_state()
            return
        for source in self._list_candidates(sources):
            try:
                if self._is_chosen(source, sources, times.end):
                    yield from self._read_windows(source, times)
                    return
            except Forbidden as problem:
                self._run.note_refusal(source.name, str(problem))
        logger.warning(
            "Stream %s has no source to read from: it stays at %s. See the messages above, or `utilization.source`.",
            self._stream,
            format_time(self._progress.next),
        )

    def _is_chosen(self, source: Source, sources: list[Source], end: int) -> bool:
        """Whether to read from this source: where there is a choice, only if it knows the feature's resources.

        The newest interval is looked at, because a long backfill may begin before Insights kept anything. No usable
        answer is no reason to leave Insights: what is missing can be filled, from Monitoring only in part.
        """
        others = [one for one in self._list_candidates(sources) if one.name != source.name]
        if source.name != "insights" or not others:
            logger.info("%s reads from %s", self._stream, source.name.capitalize())
            return True
        newest = Window(end - self._run.interval, end, self._run.interval)
        for one in source.read(Question(newest)):
            if isinstance(one, MetricInterval):
                logger.info("%s reads from Insights, which knows its resources", self._stream)
                return True
            if one.kind == "failed":
                logger.info("%s reads from Insights, as far as it answers", self._stream)
                return True
        logger.info("%s falls back to Monitoring: Insights has no series of it", self._stream)
        return False

    def _read_windows(self, source: Source, times: RunTimes) -> Pages:
        progress = self._progress
        source.learn_windows(progress.next, times.end, self._run.interval)
        for window in split_windows(progress.next, times.end, *self._measure(source)):
            in_trouble = progress.gaps.in_trouble(source.name, window.start)
            unanswered = yield from self._read(
                source, Question(window, in_trouble=frozenset(in_trouble), turn=self._turn())
            )
            for one in unanswered:
                for gap in _list_gaps(source, one, times.now):
                    progress.gaps.open(gap, one.reason)
            progress.gaps.forget_empty(window.end)
            progress.next = window.end
            yield progress.make_state()

    def _measure(self, source: Source) -> tuple[int, int]:
        return self._run.interval, source.longest_window(self._run.interval)

    def _read(self, source: Source, question: Question) -> Generator[RecordPage, None, list[Unanswered]]:
        """The records that answer a question; returns what was not answered."""
        unanswered: list[Unanswered] = []

        def read_intervals() -> Iterator[MetricInterval]:
            for one in source.read(question):
                if isinstance(one, Unanswered):
                    unanswered.append(one)
                else:
                    yield one

        records = RecordBuilder(self._feature.name, source.name, self._run.interval).build(read_intervals())
        while some := list(islice(records, _AT_ONCE)):
            yield RecordPage(some, None)
        return unanswered

    def _tell(self, sources: list[Source], now: int) -> None:
        """Warn of what earlier syncs have missed, and raise for what this one is the first to miss."""
        gaps = self._progress.gaps
        if known := gaps.known():
            clauses = "; ".join(list_gaps(known, gaps, now))
            logger.warning("%s: still no answer, the next sync asks again: %s", self._stream, clauses)
        tallies = {source.name: source.tally for source in sources}
        opened = gaps.opened()
        unknown = [gap for gap in opened if tallies[gap.source].is_unknown(gap.metric)]
        if unknown:
            logger.warning(
                "%s: DigitalOcean seems not to have these metrics, since it refuses them wherever they are asked for; "
                "the next syncs ask again for a week: %s",
                self._stream,
                "; ".join(list_gaps(unknown, gaps)),
            )
        if missed := [gap for gap in opened if gap not in unknown]:
            raise make_incomplete(self._stream, missed, gaps)


def _list_gaps(source: Source, unanswered: Unanswered, since: int) -> Iterator[Gap]:
    window = unanswered.window
    for metric in unanswered.metrics:
        yield Gap(source.name, unanswered.place, metric, window.start, window.end, since)
