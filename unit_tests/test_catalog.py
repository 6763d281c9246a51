"""The stream catalog against the facts that were gathered about DigitalOcean's API (shared/reference/streams.json)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from source_digitalocean_quolum import SourceDigitaloceanQuolum

FACTS = Path(__file__).parents[2] / "shared" / "reference" / "streams.json"

pytestmark = pytest.mark.skipif(not FACTS.exists(), reason="the gathered facts are not here")

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
    if not FACTS.exists():
        return {}
    known = {stream["name"]: stream for stream in json.loads(FACTS.read_text(encoding="utf-8"))}
    return {name: stream for name, stream in known.items() if not ELSEWHERE.fullmatch(name)}


STREAMS = {stream.name: stream.endpoint for stream in SourceDigitaloceanQuolum().stream_probes()}


def test_every_known_resource_has_its_stream() -> None:
    assert set(facts()) <= set(STREAMS)
    extra = {name for name in set(STREAMS) - set(facts()) if not name.endswith("_utilization")}
    assert extra == {"nfs_access_points", "invoice_csv_lines"}


@pytest.mark.parametrize("name", sorted(facts()))
def test_a_stream_asks_where_the_resource_is_and_names_a_scope_that_opens_it(name: str) -> None:
    known, endpoint = facts()[name], STREAMS[name]

    path = re.sub(r"\{[^}]+\}", "{}", known["path"].split("?")[0].removeprefix("/v2/"))
    asked = re.sub(r"(do:team:)?\{[^}]+\}", "{}", endpoint.path)
    shared = {re.sub(r"\{[^}]+\}", "{}", other.path) for other in STREAMS.values() if other.nested or other is endpoint}
    assert asked == PATHS.get(name, path) or asked in shared - {path}
    if known["scopes"]:
        assert endpoint.scope in {scope.strip() for scope in known["scopes"]}
