"""Airbyte's commands in this process, with what they print kept line by line."""

import copy
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteStateMessage,
    AirbyteStreamStatus,
    FailureType,
    SyncMode,
)
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput

from source_digitalocean_quolum import SourceDigitaloceanQuolum
from unit_tests.mock_server.small import only

TOKEN = "dop_v1_" + "a" * 64
INCREMENTAL = {
    *("actions", "projects", "apps", "billing_history", "invoices", "invoice_items", "billing_insights"),
    *("app_bandwidth_daily", "app_deployments", "app_events", "app_job_invocations"),
    *("database_backups", "database_events", "droplet_autoscale_history", "invoice_summaries"),
    "invoice_csv_lines",
    *("function_access_keys", "function_namespaces", "genai_agent_usage", "genai_indexing_jobs"),
    *("genai_model_evaluation_runs", "insights_alert_instances", "insights_alert_rules"),
    *("genai_model_evaluation_results", "droplet_associated_resources", "volume_actions"),
    "domain_records",
    *("kubernetes_status_messages", "registry_garbage_collections", "registry_tags", "security_scans"),
    *("vector_database_backups", "vector_databases"),
}
COMPLETE = [AirbyteStreamStatus.STARTED, AirbyteStreamStatus.RUNNING, AirbyteStreamStatus.COMPLETE]


class Output(EntrypointOutput):
    """What a command said: messages, and the very lines (records first, then the log)."""

    def __init__(self, messages: list[str], uncaught_exception: BaseException | None = None) -> None:
        self.lines = list(messages)
        self.failed = uncaught_exception is not None
        super().__init__(messages=messages, uncaught_exception=uncaught_exception)

    def rows(self, stream: str) -> list[dict[str, Any]]:
        """The data of a stream's records."""
        return [m.record.data for m in self.records if m.record and m.record.stream == stream]

    def line(self, stream: str) -> str:
        """The one record line of a stream, exactly as printed."""
        (line,) = [line for line in self.lines if '"RECORD"' in line and f'"stream":"{stream}"' in line]
        return line

    def status(self, stream: str) -> str:
        """The last status of a stream: COMPLETE, INCOMPLETE ..."""
        return str(self.get_stream_statuses(stream)[-1].value)

    def error(self, stream: str) -> tuple[FailureType | None, str]:
        """Failure type and message of the one error trace of a stream."""
        (trace,) = [
            m.trace.error
            for m in self.errors
            if m.trace
            and m.trace.error
            and m.trace.error.stream_descriptor
            and m.trace.error.stream_descriptor.name == stream
        ]
        return trace.failure_type, str(trace.message)

    def state_of(self, stream: str) -> dict[str, Any]:
        """The last state of a stream."""
        states = [
            m.state.stream.stream_state
            for m in self.state_messages
            if m.state and m.state.stream and m.state.stream.stream_descriptor.name == stream
        ]
        return dict(vars(states[-1]))

    def warnings(self) -> list[str]:
        """The texts of all warnings in the log."""
        return [m.log.message for m in self.logs if m.log and m.log.level.value == "WARN"]

    def log(self) -> str:
        """The whole log."""
        return "\n".join(m.log.message for m in self.logs if m.log)


def token_config(**settings: Any) -> dict[str, Any]:
    """A configuration with a personal access token."""
    return {
        "credentials": {"auth_type": "access_token", "access_token": TOKEN},
        "start_date": "2026-01-01T00:00:00Z",
        **settings,
    }


def oauth_config(**credentials: Any) -> dict[str, Any]:
    """A configuration as Connect leaves it; None takes a field out."""
    fields = {
        "auth_type": "oauth2.0",
        "client_id": "client-of-the-tests",
        "client_secret": "secret-of-the-tests-1",
        "refresh_token": "dor_v1_" + "a" * 64,
        "access_token": "doo_v1_" + "a" * 64,
        "token_expiry_date": "2999-01-01T00:00:00Z",
        **credentials,
    }
    return {
        "credentials": {name: value for name, value in fields.items() if value is not None},
        "start_date": "2026-01-01T00:00:00Z",
        "num_workers": 10,
    }


@cache
def resolved_streams() -> dict[str, dict[str, Any]]:
    """The streams of the resolved manifest, by name."""
    return {stream["name"]: stream for stream in SourceDigitaloceanQuolum().resolved_manifest["streams"]}


def read(
    *streams: str,
    config: Mapping[str, Any] | None = None,
    state: list[AirbyteStateMessage] | None = None,
    debug: bool = False,
    expect_failure: bool = False,
    through: Iterable[str] = (),
) -> Output:
    """Read streams, incrementally those that can be; `through` names lists that utilization streams need besides."""
    config = copy.deepcopy(dict(config or token_config()))
    builder = CatalogBuilder()
    for stream in streams:
        builder.with_stream(
            stream,
            SyncMode.incremental if stream in INCREMENTAL or stream.endswith("_utilization") else SyncMode.full_refresh,
        )
    catalog = builder.build()
    with only(*streams, *through):
        source = SourceDigitaloceanQuolum(catalog=catalog, config=config, state=state)
    with patch.object(entrypoint_wrapper, "EntrypointOutput", Output):
        output = entrypoint_wrapper.read(
            source, config, catalog, state, expecting_exception=expect_failure, debug=debug
        )
    assert isinstance(output, Output)
    return output


def check(config: Mapping[str, Any], *streams: str) -> AirbyteConnectionStatus:
    """The connection status that check answers with, for a connector with these streams (none named: all)."""
    output = check_output(config, *streams)
    (message,) = output.connection_status_messages
    assert message.connectionStatus
    return message.connectionStatus


def check_output(config: Mapping[str, Any], *streams: str) -> Output:
    """Everything that check says."""
    config = copy.deepcopy(dict(config))
    with only(*streams), tempfile.TemporaryDirectory() as directory:
        source = SourceDigitaloceanQuolum(config=config)
        file = entrypoint_wrapper.make_file(Path(directory) / "config.json", config)
        with patch.object(entrypoint_wrapper, "EntrypointOutput", Output):
            output = entrypoint_wrapper._run_command(source, ["check", "--config", file, "--debug"])
    assert isinstance(output, Output)
    return output
