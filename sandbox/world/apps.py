"""App Platform apps, as they stand at the beginning of the sandbox's first day."""

from datetime import timedelta
from random import Random

from sandbox.clock import parse, stamp
from sandbox.world.app_specs import spec as build_spec
from sandbox.world.plan import Plan, Record, uuid

REGIONS = {
    "nyc": ("New York", "usa", "North America", ["nyc1", "nyc3"]),
    "fra": ("Frankfurt", "germany", "Europe", ["fra1"]),
    "ams": ("Amsterdam", "netherlands", "Europe", ["ams3"]),
}

# How often an app is deployed: one that is worked on, one that is looked after, and one that nobody touches. A third of
# the apps each, whatever they are made of: an assumption, for DigitalOcean publishes no figures. The first three, which
# small accounts have, are worked on.
_PACES = (timedelta(days=2), timedelta(days=12), None)
_ALWAYS_BUSY = 3
_AT_REST = timedelta(days=100)


def pace(plan: Plan, index: int) -> timedelta | None:
    """How often the app of this number is deployed; None: not any more."""
    return _PACES[0] if index < _ALWAYS_BUSY else plan.rng(f"app_pace/{index}").choice(_PACES)


def build_apps(plan: Plan, project_id: str) -> list[Record]:
    """Three apps, and one more for every twenty Droplets; the last one is being deployed."""
    rng = plan.rng("apps")
    count = plan.count("apps", 3 + min(plan.droplets // 20, 500))
    return [_app(plan, rng, index, project_id, deploying=index == count - 1) for index in range(count)]


def _app(plan: Plan, rng: Random, index: int, project_id: str, *, deploying: bool) -> Record:
    region = rng.choice(list(REGIONS))
    label, flag, continent, data_centers = REGIONS[region]
    name = f"app-{rng.choice(['shop', 'docs', 'portal', 'billing', 'status'])}-{index:03d}"
    spec = build_spec(rng, name, region, index)
    deployed = stamp(plan.past(rng, 30))
    if pace(plan, index) is None and not deploying:
        deployed = stamp(parse(deployed) - _AT_REST)
    host = f"{name}-{rng.getrandbits(20):05x}.ondigitalocean.app"
    active = _deployment(rng, spec, deployed)
    app: Record = {
        "id": uuid(rng),
        "owner_uuid": uuid(rng),
        "spec": spec,
        "default_ingress": f"https://{host}",
        "created_at": stamp(plan.past(rng, 400)),
        "updated_at": deployed,
        "active_deployment": active,
        "last_deployment_created_at": deployed,
        "live_url": f"https://{host}",
        "region": {
            "slug": region,
            "label": label,
            "flag": flag,
            "continent": continent,
            "data_centers": data_centers,
        },
        "tier_slug": "basic",
        "live_url_base": f"https://{host}",
        "live_domain": host,
        "project_id": project_id,
        "dedicated_ips": [],
    }
    app["created_at"] = min(app["created_at"], deployed)
    if deploying:
        app["in_progress_deployment"] = {**_deployment(rng, spec, deployed), "phase": "DEPLOYING"}
        app["pending_deployment"] = {**_deployment(rng, spec, deployed), "phase": "PENDING_BUILD"}
    return app


def _deployment(rng: Random, spec: Record, created: str) -> Record:
    return deployment(uuid(rng), spec, f"{rng.getrandbits(160):040x}", created)


def deployment(id_: str, spec: Record, commit: str, created: str) -> Record:
    """A deployment that went well, at the moment it became active."""
    parts: Record = {
        kind: [{"name": component["name"], "source_commit_hash": commit} for component in spec[kind]]
        for kind in ("services", "static_sites", "workers", "jobs", "functions")
        if kind in spec
    }
    return {
        "id": id_,
        "spec": spec,
        **parts,
        "phase": "ACTIVE",
        "phase_last_updated_at": created,
        "created_at": created,
        "updated_at": created,
        "cause": f"commit {commit[:7]} pushed",
        "tier_slug": "basic",
        "progress": {"success_steps": 6, "total_steps": 6},
    }
