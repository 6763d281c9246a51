"""The way from a slice to its records: ask for a page, decode it once, take, clean, emit."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import requests
from airbyte_cdk.sources.declarative.requesters.requester import Requester
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.types import Record, StreamSlice

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.requester import AGAIN
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.body import decode
from source_digitalocean_quolum.records.page import RecordPage, Rows
from source_digitalocean_quolum.retrievers.cursor_order import NewestFirst, is_older
from source_digitalocean_quolum.retrievers.extractor import AddedFields, listed
from source_digitalocean_quolum.retrievers.low_watermark import LowWatermark
from source_digitalocean_quolum.retrievers.pagination import Page, PageNumberPaginator, page_params, read_page
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

    requester: Requester
    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    name: str = ""
    api: Mapping[str, Any] = field(default_factory=dict)
    primary_key: Any = None
    incremental_sync: Any = None

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._connection = RunContext.of(self.config)
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
            yield from page.records(self.name)

    def read_pages(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[RecordPage]:
        """The same by pages of rows that need only be written (record_path.py)."""
        _slice = stream_slice or StreamSlice(partition={}, cursor_slice={})
        pages = self._read(_slice, self._reader(records_schema))
        if self._endpoint.unfinished and self._cursor_field:
            hold_back = LowWatermark(self._endpoint.unfinished, self._cursor_field, _slice)
            for rows in pages:
                yield hold_back.pass_on(rows)
            yield from hold_back.rest()
            if hold_back.holds:
                self._connection.unfinished[self.name].update(map(str, _slice.partition.values()))
        else:
            for rows in pages:
                yield RecordPage(rows, _slice)

    def _read(self, stream_slice: StreamSlice, reader: RecordReader) -> Iterator[Rows]:
        """Walk the pages; see PageNumberPaginator for what happens while the list changes."""
        endpoint, field = self._endpoint, self._cursor_field
        if not endpoint.asks_about({**(stream_slice.extra_fields or {}), **stream_slice}):
            return
        deriver = AddedFields.of(endpoint, stream_slice)
        since = stream_slice.cursor_slice.get("start_time") if field else None
        order = NewestFirst(field, since) if endpoint.newest_first and since else None
        walk = PageNumberPaginator()

        def emit(rows: Rows, keys: list[Any]) -> Rows:
            fresh = walk.unseen(rows, keys)
            return fresh if since is None else [row for row in fresh if not is_older(row.get(field), since)]

        def ask(number: int) -> requests.Response | None:
            return self._page(stream_slice, number, again=walk.restarted)

        with self._connection.look_ahead(endpoint, ask) as pages:
            while (response := pages.page(walk.number)) is not None:
                page = self._place(response, walk.number)
                if order is None:
                    pages.expect(page)
                rows = reader.read(response, deriver)
                keys = self._keys_of(rows)
                if walk.doubts(page, keys):
                    pages.forget()
                    continue
                yield emit(rows, keys)
                for number in walk.moved(page):
                    if (reread := self._page(stream_slice, number, again=True)) is not None:
                        walk.noticed(self._place(reread, number))
                        moved = reader.read(reread, deriver)
                        yield emit(moved, self._keys_of(moved))
                if (order and order.is_past(rows)) or not walk.advance(page):
                    return

    def _page(self, stream_slice: StreamSlice, number: int, *, again: bool) -> requests.Response | None:
        """Ask for one page; None where the stream has nothing here (see the error handler)."""
        response = self.requester.send_request(
            stream_slice=stream_slice,
            next_page_token=AGAIN if again else None,
            request_params=page_params(self._endpoint.paging, number),
        )
        return response if response is not None and response.ok else None

    def _place(self, response: requests.Response, number: int) -> Page:
        body = decode(response, self._endpoint.unparsed_list)
        return read_page(body, number, self._endpoint.paging, len(listed(response, self._endpoint)))

    def _reader(self, schema: Mapping[str, Any]) -> RecordReader:
        if self._made is None or self._made[0] is not schema:
            unfinished = self._endpoint.unfinished
            fields = dict.fromkeys([*self._key, self._observed, unfinished.field if unfinished else ""])
            misfits = self._connection.misfits[self.name]
            self._made = (
                schema,
                RecordReader(self.name, self._endpoint, schema, [one for one in fields if one], misfits),
            )
        return self._made[1]


def _key_reader(key: list[str]) -> Callable[[Rows], list[Any]]:
    """Read rows' keys; None where a part of one is missing, so that the row counts as no other row's double."""
    if len(key) == 1:
        name = key[0]
        return lambda rows: [row.get(name) for row in rows]

    def read(rows: Rows) -> list[Any]:
        keys = (tuple([row.get(part) for part in key]) for row in rows)
        return [None if None in values else values for values in keys]

    return read
