"""What check asks to learn whether utilization can be read."""

from collections.abc import Mapping
from typing import Any

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.probes import StreamProbes
from source_digitalocean_quolum.utilization.settings import UtilizationSettings
from source_digitalocean_quolum.utilization.table import Feature, load

# The cheapest question to each API: a constant, which no region has to look up, and a Droplet that nobody has
# (identifiers begin at 1). Whatever else is answered, 403 means that the token lacks the scope, or the team the access.
_PROBES = {
    "insights": Endpoint(
        path="insights/query/nyc3/prom/api/v1/query",
        query="query=1",
        records="data",
        scope="insights:read",
        paging="none",
    ),
    "monitoring": Endpoint(
        path="monitoring/metrics/droplet/memory_total",
        query="host_id=0&start=0&end=60",
        records="data",
        scope="monitoring:read",
        paging="none",
    ),
}


def utilization_access(config: Mapping[str, Any]) -> list[StreamProbes]:
    """The utilization streams, each with the API it would be read from, and the other one if it may take that."""
    settings = UtilizationSettings.model_validate(config.get("utilization") or {})
    return [StreamProbes(one.stream, *_ways(one, settings)) for one in load().features.values()]


def _ways(feature: Feature, settings: UtilizationSettings) -> list[Endpoint]:
    every = settings.metrics == "all"
    wanted = [name for name in _PROBES if settings.source in ("auto", name)]
    # A feature that the chosen source does not have has no records, whatever the token may.
    return [_PROBES[name] for name in wanted if feature.asked_of(name, every=every)] or [_PROBES[wanted[0]]]
