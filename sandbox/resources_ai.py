"""Which paths the sandbox serves for GenAI, Dedicated Inference, Insights alerts, prepayment and reference lists."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sandbox.clock import parse
from sandbox.endpoints import Endpoint, Rows, collection, found, matching, once_used, whole
from sandbox.paging import Ask, bounds, envelope
from sandbox.problems import bad_request, not_found
from sandbox.world import (
    World,
    agents,
    genai,
    genai_evaluations,
    genai_models,
    inference,
    insights,
    knowledge,
    reference,
)
from sandbox.world.plan import Record

_GENAI = "/v2/gen-ai"
_AGENT = "/v2/gen-ai/agents/{agent_uuid}"
_INFERENCE = "/v2/dedicated-inferences/{dedicated_inference_id}"


def _genai(path: str, rows: Rows | str, key: str) -> Endpoint:
    """A paged list as GenAI pages: `previous` in the links, and the page's number and their count in `meta`."""

    def answer(world: World, ask: Ask) -> Record:
        records = world.tables[rows] if isinstance(rows, str) else rows(world, ask)
        first, last = bounds(ask)
        page, per_page = ask.page()
        body = envelope(ask, key, records[first:last], len(records))
        pages = body["links"].get("pages", {})
        if "prev" in pages:
            pages["previous"] = pages.pop("prev")
        return {**body, "meta": {"page": page, "pages": -(-len(records) // per_page), "total": len(records)}}

    return Endpoint(_GENAI + path, ("genai:read",), answer, key)


def _catalog(world: World, ask: Ask) -> Record:
    """Without links; `limit` is the old name of `per_page`."""
    page, limit = _positive(ask, "page", 1), _positive(ask, "per_page", _positive(ask, "limit", 20))
    records = world.tables["genai_catalog"]
    meta = {"page": page, "pages": -(-len(records) // limit), "total": len(records)}
    return {"data": records[(page - 1) * limit : page * limit], "meta": meta}


def _model(world: World, ask: Ask) -> Record:
    model = found(world, ask, "genai_catalog", "id")
    return {"data": genai_models.priced(model)}


def _positive(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise bad_request(f"{name} must be a positive integer")
    return int(text)


def _agent(world: World, ask: Ask) -> Record:
    return found(world, ask, "genai_agents", "agent_uuid", "uuid")


def _agents(world: World, ask: Ask) -> Sequence[Record]:
    return [genai.current(world.plan, agent, ask.now) for agent in world.tables["genai_agents"]]


def _usage(world: World, ask: Ask) -> Record:
    start = _moment(ask, "start", ask.now - timedelta(days=1))
    return genai.usage(world.plan, _agent(world, ask), start, _moment(ask, "stop", ask.now), ask.now)


def _moment(ask: Ask, name: str, default: datetime) -> datetime:
    text = ask.query.get(name)
    try:
        return parse(text) if text else default
    except ValueError as error:
        raise bad_request(f"{name} must be an RFC 3339 date-time") from error


def _bases(world: World, ask: Ask) -> Sequence[Record]:
    return [knowledge.current(world.plan, base, ask.now) for base in world.tables["genai_knowledge_bases"]]


def _data_sources(world: World, ask: Ask) -> Sequence[Record]:
    base = found(world, ask, "genai_knowledge_bases", "knowledge_base_uuid", "uuid")
    return knowledge.data_sources(world.plan, base, ask.now)


def _jobs(world: World, ask: Ask) -> Sequence[Record]:
    return knowledge.jobs(world.plan, world.tables["genai_knowledge_bases"], ask.now)


def _test_cases(world: World, ask: Ask) -> Sequence[Record]:
    cases = world.tables["genai_test_cases"]
    return [genai_evaluations.current(world.plan, world.tables, case, ask.now) for case in cases]


def _evaluation_runs(world: World, ask: Ask) -> Sequence[Record]:
    case = found(world, ask, "genai_test_cases", "test_case_uuid", "test_case_uuid")
    return genai_evaluations.runs(world.plan, world.tables, case, ask.now)


def _model_runs(world: World, ask: Ask) -> Sequence[Record]:
    """Oldest first unless the newest are asked for."""
    records = genai_evaluations.model_runs(world.plan, world.tables, ask.now)
    return records[::-1] if ask.query.get("sort_direction") == "SORT_DIRECTION_DESC" else records


def _model_run(world: World, ask: Ask) -> Record:
    """The run with its summary, and a page of its rows."""
    runs = genai_evaluations.model_runs(world.plan, world.tables, ask.now)
    run = next((one for one in runs if one["eval_run_uuid"] == ask.path["eval_run_uuid"]), None)
    if run is None:
        raise not_found()
    return {
        "run": genai_evaluations.with_result(run),
        "results": [],
        "links": {},
        "meta": {"page": 1, "pages": 1, "total": 0},
    }


def _sessions(world: World, ask: Ask) -> Record:
    """Pages that go on by a token, which is the last session's id."""
    records = agents.sessions(world.plan, ask.now)
    ids = [one["session_id"] for one in records]
    token = ask.query.get("page_token")
    if token and token not in ids:
        raise bad_request("page_token is not one of this list")
    first = ids.index(token) + 1 if token else 0
    last = first + _positive(ask, "page_size", 20)
    return {"sessions": records[first:last], "next_page_token": ids[last - 1] if last < len(ids) else ""}


def _endpoint(world: World, ask: Ask) -> Record:
    return found(world, ask, "dedicated_inferences", "dedicated_inference_id")


def _accelerators(world: World, ask: Ask) -> Sequence[Record]:
    return matching(inference.accelerators(world.plan, _endpoint(world, ask)), ask, "slug")


def _alerts(world: World, ask: Ask) -> Sequence[Record]:
    raised = insights.instances(world.plan, world.tables["alert_rules"], ask.now)
    return matching(raised, ask, "status", "rule_id", "resource_urn")


def _prepayment(world: World, ask: Ask) -> Record:
    """Money is text: decimal USD."""
    since = {"created_at": "2026-02-03T10:00:00Z", "updated_at": "2026-05-20T08:30:00Z"}
    amounts = {"prepay_amount": "50.00", "prepay_threshold": "10.00", "spend_limit": "25000.00"}
    owed = world.ledger.balance(ask.now)["month_to_date_balance"]
    standing = {"balance": "25.00", "blocked": False, "eligible": True, "month_to_date_balance": owed}
    automatic = {"is_auto_prepay_enabled": True}
    return {"config": {**automatic, **amounts, **since}, "status": {**automatic, **standing}}


ENDPOINTS = [
    _genai("/agents", _agents, "agents"),
    Endpoint(_AGENT + "/usage", ("genai:read",), _usage),
    _genai(
        "/agents/{agent_uuid}/versions",
        lambda world, ask: genai.versions(world.plan, _agent(world, ask), ask.now),
        "agent_versions",
    ),
    _genai(
        "/agents/{agent_uuid}/api_keys",
        lambda world, ask: genai.api_keys(world.plan, _agent(world, ask)),
        "api_key_infos",
    ),
    _genai("/knowledge_bases", _bases, "knowledge_bases"),
    _genai("/knowledge_bases/{knowledge_base_uuid}/data_sources", _data_sources, "knowledge_base_data_sources"),
    _genai("/indexing_jobs", _jobs, "jobs"),
    _genai("/models/api_keys", "genai_model_keys", "api_key_infos"),
    Endpoint(_GENAI + "/models/catalog", ("genai:read",), _catalog, "data"),
    Endpoint(_GENAI + "/models/catalog/{id}", ("genai:read",), _model),
    _genai("/models/routers", "genai_routers", "model_routers"),
    _genai("/models", "genai_models", "models"),
    _genai("/anthropic/keys", "genai_anthropic_keys", "api_key_infos"),
    _genai("/openai/keys", "genai_openai_keys", "api_key_infos"),
    whole(
        _GENAI + "/workspaces",
        "genai:read",
        lambda world, ask: genai.workspaces(world.plan, world.tables, ask.now),
    ),
    _genai("/custom_models", "genai_custom_models", "models"),
    whole(_GENAI + "/evaluation_test_cases", "genai:read", _test_cases),
    whole(_GENAI + "/evaluation_test_cases/{test_case_uuid}/evaluation_runs", "genai:read", _evaluation_runs),
    _genai("/model_evaluation_runs", _model_runs, "runs"),
    Endpoint(_GENAI + "/model_evaluation_runs/{eval_run_uuid}", ("genai:read",), _model_run, "run"),
    _genai(
        "/simulation_runs", lambda world, ask: agents.simulations(world.plan, world.tables, ask.now), "simulation_runs"
    ),
    Endpoint("/v2/agents/sessions", ("genai:read",), _sessions, "sessions"),
    whole("/v2/agents/sessions/sandbox/sizes", "genai:read", lambda world, ask: agents.SIZES),
    whole(_GENAI + "/evaluation_datasets", "genai:read", "genai_datasets"),
    Endpoint(
        "/v2/dedicated-inferences/sizes",
        ("dedicated_inference:read",),
        lambda world, ask: reference.inference_sizes(),
        "sizes",
    ),
    collection(
        "/v2/dedicated-inferences",
        "dedicated_inference:read",
        "dedicated_inferences",
        "dedicated_inferences",
    ),
    collection(_INFERENCE + "/accelerators", "dedicated_inference:read", _accelerators),
    collection(
        _INFERENCE + "/tokens",
        "dedicated_inference_tokens:read",
        lambda world, ask: inference.tokens(world.plan, _endpoint(world, ask)),
    ),
    collection("/v2/insights/alert-rules", "insights:read", "alert_rules", "alert_rules"),
    collection("/v2/insights/alert-instances", "insights:read", _alerts, "alert_instances"),
    once_used("prepayment", Endpoint("/v2/customers/my/prepayment_config", ("billing:read",), _prepayment)),
    Endpoint(
        "/v2/1-clicks", (), lambda world, ask: {"1_clicks": reference.one_clicks(ask.query.get("type"))}, "1_clicks"
    ),
    Endpoint("/v2/kubernetes/options", ("kubernetes:read",), lambda world, ask: reference.kubernetes_options()),
    Endpoint("/v2/registries/options", ("registry:read",), lambda world, ask: reference.registry_options()),
]
