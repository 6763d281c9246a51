"""The file: nothing in it fetches, nothing from an account is markup, and it stays small enough to be mailed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from unit_tests.warehouse.dashboard.marts import BAD_NAME, make_marts, small_team
from warehouse.dashboard.marts import open_marts
from warehouse.dashboard.page import make_page
from warehouse.dashboard.report import read_report

VENDOR = Path(__file__).parents[3] / "warehouse" / "dashboard" / "vendor"
MANY = """
INSERT INTO digitalocean_marts.resource_inventory
    (source_relation, urn, resource_type, feature, name, project_name, tags, region_slug, size, status, monthly_cost,
     is_listed, is_deleted, first_seen_on, last_seen_on)
SELECT 'digitalocean', 'do:droplet:' || i, 'droplet', 'droplets', 'web-production-frankfurt-' || i, 'storefront',
    '["env:prod", "web", "team:checkout"]', 'fra1', 's-2vcpu-4gb', 'active', (i % 977) * 0.37, true, false,
    DATE '2026-01-01', DATE '2026-11-20'
FROM range(50000) AS numbers(i);
INSERT INTO digitalocean_marts.resource_cost_daily
    (source_relation, usage_date, billing_month, feature, urn, candidates, amount)
SELECT 'digitalocean', DATE '2026-11-20' - d::INTEGER, DATE '2026-11-01', 'droplets', 'do:droplet:' || i, 1,
    ((i * 7 + d * 13) % 499) * 0.01
FROM range(50000) AS numbers(i), range(4) AS days(d);
INSERT INTO digitalocean_marts.feature_cost_daily (source_relation, usage_date, feature, amount)
SELECT source_relation, usage_date, feature, sum(amount) FROM digitalocean_marts.resource_cost_daily GROUP BY 1, 2, 3;
INSERT INTO digitalocean_marts.waste_findings
    (source_relation, finding_key, rule, title, urn, feature, name, evidence, saving_monthly, additive_saving_monthly)
SELECT 'digitalocean', i, 'powered_off', 'Droplet powered off and billed', 'do:droplet:' || i, 'droplets',
    'web-production-frankfurt-' || i, 'Powered off. It costs USD 24.00 a month, as billed for 2026-10.', 24, 24
FROM range(20000) AS numbers(i);
INSERT INTO digitalocean_marts.focus_cost
    ("BilledCost", "BillingPeriodStart", "ResourceId", "ResourceName", "Tags", "x_Feature", "x_LineSource",
     "x_ProjectName", "x_SourceRelation")
SELECT 24, TIMESTAMPTZ '2026-11-01 00:00:00+00', 'do:droplet:' || i, 'web-production-frankfurt-' || i,
    '{"tag-' || (i % 5000) || '": true}', 'droplets', 'invoice_preview_items', 'storefront', 'digitalocean'
FROM range(50000) AS numbers(i);
INSERT INTO digitalocean_marts.cost_by_tag
    (source_relation, billing_month, tag, is_attributed, feature, amount, allocated_amount)
SELECT 'digitalocean', DATE '2026-11-01', 'tag-' || i, true, 'droplets', 240, 240 FROM range(5000) AS numbers(i);
"""


def data_of(page: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "team.duckdb"
    with duckdb.connect(str(path)) as connection:
        make_marts(connection, small_team())
    with open_marts("digitalocean", path=path) as marts:
        return make_page(read_report(marts))


def test_the_policy_allows_what_is_in_the_file_and_nothing_else(page: str) -> None:
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    directives = dict(one.strip().split(" ", 1) for one in policy.split(";"))
    inline = [*re.findall(r"<script>(.*?)</script>", page, re.DOTALL)]
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert directives["default-src"] == "'none'"
    assert set(directives) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}
    assert directives["script-src"].split() == [_hash(one) for one in inline]
    assert directives["style-src"].split() == [_hash(one) for one in style]
    assert len(inline) == 4


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_nothing_is_linked_from_elsewhere(page: str) -> None:
    markup = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', markup) == []
    assert "sourceMappingURL" not in page


def test_a_name_is_data_and_no_markup(page: str) -> None:
    assert BAD_NAME not in page
    assert page.count("<script") == 5
    assert "\u2028" not in page
    assert BAD_NAME in [row[0] for row in data_of(page)["resources"]["rows"]]


def test_a_name_that_looks_like_a_place_of_the_page_is_a_name() -> None:
    page = make_page({"name": "{scripts}{policy}"})
    assert data_of(page) == {"name": "{scripts}{policy}"}


def test_an_empty_warehouse_is_a_page(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        make_marts(connection)
    with open_marts("digitalocean", path=tmp_path / "w.duckdb") as marts:
        report = data_of(make_page(read_report(marts)))
    assert report["overview"]["month_to_date"] is None
    assert report["resources"] == {"first_day": None, "last_day": None, "rows": [], "found": 0, "left_out": []}
    assert report["about"]["moment"] is None


def test_fifty_thousand_resources_can_be_mailed_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    path = tmp_path / "large.duckdb"
    with duckdb.connect(str(path)) as connection:
        make_marts(connection)
        connection.execute(MANY)
        ((monthly, thirty),) = connection.execute(
            "SELECT (SELECT sum(monthly_cost) FROM digitalocean_marts.resource_inventory),"
            " (SELECT sum(amount) FROM digitalocean_marts.resource_cost_daily)"
        ).fetchall()
    with open_marts("digitalocean", path=path) as marts:
        report = read_report(marts)
    assert len(make_page(report).encode()) < 10_000_000
    resources, savings = report["resources"], report["savings"]
    (rest,) = resources["left_out"]
    assert resources["found"] == 50_000 == len(resources["rows"]) + rest["resources"]
    assert min(row[10] for row in resources["rows"]) >= 0
    assert sum(row[10] for row in resources["rows"]) + rest["monthly_cost"] == 100 * monthly
    assert sum(row[11] for row in resources["rows"]) + rest["thirty_days"] == 100 * thirty
    assert savings["left_out"] == 20_000 - len(savings["findings"]) > 0
    assert savings["left_out_saving"] == 2400 * savings["left_out"]
    tags = report["cost"]["dimensions"]["tag"]["2026-11-01"]
    assert (tags["others"], tags["sum"]) == (5000 - len(tags["lines"]), 5000 * 24000)


def test_what_is_vendored_is_what_the_note_says() -> None:
    note = (VENDOR / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", note, re.MULTILINE))
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.js")}
    assert listed == found
    for name in found:
        package = re.sub(r"\.(min\.)?js$", "", name).removesuffix(".min")
        assert "Redistribution and use in source and binary forms" in (VENDOR / f"LICENSE-{package}").read_text(
            encoding="utf-8"
        )
