"""SourceDigitaloceanQuolum: what Airbyte sees."""

import logging
import time
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    FailureType,
    StreamDescriptor,
    SyncMode,
)
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum import manifest
from source_digitalocean_quolum.cdk_ext.declarative_source import DeclarativeSource
from source_digitalocean_quolum.cdk_ext.partition_states import keep_known_states
from source_digitalocean_quolum.check import check
from source_digitalocean_quolum.config import parse, tidy
from source_digitalocean_quolum.configured_catalog import read_configured
from source_digitalocean_quolum.discovery import described
from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.probes import StreamProbes
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.http.run_report import report_run
from source_digitalocean_quolum.logs import guard
from source_digitalocean_quolum.protocol.line_reader import read_lines
from source_digitalocean_quolum.protocol.stream_messages import StreamMessages
from source_digitalocean_quolum.state import read_states, revise_states
from source_digitalocean_quolum.utilization import table
from source_digitalocean_quolum.utilization.access import utilization_access
from source_digitalocean_quolum.utilization.position import find_position
from source_digitalocean_quolum.utilization.resources import name_lists, share_lists
from source_digitalocean_quolum.utilization.run import UtilizationRun
from source_digitalocean_quolum.utilization.settings import UtilizationSettings
from source_digitalocean_quolum.utilization.stream import CURSOR, utilization_stream
from source_digitalocean_quolum.utilization.windows import SECONDS


