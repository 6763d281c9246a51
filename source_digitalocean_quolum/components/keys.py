"""Identity for records the API gives none: a hash of the canonical row, and an ordinal for true duplicates."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson

from source_digitalocean_quolum.components.endpoint import RowKey


class RowKeys:
    """Keys for the rows of one read of one partition.

    Two rows that agree in all key fields are the same thing twice (a ledger may well hold two equal
    payments): the second gets ordinal 1, the third 2. Equal rows are interchangeable, so the keys of a list
    do not depend on the order of its rows. Fields that may be corrected later (amounts) stay out of the key,
    so that a corrected row replaces the one it corrects.
    """

    def __init__(self, key: RowKey) -> None:
        self.field = key.field
        self._of = key.of
        self._seen: Counter[bytes] = Counter()

    def key(self, row: Mapping[str, Any]) -> str:
        """The next key for this row: 32 hexadecimal digits (the first half of a SHA-256)."""
        canonical = orjson.dumps([row.get(name) for name in self._of], option=orjson.OPT_SORT_KEYS)
        ordinal = self._seen[canonical]
        self._seen[canonical] += 1
        return hashlib.sha256(canonical + b"#%d" % ordinal).hexdigest()[:32]
