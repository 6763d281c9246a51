"""From a region of Spaces to the records of its buckets."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.declarative.partition_routers.list_partition_router import ListPartitionRouter
from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.records.page import Records
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever
from source_digitalocean_quolum.retrievers.record_reader import RecordReader
from source_digitalocean_quolum.spaces.client import BucketGoneError, Question, SpacesClient
from source_digitalocean_quolum.spaces.settings import SpacesSettings

logger = logging.getLogger("airbyte")

# Undocumented headers of the server that DigitalOcean runs (Ceph's Object Gateway): what HEAD of a bucket tells.
_MEASURES = {"size_bytes": "x-rgw-bytes-used", "object_count": "x-rgw-object-count"}
_RULES: dict[str, Question] = {"cors_rules": "cors", "lifecycle_rules": "lifecycle"}
_MOST_NAMES = 5


@dataclass
class SpacesRegionsRouter(ListPartitionRouter):
    """The CDK's ListPartitionRouter over the configured regions; without a Spaces key there are none."""

    name: str = ""

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        configured = self.config.get("spaces")
        self.values = SpacesSettings.model_validate(configured).regions if configured else []
        super().__post_init__(parameters)

    def stream_slices(self) -> Iterable[StreamSlice]:
        """A slice for each region."""
        if not self.values:
            # As a stream whose scope the token lacks: a key that was taken out by mistake must not pass in silence.
            logger.warning(
                "Stream %s is skipped: no Spaces key is configured. Make one with full access in the control panel "
                "under Spaces Object Storage, Access Keys, and enter it under `spaces`, or leave the stream out.",
                self.name,
            )
        yield from super().stream_slices()


@dataclass
class SpacesRetriever(DigitalOceanRetriever):
    """DigitalOceanRetriever for the buckets of one region: a list, and three questions about each bucket.

    What the key may not read of a bucket is null, and told once a region.
    """

    def _read(self, stream_slice: StreamSlice, reader: RecordReader, since: str | None) -> Iterator[Records]:
        region = str(stream_slice["region"])
        settings = SpacesSettings.model_validate(self.config["spaces"])
        client = SpacesClient(settings, region, self._run, self.name)
        refused: defaultdict[str, list[str]] = defaultdict(list)
        for listed in client.list_buckets():
            name = str(listed.get("name") or "")
            try:
                record = {
                    "name": name,
                    "region": region,
                    "urn": f"do:space:{name}",
                    "created_at": listed.get("creation_date"),
                    **_described(client, name, refused),
                }
            except BucketGoneError:
                logger.info("%s: nothing of %s in %s: it was deleted during the sync.", self.name, name, region)
                continue
            reader.fit(record)
            yield [record]
        for field, buckets in sorted(refused.items()):
            more = f" and {len(buckets) - _MOST_NAMES} more" if len(buckets) > _MOST_NAMES else ""
            logger.warning(
                "Stream %s: the Spaces key %s may not read %s of %s%s in %s, which is null there. A key with full "
                "access may.",
                *(self.name, settings.access_key, field, ", ".join(buckets[:_MOST_NAMES]), more, region),
            )


def _described(client: SpacesClient, bucket: str, refused: defaultdict[str, list[str]]) -> dict[str, Any]:
    """What is asked about one bucket. Raises BucketGoneError."""
    headers = client.measure(bucket)
    found: dict[str, Any] = {field: headers.get(header) for field, header in _MEASURES.items()}
    if not headers:
        refused["size_bytes"].append(bucket)
    for field, question in _RULES.items():
        found[field] = client.list_rules(bucket, question)
        if found[field] is None:
            refused[field].append(bucket)
    return found
