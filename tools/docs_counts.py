"""Writes the counts of streams and of requests that sentences of the docs name, between marks, from the manifest.

python -m tools.docs_counts           writes them
python -m tools.docs_counts --check   changes nothing; exits 1 and names the pages that are not up to date
"""

import re
from collections.abc import Mapping
from pathlib import Path

from source_digitalocean_quolum import SourceDigitaloceanQuolum
from tools import generated, ready_sets, request_table, streams_table

ROOT = Path(__file__).resolve().parents[1]
PAGES = tuple(ROOT / "docs" / f"{name}.md" for name in ("add-to-airbyte", "digitalocean-quolum", "models"))
# <!-- count: streams -->163<!-- / -->
_MARKED = re.compile(r"(<!-- count: (\w+) -->)[^<]*(<!-- / -->)")


def count() -> dict[str, int]:
    """Each count by the name that a mark calls it by."""
    found = streams_table.streams()
    incremental = sum(map(ready_sets.is_incremental, found.values()))
    ways = [way for stream in SourceDigitaloceanQuolum().stream_probes() for way in stream.ways]
    tried = {way.scope for way in ways if not way.has_parent} - {"", "account:read"}
    return {
        "streams": len(found),
        "incremental": incremental,
        "full_refresh": len(found) - incremental,
        # One for each scope, and one that proves the access.
        "requests_of_check": 1 + len(tried),
        # A first sync of the model accounts, without utilization.
        **{f"requests_of_{name}": first.total for name, (first, _) in request_table.kept().items()},
    }


def fill(text: str, counts: Mapping[str, int]) -> str:
    """The text with the counts of today between its marks. Raises KeyError for a count that nobody knows."""
    return _MARKED.sub(lambda mark: f"{mark[1]}{counts[mark[2]]:,}{mark[3]}", text)


def _pages() -> dict[Path, str]:
    counts = count()
    return {page: fill(page.read_text(encoding="utf-8"), counts) for page in PAGES}


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or with --check say which would change; the exit code."""
    return generated.run("Write the counts that sentences of the docs name.", _pages, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
