"""Container registries with repositories, manifests, tags and garbage collections."""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world import catalog
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

_GIB = 1024**3
_PUSHES, _COLLECTIONS = timedelta(days=2), timedelta(days=7)
# Seconds a garbage collection takes.
_COLLECTING = 1500


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module: registries and the bare repositories, whose contents grow with the clock."""
    registries = _registries(plan)
    return {"registries": registries, "repositories": _repositories(plan, registries)}


def _registries(plan: Plan) -> list[Record]:
    rng = plan.rng("registries")
    begun = plan.past(rng, 400)
    tier = {
        "name": "Professional",
        "slug": "professional",
        "included_repositories": 0,
        "included_storage_bytes": 100 * _GIB,
        "allow_storage_overage": True,
        "included_bandwidth_bytes": 1024 * _GIB,
        "monthly_price_in_cents": 2000,
        "storage_overage_price_in_cents": 2,
    }
    changed = max(begun, plan.past(rng, 30))
    subscription = {"tier": tier, "created_at": stamp(begun), "updated_at": stamp(changed)}
    return [
        {
            "name": f"{name}-{plan.seed}",
            "region": region,
            "created_at": stamp(begun + timedelta(minutes=index)),
            "storage_usage_bytes": rng.randrange(_GIB, 60 * _GIB),
            "storage_usage_bytes_updated_at": stamp(plan.anchor - timedelta(hours=3)),
            "subscription": subscription,
        }
        for index, (name, region) in enumerate(zip(("team", "mirror"), catalog.HOME_REGIONS, strict=False))
    ]


def _repositories(plan: Plan, registries: list[Record]) -> list[Record]:
    rng = plan.rng("repositories")
    names = ["storefront", "platform/api", "platform/worker"]
    names += [f"services/service-{index:03d}" for index in range(min(300, plan.droplets // 10))]
    team, mirror = registries
    rows = [(team, name) for name in names] + [(mirror, "library/nginx"), (mirror, "library/redis")]
    return [
        {"registry_name": registry["name"], "name": name, "first_push": stamp(plan.past(rng, 200))}
        for registry, name in rows
    ]


def manifests(plan: Plan, repository: Record, now: datetime) -> list[Record]:
    """Every manifest of a repository, oldest first; the tag `latest` moves to the newest."""
    family = f"registry/{repository['registry_name']}/{repository['name']}"
    made = []
    for number, moment, rng in slots(plan, family, _PUSHES, parse(repository["first_push"]), now):
        if rng.random() < 0.4:
            continue
        layers = [rng.randrange(1_000_000, 90_000_000) for _ in range(3)]
        made.append(
            {
                "registry_name": repository["registry_name"],
                "repository": repository["name"],
                "digest": f"sha256:{rng.getrandbits(256):064x}",
                "compressed_size_bytes": sum(layers),
                "size_bytes": sum(layers) * 5 // 2,
                "updated_at": stamp(moment),
                "tags": [f"1.{number}"] if number % 4 else [],
                "blobs": [
                    {"digest": f"sha256:{rng.getrandbits(256):064x}", "compressed_size_bytes": size} for size in layers
                ],
            }
        )
    if made:
        made[-1]["tags"] = ["latest", *made[-1]["tags"]]
    return made


def tags(plan: Plan, repository: Record, now: datetime) -> list[Record]:
    """Every tag of a repository."""
    copied = ("registry_name", "repository", "compressed_size_bytes", "size_bytes", "updated_at")
    return [
        {**{name: manifest[name] for name in copied}, "tag": tag, "manifest_digest": manifest["digest"]}
        for manifest in manifests(plan, repository, now)
        for tag in manifest["tags"]
    ]


def repository_record(plan: Plan, repository: Record, now: datetime) -> Record:
    """A repository as repositoriesV2 lists it."""
    inside = manifests(plan, repository, now)
    record = {
        "registry_name": repository["registry_name"],
        "name": repository["name"],
        "tag_count": sum(len(one["tags"]) for one in inside),
        "manifest_count": len(inside),
    }
    return {**record, "latest_manifest": inside[-1]} if inside else record


def garbage_collections(plan: Plan, registry: Record, now: datetime) -> list[Record]:
    """The weekly garbage collections of a registry, newest first."""
    collections = []
    family = f"garbage/{registry['name']}"
    for _, moment, rng in slots(plan, family, _COLLECTIONS, parse(registry["created_at"]), now):
        ends = moment + timedelta(seconds=_COLLECTING)
        done = ends <= now
        blobs = rng.randrange(5, 80)
        collections.append(
            {
                "uuid": uuid(rng),
                "registry_name": registry["name"],
                "status": "succeeded" if done else "deleting unreferenced blobs",
                "created_at": stamp(moment),
                "updated_at": stamp(ends if done else moment),
                "blobs_deleted": blobs if done else 0,
                "freed_bytes": blobs * 9_000_000 if done else 0,
            }
        )
    return collections[::-1]
