"""Writes warehouse/sync/streams.json: the streams that `--streams recommended` and product names mean, and their price.

python -m tools.stream_sets           writes it
python -m tools.stream_sets --check   changes nothing; exits 1 if it is not up to date

The recommended streams are metadata.yaml's suggested ones, which Airbyte preselects: one list for both.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from tools import streams_table

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "warehouse" / "sync" / "streams.json"
# A product must not be called like a stream.
NAMES = {"account": "team", "apps": "app_platform"}


def recommended() -> list[str]:
    """The suggested streams of metadata.yaml."""
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))
    return list(metadata["data"]["suggestedStreams"]["streams"])


def content() -> dict[str, Any]:
    """What is written: for each product, by the name of its file in streams/, what each stream takes in requests."""
    found = streams_table.streams()
    stems = sorted(path.stem for path in (ROOT / "source_digitalocean_quolum" / "streams").glob("*.yaml"))
    names = [NAMES.get(stem, stem) for stem in (*stems, "utilization")]
    products = {
        name: {stream.name: stream.requests.replace("`", "") for stream in members}
        for name, (_, members) in zip(names, streams_table.grouped(found), strict=True)
    }
    return {"recommended": recommended(), "products": products}


def main(arguments: list[str] | None = None) -> int:
    """Write the file, or with --check say whether it would change; the exit code."""
    parser = argparse.ArgumentParser(description="Write the sets of streams of the host for one machine.")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if it is not up to date")
    check = parser.parse_args(arguments).check
    text = json.dumps(content(), indent=2) + "\n"
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    if not check:
        TARGET.write_text(text, encoding="utf-8")
    sys.stderr.write(f"{TARGET.relative_to(ROOT)} {'is not up to date: make docs' if check else 'written'}\n")
    return int(check)


if __name__ == "__main__":
    sys.exit(main())
