"""Vector databases (Weaviate) and their daily backups."""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world import catalog
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

_DAY = timedelta(days=1)
_KEPT = 7 * _DAY


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module: one database, and one more for every forty Droplets, at most fifty."""
    rng = plan.rng("vector_databases")
    databases: list[Record] = []
    for index in range(1 + min(plan.droplets // 40, 49)):
        region = rng.choice(catalog.HOME_REGIONS)
        name = f"vectors-{index:03d}"
        host = f"{name}-{region}-{rng.getrandbits(32):08x}"
        created = plan.past(rng, 200)
        databases.append(
            {
                "id": uuid(rng),
                "name": name,
                "region": region,
                "size": rng.choice(["small", "medium"]),
                "status": "ACTIVE",
                "config": {
                    "default_quantization": "rq",
                    "enable_auto_schema": index % 2 == 0,
                    "weaviate_version": "1.32.4",
                },
                "endpoints": {
                    "grpc": f"{host}-grpc.weaviate.ondigitalocean.com:443",
                    "http": f"https://{host}.weaviate.ondigitalocean.com",
                },
                "owner_uuid": tables["projects"][0]["owner_uuid"],
                "project_id": tables["projects"][index % len(tables["projects"])]["id"],
                "tags": ["env:prod"] if index % 2 == 0 else [],
                "created_at": stamp(created),
                "updated_at": stamp(created + (plan.anchor - created) * rng.random()),
            }
        )
        if index % 5 == 4:
            databases[-1]["forked_from_id"] = databases[index - 1]["id"]
    return {"vector_databases": databases}


def backups(plan: Plan, database: Record, now: datetime) -> list[Record]:
    """The backups of the last week that have ended by `now`, newest first."""
    begin = max(parse(database["created_at"]), now - _KEPT)
    found: list[Record] = []
    for _, started, rng in slots(plan, f"vector_backups/{database['id']}", _DAY, begin, now):
        completed = started + timedelta(seconds=rng.randrange(60, 3600))
        if completed <= now:
            found.append(
                {
                    "backup_id": uuid(rng),
                    "started_at": stamp(started),
                    "completed_at": stamp(completed),
                    "status": "FAILED" if rng.random() < 0.03 else "SUCCESS",
                }
            )
    return found[::-1]
