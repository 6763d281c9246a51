"""GenAI knowledge bases: what they know from, and the jobs that index it."""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world import genai_models
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

_INDEXED_EVERY = timedelta(days=2)


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module: one knowledge base for every two agents; their vectors are in OpenSearch."""
    rng = plan.rng("genai_knowledge_bases")
    stores = [one["id"] for one in tables["databases"] if one["engine"] == "opensearch"]
    bases: list[Record] = []
    for index, agent in enumerate(tables["genai_agents"][::2]):
        created = parse(agent["created_at"]) + timedelta(minutes=30)
        bases.append(
            {
                "uuid": uuid(rng),
                "name": f"knowledge-{agent['name']}",
                "database_id": stores[index % len(stores)],
                "embedding_model_uuid": genai_models.model_uuid(genai_models.EMBEDDING),
                "added_to_agent_at": stamp(created + timedelta(minutes=5)),
                "is_public": False,
                "project_id": agent["project_id"],
                "region": "tor1",
                "reranking_config": {"enabled": index % 2 == 0, "model": "bge-reranker-v2-m3"},
                "tags": agent["tags"],
                "user_id": genai_models.CREATED_BY,
                "created_at": stamp(created),
                "updated_at": stamp(created),
            }
        )
    return {"genai_knowledge_bases": bases}


def current(plan: Plan, base: Record, now: datetime) -> Record:
    """The knowledge base with its last indexing job."""
    done = jobs(plan, [base], now)
    return {**base, "last_indexing_job": done[0], "updated_at": done[0]["updated_at"]} if done else base


def _sources(plan: Plan, base: Record) -> list[str]:
    rng = plan.rng(f"data_sources/{base['uuid']}")
    return [uuid(rng), uuid(rng)]


def data_sources(plan: Plan, base: Record, now: datetime) -> list[Record]:
    """A bucket and a web site."""
    last: list[Record] = next((job["data_source_jobs"] for job in jobs(plan, [base], now)), [])
    bucket = {"bucket_name": "assets", "item_path": f"{base['name']}/", "region": "nyc3"}
    site = {"base_url": "https://docs.example.com", "crawling_option": "SCOPED", "embed_media": False}
    rows: list[Record] = [{"spaces_data_source": bucket, **bucket}, {"web_crawler_data_source": site}]
    return [
        {
            "uuid": id_,
            **row,
            "chunking_algorithm": "CHUNKING_ALGORITHM_SECTION_BASED",
            "chunking_options": {"max_chunk_size": 750},
            "created_at": base["created_at"],
            "updated_at": base["created_at"],
            **({"last_datasource_indexing_job": last[number]} if last else {}),
        }
        for number, (id_, row) in enumerate(zip(_sources(plan, base), rows, strict=True))
    ]


def jobs(plan: Plan, bases: list[Record], now: datetime) -> list[Record]:
    """The indexing jobs of these knowledge bases by `now`, newest first; each takes five to forty minutes."""
    found = []
    for base in bases:
        sources = _sources(plan, base)
        for _, started, rng in slots(plan, f"indexing/{base['uuid']}", _INDEXED_EVERY, parse(base["created_at"]), now):
            id_, ends = uuid(rng), started + timedelta(seconds=rng.randrange(300, 2400))
            over, tokens = ends <= now, rng.randrange(10_000, 900_000)
            failed = rng.random() < 0.05
            status = "FAILED" if failed else "UPDATED"
            part = {
                "started_at": stamp(started),
                "status": f"DATA_SOURCE_STATUS_{status if over else 'IN_PROGRESS'}",
                "total_bytes": str(tokens * 4),
                "total_file_count": "12",
                "indexed_item_count": "0" if failed or not over else "120",
                "failed_item_count": "120" if failed and over else "0",
            }
            phase, outcome = ("FAILED", "FAILED") if failed else ("SUCCEEDED", "COMPLETED")
            job = {
                "uuid": id_,
                "knowledge_base_uuid": base["uuid"],
                "data_source_uuids": sources,
                "data_source_jobs": [
                    {"data_source_uuid": source, **part, **({"completed_at": stamp(ends)} if over else {})}
                    for source in sources
                ],
                "completed_datasources": len(sources) if over else 0,
                "total_datasources": len(sources),
                "phase": f"BATCH_JOB_PHASE_{phase if over else 'RUNNING'}",
                "status": f"INDEX_JOB_STATUS_{outcome if over else 'IN_PROGRESS'}",
                "tokens": tokens if over else 0,
                "total_tokens": str(tokens if over else 0),
                "is_report_available": over,
                "created_at": stamp(started),
                "started_at": stamp(started),
                "updated_at": stamp(ends if over else started),
            }
            found.append({**job, "finished_at": stamp(ends)} if over else job)
    return sorted(found, key=lambda one: str(one["created_at"]), reverse=True)
