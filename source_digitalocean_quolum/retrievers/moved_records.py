"""Which pages to read again because records that were still to come have moved onto them."""

from collections.abc import Iterator
from dataclasses import dataclass

from source_digitalocean_quolum.http.failures import list_incomplete
from source_digitalocean_quolum.retrievers.page import Page

# How often it is begun again because the list grew meanwhile, and how often one page is asked for that cannot be empty.
_MOST_PASSES = 20
_MOST_REFETCHES = 5


@dataclass(slots=True)
class Changes:
    """By how many records a list has become shorter and longer, as the counts of its answers tell, and its last count.

    What is created and deleted between two answers hides: no count tells.
    """

    now: int | None = None
    gone: int = 0
    grown: int = 0

    def note_total(self, total: int | None) -> None:
        """Note the count of one more answer."""
        if total is None:
            return
        if self.now is not None:
            self.gone += max(0, self.now - total)
            self.grown += max(0, total - self.now)
        self.now = total


class MovedRecords:
    """The records that have crossed a border between two pages: all before it have been read.

    The n records by which the list is shorter since then may all have been deleted before the border; then the n
    records in front of it were behind it. They are read from the last page to the first and as far as more deletions
    have moved them by then; and once more from the last one on where creations have moved them back meanwhile.
    """

    def __init__(self, border: int, size: int, changes: Changes) -> None:
        """`changes` are those since the border was passed; it is kept up to date."""
        self._border, self._size, self._changes = border, size, changes
        self._refetch = False

    def pages(self) -> Iterator[int]:
        """The numbers of the pages to read; tell `note_page` of each one before asking for the next.

        Raises an AirbyteTracedException for a list that does not come to rest.
        """
        for _ in range(_MOST_PASSES):
            grown = self._changes.grown
            number = -(-(self._border + grown) // self._size)
            while number >= 1 and number * self._size > self._border - self._changes.gone:
                yield from self._page(number)
                number -= 1
            if self._changes.grown == grown:
                return
        raise list_incomplete("The list changes faster than it can be read.")

    def _page(self, number: int) -> Iterator[int]:
        for _ in range(1 + _MOST_REFETCHES):
            yield number
            if not self._refetch:
                return
        raise list_incomplete(
            f"DigitalOcean's page {number} is empty, in a list of {self._changes.now} records: the list cannot be read "
            "whole."
        )

    def note_page(self, page: Page) -> None:
        """Note a page that was read again."""
        self._changes.note_total(page.total)
        self._refetch = not page.records and (page.number - 1) * self._size < (self._changes.now or 0)
