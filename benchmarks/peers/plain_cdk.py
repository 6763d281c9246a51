"""A plain declarative CDK source of the same endpoint. python -m benchmarks.peers.plain_cdk BASE_URL FOLDER."""

import json
import sys
from pathlib import Path
from typing import Any

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

_SCHEMA = {"type": "object", "additionalProperties": True, "properties": {"id": {"type": "integer"}}}


def manifest(base: str) -> dict[str, Any]:
    """The manifest as the Connector Builder would write it."""
    paginator = {
        "type": "DefaultPaginator",
        "page_token_option": {"type": "RequestPath"},
        "page_size_option": {"type": "RequestOption", "field_name": "per_page", "inject_into": "request_parameter"},
        "pagination_strategy": {
            "type": "CursorPagination",
            "page_size": 200,
            "cursor_value": "{{ response.get('links', {}).get('pages', {}).get('next') }}",
            "stop_condition": "{{ not response.get('links', {}).get('pages', {}).get('next') }}",
        },
    }
    requester = {"type": "HttpRequester", "url_base": base, "path": "/v2/droplets", "http_method": "GET"}
    selector = {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": ["droplets"]}}
    stream = {
        "type": "DeclarativeStream",
        "name": "droplets",
        "primary_key": ["id"],
        "schema_loader": {"type": "InlineSchemaLoader", "schema": _SCHEMA},
        "retriever": {
            "type": "SimpleRetriever",
            "requester": requester,
            "record_selector": selector,
            "paginator": paginator,
        },
    }
    check = {"type": "CheckStream", "stream_names": ["droplets"]}
    spec = {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}}
    return {"version": "6.0.0", "type": "DeclarativeSource", "check": check, "streams": [stream], "spec": spec}


def main(base: str, folder: str) -> None:
    """Write the inputs, read."""
    stream = {"name": "droplets", "json_schema": _SCHEMA, "supported_sync_modes": ["full_refresh"]}
    chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    config, catalog = Path(folder) / "plain_config.json", Path(folder) / "plain_catalog.json"
    config.write_text("{}", encoding="utf-8")
    catalog.write_text(json.dumps({"streams": [chosen]}), encoding="utf-8")
    source = ConcurrentDeclarativeSource(
        catalog=ConfiguredAirbyteCatalogSerializer.load({"streams": [chosen]}),
        config={},
        state=[],
        source_config=manifest(base),
    )
    launch(source, ["read", "--config", str(config), "--catalog", str(catalog)])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
