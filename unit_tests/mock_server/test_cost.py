"""The cost streams: exact requests, windows, keys, exact money, and what a second sync reads again."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from airbyte_cdk.test.state_builder import StateBuilder
from freezegun import freeze_time

from unit_tests.mock_server.commands import read, token_config
from unit_tests.mock_server.server import PAGE, DigitalOcean

TEAM = "5df3e300-4a17-4bd5-9a1a-4c7c0d5b0e37"
HISTORY = "/v2/customers/my/billing_history"
INVOICES = "/v2/customers/my/invoices"


def insights(start: str, end: str) -> str:
    return f"/v2/billing/do:team:{TEAM}/insights/{start}/{end}"


def data_points(*points: dict[str, Any], number: int = 1, pages: int = 1) -> dict[str, Any]:
    total = len(points) if pages == 1 else pages
    return {"data_points": list(points), "current_page": number, "total_pages": pages, "total_items": total}


def point(day: str, amount: str = "1.50", **fields: Any) -> dict[str, Any]:
    return {
        "usage_team_urn": f"do:team:{TEAM}",
        "start_date": day,
        "total_amount": amount,
        "region": "nyc3",
        "sku": "1-DO-DROP-0109",
        "description": "web-01 (s-1vcpu-1gb)",
        "group_description": "",
        **fields,
    }


def test_money_is_a_number_with_the_very_digits_of_the_invoice(api: DigitalOcean) -> None:
    written_for: dict[str | float, str] = {
        "23.44": "23.44",
        "-0.01": "-0.01",
        "0.1234567": "0.1234567",
        "-90071992547409.93": "-90071992547409.93",
        "900719925474099.31": "900719925474099.31",
        "12345678901234567890.1234567": "12345678901234567890.1234567",
        "-9007199254740993": "-9007199254740993",
        "1e3": "1000.0",
        7: "7",
        -3.25: "-3.25",
    }
    rows = [{"date": "2026-02-01T00:00:00Z", "amount": sent} for sent in written_for]
    api.lists(HISTORY, "billing_history", rows)

    output = read("billing_history")

    amounts = [re.search(r'"amount":([^,}]+)', line) for line in output.lines if '"type":"RECORD"' in line]
    assert [amount and amount[1] for amount in amounts] == list(written_for.values())


def test_balance_is_stamped_with_the_moment_it_was_read(api: DigitalOcean) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    api.on("/v2/customers/my/balance", {}, {"account_balance": "12.23", "generated_at": "2026-02-01T00:00:00Z"})

    (row,) = read("balance").rows("balance")

    assert before <= datetime.fromisoformat(row["synced_at"]) <= datetime.now(UTC)
    assert row["synced_at"].endswith("Z")
    assert row["generated_at"] == "2026-02-01T00:00:00Z"


def test_billing_history_begins_at_the_start_date_and_goes_on_from_its_state(api: DigitalOcean) -> None:
    entries = [
        {"date": "2025-12-31T23:59:59Z", "type": "Invoice", "amount": "5.00"},
        {"date": "2026-01-01T08:44:38Z", "type": "Invoice", "amount": "12.34"},
        {"date": "2026-02-01T08:44:38Z", "type": "Payment", "amount": "-12.34"},
    ]
    api.lists(HISTORY, "billing_history", entries)

    first = read("billing_history")
    state = StateBuilder().with_stream_state("billing_history", first.state_of("billing_history")).build()
    second = read("billing_history", state=state)

    assert [row["amount"] for row in first.rows("billing_history")] == [12.34, -12.34]
    assert first.state_of("billing_history") == {"date": "2026-02-01T08:44:38Z"}
    assert second.rows("billing_history") == first.rows("billing_history")[1:]


@freeze_time("2026-03-10T12:00:00Z")
def test_the_list_of_invoices_is_whole_and_their_items_begin_with_the_previous_month(api: DigitalOcean) -> None:
    periods = ["2026-02", "2026-01", "2025-12"]
    api.lists(INVOICES, "invoices", [{"invoice_uuid": p, "invoice_period": p, "amount": "1.00"} for p in periods])
    api.lists(f"{INVOICES}/2026-02", "invoice_items", [{"product": "Droplets", "amount": "1.00"}])
    config = token_config()
    del config["start_date"]

    output = read("invoices", "invoice_items", config=config)

    assert [row["invoice_period"] for row in output.rows("invoices")] == periods
    assert [row["invoice_period"] for row in output.rows("invoice_items")] == ["2026-02"]


def test_items_carry_their_invoice_and_are_read_again_only_for_the_newest_one(api: DigitalOcean) -> None:
    invoices = [
        {"invoice_uuid": "inv-feb", "invoice_period": "2026-02", "amount": "3.00"},
        {"invoice_uuid": "inv-jan", "invoice_period": "2026-01", "amount": "3.00"},
    ]
    item = {"product": "Droplets", "resource_id": "1", "amount": "3.00", "duration": "672"}
    api.lists(INVOICES, "invoices", invoices)
    api.lists(f"{INVOICES}/inv-jan", "invoice_items", [item])
    api.lists(f"{INVOICES}/inv-feb", "invoice_items", [item, item])

    first = read("invoice_items")
    asked = len(api.requests)
    state = StateBuilder().with_stream_state("invoice_items", first.state_of("invoice_items")).build()
    second = read("invoice_items", state=state)

    rows = first.rows("invoice_items")
    assert sorted((row["invoice_uuid"], row["invoice_period"], row["amount"]) for row in rows) == [
        ("inv-feb", "2026-02", 3.0),
        ("inv-feb", "2026-02", 3.0),
        ("inv-jan", "2026-01", 3.0),
    ]
    assert len({(row["invoice_uuid"], row["row_hash"]) for row in rows}) == 3
    assert [request.address.rsplit("/", 1)[1] for request in api.requests[asked:]] == ["invoices", "inv-feb"]
    feb = [row for row in rows if row["invoice_uuid"] == "inv-feb"]
    assert sorted(r["row_hash"] for r in second.rows("invoice_items")) == sorted(r["row_hash"] for r in feb)


@freeze_time("2026-03-10T12:00:00Z")
def test_daily_cost_is_read_in_windows_of_closed_days_that_digitalocean_accepts(api: DigitalOcean) -> None:
    api.on("/v2/account", {}, {"account": {"uuid": "u", "team": {"uuid": TEAM}}})
    api.on(insights("2026-01-01", "2026-01-30"), PAGE, data_points(point("2026-01-30"), pages=2))
    api.on(
        insights("2026-01-01", "2026-01-30"),
        {"page": "2", "per_page": "200"},
        data_points(point("2026-01-02"), number=2, pages=2),
    )
    api.on(insights("2026-01-31", "2026-03-01"), PAGE, data_points(point("2026-02-01")))
    api.on(insights("2026-03-02", "2026-03-09"), PAGE, data_points(point("2026-03-09", "0.1234567")))

    output = read("billing_insights")

    rows = {row["start_date"]: row for row in output.rows("billing_insights")}
    assert sorted(rows) == ["2026-01-02", "2026-01-30", "2026-02-01", "2026-03-09"]
    assert rows["2026-03-09"]["account_urn"] == f"do:team:{TEAM}"
    assert rows["2026-03-09"]["total_amount"] == 0.1234567
    assert len({row["row_hash"] for row in rows.values()}) == 4
    assert len(api.requests) == 5
    assert output.status("billing_insights") == "COMPLETE"


@freeze_time("2026-03-10T12:00:00Z")
def test_the_last_seven_days_of_cost_are_read_again_because_they_are_corrected(api: DigitalOcean) -> None:
    api.on("/v2/account", {}, {"account": {"uuid": "u", "team": {"uuid": TEAM}}})
    api.on(insights("2026-03-01", "2026-03-09"), PAGE, data_points(point("2026-03-09", "1.50")))
    config = token_config(start_date="2026-03-01T00:00:00Z")
    first = read("billing_insights", config=config)
    state = StateBuilder().with_stream_state("billing_insights", first.state_of("billing_insights")).build()

    with freeze_time("2026-03-11T12:00:00Z"):
        api.on(insights("2026-03-02", "2026-03-10"), PAGE, data_points(point("2026-03-09", "1.49")))
        second = read("billing_insights", config=config, state=state)

    (before,), (after,) = first.rows("billing_insights"), second.rows("billing_insights")
    assert (before["total_amount"], after["total_amount"]) == (1.5, 1.49)
    key = ("usage_team_urn", "start_date", "row_hash")
    assert [before[name] for name in key] == [after[name] for name in key]
    assert api.asked("/v2/account") == [{}, {}]


@freeze_time("2026-03-10T12:00:00Z")
@pytest.mark.parametrize("start", ["2025-01-01", "2026-02-06", "2026-02-07", "2026-02-08", "2026-03-09"])
def test_no_window_is_longer_than_31_days_and_together_they_leave_no_day_out(api: DigitalOcean, start: str) -> None:
    api.on("/v2/account", {}, {"account": {"uuid": "u", "team": {"uuid": TEAM}}})
    days = [date(2026, 3, 9) - timedelta(days=back) for back in range(440)]
    for first in days:
        for length in range(32):
            last = first + timedelta(days=length)
            api.on(insights(first.isoformat(), last.isoformat()), PAGE, data_points())

    read("billing_insights", config=token_config(start_date=f"{start}T00:00:00Z"))

    asked: list[date] = []
    for address in [request.address for request in api.requests if "insights" in request.address]:
        first, last = (date.fromisoformat(part) for part in address.rsplit("/", 2)[1:])
        asked += [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert sorted(asked) == sorted(day for day in days if day >= date.fromisoformat(start))
