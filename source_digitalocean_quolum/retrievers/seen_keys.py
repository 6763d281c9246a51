"""The keys of a list's records so far: whatever moves between its pages is emitted once."""

from collections import deque
from collections.abc import Iterable
from typing import Any

from source_digitalocean_quolum.records.page import Records

# Those of 50 pages: as far back as a page is read again, or a record can move ahead.
_MOST_KEYS = 10_000


class SeenKeys:
    """Tells new records from those that came before; forgets those of long past pages."""

    def __init__(self) -> None:
        self.has_forgotten = False
        # Records that were new, those without a key among them.
        self.count = 0
        self._seen: set[Any] = set()
        self._pages: deque[list[Any]] = deque()
        self._kept = 0
        # Of the second time that the list is read; None before.
        self._again: set[Any] | None = None

    def begin_again(self) -> None:
        """The list is read a second time: what came the first time is still known."""
        self._again = set()

    def holds_all(self, keys: Iterable[Any]) -> bool:
        """Whether all these keys came before; of a list that is read a second time, in this one."""
        seen = self._seen if self._again is None else self._again
        return all(key is not None and key in seen for key in keys)

    def pick_new(self, records: Records, keys: list[Any]) -> Records:
        """The records whose key comes for the first time, as None always does."""
        whole = set(keys)
        if len(whole) == len(keys) and None not in whole and self._seen.isdisjoint(whole):
            # As on almost every page.
            fresh, new = records, keys
            self._seen |= whole
        else:
            fresh, new = self._pick(records, keys)
        if self._again is not None:
            self._again |= whole
        self.count += len(fresh)
        self._pages.append(new)
        self._kept += len(new)
        while self._kept - len(self._pages[0]) >= _MOST_KEYS:
            forgotten = self._pages.popleft()
            self._kept -= len(forgotten)
            self._seen.difference_update(forgotten)
            self.has_forgotten = True
        return fresh

    def _pick(self, records: Records, keys: list[Any]) -> tuple[Records, list[Any]]:
        fresh, new = [], []
        for record, key in zip(records, keys, strict=True):
            if key is None:
                # Read a second time, records without a key would be there twice.
                fresh += [record] if self._again is None else []
            elif key not in self._seen:
                fresh.append(record)
                self._seen.add(key)
                new.append(key)
        return fresh, new
