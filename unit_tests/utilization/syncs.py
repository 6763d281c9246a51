"""Syncs of droplet_utilization without HTTP, one after the other: hundreds of them take seconds."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import msgspec
from airbyte_cdk.models import (
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    FailureType,
    StreamDescriptor,
)
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.page import RecordPage
from source_digitalocean_quolum.utilization.api import Absent, NotUnderstood, Series, TooMuch, Unreadable
from source_digitalocean_quolum.utilization.position import find_position
from source_digitalocean_quolum.utilization.reader import UtilizationReader
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.run import UtilizationRun
from source_digitalocean_quolum.utilization.sizes import SizeDates
from source_digitalocean_quolum.utilization.stream import UtilizationCursor
from source_digitalocean_quolum.utilization.table import Feature, Metric
from unit_tests.mock_server.metrics import MetricsService, droplet
from unit_tests.mock_server.server import Reply

STREAM = "droplet_utilization"
HOUR = 3600

Row = dict[str, Any]


@dataclass
class Synced:
    """What one sync emitted: rows and states in order, and the error that it ended with."""

    rows: list[Row] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    error: AirbyteTracedException | None = None


class FakeMetricsApi:
    """In the place of MetricsApi: the same calls and exceptions."""

    service: MetricsService

    def __init__(self, stream: str, config: Mapping[str, Any]) -> None:
        """Nothing is connected."""

    def get(self, path: str, params: Mapping[str, str]) -> list[Series]:
        """See MetricsApi."""
        return _read(self.service.monitoring(path.rpartition("/")[2], params))

    def post(self, path: str, form: Mapping[str, str]) -> list[Series]:
        """See MetricsApi."""
        region = path.split("/")[4]
        return _read(self.service.insights(region, form["query"], int(form["start"]), int(form["end"])))


def sync(
    service: MetricsService,
    now: int,
    state: Mapping[str, Any] | None,
    start_date: str,
    kill_after: int | None = None,
    **settings: str,
) -> Synced:
    """One sync at `now` (UNIX seconds); killed after so many pages and states, if it has as many.

    FakeMetricsApi must be in the place of MetricsApi.
    """
    FakeMetricsApi.service = service
    context = RunContext({"credentials": {}, "start_date": start_date, "utilization": settings})
    context.budget.server_clock.epoch = lambda: float(now)
    config = context.config
    incoming = [] if state is None else [_message(state)]
    position = find_position(STREAM, config, incoming, HOUR, now)
    run = UtilizationRun(config, lambda _name, **_: _Droplets(service), {STREAM: position})  # type: ignore[arg-type]
    run.sizes = _NoSizes(context)
    cursor = UtilizationCursor(STREAM, position, ConnectorStateManager(incoming), InMemoryMessageRepository())
    synced = Synced()
    try:
        for number, page in enumerate(UtilizationReader(run.table.features[STREAM], run, cursor).read_pages()):
            if number == kill_after:
                return synced
            if isinstance(page, RecordPage):
                synced.rows += [json.loads(json.dumps(row)) for row in page.records]
            else:
                assert page.state
                assert page.state.stream
                synced.states.append(json.loads(json.dumps(vars(page.state.stream.stream_state))))
    except AirbyteTracedException as error:
        synced.error = error
    synced.states.append(json.loads(json.dumps(cursor.state)))
    return synced


class _NoSizes(SizeDates):
    """Nobody knows since when the Droplets have their size."""

    def apply(
        self, feature: Feature, metrics: Iterable[Metric], resources: Sequence[Resource], since: float
    ) -> Sequence[Resource]:
        """See SizeDates."""
        return resources


class _Droplets:
    """The list of Droplets as a stream of one partition."""

    def __init__(self, service: MetricsService) -> None:
        self._service = service

    def generate_partitions(self) -> Iterator["_Droplets"]:
        """Itself."""
        yield self

    def read(self) -> Iterator[SimpleNamespace]:
        """A record for each Droplet."""
        for number, region in self._service.regions.items():
            yield SimpleNamespace(data=droplet(number, region))


def _message(state: Mapping[str, Any]) -> AirbyteStateMessage:
    stream = AirbyteStreamState(StreamDescriptor(name=STREAM), AirbyteStateBlob(dict(state)))
    return AirbyteStateMessage(type=AirbyteStateType.STREAM, stream=stream)


def _read(answer: list[dict[str, Any]] | Reply) -> list[Series]:
    if not isinstance(answer, Reply):
        return [Series(_raw(one["metric"]), _raw(one["values"])) for one in answer]
    if answer.status == 200:
        raise Unreadable("not what was promised")
    if answer.status in (400, 422):
        raise NotUnderstood(f"HTTP {answer.status}")
    if answer.status == 404:
        raise Absent("")
    if answer.status == 503:
        raise TooMuch("HTTP 503")
    raise AirbyteTracedException(message=f"HTTP {answer.status}.", failure_type=FailureType.transient_error)


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())
