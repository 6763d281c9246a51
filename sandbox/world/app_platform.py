"""What App Platform apps go through: deployments, events, job runs; and how they stand: instances, health, traffic."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world.apps import deployment, pace
from sandbox.world.databases import PLANTED
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

_JOB_EVERY = timedelta(hours=12)
_SCALED_EVERY = timedelta(days=4)
# How old a deployment is when it enters a phase, and how many of its six steps are done then.
_PHASES = [
    (timedelta(minutes=5), "ACTIVE", 6),
    (timedelta(minutes=3), "DEPLOYING", 4),
    (timedelta(minutes=1), "BUILDING", 1),
    (timedelta(0), "PENDING_BUILD", 0),
]
_FAILED_AFTER = timedelta(minutes=3)
_LONGEST_JOB = timedelta(minutes=4)


def deployments(plan: Plan, app: Record, now: datetime) -> list[Record]:
    """Every deployment of the app by `now`, newest first: only the last that went well is active."""
    active = app["active_deployment"]
    switched = parse(active["created_at"])
    earlier = [one for one in _made(plan, app, parse(app["created_at"]), now) if parse(one["created_at"]) < switched]
    found = [app[name] for name in ("in_progress_deployment", "pending_deployment") if name in app]
    replaced_at = ""
    for made in reversed([*earlier, active, *_since_the_anchor(plan, app, now)]):
        one = made if made is active else _as_of(made, now)
        if one["phase"] == "ACTIVE":
            went_live = one["updated_at"]
            if replaced_at:
                moved = {"phase_last_updated_at": replaced_at, "updated_at": replaced_at}
                one = {**one, "phase": "SUPERSEDED", **moved}
            replaced_at = went_live
        found.append(one)
    return found


def _since_the_anchor(plan: Plan, app: Record, now: datetime) -> list[Record]:
    """Nothing is deployed while the app waits for a deployment that does not end."""
    return [] if "in_progress_deployment" in app else list(_made(plan, app, plan.anchor, now))


def _made(plan: Plan, app: Record, begin: datetime, now: datetime) -> Iterator[Record]:
    every = pace(plan, int(app["spec"]["name"].rpartition("-")[2]))
    for _, moment, rng in slots(plan, f"deployments/{app['id']}", every, begin, now) if every else ():
        made = deployment(uuid(rng), app["spec"], f"{rng.getrandbits(160):040x}", stamp(moment))
        yield {**made, "phase": "ERROR"} if rng.random() < 0.1 else made


def _as_of(made: Record, now: datetime) -> Record:
    born = parse(made["created_at"])
    if made["phase"] == "ERROR" and now - born >= _FAILED_AFTER:
        entered, phase, progress = _FAILED_AFTER, "ERROR", {"success_steps": 3, "error_steps": 1, "total_steps": 6}
    else:
        entered, phase, done = next(row for row in _PHASES if now - born >= row[0])
        progress = {"success_steps": done, "total_steps": 6}
    at = stamp(born + entered)
    return {**made, "phase": phase, "progress": progress, "phase_last_updated_at": at, "updated_at": at}


def current(plan: Plan, app: Record, now: datetime) -> Record:
    """The app with the deployments made since the sandbox's first day began."""
    if not _since_the_anchor(plan, app, now):
        return app
    newest = deployments(plan, app, now)
    record = {
        **app,
        "active_deployment": next(one for one in newest if one["phase"] == "ACTIVE"),
        "last_deployment_created_at": newest[0]["created_at"],
        "updated_at": max(app["updated_at"], *(one["updated_at"] for one in newest)),
    }
    if newest[0]["phase"] == "PENDING_BUILD":
        record["pending_deployment"] = newest[0]
    elif newest[0]["phase"] in {"BUILDING", "DEPLOYING"}:
        record["in_progress_deployment"] = newest[0]
    return record


def events(plan: Plan, app: Record, now: datetime) -> list[Record]:
    """The app's events, newest first: each deployment as it stands now, and where it scales by itself, that."""
    found = [
        {
            "id": uuid(plan.rng(f"app_event/{one['id']}")),
            "type": "DEPLOYMENT",
            "created_at": one["created_at"],
            "deployment_id": one["id"],
            "deployment": one,
        }
        for one in deployments(plan, app, now)
    ]
    scales = any("autoscaling" in service for service in app["spec"].get("services", []))
    begin = parse(app["created_at"]) if scales else now
    for _, moment, rng in slots(plan, f"scaling/{app['id']}", _SCALED_EVERY, begin, now):
        change = {"from": 1, "to": rng.choice([2, 3]), "triggering_metric": "cpu"}
        found.append(
            {
                "id": uuid(rng),
                "type": "AUTOSCALING",
                "created_at": stamp(moment),
                "autoscaling": {"phase": "SUCCEEDED", "components": {"web": change}},
            }
        )
    return sorted(found, key=lambda one: one["created_at"], reverse=True)