class SourceDigitaloceanQuolum(DeclarativeSource):
    """The declarative source of manifest.yaml and streams/*.yaml, with a check and a read that speak to a person."""

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
        *,
        complete: bool = True,
    ) -> None:
        """Without `complete` it knows of the manifest's streams only what the catalog's need: it starts faster."""
        guard()
        self._run = RunContext(tidy(config)) if config else None
        super().__init__(
            catalog=catalog or ConfiguredAirbyteCatalog(streams=[]),
            config=self._run.config if self._run else {},
            source_config=manifest.load(None if complete else _needed(catalog)),
        )
        self._selected = {one.stream.name for one in catalog.streams} if catalog else set()
        self._utilization_states: list[AirbyteStateMessage] = []
        self._adopt_states(state or [])

    def _adopt_states(self, states: list[AirbyteStateMessage]) -> None:
        self._has_states = bool(states)
        cursors: dict[str, Any] = dict.fromkeys(manifest.declared_streams()) if states else {}
        cursors |= {stream["name"]: stream.get("incremental_sync") for stream in self.resolved_manifest["streams"]}
        cursors |= dict.fromkeys(table.load().features, CURSOR)
        revised = revise_states(states, cursors, self._run.started_at if self._run else time.time())
        for one in revised:
            if one.stream and one.stream.stream_state:
                self.states.update_state_for_stream(
                    one.stream.stream_descriptor.name, None, vars(one.stream.stream_state)
                )
        self._utilization_states = _of_utilization(revised)

    @classmethod
    def read_state(cls, state_path: str) -> list[AirbyteStateMessage]:
        """See state.py: one that cannot be gone on from costs its own stream a new beginning."""
        return read_states(state_path)

    @classmethod
    def read_catalog(cls, catalog_path: str) -> ConfiguredAirbyteCatalog:
        """See configured_catalog.py."""
        return read_configured(catalog_path)

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        """Adopt the command's configuration when built without one (PyAirbyte, Airbyte's standard tests)."""
        if self._run is None:
            self._run = RunContext(tidy(config))
            self.adopt_config(self._run.config)
        return super().configure(self.config, temp_dir)

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """See check.py."""
        parse(self.config)
        return check(RunContext.from_config(self.config), self.stream_probes())

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        """The catalog; it is the same for every account and takes no request."""
        parse(self.config)
        declared = [described(stream) for stream in self.resolved_manifest["streams"]]
        return AirbyteCatalog(streams=[*declared, *(one.as_airbyte_stream() for one in self._utilization_streams())])

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """The messages of the selected streams. A stream that does not exist fails alone, by name."""
        parse(self.config)
        self._selected = {one.stream.name for one in catalog.streams}
        if state and not self._has_states:
            self._adopt_states(state)
        if not self._selected.isdisjoint(table.load().features):
            share_lists(table.load(), self.resolved_manifest["streams"])
        known = dict.fromkeys(manifest.declared_streams(), "")
        known |= {stream.name: stream.endpoint.scope for stream in self.stream_probes()}
        said = StreamMessages()
        for name in [one.stream.name for one in catalog.streams if one.stream.name not in known]:
            trace = _unknown_stream(name).as_airbyte_message(stream_descriptor=StreamDescriptor(name=name))
            if said.passes(trace):
                yield trace
        run, parents = RunContext.from_config(self.config), self._parents()
        run.incremental_streams = frozenset(
            one.stream.name for one in catalog.streams if one.sync_mode == SyncMode.incremental
        )
        run.incoming_states = {name: self._incoming(name) for name in known}
        run.waiting.watch(self.messages.emit_message, self._selected, parents)
        try:
            for message in super().read(logger, config, catalog, state):
                if said.passes(message):
                    yield message
        except AirbyteTracedException:
            # The CDK's last word about streams that failed is a config_error, whatever they failed of.
            if not said.failed:
                raise
        finally:
            report_run(run, self._selected, parents, known)
        if said.failed:
            raise said.failed.sum_up()

    def _incoming(self, name: str) -> dict[str, Any]:
        """What the state of a stream says beside the partitions', of which there may be thousands."""
        state = self.states.get_stream_state(name, None)
        return {key: value for key, value in state.items() if key != "states"}

    def _parents(self) -> dict[str, list[str]]:
        declared = {stream["name"]: manifest.parents(stream) for stream in self.resolved_manifest["streams"]}
        # Made of three lists, and asked of Droplets.
        if "droplet_associated_resources" in declared:
            declared["droplet_associated_resources"] = ["droplets"]
        return declared | {
            name: [source.list for source in feature.resources] for name, feature in table.load().features.items()
        }

    def emit_lines(self) -> None:
        """From now on `read` yields RecordLines in place of single records: for our own entry point only."""
        self.replace_concurrent_source(read_lines)

    def streams(self, config: Mapping[str, Any]) -> list[AbstractStream]:
        """The manifest's streams, and one of utilization for each feature of metrics.yaml."""
        declared = super().streams(config)
        for stream in declared:
            keep_known_states(stream.cursor)
        return [*declared, *self._utilization_streams()]

    def _utilization_streams(self) -> list[AbstractStream]:
        features = table.load().features.values()
        settings = UtilizationSettings.model_validate(self.config.get("utilization") or {})
        interval, now = SECONDS[settings.interval], time.time()
        positions = {
            one.stream: find_position(one.stream, self.config, self._utilization_states, interval, now)
            for one in features
        }
        selected = {name: positions[name] for name in positions if name in self._selected}
        run = UtilizationRun(self.config, self._list, selected)
        states, messages = self.states, self.messages
        return [utilization_stream(one, run, positions[one.stream], states, messages) for one in features]

    def _list(self, name: str, *, fresh: bool = False) -> AbstractStream:
        """A stream of the manifest as a list of what is there now: no cursor, and its pages shared unless `fresh`."""
        declared = deepcopy(next(one for one in self.resolved_manifest["streams"] if one["name"] == name))
        declared.pop("incremental_sync", None)
        declared["retriever"]["requester"]["use_cache"] = not fresh
        return self.build_stream(declared)

    def stream_probes(self) -> list[StreamProbes]:
        """The name and endpoint of every stream that the token opens."""
        parameters = [stream["$parameters"] for stream in manifest.declared_streams().values()]
        declared = [StreamProbes(facts["name"], Endpoint.from_manifest(facts["api"])) for facts in parameters]
        of_token = [stream for stream in declared if stream.endpoint.service == "api"]
        return [*of_token, *utilization_access(self.config)]


def _needed(catalog: ConfiguredAirbyteCatalog | None) -> set[str]:
    """The manifest's streams that a read of this catalog builds: its own, and lists of what utilization measures."""
    selected = {one.stream.name for one in catalog.streams} if catalog else set()
    features = table.load().features if selected - set(manifest.declared_streams()) else {}
    if chosen := selected & set(features):
        selected |= name_lists(features[name] for name in chosen)
    return selected


def _of_utilization(state: list[AirbyteStateMessage]) -> list[AirbyteStateMessage]:
    names = table.load().features.keys()
    return [one for one in state if one.stream and one.stream.stream_descriptor.name in names]


def _unknown_stream(name: str) -> AirbyteTracedException:
    return AirbyteTracedException(
        message=f"This connector has no stream {name}: refresh the source's schema and select streams again.",
        failure_type=FailureType.config_error,
    )
