"""Writes the three ready sets of streams into docs/add-to-airbyte.md, and the recommended one for deploy/terraform/.

python -m tools.ready_sets           writes them
python -m tools.ready_sets --check   changes nothing; exits 1 and names the files that are not up to date
python -m tools.ready_sets --measure S:costs ...   syncs model accounts, which takes minutes, and writes the figures

A custom connector's metadata.yaml never reaches Airbyte, so nothing is preselected there: a person, or
Terraform, selects.
"""

import argparse
import json
import sys
from collections.abc import Collection, Mapping
from itertools import product
from pathlib import Path

from tools import generated, request_table, stream_sets, streams_table
from tools.streams_table import Stream

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "add-to-airbyte.md"
TERRAFORM = ROOT / "deploy" / "terraform" / "recommended_streams.json"
START, END = "<!-- sets -->", "<!-- /sets -->"
MEASURED = ("<!-- measured -->", "<!-- /measured -->")

# What belongs to every question about cost: whose it is, and which project it is in.
_WITH_COSTS = ("account", "projects", "project_resources")


def sets(found: Mapping[str, Stream]) -> dict[str, list[str]]:
    """The streams of each set by its title, in the order of the catalog."""
    recommended = set(stream_sets.recommended())
    billing = dict(streams_table.grouped(found))["Billing"]
    costs = {*_WITH_COSTS, *(stream.name for stream in billing if stream.name in recommended)}
    return {
        "Costs": [name for name in found if name in costs],
        "Costs and use (recommended)": [name for name in found if name in recommended],
        "Everything": list(found),
    }


def is_incremental(stream: Stream) -> bool:
    """Whether the stream can be read incrementally."""
    return stream.sync_modes.startswith("incremental")


def block(found: Mapping[str, Stream]) -> str:
    """The text between the markers."""
    parts = [START]
    for title, names in sets(found).items():
        incremental = [name for name in names if is_incremental(found[name])]
        rest = [name for name in names if name not in incremental]
        parts += ["", f"### {title}: {len(names)} streams", ""]
        if len(names) == len(found):
            parts.append(
                f"All of [the streams](streams.md): the {len(incremental)} that name a cursor there as **Incremental "
                f"| Append + Deduped**, the other {len(rest)} as **Full refresh | Overwrite**."
            )
        else:
            parts += [
                f"- **Incremental | Append + Deduped** ({len(incremental)}): {_listed(incremental)}",
                f"- **Full refresh | Overwrite** ({len(rest)}): {_listed(rest)}",
            ]
    return "\n".join([*parts, "", END])


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def terraform(found: Mapping[str, Stream]) -> str:
    """The recommended streams with the modes as Airbyte's API names them."""
    modes = {
        name: "incremental_deduped_history" if is_incremental(found[name]) else "full_refresh_overwrite"
        for name in sets(found)["Costs and use (recommended)"]
    }
    return json.dumps(modes, indent=2) + "\n"


def measured(choices: Collection[str], found: Mapping[str, Stream], before: str = "") -> str:
    """The table of what the sets take; a choice is a model account and the first word of a set.

    What was measured before and is no choice now stays: the largest accounts take an hour.
    """
    known = dict(row for line in before.splitlines() if (row := _row(line)))
    for choice in choices:
        size, _, word = choice.partition(":")
        (title,) = [title for title in sets(found) if title.lower().split(" (")[0] == word]
        first, following = request_table.count(request_table.MODELS[size], tuple(sets(found)[title]))
        account = request_table.account_of(request_table.MODELS[size])
        cells = [f"{_asked(made, sets(found)[title])} | {made.records:,}" for made in (first, following)]
        known[title, account] = f"| {title} | {account} | {' | '.join(cells)} |"
        sys.stderr.write(f"{known[title, account]}\n")
    accounts = map(request_table.account_of, request_table.MODELS.values())
    lines = [known[row] for row in product(sets(found), accounts) if row in known]
    head = [
        "| Set | Account | First sync | its records | Next sync, a day later | its records |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([MEASURED[0], *head, *lines, MEASURED[1]])


def _row(line: str) -> tuple[tuple[str, str], str] | None:
    """A line of the table, by its set and its account."""
    cells = line.strip("| ").split(" | ")
    return ((cells[0], cells[1]), line) if len(cells) == 6 else None


def _asked(made: request_table.Count, names: Collection[str]) -> str:
    """A sync's requests, with how many are for utilization; the actions are read for its sake if not selected."""
    asked = request_table.requests_of(made)
    those = {name for name in made.requests if name.endswith("_utilization") or name not in names}
    number = sum(made.requests[name] for name in those)
    return f"{asked}, {number:,} of them for utilization" if number else asked


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or with --check say which would change; the exit code."""
    parser = argparse.ArgumentParser(description="Write the ready sets of streams.")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if a file is not up to date")
    parser.add_argument("--measure", nargs="+", metavar="ACCOUNT:SET", help="such as S:costs, 'S:costs and use'")
    options = parser.parse_args(arguments)
    check: bool = options.check
    found = streams_table.streams()
    if options.measure:
        text = PAGE.read_text(encoding="utf-8")
        before = text.partition(MEASURED[0])[2].partition(MEASURED[1])[0]
        figures = measured(options.measure, found, before)
        PAGE.write_text(generated.with_block(text, figures, MEASURED), encoding="utf-8")
        return 0
    wanted = {
        PAGE: generated.with_block(PAGE.read_text(encoding="utf-8"), block(found), (START, END)),
        TERRAFORM: terraform(found),
    }
    return generated.write(wanted, check=check)


if __name__ == "__main__":
    sys.exit(main())
