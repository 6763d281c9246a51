"""GenAI models: those DigitalOcean offers, with prices; the team's own; routers and the keys to use them."""

from datetime import datetime
from random import Random

from sandbox.clock import stamp
from sandbox.world.databases import PLANTED
from sandbox.world.grouping import Tables
from sandbox.world.plan import Plan, Record, uuid

# Id, name, creator, provider, type, context, parameters (10^9), USD for a million tokens in and out.
_MODELS = [
    ("llama3.3-70b-instruct", "Llama 3.3 Instruct (70B)", "Meta", "DIGITALOCEAN", "chat", 128_000, 70.0, 0.65, 0.65),
    ("openai-gpt-oss-120b", "GPT-oss 120B", "OpenAI", "DIGITALOCEAN", "reasoning", 131_072, 117.0, 0.1, 0.7),
    ("deepseek-r1-distill-llama-70b", "DeepSeek R1", "DeepSeek", "DIGITALOCEAN", "reasoning", 32_000, 70.0, 0.99, 0.99),
    (
        "mistral-nemo-instruct-2407",
        "Mistral NeMo Instruct",
        "Mistral AI",
        "DIGITALOCEAN",
        "chat",
        128_000,
        12.0,
        0.3,
        0.3,
    ),
    ("openai-gpt-4o", "GPT-4o", "OpenAI", "OPENAI", "chat", 128_000, 0.0, 2.5, 10.0),
    ("gte-large-en-v1.5", "GTE Large (v1.5)", "Alibaba", "DIGITALOCEAN", "embedding", 8192, 0.434, 0.09, 0.0),
]
_PUBLISHED = "2026-03-01T00:00:00Z"
EMBEDDING = len(_MODELS) - 1
CREATED_BY = "12846501"


def model_uuid(index: int) -> str:
    """The id of a model: the same for every customer."""
    return uuid(Random(f"genai_model/{index}"))


def _shared(index: int) -> Record:
    _, name, creator, provider, kind, context, parameters, _, _ = _MODELS[index]
    record: Record = {
        "uuid": model_uuid(index),
        "name": name,
        "agreement": {
            "name": f"{creator} terms",
            "description": "",
            "url": f"https://{creator.lower()}.example.com/terms",
        },
        "benchmark_score": {},
        "capabilities": ["embedding"] if kind == "embedding" else ["streaming", "tool_calling"],
        "context_window": str(context),
        "created_at": _PUBLISHED,
        "endpoints": [{"endpoint": "/chat/completions", "capabilities": ["streaming"]}],
        "is_foundational": True,
        "lifecycle_status": "deprecated" if "deepseek" in name.lower() else "active",
        "modalities": {"input": ["text"], "output": ["text"]},
        "parameter_count": parameters,
        "provider": f"MODEL_PROVIDER_{provider}",
        "reasoning_efforts": ["low", "medium", "high"] if kind == "reasoning" else [],
        "settings": [{"name": "temperature", "type": "number", "default_value": 0.7, "min": 0.0, "max": 1.0}],
        "thinking": kind == "reasoning",
        "type": kind,
        "updated_at": _PUBLISHED,
        "upload_complete": True,
        "url": "",
        "version": {"major": 1, "minor": 0, "patch": 0},
    }
    if kind == "embedding":
        record |= {"kb_default_chunk_size": 750, "kb_min_chunk_size": 100, "kb_max_chunk_size": 8192}
    return record


def nested(index: int) -> Record:
    """A model as it stands inside an agent or a key."""
    use = "KNOWLEDGEBASE" if index == EMBEDDING else "AGENT"
    usecases = [f"MODEL_USECASE_{use}", "MODEL_USECASE_SERVERLESS"]
    return {**_shared(index), "inference_name": _MODELS[index][0], "usecases": usecases, "metadata": {}}


def _pricing(index: int) -> Record:
    return {"input_price_per_million": _MODELS[index][7], "output_price_per_million": _MODELS[index][8]}


def models() -> list[Record]:
    """The models on offer."""
    return [
        {
            **_shared(index),
            "id": row[0],
            "description": f"{row[1]} by {row[2]}",
            "model_availability": "serverless",
            "pricing": _pricing(index),
        }
        for index, row in enumerate(_MODELS)
    ]


