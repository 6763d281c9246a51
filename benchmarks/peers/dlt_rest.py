"""dlt's rest_api source, extract only. Runs in the peers' own environment: python dlt_rest.py BASE_URL LISTS."""

import json
import os
import sys
from pathlib import Path

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "5000",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "EXTRACT__WORKERS": "10",
    "EXTRACT__MAX_PARALLEL_ITEMS": "20",
}

import dlt
from dlt.sources.rest_api import rest_api_source


def resource(one: dict[str, str]) -> dict[str, object]:
    """One list; those of different streams, and the children of one, are read side by side."""
    path = one["path"].replace("{id}", f"{{resources.{one['parent']}.id}}")
    endpoint = {"path": path, "params": {"per_page": 200}, "data_selector": one["records"]}
    return {"name": one["name"], "endpoint": endpoint, "parallelized": True}


def main(base: str, lists: str) -> None:
    """Extract to files in the folder of LISTS."""
    client = {"base_url": f"{base}/v2/", "paginator": {"type": "json_link", "next_url_path": "links.pages.next"}}
    described = json.loads(Path(lists).read_text(encoding="utf-8"))
    source = rest_api_source({"client": client, "resources": [resource(one) for one in described]})
    folder = str(Path(lists).parent)
    pipeline = dlt.pipeline("benchmark", pipelines_dir=folder, destination="filesystem", dataset_name="benchmark")
    pipeline.extract(source)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
