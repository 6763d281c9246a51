"""Lists whose rows have no keys of their own: read to the end before the first row goes out."""

from collections.abc import Iterator
from dataclasses import dataclass

import requests
from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.records.page import Row, Rows
from source_digitalocean_quolum.retrievers.cursor_order import is_older
from source_digitalocean_quolum.retrievers.extractor import AddedFields, RecordContext
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever
from source_digitalocean_quolum.retrievers.pagination import Page, PageNumberPaginator
from source_digitalocean_quolum.retrievers.record_reader import RecordReader
from source_digitalocean_quolum.retrievers.surrogate_keys import SurrogateKeyedList


@dataclass
class BufferedListRetriever(DigitalOceanRetriever):
    """DigitalOceanRetriever for endpoints with a `key` (see SurrogateKey): keys count the rows that share their fields.

    A list that changes while it is read is read again from its first page, and nothing of the first attempt goes
    out: a shifted page would be miscounted.
    """

    def _read(self, stream_slice: StreamSlice, reader: RecordReader) -> Iterator[Rows]:
        endpoint, field = self._endpoint, self._cursor_field
        if not endpoint.asks_about({**(stream_slice.extra_fields or {}), **stream_slice}):
            return
        deriver = AddedFields.of(endpoint, stream_slice)
        since = stream_slice.cursor_slice.get("start_time") if field else None
        whole = self._whole(stream_slice, reader)
        for rows in whole.pages() if whole else ():
            for row in rows:
                self._complete(row)
                deriver.derive(row, RecordContext({}, row))
                reader.fit(row)
            yield rows if since is None else [row for row in rows if not is_older(row.get(field), since)]

    def _whole(self, stream_slice: StreamSlice, reader: RecordReader) -> SurrogateKeyedList | None:
        """All rows of the list; None where the stream has nothing here (see the error handler)."""
        endpoint = self._endpoint
        if endpoint.key is None:
            raise ValueError(f"{self.name}: a whole list is read for its keys, and `api` has no `key`")
        walk, whole = PageNumberPaginator(exact=True), SurrogateKeyedList(endpoint.key)

        def ask(number: int) -> requests.Response | None:
            return self._page(stream_slice, number, again=walk.restarted)

        with self._connection.look_ahead(endpoint, ask) as pages:
            while (response := pages.page(walk.number)) is not None:
                page = self._place(response, walk.number)
                if page.number == 1:
                    self._begun(stream_slice, page)
                rows = reader.taken(response)
                identities = whole.identities(rows)
                if walk.starts_over(page) or walk.doubts(page, identities):
                    whole.clear()
                    pages.forget()
                    continue
                # Remembers the total, which the next page must agree with.
                for _ in walk.moved(page):
                    pass
                pages.expect(page)
                whole.add(rows, identities)
                if not walk.advance(page):
                    return whole
        return None

    def _begun(self, stream_slice: StreamSlice, page: Page) -> None:
        """The first page of a list has arrived."""

    def _complete(self, row: Row) -> None:
        """Add to a row what is known of it beyond the answer."""
