"""Which months, days and moment a page is about: those of the data, not of the clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.dashboard.figures import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from warehouse.dashboard.marts import Marts

_NEWEST = """
SELECT
    (SELECT max(billing_month) FROM {marts}.feature_cost_monthly) AS billed_month,
    (SELECT max(usage_date) FROM {marts}.feature_cost_daily) AS cost_day,
    (SELECT max(billing_month) FROM {marts}.month_end_forecast WHERE is_open) AS forecast_month,
    (SELECT max(usage_date) FROM {marts}.feature_utilization_daily) AS used_day,
    (SELECT max(last_seen_on) FROM {marts}.resource_inventory WHERE is_listed) AS seen_day
"""


@dataclass(frozen=True)
class Months:
    """The month under way and the one before, and the newest days with costs and use."""

    current: dt.date
    last: dt.date
    cost_day: dt.date | None
    used_day: dt.date | None
    # The day of the data by the inventory, which knows it; where it is empty the newest day of all stands for it.
    built_for: dt.date | None
    newest_day: dt.date | None

    @property
    def thirty_days(self) -> list[dt.date]:
        """The last thirty days with costs; none where no day has any."""
        if self.cost_day is None:
            return []
        return [self.cost_day - dt.timedelta(days=back) for back in range(29, -1, -1)]


def read_months(marts: Marts) -> Months:
    """Read them from the marts. An empty warehouse is in the month of today."""
    (found,) = marts.rows(_NEWEST)
    cost_month = found["cost_day"].replace(day=1) if found["cost_day"] else None
    months = [month for month in (found["billed_month"], found["forecast_month"], cost_month) if month]
    days = [found[name] for name in ("cost_day", "used_day", "seen_day") if found[name]]
    current = max(months) if months else dt.datetime.now(dt.UTC).date().replace(day=1)
    return Months(
        current=current,
        last=(current - dt.timedelta(days=1)).replace(day=1),
        cost_day=found["cost_day"],
        used_day=found["used_day"],
        built_for=found["seen_day"],
        newest_day=max(days) if days else None,
    )


def describe(months: Months, read_at: dt.datetime | None, teams: Mapping[str, str | None]) -> dict[str, Any]:
    """Return what stands above every section: whose data, of which moment, in which currency.

    What was synced after the models were built is not on the page: then its moment is the day of the models.
    """
    is_stale = bool(read_at and months.built_for and read_at.date() > months.built_for)
    newest = months.built_for or months.newest_day
    today = newest.isoformat() if newest else None
    return {
        "teams": list(dict.fromkeys(team or schema for schema, team in sorted(teams.items()))),
        "connections": len(teams),
        "currency": "USD",
        "month": months.current.isoformat(),
        "last_month": months.last.isoformat(),
        "cost_day": months.cost_day.isoformat() if months.cost_day else None,
        "moment": today if is_stale or read_at is None else moment(read_at),
        "synced_later": moment(read_at) if is_stale else None,
    }
