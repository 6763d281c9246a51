"""A tap made with the Singer SDK. Runs in the peers' own environment: python singer_tap.py BASE_URL FOLDER."""

import json
import sys
from pathlib import Path

from singer_sdk import RESTStream, Tap
from singer_sdk.pagination import BaseHATEOASPaginator


class NextLink(BaseHATEOASPaginator):
    """The next link of DigitalOcean's lists."""

    def get_next_url(self, response):
        return response.json()["links"].get("pages", {}).get("next")


class Droplets(RESTStream):
    """GET /v2/droplets."""

    name = "droplets"
    path = "/v2/droplets"
    primary_keys = ("id",)
    records_jsonpath = "$.droplets[*]"
    schema = {"properties": {"id": {"type": "integer"}}, "additionalProperties": True}

    @property
    def url_base(self):
        return self.config["base"]

    def get_new_paginator(self):
        return NextLink()

    def get_url_params(self, context, next_page_token):
        page = next_page_token.query.partition("page=")[2].partition("&")[0] if next_page_token else "1"
        return {"page": page, "per_page": "200"}


class Benchmark(Tap):
    """The tap."""

    name = "tap-benchmark"
    config_jsonschema = {"properties": {"base": {"type": "string"}}}

    def discover_streams(self):
        return [Droplets(self)]


if __name__ == "__main__":
    config = Path(sys.argv[2]) / "singer_config.json"
    config.write_text(json.dumps({"base": sys.argv[1]}), encoding="utf-8")
    Benchmark.cli(["--config", str(config)])
