"""Which pages of a list to ask for, until it is read whole: also while it changes under the reader."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.records.page import Rows
from source_digitalocean_quolum.retrievers.page import PAGE_SIZES, Page

# Pages whose keys are remembered: as far back as a page is read again, or a record can move ahead.
_REMEMBERED_PAGES = 50
_MOST_RESTARTS = 20
# How often one read asks again for pages that cannot be right, before it gives up.
_MOST_REFETCHES = 5
# How often a list that changes its page size for the worse goes back to the largest.
_MOST_SHRINKS = 2


class PageNumberPaginator:
    """Asks for the pages of one list by number, while records are created and deleted between the requests.

    Pages are offsets. When a record that was already read is deleted, all later ones move ahead, and those
    that cross the border to a page already read would be missed. The list's own count (`total`) tells: when the list is
    n records shorter than at the page before, the pages on which those n are now are read again, from the last
    to the first and as far as they have moved by then: records that move meanwhile move to a page still to
    come. What was emitted before is known by its key.

    A page that cannot be right (empty although the one before said that there is more and records stand there, or full
    of nothing but records of pages before) is asked for again and then ends the stream with a failure. Where all pages
    together hold fewer records than the list counts, the next ones are asked for, and then all of them once more.

    Records without keys of their own (`exact`) start over instead: their keys count duplicates, which a shifted page
    would miscount.
    """

    def __init__(self, *, exact: bool = False) -> None:
        self.number = 1
        self.size = PAGE_SIZES[0]
        self._exact = exact
        self._total: int | None = None
        self._least: int | None = None
        self._now = 0
        self._restarts = 0
        self._refetches = 0
        self._shrinks = 0
        self._read_twice = False
        # Members of the pages so far, which is where the next page begins; and those of the first page.
        self._received = 0
        self._first = 0
        self._own_size = 0
        self._announced = False
        self._was_empty = False
        self._last: list[Any] = []
        self._seen: set[Any] = set()
        self._remembered: deque[list[Any]] = deque()

    @property
    def restarted(self) -> bool:
        """Whether the list has been started over, or a page was wrong: what was read before is stale."""
        return self._restarts > 0 or self._refetches > 0 or self._read_twice

    @property
    def missing(self) -> tuple[int, int] | None:
        """After the last page: the records received and those that the list counts, where it counts more."""
        total = self._total or 0
        return (self._received, total) if self._received < total else None

    def must_restart(self, page: Page) -> bool:
        """Whether the list has to be read from its first page again, because it changed and is `exact`."""
        if not self._exact or self._total is None or page.total in (None, self._total):
            return False
        self._restarts += 1
        if self._restarts > _MOST_RESTARTS:
            raise _fail("The list changes faster than it can be read.")
        self._begin_again()
        return True

    def must_refetch(self, page: Page, keys: list[Any]) -> bool:
        """Whether the page cannot be right and has to be asked for again; an `exact` list from its first page.

        `keys` are the records' keys, or what they are made of where the list is `exact`. Raises an
        AirbyteTracedException when the answers stay wrong: a part of the list cannot be had.
        """
        if not (self._is_unexpectedly_empty(page) or self._is_duplicate(page, keys)):
            self._last = keys
            return False
        self._refetches += 1
        if self._refetches > _MOST_REFETCHES:
            what = "is empty" if not page.records else "holds nothing but the records of a page before it"
            raise _fail(
                f"DigitalOcean's page {page.number} {what}, in a list of {page.total or 'unknown'} records: the list "
                "cannot be read whole."
            )
        if self._exact:
            self._begin_again()
        return True

    def _is_unexpectedly_empty(self, page: Page) -> bool:
        if page.records:
            return False
        if page.number == 1:
            # Nothing at all of a list that counts some; a link says that they come later.
            return bool(page.total) and not page.has_next
        return self._announced and self._received < (page.total or 0)

    def _is_duplicate(self, page: Page, keys: list[Any]) -> bool:
        # A shorter page, or one of a list that grew by a page, may hold only what has moved there since it was read.
        if page.number == 1 or self._read_twice or not page.records or page.records < self._first:
            return False
        if (page.total or 0) - (self._least or 0) >= self._first:
            return False
        if page.records < page.size and self._received + page.records >= (page.total or 0):
            # The server's last page comes again for every number behind the end.
            return False
        if page.total is None and not self._announced:
            # Nobody said that there is such a page: a list that is not paged is the same on all of them.
            return False
        if self._exact:
            return keys == self._last
        return all(key is not None and key in self._seen for key in keys)

    def pages_to_reread(self, page: Page) -> Iterator[int]:
        """Pages to read again now, because records after them have moved onto them; mostly none.

        Tell `update_total` of each one's total before asking for the next.
        """
        before, self._total = self._total, page.total if page.total is not None else self._total
        self._least = min(self._total or 0, self._least if self._least is not None else self._total or 0)
        if page.number == 1:
            self._first = page.records
            # A server that makes shorter pages than asked for counts its pages by its own size.
            is_short = page.records < page.size and (page.has_next or page.records < (page.total or 0))
            self._own_size = page.records if is_short else 0
        begun, self._received = self._received, self._received + page.records
        if before is None or page.total is None:
            return
        self._now = page.total
        size = self._own_size or page.size
        number = begun // size
        # Where the first record after the pages read before is by now.
        while number >= 1 and number * size > begun - (before - self._now):
            yield number
            number -= 1

    def update_total(self, page: Page) -> None:
        """Note how long the list is at a page that was read again."""
        if page.total is not None:
            self._now = page.total

    def is_same_again(self, page: Page, keys: list[Any]) -> bool:
        """Whether a page that nobody announced is the one before it once more: the list is not paged."""
        return page.number > 1 and page.total is None and not self._announced and keys == self._last

    def advance(self, page: Page, new_records: int) -> bool:
        """Go on to the next page; false after the last one. `new_records` are those of the page not seen before."""
        short = self._total is not None and self._received < self._total and page.records > 0
        # No link and no count: a full page is followed by another one, unless it was the one before once more.
        unknown = self._total is None and page.records == page.size and new_records > 0
        if not page.records and page.number > 1:
            # Behind the end there may be links for ever; a gap of one page in a list without a count is not the end.
            goes_on = page.has_next and page.total is None and not self._was_empty
        else:
            goes_on = page.has_next or short or unknown
        self._was_empty = not page.records
        if not goes_on:
            return False
        self._announced = page.has_next
        self._grow(page)
        return True

    def _grow(self, page: Page) -> None:
        """Number the next page; in the largest size again where it fits what has been read."""
        largest = PAGE_SIZES[0]
        if self.size != largest and self._shrinks < _MOST_SHRINKS and self._received % largest == 0:
            self.size, self.number = largest, self._received // largest + 1
        else:
            self.number = page.number + 1

    def shrink(self) -> bool:
        """Ask for the page at hand in a smaller size; false where there is none, or the server has its own size."""
        smaller = next((size for size in PAGE_SIZES if size < self.size), None)
        if (
            smaller is None
            or self._own_size
            or self._received % smaller
            or self._received != (self.number - 1) * self.size
        ):
            return False
        self._shrinks += self.size == PAGE_SIZES[0]
        self.size = smaller
        self.number = self._received // smaller + 1
        self._first = min(self._first, smaller)
        return True

    def read_again(self) -> bool:
        """Read the whole list once more, because it holds fewer records than it counts; false the second time.

        Not a list so long that what was emitted of it is no longer remembered.
        """
        if self._read_twice or (len(self._remembered) >= _REMEMBERED_PAGES and not self._exact):
            return False
        self._read_twice = True
        self._begin_again()
        return True

    def _begin_again(self) -> None:
        self.number, self._total, self._last, self._received, self._announced = 1, None, [], 0, False

    def deduplicate(self, rows: Rows, keys: list[Any]) -> Rows:
        """The records whose key comes for the first time, as None always does; forgets those of long past pages."""
        whole = set(keys)
        if len(whole) == len(keys) and None not in whole and self._seen.isdisjoint(whole):
            # As on almost every page.
            fresh, new = rows, keys
            self._seen |= whole
        else:
            fresh, new = self._pick_unseen(rows, keys)
        self._remembered.append(new)
        if len(self._remembered) > _REMEMBERED_PAGES and not self._exact:
            self._seen.difference_update(self._remembered.popleft())
        return fresh

    def _pick_unseen(self, rows: Rows, keys: list[Any]) -> tuple[Rows, list[Any]]:
        fresh, new = [], []
        for row, key in zip(rows, keys, strict=True):
            if key is None:
                # Read a second time, records without a key would be there twice.
                fresh += [] if self._read_twice else [row]
            elif key not in self._seen:
                fresh.append(row)
                self._seen.add(key)
                new.append(key)
        return fresh, new


def _fail(what: str) -> AirbyteTracedException:
    return AirbyteTracedException(
        message=f"{what} The next sync tries again.", failure_type=FailureType.transient_error
    )
