"""Billed lines as records: their feature and resource, odd amounts, and lists that change while they are read."""

import re
from typing import Any

import pytest
from airbyte_cdk.test.state_builder import StateBuilder
from freezegun import freeze_time

from unit_tests.mock_server.commands import read, token_config
from unit_tests.mock_server.server import DigitalOcean, Reply

INVOICES = "/v2/customers/my/invoices"
HISTORY = "/v2/customers/my/billing_history"
TEAM = "5df3e300-4a17-4bd5-9a1a-4c7c0d5b0e37"
BILLING = ("balance", "billing_history", "invoices", "invoice_items", "invoice_preview", "invoice_summaries")


def invoice_with(api: DigitalOcean, items: list[dict[str, Any]]) -> None:
    api.lists(INVOICES, "invoices", [{"invoice_uuid": "inv-1", "invoice_period": "2026-02", "amount": "3.00"}])
    api.lists(f"{INVOICES}/inv-1", "invoice_items", items)


def test_each_line_carries_its_feature_and_its_resource(api: DigitalOcean) -> None:
    items = [
        {"product": "Droplets", "resource_id": "77", "resource_uuid": "u-77", "amount": "1.00"},
        {"product": "Spaces Subscription", "description": "Spaces ($5/mo)", "amount": "5.00"},
    ]
    invoice_with(api, items)

    rows = read("invoice_items").rows("invoice_items")

    assert [(row["feature"], row.get("resource_urn")) for row in rows] == [
        ("droplets", "do:droplet:77"),
        ("spaces", None),
    ]


def test_lines_no_feature_is_known_for_are_counted_by_name_once_at_the_end(api: DigitalOcean) -> None:
    invoice_with(api, [{"product": "Quantum Hours", "amount": "1.00", "description": str(n)} for n in range(3)])
    api.on("/v2/account", {}, {"account": {"uuid": "u", "team": {"uuid": TEAM}}})
    with freeze_time("2026-03-02T12:00:00Z"):
        day = "/v2/billing/do:team:" + TEAM + "/insights/2026-03-01/2026-03-01"
        points = [{"start_date": "2026-03-01", "sku": f"1-QU-HOUR-{n:04d}", "total_amount": "1.0"} for n in range(2)]
        points.append({"start_date": "2026-03-01", "sku": "1-DO-DROP-0109", "total_amount": "1.0"})
        api.on(day, None, {"data_points": points, "current_page": 1, "total_pages": 1, "total_items": 3})
        config = token_config(start_date="2026-03-01T00:00:00Z")
        output = read("billing_insights", config=config)
        named = [line for line in output.log().splitlines() if "became feature other" in line]
        assert [row["feature"] for row in output.rows("billing_insights")] == ["other", "other", "droplets"]
        assert [line.split(": ", 1)[1] for line in named] == ["1-QU-HOUR (2)"]

    output = read("invoice_items")

    named = [line for line in output.log().splitlines() if "became feature other" in line]
    assert [line.split(": ", 1)[1] for line in named] == ["Quantum Hours (3)"]
    assert {row["feature"] for row in output.rows("invoice_items")} == {"other"}


def test_an_amount_that_is_no_number_becomes_null_and_is_counted_and_the_line_stays(api: DigitalOcean) -> None:
    amounts = ["n/a", "1.00", "-2.50", "0.1234567", "90071992547409.93", "", None]
    invoice_with(api, [{"product": "Droplets", "resource_id": str(n), "amount": a} for n, a in enumerate(amounts)])

    output = read("invoice_items")

    written = [re.search(r'"amount":([^,}]+)', line) for line in output.lines if '"type":"RECORD"' in line]
    assert [found and found[1] for found in written] == [
        None,
        "1.0",
        "-2.5",
        "0.1234567",
        "90071992547409.93",
        None,
        None,
    ]
    assert [text for text in output.warnings() if "amount (1)" in text]


def test_an_empty_billing_history_is_an_empty_stream(api: DigitalOcean) -> None:
    api.lists(HISTORY, "billing_history", [])
    output = read("billing_history")
    assert output.rows("billing_history") == []
    assert output.status("billing_history") == "COMPLETE"


