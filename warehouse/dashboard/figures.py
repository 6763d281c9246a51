"""How figures leave the warehouse: money as whole cents, so that the page adds and shows it exactly; days as text."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_CENT = Decimal("0.01")


def cents(amount: Any) -> int | None:
    """Return an amount in cents, a half cent away from zero as SQL rounds it; None where there is none."""
    if amount is None:
        return None
    return int(Decimal(amount).quantize(_CENT, ROUND_HALF_UP).scaleb(2))


def percent(value: Any) -> float | None:
    """Return a percentage with one decimal; None where there is none."""
    return None if value is None else round(float(value), 1)


def share(part: Decimal, whole: Decimal) -> float | None:
    """Return `part` in percent of `whole`; None where there is nothing to divide by."""
    return percent(100 * part / whole) if whole else None


def quantity(value: Any, decimals: int = 2) -> float | None:
    """Return a figure that is no money; None where there is none."""
    return None if value is None else round(float(value), decimals)


def day(value: dt.date | None) -> str | None:
    """Return a day as 2026-11-29."""
    return None if value is None else value.isoformat()[:10]


def moment(value: dt.datetime | None) -> str | None:
    """Return a moment as 2026-11-29T06:00:00Z; one without a zone is in UTC, as everything that is landed."""
    if value is None:
        return None
    aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return aware.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
