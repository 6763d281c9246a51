"""Identity for records the API gives none: a hash of the canonical row, and an ordinal for rows that share it."""

import hashlib
import zlib
from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from source_digitalocean_quolum.components.endpoint import RowKey

Row = dict[str, Any]

_HASHES_AT_ONCE = 20_000


class KeyedRows:
    """The rows of one list, whole: added page by page as they come, then given out page by page with their keys.

    A row's key is a hash of its key fields. Fields that may be corrected later (amounts) are not among them, so
    that a corrected row replaces the one it corrects. Rows that share all key fields are numbered by the rest of
    their contents (a ledger may well hold two equal payments, and an invoice two charges that differ in nothing
    but the amount): no key depends on the order of the rows. For that the whole list has to be known before the
    first key: its pages wait compressed, a tenth of their size, and eight bytes of each row's hash beside them.
    They can be given out once.
    """

    def __init__(self, key: RowKey) -> None:
        self._field = key.field
        self._of = key.of
        self._pages: list[bytes] = []
        self._hashes = array("q")

    def add(self, rows: list[Row]) -> None:
        """The next page."""
        self._hashes.extend(hash(self._canonical(row)) for row in rows)
        self._pages.append(zlib.compress(orjson.dumps(rows), level=1))

    def clear(self) -> None:
        """Forget the pages: the list changed while it was read and is read again."""
        self._pages.clear()
        del self._hashes[:]

    def identities(self, rows: list[Row]) -> list[Any]:
        """What identifies each row of a page, rows that share it apart."""
        return [self._canonical(row) for row in rows]

    def pages(self) -> Iterator[list[Row]]:
        """The pages in their order, each row with its key: 32 hexadecimal digits (the first half of a SHA-256)."""
        ordinals = self._ordinals()
        pages = deque(self._pages)
        self.clear()
        while pages:
            rows = _unpacked(pages.popleft())
            for row in rows:
                canonical, ordinal = self._canonical(row), 0
                if sharing := ordinals.get(canonical):
                    whole = _written(row)
                    ordinal, sharing[whole] = sharing[whole], sharing[whole] + 1
                row[self._field] = hashlib.sha256(canonical + b"#%d" % ordinal).hexdigest()[:32]
            yield rows

    def _ordinals(self) -> dict[bytes, dict[bytes, int]]:
        """For key fields that several rows share: the first ordinal of each content, in the contents' own order."""
        contents: dict[bytes, list[bytes]] = {}
        shared = self._shared()
        for page in self._pages if shared else ():
            for row in _unpacked(page):
                canonical = self._canonical(row)
                if hash(canonical) in shared:
                    contents.setdefault(canonical, []).append(_written(row))
        ordinals: dict[bytes, dict[bytes, int]] = {}
        for canonical, sharing in contents.items():
            first = ordinals[canonical] = {}
            for ordinal, whole in enumerate(sorted(sharing)):
                first.setdefault(whole, ordinal)
        return ordinals

    def _shared(self) -> set[int]:
        """The hashes that stand there more than once; a part of them at a time, for in a set each takes 70 bytes."""
        parts = 1 + len(self._hashes) // _HASHES_AT_ONCE
        shared: set[int] = set()
        for part in range(parts):
            seen: set[int] = set()
            for brief in self._hashes:
                if brief % parts == part:
                    (shared if brief in seen else seen).add(brief)
        return shared

    def _canonical(self, row: Mapping[str, Any]) -> bytes:
        return _written([row.get(name) for name in self._of])


def _written(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _unpacked(page: bytes) -> list[Row]:
    rows: list[Row] = orjson.loads(zlib.decompress(page))
    return rows
