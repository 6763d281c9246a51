"""A billed line: what is charged for it in a span of time.

A month costs at most 672 hours of the hourly price. Droplets are billed by the second since January 2026, at least a
minute or a cent, the dearer of the two; other products by the hour. Read on 2026-11-29 in DigitalOcean's answer at
https://www.digitalocean.com/community/questions/how-billing-works-for-1-hour.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

FOREVER = 1 << 50
HOUR = 3600
_CAP_HOURS = 672


def second(moment: datetime) -> int:
    """Seconds since 1970, rounded down."""
    return int(moment.timestamp())


def moment(seconds: int) -> datetime:
    """The inverse of `second`."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(slots=True)
class Billable:
    """One billed line. `hourly` is in 1e-8 USD, `monthly` in cents (the cap), `start` and `end` in seconds.

    `by_the_second` says how it is billed, else by whole hours.
    """

    product: str
    sku: str
    region: str
    description: str
    group: str
    resource_id: str
    resource_uuid: str
    project: str
    hourly: int
    monthly: int
    start: int
    end: int = FOREVER
    by_the_second: bool = False

    def cents(self, first: int, last: int) -> int:
        """Charge for its time within [first, last), both in one month: time x price, at most the cap."""
        seconds = min(self.end, last) - max(self.start, first)
        if seconds <= 0:
            return 0
        charged = (max(seconds, 60) * self.hourly + 1_800_000_000) // 3_600_000_000
        return min(max(charged, 1) if self.by_the_second else charged, self.monthly)

    def end_at(self, when: datetime) -> None:
        """Stop charging: at once, or with the hour that has begun."""
        ends = second(when)
        self.end = min(self.end, ends if self.by_the_second else ends - ends % HOUR + HOUR)


def by_month(cents: int) -> tuple[int, int]:
    """A price a month, as the prices of a line: a month is charged after 672 hours."""
    return round(cents * 1_000_000 / _CAP_HOURS), cents


def by_hour(hourly: float, monthly: float) -> tuple[int, int]:
    """A price an hour and what a month costs at most, as the prices of a line."""
    return round(hourly * 10**8), round(monthly * 100)
