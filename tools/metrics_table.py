"""Writes the tables of metrics in docs/utilization.md, between their markers, from utilization/metrics.yaml.

python tools/metrics_table.py           writes them
python tools/metrics_table.py --check   changes nothing; exits 1 if the page is not up to date
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from source_digitalocean_quolum.utilization.table import Capacity, Feature, Metric, load

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- metrics -->", "<!-- /metrics -->"

# Scales that say in which unit a plan or a record counts, in the words of the page.
_SCALED: dict[float, str] = {1: "", 1024**2: " (MiB)", 1024**3: " (GiB)"}


def tables() -> str:
    """The text between the markers: one section for every feature."""
    return "\n".join(_section(feature) for feature in load().features.values())


def _section(feature: Feature) -> str:
    rows = [
        [f"`{metric.name}`", metric.unit, metric.about, _capacity(metric.capacity), _sources(metric), _default(metric)]
        for metric in feature.metrics
    ]
    header = ["Metric", "Unit", "What it means", "Capacity", "Source", "Default"]
    return f"### `{feature.stream}`\n\n{_resources(feature)}\n\n{_table(header, rows)}"


def _resources(feature: Feature) -> str:
    lists = " and ".join(f"`{source.list}`" for source in feature.resources)
    urns = ", ".join(f"`{source.urn.replace('__', '.')}`" for source in feature.resources)
    text = f"Resources: those of {lists}, as {urns}."
    per_resource = _requests(feature, every=False), _requests(feature, every=True)
    if any(metric.monitoring for metric in feature.metrics):
        text += f" Requests to Monitoring for each: {per_resource[0]}, with all metrics {per_resource[1]}."
    return text


def _requests(feature: Feature, *, every: bool) -> str:
    # One query of an endpoint serves every metric that is made of it.
    asked = feature.asked_of("monitoring", every=every)
    once = {_request(metric) for metric in asked if not (metric.monitoring and metric.monitoring.each)}
    each = {_request(metric) for metric in asked if metric.monitoring and metric.monitoring.each}
    paths = {path for metric in asked if metric.monitoring for path in metric.monitoring.each.values()}
    return f"{len(once)} and {len(each)} for each of its `{'`, `'.join(sorted(paths))}`" if each else str(len(once))


def _request(metric: Metric) -> tuple[str, ...]:
    if metric.monitoring is None:
        raise ValueError(f"{metric.name} is not in Monitoring")
    return (metric.monitoring.path, *(f"{name}={value}" for name, value in metric.monitoring.parameters.items()))


def _capacity(capacity: Capacity | None) -> str:
    if capacity is None:
        return "-"
    if capacity.metric:
        return f"`{capacity.metric}`"
    if capacity.path:
        return f"`{capacity.path}`{_SCALED.get(capacity.scale, f' x {capacity.scale:,.0f}')}"
    return f"{capacity.number:g}"


def _sources(metric: Metric) -> str:
    named = []
    if metric.insights:
        named.append("Insights")
    if metric.monitoring:
        named.append("Monitoring")
    only = {value for values in metric.where.values() for value in values}
    return " and ".join(named) + (f"; {', '.join(sorted(only))} only" if only else "")


def _default(metric: Metric) -> str:
    has = {name for name in ("insights", "monitoring") if getattr(metric, name) is not None}
    asked = metric.defaults & has
    if asked == has:
        return "yes"
    return " ".join(f"{name.capitalize()} only" for name in sorted(asked)) or "no"


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n" for cells in lines)


def page(current: str) -> str:
    """The page with the tables written anew; a ValueError if it has no place for them."""
    before, start, rest = current.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"No {START} and {END} in docs/utilization.md")
    return f"{before}{START}\n\n{tables()}\n{END}{after}"


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with --check say whether it would change; the exit code."""
    parser = argparse.ArgumentParser(description="Write the tables of metrics from utilization/metrics.yaml.")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if the page is not up to date")
    check = parser.parse_args(arguments).check
    path = ROOT / "docs" / "utilization.md"
    current = path.read_text(encoding="utf-8")
    wanted = page(current)
    if wanted == current:
        return 0
    if not check:
        path.write_text(wanted, encoding="utf-8")
    sys.stderr.write(f"docs/utilization.md {'is not up to date: make docs' if check else 'written'}\n")
    return int(check)


if __name__ == "__main__":
    sys.exit(main())
