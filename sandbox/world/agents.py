"""Managed agents: sessions, the sizes of their sandboxes, and simulated conversations with agents.

Fields: `pydo` 0.44 (the specification does not have them yet).
"""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

_SESSION_EVERY = timedelta(hours=9)
_LASTS = timedelta(days=2)
_RUN_EVERY = timedelta(days=5)
_RUN_TAKES = timedelta(minutes=40)
_KINDS = ("AGENT_KIND_CLAUDE_CODE", "AGENT_KIND_OPENCODE", "AGENT_KIND_CODEX_CLI")

SIZES: list[Record] = [
    {
        "slug": f"mars-{vcpus}vcpu-{2 * vcpus}gb",
        "vcpus": vcpus,
        "memory_mb": 2048 * vcpus,
        "price_per_hour_usd": round(0.018 * vcpus, 3),
        "price_per_month_usd": round(0.018 * vcpus * 730, 2),
    }
    for vcpus in (1, 2, 4, 8)
]


def sessions(plan: Plan, now: datetime) -> list[Record]:
    """The sessions that are there, newest first: each is gone two days after it was made."""
    found = []
    for number, created, rng in slots(plan, "agent_sessions", _SESSION_EVERY, now - _LASTS, now):
        paused = rng.random() < 0.4
        session: Record = {
            "session_id": uuid(rng),
            "name": f"session-{number}",
            "agent_kind": _KINDS[number % len(_KINDS)],
            "config_id": uuid(plan.rng("agent_config")),
            "sandbox_id": uuid(rng),
            "status": "SESSION_STATUS_PAUSED" if paused else "SESSION_STATUS_RUNNING",
            "idle_timeout_seconds": 900,
            "resume_on_topoff": False,
            "warnings": [],
            "created_at": stamp(created),
            "last_event_at": stamp(created + (now - created) * rng.random()),
        }
        found.append(session | ({"pause_reason": "idle"} if paused else {}))
    return found[::-1]


def simulations(plan: Plan, tables: Tables, now: datetime) -> list[Record]:
    """The runs of simulated conversations with the team's first agent, newest first."""
    agent = tables["genai_agents"][0]
    found = []
    for number, created, rng in slots(plan, "simulations", _RUN_EVERY, parse(agent["created_at"]), now):
        over = now - created >= _RUN_TAKES
        run: Record = {
            "run_uuid": uuid(rng),
            "name": f"simulation-{number}",
            "status": "SIMULATION_RUN_STATUS_SUCCESSFUL" if over else "SIMULATION_RUN_STATUS_RUNNING",
            "agent_config": {"agent_uuid": agent["uuid"], "name": agent["name"]},
            "scenario_count": 4,
            "total_episodes": 12,
            "episodes_finished": 12 if over else 3,
            "max_turns": 10,
            "created_at": stamp(created),
            "updated_at": stamp(created + _RUN_TAKES if over else created),
        }
        if over:
            candidate, judge = rng.randrange(10**4, 10**5), rng.randrange(10**3, 10**4)
            run["result_summary"] = {
                "token_usage": {
                    "candidate_agent_tokens": str(candidate),
                    "judge_tokens": str(judge),
                    "total_tokens": str(candidate + judge),
                },
                "total_duration_sec": str(int(_RUN_TAKES.total_seconds())),
                "verdict_counts": {"success_count": 10, "failure_count": 1, "inconclusive_count": 1},
            }
        found.append(run)
    return found[::-1]
