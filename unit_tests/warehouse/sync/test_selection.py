"""What --streams means, and what --list-streams and --plan print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from warehouse.sync.errors import ConfigurationError
from warehouse.sync.history import LastSync
from warehouse.sync.listing import minutes, plan_text, streams_text
from warehouse.sync.plan import plan_streams
from warehouse.sync.selection import known_streams, select

METADATA = Path(__file__).parents[3] / "metadata.yaml"
OFFERED = ["account", "apps", "droplets", "actions", "invoices", "balance", "app_alerts", "brand_new"]


def test_the_recommended_streams_are_those_that_airbyte_preselects() -> None:
    suggested = yaml.safe_load(METADATA.read_text(encoding="utf-8"))["data"]["suggestedStreams"]["streams"]
    assert known_streams().recommended == suggested


def test_the_recommended_streams_say_what_things_cost_and_how_much_of_them_is_used() -> None:
    known = known_streams()
    needed = {
        *("billing_insights", "invoices", "invoice_items", "invoice_summaries", "invoice_preview"),
        *("invoice_preview_items", "account", "projects", "project_resources", "droplets", "volumes", "apps"),
        *("database_clusters", "kubernetes_clusters", "load_balancers", *known.products["utilization"]),
    }
    assert needed <= set(known.recommended)


def test_no_product_is_called_like_a_stream() -> None:
    known = known_streams()
    streams = {stream for members in known.products.values() for stream in members}
    assert not streams & {*known.products, "all", "recommended"}


@pytest.mark.parametrize(
    ("text", "streams"),
    [
        ("droplets", ["droplets"]),
        ("actions, account", ["account", "actions"]),
        ("billing", ["invoices", "balance"]),
        ("apps", ["apps"]),
        ("app_platform", ["apps", "app_alerts"]),
        ("recommended", ["account", "apps", "droplets", "invoices", "balance"]),
        ("recommended,actions", ["account", "apps", "droplets", "actions", "invoices", "balance"]),
        ("all", OFFERED),
        ("", []),
    ],
)
def test_names_products_and_sets_in_the_connectors_order(text: str, streams: list[str]) -> None:
    assert select(text, OFFERED) == streams


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("droplet", "no stream 'droplet': the nearest are droplets"),
        ("actions,biling", "no stream 'biling': the nearest are billing"),
        ("zzz", "there are 8 streams, see --list-streams"),
        ("kubernetes", "offers none of the streams of --streams kubernetes: --streams all reads the 8"),
    ],
)
def test_what_is_unknown_or_not_offered_is_said_with_a_way_on(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        select(text, OFFERED)


def offered(*names: str) -> list[dict[str, Any]]:
    modes = {"invoices": ["full_refresh", "incremental"]}
    return [{"name": name, "supported_sync_modes": modes.get(name, ["full_refresh"])} for name in names]


def test_the_streams_are_listed_by_product_with_the_recommended_ones_marked() -> None:
    text = streams_text(offered("droplets", "actions", "invoices", "brand_new"), width=60)
    assert text.splitlines() == [
        "* is recommended: --streams recommended is the default. A",
        "heading is a name for --streams, too.",
        "",
        "compute",
        "* droplets                          full refresh",
        "",
        "team",
        "  actions                           full refresh",
        "",
        "billing",
        "* invoices                          incremental",
        "",
        "other",
        "  brand_new                         full refresh",
    ]
    assert all(len(line) <= 60 for line in text.splitlines())


def test_a_plan_says_what_the_last_syncs_took_and_what_is_not_known_yet() -> None:
    plans = plan_streams(offered("droplets", "invoices", "volumes", "brand_new"), None, {}, full_refresh=False)
    known = {"droplets": LastSync(42_000, 510), "invoices": LastSync(3, None)}
    text = plan_text(plans, known, "DuckDB w.duckdb, schema digitalocean", width=80)
    lines = text.splitlines()
    assert lines[0] == "4 streams into DuckDB w.duckdb, schema digitalocean. Nothing was read."
    assert [line.split() for line in lines[4:8]] == [
        ["droplets", "full", "refresh", "42,000", "510"],
        ["invoices", "incremental", "3", "0"],
        ["volumes", "full", "refresh", "?", "1", "per", "200"],
        ["brand_new", "full", "refresh", "?", "not", "known"],
    ]
    assert "As in the last sync of 2 streams: 42,003 rows with 510 requests, 2 min 02 s at" in text
    assert "Never synced into this warehouse: 2 of them." in text
    assert all(len(line) <= 60 for line in plan_text(plans, known, "x", width=60).splitlines()[2:8])


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        (0, "less than a minute"),
        (250, "less than a minute"),
        (500, "2 min 00 s"),
        (5_000, "20 min 00 s"),
        (5_250, "1 h 01 min"),
        (10_500, "2 h 02 min"),
    ],
)
def test_the_minutes_of_requests_are_those_of_both_limits(requests: int, words: str) -> None:
    assert minutes(requests) == words
