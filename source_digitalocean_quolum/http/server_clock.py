"""DigitalOcean's clock, as far as its answers tell, beside this machine's."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

logger = logging.getLogger("airbyte")

# Seconds. `Date` has whole ones, and the answer took a moment: less than that is no difference.
_CLOCKS_AGREE = 5.0
# From here on an operator should know.
_NOTABLE = 300.0


@dataclass
class ServerClock:
    """Learns from the `Date` of answers how far DigitalOcean's clock is from this machine's; one may be wrong."""

    epoch: Callable[[], float]
    _ahead: float = field(default=0.0, init=False)
    _told: bool = field(default=False, init=False)

    def now(self) -> float:
        """UNIX seconds by DigitalOcean's clock; by this machine's where no answer has told it."""
        return self.epoch() + self._ahead

    def translate(self, moment: float) -> float:
        """A moment of this machine's clock by DigitalOcean's."""
        return moment + self._ahead

    def earlier_now(self) -> float:
        """UNIX seconds by the earlier of the two clocks: what lies before has happened, whichever of them is right."""
        return self.epoch() + min(self._ahead, 0.0)

    def learn(self, date: str | None) -> None:
        """Take note of an answer's `Date`."""
        try:
            ahead = parsedate_to_datetime(date or "").timestamp() - self.epoch()
        except (ValueError, OverflowError):
            return
        self._ahead = ahead if abs(ahead) > _CLOCKS_AGREE else 0.0
        if abs(ahead) >= _NOTABLE and not self._told:
            self._told = True
            logger.warning(
                "DigitalOcean's clock is %s this machine's by %.0f minutes: check which one is right. Until then this "
                "source goes by the earlier one.",
                "ahead of" if ahead > 0 else "behind",
                abs(ahead) / 60,
            )
