"""A plain declarative CDK source of the same lists. python -m benchmarks.peers.plain_cdk BASE_URL LISTS."""

import json
import sys
from pathlib import Path
from typing import Any

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

_SCHEMA = {"type": "object", "additionalProperties": True, "properties": {}}


def manifest(base: str, lists: list[dict[str, str]]) -> dict[str, Any]:
    """The manifest as the Connector Builder would write it, with ten workers."""
    streams: dict[str, dict[str, Any]] = {}
    for one in lists:
        streams[one["name"]] = _stream(base, one, streams.get(one["parent"]))
    return {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": [lists[0]["name"]]},
        "streams": list(streams.values()),
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
        "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": 10},
    }


def _stream(base: str, one: dict[str, str], parent: dict[str, Any] | None) -> dict[str, Any]:
    path = "/v2/" + one["path"].replace("{id}", "{{ stream_partition.parent }}")
    selector = {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": [one["records"]]}}
    retriever: dict[str, Any] = {
        "type": "SimpleRetriever",
        "requester": {"type": "HttpRequester", "url_base": base, "path": path, "http_method": "GET"},
        "record_selector": selector,
        "paginator": {
            "type": "DefaultPaginator",
            "page_token_option": {"type": "RequestPath"},
            "page_size_option": {"type": "RequestOption", "field_name": "per_page", "inject_into": "request_parameter"},
            "pagination_strategy": {
                "type": "CursorPagination",
                "page_size": 200,
                "cursor_value": "{{ response.get('links', {}).get('pages', {}).get('next') }}",
                "stop_condition": "{{ not response.get('links', {}).get('pages', {}).get('next') }}",
            },
        },
    }
    if parent:
        config = {"type": "ParentStreamConfig", "stream": parent, "parent_key": "id", "partition_field": "parent"}
        retriever["partition_router"] = {"type": "SubstreamPartitionRouter", "parent_stream_configs": [config]}
    return {
        "type": "DeclarativeStream",
        "name": one["name"],
        "primary_key": [one["key"]],
        "schema_loader": {"type": "InlineSchemaLoader", "schema": _SCHEMA},
        "retriever": retriever,
    }


def main(base: str, described: str) -> None:
    """Write the inputs, read."""
    lists = json.loads(Path(described).read_text(encoding="utf-8"))
    streams = [{"name": one["name"], "json_schema": _SCHEMA, "supported_sync_modes": ["full_refresh"]} for one in lists]
    chosen = [{"stream": one, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"} for one in streams]
    config, catalog = Path(described).with_name("plain_config.json"), Path(described).with_name("plain_catalog.json")
    config.write_text("{}", encoding="utf-8")
    catalog.write_text(json.dumps({"streams": chosen}), encoding="utf-8")
    source = ConcurrentDeclarativeSource(
        catalog=ConfiguredAirbyteCatalogSerializer.load({"streams": chosen}),
        config={},
        state=[],
        source_config=manifest(base, lists),
    )
    launch(source, ["read", "--config", str(config), "--catalog", str(catalog)])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
