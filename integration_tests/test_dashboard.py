"""The dashboard in a real browser, with the network off: every section, its figures beside SQL, and who can read it."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from unit_tests.warehouse.dashboard.marts import BAD_NAME, small_team
from warehouse.dashboard.cli import main

chromium = pytest.importorskip("integration_tests.chromium", reason="selenium is not installed")
pytestmark = pytest.mark.skipif(
    not (chromium.CHROMIUM and chromium.CHROMEDRIVER), reason="chromium and chromedriver are not installed"
)
from integration_tests.dashboard_page import YEAR, Page, amount, browsing, written  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
SECTIONS = ["Overview", "Cost", "Use beside pay", "Savings", "Invoices", "Resources", "Data health"]
MORE = """
INSERT INTO digitalocean_marts.resource_inventory
    (source_relation, urn, resource_type, feature, name, project_name, region_slug, monthly_cost, is_listed, is_deleted,
     first_seen_on, last_seen_on)
SELECT 'digitalocean', 'do:volume:' || i, 'volume', 'volumes', 'data-' || i, 'shop', 'ams3', i * 0.35, true, false,
    DATE '2026-10-01', DATE '2026-11-20'
FROM range(100, 220) AS numbers(i)
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return Page(browser, *written(tmp_path_factory.mktemp("dashboard"), MORE, marts=small_team()))


def test_every_section_is_there_and_every_chart_has_an_axis_a_unit_and_a_text(page: Page) -> None:
    assert page.js("[...document.querySelectorAll('section h2')].map((one) => one.innerText)") == SECTIONS
    assert page.js("[...document.querySelectorAll('nav a')].map((one) => one.innerText)") == SECTIONS
    abouts = page.js("[...document.querySelectorAll('section > .about')].map((one) => one.innerText)")
    assert set(abouts) == {"Data of 20 November 2026. All amounts are in USD."}
    assert len(abouts) == len(SECTIONS)
    charts = page.draw_all()
    assert len(charts) == 6
    for one in charts:
        assert one["marks"] > 0, one
        assert any("USD" in title for title in one["titles"]), one
        assert "USD" in one["unit"], one
        assert len(one["text"]) > 20, one


def test_the_figures_are_those_of_sql(page: Page) -> None:
    spent = page.sql("SELECT sum(amount) FROM feature_cost_monthly WHERE billing_month = DATE '2026-11-01'")
    assert page.figure("month-to-date") == spent == Decimal("1021.00")
    assert page.figure("last-month") == page.sql(
        "SELECT sum(amount) FROM feature_cost_monthly WHERE billing_month = DATE '2026-10-01'"
    )
    assert page.figure("forecast") == page.sql("SELECT round(forecast, 2) FROM month_end_forecast")
    assert page.figure("savings") == page.sql("SELECT sum(additive_saving_monthly) FROM waste_findings")
    lines = page.table("Cost of November 2026 by feature")
    assert sum(amount(line[1]) for line in lines) == spent
    invoice, *_ = page.table("Issued invoices")
    assert amount(invoice[2]) == page.sql("SELECT invoice_amount FROM invoice_reconciliation")
    parts = page.table("Parts of the invoice of October 2026")
    assert sum(amount(part[1]) for part in parts) == amount(invoice[2])
    use = page.table("Cost and use of each feature in November 2026")
    assert amount(use[0][1]) == page.sql(
        "SELECT amount FROM use_and_pay WHERE level = 'feature' AND billing_month = DATE '2026-11-01'"
    )


def test_a_line_opens_to_its_resources(page: Page) -> None:
    page.press("Droplets", "#cost-lines")
    opened = page.table("Cost of November 2026 by feature")
    assert [row[0] for row in opened[:3]] == [
        "Droplets",
        f"{BAD_NAME} (Droplets)",
        "web (Droplets)",
    ]
    assert amount(opened[1][1]) + amount(opened[2][1]) == amount(opened[0][1])
    assert page.js("document.activeElement.getAttribute('aria-expanded')") == "true"
    page.press("Droplets", "#cost-lines")
    assert len(page.table("Cost of November 2026 by feature")) == 2


def test_another_dimension_and_another_month_are_chosen(page: Page) -> None:
    page.choose("cost", "By", "tag")
    lines = page.table("Cost of November 2026 by tag")
    spent = page.sql("SELECT sum(allocated_amount) FROM cost_by_tag WHERE billing_month = DATE '2026-11-01'")
    assert sum(amount(line[2]) for line in lines) == spent == Decimal("1021.00")
    page.choose("cost", "Month", "2026-10-01")
    assert {line[0] for line in page.table("Cost of October 2026 by tag")} == {"No tag", "a", "b"}
    page.choose("cost", "By", "feature")
    page.choose("cost", "Month", "2026-11-01")
    page.choose("use", "Month", "2026-10-01")
    assert amount(page.table("Cost and use of each feature in October 2026")[0][1]) == Decimal("1224.01")
    assert len([one for one in page.draw_all() if "October 2026" in one["unit"] and one["marks"]]) == 2
    page.choose("use", "Month", "2026-11-01")


