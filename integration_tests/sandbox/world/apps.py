"""App Platform apps with their specs; environment variables carry planted secrets."""

from random import Random

from integration_tests.sandbox.clock import stamp
from integration_tests.sandbox.world.databases import PLANTED
from integration_tests.sandbox.world.plan import Plan, Record, uuid

# slug -> (USD a month, USD an hour) of one instance
INSTANCE_PRICES = {
    "apps-s-1vcpu-0.5gb": (5, 0.00744),
    "apps-s-1vcpu-1gb": (12, 0.01786),
    "apps-s-1vcpu-2gb": (25, 0.0372),
    "apps-d-1vcpu-2gb": (39, 0.05804),
}
_REGIONS = {
    "nyc": ("New York", "usa", "North America", ["nyc1", "nyc3"]),
    "fra": ("Frankfurt", "germany", "Europe", ["fra1"]),
    "ams": ("Amsterdam", "netherlands", "Europe", ["ams3"]),
}


def build_apps(plan: Plan, project_id: str) -> list[Record]:
    """Three apps, and one more for every twenty Droplets; the last one is being deployed."""
    rng = plan.rng("apps")
    count = 3 + min(plan.droplets // 20, 500)
    return [_app(plan, rng, index, project_id, deploying=index == count - 1) for index in range(count)]


def _app(plan: Plan, rng: Random, index: int, project_id: str, *, deploying: bool) -> Record:
    region = rng.choice(list(_REGIONS))
    label, flag, continent, data_centers = _REGIONS[region]
    name = f"app-{rng.choice(['shop', 'docs', 'portal', 'billing', 'status'])}-{index:03d}"
    spec = _spec(rng, name, region)
    deployed = stamp(plan.past(rng, 30))
    host = f"{name}-{rng.getrandbits(20):05x}.ondigitalocean.app"
    deployment = _deployment(rng, spec, deployed)
    app: Record = {
        "id": uuid(rng),
        "owner_uuid": uuid(rng),
        "spec": spec,
        "default_ingress": f"https://{host}",
        "created_at": stamp(plan.past(rng, 400)),
        "updated_at": deployed,
        "active_deployment": deployment,
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


def _envs(component: str) -> list[Record]:
    return [
        {"key": "LOG_LEVEL", "scope": "RUN_TIME", "value": f"{PLANTED}-{component}-general-value"},
        {"key": "API_KEY", "scope": "RUN_TIME", "type": "SECRET", "value": f"EV[1:{PLANTED}-{component}-secret:x]"},
    ]


def _spec(rng: Random, name: str, region: str) -> Record:
    spec: Record = {
        "name": name,
        "region": region,
        "envs": _envs("app"),
        "services": [
            {
                "name": "web",
                "git": {"repo_clone_url": f"https://git.example.com/{name}.git", "branch": "main"},
                "envs": _envs("service"),
                "instance_count": rng.choice([1, 2, 3]),
                "instance_size_slug": rng.choice(list(INSTANCE_PRICES)),
                "http_port": 8080,
            }
        ],
        "ingress": {"rules": [{"match": {"path": {"prefix": "/"}}, "component": {"name": "web"}}]},
    }
    if rng.random() < 0.5:
        spec["workers"] = [
            {
                "name": "jobs",
                "git": {"repo_clone_url": f"https://git.example.com/{name}.git", "branch": "main"},
                "envs": _envs("worker"),
                "instance_count": 1,
                "instance_size_slug": "apps-s-1vcpu-0.5gb",
            }
        ]
    return spec


def _deployment(rng: Random, spec: Record, created: str) -> Record:
    return {
        "id": uuid(rng),
        "spec": spec,
        "services": [{"name": "web", "source_commit_hash": f"{rng.getrandbits(160):040x}"}],
        "phase": "ACTIVE",
        "phase_last_updated_at": created,
        "created_at": created,
        "updated_at": created,
        "cause": "commit pushed",
        "tier_slug": "basic",
        "progress": {"success_steps": 6, "total_steps": 6},
    }
