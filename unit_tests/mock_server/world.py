"""An account with one of everything: an answer for every stream's endpoint, made from the stream's schema."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from airbyte_cdk.test.entrypoint_wrapper import discover

from source_digitalocean_quolum import SourceDigitaloceanQuolum
from source_digitalocean_quolum.http.endpoint import Endpoint
from unit_tests.mock_server.commands import resolved_streams, token_config
from unit_tests.mock_server.server import API, Reply, Request

Row = dict[str, Any]

MOMENT, DAY, MONTH = "2026-03-05T00:00:00Z", "2026-03-05", "2026-03"
# Some lists exist for some engines only.
ENGINES = ("pg", "mysql", "kafka", "opensearch")


@cache
def schemas() -> dict[str, Row]:
    """Every stream's schema as Airbyte gets it."""
    config = token_config()
    output = discover(SourceDigitaloceanQuolum(config=config), config)
    assert output.catalog.catalog
    return {stream.name: stream.json_schema for stream in output.catalog.catalog.streams}


@cache
def endpoints() -> dict[str, Endpoint]:
    """Every stream's endpoint of the API; Spaces has tests of its own."""
    every = {name: Endpoint.from_manifest(stream["$parameters"]["api"]) for name, stream in resolved_streams().items()}
    return {name: endpoint for name, endpoint in every.items() if endpoint.service == "api"}


class World:
    """Answers any request for any stream's endpoint; `rows` are changed by tests that plant something."""

    def __init__(self) -> None:
        self.rows = {name: _rows(name) for name in endpoints()}
        self._routes = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", endpoint.path)), name) for name, endpoint in endpoints().items()
        ]

    def __call__(self, request: Request) -> Reply | None:
        """The answer of the streams at this address, those that are plain lists before the others."""
        path = request.address.removeprefix(f"{API}/v2/")
        found = [name for route, name in self._routes if route.fullmatch(path)]
        found.sort(key=lambda name: (endpoints()[name].has_parent, not endpoints()[name].lists_records))
        if not found:
            return None
        owner = "-".join(part for part in path.split("/") if part not in endpoints()[found[0]].path)
        owner += request.query.get("type", "")
        first = endpoints()[found[0]]
        if first.csv:
            values = {"hours": "744", "start": f"{DAY} 00:00:00 +0000", "end": f"{DAY} 10:00:00 +0000", "USD": "$3.11"}
            lines = [",".join(first.csv), ",".join(values.get(column, f"some {column}") for column in first.csv)]
            return Reply("\n".join(lines).encode(), headers={"Content-Type": "text/csv"})
        here = [name for name in found[1:] if endpoints()[name].lists_records and endpoints()[name].path == first.path]
        bodies = [self.body(name, owner) for name in (found[0], *here)]
        return Reply({key: value for body in reversed(bodies) for key, value in body.items()})

    def body(self, stream: str, owner: str = "") -> Row:
        """The answer of a stream's endpoint; each owner of a list has records of its own."""
        endpoint, rows = endpoints()[stream], [_own(row, owner) for row in self.rows[stream]]
        counts = {"total": 1, "total_pages": 1, "current_page": 1, "meta": {"total": len(rows), "pages": 1}}
        if endpoint.nested:
            rows = [_around(endpoint, rows)]
        if not endpoint.records:
            return rows[0]
        listed: Any = [row[endpoint.values] for row in rows] if endpoint.values else rows
        if endpoint.map:
            listed = {str(row[endpoint.map]): row for row in rows}
        elif endpoint.single or (endpoint.paging == "none" and endpoint.nested):
            listed = rows[0]
        return {endpoint.records: listed, "links": {}, **counts}


def _rows(stream: str) -> list[Row]:
    schema, endpoint = schemas()[stream], endpoints()[stream]
    row = _value("", schema)
    added = {*endpoint.derived, *([endpoint.key.field] if endpoint.key else [])}
    row = {name: value for name, value in row.items() if name not in added}
    if stream == "database_clusters":
        return [{**row, "id": f"of-{engine}", "engine": engine} for engine in ENGINES]
    if stream == "genai_model_evaluation_runs":
        return [{**row, "status": "MODEL_EVALUATION_RUN_SUCCESSFUL"}]
    return [row]


def _own(row: Row, owner: str) -> Row:
    ids = {name: f"{row[name]}-{owner}" for name in ("id", "uuid") if owner and isinstance(row.get(name), str)}
    if owner.startswith("gpu") and "id" in row:
        ids["id"] = row["id"] + 1
    return {**row, **ids}


def _around(endpoint: Endpoint, rows: list[Row]) -> Row:
    """The object that holds the nested lists."""
    named = [source.outer for source in endpoint.derived.values() if source.outer and "." not in source.outer]
    outer: Row = {**dict.fromkeys(named, "outer"), "id": "outer", "created_at": MOMENT}
    for path in endpoint.nested.values():
        *way, last = path.split(".")
        place = outer
        for name in way:
            place = place.setdefault(name, {})
        place[last] = [row[endpoint.values] for row in rows] if endpoint.values else rows
    return outer


def _value(name: str, declared: Mapping[str, Any]) -> Any:
    types = declared.get("type", "string")
    kind = next((kind for kind in ([types] if isinstance(types, str) else types) if kind != "null"), "null")
    if kind == "object":
        return {inner: _value(inner, shape) for inner, shape in declared.get("properties", {}).items()}
    if kind == "array":
        return [_value(name, declared.get("items", {}))]
    if kind == "string":
        known = {"date-time": MOMENT, "date": DAY}.get(declared.get("format", ""))
        return known or (MONTH if name.endswith("period") else f"some-{name}")
    return {"integer": 7, "number": 1.5, "boolean": True}.get(kind)
