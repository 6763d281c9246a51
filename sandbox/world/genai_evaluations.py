"""GenAI evaluations: test cases and their data sets, runs of agents and of models."""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world import genai_models
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

_RUN_EVERY = timedelta(days=4)
_MODEL_RUN_EVERY = timedelta(days=3)
_ROWS = 40
_EMAIL = "robin.shore@example.com"
# How old a run is when it enters each state.
_STATES = [
    (timedelta(minutes=20), "SUCCESSFUL", _ROWS),
    (timedelta(minutes=10), "EVALUATING_RESULTS", _ROWS // 2),
    (timedelta(minutes=2), "RUNNING_DATASET", 0),
    (timedelta(0), "QUEUED", 0),
]


def build(plan: Plan, _: Tables) -> Tables:
    """The tables of this module: two data sets and a test case on each."""
    rng = plan.rng("genai_evaluations")
    datasets = [
        {
            "dataset_uuid": uuid(rng),
            "dataset_name": name,
            "dataset_type": f"EVALUATION_DATASET_TYPE_{kind}",
            "file_size": str(rng.randrange(10_000, 900_000)),
            "has_ground_truth": kind == "MODEL",
            "row_count": _ROWS,
            "created_at": stamp(plan.past(rng, 150) - timedelta(days=40)),
        }
        for name, kind in (("tickets.csv", "NON_ADK"), ("answers.csv", "MODEL"))
    ]
    metric = {
        "metric_uuid": uuid(rng),
        "metric_name": "Correctness",
        "description": "Whether the answer is right",
        "category": "METRIC_CATEGORY_CORRECTNESS",
        "metric_type": "METRIC_TYPE_GENERAL_QUALITY",
        "metric_value_type": "METRIC_VALUE_TYPE_PERCENTAGE",
        "evaluation_scope": "EVALUATION_SCOPE_AGENT",
        "source": "EVALUATION_METRIC_SOURCE_BUILTIN",
        "inverted": False,
        "is_metric_goal": True,
        "metric_rank": 1,
        "range_min": 0.0,
        "range_max": 100.0,
    }
    cases = [
        {
            "test_case_uuid": uuid(rng),
            "name": f"{dataset['dataset_name']} check",
            "description": "Nightly check",
            "dataset": dataset,
            "dataset_name": dataset["dataset_name"],
            "dataset_uuid": dataset["dataset_uuid"],
            "metrics": [metric],
            "star_metric": {
                "metric_uuid": metric["metric_uuid"],
                "name": metric["metric_name"],
                "success_threshold": 80.0,
                "success_threshold_pct": 80,
            },
            "version": 1,
            "created_by_user_email": _EMAIL,
            "created_by_user_id": genai_models.CREATED_BY,
            "updated_by_user_email": _EMAIL,
            "updated_by_user_id": genai_models.CREATED_BY,
            "created_at": dataset["created_at"],
            "updated_at": dataset["created_at"],
        }
        for dataset in datasets
    ]
    return {"genai_datasets": datasets, "genai_test_cases": cases}


def current(plan: Plan, tables: Tables, case: Record, now: datetime) -> Record:
    """The test case with the number of its runs."""
    count = len(runs(plan, tables, case, now))
    return {**case, "total_runs": count, "latest_version_number_of_runs": count}


def runs(plan: Plan, tables: Tables, case: Record, now: datetime) -> list[Record]:
    """The test case's runs by `now`, newest first; each is of the team's first agent."""
    agent = tables["genai_agents"][0]
    begin = max(parse(case["created_at"]), parse(agent["created_at"]))
    found = []
    for number, queued, rng in slots(plan, f"evaluation_runs/{case['test_case_uuid']}", _RUN_EVERY, begin, now):
        _, state, _ = next(row for row in _STATES if now - queued >= row[0])
        id_, score = uuid(rng), round(rng.uniform(60, 100), 1)
        run = {
            "evaluation_run_uuid": id_,
            "run_name": f"run-{number}",
            "status": f"EVALUATION_RUN_{state}",
            "test_case_uuid": case["test_case_uuid"],
            "test_case_name": case["name"],
            "test_case_description": case["description"],
            "test_case_version": 1,
            "agent_uuid": agent["uuid"],
            "agent_name": agent["name"],
            "agent_deployment_name": agent["deployment"]["name"],
            "agent_deleted": False,
            "created_by_user_email": _EMAIL,
            "created_by_user_id": genai_models.CREATED_BY,
            "queued_at": stamp(queued),
        }
        if state != "QUEUED":
            run["started_at"] = stamp(queued + _STATES[2][0])
        if state == "SUCCESSFUL":
            result = {
                "metric_uuid": case["metrics"][0]["metric_uuid"],
                "metric_name": case["metrics"][0]["metric_name"],
                "metric_value_type": "METRIC_VALUE_TYPE_PERCENTAGE",
                "number_value": score,
                "status": "EVALUATION_METRIC_RESULT_STATUS_COMPLETED",
            }
            over = {"finished_at": stamp(queued + _STATES[0][0]), "pass_status": score >= 80}
            run |= {**over, "star_metric_result": result, "run_level_metric_results": [result]}
        found.append(run)
    return found[::-1]


def model_runs(plan: Plan, tables: Tables, now: datetime) -> list[Record]:
    """The evaluations of models by `now`, oldest first."""
    models = tables["genai_models"]
    dataset = tables["genai_datasets"][1]
    found = []
    begin = parse(dataset["created_at"])
    for number, created, rng in slots(plan, "model_evaluation_runs", _MODEL_RUN_EVERY, begin, now):
        _, state, rows = next(row for row in _STATES if now - created >= row[0])
        candidate = models[number % 3]
        found.append(
            {
                "eval_run_uuid": uuid(rng),
                "name": f"model-run-{number}",
                "status": f"MODEL_EVALUATION_RUN_{state}",
                "candidate_model_name": candidate["name"],
                "candidate_model_uuid": candidate["uuid"],
                "candidate_model_source": "CANDIDATE_MODEL_SOURCE_SERVERLESS",
                "judge_model_name": models[3]["name"],
                "judge_model_uuid": models[3]["uuid"],
                "dataset_name": dataset["dataset_name"],
                "dataset_uuid": dataset["dataset_uuid"],
                "created_at": stamp(created),
                "progress": {
                    "candidate_rows_evaluated": rows,
                    "judge_rows_evaluated": rows,
                    "total_rows": _ROWS,
                },
            }
        )
    return found


def with_result(run: Record) -> Record:
    """A run as it is asked for alone: with its summary, once it has ended."""
    if not run["status"].endswith("SUCCESSFUL"):
        return run
    created, rows = parse(run["created_at"]), run["progress"]["total_rows"]
    ended = created + _STATES[0][0]
    tokens = {"total_candidate_tokens": str(900 * rows), "total_judge_tokens": str(300 * rows)}
    return {
        **run,
        "started_at": stamp(created),
        "completed_at": stamp(ended),
        "epochs": 1,
        "result_summary": {
            "overall_score_percent": 84.5,
            "start_time": stamp(created),
            "end_time": stamp(ended),
            "total_duration_seconds": int((ended - created).total_seconds()),
            "performance_metrics": {"token_usage": tokens},
            "pricing": {"currency": "USD", "total_cost": round(0.0004 * rows, 4)},
        },
    }
