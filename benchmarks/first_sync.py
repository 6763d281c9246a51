"""What a first sync of droplet_utilization asks of a real Prometheus: requests, and processor time of the server.

python -m benchmarks.first_sync [--droplets 1 40 400] [--days 60]

All windows of a sync are alike, so one of them is asked in earnest: a Prometheus is filled with as much of the samples
of one region as it covers (a sample a minute), and what it takes is told for each request and times their number. The
table goes into docs/benchmarks.md.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

import msgspec

from benchmarks.contestants import ROOT
from sandbox.telemetry.prometheus import Prometheus
from sandbox.telemetry.promql import underscored
from sandbox.telemetry.signals import Sample
from sandbox.telemetry.subjects import Labels
from source_digitalocean_quolum.utilization.api import MetricsApi, Series
from source_digitalocean_quolum.utilization.resources import Regions, Resource
from source_digitalocean_quolum.utilization.sources.insights import Insights
from source_digitalocean_quolum.utilization.sources.metric_interval import MetricInterval
from source_digitalocean_quolum.utilization.sources.question import Question
from source_digitalocean_quolum.utilization.table import load
from source_digitalocean_quolum.utilization.windows import Window, count_windows
from tools.generated import write_table

_PAGE = ROOT / "docs" / "benchmarks.md"
_MARKS = ("<!-- first sync -->\n", "<!-- /first sync -->")
_REGIONS = ("fra1", "nyc3")
_HOUR, _DAY = 3600, 86_400
# Midnight, UTC.
_START = 1_767_225_600
_FEATURE = load().features["droplet_utilization"]
_METRICS = _FEATURE.asked_of("insights", every=False)


class _Data(msgspec.Struct):
    result: list[Series]


class _Answer(msgspec.Struct):
    data: _Data


@dataclass
class MeasuredApi:
    """In the place of MetricsApi: asks Prometheus directly, and keeps what each request took."""

    server: Prometheus
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def post(self, path: str, form: Mapping[str, str]) -> list[Series]:
        """See MetricsApi."""
        asked = [(name, underscored(value) if name == "query" else value) for name, value in form.items()]
        begun, before = time.perf_counter(), self.server.cpu_seconds()
        status, body = self.server.ask("query_range", "POST", asked)
        self.cpu.append(self.server.cpu_seconds() - before)
        self.wall.append(time.perf_counter() - begun)
        if status != 200:
            raise SystemExit(f"Prometheus answered {status}: {body.decode()[:300]}")
        return msgspec.json.decode(body, type=_Answer).data.result


def measure(droplets: int, days: int) -> str:
    """The row of the table for so many Droplets, spread over the regions."""
    regions = list(_REGIONS[:droplets])
    resources = [
        Resource(f"do:droplet:{number}", str(number), f"web-{number}", (regions[number % len(regions)],), 0.0, {})
        for number in range(droplets)
    ]
    server = Prometheus()
    api = MeasuredApi(server)
    source = Insights(cast("MetricsApi", api), load(), _FEATURE, _METRICS, resources, Regions(regions, certain=True))
    longest = source.longest_window(_HOUR)
    window = Window(_START, _START + min(longest, days * _DAY), _HOUR)
    requests = source.count_requests(count_windows(0, days * _DAY, _HOUR, longest), _HOUR)
    try:
        server.add(_make_series([one for one in resources if one.regions == (regions[0],)], window))
        server.start()
        found = list(source.read(Question(window, places=(regions[0],))))
    finally:
        server.stop()
    rows = sum(isinstance(one, MetricInterval) for one in found)
    hours = (window.end - window.start) // _HOUR
    cells = [
        f"{droplets:,}",
        f"{requests:,}",
        f"{hours:,}",
        f"{rows:,}",
        f"{max(api.cpu):.1f}",
        f"{max(api.wall):.1f}",
        f"{requests * sum(api.cpu) / len(api.cpu):,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def _make_series(resources: list[Resource], window: Window) -> Iterator[tuple[str, Labels, list[Sample]]]:
    """A sample a minute of each metric of each Droplet, counters growing."""
    moments = range(window.start - _HOUR, window.end, 60)
    chosen = random.Random(1)  # noqa: S311 (figures, no secret)
    for one in resources:
        for metric in _METRICS:
            if metric.insights is None:
                continue
            level, grows = chosen.uniform(1, 90), metric.insights.kind == "counter"
            yield (
                underscored(metric.insights.series),
                {"resource_urn": one.urn, "service_name": one.name or ""},
                [
                    (at, round(level * (number if grows else 1 + number % 7 / 7), 2))
                    for number, at in enumerate(moments)
                ],
            )


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.first_sync", description=__doc__.split("\n")[0])
    parser.add_argument("--droplets", type=int, nargs="+", default=[1, 40, 400])
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--print-only", action="store_true", help="write nothing into the page")
    options = parser.parse_args(arguments)
    names = ("Droplets", "requests", "hours each", "rows each", "longest: CPU s", "longest: wall s", "all: CPU s")
    lines = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    for number in options.droplets:
        lines.append(measure(number, options.days))
        sys.stderr.write(f"{lines[-1]}\n")
    write_table(_PAGE, _MARKS, lines, print_only=options.print_only)


if __name__ == "__main__":
    main()
