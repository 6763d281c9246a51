"""Answers that several streams of one run need, asked for once."""

import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from source_digitalocean_quolum.records.answer import Answer


@dataclass(frozen=True, slots=True)
class _CachedAnswer:
    answer: Answer
    compressed: bytes

    @classmethod
    def from_answer(cls, answer: Answer) -> "_CachedAnswer":
        # A list of resources shrinks to a tenth: parents of a large account stay small in memory.
        compressed = zlib.compress(answer.content, level=1)
        return cls(Answer(answer.status, answer.path, answer.headers, b"", before=answer.before), compressed)

    def open(self, records_key: str) -> Answer:
        kept = self.answer
        content = zlib.decompress(self.compressed)
        return Answer.from_content(kept.status, kept.path, kept.headers, content, records_key, kept.before)


class PageCache:
    """Answers of parent lists, kept for the run.

    Unlike the CDK's request cache it never asks twice: children that start at the same moment wait for the
    one request that is under way. And it keeps only answers that the error handler found good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key_locks: dict[str, threading.Lock] = {}
        self._pages: dict[str, _CachedAnswer] = {}

    def get(
        self, key: str, records_key: str, fetch: Callable[[], Answer | None], *, again: bool = False
    ) -> Answer | None:
        """The answer for this key, fetched by the first caller. A refused or failed fetch is not kept.

        `again` asks DigitalOcean in any case, and the new answer takes the place of the old one.
        """
        with self._lock:
            key_lock = self._key_locks.setdefault(key, threading.Lock())
        with key_lock:
            if not again and (page := self._pages.get(key)):
                return page.open(records_key)
            answer = fetch()
            if answer is not None:
                self._pages[key] = _CachedAnswer.from_answer(answer)
            return answer
