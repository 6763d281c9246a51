"""The way from a slice to its records: page after page, until the list is read whole."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import InitVar, dataclass, field
from typing import Any

from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.types import Record, StreamSlice

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.failures import list_incomplete
from source_digitalocean_quolum.http.requester import DigitalOceanRequester
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.page import RecordPage, Records
from source_digitalocean_quolum.retrievers.cursor_order import NewestFirst, UsableCursorValues, is_older
from source_digitalocean_quolum.retrievers.extractor import AddedFields
from source_digitalocean_quolum.retrievers.low_watermark import LowWatermark, without_cursor
from source_digitalocean_quolum.retrievers.page_fetcher import PageFetcher
from source_digitalocean_quolum.retrievers.pagination import PageNumberPaginator
from source_digitalocean_quolum.retrievers.record_reader import RecordReader

logger = logging.getLogger("airbyte")


@dataclass
class DigitalOceanRetriever(Retriever):
    """The CDK's Retriever for DigitalOcean's lists (airbyte_cdk.sources.declarative.retrievers).

    It takes the place of SimpleRetriever with its paginator and record selector, because three things need
    the whole page at once: going back when the list shrank, dropping what was emitted before, and stopping
    at the cursor of a newest-first list. It is shared by the threads of a stream; what one read needs lives
    in that read.
    """

    requester: DigitalOceanRequester
    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    name: str = ""
    api: Mapping[str, Any] = field(default_factory=dict)
    primary_key: Any = None
    incremental_sync: Any = None

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._run = RunContext.from_config(self.config)
        self._endpoint = Endpoint.from_manifest(self.api)
        self._made: tuple[Any, RecordReader] | None = None
        cursor = self.incremental_sync
        # The CDK's cursor keeps the highest value; those before its start are left out here where the API cannot.
        self._observed: str = cursor.cursor_field if cursor else ""
        self._cursor_field: str = self._observed if cursor and cursor.is_client_side_incremental else ""
        key = self.primary_key if isinstance(self.primary_key, list) else [self.primary_key]
        self._key = [part for part in key if part]
        self._keys_of = _key_reader(self._key)

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[Record]:
        """The records of one slice, each once, as they fit the schema and without secrets."""
        for page in self.read_pages(records_schema, stream_slice):
            yield from page.to_cdk_records(self.name)

    def read_pages(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[RecordPage]:
        """The same by pages of records that need only be written (protocol/)."""
        slice_ = stream_slice or StreamSlice(partition={}, cursor_slice={})
        if not self._endpoint.asks_about({**(slice_.extra_fields or {}), **slice_}):
            return
        since = slice_.cursor_slice.get("start_time") if self._cursor_field else None
        pages = self._read(slice_, self._reader(records_schema), since)
        if since is not None:
            pages = (
                [record for record in records if not is_older(record.get(self._cursor_field), since)]
                for records in pages
            )
        if self._observed:
            yield from self._with_cursor(pages, slice_)
        else:
            for records in pages:
                yield RecordPage(records, slice_)

    def _with_cursor(self, pages: Iterator[Records], stream_slice: StreamSlice) -> Iterator[RecordPage]:
        """Have only those records move the cursor whose value may."""
        usable = UsableCursorValues(self._run.started_at)
        if self._endpoint.unfinished and self._cursor_field:
            watermark = LowWatermark(self._endpoint.unfinished, self._cursor_field, stream_slice, usable)
            for records in pages:
                yield watermark.pass_on(records)
            yield from watermark.rest()
            if watermark.holds:
                self._run.note_unfinished(self.name, stream_slice.partition.values())
            return
        for records in pages:
            if all(record.get(self._observed) in usable for record in records):
                yield RecordPage(records, stream_slice)
                continue
            yield without_cursor(
                [record for record in records if record.get(self._observed) not in usable], stream_slice
            )
            yield RecordPage([record for record in records if record.get(self._observed) in usable], stream_slice)

    def _read(self, stream_slice: StreamSlice, reader: RecordReader, since: str | None) -> Iterator[Records]:
        """The records of the list, page by page; see PageNumberPaginator for what happens while it changes."""
        endpoint = self._endpoint
        incremental = self.name in self._run.incremental_streams
        added = AddedFields.for_slice(endpoint, stream_slice, incremental=incremental)
        order = NewestFirst(self._cursor_field, since) if endpoint.newest_first and since else None
        paginator = PageNumberPaginator()
        fetcher = PageFetcher(self.requester, endpoint, stream_slice, self._run)
        with closing(fetcher.pages(paginator, prefetch=order is None)) as pages:
            for fetched in pages:
                page = fetched.page
                records = reader.read(fetched.take_answer(), added)
                keys = self._keys_of(records)
                if paginator.must_refetch(page, keys):
                    continue
                fresh = paginator.seen.pick_new(records, keys)
                yield fresh
                for number in paginator.pages_to_reread(page):
                    if (answer := fetcher.fetch(number, page.size, again=True)) is not None:
                        paginator.note_reread(fetcher.read(answer, number, page.size))
                        moved = reader.read(answer, added)
                        yield paginator.seen.pick_new(moved, self._keys_of(moved))
                if order and order.is_past(records):
                    return
                if not (paginator.advance(page, len(fresh)) or self._is_short(paginator)):
                    return

    def _is_short(self, paginator: PageNumberPaginator) -> bool:
        """After the last page: whether the list is read again, because it counts more records than came.

        What stays short is said with both numbers; of nothing at all it is not known that there is nothing.
        """
        if (missing := paginator.missing) is None:
            return False
        if paginator.read_again():
            return True
        received, total = missing
        if not received:
            raise list_incomplete(f"DigitalOcean counts {total} records of {self.name} and sends none.")
        logger.warning(
            "Stream %s: DigitalOcean counts %d records in a list and sends %d of them, also when asked again. "
            "Those are read.",
            self.name,
            total,
            received,
        )
        return False

    def _reader(self, schema: Mapping[str, Any]) -> RecordReader:
        if self._made is None or self._made[0] is not schema:
            unfinished = self._endpoint.unfinished
            fields = dict.fromkeys([*self._key, self._observed, unfinished.field if unfinished else ""])
            self._made = (
                schema,
                RecordReader(
                    self.name,
                    self._endpoint,
                    schema,
                    [one for one in fields if one],
                    self._run.conversion_errors[self.name],
                    self._run.undeclared_fields[self.name],
                    self._key,
                ),
            )
        return self._made[1]


def _key_reader(key: list[str]) -> Callable[[Records], list[Any]]:
    """Read records' keys; None where a part of one is missing, so that the record counts as no other's double."""
    if len(key) == 1:
        name = key[0]
        return lambda records: [record.get(name) for record in records]

    def read(records: Records) -> list[Any]:
        keys = (tuple([record.get(part) for part in key]) for record in records)
        return [None if None in values else values for values in keys]

    return read
