"""The stream catalog against the digest of what was gathered about DigitalOcean's API."""

import json
import re
from collections.abc import Iterator
from typing import Any

from source_digitalocean_quolum import manifest
from source_digitalocean_quolum.http.endpoint import Endpoint
from tools.openapi import FACTS

# Measurements belong to the utilization streams. invoice_csv_lines repeats invoice_items without the resources'
# ids; inference_batches live on another host, and the token goes to one host only.
ELSEWHERE = re.compile(r".*_metrics|invoice_csv_lines|inference_batches")
# What another stream's pages hold has that stream's path; DigitalOcean's own wording is the other difference.
PATHS = {
    "database_firewall_rules": "databases/{}/firewall",
    "app_bandwidth_daily": "apps/metrics/bandwidth_daily",
    "invoice_preview_items": "customers/my/invoices/preview",
}


def facts() -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = json.loads(FACTS.read_text(encoding="utf-8"))["streams"]
    return {name: stream for name, stream in known.items() if not ELSEWHERE.fullmatch(name)}


STREAMS = {
    name: Endpoint.from_manifest(stream["$parameters"]["api"]) for name, stream in manifest.declared_streams().items()
}


def test_every_known_resource_has_its_stream() -> None:
    assert set(facts()) <= set(STREAMS)
    assert set(STREAMS) - set(facts()) == {"nfs_access_points", "invoice_csv_lines"}


def test_a_stream_asks_where_the_resource_is_and_names_a_scope_that_opens_it() -> None:
    assert [problem for name, known in sorted(facts().items()) for problem in differences(name, known)] == []


def differences(name: str, known: dict[str, Any]) -> Iterator[str]:
    endpoint = STREAMS[name]
    path = re.sub(r"\{[^}]+\}", "{}", known["path"].split("?")[0].removeprefix("/v2/"))
    asked = re.sub(r"(do:team:)?\{[^}]+\}", "{}", endpoint.path)
    shared = {re.sub(r"\{[^}]+\}", "{}", other.path) for other in STREAMS.values() if other.nested or other is endpoint}
    if asked != PATHS.get(name, path) and asked not in shared - {path}:
        yield f"{name}: asks {asked}, the resource is at {path}"
    if known["scopes"] and endpoint.scope not in {scope.strip() for scope in known["scopes"]}:
        yield f"{name}: names the scope {endpoint.scope}, one of {known['scopes']} opens it"
