"""The retriever of the cost streams: each line with its key, its feature and, where it tells, its resource."""

import logging
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.cost import features
from source_digitalocean_quolum.cost.csv_lines import as_item
from source_digitalocean_quolum.retrievers.buffered_list import BufferedListRetriever
from source_digitalocean_quolum.retrievers.page import PAGE_SIZE, Page

logger = logging.getLogger("airbyte")

RecordData = dict[str, Any]

# DigitalOcean's longest window of daily cost, in days.
_WINDOW = 31
# Requests from which on an operator wants to know beforehand: a minute's worth of DigitalOcean's limit.
_NOTABLE = 250


@dataclass
class CostRetriever(BufferedListRetriever):
    """BufferedListRetriever for billed lines.

    `labels` are the fields it adds: `feature`, `resource_urn`. `since` is where a stream of days begins without state.
    """

    labels: list[str] = field(default_factory=list)
    since: str = ""

    def __post_init__(self, parameters: Any) -> None:
        super().__post_init__(parameters)
        self._table = features.load()
        self._start = InterpolatedString.create(self.since, parameters=parameters).eval(self.config)
        self._priced = False
        self._lock = threading.Lock()

    def _complete(self, record: RecordData) -> None:
        if self._endpoint.csv:
            as_item(record)
        if not self.labels:
            return
        feature = self._table.find(record)
        record["feature"] = feature.name if feature else features.UNKNOWN
        if feature is None:
            self._run.count_unknown_cost(features.unknown_name(record))
        if "resource_urn" in self.labels:
            record["resource_urn"] = features.resource_urn(feature, record)

    def _begun(self, stream_slice: StreamSlice, page: Page) -> None:
        """Say what a long history of daily cost will take: the first page to arrive tells the size of all."""
        with self._lock:
            first, self._priced = not self._priced, True
        if not first or not self.since:
            return
        # Windows are read side by side: which one answers first says nothing of where the first sync begins.
        begun = self._run.incoming_states.get(self.name)
        start = date.fromisoformat(str(stream_slice.cursor_slice["start_time"] if begun else self._start)[:10])
        days = (datetime.now(UTC).date() - start) // timedelta(days=1)
        windows = max(1, -(-days // _WINDOW))
        each = max(1, -(-(page.total or 0) // PAGE_SIZE))
        if windows > 2 or windows * each >= _NOTABLE:
            logger.info(
                "Stream %s: the daily cost since %s takes about %d requests, %d window(s) of up to 31 days with "
                "about %d page(s) each; 250 requests a minute and 5,000 an hour are DigitalOcean's limit. "
                "A later start_date takes fewer.",
                self.name,
                start,
                windows * each,
                windows,
                each,
            )
