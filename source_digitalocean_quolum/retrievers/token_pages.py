"""Lists whose answers name the next page by a token."""

from collections.abc import Iterator
from dataclasses import dataclass

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.records.page import Records
from source_digitalocean_quolum.retrievers.extractor import AddedFields
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever
from source_digitalocean_quolum.retrievers.record_reader import RecordReader

# pydo: the largest page of managed agents' sessions.
_PAGE_SIZE = 100


@dataclass
class TokenPagedRetriever(DigitalOceanRetriever):
    """DigitalOceanRetriever for endpoints with `paging: token`: page_size, page_token and `next_page_token`.

    A token holds the place in the list, so records that are created or deleted meanwhile move no other. One page is
    asked for after the other, since only the answer knows how the list goes on.
    """

    def _read(self, stream_slice: StreamSlice, reader: RecordReader, since: str | None) -> Iterator[Records]:
        added = AddedFields.for_slice(self._endpoint, stream_slice)
        tokens: list[str] = [""]
        seen: set[object] = set()
        while True:
            params = {"page_size": str(_PAGE_SIZE), **({"page_token": tokens[-1]} if tokens[-1] else {})}
            answer = self.requester.fetch_page(stream_slice, len(tokens), params)
            if answer is None:
                return
            following = answer.body.get("next_page_token") if isinstance(answer.body, dict) else None
            records = reader.read(answer, added)
            keys = self._keys_of(records)
            yield [record for record, key in zip(records, keys, strict=True) if key is None or key not in seen]
            seen.update(key for key in keys if key is not None)
            if not following:
                return
            if following in tokens:
                raise AirbyteTracedException(
                    message=f"DigitalOcean's page {len(tokens)} of {self.name} names a page before it as the next one: "
                    "the list cannot be read to its end. The next sync tries again.",
                    failure_type=FailureType.transient_error,
                )
            tokens.append(str(following))
