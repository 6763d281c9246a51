"""Dedicated Inference: endpoints on GPUs, their accelerators and access tokens."""

from datetime import timedelta

from sandbox.clock import parse, stamp
from sandbox.world.databases import PLANTED
from sandbox.world.grouping import Tables
from sandbox.world.plan import Plan, Record, uuid

# Two of the three regions are not among those that Droplets are made in: the endpoints' networks are where they are.
_REGION = "tor1"
_GPU = "gpu-h100x1-80gb"


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module: none in a very small team, then one and one more for every 200 Droplets."""
    rng = plan.rng("dedicated_inferences")
    vpc = next(one["id"] for one in tables["vpcs"] if one["region"] == _REGION)
    endpoints: list[Record] = []
    for index in range(0 if plan.droplets < 6 else 1 + min(plan.droplets // 200, 20)):
        created = plan.past(rng, 60)
        host = f"{rng.getrandbits(80):020x}"
        name = f"chat-{index:02d}"
        accelerator = {"scale": 1 + index % 2, "type": "prefill_decode", "accelerator_slug": _GPU, "status": "active"}
        deployments = [
            {
                "model_slug": "mistral/mistral-7b-instruct-v3",
                "model_provider": "hugging_face",
                "workload_config": {},
                "accelerators": [accelerator],
            }
        ]
        spec = {
            "version": 1,
            "name": name,
            "region": _REGION,
            "vpc": {"uuid": vpc},
            "enable_public_endpoint": True,
            "model_deployments": deployments,
        }
        changed = stamp(created + (plan.anchor - created) * rng.random())
        endpoint = {
            "id": uuid(rng),
            "status": "active",
            "region": _REGION,
            "vpc_uuid": vpc,
            "spec": spec,
            "endpoints": {
                "public_endpoint_fqdn": f"https://{host}-public-dedicated-inference.do-infra.ai",
                "private_endpoint_fqdn": f"https://{host}-private-dedicated-inference.do-infra.ai",
            },
            "created_at": stamp(created),
            "updated_at": changed,
        }
        if index % 4 == 3:
            pending = {name: value for name, value in spec.items() if name != "region"}
            moments = {"created_at": changed, "updated_at": changed}
            endpoint["status"] = "updating"
            endpoint["pending_deployment_spec"] = {
                **pending,
                "id": uuid(rng),
                "version": 2,
                "status": "provisioning",
                **moments,
            }
        endpoints.append(endpoint)
    return {"dedicated_inferences": endpoints}


def accelerators(plan: Plan, endpoint: Record) -> list[Record]:
    """The GPUs of an endpoint, as many as its deployments ask for."""
    rng = plan.rng(f"accelerators/{endpoint['id']}")
    return [
        {
            "id": uuid(rng),
            "name": f"h100x1-{rng.getrandbits(24):06x}",
            "slug": wanted["accelerator_slug"],
            "role": wanted["type"],
            "status": "active",
            "created_at": endpoint["created_at"],
        }
        for model in endpoint["spec"]["model_deployments"]
        for wanted in model["accelerators"]
        for _ in range(wanted["scale"])
    ]


def tokens(plan: Plan, endpoint: Record) -> list[Record]:
    """The endpoint's access tokens."""
    rng = plan.rng(f"inference_tokens/{endpoint['id']}")
    born = parse(endpoint["created_at"])
    return [
        {
            "id": uuid(rng),
            "name": name,
            "value": f"di_{PLANTED}-inference-token-{name}",
            "created_at": stamp(born + timedelta(minutes=minutes)),
            "is_managed": name == "playground",
        }
        for name, minutes in (("playground", 5), ("backend", 90))
    ]