def catalog() -> list[Record]:
    """The same models as the catalog shows them."""
    return [
        {
            "id": uuid(Random(f"genai_catalog/{index}")),
            "model_id": row[0],
            "name": row[1],
            "creator": row[2],
            "provider": f"MODEL_PROVIDER_{row[3]}",
            "type": "text-to-embedding" if row[4] == "embedding" else "text-to-text",
            "short_description": f"{row[1]} by {row[2]}",
            "availability": ["serverless"],
            "badges": [],
            "benchmark_score": {},
            "capabilities": ["embedding"] if row[4] == "embedding" else ["streaming", "tool_calling"],
            "context_window": str(row[5]),
            "max_output_tokens": "8192",
            "parameter_count": row[6],
            "pricing": _pricing(index),
            "scaled_pricing_enabled": False,
            "created_at": _PUBLISHED,
            **({"hugging_face_id": f"{row[2].lower()}/{row[0]}"} if row[3] == "DIGITALOCEAN" else {}),
        }
        for index, row in enumerate(_MODELS)
    ]


def priced(model: Record) -> Record:
    """A model of the catalog as it is asked for alone: with its prices by mode."""
    listed = {name: value for name, value in model.items() if name not in {"created_at", "scaled_pricing_enabled"}}
    shown = {"currency": "USD", "tier": "standard"}
    half = {name: price / 2 for name, price in model["pricing"].items()}
    variants = [
        {**shown, "label": "Serverless", "mode": "serverless", "prices": model["pricing"]},
        {**shown, "label": "Batch", "mode": "batch", "prices": half},
    ]
    return {**listed, "description": model["short_description"], "pricing_detail": {"variants": variants}}


def _moments(plan: Plan, created: datetime, rng: Random) -> Record:
    return {
        "created_at": stamp(created),
        "updated_at": stamp(created + (plan.anchor - created) * rng.random()),
    }


def _keys(plan: Plan, family: str, names: list[str], more: Record) -> list[Record]:
    rng = plan.rng(f"genai_keys/{family}")
    return [
        {
            "uuid": uuid(rng),
            "name": name,
            "created_by": CREATED_BY,
            **_moments(plan, plan.past(rng, 200), rng),
            **more,
        }
        for name in names
    ]


def _custom_models(plan: Plan) -> list[Record]:
    rng = plan.rng("genai_custom_models")
    sources = [
        (
            "SOURCE_TYPE_HUGGINGFACE",
            {
                "access_type": "ACCESS_TYPE_GATED",
                "repo_id": "example/support-7b",
                "commit_sha": f"{rng.getrandbits(160):040x}",
                "hf_token": f"hf_{PLANTED}-custom-model-hf_token",
            },
        ),
        ("SOURCE_TYPE_SPACES_BUCKET", {"bucket": "assets", "prefix": "models/triage", "region": "nyc3"}),
    ]
    return [
        {
            "uuid": uuid(rng),
            "name": f"support-{index}",
            "description": "Fine-tuned on the team's tickets",
            "status": "STATUS_READY",
            "architecture": "MistralForCausalLM",
            "active_deployments": [],
            "config_json": {"hidden_size": 4096},
            "context_length": 32_768,
            "cost_estimate_per_month": 7,
            "file_count": 11,
            "input_modalities": ["text"],
            "output_modalities": ["text"],
            "license": "apache-2.0",
            "parameters": "7248023552",
            "source_type": source_type,
            "source_ref": source,
            "storage_region": "nyc3",
            "tags": {"tags": ["env:prod"]},
            "team_id": "8842",
            "total_size_bytes": "14496047104",
            **_moments(plan, plan.past(rng, 120), rng),
        }
        for index, (source_type, source) in enumerate(sources)
    ]


def _routers(plan: Plan) -> list[Record]:
    rng = plan.rng("genai_model_routers")
    task = {"name": "Triage", "description": "Sort incoming tickets"}
    policy = {"custom_task": task, "models": [_MODELS[0][0]], "selection_policy": {"prefer": "cheapest"}}
    return [
        {
            "uuid": uuid(rng),
            "name": "support-router",
            "description": "Cheapest model that does",
            "regions": ["tor1"],
            "config": {"fallback_models": [_MODELS[1][0]], "policies": [policy]},
            **_moments(plan, plan.past(rng, 90), rng),
        }
    ]


def build(plan: Plan, _: Tables) -> Tables:
    """The tables of this module."""
    serverless = _keys(plan, "model", [f"service-{number:02d}" for number in range(2 + plan.droplets // 20)], {})
    for number, key in enumerate(serverless):
        del key["updated_at"]
        key["secret_key"] = f"{PLANTED}-model-key-{number}-secret_key"
    return {
        "genai_models": models(),
        "genai_catalog": catalog(),
        "genai_custom_models": _custom_models(plan),
        "genai_routers": _routers(plan),
        "genai_model_keys": serverless,
        "genai_anthropic_keys": _keys(plan, "anthropic", ["anthropic-prod"], {}),
        "genai_openai_keys": _keys(plan, "openai", ["openai-prod", "openai-dev"], {"models": [nested(4)]}),
    }
