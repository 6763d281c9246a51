"""The results as a table and as a picture."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from benchmarks.contestants import CONNECTOR, FLOOR, TEN

_BAR, _GAP, _PANEL, _NAMES, _WIDE = 18, 6, 58, 200, 460
# Seconds of net CPU.
_LEAST = 0.1
_COLOURS = {CONNECTOR: "#0050c8", FLOOR: "#8a94a6"}
_OTHERS = "#c3cad6"


def table(results: Mapping[str, Any]) -> str:
    """Markdown: a table for each scenario and latency, and one for the commands that only start."""
    lines = []
    for one in results["scenarios"]:
        found, records = one["found"], one["records"]
        floor = found[FLOOR]
        fastest, told = found.get(TEN, floor), _told(one)
        lines += [f"**{_title(one)}** ({records:,} records, medians of {results['runs']})", ""]
        lines += [
            "| | wall s | to async | records/s | CPU s | net CPU us a record | net CPU to floor | peak MB | requests |"
        ]
        lines += ["| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
        for name, figures in found.items():
            cells = [
                f"{figures['wall']:.1f}",
                f"{figures['wall'] / fastest['wall']:.1f}" if TEN in found else "",
                f"{records / figures['wall']:,.0f}",
                f"{figures['cpu']:.1f}",
                f"{figures['net'] / records * 1e6:.0f}" if told else "",
                f"{figures['net'] / floor['net']:.2f}" if told else "",
                f"{figures['memory']:.0f}",
                f"{figures['requests']:,.0f}",
            ]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append("")
    starts = results["starts"]
    base = next(iter(starts.values()))
    lines += ["| Command | CPU s | above the import, in imports |", "| --- | --- | --- |"]
    lines += [f"| {name} | {cpu:.2f} | {(cpu - base) / base:.2f} |" for name, cpu in starts.items()]
    return "\n".join(lines) + "\n"


def picture(results: Mapping[str, Any]) -> str:
    """SVG: net CPU of everyone in each scenario, in units of the floor; the bars of a panel have their own scale."""
    panels = [one for one in results["scenarios"] if one["latency"] == 0 and _told(one)]
    drawn, top = [], 40
    for one in panels:
        bars = list(_bars(one, top + 24))
        drawn += [f'<text x="16" y="{top + 10}" class="title">{escape(one["title"])}</text>', *bars]
        top += _PANEL + len(one["found"]) * (_BAR + _GAP) - 10
    style = "text{font:13px sans-serif;fill:#1c2433}.title{font-weight:bold}.head{font-size:15px;font-weight:bold}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_NAMES + _WIDE + 90}" height="{top}">'
        f"<style>{style}</style><rect width='100%' height='100%' fill='#fff'/>"
        f'<text x="16" y="24" class="head">CPU a record, in units of the floor (shorter is better)</text>'
        f"{''.join(drawn)}</svg>\n"
    )


def _bars(one: Mapping[str, Any], top: float) -> Iterator[str]:
    ratios = {name: figures["net"] / one["found"][FLOOR]["net"] for name, figures in one["found"].items()}
    longest = max(ratios.values())
    for number, (name, ratio) in enumerate(ratios.items()):
        y, width = top + number * (_BAR + _GAP), max(2, _WIDE * ratio / longest)
        yield f'<text x="{_NAMES - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>'
        colour = _COLOURS.get(name, _OTHERS)
        yield f'<rect x="{_NAMES}" y="{y}" width="{width:.0f}" height="{_BAR}" rx="2" fill="{colour}"/>'
        yield f'<text x="{_NAMES + width + 6:.0f}" y="{y + 13}">{ratio:.1f}</text>'


def _told(one: Mapping[str, Any]) -> bool:
    """Whether there were enough records for their CPU to be more than noise."""
    return bool(one["found"][FLOOR]["net"] >= _LEAST)


def _title(one: Mapping[str, Any]) -> str:
    return f"{one['title']}, {one['latency']:g} ms of latency"
