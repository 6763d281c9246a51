"""From an answer to its records: as they came where they fit exactly; else parsed, judged, made to fit and written."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.failures import list_incomplete
from source_digitalocean_quolum.http.listed import list_members
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.records.body import CsvLines, UnexpectedBody, is_unread, parse_record
from source_digitalocean_quolum.records.conform import RecordConformer
from source_digitalocean_quolum.records.page import RecordData, Records, SerializedRecord
from source_digitalocean_quolum.records.passthrough import PassthroughReader, passes_through
from source_digitalocean_quolum.records.repair import RepairedBody
from source_digitalocean_quolum.records.secrets import drop, secret_tree, secrets_of
from source_digitalocean_quolum.records.times import may_hold_odd_times
from source_digitalocean_quolum.records.undeclared import UndeclaredFields
from source_digitalocean_quolum.redaction import may_hold_secrets, redact_value
from source_digitalocean_quolum.retrievers.extractor import AddedFields, RecordContext, select


class RecordReader:
    """Reads the records of one stream's answers; shared by its threads.

    `fields` are those that a read looks at, the primary key's (`keys`) among them. What did not fit the schema is
    counted in `errors` by its path, and fields at the top that it does not declare in `undeclared` by their name.
    """

    def __init__(
        self,
        stream: str,
        endpoint: Endpoint,
        schema: Mapping[str, Any],
        fields: Sequence[str],
        errors: Counter[str],
        undeclared: Counter[str] | None = None,
        keys: Collection[str] = (),
    ) -> None:
        self._endpoint, self._fields, self._errors = endpoint, fields, errors
        self._secrets = secret_tree(secrets_of(stream))
        self._undeclared = UndeclaredFields(schema, Counter() if undeclared is None else undeclared)
        self._conformer = RecordConformer(schema, errors, keys)
        knows_some = any(name not in endpoint.derived for name in fields)
        whole = endpoint.lists_records and endpoint.unparsed_list and not endpoint.renamed
        passes = whole and schema.get("properties") and knows_some
        self._passthrough = PassthroughReader(schema, fields, list(endpoint.derived)) if passes else None

    def read(self, answer: Answer, added: AddedFields) -> Records:
        """The records of an answer as they will be written (SerializedRecord), without the fields that are secret.

        A text that has the shape of a secret loses it on the way out (protocol/guard.py, RecordPage.to_cdk_records).
        No more than one is there as objects at a time. Raises an AirbyteTracedException for what cannot be read.
        """
        content = answer.content
        try:
            members = list_members(answer, self._endpoint)
            if self._passthrough and not added.placed and is_unread(members) and passes_through(content):
                return self._passthrough.serialize(
                    members,
                    added.constants,
                    lambda record: self._fit_and_write(self._parse(record), RecordContext({}, {}), added),
                    may_hold_odd_times if may_hold_odd_times(content) else None,
                )
            selected = select(answer.body, self._parsed(answer, members), self._endpoint)
            return [self._fit_and_write(record, place, added) for record, place in selected]
        except UnexpectedBody as problem:
            raise _unreadable(answer, problem) from None

    def read_objects(self, answer: Answer) -> Sequence[RecordData]:
        """The objects of an answer without their secrets, and nothing else done to them. Raises as `read` does.

        Those of a CSV file are made anew each time they are gone through (CsvLines).
        """
        suspect = may_hold_secrets(answer.content)
        try:
            members = list_members(answer, self._endpoint)
            if isinstance(members, CsvLines) and not suspect:
                return members
            taken = (record for record, _ in select(answer.body, self._parsed(answer, members), self._endpoint))
            # They wait on disk, maybe.
            return [redact_value(one) if suspect else one for one in map(self._without_secrets, taken)]
        except UnexpectedBody as problem:
            raise _unreadable(answer, problem) from None

    def fit(self, record: RecordData) -> bool:
        """Make a record fit the schema, in place, without the secrets among its undeclared fields.

        Tells whether it fitted as it was.
        """
        if self._conformer.fits(record):
            self._conformer.conform_times(record)
            return True
        if names := self._undeclared.judge(record):
            declared = {name: value for name, value in record.items() if name not in names}
            if self._conformer.fits(declared):
                self._conformer.conform_times(record)
                return True
        self._undeclared.judge_nested(record)
        self._conformer.conform(record)
        return False

    def _parsed(self, answer: Answer, members: Sequence[Any]) -> Iterator[Any]:
        """The members of an answer's list as objects, one after the other."""
        if isinstance(answer.body, RepairedBody):
            around = f"{self._endpoint.records}[]."
            self._errors.update({path.removeprefix(around): count for path, count in answer.body.lost.items()})
        yield from (self._parse(bytes(member)) for member in members) if is_unread(members) else members

    def _parse(self, content: bytes) -> Any:
        record = parse_record(content)
        if isinstance(record, RepairedBody):
            self._errors.update(record.lost)
            return dict(record)
        return record

    def _without_secrets(self, record: RecordData) -> RecordData:
        drop(record, self._secrets)
        return record

    def _fit_and_write(self, record: RecordData, place: RecordContext, added: AddedFields) -> Mapping[str, Any]:
        added.derive(record, place)
        record = self._without_secrets(record)
        fitted = self.fit(record)
        try:
            written = SerializedRecord.from_record(record, self._fields)
        except TypeError:
            # orjson reads 1,024 levels and writes 254, and no integer beyond 64 bits; whoever gets the record can.
            return record
        # Parsed anew, a record that was made to fit may lose digits (conform.py).
        return written if fitted or written.whole() == record else record


def _unreadable(answer: Answer, problem: UnexpectedBody) -> AirbyteTracedException:
    return list_incomplete(f"DigitalOcean answered HTTP {answer.status} for {answer.path} with {problem}.")
