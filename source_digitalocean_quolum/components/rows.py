"""From an answer to its rows: as they came where that will do, else secrets dropped, fields added, values fitting."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.components.conform import compile_conformer
from source_digitalocean_quolum.components.endpoint import Endpoint
from source_digitalocean_quolum.components.errors import unreadable
from source_digitalocean_quolum.components.record_page import Row, Rows
from source_digitalocean_quolum.components.records import (
    UnexpectedBody,
    decode,
    drop,
    is_unread,
    may_hold_secrets,
    parse,
    release,
    scrub,
    secret_tree,
)
from source_digitalocean_quolum.components.selection import Deriver, Place, listed, select
from source_digitalocean_quolum.components.verbatim import VerbatimReader, goes_verbatim
from source_digitalocean_quolum.schemas import secrets_of


class RowReader:
    """Reads the rows of one stream's answers; shared by its threads.

    `fields` are those that a read looks at, the primary key's among them. Of each answer it lets go (release).
    """

    def __init__(
        self, stream: str, endpoint: Endpoint, schema: Mapping[str, Any], fields: Sequence[str], misfits: Counter[str]
    ) -> None:
        self._endpoint = endpoint
        self._secrets = secret_tree(secrets_of(stream))
        self._conform = compile_conformer(schema, misfits)
        known = any(name not in endpoint.derived for name in fields)
        as_they_came = endpoint.unread and self._conform and known and not self._secrets
        self._verbatim = VerbatimReader(schema, fields, list(endpoint.derived)) if as_they_came else None

    def read(self, response: requests.Response, deriver: Deriver, *, verbatim: bool) -> Rows:
        """The rows of an answer, complete and clean; `verbatim` where they need only be written (VerbatimRow).

        Raises an AirbyteTracedException for records that cannot be read (a number that is none: 1e999).
        """
        if verbatim and self._verbatim and not deriver.placed and (records := self._as_they_came(response)):
            doubtful = may_hold_secrets if may_hold_secrets(response.content) else None
            release(response)

            def long_way(record: bytes) -> Row:
                return self._one(response, record, deriver)

            return self._verbatim.rows(records, deriver.constants, long_way, doubtful)
        taken, places = self.taken(response)
        rows = list(taken)
        deriver.derive(rows, places)
        self.fit(rows)
        return rows

    def taken(self, response: requests.Response) -> tuple[Sequence[Row], Iterable[Place]]:
        """The objects of an answer without their secrets, and where each stood. Raises as `read` does.

        Those of a CSV file are made anew each time they are gone through (CsvLines).
        """
        content = response.content
        try:
            # The error handler has left the records unread.
            body = parse(content) if self._endpoint.unread else decode(response)
            if may_hold_secrets(content):
                body = scrub(body)
            rows, places = select(body, self._endpoint)
        except UnexpectedBody as problem:
            raise _unreadable(response, problem) from None
        release(response)
        if self._secrets:
            for row in rows:
                drop(row, self._secrets)
        return rows, places

    def fit(self, rows: list[Row]) -> None:
        """Make values fit the schema, in place."""
        if self._conform:
            self._conform(rows)

    def _as_they_came(self, response: requests.Response) -> Sequence[msgspec.Raw] | None:
        """The records unread; None where the answer has to be parsed."""
        records = listed(response, self._endpoint)
        return records if is_unread(records) and goes_verbatim(response.content) else None

    def _one(self, response: requests.Response, record: bytes, deriver: Deriver) -> Row:
        try:
            row: Row = parse(record)
        except UnexpectedBody as problem:
            raise _unreadable(response, problem) from None
        if may_hold_secrets(record):
            row = scrub(row)
        deriver.derive([row], ())
        self.fit([row])
        return row


def _unreadable(response: requests.Response, problem: UnexpectedBody) -> AirbyteTracedException:
    return AirbyteTracedException(
        message=f"{unreadable(response, problem)} The next sync tries again.",
        failure_type=FailureType.transient_error,
    )
