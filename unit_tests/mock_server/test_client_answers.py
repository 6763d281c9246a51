"""Answers in forms that DigitalOcean's own clients are tested with and its specification does not show.

integration_tests/test_answers_of_others.py reads more than a thousand of them where they are at hand; here is one of
each kind.
"""

from typing import Any

import pytest

from unit_tests.mock_server.commands import read
from unit_tests.mock_server.server import PAGE, DigitalOcean

CLUSTERS = [{"id": "c-1", "name": "main", "engine": "pg"}]


def test_a_gpu_size_with_many_regions_and_one_with_a_single_region_have_keys_of_their_own(api: DigitalOcean) -> None:
    of_clients = {
        "gpu_slug": "gpu-h100x1-80gb",
        "price_per_hour": "3.39",
        "regions": ["nyc2", "tor1"],
        "currency": "USD",
        "cpu": 26,
        "memory": 200000,
        "gpu": {"count": 1, "vram_gb": 80, "slug": "gpu-h100x1-80gb"},
        "size_category": {"name": "NVIDIA H100", "fleet_name": "do:compute-fleet:gpu-nvidia-h100"},
        "disks": [{"type": "Local", "size_gb": 480}],
    }
    of_specification = [{"gpu_slug": "gpu-mi300x1-192gb", "region": region} for region in ("nyc2", "atl1")]
    api.on("/v2/dedicated-inferences/sizes", {}, {"sizes": [of_clients, *of_specification]})

    rows = read("dedicated_inference_sizes").rows("dedicated_inference_sizes")

    assert len({row.pop("row_hash") for row in rows}) == 3
    assert rows == [{**of_clients, "price_per_hour": 3.39}, *of_specification]


@pytest.mark.parametrize("envelope", [True, False])
def test_an_object_is_read_with_its_envelope_and_without(api: DigitalOcean, envelope: bool) -> None:
    told = {"storage": {"enabled": True, "threshold_percent": 80, "increment_gib": 10}}
    api.lists("/v2/databases", "databases", CLUSTERS)
    api.on("/v2/databases/c-1/autoscale", {}, {"autoscale": told} if envelope else told)

    rows = read("database_autoscale").rows("database_autoscale")

    assert rows == [{"database_cluster_uuid": "c-1", **told}]


def test_an_error_object_is_no_object_without_its_envelope(api: DigitalOcean) -> None:
    api.lists("/v2/databases", "databases", CLUSTERS)
    api.on("/v2/databases/c-1/autoscale", {}, {"id": "server_error", "message": "Unexpected"})

    output = read("database_autoscale", expect_failure=True)

    assert output.status("database_autoscale") == "INCOMPLETE"
    assert output.rows("database_autoscale") == []


def test_a_summary_has_the_invoice_it_was_asked_for(api: DigitalOcean) -> None:
    invoices = [{"invoice_uuid": "i-1", "invoice_period": "2026-02", "amount": "27.13"}]
    api.on("/v2/customers/my/invoices", PAGE, {"invoices": invoices})
    api.on("/v2/customers/my/invoices/i-1/summary", {}, {"amount": "27.13"})

    rows = read("invoice_summaries").rows("invoice_summaries")

    assert rows == [{"invoice_uuid": "i-1", "invoice_period": "2026-02", "amount": 27.13}]


def test_a_summary_that_names_its_invoice_is_believed(api: DigitalOcean) -> None:
    invoices = [{"invoice_uuid": "I-1", "invoice_period": "2026-02", "amount": "27.13"}]
    api.on("/v2/customers/my/invoices", PAGE, {"invoices": invoices})
    api.on("/v2/customers/my/invoices/I-1/summary", {}, {"invoice_uuid": "i-1", "amount": "27.13"})

    (row,) = read("invoice_summaries").rows("invoice_summaries")

    assert row["invoice_uuid"] == "i-1"


@pytest.mark.parametrize("preview", [{}, {"invoice_preview": None}])
def test_a_list_of_invoices_without_a_preview_has_no_preview(api: DigitalOcean, preview: dict[str, Any]) -> None:
    invoices = [{"invoice_uuid": "i-1", "invoice_period": "2026-02", "amount": "27.13"}]
    api.on("/v2/customers/my/invoices", PAGE, {"invoices": invoices, **preview})

    output = read("invoice_preview", "invoice_preview_items", "invoices")

    assert [output.status(name) for name in ("invoice_preview", "invoice_preview_items")] == ["COMPLETE"] * 2
    assert output.rows("invoice_preview") == []
    assert len(output.rows("invoices")) == 1


def test_replicas_are_known_by_their_cluster_and_name(api: DigitalOcean) -> None:
    api.lists("/v2/databases", "databases", [*CLUSTERS, {"id": "c-2", "name": "other", "engine": "mysql"}])
    for cluster in ("c-1", "c-2"):
        api.lists(f"/v2/databases/{cluster}/replicas", "replicas", [{"name": "read-01"}, {"name": "read-02"}])

    rows = read("database_replicas").rows("database_replicas")

    assert sorted((row["database_cluster_uuid"], row["name"]) for row in rows) == [
        (cluster, name) for cluster in ("c-1", "c-2") for name in ("read-01", "read-02")
    ]


def test_no_column_has_a_dot_in_its_name(api: DigitalOcean) -> None:
    api.lists("/v2/databases", "databases", CLUSTERS)
    told = {
        "pg_partman_bgw.role": "owner",
        "pg_partman_bgw.interval": 3600,
        "pg_stat_statements.track": "all",
        "jit": True,
    }
    api.on("/v2/databases/c-1/config", {}, {"config": told})

    (row,) = read("database_configs").rows("database_configs")

    assert row == {
        "database_cluster_uuid": "c-1",
        "engine": "pg",
        "jit": True,
        "pg_partman_bgw_role": "owner",
        "pg_partman_bgw_interval": 3600,
        "pg_stat_statements_track": "all",
    }


@pytest.mark.parametrize("clusters", [[{"id": "c-1"}], [{"id": "c-1", "users": None, "db_names": None}]])
def test_a_cluster_that_says_nothing_of_its_users_has_none(api: DigitalOcean, clusters: list[dict[str, Any]]) -> None:
    api.lists("/v2/databases", "databases", [*clusters, {"id": "c-2", "users": [{"name": "a"}], "db_names": ["b"]}])

    output = read("database_users", "database_dbs")

    assert [output.status(name) for name in ("database_users", "database_dbs")] == ["COMPLETE"] * 2
    assert output.rows("database_users") == [{"database_cluster_uuid": "c-2", "name": "a"}]
    assert output.rows("database_dbs") == [{"database_cluster_uuid": "c-2", "name": "b"}]


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_a_key_of_a_provider_never_leaves(api: DigitalOcean, provider: str) -> None:
    api.lists(
        f"/v2/gen-ai/{provider}/keys", "api_key_infos", [{"uuid": "k-1", "name": "ours", "api_key": "sk-plain-text"}]
    )

    output = read(f"genai_{provider}_keys")

    assert output.rows(f"genai_{provider}_keys") == [{"uuid": "k-1", "name": "ours"}]
    assert "sk-plain-text" not in "\n".join(output.lines)
