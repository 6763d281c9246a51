"""Input nobody sends on purpose: never a traceback for a person, never a hang, always a message with a failure type."""

import copy
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from integration_tests.connector import Run, configured
from integration_tests.faults.warm import Warm
from sandbox import Sandbox

# HYPOTHESIS_EXAMPLES=500 for a long run.
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "12"))
FUZZED = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


class Bodies:
    """A server on loopback that answers every request with the same status and bytes."""

    def __init__(self) -> None:
        self.status, self.body, self.kind = 200, b"", "application/json"
        fuzz = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(fuzz.status)
                self.send_header("Content-Type", fuzz.kind)
                self.send_header("Content-Length", str(len(fuzz.body)))
                self.end_headers()
                self.wfile.write(fuzz.body)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm(600) as started:
        yield started


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=5, days=5, seed=3, rate_limit=6_000_000) as running:
        yield running


@pytest.fixture(scope="module")
def bodies() -> Iterator[Bodies]:
    server = Bodies()
    yield server
    server.close()


def well_behaved(done: Run, token: str = "") -> None:
    """Ended, spoke only Airbyte's messages, and said why if it failed."""
    assert done.exit_code in (0, 1), done.exit_code
    assert "Traceback" not in done.stderr
    assert token == "" or token not in done.stdout
    verdicts = [error["failure_type"] for error in done.errors]
    verdicts += [status["status"] for status in done.of("CONNECTION_STATUS") if status["status"] == "FAILED"]
    if done.exit_code:
        assert verdicts, done.stdout[-2000:]
    # A failure_type `system_error` is a bug of ours: no input may lead there but a refusal of what we asked, and a
    # status that DigitalOcean does not document. The last message of a read only names the streams.
    bugs = [error["message"] for error in done.errors if error["failure_type"] == "system_error"]
    told = ("DigitalOcean refused /v2/", "DigitalOcean answered HTTP 2", "These streams are incomplete: ")
    assert [text for text in bugs if not text.startswith(told)] == []


def checked(done: Run) -> None:
    """Well-behaved, and one verdict with a sentence."""
    well_behaved(done)
    (verdict,) = done.of("CONNECTION_STATUS")
    assert verdict["message"]


def changed(valid: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The document with another value at one place."""
    fuzzed = copy.deepcopy(valid)
    node: Any = fuzzed
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = value
    return fuzzed


@FUZZED
@given(
    path=st.sampled_from(
        [
            *(("credentials",), ("credentials", "auth_type"), ("credentials", "access_token"), ("credentials", "more")),
            *(("start_date",), ("utilization",), ("num_workers",), ("something",), ("api_base_url",)),
        ]
    ),
    value=JSON,
)
def test_any_configuration_is_checked_with_a_sentence(
    warm: Warm, sandbox: Sandbox, path: tuple[str, ...], value: Any
) -> None:
    valid = sandbox.config(start_date="2026-01-01T00:00:00Z")
    checked(warm.run("check", config=changed(valid, path, value)))


@FUZZED
@given(text=st.text(max_size=200) | JSON.map(json.dumps))
def test_any_text_as_a_configuration_is_refused_with_a_sentence(warm: Warm, text: str) -> None:
    checked(warm.run("check", config=text))


@FUZZED
@given(path=st.sampled_from([("streams",), ("something",)]), value=JSON)
def test_any_catalog_is_read_or_refused_with_a_sentence(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]], path: tuple[str, ...], value: Any
) -> None:
    catalog = configured(streams, "volumes")
    well_behaved(warm.run("read", config=sandbox.config(), catalog=changed(catalog, path, value)), sandbox.token)


@FUZZED
@given(content=JSON)
@example(content=[[None, None]])
def test_any_state_is_gone_on_from_or_refused_with_a_sentence(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]], content: Any
) -> None:
    stream = {"stream_descriptor": {"name": "projects"}, "stream_state": content}
    state = [{"type": "STREAM", "stream": stream}]
    done = warm.run("read", config=sandbox.config(), catalog=configured(streams, "projects"), state=state)
    well_behaved(done, sandbox.token)


@FUZZED
@given(
    status=st.sampled_from([200, 200, 200, 201, 204, 301, 400, 404, 409, 418, 422, 500]),
    body=st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | JSON.map(lambda value: json.dumps({"volumes": value}).encode())
    | st.lists(JSON, max_size=3).map(lambda value: json.dumps({"volumes": value, "meta": value}).encode())
    | JSON.map(lambda value: json.dumps({"volumes": [], "links": value, "meta": {"total": value}}).encode()),
    kind=st.sampled_from(["application/json", "text/html", "text/csv", ""]),
)
def test_any_answer_is_read_or_fails_its_stream_with_a_sentence(
    warm: Warm, bodies: Bodies, streams: list[dict[str, Any]], status: int, body: bytes, kind: str
) -> None:
    bodies.status, bodies.body, bodies.kind = status, b"" if status == 204 else body, kind
    token = "dop_v1_" + "a" * 64
    config = {"credentials": {"auth_type": "access_token", "access_token": token}, "api_base_url": bodies.url}
    done = warm.run("read", config=config, catalog=configured(streams, "volumes"))
    well_behaved(done, token)
    assert set(done.statuses.values()) <= {"COMPLETE", "INCOMPLETE"}
