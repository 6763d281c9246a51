"""Reads the answers that DigitalOcean's own clients are tested with, and compares every record with its answer.

python -m integration_tests.answers_of_others [--strict] [--report DIR] [--only STREAM,...]

The collection lies beside the repository, with the program that reads it. That learns the streams from the connector's
modules; here it gets them by the names they have today. Exit code: 0 passed, 1 failed, 2 nothing to read.
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from source_digitalocean_quolum import SourceDigitaloceanQuolum
from source_digitalocean_quolum.http.endpoint import Endpoint

# What the program finds although it is as it should be: kind, stream, place, and why.
EXPLAINED = [
    (
        "missing",
        "spaces_keys",
        "secret_key",
        "a secret, in the answer to a POST: it is shown once, when the key is made",
    ),
    ("missing", "function_access_keys", "secret", "a secret, likewise"),
    (
        "status",
        "ssh_keys",
        "INCOMPLETE",
        "two pages that were recorded at different moments, of 17 keys and of 7: nobody knows what lies between them",
    ),
]
CHECK = Path(__file__).parents[2] / "shared" / "checks" / "fixtures" / "check.py"


def facts() -> dict[str, dict[str, Any]]:
    """The streams in the words of the program."""
    found = {}
    for stream in SourceDigitaloceanQuolum().resolved_manifest["streams"]:
        endpoint, cursor = Endpoint.from_manifest(stream["$parameters"]["api"]), stream.get("incremental_sync") or {}
        if endpoint.of_parent or endpoint.service != "api":
            # It holds what another stream's list does, or is no JSON.
            continue
        beginning = json.dumps(cursor.get("start_datetime", ""))
        found[stream["name"]] = {
            "template": endpoint.path,
            "records": endpoint.records,
            "nested": dict(endpoint.nested),
            "map": endpoint.map,
            "values": endpoint.values,
            "paging": endpoint.paging,
            "key": stream["primary_key"],
            "cursor": cursor.get("cursor_field"),
            "csv": bool(endpoint.csv),
            "renamed": dict(endpoint.renamed),
            "filtered": bool(cursor.get("is_client_side_incremental")) and "1970" not in beginning,
            "made": {
                *endpoint.derived,
                *([endpoint.key.field] if endpoint.key else []),
                *(stream["retriever"].get("labels") or ()),
                *([endpoint.map] if endpoint.map else []),
            },
        }
    return found


def _explain(findings: list[dict[str, Any]], *others: Any) -> tuple[Any, ...]:
    """Leave out what is explained, and say why."""
    reasons = {tuple(place): why for *place, why in EXPLAINED}
    left = []
    for finding in findings:
        why = reasons.get((finding["kind"], finding["stream"], finding["where"]))
        if why is None:
            left.append(finding)
        else:
            print(f"explained {finding['stream']}.{finding['where']}: {why}")
    return (left, *others)


def main() -> int:
    """Run the program; its exit code."""
    if not CHECK.is_file():
        sys.stderr.write("The answers of others are not beside the repository.\n")
        return 2
    spec = importlib.util.spec_from_file_location("answers_check", CHECK)
    if spec is None or spec.loader is None:
        return 2
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    read_items, judge = module.items, module.judge
    # It starts itself as the server of the answers: with what is changed here.
    module.__file__ = __file__
    # A Droplet that has a kernel and a volume, so that it is asked what else it has.
    module.STUBS["droplets"]["droplets"][0] |= {"kernel": {"id": 1}, "volume_ids": ["stub"]}
    module.STUBS.update({"reserved_ips": {"reserved_ips": []}, "snapshots": {"snapshots": []}})
    module.facts = facts  # type: ignore[attr-defined]
    module.judge = lambda *arguments: _explain(*judge(*arguments))  # type: ignore[attr-defined]
    module.items = lambda body, stream: [  # type: ignore[attr-defined]
        {stream["renamed"].get(name, name): value for name, value in item.items()} for item in read_items(body, stream)
    ]
    return int(module.main())


if __name__ == "__main__":
    sys.exit(main())
