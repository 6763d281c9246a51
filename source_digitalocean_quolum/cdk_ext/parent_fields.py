"""Slices that tell a field of the parent's record which is null from one that the record does not have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter


@dataclass
class ParentFieldsRouter(SubstreamPartitionRouter):
    """The CDK's SubstreamPartitionRouter, whose `extra_fields` are null for what is absent, too.

    Here an absent one is absent. Only fields at the top of a record are looked for.
    """

    def _extract_extra_fields(
        self, parent_record: Mapping[str, Any] | AirbyteMessage, extra_fields: list[list[str]] | None = None
    ) -> Mapping[str, Any]:
        found = super()._extract_extra_fields(parent_record, extra_fields)
        if not isinstance(parent_record, Mapping):
            return found
        return {name: value for name, value in found.items() if value is not None or name in parent_record}
