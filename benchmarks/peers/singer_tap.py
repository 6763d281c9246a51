"""A tap made with the Singer SDK. Runs in the peers' own environment: python singer_tap.py BASE_URL LISTS."""

import json
import sys
from pathlib import Path

from singer_sdk import RESTStream, Tap
from singer_sdk.pagination import BaseHATEOASPaginator


class NextLink(BaseHATEOASPaginator):
    """The next link of DigitalOcean's lists."""

    def get_next_url(self, response):
        return response.json()["links"].get("pages", {}).get("next")


class List(RESTStream):
    """GET /v2/..., for each parent if it has one."""

    schema = {"properties": {}, "additionalProperties": True}
    state_partitioning_keys = ()

    @property
    def url_base(self):
        return self.config["base"]

    def get_new_paginator(self):
        return NextLink()

    def get_url_params(self, context, next_page_token):
        page = next_page_token.query.partition("page=")[2].partition("&")[0] if next_page_token else "1"
        return {"page": page, "per_page": "200"}

    def get_child_context(self, record, context):
        return {"id": record.get("id")}


class Benchmark(Tap):
    """The tap."""

    name = "tap-benchmark"
    config_jsonschema = {"properties": {"base": {"type": "string"}, "lists": {"type": "string"}}}

    def discover_streams(self):
        made = {}
        for one in json.loads(Path(self.config["lists"]).read_text(encoding="utf-8")):
            facts = {
                "name": one["name"],
                "path": "/v2/" + one["path"],
                "primary_keys": (one["key"],),
                "records_jsonpath": f"$.{one['records']}[*]",
                "schema": {"properties": {one["key"]: {}}, "additionalProperties": True},
                "parent_stream_type": made.get(one["parent"]),
            }
            made[one["name"]] = type(one["name"], (List,), facts)
        return [stream(self) for stream in made.values()]


if __name__ == "__main__":
    config = Path(sys.argv[2]).with_name("singer_config.json")
    config.write_text(json.dumps({"base": sys.argv[1], "lists": sys.argv[2]}), encoding="utf-8")
    Benchmark.cli(["--config", str(config)])