def test_resources_are_searched_sorted_and_turned(page: Page) -> None:
    status = "document.querySelector('#resources [role=status]').innerText"
    total = page.sql("SELECT count(*) FROM resource_inventory")
    assert page.js(status).startswith(f"1 to 50 of {total}; together ")
    assert page.table("Resources")[0][0] == BAD_NAME
    page.press("Next", "#resources")
    assert page.js(status).startswith(f"51 to 100 of {total}")
    search = page.browser.find_element("css selector", "#resources input[type=search]")
    search.send_keys("DATA-1 volumes")
    cost = page.sql("SELECT sum(monthly_cost) FROM resource_inventory WHERE name LIKE 'data-1%'")
    assert page.js(status) == f"1 to 50 of 100; together {cost:,.2f} USD a month."
    heading = "document.querySelectorAll('#resources thead th')[1]"
    assert page.js(f"{heading}.getAttribute('aria-sort')") == "descending"
    assert page.table("Resources")[0][0] == "data-199"
    page.press("A month (USD)", "#resources")
    assert page.js(f"{heading}.getAttribute('aria-sort')") == "ascending"
    assert [row[0] for row in page.table("Resources")[:2]] == ["data-100", "data-101"]
    search.clear()
    search.send_keys("nobody is called so")
    assert page.js(status).startswith("Nothing matches.")
    search.clear()
    search.send_keys("deleted")
    assert [row[0] for row in page.table("Resources")] == ["gone"]
    search.clear()
    search.send_keys(" ")


def test_a_name_from_the_account_runs_nothing_and_neither_does_anything_else(page: Page) -> None:
    assert page.js("document.title") == "DigitalOcean: cost and use of Tidepool Labs"
    assert page.complaints() == []
    foreign = "Object.assign(document.createElement('script'), {textContent: 'document.title = `owned`'})"
    page.js(f"document.body.append({foreign})")
    assert page.js("document.title") == "DigitalOcean: cost and use of Tidepool Labs"
    assert any("Content Security Policy" in said for said in page.complaints())


@pytest.mark.parametrize(("width", "scheme"), [(1600, "light"), (390, "dark")])
def test_people_can_read_it(page: Page, width: int, scheme: str) -> None:
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    )
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    page.draw_all()
    assert page.js("document.documentElement.scrollWidth") <= width, "the page is wider than the window"
    assert page.js("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 24, 29)"
    )
    page.browser.execute_script(AXE)
    found = page.browser.execute_async_script(
        "const [done] = arguments; axe.run(document, {resultTypes: ['violations']}).then((all) => done(all.violations))"
    )
    grave = [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert grave == []


def test_an_empty_warehouse_is_a_page_that_says_so(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, *written(tmp_path))
    assert page.js("[...document.querySelectorAll('section h2')].map((one) => one.innerText)") == SECTIONS
    assert "The warehouse holds no data yet." in page.js("document.body.innerText")
    assert page.complaints() == []


def test_one_day_of_costs_is_a_page(browser: Any, tmp_path: Path) -> None:
    day = {"source_relation": "digitalocean", "usage_date": "2026-03-31", "feature": "droplets", "amount": 1}
    page = Page(browser, *written(tmp_path, marts={"feature_cost_daily": [day]}))
    assert page.figure("month-to-date") == 1
    (overview, daily) = page.draw_all()
    assert (overview["marks"], daily["marks"]) == (2, 1)
    assert page.complaints() == []


@pytest.mark.full
def test_two_thousand_droplets_and_a_year_are_built_and_opened_in_time(browser: Any, tmp_path: Path) -> None:
    warehouse, out = written(tmp_path, YEAR)
    began = time.monotonic()
    assert main(["--duckdb", str(warehouse), "--out", str(out)]) == 0
    built = time.monotonic() - began
    page = Page(browser, warehouse, out)
    opened = page.js("performance.timing.loadEventEnd - performance.timing.navigationStart") / 1000
    print(f"built in {built:.1f} s, opened in {opened:.2f} s, {out.stat().st_size / 1e6:.1f} MB")
    assert built < 30
    assert opened < 2
    assert page.complaints() == []
