"""DigitalOcean Insights: PromQL over a region's series, answered by a real Prometheus behind DigitalOcean's manners."""

import threading
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

import orjson
from starlette.responses import HTMLResponse, Response

from sandbox.problems import forbidden, not_found
from sandbox.telemetry.measurements import Measurements, visible
from sandbox.telemetry.prometheus import Prometheus, Unavailable
from sandbox.telemetry.promql import steps, terms, underscored
from sandbox.telemetry.signals import Sample
from sandbox.telemetry.subjects import Labels
from sandbox.world import catalog

# DigitalOcean documents metrics in more regions than it sells to new customers.
REGIONS = frozenset(catalog.REGION_SLUGS) | {"ams2", "atl1", "mem1", "nyc2", "ric1", "sfo1", "sfo2"}
# A region without resources is asked of one Prometheus that has no samples.
_NOWHERE = ""
_DAY = 86_400
_JSON = "application/json"

Parameters = list[tuple[str, str]]


class Insights:
    """One Prometheus for each region that is asked for, filled with the last `days` days when it is first asked.

    `without` are kinds of resources (`droplet`, `kubernetes_node`, ...) of which it holds nothing, to be filled faster.
    Calls block, and may be made from several threads.
    """

    def __init__(self, measurements: Measurements, days: float, without: Collection[str] = ()) -> None:
        self._measurements = measurements
        self._days = days
        self._without = without
        self._regions = measurements.regions()
        self._locks = {region: threading.Lock() for region in (*self._regions, _NOWHERE)}
        self._servers: dict[str, Prometheus] = {}
        # What a region's Prometheus has been given: the edition of the quirks, and until when.
        self._loaded: dict[str, tuple[int, int]] = {}

    def answer(self, region: str, path: str, method: str, parameters: Parameters, now: datetime) -> Response:
        """The response to one call; `path` is what follows /api/v1/. Raises Problem in DigitalOcean's own shape."""
        quirks = self._measurements.quirks.active
        if region not in REGIONS:
            raise not_found()
        if "trial" in quirks:
            raise forbidden()
        if region in quirks.get("maintenance", {}).get("regions", ()):
            return HTMLResponse("<!doctype html><title>Maintenance</title><h1>This region is being worked on</h1>")
        refusal = self._refusal(dict(parameters))
        if refusal is not None:
            return refusal
        asked = [(name, underscored(value) if name in {"query", "match[]"} else value) for name, value in parameters]
        held = region if region in self._regions else _NOWHERE
        try:
            # Nobody may be asking while newer samples are put in.
            with self._locks[held]:
                status, body = self._ready(held, now).ask(path, method, asked)
        except Unavailable as error:
            return problem(503, "unavailable", str(error))
        return Response(body, status, media_type=_JSON)

    def load(self, now: datetime) -> None:
        """Start every region's Prometheus. Raises Unavailable."""
        for region in sorted(self._regions):
            with self._locks[region]:
                self._ready(region, now)

    def stop(self) -> None:
        """End every process."""
        for region, lock in self._locks.items():
            with lock:
                self._loaded.pop(region, None)
                server = self._servers.pop(region, None)
                if server is not None:
                    server.stop()

    def _refusal(self, parameters: Mapping[str, str]) -> Response | None:
        limits = self._measurements.quirks.active.get("size_limit")
        if limits is None:
            return None
        query = parameters.get("query", "")
        if terms(query) <= limits.get("terms", terms(query)) and steps(parameters) <= limits.get("steps", 11_000):
            return None
        status = int(limits.get("status", 503))
        if status == 504:
            return HTMLResponse("<html><body><h1>504 Gateway Time-out</h1></body></html>", 504)
        kind = "execution" if status == 422 else "timeout"
        return problem(status, kind, "the query needs more time or memory than one query may have")

    def _ready(self, region: str, now: datetime) -> Prometheus:
        edition, until = self._measurements.quirks.edition, visible(now)
        known = self._loaded.get(region)
        if known and known[0] != edition:
            self._servers.pop(region).stop()
            known = None
        # A request that waited for another one may be a little older than what that one loaded.
        if known is None or known[1] < until:
            server = self._servers.get(region) or Prometheus()
            self._servers[region] = server
            server.add(self._series(region, known[1] + 1 if known else int(until - self._days * _DAY), until))
            server.start()
            self._loaded[region] = edition, until
        return self._servers[region]

    def _series(self, region: str, start: float, end: float) -> Iterator[tuple[str, Labels, list[Sample]]]:
        for subject in self._measurements.subjects:
            if subject.region == region and subject.kind not in self._without:
                yield from self._measurements.series(subject, start, end)


def problem(status: int, kind: str, message: str) -> Response:
    """An error as Prometheus words it."""
    body = {"status": "error", "errorType": kind, "error": message}
    return Response(orjson.dumps(body), status, media_type=_JSON)
