"""Streams of what is newer than the specification: lists that go on by a token, children that are asked once."""

from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.test.state_builder import StateBuilder

from unit_tests.mock_server.commands import read
from unit_tests.mock_server.server import PAGE, DigitalOcean, Reply, Request, error

SESSIONS = "/v2/agents/sessions"
RUNS = "/v2/gen-ai/model_evaluation_runs"
SORTED = {
    **PAGE,
    "sort_by": "MODEL_EVALUATION_RUN_SORT_FIELD_CREATED_AT",
    "sort_direction": "SORT_DIRECTION_DESC",
}


def session(number: int) -> dict[str, Any]:
    return {"session_id": f"s-{number}", "status": "SESSION_STATUS_RUNNING"}


def test_a_list_goes_on_by_its_token_to_its_end(api: DigitalOcean) -> None:
    first, second = [session(1), session(2)], [session(2), session(3)]
    api.on(SESSIONS, {"page_size": "100"}, {"sessions": first, "next_page_token": "t-1"})
    api.on(SESSIONS, {"page_size": "100", "page_token": "t-1"}, {"sessions": second, "next_page_token": ""})

    output = read("agent_sessions")

    assert output.status("agent_sessions") == "COMPLETE"
    assert [row["session_id"] for row in output.rows("agent_sessions")] == ["s-1", "s-2", "s-3"]


def test_a_token_that_leads_back_ends_the_stream_with_a_failure(api: DigitalOcean) -> None:
    api.on(SESSIONS, {"page_size": "100"}, {"sessions": [session(1)], "next_page_token": "t-1"})
    api.on(SESSIONS, {"page_size": "100", "page_token": "t-1"}, {"sessions": [session(2)], "next_page_token": "t-1"})

    output = read("agent_sessions", expect_failure=True)

    kind, message = output.error("agent_sessions")
    assert output.status("agent_sessions") == "INCOMPLETE"
    assert kind == FailureType.transient_error
    assert "names a page before it" in message


def test_a_team_without_managed_agents_has_no_sessions(api: DigitalOcean) -> None:
    api.on(SESSIONS, {"page_size": "100"}, error(404))

    output = read("agent_sessions")

    assert output.status("agent_sessions") == "COMPLETE"
    assert output.rows("agent_sessions") == []


def test_an_evaluation_is_asked_for_once_it_has_ended_and_never_again(api: DigitalOcean) -> None:
    def run(name: str, status: str) -> dict[str, Any]:
        return {
            "eval_run_uuid": name,
            "status": f"MODEL_EVALUATION_RUN_{status}",
            "created_at": "2026-03-05T00:00:00Z",
            "completed_at": "2026-03-05T01:00:00Z",
        }

    def answer(name: str) -> dict[str, Any]:
        cost = {"result_summary": {"pricing": {"currency": "USD", "total_cost": 0.25}}}
        return {"run": {**run(name, "SUCCESSFUL"), **cost}, "results": [{"row_number": 1}], "meta": {"total": 1}}

    api.on(RUNS, SORTED, {"runs": [run("r-2", "QUEUED"), run("r-1", "SUCCESSFUL")], "meta": {"total": 2}})
    api.on(f"{RUNS}/r-1", {"page": "1", "per_page": "1"}, answer("r-1"))
    first = read("genai_model_evaluation_results")
    assert [row["eval_run_uuid"] for row in first.rows("genai_model_evaluation_results")] == ["r-1"]
    assert first.rows("genai_model_evaluation_results")[0]["result_summary"]["pricing"]["total_cost"] == 0.25

    state = StateBuilder().with_stream_state(
        "genai_model_evaluation_results", first.state_of("genai_model_evaluation_results")
    )
    api.on(RUNS, SORTED, {"runs": [run("r-2", "FAILED"), run("r-1", "SUCCESSFUL")], "meta": {"total": 2}})
    api.on(f"{RUNS}/r-2", {"page": "1", "per_page": "1"}, answer("r-2"))
    api.requests.clear()
    second = read("genai_model_evaluation_results", state=state.build())

    assert [row["eval_run_uuid"] for row in second.rows("genai_model_evaluation_results")] == ["r-2"]
    assert api.asked(f"{RUNS}/r-1") == []


def test_the_last_day_is_asked_for_what_sends_measurements(api: DigitalOcean) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Any:
        asked.append(request)
        return Reply({"status": "success", "data": ["do:droplet:7"]})

    api.lists("/v2/regions", "regions", [{"slug": "nyc3"}])
    api.on("/v2/insights/query/nyc3/prom/api/v1/label/resource_urn/values", None, answer)

    (row,) = read("insights_resources").rows("insights_resources")

    assert (row["region"], row["resource_urn"]) == ("nyc3", "do:droplet:7")
    (query,) = [request.query for request in asked]
    assert query["start"][:10] < query["end"][:10]
    assert query["start"][10:] == query["end"][10:]


def test_the_catalog_of_models_is_asked_with_the_current_parameter(api: DigitalOcean) -> None:
    path = "/v2/gen-ai/models/catalog"
    for page, model in (("1", "a"), ("2", "b")):
        api.on(path, {**PAGE, "page": page}, {"data": [{"id": model}], "meta": {"page": int(page), "pages": 2}})

    rows = read("genai_model_catalog").rows("genai_model_catalog")

    assert [row["id"] for row in rows] == ["a", "b"]


@pytest.mark.parametrize("detail", [{}, {"pricing_detail": None}, {"pricing_detail": {"variants": []}}])
def test_a_model_without_prices_by_mode_has_none(api: DigitalOcean, detail: dict[str, Any]) -> None:
    api.on("/v2/gen-ai/models/catalog", PAGE, {"data": [{"id": "m", "model_id": "llama"}], "meta": {"pages": 1}})
    api.on("/v2/gen-ai/models/catalog/m", {}, {"data": {"id": "m", **detail}})

    output = read("genai_model_prices")

    assert output.status("genai_model_prices") == "COMPLETE"
    assert output.rows("genai_model_prices") == []
