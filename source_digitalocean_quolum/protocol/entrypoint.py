"""The commands of the Airbyte protocol: what each of them writes to stdout."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from airbyte_cdk.logger import is_platform_debug_log_enabled
from airbyte_cdk.models import AirbyteMessage, ConfiguredAirbyteCatalog, ConnectorSpecification, Type
from airbyte_cdk.sources import Source

from source_digitalocean_quolum.cdk_ext.entrypoint import BatchEntrypoint
from source_digitalocean_quolum.protocol.output import Output
from source_digitalocean_quolum.protocol.record_lines import RecordLines

logger = logging.getLogger("airbyte")


class Entrypoint(BatchEntrypoint):
    """The CDK's entry point in a form that reads no file and needs no temporary folder.

    Configuration, catalog and state are read once, before the source is made: a pipe cannot be read twice.
    """

    def __init__(self, source: Source, *, debug: bool = False) -> None:
        super().__init__(source)
        level = logging.DEBUG if debug or is_platform_debug_log_enabled() else logging.INFO
        for one in (logger, self.logger):
            one.setLevel(level)

    def run_command(
        self, command: str, config: Mapping[str, Any], catalog: ConfiguredAirbyteCatalog | None, output: Output
    ) -> None:
        """Run `spec`, `check`, `discover` or `read` (which has its state already) and write its messages."""
        for message in self._messages(command, config, catalog):
            if isinstance(message, RecordLines):
                output.write_records(message.lines)
            else:
                output.write(f"{self.airbyte_message_to_string(message)}\n")

    def _messages(
        self, command: str, config: Mapping[str, Any], catalog: ConfiguredAirbyteCatalog | None
    ) -> Iterator[AirbyteMessage]:
        spec = self.source.spec(self.logger)
        if command == "spec":
            yield AirbyteMessage(type=Type.SPEC, spec=spec)
        elif command == "check":
            yield AirbyteMessage(type=Type.CONNECTION_STATUS, connectionStatus=self.source.check(self.logger, config))
        elif command == "discover":
            yield AirbyteMessage(type=Type.CATALOG, catalog=self.source.discover(self.logger, config))
        else:
            yield from self.read(spec, config, catalog, [])

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Nothing to do: config.py has validated the configuration, in sentences."""

    @staticmethod
    def set_up_secret_filter(config: Mapping[str, Any], connection_specification: Mapping[str, Any]) -> None:
        """Nothing to do: the guard knows the secrets, and the CDK's filter blanks a short one in every word."""
