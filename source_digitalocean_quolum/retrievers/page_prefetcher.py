"""Pages of one list asked for before they are needed, side by side, when it is certain that they will be."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Semaphore
from types import TracebackType
from typing import Self

from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.retrievers.page import Page

# Seconds. Shorter waits are for the processor, which more requests would only keep busier.
_SHORT_WAIT = 0.02


class PagePrefetcher:
    """The next pages of one read of a list; leave its `with` block when the read ends.

    Pages are numbered, and `meta.total` on the first one says how many there will be: a list of 60,000 Droplets
    need not wait 300 times for an answer before it asks the next question. Pages are used one after the other. A page
    is only asked for when the list has it by the newest count. Of a list that changes it matters which answer came
    first, and nobody knows that of pages that were asked for side by side: from then on it is read page after page.

    How many are under way follows need: more when the reader had to wait for the network, fewer when pages lie
    ready, for a page of 440 KB that waits is memory. All lists of a run share the `slots`, beginning with one for
    the page each is at: where as many lists are read as requests may be under way, none asks ahead.

    Measured at 50 ms a request: 60,000 Droplets in 4 s instead of 19.
    """

    def __init__(self, ask: Callable[[int], Answer | None], pool: Executor, slots: Semaphore, most: int) -> None:
        """`ask` fetches a page by its number, and `most` are asked for at once; 0 to ask for none ahead."""
        self._ask, self._pool, self._slots, self._most = ask, pool, slots, most
        self._depth = min(1, most)
        self._asked: dict[int, Future[Answer | None]] = {}
        self._has_slot = False

    def __enter__(self) -> Self:
        self._has_slot = self._slots.acquire(blocking=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.forget()
        if self._has_slot:
            self._slots.release()

    def fetch(self, number: int) -> Answer | None:
        """The answer for this page, asked for now unless it was before. Raises what asking raised."""
        asked = self._asked.pop(number, None)
        if asked is not None:
            self._slots.release()
        # One not yet begun is cancelled: this thread has nothing better to do than to ask itself.
        if asked is None or asked.cancel():
            return self._ask(number)
        begun = time.monotonic()
        answer = asked.result()
        if time.monotonic() - begun > _SHORT_WAIT:
            self._depth = min(2 * self._depth, self._most)
        elif sum(other.done() for other in self._asked.values()) > 1:
            self._depth = max(self._depth - 1, 1)
        return answer

    def prefetch_after(self, page: Page) -> None:
        """Ask for the pages after this one, as far as it is certain that the list has them.

        Nothing is certain of a list without a count, and of a server that makes shorter pages than asked for.
        """
        if page.total is None or page.records != page.size:
            return
        last = min(-(-page.total // page.size), page.number + self._depth)
        for number in range(page.number + 1, last + 1):
            if number not in self._asked:
                if not self._slots.acquire(blocking=False):
                    return
                self._asked[number] = self._pool.submit(self._ask, number)

    def stop(self) -> list[Answer]:
        """Ask for no page ahead any more; the answers that are there or under way, which are to be asked for anew."""
        self._most = self._depth = 0
        answers = [asked.result() for asked in self._asked.values() if not asked.cancel()]
        self.forget()
        return [answer for answer in answers if answer is not None]

    def forget(self) -> None:
        """Do without the pages asked for: the list has to be read anew, or no further."""
        for asked in self._asked.values():
            asked.cancel()
            self._slots.release()
        self._asked.clear()
