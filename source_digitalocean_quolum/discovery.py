"""The catalog, from the manifest alone: no stream is built to be described."""

from collections.abc import Mapping
from typing import Any

from airbyte_cdk.models import AirbyteStream, SyncMode

from source_digitalocean_quolum.records.schema_files import read_schema


def described(stream: Mapping[str, Any]) -> AirbyteStream:
    """A stream of the resolved manifest as the catalog shows it (airbyte_cdk DefaultStream.as_airbyte_stream).

    Building a stream with its requester, cursor and parents takes 3 ms, and there are 140. A unit test compares
    the two ways.
    """
    found = AirbyteStream(
        name=stream["name"],
        json_schema=read_schema(f"{stream['name']}.json"),
        supported_sync_modes=[SyncMode.full_refresh],
        is_resumable=False,
        is_file_based=False,
        source_defined_primary_key=[[key] for key in stream["primary_key"]],
    )
    if cursor := stream.get("incremental_sync"):
        found.supported_sync_modes.append(SyncMode.incremental)
        found.source_defined_cursor = found.is_resumable = True
        found.default_cursor_field = [cursor["cursor_field"]]
    return found
