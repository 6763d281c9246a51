"""Whose daily cost is read: that of the token's team, which a personal account does not have."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter
from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.http.run_context import RunContext

logger = logging.getLogger("airbyte")


@dataclass
class TeamRouter(SubstreamPartitionRouter):
    """The CDK's SubstreamPartitionRouter that says why there is nothing to read where the account names no team.

    DigitalOcean gives daily cost for a team or an organization only (API reference, "List Billing Insights").
    """

    name: str = ""

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self._run = RunContext.from_config(self.config)

    def stream_slices(self) -> Iterable[StreamSlice]:
        """A slice for the team."""
        (parent,) = self.parent_stream_configs
        teams = 0
        for stream_slice in super().stream_slices():
            # A team without an identifier cannot be asked about.
            if all(value for name, value in stream_slice.partition.items() if name != "parent_slice"):
                teams += 1
                yield stream_slice
        if not teams and not self._run.access.is_refused(parent.stream.name):
            logger.warning(
                "Stream %s is empty: DigitalOcean gives daily cost for teams only, and this token belongs to a "
                "personal account without one. The invoices have the cost of each month.",
                self.name,
            )
