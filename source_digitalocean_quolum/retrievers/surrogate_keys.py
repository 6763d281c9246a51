"""Identity for records the API gives none: a hash of the canonical record, and an ordinal for records that share it."""

import hashlib
import json
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice, pairwise
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO, Any

import orjson
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.facts import SurrogateKey
from source_digitalocean_quolum.records.page import RecordData
from source_digitalocean_quolum.retrievers.page import PAGE_SIZE

# Of each list, in bytes; what is more waits in a file without a name, which ends with the process.
_IN_MEMORY = 256 * 1024
_DIGEST = 8
# Two digests and a number.
_ENTRY = 2 * _DIGEST + 4
_SORTED_AT_ONCE = 10_000
_READ_AT_ONCE = 100 * _ENTRY
_MOST_IN_A_BYTE = 255


class SurrogateKeyedList:
    """The records of one list, whole: added page by page as they come, then given out page by page with their keys.

    A record's key is a hash of its key fields. Fields that may be corrected later (amounts) are not among them, so
    that a corrected record replaces the one it corrects. Records that share all key fields are numbered by the rest of
    their contents (a ledger may well hold two equal payments, and an invoice two charges that differ in nothing
    but the amount): no key depends on the order of the records. For that the whole list has to be known before the
    first key: its pages wait compressed, beside two digests of each record, and a long list's on disk. So a month of
    daily cost takes a byte of memory a record. They can be given out once.
    """

    def __init__(self, key: SurrogateKey) -> None:
        self._field = key.field
        self._of = key.of
        self.clear()

    def identities(self, records: Iterable[RecordData]) -> list[bytes]:
        """A digest of what identifies each record of a page; those that share it are told apart when all are known."""
        return [_digest(self._identity(record)) for record in records]

    def add(self, records: Iterable[RecordData], identities: Sequence[bytes]) -> None:
        """The next page, with its records' `identities`."""
        known, rest = iter(identities), iter(records)
        # A whole file is a page of its own, of any length.
        while some := list(islice(rest, PAGE_SIZE)):
            digests = (next(known) + _digest(_canonical(record)) for record in some)
            _write(self._digests, b"".join(digests))
            page = zlib.compress(_write_json(some), level=1)
            _write(self._pages, page)
            self._sizes.append(len(page))
            self._count += len(some)

    def clear(self) -> None:
        """Forget the pages: the list changed while it was read and is read again."""
        self._pages, self._digests = _file(), _file()
        self._sizes, self._count = array("L"), 0

    def pages(self) -> Iterator[list[RecordData]]:
        """All records in their order, a page at a time, each with its key: half a SHA-256, 32 hexadecimal digits."""
        ordinals = iter(self._ordinals())
        self._digests.close()
        self._pages.seek(0)
        for size in self._sizes:
            records: list[RecordData] = orjson.loads(zlib.decompress(self._pages.read(size)))
            for record, ordinal in zip(records, ordinals, strict=False):
                record[self._field] = hashlib.sha256(self._identity(record) + b"#%d" % ordinal).hexdigest()[:32]
            yield records
        self._pages.close()

    def _identity(self, record: RecordData) -> bytes:
        return _canonical([record.get(name) for name in self._of])

    def _ordinals(self) -> Sequence[int]:
        """The number of each record among those that share its identity, in the order of their contents' digests."""
        ordinals = array("B", [0]) * self._count
        with _file() as file:
            for before, after in pairwise(merge(*self._sorted_parts(file))):
                if before[:_DIGEST] == after[:_DIGEST]:
                    ordinal = ordinals[_number(before)] + 1
                    if ordinal > _MOST_IN_A_BYTE and ordinals.typecode == "B":
                        ordinals = array("I", ordinals)
                    ordinals[_number(after)] = ordinal
        return ordinals

    def _sorted_parts(self, file: IO[bytes]) -> list[Iterator[bytes]]:
        """Each record's digests, of its identity and of its contents, and behind them its place in the list.

        As objects they take four times their size, so only a part is sorted at a time, and waits in `file`.
        """
        self._digests.seek(0)
        starts = range(0, self._count, _SORTED_AT_ONCE)
        for start in starts:
            numbers = range(start, min(start + _SORTED_AT_ONCE, self._count))
            part = sorted(self._digests.read(2 * _DIGEST) + number.to_bytes(4) for number in numbers)
            _write(file, b"".join(part))
        size = _ENTRY * _SORTED_AT_ONCE
        return [_entries(file, _ENTRY * start, min(_ENTRY * start + size, _ENTRY * self._count)) for start in starts]


def _entries(file: IO[bytes], at: int, end: int) -> Iterator[bytes]:
    """The entries of a file from one place to another; other parts of it may be read in between."""
    while at < end:
        file.seek(at)
        some = file.read(min(_READ_AT_ONCE, end - at))
        at += len(some)
        yield from (some[first : first + _ENTRY] for first in range(0, len(some), _ENTRY))


def _file() -> SpooledTemporaryFile[bytes]:
    return SpooledTemporaryFile(_IN_MEMORY)


def _write(file: IO[bytes], content: bytes) -> None:
    try:
        file.write(content)
    except OSError as error:
        message = (
            "The records of a list without keys wait on disk until all are read, and the folder for temporary files "
            f"cannot take them ({error.strerror}): make room in {gettempdir()}, or name another in TMPDIR."
        )
        raise AirbyteTracedException(message, message, FailureType.system_error) from error


def _number(digested: bytes) -> int:
    return int.from_bytes(digested[2 * _DIGEST :])


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=_DIGEST).digest()


def _canonical(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    return _write_json(value, orjson.OPT_SORT_KEYS)


def _write_json(value: Any, option: int = 0) -> bytes:
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        # orjson refuses integers beyond 64 bits.
        return json.dumps(value, sort_keys=bool(option), separators=(",", ":")).encode("utf-8", "replace")
