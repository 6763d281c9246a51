"""Which pages of a list to ask for, until it is read whole: also while it changes under the reader."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from source_digitalocean_quolum.http.failures import list_incomplete
from source_digitalocean_quolum.retrievers.moved_records import Changes, MovedRecords
from source_digitalocean_quolum.retrievers.page import PAGE_SIZES, Page
from source_digitalocean_quolum.retrievers.seen_keys import SeenKeys

_MOST_RESTARTS = 20
# How often one read asks again for pages that cannot be right, before it gives up.
_MOST_REFETCHES = 5
_FIRST_REFETCHES = 2
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
        # Since the answer of the page before; and the most that the list has counted.
        self._changes = Changes()
        self._most = 0
        self._moved: MovedRecords | None = None
        # The counts of answers to pages that were asked for ahead of the one at hand, and that are asked for anew.
        self._ahead: list[int | None] = []
        # Records by which the list grew from page to page, and those of pages that may only hold what was read because
        # of that.
        self._grown = 0
        self._excused = 0
        self._restarts = 0
        self._refetches = 0
        self._shrinks = 0
        self._read_twice = False
        # Members of the pages so far, which is where the next page begins; and those of the first page.
        self._received = 0
        self._first = 0
        self._own_size = 0
        self._announced = False
        self._ended = self._ended_early = False
        self._was_empty = False
        self._last: list[Any] = []
        self.seen = SeenKeys()

    @property
    def restarted(self) -> bool:
        """Whether the list has been started over, or a page was wrong: what was read before is stale."""
        return self._restarts > 0 or self._refetches > 0 or self._read_twice

    @property
    def missing(self) -> tuple[int, int] | None:
        """After the last page: the records received and those that the list counts, where it counts more."""
        total = self._changes.now or 0
        return (self._received, total) if self._received < total else None

    def must_restart(self, page: Page) -> bool:
        """Whether the list has to be read from its first page again, because it changed and is `exact`."""
        if not self._exact or self._changes.now is None or page.total in (None, self._changes.now):
            return False
        self._restarts += 1
        if self._restarts > _MOST_RESTARTS:
            raise list_incomplete("The list changes faster than it can be read.")
        self._begin_again()
        return True

    def must_refetch(self, page: Page, keys: list[Any]) -> bool:
        """Whether the page cannot be right and has to be asked for again; an `exact` list from its first page.

        `keys` are the records' keys, or what they are made of where the list is `exact`. Raises an
        AirbyteTracedException when the answers stay wrong: a part of the list cannot be had.
        """
        duplicate = self._is_duplicate(page, keys)
        if duplicate and self._is_behind_the_end(page):
            # The server's last page comes again for every number there, with or without links for ever.
            self._ended = True
            return False
        if duplicate and self._is_the_first_again(page, keys):
            self._ended = self._ended_early = True
            return False
        if not (duplicate or self._is_unexpectedly_empty(page)):
            self._last = keys
            return False
        self._refetches += 1
        self._changes.note_total(page.total)
        if self._refetches > _MOST_REFETCHES:
            what = "is empty" if not page.records else "holds nothing but the records of a page before it"
            raise list_incomplete(
                f"DigitalOcean's page {page.number} {what}, in a list of {page.total or 'unknown'} records: the list "
                "cannot be read whole."
            )
        if self._exact:
            self._begin_again()
        return True

    def _is_the_first_again(self, page: Page, keys: list[Any]) -> bool:
        """Whether the second and last page is the first once more, which was not full, also when asked again.

        Then there is no more. If the list counts more, it is read once more, and what is missing is said.
        """
        short = page.number == 2 and not page.has_next and page.records < page.size
        return short and not self._exact and keys == self._last and self._refetches >= _FIRST_REFETCHES

    def _is_unexpectedly_empty(self, page: Page) -> bool:
        if page.records:
            return False
        if page.number == 1:
            # Nothing at all of a list that counts some; if it stays so, a link says that they come later.
            return bool(page.total) and (not page.has_next or self._refetches < _FIRST_REFETCHES)
        # By the size that was asked for: a server with shorter pages may have less than it counts, which is said then.
        stands_there = (page.number - 1) * page.size < (page.total or 0)
        return self._announced and stands_there and self._received < (page.total or 0)

    def _is_duplicate(self, page: Page, keys: list[Any]) -> bool:
        if page.number == 1 or not keys:
            return False
        if page.total is None and (not self._announced or (not page.has_next and page.records < self._first)):
            # Nobody said that there is such a page (a list that is not paged is the same on all of them), or it is the
            # last one and may hold only what has moved there since it was read.
            return False
        if self._exact:
            return keys == self._last
        if not self.seen.holds_all(keys):
            return False
        if self._grown + self._changes_at(page).grown - self._excused < page.records:
            return True
        # So many were created in front of it since it was read.
        self._excused += page.records
        return False

    def _changes_at(self, page: Page) -> Changes:
        """How the list has changed from the answer of the page before to that of this one."""
        changes = replace(self._changes)
        changes.note_total(page.total)
        return changes

    def sees_change(self, page: Page) -> bool:
        """Whether the list counts another number of records than at the page before."""
        return self._changes.now is not None and page.total not in (None, self._changes.now)

    def note_ahead(self, totals: list[int | None]) -> None:
        """Note what answers counted that came before any page is read again: a creation could hide a deletion else."""
        self._ahead += totals

    def pages_to_reread(self, page: Page) -> Iterator[int]:
        """Pages to read again now, because records after them have moved onto them; mostly none.

        Tell `note_reread` of each one before asking for the next.
        """
        changes = self._changes_at(page)
        while self._ahead:
            changes.note_total(self._ahead.pop(0))
        self._grown += changes.grown
        self._most = max(self._most, page.total or 0)
        if page.number == 1:
            self._first = page.records
            # A server that makes other pages than asked for counts its pages by its own size.
            is_short = page.records < page.size and (page.has_next or page.records < (page.total or 0))
            self._own_size = page.records if is_short or page.records > page.size else 0
        begun, self._received = self._received, self._received + (0 if self._ended_early else page.records)
        # What changes from now on has changed when the next page comes, too.
        self._changes = Changes(changes.now)
        if changes.gone and begun:
            self._moved = MovedRecords(begun, self._own_size or page.size, changes)
            yield from self._moved.pages()

    def note_reread(self, page: Page) -> None:
        """Note a page that was read again."""
        self._changes.note_total(page.total)
        if page.number > self.number:
            # When its turn comes, all of it has been read.
            self._grown += page.records
        if self._moved is not None:
            self._moved.note_page(page)

    def _is_behind_the_end(self, page: Page) -> bool:
        """Whether all that the list counts had been received before this page; not by a count that is too low."""
        received = self._received if self._exact else self.seen.count
        return page.number > 1 and page.total is not None and page.total <= self._received and received <= self._most

    def is_same_again(self, page: Page, keys: list[Any]) -> bool:
        """Whether a page is the one before it once more, and that was the last.

        Nobody announced it (the list is not paged), or all that the list counts was there before.
        """
        if page.number == 1 or keys != self._last:
            return False
        return self._is_behind_the_end(page) or (page.total is None and not self._announced)

    def advance(self, page: Page, new_records: int) -> bool:
        """Go on to the next page; false after the last one. `new_records` are those of the page not seen before."""
        if self._ended:
            return False
        total = self._changes.now
        # Fewer than there are; or records have moved while pages were read again, which the next answer will tell.
        short = total is not None and (self._received < total or self._changes.gone > 0) and page.records > 0
        # No link and no count: a full page is followed by another one, unless it was the one before once more.
        unknown = total is None and page.records == page.size and new_records > 0
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
        if self._read_twice or self.seen.has_forgotten:
            return False
        self._read_twice = True
        self.seen.begin_again()
        self._begin_again()
        return True

    def _begin_again(self) -> None:
        self.number, self._changes, self._last, self._received, self._announced = 1, Changes(), [], 0, False
        self._grown = self._excused = 0
        self._ahead.clear()
        if self._ended_early:
            self._ended = self._ended_early = False
