"""Everything that a page shows, read from the marts: one dictionary, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.dashboard.cost import read_cost
from warehouse.dashboard.health import read_health
from warehouse.dashboard.invoices import read_invoices
from warehouse.dashboard.landed import Landed
from warehouse.dashboard.months import describe, read_months
from warehouse.dashboard.overview import read_overview
from warehouse.dashboard.resources import read_resources
from warehouse.dashboard.savings import read_savings
from warehouse.dashboard.use import read_use

if TYPE_CHECKING:
    from warehouse.dashboard.marts import Marts


def read_report(marts: Marts) -> dict[str, Any]:
    """Return the data of the page."""
    months, landed = read_months(marts), Landed(marts)
    return {
        "about": describe(months, landed.read_at, landed.teams),
        "overview": read_overview(marts, months),
        "cost": read_cost(marts, months),
        "use": read_use(marts, months),
        "savings": read_savings(marts),
        "invoices": read_invoices(marts, sorted(landed.teams)),
        "resources": read_resources(marts, months),
        "health": read_health(marts, months, landed),
    }
