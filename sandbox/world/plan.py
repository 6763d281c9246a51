"""What the world is made from: a seed, a size and an anchor day. Everything else follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

Record = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """The parameters of a world. `anchor` is the midnight (UTC) of the day the sandbox started.

    With `waste` some resources are idle or far too large (`waste.seed`), and some look like it and are not
    (`patterns.seed_patterns`); without, everything that runs has work.

    `sizes` says how many `apps`, `databases`, `domains` or `uptime_checks` there are, where that must not follow from
    the Droplets; there are no more checks than domains and load balancers.
    Raises ValueError for any other name.
    """

    seed: int
    droplets: int
    days: int
    anchor: datetime
    sizes: Mapping[str, int] = field(default_factory=dict)
    waste: bool = False

    def __post_init__(self) -> None:
        if unknown := set(self.sizes) - {"apps", "databases", "domains", "uptime_checks"}:
            raise ValueError(f"sizes of {', '.join(sorted(unknown))} always follow from the Droplets")

    def count(self, resource: str, usual: int) -> int:
        """How many of a resource there are: as `sizes` says, else what is usual for so many Droplets."""
        return self.sizes.get(resource, usual)

    def rng(self, family: str) -> Random:
        """A generator of its own for each family, so that one family's size never shifts another's values."""
        return Random(f"{self.seed}/{family}")

    @property
    def horizon(self) -> datetime:
        """Where the billing history begins."""
        return self.anchor - timedelta(days=max(self.days, 90))

    def past(self, rng: Random, days: int = 500) -> datetime:
        """A moment before the anchor, at most `days` before it."""
        return self.anchor - timedelta(seconds=rng.randrange(3600, days * 86400))


def uuid(rng: Random) -> str:
    """A version 4 UUID drawn from the seed."""
    return str(UUID(int=rng.getrandbits(128), version=4))
