"""A dashboard that is open in a real browser with the network off, and the warehouse that it was made of."""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb

from integration_tests.chromium import chromium
from unit_tests.warehouse.dashboard.marts import make_marts
from warehouse.dashboard.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Two thousand Droplets and a year.
YEAR = """
INSERT INTO digitalocean_marts.resource_inventory
    (source_relation, team_name, urn, resource_type, feature, name, project_name, owner, tags, region_slug, size,
     status, monthly_cost, is_listed, is_deleted, first_seen_on, last_seen_on)
SELECT 'digitalocean', 'Large', 'do:droplet:' || i, 'droplet', 'droplets', 'web-production-' || i,
    'project-' || (i % 40), 'owner-' || (i % 15), '["env:prod"]', 'fra1', 's-2vcpu-4gb', 'active', 24 + i % 90, true,
    false, DATE '2025-12-01', DATE '2026-11-30'
FROM range(2000) AS numbers(i);
INSERT INTO digitalocean_marts.resource_cost_daily
    (source_relation, usage_date, billing_month, feature, region_slug, urn, candidates, description, amount)
SELECT 'digitalocean', day, date_trunc('month', day), 'droplets', 'fra1', 'do:droplet:' || i, 1,
    'web-production-' || i, 0.80 + (i % 90) * 0.03
FROM range(2000) AS numbers(i),
    (SELECT CAST(DATE '2025-12-01' + n::INTEGER AS DATE) AS day FROM range(365) AS numbers(n)) AS days;
INSERT INTO digitalocean_marts.feature_cost_daily (source_relation, usage_date, feature, region_slug, amount)
SELECT source_relation, usage_date, feature, region_slug, sum(amount) FROM digitalocean_marts.resource_cost_daily
GROUP BY ALL;
INSERT INTO digitalocean_marts.focus_cost
    ("BilledCost", "BillingPeriodStart", "ResourceId", "ResourceName", "Tags", "x_Feature", "x_LineSource",
     "x_ProjectName", "x_SourceRelation")
SELECT 24 + i % 90, make_timestamptz(2026, m, 1, 0, 0, 0), 'do:droplet:' || i, 'web-production-' || i,
    '{"env:prod": true}', 'droplets', 'invoice_items', 'project-' || (i % 40), 'digitalocean'
FROM range(2000) AS numbers(i), range(1, 12) AS months(m);
INSERT INTO digitalocean_marts.use_and_pay
    (source_relation, level, billing_month, feature, urn, resource_name, amount, used_percent, unused_amount)
SELECT "x_SourceRelation", 'resource', "BillingPeriodStart"::DATE, 'droplets', "ResourceId", "ResourceName",
    "BilledCost", hash("ResourceId") % 100, "BilledCost" * 0.5
FROM digitalocean_marts.focus_cost;
INSERT INTO digitalocean_marts.feature_cost_monthly
    (source_relation, billing_month, feature, region_slug, amount, is_issued)
SELECT "x_SourceRelation", "BillingPeriodStart"::DATE, 'droplets', 'fra1', sum("BilledCost"), true
FROM digitalocean_marts.focus_cost GROUP BY ALL;
INSERT INTO digitalocean_marts.waste_findings
    (source_relation, finding_key, rule, title, urn, feature, name, evidence, saving_monthly, additive_saving_monthly)
SELECT source_relation, urn, 'idle_droplet', 'Droplet idle', urn, feature, name, 'Processor below 5 %.', 24, 24
FROM digitalocean_marts.resource_inventory;
"""


class Page:
    """A dashboard that is open in a browser, and the warehouse that it was made of."""

    def __init__(self, browser: Any, warehouse: Path, page: Path) -> None:
        self.browser, self.warehouse, self.page = browser, warehouse, page
        browser.get_log("performance")
        browser.get_log("browser")
        browser.get(page.as_uri())

    def js(self, expression: str, *arguments: Any) -> Any:
        return self.browser.execute_script(f"return {expression}", *arguments)

    def sql(self, statement: str) -> Any:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("SET schema = 'digitalocean_marts'")
            ((found,),) = connection.execute(statement).fetchall()
        return found

    def figure(self, name: str) -> Decimal:
        return amount(self.js("document.querySelector(`[data-figure='${arguments[0]}']`).firstChild.data", name))

    def table(self, caption: str) -> list[list[str]]:
        """The cells of the table's rows, as a person reads them."""
        script = """[...document.querySelectorAll('table')]
            .filter((one) => one.caption.firstChild.textContent === arguments[0])
            .map((one) => [...one.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim())))"""
        found = self.js(script.replace("\n", " "), caption)
        assert len(found) == 1, f"{len(found)} tables {caption!r}"
        return list(found[0])

    def press(self, text: str, within: str = "body") -> None:
        script = """[...document.querySelector(arguments[1]).querySelectorAll('button, summary')]
            .find((one) => one.innerText.trim() === arguments[0]).click()"""
        self.js(script.replace("\n", " "), text, within)

    def choose(self, section: str, label: str, value: str) -> None:
        """Take another month, dimension or invoice in a section."""
        script = """[...document.querySelectorAll(`#${arguments[0]} label`)]
            .filter((one) => one.firstChild.textContent === arguments[1])
            .map((one) => one.querySelector('select'))
            .forEach((one) => { one.value = arguments[2]; one.dispatchEvent(new Event('change')); })"""
        self.js(script.replace("\n", " "), section, label, value)

    def draw_all(self) -> list[dict[str, Any]]:
        """Go past every chart; what each shows."""
        places = self.js("document.querySelectorAll('.chart').length")
        for at in range(places):
            self.js(f"document.querySelectorAll('.chart')[{at}].scrollIntoView()")
            deadline = time.monotonic() + 10
            while not self.js(f"document.querySelectorAll('.chart')[{at}].querySelector('svg')"):
                assert time.monotonic() < deadline, f"chart {at} is not drawn"
                time.sleep(0.02)
        script = """[...document.querySelectorAll('.chart')].map((one) => ({text: one.getAttribute('aria-label'),
            unit: one.closest('figure').querySelector('figcaption .note').innerText,
            marks: one.querySelectorAll('.role-mark path').length,
            titles: [...one.querySelectorAll('.role-axis-title text')].map((title) => title.textContent)}))"""
        return list(self.js(script.replace("\n", " ")))

    def complaints(self) -> list[str]:
        """What the console holds, and every request but the one for the file itself."""
        said = [entry["message"] for entry in self.browser.get_log("browser")]
        events = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        asked = [
            event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"
        ]
        return said + [url for url in asked if url.split("#")[0] != self.page.as_uri()]


def amount(text: str) -> Decimal:
    return Decimal(re.sub(r"[,\s+]|USD", "", text).replace("\N{MINUS SIGN}", "-"))


@contextmanager
def browsing(width: int = 1600) -> Iterator[Any]:
    # Whatever has a name is nowhere.
    with chromium(width, 1000, "--host-resolver-rules=MAP * ~NOTFOUND", logs=True) as browser:
        browser.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        yield browser


def written(folder: Path, *statements: str, marts: Any = None) -> tuple[Path, Path]:
    warehouse, out = folder / "team.duckdb", folder / "report.html"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        make_marts(connection, marts)
        for statement in statements:
            connection.execute(statement)
    assert main(["--duckdb", str(warehouse), "--out", str(out)]) == 0
    return warehouse, out
