"""A sync a day for months: the same tables as one sync at the end, for a number of requests that is known."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from integration_tests.cost_days import KEYS, Daily, days
from sandbox import Sandbox

START = "2026-07-01T00:00:00Z"
FIRST_DAY = datetime(2026, 8, 28, 12, tzinfo=UTC)
ISSUED = ("invoice_items", "invoice_summaries", "invoice_csv_lines")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=4, days=90, now="2026-08-28T12:00:00Z", rate_limit=600_000) as running:
        yield running


def sync_daily(sandbox: Sandbox, count: int) -> tuple[Daily, Daily]:
    """One connection synced on each of so many days, another one on the last of them only."""
    daily, once = Daily(sandbox, KEYS, start_date=START), Daily(sandbox, KEYS, start_date=START)
    for number, now in enumerate(days(FIRST_DAY, count)):
        if number:
            sandbox.advance(days=1)
        daily.sync(now)
    once.sync(days(FIRST_DAY, count)[-1])
    return daily, once


def assert_same_tables(daily: Daily, once: Daily) -> None:
    for stream in KEYS:
        assert once.tables[stream], stream
        assert daily.tables[stream] == once.tables[stream], stream


def test_ten_days_with_a_new_invoice_and_a_correction_of_it(sandbox: Sandbox) -> None:
    daily, once = sync_daily(sandbox, 10)

    assert_same_tables(daily, once)
    # July's invoice and August's, each checked once, and August's again when it was corrected on the fifth.
    assert {name: daily.requests[name] for name in ISSUED} == dict.fromkeys(ISSUED, 5)
    assert {name: once.requests[name] for name in ISSUED} == dict.fromkeys(ISSUED, 2)


@pytest.mark.full
def test_ninety_days(sandbox: Sandbox) -> None:
    daily, once = sync_daily(sandbox, 90)

    assert_same_tables(daily, once)
    # July to October: read, checked, and August's corrected.
    assert {name: daily.requests[name] for name in ISSUED} == dict.fromkeys(ISSUED, 4 + 4 + 1)
    lists = ("account", "billing_history", "invoices", "invoice_preview_items")
    assert {name: daily.requests[name] for name in lists} == dict.fromkeys(lists, 90)
    # Eight days of fewer than 50 lines are two pages; the first sync reads two months.
    assert daily.requests["billing_insights"] <= 2 * 90 + once.requests["billing_insights"]
    assert sum(daily.requests.values()) < 650
