"""The table of metrics: complete against DigitalOcean's specification, cheap by default, and true to the inventory."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from string import Formatter
from typing import Any

import jsonschema
import pytest
import yaml
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from source_digitalocean_quolum.manifest import products
from source_digitalocean_quolum.utilization.table import Feature, Metric, load, parameter_sets
from tools.openapi import FACTS, SPECIFICATION
from tools.schema_coverage import PACKAGE

BELOW = "/v2/monitoring/metrics/"
UNITS = {"percent", "bytes", "bytes/s", "Mbps", "count", "cores", "1/s", "seconds", "ratio", "tokens/s", "unstated"}
STREAMS = {
    "droplets": "droplet_utilization",
    "apps": "app_utilization",
    "load_balancers": "load_balancer_utilization",
    "databases": "database_utilization",
    "kubernetes": "kubernetes_utilization",
    "droplet_autoscale": "droplet_autoscale_utilization",
    "functions": "functions_utilization",
    "spaces": "spaces_utilization",
    "registry": "registry_utilization",
    "inference": "inference_utilization",
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
                found.add((f"{feature.below}/{metric.monitoring.path}", frozenset(chosen.items())))
    return found


def test_every_endpoint_of_monitoring_is_reached_with_every_value_of_its_parameters() -> None:
    wanted = set()
    for path, parameters in endpoints().items():
        values = [schema.get("enum", ["*"]) for schema in parameters.values()]
        wanted |= {(path, frozenset(zip(parameters, choice, strict=True))) for choice in product(*values)}
    assert len(endpoints()) >= 58
    assert asked() == wanted


def test_every_series_of_insights_is_used_or_left_out_for_a_reason() -> None:
    listed = set(json.loads(FACTS.read_text(encoding="utf-8"))["insights"])
    used = {metric.insights.series.replace(".", "_") for _, metric in every_metric() if metric.insights}
    reasons = yaml.safe_load((PACKAGE / "utilization" / "metrics.yaml").read_text(encoding="utf-8"))["not_used"]
    left_out = [name for entry in reasons for name in entry["series"]]

    assert len(listed) == 212
    assert used | set(left_out) == listed
    assert not used & set(left_out)
    assert len(left_out) == len(set(left_out))
    assert all(len(entry["reason"]) > 20 for entry in reasons)


# ------------------------------------------------------------------------------------------- what it costs
def requests_for_one(feature: Feature) -> int:
    """Requests to Monitoring for one resource with the default metrics."""
    wanted = [metric.monitoring for metric in feature.asked_of("monitoring", every=False) if metric.monitoring]
    return len({(series.path, *parameters.items()) for series in wanted for parameters in parameter_sets(series, {})})


def test_the_default_metrics_cost_monitoring_what_was_promised() -> None:
    costs = {feature.name: requests_for_one(feature) for feature in load().features.values() if feature.below}
    assert costs == {"droplets": 5, "apps": 2, "load_balancers": 3, "databases": 3, "droplet_autoscale": 3}


@features
def test_every_stream_has_something_to_say_by_default(feature: Feature) -> None:
    assert feature.asked_of("insights", every=False) or feature.asked_of("monitoring", every=False)


# ------------------------------------------------------------------------------------- against the inventory
def test_the_streams_are_those_of_the_eleven_features() -> None:
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
        wanted = {source.id, source.name, source.regions, source.since, *source.where, *in_urn, *feature.paths} - {""}
        assert [path for path in sorted(wanted) if not declared(schema, path)] == []
        assert in_urn, f"{source.urn} is the same for all"


# --------------------------------------------------------------------------------------------- each metric
@metrics
def test_a_metric_can_be_understood_and_read(feature: Feature, metric: Metric) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)
    assert metric.unit in UNITS
    assert re.fullmatch(r"[A-Z0-9].{15,200}\.", metric.about, re.DOTALL)
    assert metric.insights or metric.monitoring
    assert metric.monitoring is None or (feature.below and feature.parameter)
    for series in (metric.insights, metric.monitoring):
        assert series is None or series.scale > 0
        assert series is None or not set(series.rename.values()) & load().identity_labels
    if metric.insights:
        assert re.fullmatch(r"do(\.[a-z0-9_]+){2}", metric.insights.series)
    if metric.monitoring and metric.monitoring.kind == "busy":
        assert metric.monitoring.label
        assert metric.monitoring.idle


@metrics
def test_a_capacity_can_be_had_wherever_the_metric_can(feature: Feature, metric: Metric) -> None:
    if metric.remaining:
        assert metric.capacity, "what is left says nothing without what there is"
    if metric.unit == "percent" and metric.capacity:
        assert metric.capacity.number == 100
    if metric.capacity and metric.capacity.metric:
        whole = feature.metric(metric.capacity.metric)
        assert whole.unit == metric.unit
        assert whole.capacity is None or whole.capacity.metric != metric.name
        assert whole.insights or not metric.insights
        assert whole.monitoring or not metric.monitoring
        assert not whole.where or whole.where == metric.where


@metrics
def test_two_sources_of_a_metric_end_in_the_same_labels(feature: Feature, metric: Metric) -> None:
    if not (metric.insights and metric.monitoring):
        return
    ends = [set(metric.insights.rename.values()), set(metric.monitoring.rename.values())]
    # Monitoring's own names of labels are kept where they are clear: device, fstype, mountpoint, mode.
    assert ends[1] <= ends[0]
    assert ends[0] - ends[1] <= {"device", "fstype", "mountpoint", "mode"}


@features
def test_no_figure_is_there_twice(feature: Feature) -> None:
    seen = set()
    for metric in feature.metrics:
        for series in (metric.insights, metric.monitoring):
            if series is not None:
                place = json.dumps({**vars(series), "rename": None, "source": type(series).__name__}, sort_keys=True)
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
        "labels": {"mountpoint": "/"},
        "labels_key": "mountpoint=/",
        "interval_start": "2026-11-01T00:00:00Z",
        "interval_end": "2026-11-01T01:00:00Z",
        "average": 1.5,
        "minimum": 1,
        "maximum": 2.0,
        "last": 2,
        "samples": 30,
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
    assert all(unit in properties["unit"]["description"] for unit in UNITS)
    assert {metric.unit for _, metric in every_metric()} == UNITS
