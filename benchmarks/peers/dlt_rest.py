"""dlt's rest_api source, extract only. Runs in the peers' own environment: python dlt_rest.py BASE_URL FOLDER."""

import os
import sys

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "5000",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "EXTRACT__WORKERS": "10",
}

import dlt
from dlt.sources.rest_api import rest_api_source


def main(base: str, folder: str) -> None:
    """Extract to files in the folder."""
    client = {"base_url": f"{base}/v2/", "paginator": {"type": "json_link", "next_url_path": "links.pages.next"}}
    endpoint = {"path": "droplets", "params": {"per_page": 200}, "data_selector": "droplets"}
    source = rest_api_source({"client": client, "resources": [{"name": "droplets", "endpoint": endpoint}]})
    pipeline = dlt.pipeline("benchmark", pipelines_dir=folder, destination="filesystem", dataset_name="benchmark")
    pipeline.extract(source)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
