"""Many daily syncs of the cost streams in this process, by the sandbox's calendar, into tables as of a destination."""

import copy
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from airbyte_cdk.models import AirbyteStateMessage, AirbyteStateMessageSerializer, SyncMode
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput, read
from freezegun import freeze_time

from sandbox import Sandbox
from source_digitalocean_quolum import SourceDigitaloceanQuolum

KEYS = {
    "invoices": ("invoice_uuid",),
    "invoice_items": ("invoice_uuid", "row_hash"),
    "invoice_summaries": ("invoice_uuid",),
    "invoice_csv_lines": ("invoice_uuid", "row_hash"),
    "billing_history": ("row_hash",),
    "billing_insights": ("usage_team_urn", "start_date", "row_hash"),
    "invoice_preview": ("invoice_period",),
    "invoice_preview_items": ("invoice_period", "row_hash"),
}
FULL_REFRESH = {"invoice_preview", "invoice_preview_items"}
Tables = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


class Daily:
    """One connection, synced again and again: its state, and its tables under append + dedup (or overwrite)."""

    def __init__(self, sandbox: Sandbox, streams: Iterable[str], **settings: Any) -> None:
        self._sandbox = sandbox
        self._streams = list(streams)
        self._settings = settings
        self.state: list[AirbyteStateMessage] = []
        self.tables: Tables = {name: {} for name in self._streams}
        self.requests: Counter[str] = Counter()

    def sync(self, now: datetime) -> EntrypointOutput:
        """One sync while the connector's clock shows `now`, as the sandbox's should."""
        config = copy.deepcopy(self._sandbox.config(**self._settings))
        builder = CatalogBuilder()
        for name in self._streams:
            builder.with_stream(name, SyncMode.full_refresh if name in FULL_REFRESH else SyncMode.incremental)
        catalog = builder.build()
        with freeze_time(now, tick=True):
            source = SourceDigitaloceanQuolum(catalog=catalog, config=config, state=self.state, complete=False)
            output = read(source, config, catalog, self.state)
        assert not output.errors, output.errors[0].trace
        self._land(output)
        return output

    def _land(self, output: EntrypointOutput) -> None:
        for name in FULL_REFRESH & set(self._streams):
            self.tables[name] = {}
        for message in output.records:
            if message.record:
                row, table = message.record.data, message.record.stream
                self.tables[table][tuple(row[part] for part in KEYS[table])] = without_reading_time(row)
        emitted = [message.state for message in output.state_messages if message.state]
        kept = {one.stream.stream_descriptor.name: one for one in [*self.state, *emitted] if one.stream}
        # Through JSON, as a platform keeps it.
        self.state = [
            AirbyteStateMessageSerializer.load(json.loads(json.dumps(AirbyteStateMessageSerializer.dump(one))))
            for one in kept.values()
        ]
        prefix = "Requests made: "
        for message in output.logs:
            if message.log and message.log.message.startswith(prefix):
                self.requests.update(json.loads(message.log.message.removeprefix(prefix)))


def without_reading_time(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without the one field that tells the syncs apart."""
    return {name: value for name, value in row.items() if name != "synced_at"}


def days(first: datetime, count: int) -> list[datetime]:
    """The same hour of so many days."""
    return [first + timedelta(days=number) for number in range(count)]
