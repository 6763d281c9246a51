"""GenAI agents with their versions, keys and token usage, and the workspaces they are filed in."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import parse, stamp
from sandbox.world import genai_models
from sandbox.world.databases import PLANTED
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

_PURPOSES = ["support", "docs", "sales", "triage", "onboarding"]
_VERSION_EVERY = timedelta(days=12)
_HOUR = timedelta(hours=1)
_USED_DAYS = 0.2
_EMAIL = "robin.shore@example.com"
_CHAT_MODELS = 5


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module: two agents, and one more for every fifty Droplets, at most sixty."""
    rng = plan.rng("genai_agents")
    agents: list[Record] = []
    for index in range(2 + min(plan.droplets // 50, 58)):
        created = plan.past(rng, 180)
        id_ = uuid(rng)
        purpose = _PURPOSES[index % len(_PURPOSES)]
        url = f"https://{id_[:20]}.agents.do-ai.run"
        moments = {"created_at": stamp(created), "updated_at": stamp(created)}
        agent: Record = {
            "uuid": id_,
            "name": f"{purpose}-{index:02d}",
            "description": f"Answers questions about {purpose}",
            "instruction": f"You help with {purpose}.",
            "k": 5,
            "max_tokens": 1024,
            "temperature": 0.5,
            "top_p": 0.9,
            "chatbot": {"name": f"{purpose} bot", "starting_message": "Hello", "primary_color": "#031b4e"},
            "chatbot_identifiers": [{"agent_chatbot_identifier": uuid(rng)}],
            "deployment": {
                "uuid": uuid(rng),
                "name": f"{purpose}-{index:02d}",
                "status": "STATUS_RUNNING",
                "visibility": "VISIBILITY_PRIVATE",
                "url": url,
                **moments,
            },
            "mcp_servers": [_mcp_server(index)] if index % 2 == 0 else [],
            "model": genai_models.nested(index % _CHAT_MODELS),
            "project_id": tables["projects"][index % len(tables["projects"])]["id"],
            "provide_citations": True,
            "region": "tor1",
            "retrieval_method": "RETRIEVAL_METHOD_NONE",
            "tags": ["env:prod"] if index % 2 == 0 else [],
            "url": url,
            "user_id": genai_models.CREATED_BY,
            "web_search_enabled": index % 3 == 0,
            **moments,
        }
        if index == 1:
            agent["model_router"] = tables["genai_routers"][0]
        agents.append(agent)
    return {"genai_agents": agents}


def _mcp_server(index: int) -> Record:
    return {
        "server_label": "tickets",
        "server_url": "https://mcp.example.com/sse",
        "allowed_tools": ["search"],
        "authorization": f"Bearer {PLANTED}-agent-{index}-mcp-authorization",
        "headers": {"X-Api-Key": f"{PLANTED}-agent-{index}-mcp-header"},
    }


def versions(plan: Plan, agent: Record, now: datetime) -> list[Record]:
    """Every version of the agent by `now`, newest first; the newest is applied."""
    born = parse(agent["created_at"])
    family = f"agent_versions/{agent['uuid']}"
    moments = [(born, plan.rng(family)), *((at, rng) for _, at, rng in slots(plan, family, _VERSION_EVERY, born, now))]
    found = [
        {
            "id": str(int(at.timestamp())),
            "agent_uuid": agent["uuid"],
            "version_hash": f"{rng.getrandbits(160):040x}",
            "created_at": stamp(at),
            "created_by_email": _EMAIL,
            "currently_applied": number == len(moments),
            "can_rollback": number < len(moments),
            "trigger_action": "create" if number == 1 else "update",
            "model_name": agent["model"]["name"],
            **{name: agent[name] for name in _VERSIONED},
            "attached_knowledgebases": [],
        }
        for number, (at, rng) in enumerate(moments, 1)
    ]
    return found[::-1]


_VERSIONED = (
    "name",
    "description",
    "instruction",
    "k",
    "max_tokens",
    "temperature",
    "top_p",
    "provide_citations",
    "retrieval_method",
    "tags",
)


def current(plan: Plan, agent: Record, now: datetime) -> Record:
    """The agent with the version that is applied now."""
    newest = versions(plan, agent, now)[0]
    return {**agent, "version_hash": newest["version_hash"], "updated_at": newest["created_at"]}


def api_keys(plan: Plan, agent: Record) -> list[Record]:
    """The agent's keys."""
    rng = plan.rng(f"agent_keys/{agent['uuid']}")
    return [
        {
            "uuid": uuid(rng),
            "name": name,
            "created_by": genai_models.CREATED_BY,
            "created_at": stamp(parse(agent["created_at"]) + timedelta(minutes=minutes)),
            "secret_key": f"{PLANTED}-agent-key-{name}-secret_key",
        }
        for name, minutes in (("website", 5), ("backend", 600))
    ]


def usage(plan: Plan, agent: Record, start: datetime, stop: datetime, now: datetime) -> Record:
    """The tokens of the full hours in the window; every other agent's logs are analysed.

    Of three agents one is idle, one serves customers every day, and one is for the team's own use or on trial: a day in
    five. That is an assumption; DigitalOcean publishes no figures.
    """
    number = int(agent["name"].rpartition("-")[2])
    totals = {"input_tokens": 0, "output_tokens": 0}
    hour = max(start, parse(agent["created_at"]), plan.anchor - timedelta(days=max(plan.days, 90)))
    hour = hour.replace(minute=0, second=0, microsecond=0)
    while number % 3 != 1 and hour <= stop and hour + _HOUR <= now:
        rng = plan.rng(f"agent_usage/{agent['uuid']}/{hour:%Y%m%d%H}")
        if number % 3 == 0 or plan.rng(f"agent_day/{agent['uuid']}/{hour:%Y%m%d}").random() < _USED_DAYS:
            totals["input_tokens"] += rng.randrange(20_000)
            totals["output_tokens"] += rng.randrange(4_000)
        hour += _HOUR
    window = {"resource_uuid": agent["uuid"], "start": stamp(start), "stop": stamp(stop)}
    logs = {"input_tokens": totals["input_tokens"] // 10} if number % 2 == 0 else {}
    return {
        "usage": {**window, "measurements": _measurements(totals)},
        "log_insights_usage": {**window, "measurements": _measurements(logs)},
    }


def _measurements(totals: dict[str, int]) -> list[Record]:
    return [{"usage_type": kind, "tokens": tokens} for kind, tokens in totals.items() if tokens]


def workspaces(plan: Plan, tables: Tables, now: datetime) -> list[Record]:
    """Two workspaces; each agent stands whole in one of them, with what it calls and may not say."""
    rng = plan.rng("genai_workspaces")
    found: list[Record] = []
    for index, name in enumerate(("default", "support")):
        created = plan.past(rng, 250)
        members = tables["genai_agents"][index::2]
        cases: list[Record] = [one for one in tables["genai_test_cases"] if index == 0]
        found.append(
            {
                "uuid": uuid(rng),
                "name": name,
                "description": f"The {name} workspace",
                "agents": [_whole(plan, tables, agent, now) for agent in members],
                "created_by": genai_models.CREATED_BY,
                "created_by_email": _EMAIL,
                "evaluation_test_cases": cases,
                "created_at": stamp(created),
                "updated_at": stamp(created + (plan.anchor - created) * rng.random()),
            }
        )
    return found


def _whole(plan: Plan, tables: Tables, agent: Record, now: datetime) -> Record:
    rng = plan.rng(f"agent_parts/{agent['uuid']}")
    moments = {"created_at": agent["created_at"], "updated_at": agent["created_at"]}
    more: dict[str, Any] = {
        "api_keys": [{"api_key": f"{PLANTED}-workspace-agent-api_key"}],
        "api_key_infos": api_keys(plan, agent),
        "anthropic_api_key": tables["genai_anthropic_keys"][0],
        "child_agents": [],
        "parent_agents": [],
        "conversation_logs_enabled": True,
        "functions": [
            {
                "uuid": uuid(rng),
                "name": "look-up",
                "description": "Looks an order up",
                "api_key": f"{PLANTED}-workspace-function-api_key",
                "faas_name": "orders/look-up",
                "faas_namespace": tables["namespaces"][0]["namespace"],
                "input_schema": {"type": "object"},
                "output_schema": {"type": "object"},
                "created_by": genai_models.CREATED_BY,
                "url": "",
                **moments,
            }
        ],
        "guardrails": [
            {
                "uuid": uuid(rng),
                "guardrail_uuid": uuid(rng),
                "agent_uuid": agent["uuid"],
                "name": "Jailbreak",
                "description": "Refuses attempts to get round the instructions",
                "type": "GUARDRAIL_TYPE_JAILBREAK",
                "default_response": "I can't help with that.",
                "is_attached": True,
                "is_default": True,
                "metadata": {},
                "priority": 1,
                **moments,
            }
        ],
    }
    return {**current(plan, agent, now), **more}
