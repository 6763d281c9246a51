"""DigitalOcean's two metrics APIs for a few Droplets, with figures anyone can work out, and troubles by choice."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from zlib import crc32

from source_digitalocean_quolum.utilization.table import load
from unit_tests.mock_server.server import DigitalOcean, Reply, Request, error, page_of

STATISTICS = {"avg": 0, "min": -1, "max": 1, "last": 0.5}
STEP = 300


@dataclass(frozen=True)
class Asked:
    """One question to a metrics API: of which place and metrics, and from when to when (UNIX seconds)."""

    source: str
    place: str
    metrics: tuple[str, ...]
    start: int
    end: int

    def overlaps(self, start: int, end: int) -> bool:
        """Whether it is about some of this time."""
        return self.start < end and start < self.end


Trouble = Callable[[Asked], bool]

HTML = Reply(b"<!doctype html><h1>Maintenance</h1>")
# What an API may say in the place of figures.
TROUBLES: dict[str, Reply] = {
    "html": HTML,
    "status-error": Reply({"status": "error", "errorType": "internal", "error": "the shard is lost"}),
    "cut": Reply(b'{"status":"success","data":{"result":[{"metric":{'),
    "400": Reply({"status": "error", "errorType": "bad_data", "error": "no such thing"}, 400),
    "404": error(404, "not_found", "nothing here"),
    "422": Reply({"status": "error", "errorType": "execution", "error": "many-to-many"}, 422),
    "500": error(500, "server_error", "Oops"),
    "503": error(503, "service_unavailable", "soon"),
}


def seconds(written: str) -> int:
    """RFC 3339 as UNIX seconds."""
    return int(datetime.fromisoformat(written).timestamp())


def figure(urn: str, metric: str, at: int) -> int:
    """What a metric of a resource is at a time."""
    return 50 + crc32(f"{urn}/{metric}/{at}".encode()) % 1000


class MetricsService:
    """Answers for Droplets; `regions` maps the id of each to its region.

    Insights has a sample an interval; Monitoring one every five minutes, all of an interval alike. `trouble` decides
    which questions get `instead` for an answer.
    """

    def __init__(self, regions: Mapping[int, str], interval: int = 3600) -> None:
        self.regions = dict(regions)
        self.interval = interval
        self.trouble: Trouble = lambda _: False
        self.instead: Reply = HTML
        self.asked: list[Asked] = []

    def insights(self, region: str, query: str, start: int, end: int) -> list[dict[str, Any]] | Reply:
        """The matrix of a range query that was evaluated at the end of each interval."""
        terms = sorted(set(re.findall(r'"(\w+)/(\w+)"', query)))
        asked = Asked("insights", region, tuple(sorted({name for name, _ in terms})), start - self.interval, end)
        if refusal := self.refuse(asked):
            return refusal
        return [
            _series({"resource_urn": f"do:droplet:{one}", "quolum_statistic": f"{metric}/{statistic}"}, values)
            for one, where in self.regions.items()
            if where == region
            for metric, statistic in terms
            if (values := self._statistics(f"do:droplet:{one}", metric, statistic, start, end))
        ]

    def monitoring(self, path: str, parameters: Mapping[str, str]) -> list[dict[str, Any]] | Reply:
        """The matrix of one metric of one Droplet."""
        start, end = int(parameters["start"]), int(parameters["end"])
        urn = f"do:droplet:{parameters['host_id']}"
        # What the connector wants to know begins one sampling step later.
        if refusal := self.refuse(Asked("monitoring", urn, (path,), start + STEP, end)):
            return refusal
        name = "/".join([path, *(parameters[one] for one in ("interface", "direction") if one in parameters)])
        times = range(-(-start // STEP) * STEP, end + 1, STEP)
        labels = {"host_id": parameters["host_id"]}
        if path != "cpu":
            return [_series(labels, [(at, figure(urn, name, at // self.interval * self.interval)) for at in times])]
        counted = {"idle": 3, "user": 1}
        return [
            _series({**labels, "mode": mode}, [(at, share * at // 4) for at in times])
            for mode, share in counted.items()
        ]

    def refuse(self, asked: Asked) -> Reply | None:
        """What is said in the place of figures; None for figures."""
        self.asked.append(asked)
        return self.instead if self.trouble(asked) else None

    def _statistics(self, urn: str, metric: str, statistic: str, start: int, end: int) -> Sequence[tuple[int, float]]:
        times = range(start, end + 1, self.interval)
        if statistic == "count":
            return [(at, 60) for at in times]
        if statistic == "capacity":
            feature = load().features["droplet_utilization"]
            whole = feature.capacity_of(feature.metric(metric))
            return [(at, figure(urn, whole.name, at)) for at in times] if whole else []
        return [(at, figure(urn, metric, at) + STATISTICS[statistic]) for at in times]


def serve(api: DigitalOcean, service: MetricsService, moment: str) -> None:
    """Have the mocked DigitalOcean list the Droplets and answer for their metrics; its clock says `moment`."""
    headers = {"Date": format_datetime(datetime.fromisoformat(moment).astimezone(UTC), usegmt=True)}

    def list_droplets(request: Request) -> Reply:
        rows = [droplet(one, region) for one, region in service.regions.items() if request.query["type"] == "droplets"]
        return Reply(page_of("droplets", rows, 1, len(rows), more=False), headers=headers)

    def answer(request: Request) -> Reply | None:
        if found := re.search(r"/v2/insights/query/(\w+)/", request.address):
            form = request.form
            result = service.insights(found[1], form["query"], int(form["start"]), int(form["end"]))
        elif found := re.search(r"/v2/monitoring/metrics/droplet/(\w+)$", request.address):
            result = service.monitoring(found[1], request.query)
        else:
            return None
        if isinstance(result, Reply):
            return result
        return Reply({"status": "success", "data": {"resultType": "matrix", "result": result}})

    for kind in ("droplets", "gpus"):
        api.on("/v2/droplets", {"page": "1", "per_page": "200", "type": kind}, list_droplets)
    api.otherwise = answer


def droplet(number: int, region: str) -> dict[str, Any]:
    """A Droplet as the list has it."""
    return {
        "id": number,
        "name": f"web-{number}",
        "region": {"slug": region},
        "created_at": "2026-01-01T00:00:00Z",
        "memory": 2048,
        "vcpus": 2,
        "disk": 50,
    }


def _series(labels: Mapping[str, str], values: Sequence[tuple[int, float]]) -> dict[str, Any]:
    return {"metric": dict(labels), "values": [[at, str(value)] for at, value in values]}
