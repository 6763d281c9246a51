"""From an answer to its rows: as they came where that will do, else secrets dropped, fields added, values fitting."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.listed import list_members
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.records.body import CsvLines, UnexpectedBody, is_unread, parse
from source_digitalocean_quolum.records.conform import compile_conformer
from source_digitalocean_quolum.records.page import Row, Rows, SerializedRecord
from source_digitalocean_quolum.records.passthrough import PassthroughReader, passes_through
from source_digitalocean_quolum.records.secrets import drop, secret_tree, secrets_of
from source_digitalocean_quolum.redaction import may_hold_secrets, redact_value
from source_digitalocean_quolum.retrievers.extractor import AddedFields, RecordContext, select


class RecordReader:
    """Reads the rows of one stream's answers; shared by its threads.

    `fields` are those that a read looks at, the primary key's among them.
    """

    def __init__(
        self, stream: str, endpoint: Endpoint, schema: Mapping[str, Any], fields: Sequence[str], misfits: Counter[str]
    ) -> None:
        self._endpoint = endpoint
        self._fields = fields
        self._secrets = secret_tree(secrets_of(stream))
        self._conform = compile_conformer(schema, misfits)
        known = any(name not in endpoint.derived for name in fields)
        whole = endpoint.lists_records and endpoint.unparsed_list and not endpoint.renamed
        as_they_came = whole and self._conform and known and not self._secrets
        self._verbatim = PassthroughReader(schema, fields, list(endpoint.derived)) if as_they_came else None

    def read(self, answer: Answer, deriver: AddedFields) -> Rows:
        """The rows of an answer, complete and clean, and each as it will be written (SerializedRecord) where it fits.

        No more than one record is there as objects at a time. Raises an AirbyteTracedException for records that cannot
        be read (a number that is none: 1e999).
        """
        content = answer.content
        doubtful = may_hold_secrets(content)
        try:
            members = list_members(answer, self._endpoint)
            if self._verbatim and not deriver.placed and is_unread(members) and passes_through(content):
                return self._verbatim.rows(
                    members,
                    deriver.constants,
                    lambda record: self._made(parse(record), RecordContext({}, {}), deriver, may_hold_secrets(record)),
                    may_hold_secrets if doubtful else None,
                )
            placed = select(answer.body, members, self._endpoint)
            return [self._made(row, place, deriver, doubtful) for row, place in placed]
        except UnexpectedBody as problem:
            raise _unreadable(answer, problem) from None

    def taken(self, answer: Answer) -> Sequence[Row]:
        """The objects of an answer without their secrets, and nothing else done to them. Raises as `read` does.

        Those of a CSV file are made anew each time they are gone through (CsvLines).
        """
        doubtful = may_hold_secrets(answer.content)
        try:
            members = list_members(answer, self._endpoint)
            if isinstance(members, CsvLines) and not doubtful:
                return members
            return [self._clean(row, doubtful) for row, _ in select(answer.body, members, self._endpoint)]
        except UnexpectedBody as problem:
            raise _unreadable(answer, problem) from None

    def fit(self, row: Row) -> bool:
        """Make values fit the schema, in place; whether they did as they were."""
        return self._conform(row) if self._conform else True

    def _clean(self, row: Row, doubtful: bool) -> Row:
        drop(row, self._secrets)
        cleaned: Row = redact_value(row) if doubtful else row
        return cleaned

    def _made(self, row: Row, place: RecordContext, deriver: AddedFields, doubtful: bool) -> Mapping[str, Any]:
        deriver.derive(row, place)
        row = self._clean(row, doubtful)
        fitted = self.fit(row)
        try:
            written = SerializedRecord.of(row, self._fields)
        except TypeError:
            # orjson reads 1,024 levels and writes 254; whoever gets the row can write more.
            return row
        # A row that had to be mended may hold digits that are lost when it is parsed anew (conform.py).
        return written if fitted or written.whole() == row else row


def _unreadable(answer: Answer, problem: UnexpectedBody) -> AirbyteTracedException:
    return AirbyteTracedException(
        message=f"DigitalOcean answered HTTP {answer.status} for {answer.path} with {problem}. "
        "The next sync tries again.",
        failure_type=FailureType.transient_error,
    )
