"""Writes the tables of streams, docs/streams.md and the block in README.md, from the manifest and the schemas.

python tools/streams_table.py           writes them
python tools/streams_table.py --check   changes nothing; exits 1 and names the files that are not up to date
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from source_digitalocean_quolum import SourceDigitaloceanQuolum
from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.manifest import parents as parents_of
from source_digitalocean_quolum.manifest import products
from source_digitalocean_quolum.retrievers.page import PAGE_SIZE
from source_digitalocean_quolum.utilization.stream import CURSOR, PRIMARY_KEY
from source_digitalocean_quolum.utilization.table import Feature, load
from tools import api_pages, generated
from tools.openapi import SPECIFICATION, OpenApi

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- streams -->", "<!-- /streams -->"

INTRODUCTION = f"""\
# Streams

Written by `make docs` from the manifest and the schemas; change those, not this page.

- **Sync modes:** every stream can be read as full refresh; *incremental by* names the cursor of those that can also
  be read incrementally. *Filtered by DigitalOcean:* the request says from when on, so that nothing else is sent.
  *Filtered by the connector:* DigitalOcean cannot filter; only what is new is emitted, which saves rows, and requests
  only where the column *Requests* says so.
- **Deletion:** what becomes of the row of something that was deleted at DigitalOcean. *Goes:* the next full refresh
  with overwrite does not have it. *Stays:* no incremental sync hears of a deletion; the row keeps its last state until
  the stream is cleared or read as full refresh. *History:* what has happened is not deleted. With append every row
  stays.
- **Scope:** what a token with custom scopes needs; `account:read` is needed in any case.
- **Requests:** what one read takes. A list of n records takes n / {PAGE_SIZE}, rounded up, and at least one.
- **API:** DigitalOcean's page about the request, or about the product where its reference names no such request yet.

## What DigitalOcean gives to no token

No stream has these, because DigitalOcean's API has no request for them. The control panel shows them to a person.

- the **transfer pool**: how much of the team's shared outgoing traffic is used (the traffic itself is measured)
- the **audit log**: who did what; `actions` name no person
- **members and roles** of a team, and invitations (`organization_teams` has the number of members)
- **list prices** of volumes, snapshots, load balancers, databases, reserved IPs and Kubernetes control planes; there
  are those of Droplets (`sizes`), apps, registries, MicroVMs, managed agents, add-ons and AI models
- **support tickets**

"""


@dataclass(frozen=True)
class Stream:
    """What the tables say of one stream."""

    name: str
    description: str
    primary_key: str
    sync_modes: str
    parent: str
    scope: str
    requests: str
    deletion: str
    api: str


def streams() -> dict[str, Stream]:
    """Every stream of the manifest, by name, in the manifest's order."""
    manifest = SourceDigitaloceanQuolum().resolved_manifest
    definitions = {stream["$parameters"]["name"]: stream for stream in manifest["streams"]}
    specification = OpenApi(SPECIFICATION)
    declared = {name: _stream(name, definition, definitions, specification) for name, definition in definitions.items()}
    return declared | {name: _utilization(feature, specification) for name, feature in load().features.items()}


def _utilization(feature: Feature, specification: OpenApi) -> Stream:
    sources = {
        "insights": "1 per region, more where the answer would be too large",
        "monitoring": "1 per metric, resource and day",
    }
    offered = [source for source in sources if feature.asked_of(source, every=True)]
    title = "What one metric of one resource read in one closed interval (UTC)"
    return Stream(
        name=feature.stream,
        description=f"{title}; [its metrics](utilization.md#{feature.stream}).",
        primary_key=", ".join(f"`{field}`" for field in PRIMARY_KEY),
        sync_modes=f"incremental by `{CURSOR['cursor_field']}` (filtered by DigitalOcean)",
        parent=", ".join(f"`{source.list}`" for source in feature.resources),
        scope=" or ".join(f"`{source}:read`" for source in offered),
        requests=", or ".join(f"{source.capitalize()}: {sources[source]}" for source in offered),
        deletion="history",
        api=", ".join(api_pages.product(source, specification) for source in offered),
    )


def _stream(
    name: str,
    definition: Mapping[str, Any],
    all_definitions: Mapping[str, Mapping[str, Any]],
    specification: OpenApi,
) -> Stream:
    endpoint = Endpoint.from_manifest(definition["$parameters"]["api"])
    router = definition["retriever"].get("partition_router") or {}
    parents = parents_of(definition)
    cursor = definition.get("incremental_sync") or {}
    source = _read_with(endpoint, all_definitions)
    return Stream(
        name=name,
        description=_description(name),
        primary_key=", ".join(f"`{field}`" for field in definition["primary_key"]),
        sync_modes=_sync_modes(cursor, endpoint),
        parent=", ".join(f"`{parent}`" for parent in [*parents, *source]) or "-",
        scope=_scope(endpoint),
        requests=_requests(endpoint, router, parents, cursor, source),
        deletion=_deletion(cursor, endpoint, router),
        api=api_pages.link(endpoint, specification),
    )


def _scope(endpoint: Endpoint) -> str:
    if endpoint.service == "spaces":
        return "a Spaces key with full access, in `spaces` of the configuration"
    return f"`{endpoint.scope}`" if endpoint.scope else "any token"


