"""Security scans (CSPM): one a day, with findings that never change once the scan has ended."""

from datetime import datetime, timedelta
from random import Random

from sandbox.clock import stamp
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

# Rule, severity.
_RULES = [
    ("Droplet backups not enabled", "CRITICAL"),
    ("Every firewall port open to a source", "CRITICAL"),
    ("Droplet without a cloud firewall", "HIGH"),
    ("SSH open to the internet", "HIGH"),
    ("Database open to the internet", "HIGH"),
    ("Kubernetes cluster without automatic upgrades", "MEDIUM"),
    ("Load balancer without HTTPS redirect", "MEDIUM"),
    ("Certificate close to its end", "MEDIUM"),
    ("Volume attached to nothing", "LOW"),
    ("Droplet without monitoring", "LOW"),
]
_SCANNING = timedelta(minutes=15)


def rule_uuid(plan: Plan, name: str) -> str:
    """The id of a rule."""
    return uuid(plan.rng(f"rule/{name}"))


def scans(plan: Plan, now: datetime) -> list[Record]:
    """Every scan begun by `now`, newest first; a scan that still runs has no findings."""
    made = slots(plan, "scans", timedelta(days=1), plan.horizon, now)
    return [_scan(plan, moment, rng, now) for _, moment, rng in made][::-1]


def _scan(plan: Plan, moment: datetime, rng: Random, now: datetime) -> Record:
    scan: Record = {"id": uuid(rng), "status": "IN_PROGRESS", "created_at": stamp(moment), "findings": []}
    if moment + _SCANNING > now:
        return scan
    if rng.random() < 0.03:
        return {**scan, "status": "FAILED"}
    broken = sorted(rng.sample(range(len(_RULES)), rng.randrange(4, len(_RULES) + 1)))
    found = stamp(moment + _SCANNING)
    findings = [_finding(plan, *_RULES[index], found, 1 + rng.randrange(1 + plan.droplets // 4)) for index in broken]
    return {**scan, "status": "COMPLETED", "findings": findings}


def _finding(plan: Plan, name: str, severity: str, found: str, affected: int) -> Record:
    return {
        "rule_uuid": rule_uuid(plan, name),
        "name": name,
        "details": f"{name}: what this rule asks for is not the case.",
        "found_at": found,
        "severity": severity,
        "business_impact": "Customers could be without the service.",
        "technical_details": "The settings of the resource were compared with the rule.",
        "mitigation_steps": [
            {"step": 1, "title": "Open the resource", "description": "Choose it in the control panel."},
            {"step": 2, "title": "Change the setting", "description": "Choose what the rule asks for."},
        ],
        "affected_resources_count": affected,
    }


def affected(tables: Tables, finding: Record) -> list[Record]:
    """The resources that a finding is about."""
    droplets = tables["droplets"][: finding["affected_resources_count"]]
    return [{"urn": f"do:droplet:{one['id']}", "name": one["name"], "type": "Droplet"} for one in droplets]


def settings(plan: Plan, tables: Tables) -> tuple[Record, list[Record]]:
    """Tiers and downgrades, and the findings the team does not want to see."""
    rng = plan.rng("security")
    name = _RULES[0][0]
    bastions = [one for one in tables["droplets"] if one["name"].startswith("bastion-")]
    suppressed = [
        {
            "id": uuid(rng),
            "rule_uuid": rule_uuid(plan, name),
            "rule_name": name,
            "resource_id": str(one["id"]),
            "resource_type": "Droplet",
        }
        for one in bastions[:60]
    ]
    covered = [f"do:droplet:{one['id']}" for one in tables["droplets"][:3]]
    tiers: Record = {
        "tier_coverage": {
            "basic": {"resources": [], "tags": ["env:dev"]},
            "advanced": {"resources": covered, "tags": ["env:prod"]},
        },
        "plan_downgrades": {
            "advanced": {"resources": covered[:1], "effective_at": stamp(plan.anchor + timedelta(days=20))}
        },
    }
    return tiers, suppressed
