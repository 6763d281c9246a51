"""Lists whose records have no keys of their own: read to the end before the first record goes out."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.records.page import RecordData, Records
from source_digitalocean_quolum.retrievers.extractor import AddedFields, RecordContext
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever
from source_digitalocean_quolum.retrievers.page import Page
from source_digitalocean_quolum.retrievers.page_fetcher import PageFetcher
from source_digitalocean_quolum.retrievers.pagination import PageNumberPaginator
from source_digitalocean_quolum.retrievers.record_reader import RecordReader
from source_digitalocean_quolum.retrievers.surrogate_keys import SurrogateKeyedList


@dataclass
class BufferedListRetriever(DigitalOceanRetriever):
    """DigitalOceanRetriever for endpoints with a `key` (see SurrogateKey): keys count the records that share fields.

    A list that changes while it is read is read again from its first page, and nothing of the first attempt goes
    out: a shifted page would be miscounted.
    """

    def _read(self, stream_slice: StreamSlice, reader: RecordReader, since: str | None) -> Iterator[Records]:
        added = AddedFields.for_slice(self._endpoint, stream_slice)
        whole = self._read_whole(stream_slice, reader)
        for records in whole.pages() if whole else ():
            for record in records:
                self._complete(record)
                added.derive(record, RecordContext({}, record))
                reader.fit(record)
            yield records

    def _read_whole(self, stream_slice: StreamSlice, reader: RecordReader) -> SurrogateKeyedList | None:
        """All records of the list; None where the stream has nothing here (see the error handler)."""
        endpoint = self._endpoint
        if endpoint.key is None:
            raise ValueError(f"{self.name}: a list is buffered for its keys, and `api` has no `key`")
        paginator, whole = PageNumberPaginator(exact=True), SurrogateKeyedList(endpoint.key)
        fetcher = PageFetcher(self.requester, endpoint, stream_slice, self._run)
        with closing(fetcher.pages(paginator, prefetch=True)) as pages:
            for fetched in pages:
                page = fetched.page
                if page.number == 1:
                    self._begun(stream_slice, page)
                records = reader.read_objects(fetched.take_answer())
                identities = whole.identities(records)
                if paginator.is_same_again(page, identities):
                    return whole
                if paginator.must_restart(page) or paginator.must_refetch(page, identities):
                    whole.clear()
                    continue
                # It is the first page that a list begins again with.
                for _ in paginator.pages_to_reread(page):
                    pass
                whole.add(records, identities)
                if paginator.advance(page, len(records)):
                    continue
                if not self._is_short(paginator):
                    return whole
                whole.clear()
        return None

    def _begun(self, stream_slice: StreamSlice, page: Page) -> None:
        """The first page of a list has arrived."""

    def _complete(self, record: RecordData) -> None:
        """Add to a record what is known of it beyond the answer."""