def _read_with(endpoint: Endpoint, definitions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The stream whose shared pages hold the records of this one."""
    shared = {
        name: Endpoint.from_manifest(definition["$parameters"]["api"])
        for name, definition in definitions.items()
        if definition["retriever"]["requester"].get("use_cache")
    }
    first = next((name for name, api in shared.items() if api.path == endpoint.path), None)
    return [first] if first and shared[first] != endpoint else []


def _description(name: str) -> str:
    schema = ResourceSchemaLoader("source_digitalocean_quolum").get_schema(name)
    text = " ".join(str(schema["description"]).removeprefix("One record is ").split())
    return (text[:1].upper() + text[1:]).replace("|", r"\|")


def _sync_modes(cursor: Mapping[str, Any], endpoint: Endpoint) -> str:
    if not cursor:
        return "full refresh"
    side = "DigitalOcean" if _asks_from_when_on(endpoint) else "the connector"
    return f"incremental by `{cursor['cursor_field']}` (filtered by {side})"


def _deletion(cursor: Mapping[str, Any], endpoint: Endpoint, router: Mapping[str, Any]) -> str:
    """What becomes of a deleted object's row; a stream of what has happened has no deletions."""
    if not cursor:
        return "goes"
    happened = _asks_from_when_on(endpoint) or endpoint.newest_first
    return "history" if happened or "IssuedInvoicesRouter" in router.get("class_name", "") else "stays"


def _asks_from_when_on(endpoint: Endpoint) -> bool:
    return endpoint.is_windowed or "{start_time}" in endpoint.query


def _requests(
    endpoint: Endpoint,
    router: Mapping[str, Any],
    parents: list[str],
    cursor: Mapping[str, Any],
    read_with: list[str],
) -> str:
    if endpoint.service == "spaces":
        return "1 for each region and 3 for each bucket, to Spaces, which count in no limit of the API"
    if read_with:
        return f"none beyond `{read_with[0]}`"
    text = {"none": "1", "token": "1 per 100"}.get(endpoint.paging, f"1 per {PAGE_SIZE}")
    if router.get("type") == "ListPartitionRouter":
        return f"{text}, in {len(router['values'])} lists"
    if cursor.get("step"):
        days = str(cursor["step"]).removeprefix("P").removesuffix("D")
        period = "day" if days == "1" else f"{days} days"
        if "group_size" in router:
            return f"1 for each {period} and {router['group_size']} records of `{parents[0]}`"
        each = f" and record of `{parents[0]}`" if parents and parents[0] != "account" else ""
        if endpoint.sums:
            return f"{text}, for each {period}{each}, and for each week and day of these with something in it"
        return f"{text}, for each {period}{each}"
    if endpoint.of_parent:
        return f"{text}, for all `{parents[0]}`"
    if "AssociatedParentsRouter" in router.get("class_name", ""):
        return f"{text}, for each record of `{parents[-1]}` on which something hangs, when that has changed"
    if "ChangedParentsRouter" in router.get("class_name", ""):
        return f"{text}, for each record of `{parents[0]}` that changed or may have"
    if parents:
        new = "new " if cursor and not cursor.get("is_client_side_incremental") else ""
        some = " that can have one" if endpoint.only or endpoint.skip else ""
        return f"{text}, for each {new}record of `{parents[0]}`{some}"
    if endpoint.newest_first:
        return f"{text}, back to the cursor"
    return text


def grouped(found: Mapping[str, Stream]) -> Iterator[tuple[str, list[Stream]]]:
    """The streams by product, as the files in streams/ have them."""
    for product, names in products().items():
        yield product, [found[name] for name in names]
    yield "Utilization", [found[name] for name in load().features]


def page(found: Mapping[str, Stream]) -> str:
    """The text of docs/streams.md."""
    sections = []
    for product, members in grouped(found):
        rows = [
            [
                *(f"`{s.name}`", s.description, s.primary_key, s.sync_modes, s.deletion, s.parent, s.scope),
                *(s.requests, s.api),
            ]
            for s in members
        ]
        header = ["Stream", "What it is", "Primary key", "Sync modes", "Deletion", "Parent", "Scope", "Requests", "API"]
        sections.append(f"## {product}\n\n{_table(header, rows)}")
    return INTRODUCTION + "\n".join(sections)


def readme_block(found: Mapping[str, Stream]) -> str:
    """The short table between the markers in README.md."""
    rows = [[product, ", ".join(f"`{s.name}`" for s in members)] for product, members in grouped(found)]
    return f"{START}\n{_table(['Product', 'Streams'], rows)}{END}"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or with --check say which would change; the exit code."""
    parser = argparse.ArgumentParser(description="Write the tables of streams from the manifest and the schemas.")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if a file is not up to date")
    check = parser.parse_args(arguments).check
    found = streams()
    readme = ROOT / "README.md"
    wanted = {
        ROOT / "docs" / "streams.md": page(found),
        readme: generated.with_block(readme.read_text(encoding="utf-8"), readme_block(found), (START, END)),
    }
    return generated.write(wanted, check=check)


if __name__ == "__main__":
    sys.exit(main())
