"""Every product and SKU that DigitalOcean is known to bill has its feature, and a line of a resource its URN."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from source_digitalocean_quolum.cost.features import load, resource_urn, unknown_name
from source_digitalocean_quolum.utilization import table as metrics
from tools.openapi import WHOLE_SPECIFICATION

VOCABULARY = {
    *("droplets", "volumes", "snapshots", "databases", "kubernetes", "load_balancers", "apps", "spaces", "registry"),
    *("functions", "inference", "bandwidth", "support", "other", "vector_databases", "dedicated_inference", "nfs"),
    *("nat_gateways", "reserved_ips", "partner_network_connect", "uptime", "add_ons", "microvms"),
}
# What is measured and billed under another feature's name: a pool's Droplets, and ways to ask the same models.
WITHOUT_A_LINE = {"droplet_autoscale", "batch_inference", "inference_router", "managed_agents"}
# As DigitalOcean's invoices, its API reference and its clients name products.
PRODUCTS = {
    "Droplets": "droplets",
    "GPU Droplets": "droplets",
    "Backups": "droplets",
    "Droplet Backups": "droplets",
    "Volumes": "volumes",
    "Block Storage": "volumes",
    "Snapshots": "snapshots",
    "Droplet Snapshots": "snapshots",
    "Volume Snapshots": "snapshots",
    "Custom Images": "snapshots",
    "Database Clusters": "databases",
    "Managed Databases": "databases",
    "Kubernetes Clusters": "kubernetes",
    "Kubernetes": "kubernetes",
    "Load Balancers": "load_balancers",
    "HTTP Load Balancers": "load_balancers",
    "App Platform": "apps",
    "Apps": "apps",
    "Spaces Subscription": "spaces",
    "Spaces": "spaces",
    "Container Registry": "registry",
    "Functions": "functions",
    "Gradient AI Platform": "inference",
    "GenAI Platform": "inference",
    "Serverless Inference": "inference",
    "Droplet Bandwidth": "bandwidth",
    "Bandwidth": "bandwidth",
    "Premium Support": "support",
    "Floating IPs": "reserved_ips",
    "Reserved IPs": "reserved_ips",
    "Uptime Health Check": "uptime",
    "Network File Storage": "nfs",
    "VPC NAT Gateway": "nat_gateways",
    "Vector Databases": "vector_databases",
    "Dedicated Inference": "dedicated_inference",
    "Partner Network Connect": "partner_network_connect",
    "Marketplace Add-Ons": "add_ons",
    "MicroVMs": "microvms",
    "Taxes": "other",
    "Free Credits": "other",
}
POINTS = [
    ({"sku": "1-DO-DROP-0109", "description": "droplet name (c-2-4GiB)", "group_description": ""}, "droplets"),
    ({"sku": "1-KS-K8SWN-00109", "description": "3 nodes - 4 GB / 2 vCPU / 80 GB SSD"}, "kubernetes"),
    ({"sku": "1-XX-NEW-01", "group_description": "HTTP Load Balancers", "description": "lb-01"}, "load_balancers"),
    ({"sku": "1-XX-NEW-02", "description": "Container Registry (basic)"}, "registry"),
    ({"sku": "1-PNC-ATCH-0001", "description": "datacentre-main (1000 Mbps)"}, "partner_network_connect"),
    ({"sku": "1-ADD-SAAS-0001", "description": "mail-relay-01 (Starter)"}, "add_ons"),
    ({"sku": "1-MV-INST-0001", "description": "runner-0001 (512 MiB, running)"}, "microvms"),
    ({"sku": None, "description": "Spaces ($5/mo 250GB storage & 1TB bandwidth)"}, "spaces"),
]


def feature_of(row: dict[str, Any]) -> str | None:
    found = load().find(row)
    return found.name if found else None


@pytest.mark.parametrize(("product", "feature"), PRODUCTS.items())
def test_a_product_of_an_invoice_has_its_feature_whatever_its_case(product: str, feature: str) -> None:
    assert feature_of({"product": product}) == feature
    assert feature_of({"product": product.upper(), "description": "Spaces ($5/mo)"}) == feature


@pytest.mark.parametrize(("point", "feature"), POINTS)
def test_a_day_of_cost_has_its_feature_by_sku_or_else_by_its_wording(point: dict[str, Any], feature: str) -> None:
    assert feature_of(point) == feature


@pytest.mark.skipif(not WHOLE_SPECIFICATION.exists(), reason="the specification's examples are not here")
def test_no_line_of_the_specifications_examples_is_unknown() -> None:
    document = json.loads(WHOLE_SPECIFICATION.read_text(encoding="utf-8"))
    responses = document["components"]["responses"]
    items = responses["invoice"]["content"]["application/json"]["schema"]["example"]["invoice_items"]
    points = responses["billing_insights"]["content"]["application/json"]["example"]["data_points"]
    lines = list(csv.DictReader(io.StringIO(responses["invoice_csv"]["content"]["text/csv"]["example"])))
    summary = responses["invoice_summary"]["content"]["application/json"]["example"]["product_charges"]["items"]
    known = [feature_of(row) for row in [*items, *points, *lines, *({"product": one["name"]} for one in summary)]]
    assert known == [
        *("kubernetes", "spaces"),
        *("droplets", "kubernetes"),
        *("reserved_ips", "other"),
        *("spaces", "databases"),
    ]


@pytest.mark.parametrize("name", ["spaces-web", "functions", "app-platform-1", "load-balancer-01", "my-registry"])
def test_what_a_customer_calls_a_resource_says_nothing(name: str) -> None:
    assert feature_of({"sku": "9-??-????", "description": f"{name} (s-1vcpu-1gb)", "group_description": name}) is None


@pytest.mark.parametrize("product", ["Quantum Hours", "Application Shield", "Imagery", "", None, 7])
def test_a_product_no_one_has_heard_of_is_not_guessed(product: Any) -> None:
    assert feature_of({"product": product}) is None


def test_an_unknown_line_is_called_by_what_the_table_would_need() -> None:
    assert unknown_name({"product": "Quantum Hours"}) == "Quantum Hours"
    assert unknown_name({"sku": "1-QU-HOUR-0042", "description": "my-own-name"}) == "1-QU-HOUR"
    assert unknown_name({"description": "my-own-name"}) == "(no product)"
    assert len(unknown_name({"product": "x" * 500})) == 80


ROWS: dict[str, tuple[dict[str, Any], str | None]] = {
    "a Droplet by its number, not its UUID": (
        {"product": "Droplets", "resource_id": "1234", "resource_uuid": "b3a1"},
        "do:droplet:1234",
    ),
    "a number that is one": ({"product": "Droplets", "resource_id": 1234}, "do:droplet:1234"),
    "a Droplet without a number": ({"product": "Droplets", "resource_id": "", "resource_uuid": "b3a1"}, None),
    "a backup is its Droplet's": ({"product": "Droplet Backups", "resource_id": "1234"}, "do:droplet:1234"),
    "a volume": ({"product": "Volumes", "resource_uuid": "506f", "resource_id": ""}, "do:volume:506f"),
    "a database": ({"product": "Database Clusters", "resource_uuid": "9cc1"}, "do:dbaas:9cc1"),
    "a cluster": ({"product": "Kubernetes Clusters", "resource_uuid": "bd5f"}, "do:kubernetes:bd5f"),
    "a node of a cluster": ({"product": "Kubernetes Clusters", "resource_id": "77"}, "do:droplet:77"),
    "a load balancer": ({"product": "Load Balancers", "resource_uuid": "4de7"}, "do:loadbalancer:4de7"),
    "an app": ({"product": "App Platform", "resource_uuid": "4f6c"}, "do:app:4f6c"),
    "a bucket": ({"product": "Spaces", "resource_id": "assets"}, "do:space:assets"),
    "a snapshot has none": ({"product": "Snapshots", "resource_uuid": "fbe8", "resource_id": "6372"}, None),
    "a subscription": ({"product": "Spaces Subscription", "resource_uuid": None}, None),
    "an unknown product": ({"product": "Quantum Hours", "resource_uuid": "fbe8"}, None),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_line_of_a_resource_has_its_urn(case: str) -> None:
    row, urn = ROWS[case]
    assert resource_urn(load().find(row), row) == urn


def every_text() -> Iterator[str]:
    for feature in load().features.values():
        yield from feature.texts


def test_the_table_keeps_to_the_vocabulary_and_to_its_own_rules() -> None:
    assert set(load().features) == VOCABULARY
    assert all(" " in text for text in every_text()), "a resource could be called so"
    skus = [sku for feature in load().features.values() for sku in feature.skus]
    assert len(set(skus)) == len(skus)


def test_utilization_and_cost_have_one_vocabulary() -> None:
    measured = {feature.name for feature in metrics.load().features.values()}

    assert measured - set(load().features) == WITHOUT_A_LINE


def test_urns_are_those_of_the_utilization_streams() -> None:
    urns = [one.urn for feature in metrics.load().features.values() for one in feature.resources]
    kinds = {urn.split(":")[1] for urn in urns if urn.startswith("do:")}
    for feature in ("droplets", "databases", "kubernetes", "load_balancers", "apps"):
        one = load().features[feature]
        assert (one.uuid or one.id) in kinds
