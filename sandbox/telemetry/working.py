"""When a machine with a pattern works: some minutes of a day, or from Monday to Friday (UTC)."""

from random import Random

from sandbox.telemetry.waves import WorkingHours
from sandbox.world.patterns import Pattern

_HOUR, _DAY = 3_600, 86_400
# The first Monday after the epoch of waves, a Wednesday.
_MONDAY = 5 * _DAY
_PEAK = 20 * 60
# Shares of the usual work that are done in between. At weekends a machine looks like an idle one.
_BETWEEN_PEAKS, _AT_WEEKENDS = 0.01, 0.00002


def hours(pattern: Pattern, rng: Random) -> WorkingHours:
    """The working hours of one machine. The peak lies within an hour of the clock, so that the others are all quiet."""
    if pattern == "quiet_at_weekends":
        return WorkingHours(7 * _DAY, _MONDAY, 5 * _DAY, _AT_WEEKENDS)
    return WorkingHours(_DAY, rng.randrange(24) * _HOUR + rng.randrange(5, 35) * 60, _PEAK, _BETWEEN_PEAKS)
