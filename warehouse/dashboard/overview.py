"""Overview: what the month has cost and will come to, what changed most, and what can be saved first."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from warehouse.dashboard.figures import cents, day, percent

if TYPE_CHECKING:
    from warehouse.dashboard.marts import Marts
    from warehouse.dashboard.months import Months

_CHANGES, _ANOMALIES, _FINDINGS = 5, 5, 3
_MONTHLY = """
SELECT feature, billing_month, sum(amount) AS amount, min(CASE WHEN is_issued THEN 1 ELSE 0 END) AS issued
FROM {{marts}}.feature_cost_monthly
WHERE billing_month IN (DATE '{current}', DATE '{last}')
GROUP BY feature, billing_month
"""
_DAILY = """
SELECT
    feature,
    coalesce(sum(CASE WHEN usage_date >= DATE '{current}' THEN amount END), 0) AS now,
    coalesce(sum(CASE WHEN usage_date <= DATE '{same_day}' THEN amount END), 0) AS earlier
FROM {{marts}}.feature_cost_daily
WHERE usage_date >= DATE '{last}'
GROUP BY feature
"""
_FORECAST = """
SELECT sum(spent) AS spent, sum(forecast) AS forecast, min(as_of_date) AS as_of_date, max(mean_error_percent) AS error
FROM {{marts}}.month_end_forecast
WHERE is_open AND billing_month = DATE '{current}'
"""
_INVOICED = """
SELECT sum(invoice_amount) AS amount FROM {{marts}}.invoice_reconciliation WHERE billing_month = DATE '{last}'
"""
_ANOMALOUS = """
SELECT usage_date, feature, amount, expected_amount, deviation_amount, anomalous_days_percent
FROM {{marts}}.cost_anomalies
WHERE is_anomaly AND usage_date >= DATE '{since}'
ORDER BY abs(deviation_amount) DESC, usage_date DESC, feature
LIMIT {most}
"""
_LARGEST = """
SELECT title, name, feature, evidence, what_to_do, additive_saving_monthly AS saving
FROM {{marts}}.waste_findings
WHERE additive_saving_monthly > 0
ORDER BY additive_saving_monthly DESC, name
LIMIT {most}
"""
_SAVINGS = """
SELECT coalesce(sum(additive_saving_monthly), 0) AS amount, count(*) AS findings FROM {marts}.waste_findings
"""


def read_overview(marts: Marts, months: Months) -> dict[str, Any]:
    """Return the figures of the section, money in cents."""
    names = {"current": months.current, "last": months.last}
    monthly = marts.rows(_MONTHLY.format(**names))
    billed = {(row["feature"], row["billing_month"]): row["amount"] for row in monthly}
    daily = _daily(marts, months)
    (forecast,) = marts.rows(_FORECAST.format(**names))
    (invoiced,) = marts.rows(_INVOICED.format(**names))
    (savings,) = marts.rows(_SAVINGS)
    # The preview of the open month is an optional stream; daily costs say nearly the same.
    is_billed = any(month == months.current for _, month in billed)
    if is_billed:
        current = {feature: amount for (feature, month), amount in billed.items() if month == months.current}
    else:
        current = {row["feature"]: row["now"] for row in daily if row["now"]}
    last = {feature: amount for (feature, month), amount in billed.items() if month == months.last}
    return {
        # Where the open month was not read, the newest one has an invoice.
        "month_is_issued": is_billed
        and all(row["issued"] for row in monthly if row["billing_month"] == months.current),
        "month_to_date": cents(sum(current.values(), Decimal(0))) if current else None,
        "month_to_date_from": "the preview of the invoice" if is_billed else "the daily costs",
        "forecast": cents(forecast["forecast"]),
        "forecast_day": day(forecast["as_of_date"]),
        "forecast_error": percent(forecast["error"]),
        "last_month": cents(sum(last.values(), Decimal(0))) if last else None,
        "last_month_invoiced": cents(invoiced["amount"]),
        "savings": cents(savings["amount"]),
        "findings": savings["findings"],
        "features": [
            {"feature": feature, "current": cents(current.get(feature)), "last": cents(last.get(feature))}
            for feature in sorted({*current, *last}, key=lambda one: (-current.get(one, 0), -last.get(one, 0), one))
        ],
        "changes": _changes(daily),
        "changes_until": _same_day(months).day,
        "anomalies": _anomalies(marts, months),
        "largest": [{**row, "saving": cents(row["saving"])} for row in marts.rows(_LARGEST.format(most=_FINDINGS))],
    }


def _same_day(months: Months) -> dt.date:
    """The day of last month that the newest day with costs is compared with: the 30th with the 28th of February."""
    newest = months.cost_day or months.current
    last_of_month = months.current - dt.timedelta(days=1)
    return months.last.replace(day=min(newest.day, last_of_month.day)) if newest >= months.current else months.last


def _daily(marts: Marts, months: Months) -> list[dict[str, Any]]:
    statement = _DAILY.format(current=months.current, last=months.last, same_day=_same_day(months))
    return marts.rows(statement)


def _changes(daily: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the features cost up to the same day of both months, the largest difference first."""
    changed = [row for row in daily if row["now"] != row["earlier"]]
    changed.sort(key=lambda row: (-abs(row["now"] - row["earlier"]), row["feature"]))
    return [
        {
            "feature": row["feature"],
            "now": cents(row["now"]),
            "earlier": cents(row["earlier"]),
            "change": cents(row["now"] - row["earlier"]),
            "change_percent": percent(100 * (row["now"] - row["earlier"]) / row["earlier"]) if row["earlier"] else None,
        }
        for row in changed[:_CHANGES]
    ]


def _anomalies(marts: Marts, months: Months) -> list[dict[str, Any]]:
    if not months.thirty_days:
        return []
    rows = marts.rows(_ANOMALOUS.format(since=months.thirty_days[0], most=_ANOMALIES))
    return [
        {
            "day": day(row["usage_date"]),
            "feature": row["feature"],
            "amount": cents(row["amount"]),
            "expected": cents(row["expected_amount"]),
            "deviation": cents(row["deviation_amount"]),
            "anomalous_days": percent(row["anomalous_days_percent"]),
        }
        for row in rows
    ]
