"""Droplets that look like waste and are none: busy in short peaks only, or from Monday to Friday only."""

from typing import Literal

from sandbox.world.grouping import Tables
from sandbox.world.plan import Record
from sandbox.world.waste import enlarge, measured_alone

Pattern = Literal["spiky", "quiet_at_weekends"]


def seed_patterns(tables: Tables, unmeasured: frozenset[int]) -> dict[str, Pattern]:
    """Gives two Droplets a pattern, by URN: the first two that `waste.seed` leaves as they are.

    The spiky one gets a size that has a cheaper one with as many processors, which only its peaks speak against.
    """
    droplets = measured_alone(tables, unmeasured)
    for spiky in droplets[2:3]:
        enlarge(spiky)
    kinds: tuple[Pattern, ...] = ("spiky", "quiet_at_weekends")
    return {f"do:droplet:{droplet['id']}": kind for droplet, kind in zip(droplets[2:4], kinds, strict=False)}


def patterns(seeded: dict[str, Pattern], tables: Tables) -> list[Record]:
    """Each Droplet with a pattern that is still there, as `{pattern, urn}`."""
    there = {f"do:droplet:{droplet['id']}" for droplet in tables["droplets"]}
    return [{"pattern": pattern, "urn": urn} for urn, pattern in seeded.items() if urn in there]
