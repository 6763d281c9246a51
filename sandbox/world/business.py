"""Beyond the team: the organization's teams, Marketplace add-ons, Spaces keys."""

from random import Random

from sandbox.clock import stamp
from sandbox.world.account import Account, build_account
from sandbox.world.databases import PLANTED
from sandbox.world.grouping import Tables
from sandbox.world.plan import Plan, Record, uuid

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def build(plan: Plan, _: Tables) -> Tables:
    """The tables of this module."""
    return {
        "organization_teams": _teams(plan, build_account(plan)),
        "add_ons": _add_ons(plan),
        "spaces_keys": _spaces_keys(plan),
    }


def _teams(plan: Plan, account: Account) -> list[Record]:
    rng = plan.rng("organization")
    rows = [
        (account.team_uuid, account.team_name, "joined"),
        (uuid(rng), "Research", "joined"),
        (uuid(rng), "Acquired Company", "pending"),
    ]
    return [
        {
            "id": 4_126_873 + 91 * index,
            "uuid": uuid_,
            "name": name,
            "email": account.email,
            "member_count": rng.randrange(2, 30),
            "status": status,
            **({"joined_organization_at": stamp(plan.past(rng, 300))} if status == "joined" else {}),
            "company": account.team_name,
        }
        for index, (uuid_, name, status) in enumerate(rows)
    ]


def _add_ons(plan: Plan) -> list[Record]:
    rng = plan.rng("add_ons")
    rows = [
        ("Mail Relay", "mail-relay", "Starter", 10, "provisioned"),
        ("Log View", "log-view", "Team", 49, "suspended"),
    ]
    return [
        {
            "uuid": uuid(rng),
            "name": f"{slug}-{index + 1:02d}",
            "state": state,
            "app_name": app,
            "app_slug": slug,
            "plan_name": plan_name,
            "plan_slug": plan_name.lower(),
            "plan_price_per_month": price,
            "has_config": index == 0,
            "metadata": [{"name": "region", "value": "eu"}, {"name": "accept_terms", "value": True}],
            "sso_url": f"https://sso.example.com/login?token={PLANTED}-add-on-{index}-sso-url",
            "message": "",
        }
        for index, (app, slug, plan_name, price, state) in enumerate(rows if plan.droplets else [])
    ]


def _plan(number: int, slug: str, name: str, price: int) -> Record:
    return {
        "id": number,
        "uuid": uuid(Random(f"add_on_plan/{number}")),
        "app_id": number // 10,
        "slug": slug,
        "display_name": name,
        "description": f"The {name} plan.",
        "price_per_month": price,
        "active": True,
        "available": True,
        "by_default": price == 0,
        "state": "approved",
        "dimensions": [],
        "features": [{"id": number, "name": "seats", "type": "allowance", "value": 3, "unit": "seats"}],
        "created_at": "2026-01-10T00:00:00Z",
        "updated_at": "2026-04-02T00:00:00Z",
    }


# What add-ons cost, the same for every team.
ADD_ON_APPS: list[Record] = [
    {
        "app_slug": slug,
        "eula": f"https://{slug}.example.com/eula",
        "tos": f"https://{slug}.example.com/tos",
        "plans": [_plan(10 * number + rank, name.lower(), name, price) for rank, (name, price) in enumerate(plans)],
    }
    for number, (slug, plans) in enumerate(
        {"mail-relay": [("Free", 0), ("Starter", 10)], "log-view": [("Team", 49), ("Business", 199)]}.items(), start=1
    )
]


def _spaces_keys(plan: Plan) -> list[Record]:
    rng = plan.rng("spaces_keys")
    rows = [
        ("full-access", [("", "fullaccess")]),
        ("assets-deploy", [("assets", "readwrite")]),
        ("backup-reader", [("backups", "read"), ("downloads", "read")]),
    ]
    rows += [(f"service-{index:03d}", [("downloads", "read")]) for index in range(min(150, plan.droplets // 50))]
    return [
        {
            "name": name,
            "grants": [{"bucket": bucket, "permission": permission} for bucket, permission in grants],
            "access_key": "DO00" + "".join(rng.choice(_BASE32) for _ in range(16)),
            "created_at": stamp(plan.past(rng, 400)),
        }
        for name, grants in rows
    ]
