"""Histories that grow with the clock: slots of time counted from a fixed day, each with a generator of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from sandbox.world.plan import Plan

_FIXED_DAY = datetime(2020, 1, 1, tzinfo=UTC)


def slots(
    plan: Plan, family: str, length: timedelta, begin: datetime, now: datetime
) -> Iterator[tuple[int, datetime, Random]]:
    """`(number, moment, generator)` of every slot with its moment after `begin` and by `now`, oldest first.

    `begin` is moved up to the first day of the plan. What a slot holds depends on its number alone, so that a
    sandbox started later, or asked later, tells the same history.
    """
    begin = max(begin, plan.anchor - timedelta(days=plan.days))
    number = int((begin - _FIXED_DAY) / length)
    while (start := _FIXED_DAY + number * length) <= now:
        rng = plan.rng(f"{family}/{number}")
        moment = start + timedelta(seconds=rng.randrange(int(length.total_seconds())))
        if begin <= moment <= now:
            yield number, moment, rng
        number += 1