def job_invocations(plan: Plan, app: Record, now: datetime) -> list[Record]:
    """The runs of the app's jobs, newest first; one that began within four minutes is still running."""
    found = []
    history = deployments(plan, app, now)
    for job in app["spec"].get("jobs", []):
        family = f"jobs/{app['id']}/{job['name']}"
        for number, moment, rng in slots(plan, family, _JOB_EVERY, parse(app["created_at"]), now):
            ended = moment + timedelta(seconds=rng.randrange(20, int(_LONGEST_JOB.total_seconds())))
            before = (one for one in history if one["created_at"] <= stamp(moment))
            run = {
                "id": uuid(rng),
                "job_name": job["name"],
                "deployment_id": next(before, history[-1])["id"],
                "trigger": _trigger(manual=number % 5 == 0),
                "created_at": stamp(moment),
                "started_at": stamp(moment + timedelta(seconds=5)),
                "phase": "RUNNING",
            }
            if ended <= now:
                run |= {"phase": "FAILED" if rng.random() < 0.05 else "SUCCEEDED", "completed_at": stamp(ended)}
            found.append(run)
    return sorted(found, key=lambda one: str(one["created_at"]), reverse=True)


def _trigger(*, manual: bool) -> Record:
    if manual:
        user = {"uuid": "5f3a1d0e-9c54-4b1e-8a6e-2f1d9b7c0a11", "email": "robin.shore@example.com"}
        return {"type": "MANUAL", "manual": {"user": {**user, "full_name": "Robin Shore"}}}
    return {"type": "SCHEDULE", "scheduled": {"schedule": {"cron": "0 */12 * * *", "time_zone": "UTC"}}}


def instances(app: Record) -> list[Record]:
    """The running containers; their names change with every deployment."""
    release = app["active_deployment"]["id"].replace("-", "")[:10]
    return [
        {
            "component_name": component["name"],
            "component_type": kind,
            "instance_name": f"{component['name']}-{release}-{number:05d}",
            "instance_alias": f"{component['name']}-{number}",
        }
        for kind, key in (("SERVICE", "services"), ("WORKER", "workers"))
        for component in app["spec"].get(key, [])
        for number in range(component["instance_count"])
    ]


def alerts(plan: Plan, app: Record) -> list[Record]:
    """One alert of the app and one of its service, where it has one."""
    rng = plan.rng(f"app_alerts/{app['id']}")
    busy = {"rule": "CPU_UTILIZATION", "operator": "GREATER_THAN", "value": 80.0, "window": "TEN_MINUTES"}
    url = f"https://hooks.slack.com/services/{PLANTED}-app_alert-slack-url"
    created = app["created_at"]
    step = {"name": "configure_alert", "status": "SUCCESS", "started_at": created, "ended_at": created}
    return [
        {
            "id": uuid(rng),
            **component,
            "spec": rule,
            "emails": ["oncall@example.com"],
            "slack_webhooks": [{"url": url, "channel": "#deploys"}],
            "phase": "ACTIVE",
            "progress": {"steps": [step]},
        }
        for component, rule in (({}, {"rule": "DEPLOYMENT_FAILED"}), ({"component_name": "web"}, busy))
        if not component or "services" in app["spec"]
    ]


def health(plan: Plan, app: Record, now: datetime) -> Record:
    """The use of each component, which changes by the hour."""
    rng = plan.rng(f"app_health/{app['id']}/{now:%Y-%m-%dT%H}")
    components = [
        {
            "name": component["name"],
            "cpu_usage_percent": round(rng.uniform(1, 90), 2),
            "memory_usage_percent": round(rng.uniform(10, 95), 2),
            "replicas_desired": component["instance_count"],
            "replicas_ready": component["instance_count"],
            "state": "HEALTHY",
        }
        for key in ("services", "workers")
        for component in app["spec"].get(key, [])
    ]
    body: Record = {"components": components}
    if "functions" in app["spec"]:
        count = {"metric_label": "activations_count", "metric_value": float(rng.randrange(500)), "time_window": "1h"}
        body["functions_components"] = [
            {"name": one["name"], "functions_component_health_metrics": [count]} for one in app["spec"]["functions"]
        ]
    return {"app_health": body}


def bandwidth(plan: Plan, app: Record, day: str) -> str:
    """The bytes the app served on a day (YYYY-MM-DD), as text."""
    return str(plan.rng(f"bandwidth/{app['id']}/{day}").randrange(10**6, 10**10))
