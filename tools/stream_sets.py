"""Writes what `--streams recommended` and product names mean, once for the sync command and once for the connector,
and for the dashboard the streams that it is made of, each with its scope.

python -m tools.stream_sets           writes all three
python -m tools.stream_sets --check   changes nothing; exits 1 and names the files that are not up to date

The recommended streams are metadata.yaml's suggested ones, which Airbyte preselects: one list for all. It is
copied, because metadata.yaml is in no wheel and the connector imports nothing of warehouse/.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from tools import generated, streams_table

ROOT = Path(__file__).resolve().parents[1]
HOST = ROOT / "warehouse" / "sync" / "streams.json"
CONNECTOR = ROOT / "source_digitalocean_quolum" / "stream_sets.json"
DASHBOARD = ROOT / "warehouse" / "dashboard" / "streams.json"
SOURCES = ROOT / "warehouse" / "models" / "models" / "staging" / "_sources.yml"
# A product must not be called like a stream.
NAMES = {"account": "team", "apps": "app_platform"}


def recommended() -> list[str]:
    """The suggested streams of metadata.yaml."""
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))
    return list(metadata["data"]["suggestedStreams"]["streams"])


def content() -> dict[str, Any]:
    """The host's file: for each product, by the name of its file in streams/, what each stream takes in requests."""
    found = streams_table.streams()
    stems = sorted(path.stem for path in (ROOT / "source_digitalocean_quolum" / "streams").glob("*.yaml"))
    names = [NAMES.get(stem, stem) for stem in (*stems, "utilization")]
    products = {
        name: {stream.name: stream.requests.replace("`", "") for stream in members}
        for name, (_, members) in zip(names, streams_table.grouped(found), strict=True)
    }
    return {"recommended": recommended(), "products": products}


def names(sets: dict[str, Any]) -> dict[str, Any]:
    """The connector's file, which has the names alone."""
    return {**sets, "products": {product: list(streams) for product, streams in sets["products"].items()}}


def scopes() -> dict[str, str]:
    """The dashboard's file: every stream that the models read, and the ledger, with the scope that opens it."""
    (source,) = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    found = streams_table.streams()
    read = sorted({"billing_history", *(table["name"] for table in source["tables"])})
    return {name: found[name].scope.replace("`", "") for name in read}


def _files() -> dict[Path, str]:
    sets = content()
    files = ((HOST, sets), (CONNECTOR, names(sets)), (DASHBOARD, scopes()))
    return {path: json.dumps(one, indent=2) + "\n" for path, one in files}


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or with --check say which would change; the exit code."""
    return generated.run(
        "Write the sets of streams of the connector, of its host and of the dashboard.", _files, arguments
    )


if __name__ == "__main__":
    sys.exit(main())
