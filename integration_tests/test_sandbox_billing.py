"""The sandbox's money: invoices add up, the open month grows, daily cost and balance agree with it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from integration_tests.asking import read_all
from sandbox import Sandbox
from sandbox.world import World
from sandbox.world.bill import Bill
from sandbox.world.plan import Plan

INVOICES = "/v2/customers/my/invoices"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=40, days=90, now="2026-11-23T12:00:00Z", rate_limit=100_000) as running:
        yield running


def get(sandbox: Sandbox, path: str) -> Any:
    url = path if path.startswith("http") else sandbox.api_base_url + path
    answer = requests.get(url, headers={"Authorization": f"Bearer {sandbox.token}"}, timeout=10)
    answer.raise_for_status()
    return answer.json()


def items(sandbox: Sandbox, invoice: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    url: str | None = f"{INVOICES}/{invoice}?per_page=100"
    while url:
        body = get(sandbox, url)
        found += body["invoice_items"]
        url = body["links"].get("pages", {}).get("next")
    return found


def daily(sandbox: Sandbox, start: str, end: str) -> list[dict[str, Any]]:
    path = f"/v2/billing/do:team:{sandbox.team_uuid}/insights/{start}/{end}?per_page=200"
    first = get(sandbox, path)
    found: list[dict[str, Any]] = first["data_points"]
    for page in range(2, first["total_pages"] + 1):
        body = get(sandbox, f"{path}&page={page}")
        assert body["current_page"] == page
        found += body["data_points"]
    assert len(found) == first["total_items"]
    return found


def total(records: list[dict[str, Any]], field: str = "amount") -> Decimal:
    return sum((Decimal(record[field]) for record in records), Decimal(0))


def test_every_invoice_adds_up_to_the_cent(sandbox: Sandbox) -> None:
    invoices = get(sandbox, INVOICES)["invoices"]
    assert [invoice["invoice_period"] for invoice in invoices] == ["2026-10", "2026-09", "2026-08"]
    seen_credit = False
    for invoice in [*invoices, get(sandbox, INVOICES)["invoice_preview"]]:
        lines = items(sandbox, invoice["invoice_uuid"])
        summary = get(sandbox, f"{INVOICES}/{invoice['invoice_uuid']}/summary")
        parts = [summary[part] for part in ("product_charges", "overages", "taxes", "credits_and_adjustments")]
        assert (
            total(lines) == Decimal(summary["product_charges"]["amount"]) == total(summary["product_charges"]["items"])
        )
        assert total(parts) == Decimal(invoice["amount"]) == Decimal(summary["amount"])
        seen_credit = seen_credit or Decimal(summary["credits_and_adjustments"]["amount"]) < 0
    assert seen_credit


def test_a_month_costs_at_most_672_hours(sandbox: Sandbox) -> None:
    droplets = {one["id"]: one for one in get(sandbox, "/v2/droplets?per_page=200")["droplets"]}
    invoice = get(sandbox, INVOICES)["invoices"][0]
    full = 0
    for line in items(sandbox, invoice["invoice_uuid"]):
        droplet = droplets.get(int(line["resource_id"] or 0))
        if line["product"] != "Droplets" or droplet is None or f"({droplet['size_slug']})" not in line["description"]:
            continue
        monthly = Decimal(str(droplet["size"]["price_monthly"]))
        hourly = Decimal(str(droplet["size"]["price_hourly"]))
        begins, ends = (datetime.fromisoformat(line[name]) for name in ("start_time", "end_time"))
        hours = Decimal(int((ends - begins).total_seconds())) / 3600
        expected = min(monthly, max((hours * hourly).quantize(Decimal("0.01"), "ROUND_HALF_UP"), Decimal("0.01")))
        assert Decimal(line["amount"]) == expected
        assert Decimal(line["duration"]) == round(hours, 4)
        full += line["duration"] == "744"
    assert full > 10


def test_a_droplet_of_a_moment_costs_a_cent_and_of_an_hour_its_seconds(sandbox: Sandbox) -> None:
    fractions = [
        line
        for invoice in get(sandbox, INVOICES)["invoices"]
        for line in items(sandbox, invoice["invoice_uuid"])
        if not line["duration"].isdigit()
    ]
    assert {line["product"] for line in fractions} <= {"Droplets", "GPU Droplets", "Kubernetes Clusters"}
    assert fractions
    assert all(Decimal(line["amount"]) > 0 for line in fractions)


def _runs_something(spec: Mapping[str, Any]) -> bool:
    return any(spec.get(kind) for kind in ("services", "workers", "jobs", "functions"))


def test_every_product_that_costs_something_has_its_line(sandbox: Sandbox) -> None:
    """What is missing is free: the first uptime check, one that is disabled, a suspended add-on, a static site."""
    lines = items(sandbox, "preview")
    billed = {line["resource_uuid"] for line in lines}
    checks = read_all(sandbox, "/v2/uptime/checks", "checks")
    add_ons = get(sandbox, "/v2/add-ons/saas")["resources"]
    listed = {
        "nat": read_all(sandbox, "/v2/vpc_nat_gateways", "vpc_nat_gateways"),
        "partner": read_all(sandbox, "/v2/partner_network_connect/attachments", "partner_attachments"),
        "shares": read_all(sandbox, "/v2/nfs", "shares"),
        "share snapshots": read_all(sandbox, "/v2/nfs/snapshots", "snapshots"),
        "vectors": get(sandbox, "/v2/vector-databases")["vector_dbs"],
        "microvms": read_all(sandbox, "/v2/microvms", "microvms"),
        "inference": read_all(sandbox, "/v2/dedicated-inferences", "dedicated_inferences"),
        "checks": [one for one in checks if one["enabled"]][1:],
        "add-ons": [{"id": one["uuid"]} for one in add_ons if one["state"] == "provisioned"],
        "databases": read_all(sandbox, "/v2/databases", "databases"),
        "load balancers": read_all(sandbox, "/v2/load_balancers", "load_balancers"),
        "apps": [one for one in read_all(sandbox, "/v2/apps", "apps") if _runs_something(one["spec"])],
        "volumes": read_all(sandbox, "/v2/volumes", "volumes"),
    }
    cluster = next(one["id"] for one in listed["databases"] if one["engine"] == "pg" and one["num_nodes"] > 1)
    listed["replicas"] = get(sandbox, f"/v2/databases/{cluster}/replicas")["replicas"]
    for product, records in listed.items():
        assert records, product
        assert {one["id"] for one in records} <= billed, product
    assert all(Decimal(line["amount"]) > 0 for line in lines if line["resource_uuid"])


def test_a_small_vector_database_costs_what_digitalocean_announced() -> None:
    world = World(Plan(seed=7, droplets=400, days=90, anchor=datetime(2026, 11, 23, tzinfo=UTC)))
    small = {one["id"] for one in world.tables["vector_databases"] if one["size"] == "small"}
    prices = [line.monthly for line in Bill(world.plan, world.tables).lines() if line.resource_uuid in small]
    assert prices == [2000] * len(small) != []


def test_droplets_with_two_sizes_on_an_invoice_are_those_whose_resize_is_among_the_actions(sandbox: Sandbox) -> None:
    lines = items(sandbox, get(sandbox, INVOICES)["invoices"][0]["invoice_uuid"])
    first_hours: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if line["product"] in ("Droplets", "GPU Droplets"):
            first_hours[line["resource_id"]].append(line["start_time"])
    resizes = [one for one in read_all(sandbox, "/v2/actions", "actions") if one["type"] == "resize"]

    assert resizes
    assert {str(one["resource_id"]): one["started_at"] for one in resizes} == {
        droplet: max(starts) for droplet, starts in first_hours.items() if len(starts) > 1
    }


def test_old_invoices_hold_droplets_that_are_gone(sandbox: Sandbox) -> None:
    alive = {str(one["id"]) for one in get(sandbox, "/v2/droplets?per_page=200")["droplets"]}
    billed = {
        line["resource_id"]
        for invoice in get(sandbox, INVOICES)["invoices"]
        for line in items(sandbox, invoice["invoice_uuid"])
        if line["product"] == "Droplets"
    }
    assert billed - alive


def test_daily_cost_sums_to_the_items_of_the_month(sandbox: Sandbox) -> None:
    for period, invoice in (("2026-10", get(sandbox, INVOICES)["invoices"][0]["invoice_uuid"]), ("2026-11", "preview")):
        points = daily(sandbox, f"{period}-01", f"{period}-{31 if period == '2026-10' else 30}")
        assert {point["usage_team_urn"] for point in points} == {f"do:team:{sandbox.team_uuid}"}
        by_day: dict[str, Decimal] = defaultdict(Decimal)
        for point in points:
            by_day[point["start_date"]] += Decimal(point["total_amount"])
        assert len(by_day) == (31 if period == "2026-10" else 22)
        assert sum(by_day.values()) == total(items(sandbox, invoice))


def test_a_window_of_daily_cost_is_at_most_31_days(sandbox: Sandbox) -> None:
    team = f"/v2/billing/do:team:{sandbox.team_uuid}/insights"
    for path, status in {
        f"{team}/2026-10-01/2026-11-01": 200,
        f"{team}/2026-10-01/2026-11-02": 400,
        f"{team}/2026-10-02/2026-10-01": 400,
        f"{team}/2026-10-1x/2026-10-02": 400,
        "/v2/billing/do:team:00000000-0000-4000-8000-000000000000/insights/2026-10-01/2026-10-02": 404,
    }.items():
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        assert requests.get(sandbox.api_base_url + path, headers=headers, timeout=10).status_code == status


def test_the_balance_agrees_with_history_and_preview(sandbox: Sandbox) -> None:
    balance = get(sandbox, "/v2/customers/my/balance")
    history = get(sandbox, "/v2/customers/my/billing_history?per_page=200")["billing_history"]
    preview = get(sandbox, INVOICES)["invoice_preview"]
    assert Decimal(balance["account_balance"]) == total(history)
    assert balance["month_to_date_usage"] == preview["amount"]
    together = Decimal(balance["account_balance"]) + Decimal(balance["month_to_date_usage"])
    assert Decimal(balance["month_to_date_balance"]) == together


def test_the_history_has_every_kind_of_row_and_a_true_duplicate(sandbox: Sandbox) -> None:
    history = get(sandbox, "/v2/customers/my/billing_history?per_page=200")["billing_history"]
    assert {row["type"] for row in history} == {"Invoice", "Payment", "Credit", "Refund", "Adjustment"}
    assert [row for row in history if history.count(row) == 2]
    invoices = {one["invoice_uuid"]: one["amount"] for one in get(sandbox, INVOICES)["invoices"]}
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for row in history:
        if row["type"] == "Invoice" or row["description"].startswith("Correction"):
            billed[row["invoice_uuid"]] += Decimal(row["amount"])
    assert billed == {uuid: Decimal(amount) for uuid, amount in invoices.items()}
    dates = [row["date"] for row in history]
    assert dates == sorted(dates, reverse=True)


def test_the_open_month_grows_by_the_day_and_then_becomes_an_invoice() -> None:
    with Sandbox(droplets=12, days=30, now="2026-11-28T12:00:00Z") as moving:
        issued = get(moving, INVOICES)
        first = issued["invoice_preview"]
        moving.advance(days=1)
        second = get(moving, INVOICES)["invoice_preview"]
        assert second["updated_at"] == "2026-11-29T00:00:00Z"
        assert Decimal(second["amount"]) > Decimal(first["amount"])
        moving.advance(days=3)
        later = get(moving, INVOICES)
        assert later["invoices"][0]["invoice_period"] == "2026-11"
        assert later["invoice_preview"]["invoice_period"] == "2026-12"
        assert later["invoices"][1:] == issued["invoices"]
        types = [row["type"] for row in get(moving, "/v2/customers/my/billing_history")["billing_history"]]
        assert types[0] == "Payment"


def test_a_load_test_makes_the_cost_of_a_known_day_jump() -> None:
    with Sandbox(droplets=12, days=40, now="2026-11-23T12:00:00Z", waste="seeded") as seeded:
        by_day: dict[str, Decimal] = defaultdict(Decimal)
        for point in daily(seeded, "2026-11-01", "2026-11-22"):
            by_day[point["start_date"]] += Decimal(point["total_amount"])
    assert max(by_day, key=lambda day: by_day[day]) == "2026-11-11"
    assert by_day["2026-11-11"] - max(by_day["2026-11-10"], by_day["2026-11-12"]) > 100


def test_a_deleted_droplet_stops_being_billed() -> None:
    with Sandbox(droplets=12, days=30, now="2026-11-10T12:00:00Z") as moving:
        victim = get(moving, "/v2/droplets")["droplets"][0]["id"]
        moving.delete("droplets", [victim])
        moving.advance(days=5)
        (line,) = [one for one in items(moving, "preview") if one["resource_id"] == str(victim)]
        assert line["end_time"].startswith("2026-11-10T12:00:"), "a Droplet is billed by the second"
