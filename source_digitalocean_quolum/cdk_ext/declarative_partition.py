"""What a partition of a declared stream is read with."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.declarative.stream_slicers.declarative_partition_generator import DeclarativePartition
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import StreamSlice


class PartitionParts(NamedTuple):
    """A slice, the retriever that reads it and the schema of its records."""

    retriever: Retriever
    schema: Mapping[str, Any]
    stream_slice: StreamSlice


def partition_parts(partition: Partition) -> PartitionParts | None:
    """The parts of the CDK's DeclarativePartition, which hands out records only; None for any other partition."""
    if not isinstance(partition, DeclarativePartition):
        return None
    return PartitionParts(
        partition._retriever,  # noqa: SLF001
        partition._schema_loader.get_json_schema(),  # noqa: SLF001
        partition._stream_slice,  # noqa: SLF001
    )
