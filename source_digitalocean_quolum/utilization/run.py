"""What all utilization streams of one run share: its times, the inventory, and the requests it takes, told first."""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.budget import BURST_SHARE, REQUESTS_PER_HOUR
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.utilization.api import MetricsApi
from source_digitalocean_quolum.utilization.gaps import EVERYWHERE, group
from source_digitalocean_quolum.utilization.position import Position
from source_digitalocean_quolum.utilization.resources import Inventory, ListStream, Resource
from source_digitalocean_quolum.utilization.settings import UtilizationSettings
from source_digitalocean_quolum.utilization.sizes import SizeDates
from source_digitalocean_quolum.utilization.sources.insights import Insights
from source_digitalocean_quolum.utilization.sources.monitoring import Monitoring
from source_digitalocean_quolum.utilization.table import Feature, Metric, load
from source_digitalocean_quolum.utilization.windows import SECONDS, count_windows, find_last_end

logger = logging.getLogger("airbyte")

Source = Insights | Monitoring


@dataclass(frozen=True)
class RunTimes:
    """When the run is, by the earlier of DigitalOcean's clock and ours, and the end of the last interval that it reads.

    In UNIX seconds, the same for every stream.
    """

    now: int
    end: int


@dataclass(frozen=True)
class RequestEstimate:
    """What one feature takes: requests by source name, in the order in which the sources are tried."""

    stream: str
    requests: Mapping[str, int]


class UtilizationRun:
    """One run's view of utilization; `selected` maps the selected streams to where each goes on."""

    def __init__(
        self,
        config: Mapping[str, Any],
        list_stream: ListStream,
        selected: Mapping[str, Position],
    ) -> None:
        self.config = config
        self.settings = UtilizationSettings.model_validate(config.get("utilization") or {})
        self.interval = SECONDS[self.settings.interval]
        self.table = load()
        self._context = RunContext.from_config(config)
        self.inventory = Inventory(list_stream, self._context.access.is_refused)
        self.sizes = SizeDates(self._context)
        self.selected = selected
        self._lock = threading.Lock()
        self._times: RunTimes | None = None
        self._refusals: set[str] = set()

    def list_sources(self, feature: Feature) -> list[Source]:
        """The sources that can be asked for a feature, the preferred one first; made to be read from."""
        position, end = self.selected[feature.stream], self.begin().end
        resources: Sequence[Resource] = self.inventory.resources_for(feature)
        if position.gaps or position.start < end:
            earliest = min([position.start, *(gap.start for gap in position.gaps)])
            resources = self.sizes.apply(feature, self._list_metrics(feature), resources, earliest)
        return self._make_sources(feature, resources)

    def _list_metrics(self, feature: Feature) -> list[Metric]:
        """The metrics of a feature that may be asked for."""
        every, source = self.settings.metrics == "all", self.settings.source
        names = ("insights", "monitoring") if source == "auto" else (source,)
        return [metric for name in names for metric in feature.asked_of(name, every=every)]

    def _make_sources(self, feature: Feature, resources: Sequence[Resource]) -> list[Source]:
        every = self.settings.metrics == "all"
        found: list[Source] = []
        if self.settings.source != "monitoring" and (metrics := feature.asked_of("insights", every=every)):
            api = MetricsApi(feature.stream, self.config)
            regions = self.inventory.regions_for(feature)
            found.append(Insights(api, self.table, feature, metrics, resources, regions))
        if self.settings.source != "insights" and (metrics := feature.asked_of("monitoring", every=every)):
            api = MetricsApi(feature.stream, self.config)
            find_deleted = partial(self.inventory.find_deleted, feature)
            found.append(Monitoring(api, self.table, feature, metrics, resources, find_deleted))
        return sorted(found, key=lambda one: one.name != feature.prefer)

    def begin(self) -> RunTimes:
        """Fix the times of the run, once and for all streams, and tell its requests, before the first one for metrics.

        A feature whose list fails is left to its own stream, which will learn of it.
        """
        with self._lock:
            if self._times is None:
                features = [self.table.features[name] for name in self.selected]
                # The lists come first: their answers also tell DigitalOcean's clock.
                features = [feature for feature in features if self._is_listed(feature)]
                now = self._context.budget.server_clock.earlier_now()
                self._times = RunTimes(int(now), find_last_end(now, self.interval))
                self._tell([self._estimate(feature, self._times.end) for feature in features])
            return self._times

    def note_refusal(self, source: str, reason: str) -> None:
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

    def _is_listed(self, feature: Feature) -> bool:
        try:
            if self.inventory.resources_for(feature):
                self.inventory.regions_for(feature)
        except AirbyteTracedException as failure:
            logger.info("%s has no estimate: %s", feature.stream, failure.message)
            return False
        return True

    def _estimate(self, feature: Feature, end: int) -> RequestEstimate:
        if not self.inventory.resources_for(feature):
            return RequestEstimate(feature.stream, {})
        position = self.selected[feature.stream]
        requests = {}
        for source in self._make_sources(feature, self.inventory.resources_for(feature)):
            longest = source.longest_window(self.interval)
            windows = count_windows(position.start, end, self.interval, longest)
            number = source.count_requests(windows, self.interval)
            requests[source.name] = number + self._count_gap_requests(source, position, longest)
        return RequestEstimate(feature.stream, requests)

    def _count_gap_requests(self, source: Source, position: Position, longest: int) -> int:
        total = 0
        for one in group(gap for gap in position.gaps if gap.source == source.name):
            windows = count_windows(one.start, one.end, self.interval, longest)
            places = None if EVERYWHERE in one.places else one.places
            total += source.count_requests(windows, self.interval, places, one.metrics)
        return total

    def _tell(self, estimates: Sequence[RequestEstimate]) -> None:
        for estimate in estimates:
            ways = [f"{number:,} requests to {name.capitalize()}" for name, number in estimate.requests.items()]
            logger.info("%s will take %s", estimate.stream, ", or else ".join(ways) or "no requests")
        first = sum(next(iter(estimate.requests.values()), 0) for estimate in estimates)
        worst = sum(max(estimate.requests.values(), default=0) for estimate in estimates)
        durations = [_describe_duration(number) for number in sorted({first, worst})]
        logger.info("Utilization will take %s", " and at most ".join(durations))
        if worst > REQUESTS_PER_HOUR:
            logger.warning(
                "Utilization may take more requests than DigitalOcean allows in an hour (%s of %s): this sync then "
                "takes %s. %s",
                f"{worst:,}",
                f"{REQUESTS_PER_HOUR:,}",
                _estimate_time(worst),
                self._advise(),
            )

    def _advise(self) -> str:
        advice = []
        if self.settings.source != "insights":
            advice.append("choose the source `insights` (scope insights:read), one request for a region and feature")
        if self.settings.metrics == "all":
            advice.append("choose the `useful` metrics")
        advice.append("sync less often than hourly, since a longer window costs no more, or set a later `start_date`")
        return f"To make it less: {'; or '.join(advice)}."


def _describe_duration(requests: int) -> str:
    return f"{requests:,} requests ({_estimate_time(requests)})"


def _estimate_time(requests: int) -> str:
    """How long requests take under the limits of an hour and of a minute, when nothing else is asked."""
    hours, rest = divmod(requests, REQUESTS_PER_HOUR)
    minutes = rest / (REQUESTS_PER_HOUR * BURST_SHARE)
    if hours:
        return f"about {hours} h {minutes:.0f} min"
    return f"about {minutes:.0f} min" if minutes >= 1 else "under a minute"
