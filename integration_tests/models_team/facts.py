"""What the small team of the models' tests is made of: its machines, and which days are billed and measured."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]

TEAM = "11111111-0000-4000-8000-000000000000"
# Landed timestamps are UTC and say so nowhere.
READ_AT = dt.datetime(2026, 11, 20, 6)  # noqa: DTZ001
TODAY = READ_AT.date()
# Hours after which DigitalOcean charges no more for a month.
CAP = 672

# What would end a text, a list or an object where it is not written as JSON.
ODD_TAGS = ('Team: Ops, "Night"', "it's\\odd", "ENV:PROD")

# slug: vCPUs, MiB, GiB of disk, TB of transfer, USD a month
SIZES = {
    "s-1vcpu-2gb": (1, 2048, 50, 2, 12),
    "s-2vcpu-4gb": (2, 4096, 80, 4, 24),
    "c-2": (2, 4096, 25, 4, 42),
    "g-2vcpu-8gb": (2, 8192, 25, 4, 63),
    "gpu-h100x1-80gb": (20, 245_760, 720, 15, 2016),
}


@dataclass(frozen=True)
class Droplet:
    """A Droplet, and how busy it is: percent of its processors, share of its memory, Mbps to the internet.

    `peak` is the percent of its processors in the busiest minutes of an interval of `hours`, where it differs from
    `cpu`; `weekend` is the share of it that is done on Saturdays and Sundays.
    """

    id: int
    name: str
    size: str
    cpu: float = 60
    memory: float = 0.7
    traffic: float = 5
    peak: float | None = None
    hours: int = 24
    weekend: float = 1
    status: str = "active"
    agent: bool = True
    tags: tuple[str, ...] = ()
    cluster: str = ""


DROPLETS = [
    Droplet(1, "web", "s-2vcpu-4gb", tags=("env:prod", "team:shop")),
    Droplet(2, "twin", "s-1vcpu-2gb"),
    Droplet(3, "twin", "s-1vcpu-2gb", tags=ODD_TAGS),
    Droplet(4, "powered_off", "s-2vcpu-4gb", status="off"),
    # It updates itself, which takes all of its processors for a minute.
    Droplet(5, "idle_droplet", "s-2vcpu-4gb", cpu=1, memory=0.1, traffic=0.001, peak=95, hours=1),
    Droplet(6, "oversized_droplet", "g-2vcpu-8gb", cpu=20, memory=0.3, tags=("env:prod",)),
    Droplet(7, "unmeasured_droplet", "s-1vcpu-2gb", agent=False),
    Droplet(8, "idle_gpu_droplet", "gpu-h100x1-80gb", cpu=1, memory=0.2),
    # Idle by its average, and too large by it: only its peaks tell that it is neither.
    Droplet(11, "spiky", "g-2vcpu-8gb", cpu=2, memory=0.2, traffic=0.001, peak=85),
    Droplet(12, "spiky-gpu", "gpu-h100x1-80gb", cpu=2, memory=0.2, peak=85),
    Droplet(13, "quiet-at-weekends", "s-2vcpu-4gb", weekend=0.0001),
    # A node does little, and is sized by its pool.
    Droplet(10, "pool-1", "s-2vcpu-4gb", cpu=25, memory=0.1, traffic=0.001, cluster="k-1"),
]
# Deleted at the end of October: it is on the invoice and on no list.
GONE = Droplet(9, "gone", "s-1vcpu-2gb")


def days() -> list[dt.date]:
    """Every day that was billed and measured: October, and November up to yesterday."""
    first = dt.date(2026, 10, 1)
    return [first + dt.timedelta(days=number) for number in range((TODAY - first).days)]
