"""The CDK's declarative source, with public names for the private parts that this connector builds on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.declarative import concurrent_declarative_source
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.sources.declarative.parsers import manifest_component_transformer
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream


class DeclarativeSource(ConcurrentDeclarativeSource):
    """ConcurrentDeclarativeSource (airbyte_cdk 7.39) for subclasses that stay out of its private members."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See ConcurrentDeclarativeSource."""
        with _without_component_schema(), _plain_copies():
            super().__init__(*args, **kwargs)

    @property
    def config(self) -> Mapping[str, Any]:
        """The configuration that streams are built with; empty in a source that was made without one."""
        return self._config

    @property
    def states(self) -> ConnectorStateManager:
        """The state of every stream: the incoming one until the stream has got further."""
        return self._connector_state_manager

    @property
    def messages(self) -> MessageRepository:
        """Where a stream puts messages that are no records."""
        return self._message_repository

    def adopt_config(self, config: Mapping[str, Any]) -> None:
        """Build streams with this configuration from now on; the CDK validates what it was made with."""
        self._config = self._config_for_validation = config

    def build_stream(self, declaration: Mapping[str, Any]) -> AbstractStream:
        """One stream of the resolved manifest, or of a changed copy of its declaration, which is left as it is."""
        (stream,) = self._create_streams([dict(declaration)], self.resolved_manifest["streams"])
        return stream

    def replace_concurrent_source(self, make: Callable[[ConcurrentSource], ConcurrentSource]) -> None:
        """Read with what `make` makes of the CDK's concurrent source."""
        self._concurrent_source = make(self._concurrent_source)

    def _validate_source(self) -> None:
        """Leave out the CDK's check of the manifest against its schema: the manifest is part of the package.

        A unit test makes the check. Here it would take 0.3 s of every command.
        """


@contextmanager
def _without_component_schema() -> Iterator[None]:
    """Let the CDK not parse its schema of manifests, 200 KB of YAML.

    It is for the check that `_validate_source` leaves out, and for the builder's normalized manifests.
    """
    original = concurrent_declarative_source.get_declarative_component_schema
    concurrent_declarative_source.get_declarative_component_schema = dict
    try:
        yield
    finally:
        concurrent_declarative_source.get_declarative_component_schema = original


@contextmanager
def _plain_copies() -> Iterator[None]:
    """Let the CDK copy the manifest as what it is, dicts and lists of plain values, in a third of the time.

    It copies each component again for every component around it.
    """
    original = manifest_component_transformer.copy
    manifest_component_transformer.copy = SimpleNamespace(deepcopy=_copy_plain)  # type: ignore[assignment]
    try:
        yield
    finally:
        manifest_component_transformer.copy = original


def _copy_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy_plain(each) for name, each in value.items()}
    return [_copy_plain(each) for each in value] if isinstance(value, list) else value
