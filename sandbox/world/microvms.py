"""MicroVMs' checkpoints, prices and limits (fields: `pydo` 0.44; the specification does not have them yet)."""

from sandbox.clock import parse, stamp
from sandbox.world.grouping import Tables
from sandbox.world.plan import Plan, Record, uuid

_GIB = 2**30
_VCPU_HOUR, _GIB_HOUR, _STORAGE_MONTH = 0.02, 0.005, 0.1


def checkpoints(plan: Plan, tables: Tables) -> list[Record]:
    """A checkpoint of every third MicroVM."""
    rng = plan.rng("microvm_checkpoints")
    found = []
    for microvm in tables["microvms"][::3]:
        taken = parse(microvm["created_at"])
        taken += (plan.anchor - taken) * rng.random()
        found.append(
            {
                "id": uuid(rng),
                "name": f"checkpoint-{taken:%Y%m%d-%H%M%S}",
                "status": "CHECKPOINT_AVAILABLE",
                "microvm_id": microvm["id"],
                "microvm_name": microvm["name"],
                "region": microvm["region"],
                "size": microvm["size"],
                "disk_bytes": rng.randrange(_GIB, 8 * _GIB),
                "memory_bytes": rng.randrange(_GIB // 8, _GIB),
                "created_at": stamp(taken),
            }
        )
    return found


def price(microvm: Record) -> tuple[float, float]:
    """USD an hour and a month: of one that runs by its size, of one that is paused for its disk."""
    if microvm["state"] == "running":
        hourly = _hourly(microvm["size"]["memory"])
        return hourly, hourly * 730
    monthly = _STORAGE_MONTH * microvm["size"]["disk"]
    return monthly / 730, monthly


def _hourly(memory: int) -> float:
    return round(_VCPU_HOUR + _GIB_HOUR * memory / 1024, 4)


def options(tables: Tables) -> Record:
    """What MicroVMs cost, the same for every team, and how many the team may have."""
    regions = sorted({one["region"] for one in tables["microvms"]}) or ["nyc3"]
    return {
        "default_region": regions[0],
        "sizes": [
            {
                "cpu": 1,
                "memory": memory,
                "disk": 10,
                "available": True,
                "regions": regions,
                "pricing": {
                    "price_per_hour": _hourly(memory),
                    "price_per_month": round((_VCPU_HOUR + _GIB_HOUR * memory / 1024) * 730, 2),
                },
            }
            for memory in (512, 1024, 2048)
        ],
        "resource_pricing": {
            "price_per_vcpu_hour": _VCPU_HOUR,
            "price_per_gib_memory_hour": _GIB_HOUR,
            "price_per_gib_storage_month": _STORAGE_MONTH,
            "price_per_gib_bandwidth": 0.01,
        },
        "account_limits": {
            "max_total_count": 200,
            "max_memory_bytes": 8 * _GIB,
            "max_disk_bytes": 40 * _GIB,
            "max_idle_timeout_seconds": 3600,
        },
        "features": [{"name": "checkpoints", "enabled": True}],
    }
