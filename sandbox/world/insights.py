"""Insights: alert rules, and the alerts they have raised."""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

_RAISED_EVERY = timedelta(days=2)
# Metric, operator, warning, critical, window. The last one looks inside clusters: its alerts name no resource.
_RULES = [
    ("do.droplets.cpu_utilization", "GREATER_THAN", 80.0, 95.0, "10M"),
    ("do.droplets.memory_utilization", "GREATER_THAN_OR_EQUAL", 85.0, 95.0, "15M"),
    ("do.volumes.filesystem_utilization", "GREATER_THAN", 80.0, 90.0, "30M"),
    ("do.kubernetes.node_cpu_utilization", "GREATER_THAN", 75.0, 90.0, "5M"),
]


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module: the rules, four at least and one more for every fifty Droplets."""
    rng = plan.rng("insights_alert_rules")
    rules: list[Record] = []
    for index in range(4 + plan.droplets // 50):
        metric, operator, warning, critical, window = _RULES[index % len(_RULES)]
        created = plan.past(rng, 200)
        targets = tables["volumes" if "volumes" in metric else "droplets"]
        kind = "volume" if "volumes" in metric else "droplet"
        chosen = [] if "kubernetes" in metric else rng.sample(targets, min(3, len(targets)))
        rules.append(
            {
                "id": uuid(rng),
                "status": "ALERT_RULE_STATUS_PAUSED" if index % 6 == 5 else "ALERT_RULE_STATUS_ACTIVE",
                "spec": {
                    "name": f"{metric.rsplit('.', 1)[1]} {index:03d}",
                    "query": {
                        "metric": metric,
                        "filters": [],
                        "resource_urns": [f"do:{kind}:{one['id']}" for one in chosen],
                        "tags": [],
                    },
                    "thresholds": {
                        "operator": f"THRESHOLD_OPERATOR_{operator}",
                        "warning": warning,
                        "critical": critical,
                    },
                    "condition": {"window": f"EVALUATION_WINDOW_{window}"},
                    "notification_channels": [
                        {"notification_channel_id": uuid(rng), "notify_on": ["SEVERITY_WARNING", "SEVERITY_CRITICAL"]}
                    ],
                    "re_alert_duration": "RE_ALERT_DURATION_1H",
                },
                "created_at": stamp(created),
                "updated_at": stamp(created + (plan.anchor - created) * rng.random()),
            }
        )
    return {"alert_rules": rules}


def instances(plan: Plan, rules: list[Record], now: datetime) -> list[Record]:
    """Every alert raised by `now`, newest first; each goes on for ten minutes to three hours."""
    found = []
    for rule in rules:
        if rule["status"] != "ALERT_RULE_STATUS_ACTIVE":
            continue
        spec, born = rule["spec"], parse(rule["created_at"])
        for _, raised, rng in slots(plan, f"alert_instances/{rule['id']}", _RAISED_EVERY, born, now):
            severity = rng.choice(["warning", "warning", "critical"])
            resolved = raised + timedelta(seconds=rng.randrange(600, 10_800))
            alert = {
                "id": uuid(rng),
                "rule_id": rule["id"],
                "resource_urn": rng.choice(spec["query"]["resource_urns"] or [""]),
                "status": "active",
                "severity": severity,
                "value": round(spec["thresholds"][severity] + rng.random() * 4, 2),
                "triggered_at": stamp(raised),
                "last_triggered_at": stamp(min(resolved, now)),
            }
            if severity == "critical":
                alert["last_notified_at"] = alert["triggered_at"]
            if resolved <= now:
                alert |= {"status": "resolved", "resolved_at": stamp(resolved)}
            found.append(alert)
    return sorted(found, key=lambda one: str(one["triggered_at"]), reverse=True)
