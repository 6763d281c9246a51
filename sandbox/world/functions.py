"""Functions: namespaces, scheduled triggers and access keys."""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world import catalog
from sandbox.world.databases import PLANTED
from sandbox.world.grouping import Tables
from sandbox.world.plan import Plan, Record, uuid

# Name, function, cron, how often that is.
_TRIGGERS = [
    ("hourly-report", "reports/hourly", "0 * * * *", timedelta(hours=1)),
    ("nightly-cleanup", "maintenance/cleanup", "0 0 * * *", timedelta(days=1)),
]


def build(plan: Plan, _: Tables) -> Tables:
    """The tables of this module: one namespace, and one more for every forty Droplets, at most thirty."""
    rng = plan.rng("functions")
    namespaces: list[Record] = []
    for index in range(1 + min(plan.droplets // 40, 29)):
        region = rng.choice(catalog.HOME_REGIONS)
        created = plan.past(rng, 400)
        id_ = uuid(rng)
        namespaces.append(
            {
                "namespace": f"fn-{id_}",
                "uuid": id_,
                "label": f"functions-{index:02d}",
                "region": region,
                "api_host": f"https://faas-{region}-{rng.getrandbits(32):08x}.doserverless.co",
                "key": f"{PLANTED}-namespace-{index}-key",
                "created_at": stamp(created),
                "updated_at": stamp(created + (plan.anchor - created) * rng.random()),
            }
        )
    return {"namespaces": namespaces}


def triggers(plan: Plan, namespace: Record, now: datetime) -> list[Record]:
    """The namespace's scheduled triggers; the second one is switched off in every third namespace."""
    rng = plan.rng(f"triggers/{namespace['uuid']}")
    born = parse(namespace["created_at"])
    off = rng.randrange(3) == 0
    found = []
    for index, (name, function, cron, every) in enumerate(_TRIGGERS):
        created = born + timedelta(minutes=10 + index)
        enabled = index == 0 or not off
        last = now - (now - now.replace(hour=0, minute=0, second=0, microsecond=0)) % every
        found.append(
            {
                "namespace": namespace["namespace"],
                "name": name,
                "function": function,
                "type": "SCHEDULED",
                "is_enabled": enabled,
                "created_at": stamp(created),
                "updated_at": stamp(created),
                "scheduled_details": {"cron": cron, "body": {"name": "weekly" if index else "hourly"}},
                "scheduled_runs": {
                    "last_run_at": stamp(last) if enabled and last > created else None,
                    "next_run_at": stamp(last + every) if enabled else None,
                },
            }
        )
    return found


def access_keys(plan: Plan, namespace: Record) -> list[Record]:
    """The namespace's keys: one that expires, one that does not. Their secrets are never shown again."""
    rng = plan.rng(f"access_keys/{namespace['uuid']}")
    born = parse(namespace["created_at"])
    keys = []
    for name in ("ci", "console"):
        created = born + (plan.anchor - born) * rng.random()
        keys.append(
            {
                "id": f"dof_v1_{rng.getrandbits(128):032x}",
                "name": name,
                "expires_at": stamp(plan.anchor + timedelta(days=rng.randrange(30, 300))) if name == "ci" else None,
                "created_at": stamp(created),
                "updated_at": stamp(created),
            }
        )
    return keys
