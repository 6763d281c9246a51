"""Which paths the sandbox serves for monitoring, uptime, security, Spaces keys, the organization and add-ons."""

from collections.abc import Sequence

from sandbox.endpoints import Endpoint, collection, found, once_used, whole
from sandbox.paging import Ask, bounds, envelope
from sandbox.problems import Problem, bad_request, not_found
from sandbox.world import World, alerts, business, security
from sandbox.world.plan import Record

_SEVERITIES = {"LOW", "MEDIUM", "HIGH", "CRITICAL"}
_NO_ORGANIZATION = Problem(412, "precondition_failed", "The team does not belong to an organization.")


def _spaces_keys(world: World, ask: Ask) -> Sequence[Record]:
    bucket, name, permission = (ask.query.get(parameter) for parameter in ("bucket", "name", "permission"))
    return [
        key
        for key in world.tables["spaces_keys"]
        if (not name or name in key["name"])
        and (not bucket or any(grant["bucket"] == bucket for grant in key["grants"]))
        and (not permission or any(grant["permission"] == permission for grant in key["grants"]))
    ]


def _sinks(world: World, ask: Ask) -> Sequence[Record]:
    urn = ask.query.get("resource_id")
    return [sink for sink in world.tables["sinks"] if not urn or any(one["urn"] == urn for one in sink["resources"])]


def _destinations(world: World, _: Ask) -> Sequence[Record]:
    return alerts.destinations(world.tables["sinks"])


def _check_state(world: World, ask: Ask) -> Record:
    return {"state": alerts.check_state(world.plan, found(world, ask, "uptime_checks", "check_id"), ask.now)}


def _check_alerts(world: World, ask: Ask) -> Sequence[Record]:
    return alerts.check_alerts(world.plan, found(world, ask, "uptime_checks", "check_id"))


def _latest_scan(world: World, ask: Ask) -> Record:
    """`page` and `per_page` are those of the findings, without links or a total."""
    severity, type_ = ask.query.get("severity"), ask.query.get("type")
    if severity not in {None, *_SEVERITIES}:
        raise bad_request("severity must be LOW, MEDIUM, HIGH or CRITICAL")
    scans = security.scans(world.plan, ask.now)
    if not scans:
        raise not_found()
    first, last = bounds(ask)
    findings = [
        one for one in scans[0]["findings"] if severity in {None, one["severity"]} and type_ in {None, one["name"]}
    ]
    return {"scan": {**scans[0], "findings": findings[first:last]}}


def _security_settings(world: World, ask: Ask) -> Record:
    """`page` and `per_page` are those of the suppressions, whose links and total lie beside them."""
    tiers, suppressed = security.settings(world.plan, world.tables)
    first, last = bounds(ask)
    page, per_page = ask.page()
    body = envelope(ask, "resources", suppressed[first:last], len(suppressed))
    body["meta"] |= {"page": page, "pages": max(1, -(-len(suppressed) // per_page))}
    return {"settings": {"suppressions": body}, **tiers}


def _affected(world: World, ask: Ask) -> Sequence[Record]:
    scans = security.scans(world.plan, ask.now)
    for scan in scans:
        for finding in scan["findings"]:
            if (scan["id"], finding["rule_uuid"]) == (ask.path["scan_id"], ask.path["rule_uuid"]):
                return security.affected(world.tables, finding)
    raise not_found()


_CHECK = "/v2/uptime/checks/{check_id}"

ENDPOINTS = [
    collection("/v2/spaces/keys", "spaces_key:read", _spaces_keys),
    collection("/v2/monitoring/alerts", "monitoring:read", "alert_policies", "policies"),
    once_used("monitoring_sinks", whole("/v2/monitoring/sinks", "monitoring:read", _sinks)),
    once_used("monitoring_sinks", whole("/v2/monitoring/sinks/destinations", "monitoring:read", _destinations)),
    collection("/v2/uptime/checks", "uptime:read", "uptime_checks"),
    Endpoint(_CHECK + "/state", ("uptime:read",), _check_state, "state"),
    collection(_CHECK + "/alerts", "uptime:read", _check_alerts),
    once_used(
        "security",
        collection("/v2/security/scans", "security:read", lambda world, ask: security.scans(world.plan, ask.now)),
    ),
    once_used("security", Endpoint("/v2/security/scans/latest", ("security:read",), _latest_scan, "scan")),
    once_used("security", Endpoint("/v2/security/settings", ("security:read",), _security_settings)),
    once_used(
        "organizations",
        whole("/v2/organizations/teams", "organization:read", "organization_teams"),
        _NO_ORGANIZATION,
    ),
    once_used(
        "security",
        collection("/v2/security/scans/{scan_id}/findings/{rule_uuid}/affected_resources", "security:read", _affected),
    ),
    Endpoint("/v2/add-ons/apps", (), lambda world, ask: {"apps": business.ADD_ON_APPS}, "apps"),
    whole("/v2/add-ons/saas", "addon:read", "add_ons", "resources"),
]
