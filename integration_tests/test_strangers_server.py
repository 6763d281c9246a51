"""A server made straight from DigitalOcean's OpenAPI document, which knows nothing of this connector."""

from collections import defaultdict
from typing import Any

import jsonschema
import pytest

from integration_tests.connector import Run, configured
from integration_tests.faults.warm import run
from integration_tests.openapi_server import OpenApiServer
from integration_tests.openapi_server.specification import SPECIFICATION

pytestmark = pytest.mark.skipif(not SPECIFICATION.is_file(), reason="the OpenAPI document is not beside the repository")

# Newer than the document, a map it gives no members, or children of databases of an engine it has no example of.
NOTHING_THERE = {
    *("insights_alert_instances", "insights_alert_rules", "microvms", "prepayment_config", "vpc_subnets"),
    *("droplet_backup_policies", "database_indexes", "database_pools", "database_topics"),
    *("security_affected_resources", "microvm_checkpoints", "microvm_options", "insights_resources", "agent_sessions"),
    *("agent_sandbox_sizes", "database_topic_partitions", "genai_model_prices", "genai_model_evaluation_results"),
    *("genai_simulation_runs", "vpc_routes", "add_on_plans"),
    # Derived from other lists, which the document's made-up records do not lead to.
    *("droplet_firewalls", "droplet_kernels", "droplet_associated_resources"),
}
# The server's records name the example's namespace or registry, whichever parent they were asked for.
SAME_EVERYWHERE = {"function_triggers", "function_access_keys", "registry_manifests", "registry_tags"}


def listed(streams: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All but utilization, of which the document holds one made-up series, and buckets, which are in another API."""
    return [stream for stream in streams if not stream["name"].endswith(("_utilization", "spaces_buckets"))]


def read(streams: list[dict[str, Any]], *names: str, records: int = 3, full_refresh: bool = False) -> Run:
    with OpenApiServer(records=records) as server:
        config = {
            "credentials": {"auth_type": "access_token", "access_token": server.token},
            "api_base_url": server.api_base_url,
        }
        return run("read", config=config, catalog=configured(listed(streams), *names, full_refresh=full_refresh))


def test_every_stream_yields_records_that_fit_its_own_schema(streams: list[dict[str, Any]]) -> None:
    done = read(streams, full_refresh=True)

    assert done.exit_code == 0, done.errors
    assert set(done.statuses.values()) == {"COMPLETE"}
    schemas = {stream["name"]: jsonschema.Draft7Validator(stream["json_schema"]) for stream in listed(streams)}
    assert set(schemas) - set(done.records) <= NOTHING_THERE
    problems: defaultdict[str, list[str]] = defaultdict(list)
    for name, records in done.records.items():
        for record in records:
            problems[name] += [f"{list(e.path)}: {e.message}" for e in schemas[name].iter_errors(record)]
    assert {name: found[:3] for name, found in problems.items() if found} == {}
    assert [text for text in done.logs("WARN") if "a parent was listed twice" not in text] == []


def test_records_have_their_primary_keys_once(streams: list[dict[str, Any]]) -> None:
    records = read(streams).records

    for stream in listed(streams):
        if stream["name"] in (*NOTHING_THERE, *SAME_EVERYWHERE):
            continue
        key = [part for (part,) in stream["source_defined_primary_key"]]
        keys = [tuple(record.get(part) for part in key) for record in records.get(stream["name"], ())]
        assert all(None not in values for values in keys), stream["name"]
        assert len(set(keys)) == len(keys), stream["name"]


def test_lists_are_read_to_their_last_page(streams: list[dict[str, Any]]) -> None:
    records = read(streams, "volumes", "tags", records=450).records

    assert {name: len(found) for name, found in records.items()} == {"volumes": 450, "tags": 450}
