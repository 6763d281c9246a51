"""The stream catalog against the digest of what was gathered about DigitalOcean's API."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from source_digitalocean_quolum import manifest
from source_digitalocean_quolum.http.endpoint import Endpoint
from tools.openapi import DIGESTS, FACTS, SPECIFICATION, fits
from tools.pydo_reference import DIGEST as PYDO

# Measurements belong to the utilization streams. invoice_csv_lines repeats invoice_items without the resources'
# ids; inference_batches live on another host, and the token goes to one host only.
ELSEWHERE = re.compile(r".*_metrics|invoice_csv_lines|inference_batches")
# What another stream's pages hold has that stream's path; DigitalOcean's own wording is the other difference.
PATHS = {
    "database_firewall_rules": "databases/{}/firewall",
    "droplet_firewalls": "firewalls",
    "app_bandwidth_daily": "apps/metrics/bandwidth_daily",
    "invoice_preview_items": "customers/my/invoices/preview",
}


def facts() -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = json.loads(FACTS.read_text(encoding="utf-8"))["streams"]
    return {name: stream for name, stream in known.items() if not ELSEWHERE.fullmatch(name)}


STREAMS = {
    name: endpoint
    for name, stream in manifest.declared_streams().items()
    if (endpoint := Endpoint.from_manifest(stream["$parameters"]["api"])).service == "api"
}


def test_every_known_resource_has_its_stream() -> None:
    assert set(facts()) <= set(STREAMS)


def test_every_path_that_can_be_read_is_read_or_left_out_for_a_reason() -> None:
    """tools/digests/ has the paths; a new release that is followed names here what nobody has looked at yet."""
    known = [
        path for digest in (SPECIFICATION, PYDO) for path in json.loads(digest.read_text(encoding="utf-8"))["paths"]
    ]
    reasons = yaml.safe_load((DIGESTS.parent / "not_read.yaml").read_text(encoding="utf-8"))
    left_out = [pattern for patterns in reasons.values() for pattern in patterns]
    places = {pattern: re.compile(_place(pattern)) for pattern in left_out}
    one_object = re.compile(r".*/\{\w+\}")
    read = [f"v2/{endpoint.path}" for endpoint in STREAMS.values()]
    open_paths = [
        path
        for path in known
        if not any(fits(path, one) for one in read)
        and not one_object.fullmatch(path)
        and not any(place.fullmatch(path) for place in places.values())
    ]
    stale = [pattern for pattern, place in places.items() if not any(place.fullmatch(path) for path in known)]

    read_after_all = [
        pattern
        for pattern, place in places.items()
        if any(place.fullmatch(path) and any(fits(path, one) for one in read) for path in known)
    ]

    assert open_paths == []
    assert stale == []
    assert read_after_all == []


def _place(pattern: str) -> str:
    return (
        re.escape(pattern).replace(r"\*\*", ".+").replace(r"\*", r"\{\w+\}" if "metrics" not in pattern else r"[^/]+")
    )


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
