"""What a list answers for all Droplets is what each Droplet would have answered, for fewer requests."""

from typing import Any

import pytest

from integration_tests.asking import get
from integration_tests.connector import configured
from integration_tests.faults.warm import run
from sandbox import Sandbox

STREAMS = ("droplet_firewalls", "droplet_kernels", "droplet_associated_resources", "volume_actions")


@pytest.mark.slow
def test_derived_children_are_those_that_each_parent_would_have_answered(streams: list[dict[str, Any]]) -> None:
    with Sandbox(droplets=60, days=30, seed=11, rate_limit=6_000_000) as sandbox:
        first = run("read", config=sandbox.config(), catalog=configured(streams, *STREAMS))
        droplets = [
            one
            for kind in ("droplets", "gpus")
            for one in get(sandbox, f"/v2/droplets?type={kind}&per_page=200").json()["droplets"]
        ]
        firewalls, kernels, associated = set(), set(), {}
        for droplet in droplets:
            path = f"/v2/droplets/{droplet['id']}"
            firewalls |= {(droplet["id"], one["id"]) for one in get(sandbox, path + "/firewalls").json()["firewalls"]}
            kernels |= {(droplet["id"], one["id"]) for one in get(sandbox, path + "/kernels").json()["kernels"]}
            hanging = get(sandbox, path + "/destroy_with_associated_resources").json()
            if any(hanging.values()):
                associated[droplet["id"]] = hanging
        second = run("read", config=sandbox.config(), catalog=configured(streams, *STREAMS), state=first.state)

    assert first.statuses == second.statuses == dict.fromkeys(STREAMS, "COMPLETE")
    assert {(row["droplet_id"], row["id"]) for row in first.records["droplet_firewalls"]} == firewalls
    assert {(row["droplet_id"], row["id"]) for row in first.records.get("droplet_kernels", [])} == kernels
    rows = {row.pop("droplet_id"): row for row in first.records["droplet_associated_resources"]}
    assert {id_: {name: row[name] for name in associated[id_]} for id_, row in rows.items()} == _numbers(associated)
    assert second.requests.get("volume_actions", 0) == second.requests.get("droplet_associated_resources", 0) == 0
    assert first.requests["droplet_firewalls"] == 1


def _numbers(resources: dict[Any, Any]) -> dict[Any, Any]:
    """Costs as the records have them: numbers instead of text."""
    return {
        id_: {name: [{**one, "cost": float(one["cost"])} for one in listed] for name, listed in hanging.items()}
        for id_, hanging in resources.items()
    }
