"""What all utilization streams of one run share: the cut-off, the inventory, and the price in requests, told first."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream

from source_digitalocean_quolum.http.budget import BURST_SHARE, REQUESTS_PER_HOUR
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.utilization.api import MetricsApi
from source_digitalocean_quolum.utilization.resources import Inventory
from source_digitalocean_quolum.utilization.settings import UtilizationSettings
from source_digitalocean_quolum.utilization.sources.insights import Insights
from source_digitalocean_quolum.utilization.sources.monitoring import Monitoring
from source_digitalocean_quolum.utilization.table import Feature, load
from source_digitalocean_quolum.utilization.windows import SECONDS, count, cut_off

logger = logging.getLogger("airbyte")

Source = Insights | Monitoring


@dataclass(frozen=True)
class RequestEstimate:
    """What one feature takes: requests by source name, in the order in which the sources are tried."""

    stream: str
    requests: Mapping[str, int]


class UtilizationRun:
    """One run's view of utilization; `selected` maps the selected streams to where each goes on (UNIX seconds)."""

    def __init__(
        self,
        config: Mapping[str, Any],
        stream_of: Callable[[str], AbstractStream],
        selected: Mapping[str, float],
    ) -> None:
        self.config = config
        self.settings = UtilizationSettings.model_validate(config.get("utilization") or {})
        self.interval = SECONDS[self.settings.interval]
        self.table = load()
        self.inventory = Inventory(self.table, stream_of)
        self._selected = selected
        self._lock = threading.Lock()
        self._cut_off: int | None = None
        self._told = False
        self._refusals: set[str] = set()

    def sources(self, feature: Feature) -> list[Source]:
        """The sources that can be asked for a feature, the preferred one first."""
        every = self.settings.metrics == "all"
        resources = self.inventory.of(feature)
        found: list[Source] = []
        if self.settings.source != "monitoring" and (metrics := feature.asked_of("insights", every=every)):
            api = MetricsApi(feature.stream, self.config)
            regions = self.inventory.regions(feature)
            found.append(Insights(api, feature, metrics, resources, regions, self.table.identity_labels))
        if self.settings.source != "insights" and (metrics := feature.asked_of("monitoring", every=every)):
            api = MetricsApi(feature.stream, self.config)
            found.append(Monitoring(api, feature, metrics, resources, self.table.identity_labels))
        return found

    def begin(self) -> int:
        """Fix the cut-off, once and for all streams, and tell the price, before the first metrics request."""
        with self._lock:
            if not self._told:
                self._told = True
                features = [self.table.features[name] for name in self._selected]
                for feature in features:
                    # The lists come first: their answers also tell DigitalOcean's clock.
                    self.inventory.of(feature)
                now = RunContext.from_config(self.config).budget.server_clock.earlier_now()
                self._cut_off = cut_off(now, self.interval)
                self._tell([self._price(feature, self._cut_off) for feature in features])
            if self._cut_off is None:
                raise RuntimeError("The lists of resources could not be read by another stream of this run.")
            return self._cut_off

    def refused(self, source: str, reason: str) -> None:
        """Note that the token may not use a source; said once a run."""
        with self._lock:
            if source not in self._refusals:
                self._refusals.add(source)
                title = source.capitalize()
                logger.warning(
                    "The token may not read DigitalOcean %s%s. Give it the scope %s:read; teams on trial have no "
                    "access to Insights.",
                    title,
                    reason,
                    source,
                )

    def is_refused(self, source: str) -> bool:
        """Whether the token may not use a source, as far as this run knows."""
        return source in self._refusals

    def _price(self, feature: Feature, end: int) -> RequestEstimate:
        if not self.inventory.of(feature):
            return RequestEstimate(feature.stream, {})
        start = int(self._selected[feature.stream])
        requests = {}
        for source in self.sources(feature):
            windows = count(start, end, self.interval, source.longest_window(self.interval))
            requests[source.name] = source.count_requests(windows)
        return RequestEstimate(feature.stream, requests)

    def _tell(self, prices: Sequence[RequestEstimate]) -> None:
        for price in prices:
            ways = [f"{number:,} requests to {name.capitalize()}" for name, number in price.requests.items()]
            logger.info("%s will take %s", price.stream, ", or else ".join(ways) or "no requests")
        first = sum(next(iter(price.requests.values()), 0) for price in prices)
        worst = sum(max(price.requests.values(), default=0) for price in prices)
        logger.info("Utilization will take %s", " and at most ".join([_duration(n) for n in sorted({first, worst})]))
        if worst > REQUESTS_PER_HOUR:
            logger.warning(
                "Utilization may take more requests than DigitalOcean allows in an hour (%s of %s): this sync then "
                "takes %s. %s",
                f"{worst:,}",
                f"{REQUESTS_PER_HOUR:,}",
                _time(worst),
                self._advice(),
            )

    def _advice(self) -> str:
        advice = []
        if self.settings.source != "insights":
            advice.append("choose the source `insights` (scope insights:read), one request for a region and feature")
        if self.settings.metrics == "all":
            advice.append("choose the `useful` metrics")
        advice.append("sync less often than hourly, since a longer window costs no more, or set a later `start_date`")
        return f"To make it less: {'; or '.join(advice)}."


def _duration(requests: int) -> str:
    return f"{requests:,} requests ({_time(requests)})"


def _time(requests: int) -> str:
    """How long requests take under the limits of an hour and of a minute, when nothing else is asked."""
    hours, rest = divmod(requests, REQUESTS_PER_HOUR)
    minutes = rest / (REQUESTS_PER_HOUR * BURST_SHARE)
    if hours:
        return f"about {hours} h {minutes:.0f} min"
    return f"about {minutes:.0f} min" if minutes >= 1 else "under a minute"
