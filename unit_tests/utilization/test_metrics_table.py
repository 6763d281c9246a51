"""The table of metrics: complete against DigitalOcean's specification, cheap by default, and true to the inventory."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
import yaml
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from source_digitalocean_quolum.manifest import products
from source_digitalocean_quolum.utilization.table import Feature, InsightsKind, Metric, Unit, load, parameter_sets
from tools.openapi import FACTS, SPECIFICATION
from tools.schema_coverage import PACKAGE

BELOW = "/v2/monitoring/metrics/"
STREAMS = {
    "droplets": "droplet_utilization",
    "apps": "app_utilization",
    "load_balancers": "load_balancer_utilization",
    "databases": "database_utilization",
    "kubernetes": "kubernetes_utilization",
    "droplet_autoscale": "droplet_autoscale_utilization",
    "functions": "functions_utilization",
    "spaces": "spaces_utilization",
    "volumes": "volume_utilization",
    "registry": "registry_utilization",
    "inference": "inference_utilization",
    "batch_inference": "batch_inference_utilization",
    "dedicated_inference": "dedicated_inference_utilization",
    "inference_router": "inference_router_utilization",
    "managed_agents": "managed_agent_utilization",
    "microvms": "microvm_utilization",
    "vector_databases": "vector_database_utilization",
}


def every_metric() -> Iterator[tuple[Feature, Metric]]:
    for feature in load().features.values():
        for metric in feature.metrics:
            yield feature, metric


def metric_id(value: Any) -> str:
    return str(value.name)


features = pytest.mark.parametrize("feature", load().features.values(), ids=metric_id)
metrics = pytest.mark.parametrize(("feature", "metric"), list(every_metric()), ids=metric_id)


# ------------------------------------------------------------------------------------- against the specification
@cache
def specification() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    return document


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        target: Any = specification()
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/")]
        node = target
    return node


def endpoints() -> dict[str, dict[str, Mapping[str, Any]]]:
    """The required parameters of each Monitoring endpoint, by path and name; the time window left out."""
    found = {}
    for path, methods in specification()["paths"].items():
        if path.startswith(BELOW):
            parameters = [resolved(parameter) for parameter in methods["get"]["parameters"]]
            required = {one["name"]: one["schema"] for one in parameters if one.get("required")}
            found[path.removeprefix(BELOW)] = {name: s for name, s in required.items() if name not in {"start", "end"}}
    return found


def asked() -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """Every request of the table, as path and parameters; a value of the inventory stands as *."""
    found = set()
    for feature, metric in every_metric():
        if metric.monitoring:
            anything = {path: ["*"] for path in metric.monitoring.each.values()}
            for parameters in parameter_sets(metric.monitoring, anything):
                chosen = {**parameters, feature.parameter: "*"}
                for path in (metric.monitoring.path, *metric.monitoring.left):
                    found.add((f"{feature.below}/{path}", frozenset(chosen.items())))
    return found


def test_every_endpoint_of_monitoring_is_reached_with_every_value_of_its_parameters() -> None:
    wanted = set()
    for path, parameters in endpoints().items():
        values = [schema.get("enum", ["*"]) for schema in parameters.values()]
        wanted |= {(path, frozenset(zip(parameters, choice, strict=True))) for choice in product(*values)}
    assert len(endpoints()) >= 58
    assert asked() == wanted


@cache
def known() -> dict[str, list[str]]:
    """The series of Insights that are known to exist: listed by the live service, and named in the reference."""
    reference = yaml.safe_load((Path(__file__).parent / "reference_series.yaml").read_text("utf-8"))
    return {"observed": json.loads(FACTS.read_text("utf-8"))["insights"], "reference": reference}


def test_every_series_of_insights_is_used_or_left_out_for_a_reason_and_none_is_misspelt() -> None:
    listed = {*known()["observed"], *(name.replace(".", "_") for name in known()["reference"])}
    used = {metric.insights.series.replace(".", "_") for _, metric in every_metric() if metric.insights}
    left_out = [name for entry in load().not_used for name in entry.series]

    assert len(known()["observed"]) == 212
    assert used - listed == set(), "no such series is known: is it misspelt?"
    assert used & set(left_out) == set(), "used, and named under not_used, too"
    assert listed - used == set(left_out)
    assert len(left_out) == len(set(left_out))
    assert all(len(entry.reason) > 20 for entry in load().not_used)


def test_series_with_a_row_in_the_reference_cite_it() -> None:
    """Also the other way round: what says so is among the rows that could be seen."""
    seen = set(known()["reference"])
    for _, metric in every_metric():
        if metric.insights:
            rows = {"reference", "cut", "histogram"} & set(metric.insights.cite)
            assert bool(rows) == (metric.insights.series in seen), metric.insights.series


def test_every_citation_is_used_and_says_something() -> None:
    cited = {
        key for _, metric in every_metric() for one in (metric.insights, metric.monitoring) if one for key in one.cite
    }
    assert cited == set(load().citations)
    assert all(len(one.text) > 40 and one.text.endswith(".") for one in load().citations.values())


# ------------------------------------------------------------------------------------------- what it costs
def requests_for_one(feature: Feature) -> int:
    """Requests to Monitoring for one resource with the default metrics."""
    asked = feature.asked_of("monitoring", every=False)
    wanted = [one.monitoring for metric in asked for one in (metric, feature.capacity_of(metric)) if one]
    return len(
        {
            (path, *parameters.items())
            for series in wanted
            if series
            for parameters in parameter_sets(series, {})
            for path in (series.path, *series.left)
        }
    )


def test_the_default_metrics_cost_monitoring_what_was_promised() -> None:
    costs = {feature.name: requests_for_one(feature) for feature in load().features.values() if feature.below}
    assert costs == {"droplets": 7, "apps": 2, "load_balancers": 4, "databases": 3, "droplet_autoscale": 3}


@features
def test_every_stream_has_something_to_say_by_default(feature: Feature) -> None:
    assert feature.asked_of("insights", every=False) or feature.asked_of("monitoring", every=False)


# ------------------------------------------------------------------------------------- against the inventory
def test_the_streams_are_those_of_the_features() -> None:
    assert {feature.name: feature.stream for feature in load().features.values()} == STREAMS


def declared(schema: Mapping[str, Any], path: str) -> bool:
    for name in path.split("."):
        if name not in schema.get("properties", {}):
            return False
        schema = schema["properties"][name]
    return True


@features
def test_what_is_known_of_a_resource_is_in_the_records_of_its_list(feature: Feature) -> None:
    streams = {name for names in products().values() for name in names}
    for source in feature.resources:
        assert source.list in streams
        schema = ResourceSchemaLoader(PACKAGE.name).get_schema(source.list)
        in_urn = [name.replace("[", ".").rstrip("]") for _, name, _, _ in Formatter().parse(source.urn) if name]
        facts = {source.id, source.name, source.regions, source.since, source.unchanged_since}
        wanted = {*facts, *source.where, *in_urn, *feature.paths} - {""}
        assert [path for path in sorted(wanted) if not declared(schema, path)] == []
        assert in_urn, f"{source.urn} is the same for all"


# --------------------------------------------------------------------------------------------- each metric
@metrics
def test_a_metric_can_be_understood_and_read(feature: Feature, metric: Metric) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)
    assert re.fullmatch(r"[A-Z0-9].{15,200}\.", metric.about, re.DOTALL)
    assert metric.insights or metric.monitoring
    assert metric.monitoring is None or (feature.below and feature.parameter)
    assert all(series.scale > 0 for series in (metric.insights, metric.monitoring) if series)
    if metric.insights:
        assert re.fullmatch(r"do(\.[a-z0-9_]+){2,3}", metric.insights.series)
        assert not metric.insights.sum_over or metric.insights.kind == "counter"
        assert metric.insights.kind != "delta" or metric.unit in ("count", "bytes")


@metrics
def test_a_capacity_can_be_had_wherever_the_metric_can(feature: Feature, metric: Metric) -> None:
    capacity = metric.measured_against
    if metric.remaining:
        assert capacity, "what is left says nothing without what there is"
    if metric.unit == "percent" and capacity:
        assert capacity.number == 100
    whole = feature.capacity_of(metric)
    if whole:
        assert whole.unit == metric.unit
        assert feature.capacity_of(whole) != metric
        assert whole.insights or not metric.insights
        assert whole.monitoring or not metric.monitoring
        assert not whole.where or whole.where == metric.where


def test_no_short_name_of_a_label_is_one_that_only_repeats_the_resource() -> None:
    assert not set(load().labels.rename.values()) & load().labels.identity


@features
def test_no_figure_is_there_twice(feature: Feature) -> None:
    seen = set()
    for metric in feature.metrics:
        for series in (metric.insights, metric.monitoring):
            if series is not None:
                place = type(series).__name__ + json.dumps(msgspec.to_builtins(series), sort_keys=True)
                assert place not in seen, metric.name
                seen.add(place)


# ---------------------------------------------------------------------------------------------- the schema
def test_a_record_fits_the_schema_and_one_without_its_key_does_not() -> None:
    schema = ResourceSchemaLoader(PACKAGE.name).get_schema("utilization")
    record = {
        "feature": "droplets",
        "resource_urn": "do:droplet:1",
        "resource_id": "1",
        "resource_name": None,
        "region": "ams3",
        "metric": "filesystem_free",
        "unit": "bytes",
        "kind": "gauge",
        "labels": {"mountpoint": "/"},
        "labels_key": "mountpoint=/",
        "interval_start": "2026-11-01T00:00:00Z",
        "interval_end": "2026-11-01T01:00:00Z",
        "average": 1.5,
        "minimum": 1,
        "maximum": 2.0,
        "last": 2,
        "samples": 30,
        "total": None,
        "capacity": None,
        "utilization_percent": None,
        "source": "insights",
    }
    assert set(record) == set(schema["properties"])
    jsonschema.validate(record, schema)
    for field in ("resource_urn", "metric", "labels_key", "interval_start"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**record, field: None}, schema)


def test_the_schema_names_every_feature_and_unit() -> None:
    properties = ResourceSchemaLoader(PACKAGE.name).get_schema("utilization")["properties"]
    assert all(name in properties["feature"]["description"] for name in STREAMS)
    units = {metric.unit for _, metric in every_metric()}
    assert all(unit in properties["unit"]["description"] for unit in units)
    assert units == set(get_args(Unit)), "no unit is declared that no metric has"
    assert all(kind in properties["kind"]["description"] for kind in get_args(InsightsKind))