@pytest.mark.parametrize("stream", [*BILLING, "invoice_preview_items", "invoice_csv_lines", "billing_insights"])
def test_a_role_without_billing_loses_the_cost_streams_and_not_the_sync(api: DigitalOcean, stream: str) -> None:
    refusal = Reply({"id": "forbidden", "message": "You are not authorized to perform this operation"}, 403)
    api.on("/v2/account", {}, {"account": {"uuid": "u", "team": {"uuid": TEAM}}})
    api.otherwise = lambda _: refusal

    output = read(stream)

    assert output.rows(stream) == []
    assert output.status(stream) == "COMPLETE"
    (warning,) = [text for text in output.warnings() if text.startswith(f"Stream {stream} is skipped")]
    assert "billing:read" in warning


def page(rows: list[dict[str, Any]], total: int, following: int | None = None) -> dict[str, Any]:
    links = {"pages": {"next": f"https://api.digitalocean.com{HISTORY}?page={following}"}} if following else {}
    return {"billing_history": rows, "links": links, "meta": {"total": total}}


def payment(number: int) -> dict[str, Any]:
    return {"date": f"2026-02-{number % 28 + 1:02d}T00:00:00Z", "type": "Payment", "amount": f"-{number}.00"}


def test_nothing_of_a_list_that_changed_while_it_was_read_goes_out_twice_or_with_another_key(
    api: DigitalOcean,
) -> None:
    rows = [payment(number) for number in range(250)]
    added = [payment(1000), *rows]
    query = {"per_page": "200"}
    first = {"page": "1", **query}
    api.on(HISTORY, first, page(rows[:200], 250, 2), page(added[:200], 251, 2))
    api.on(HISTORY, {"page": "2", **query}, page(added[200:], 251))

    changed = read("billing_history").rows("billing_history")

    api.on(HISTORY, first, page(added[:200], 251, 2))
    api.on(HISTORY, {"page": "2", **query}, page(added[200:], 251))
    assert changed == read("billing_history").rows("billing_history")
    assert len({row["row_hash"] for row in changed}) == len(added)


@freeze_time("2026-03-10T12:00:00Z")
def test_the_price_of_a_long_history_of_daily_cost_is_said_when_the_first_window_answers(api: DigitalOcean) -> None:
    api.on("/v2/account", {}, {"account": {"uuid": "u", "team": {"uuid": TEAM}}})
    answer = {"data_points": [], "current_page": 1, "total_pages": 1, "total_items": 1000}
    api.otherwise = lambda request: Reply(answer) if "insights" in request.address else None

    long = read("billing_insights", config=token_config(start_date="2025-03-10T00:00:00Z"))
    state = StateBuilder().with_stream_state("billing_insights", long.state_of("billing_insights")).build()
    short = read("billing_insights", config=token_config(start_date="2026-02-10T00:00:00Z"))
    later = read("billing_insights", config=token_config(start_date="2025-03-10T00:00:00Z"), state=state)

    (said,) = [line for line in long.log().splitlines() if "the daily cost since" in line]
    assert "since 2025-03-10 takes about 60 requests, 12 window(s)" in said
    assert "the daily cost since" not in short.log()
    assert "the daily cost since" in later.log()  # Without a record there is no cursor: all of it again.


def test_a_corrected_invoice_comes_again_in_the_list_however_old_it_is(api: DigitalOcean) -> None:
    periods = ["2026-05", "2026-04", "2026-03", "2026-02", "2026-01"]
    listed = [{"invoice_uuid": p, "invoice_period": p, "amount": "1.00"} for p in periods]
    api.lists(INVOICES, "invoices", listed)
    first = read("invoices")
    state = StateBuilder().with_stream_state("invoices", first.state_of("invoices")).build()
    listed[4]["amount"] = "0.90"
    api.lists(INVOICES, "invoices", listed)

    again = read("invoices", state=state).rows("invoices")

    assert len(first.rows("invoices")) == 5
    assert {row["invoice_period"]: row["amount"] for row in again} == {
        "2026-05": 1.0,
        "2026-04": 1.0,
        "2026-03": 1.0,
        "2026-02": 1.0,
        "2026-01": 0.9,
    }
