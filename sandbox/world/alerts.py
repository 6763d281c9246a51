"""Monitoring and uptime: alert policies, log sinks, uptime checks with their state and alerts."""

from datetime import datetime, timedelta

from sandbox.clock import stamp
from sandbox.world.databases import PLANTED
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

_EMAIL = ["oncall@example.com"]
# Metric, value (per cent, load or Mbit/s), by tag or by Droplet.
_POLICIES = [
    ("cpu", 80, "env:prod"),
    ("memory_utilization_percent", 90, "env:prod"),
    ("disk_utilization_percent", 85, None),
    ("load_5", 8, None),
]
_DAY = timedelta(days=1)


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module."""
    return {
        "alert_policies": _policies(plan, tables["droplets"]),
        "sinks": _sinks(plan, tables),
        "uptime_checks": _checks(plan, tables),
    }


def _slack(where: str) -> list[Record]:
    return [{"channel": "#alerts", "url": f"https://hooks.slack.com/services/{PLANTED}-{where}-slack-url"}]


def _policies(plan: Plan, droplets: list[Record]) -> list[Record]:
    rng = plan.rng("alert_policies")
    policies = []
    for index in range(4 + plan.droplets // 40 if droplets else 0):
        metric, value, tag = _POLICIES[index % len(_POLICIES)]
        chosen = rng.sample(droplets, min(3, len(droplets)))
        policies.append(
            {
                "uuid": uuid(rng),
                "type": f"v1/insights/droplet/{metric}",
                "description": f"{metric} above {value} ({index:03d})",
                "compare": "GreaterThan",
                "value": value,
                "window": "5m" if index % 2 else "10m",
                "entities": [] if tag else sorted(str(one["id"]) for one in chosen),
                "tags": [tag] if tag else [],
                "alerts": {"email": _EMAIL, "slack": _slack(f"policy-{index}") if index % 2 == 0 else []},
                "enabled": index % 5 != 4,
            }
        )
    return policies


def _sinks(plan: Plan, tables: Tables) -> list[Record]:
    """Logs of the Kubernetes clusters go to the team's OpenSearch cluster, the first one's also elsewhere."""
    rng = plan.rng("sinks")
    clusters = [{"urn": f"do:kubernetes:{one['id']}", "name": one["name"]} for one in tables["kubernetes_clusters"]]
    own = next(one for one in tables["databases"] if one["engine"] == "opensearch")
    shared = {"index_name": "logs", "retention_days": 14}
    managed = {
        "endpoint": own["connection"]["host"],
        "cluster_uuid": own["id"],
        "cluster_name": own["name"],
        **shared,
    }
    rows = [("opensearch_dbaas", own["name"], managed, clusters)]
    rows.append(("opensearch_ext", "log-archive", {"endpoint": "logs.example.net", **shared}, clusters[:1]))
    return [
        {
            "destination": {
                "id": uuid(rng),
                "name": name,
                "type": type_,
                "config": {
                    "id": uuid(rng),
                    "credentials": {
                        "username": f"{PLANTED}-sink-{number}-username",
                        "password": f"{PLANTED}-sink-{number}-password",
                    },
                    **config,
                },
            },
            "resources": resources,
        }
        for number, (type_, name, config, resources) in enumerate(rows if clusters else [])
    ]


def destinations(sinks: list[Record]) -> list[Record]:
    """Where logs go, without the credentials."""
    return [
        {
            **sink["destination"],
            "config": {name: value for name, value in sink["destination"]["config"].items() if name != "credentials"},
        }
        for sink in sinks
    ]


def _checks(plan: Plan, tables: Tables) -> list[Record]:
    rng = plan.rng("uptime")
    targets = [("https", f"https://www.{domain['name']}") for domain in tables["domains"]]
    targets += [("ping", one["ip"]) for one in tables["load_balancers"][: plan.droplets // 20]]
    return [
        {
            "id": uuid(rng),
            "name": f"check-{index:03d}-{kind}",
            "type": kind,
            "target": target,
            "regions": ["us_east", "eu_west", *(["us_west", "se_asia"] if index % 2 == 0 else [])],
            "enabled": index % 9 != 8,
        }
        for index, (kind, target) in enumerate(targets[: plan.count("uptime_checks", len(targets))])
    ]


def check_state(plan: Plan, check: Record, now: datetime) -> Record:
    """How a check stands in each of its regions; about one day in ten has an outage."""
    regions: Record = {}
    last: tuple[datetime, Record] | None = None
    for region in check["regions"]:
        outages = [
            (moment, moment + timedelta(seconds=rng.randrange(60, 1800)))
            for _, moment, rng in slots(plan, f"outage/{check['id']}/{region}", _DAY, now - 30 * _DAY, now)
            if rng.random() < 0.1
        ]
        down = sum((min(end, now) - start for start, end in outages), timedelta())
        over = [(start, end) for start, end in outages if end <= now]
        is_down = len(over) < len(outages)
        changed = outages[-1][0] if is_down else (over[-1][1] if over else plan.horizon)
        regions[region] = {
            "status": "DOWN" if is_down else "UP",
            "status_changed_at": stamp(changed),
            "thirty_day_uptime_percentage": round(100 - 100 * (down / (30 * _DAY)), 4),
        }
        if over and (last is None or over[-1][1] > last[0]):
            start, end = over[-1]
            duration = int((end - start).total_seconds())
            outage = {"region": region, "started_at": stamp(start), "ended_at": stamp(end)}
            last = (end, {**outage, "duration_seconds": duration})
    state: Record = {"regions": regions}
    return {**state, "previous_outage": last[1]} if last else state


def check_alerts(plan: Plan, check: Record) -> list[Record]:
    """The alerts of a check: down everywhere, and slow or near the end of its certificate."""
    rng = plan.rng(f"uptime_alerts/{check['id']}")
    rows = [("down_global", 1, "less_than", "2m")]
    rows.append(
        ("ssl_expiry", 14, "less_than", "1h") if check["type"] == "https" else ("latency", 300, "greater_than", "5m")
    )
    return [
        {
            "id": uuid(rng),
            "name": f"{check['name']} {type_}",
            "type": type_,
            "threshold": threshold,
            "comparison": comparison,
            "period": period,
            "notifications": {"email": _EMAIL, "slack": _slack(f"uptime-{type_}")},
        }
        for type_, threshold, comparison, period in rows
    ]
