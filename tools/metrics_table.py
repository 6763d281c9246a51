"""Writes the tables of metrics in docs/utilization.md, between their markers, from utilization/metrics.yaml.

python tools/metrics_table.py           writes them
python tools/metrics_table.py --check   changes nothing; exits 1 if the page is not up to date
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from source_digitalocean_quolum.utilization.table import Capacity, Feature, Metric, load
from tools import generated

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- metrics -->", "<!-- /metrics -->"

# Scales that say in which unit a plan or a record counts, in the words of the page.
_SCALED: dict[float, str] = {1: "", 1024**2: " (MiB)", 1024**3: " (GiB)"}


_REFERENCE = "https://docs.digitalocean.com/products/insights/reference/telemetry/"


def tables() -> str:
    """The text between the markers: one section for every feature, what is left out, and where units come from."""
    sections = [_section(feature) for feature in load().features.values()]
    return "\n".join([*sections, _left_out(), _all_citations()])


def _left_out() -> str:
    rows = [[entry.reason, ", ".join(f"`{name}`" for name in entry.series)] for entry in load().not_used]
    return f"### Series of Insights that no metric uses\n\n{_table(['Why', 'Series'], rows)}"


def _all_citations() -> str:
    rows = [[one.short, one.text] for one in load().citations.values()]
    return f"### Where units and kinds come from\n\n{_table(['In the tables', 'Meaning'], rows)}"


def _section(feature: Feature) -> str:
    rows = [
        [
            f"`{metric.name}`",
            metric.unit,
            metric.kind,
            metric.about,
            _capacity(metric.measured_against),
            _sources(metric),
            _default(metric),
            _citations(metric),
        ]
        for metric in feature.metrics
    ]
    header = ["Metric", "Unit", "Kind", "What it means", "Capacity", "Source", "Default", "Unit and kind from"]
    return f"### `{feature.stream}`\n\n{_resources(feature)}\n\n{_table(header, rows)}"


def _resources(feature: Feature) -> str:
    lists = " and ".join(f"`{source.list}`" for source in feature.resources)
    urns = ", ".join(f"`{source.urn.replace('__', '.')}`" for source in feature.resources)
    text = f"Resources: those of {lists}, as {urns}."
    per_resource = _requests(feature, every=False), _requests(feature, every=True)
    if any(metric.monitoring for metric in feature.metrics):
        text += f" Requests to Monitoring for each: {per_resource[0]}, with all metrics {per_resource[1]}."
    if feature.reference:
        return f"{text} [DigitalOcean's reference]({_REFERENCE}{feature.reference}/)."
    return f"{text} No page of DigitalOcean's telemetry reference about them could be found."


def _requests(feature: Feature, *, every: bool) -> str:
    # One query of an endpoint serves every metric that is made of it.
    asked = set()
    for metric in feature.asked_of("monitoring", every=every):
        for one in filter(None, (metric, feature.capacity_of(metric))):
            asked.update(_list_requests(one))
    each = [request for request, paths in asked if paths]
    paths = {path for _, some in asked for path in some}
    once = len(asked) - len(each)
    return f"{once} and {len(each)} for each of its `{'`, `'.join(sorted(paths))}`" if each else str(once)


def _list_requests(metric: Metric) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """A metric's requests, and the paths in the resource's record over whose values each is repeated."""
    series = metric.monitoring
    if series is None:
        return []
    parameters = tuple(f"{name}={value}" for name, value in series.parameters.items())
    return [((path, *parameters), tuple(series.each.values())) for path in (series.path, *series.left)]


def _capacity(capacity: Capacity | None) -> str:
    if capacity is None:
        return "-"
    if capacity.number is not None:
        return f"{capacity.number:g}"
    known = [f"`{capacity.metric}`"] if capacity.metric else []
    if capacity.path:
        known.append(f"`{capacity.path}`{_SCALED.get(capacity.scale, f' x {capacity.scale:,.0f}')}")
    return ", else ".join(known)


def _citations(metric: Metric) -> str:
    keys = [key for series in (metric.insights, metric.monitoring) if series for key in series.cite]
    return "; ".join(load().citations[key].short for key in dict.fromkeys(keys))


def _sources(metric: Metric) -> str:
    named = []
    if metric.insights:
        named.append("Insights")
    if metric.monitoring:
        named.append("Monitoring")
    only = {str(value) for values in metric.where.values() for value in values}
    return " and ".join(named) + (f"; {', '.join(sorted(only))} only" if only else "")


def _default(metric: Metric) -> str:
    has = {name for name in ("insights", "monitoring") if getattr(metric, name) is not None}
    asked = {name for name in has if metric.is_default(name)}
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
    path = ROOT / "docs" / "utilization.md"
    return generated.run(
        "Write the tables of metrics from utilization/metrics.yaml.",
        lambda: {path: page(path.read_text(encoding="utf-8"))},
        arguments,
    )


if __name__ == "__main__":
    sys.exit(main())
