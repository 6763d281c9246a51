"""What a run has learned of the streams it may read: who was answered, who was refused, and who has stopped asking."""

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from source_digitalocean_quolum.http.failures import RequestFailed

logger = logging.getLogger("airbyte")

# Parents that were refused, with none answered, before a missing scope is believed. Not fewer: a team's function
# namespaces are refused where they are somebody else's, and the first ten may all be.
_REFUSED_PARENTS = 30
# Alike failures of one stream, one after the other, after which it stops asking.
_ALIKE_FAILURES = 3

Refusal = Literal["doubtful", "believed", "after an answer"]


@dataclass
class _Known:
    """What is known of one stream."""

    answered: bool = False
    doubted: bool = False
    refused: bool = False
    told: bool = False
    # Parents that were refused before any was answered, with DigitalOcean's words; and those named already.
    refused_parents: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    failure: RequestFailed | None = None
    failed_like: tuple[object, ...] = ()
    failures: int = 0


class StreamAccess:
    """The streams of one run; all methods may be called by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: defaultdict[str, _Known] = defaultdict(_Known)
        self._answered = False

    @property
    def has_answers(self) -> bool:
        """Whether DigitalOcean has answered any request of this run."""
        return self._answered

    def is_answered(self, stream: str) -> bool:
        """Whether DigitalOcean has answered any request of this stream."""
        return self._streams[stream].answered

    def note_answer(self, stream: str) -> bool:
        """Note that a request of this stream was answered; false if the stream had been refused as a whole before."""
        with self._lock:
            known = self._streams[stream]
            self._answered = known.answered = True
            known.failures = 0
            for parent, words in known.refused_parents.items():
                self._name_parent(stream, parent, words)
            known.refused_parents.clear()
            return not known.refused

    def note_refusal(self, stream: str) -> Refusal:
        """Note that a list of this stream was refused (403), and say what that means.

        The very first refusal is doubtful and to be tried again: one that passes would end the stream, or be an empty
        one that says COMPLETE, and empty its table.
        """
        with self._lock:
            known = self._streams[stream]
            if not known.doubted:
                known.doubted = True
                return "doubtful"
            if known.answered:
                return "after an answer"
            known.refused = True
            return "believed"

    def note_refused_parent(self, stream: str, parent: str, words: str) -> Refusal:
        """Note that a stream was refused (403) for one parent: a matter of scope only where no parent answers."""
        with self._lock:
            known = self._streams[stream]
            if not known.doubted:
                known.doubted = True
                return "doubtful"
            if known.answered:
                self._name_parent(stream, parent, words)
                return "after an answer"
            known.refused_parents[parent] = words
            if len(known.refused_parents) >= _REFUSED_PARENTS:
                known.refused = True
            return "believed"

    def name_parent(self, stream: str, parent: str, words: str) -> None:
        """Warn, once, that one parent has nothing for this stream, and why."""
        with self._lock:
            self._name_parent(stream, parent, words)

    def is_refused(self, stream: str) -> bool:
        """Whether the token may not read this stream, as far as this run knows."""
        known = self._streams[stream]
        return known.refused or bool(known.refused_parents)

    def may_ask(self, stream: str) -> bool:
        """Whether there is any use in asking on."""
        return not self._streams[stream].refused

    def note_failure(self, stream: str, alike: tuple[object, ...], failure: RequestFailed) -> None:
        """Note that a request failed for good; `alike` is the same for failures with the same cause."""
        with self._lock:
            known = self._streams[stream]
            known.failures = known.failures + 1 if known.failed_like == alike else 1
            known.failed_like = alike
            if known.failures >= _ALIKE_FAILURES:
                known.failure = failure

    def failure_of(self, stream: str) -> RequestFailed | None:
        """The failure after which a stream has stopped asking."""
        return self._streams[stream].failure

    def tell_once(self, stream: str, sentence: str) -> None:
        """Warn of a stream that is skipped."""
        with self._lock:
            known = self._streams[stream]
            told, known.told = known.told, True
        if not told:
            logger.warning(sentence)

    def refused_parents(self) -> Mapping[str, Mapping[str, str]]:
        """By stream, the parents that were refused where none was answered, with DigitalOcean's words."""
        return {name: dict(known.refused_parents) for name, known in self._streams.items() if known.refused_parents}

    def _name_parent(self, stream: str, parent: str, words: str) -> None:
        named = self._streams[stream].named
        if parent not in named:
            named.add(parent)
            logger.warning("Stream %s: nothing of %s, %s. The rest of the stream is read.", stream, parent, words)
