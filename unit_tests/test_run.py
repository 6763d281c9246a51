"""The command line: files that are missing or garbled, and catalogs that name what does not exist."""

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from source_digitalocean_quolum import run as command_line
from unit_tests.mock_server.commands import COMPLETE, TOKEN, read, token_config
from unit_tests.mock_server.server import PAGE, DigitalOcean

Run = Callable[..., tuple[int, list[dict[str, Any]]]]
CATALOG = {
    "streams": [
        {
            "stream": {"name": "volumes", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
            "sync_mode": "full_refresh",
            "destination_sync_mode": "overwrite",
        }
    ]
}


def one_stream(**changes: Any) -> dict[str, Any]:
    return {"streams": [{**CATALOG["streams"][0], **changes}]}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in this process: its exit code and its messages, for it prints nothing else."""
    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def run(*args: str | Path) -> tuple[int, list[dict[str, Any]]]:
        try:
            command_line.run([str(arg) for arg in args])
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return {
        "config": write(tmp_path / "config.json", token_config()),
        "catalog": write(tmp_path / "catalog.json", CATALOG),
    }


def spoken(messages: list[dict[str, Any]]) -> str:
    """All that was said, without the field that the protocol has for the code's own trail."""
    for message in messages:
        message.get("trace", {}).get("error", {}).pop("stack_trace", None)
    return json.dumps(messages)


GARBLED: list[Any] = ["", "{", "not json", "[]", "7", "null", "{}", {"credentials": {}}, "{'credentials': 1}"]


@pytest.mark.parametrize("content", GARBLED)
def test_check_answers_a_bad_configuration_with_a_status(run: Run, tmp_path: Path, content: Any) -> None:
    code, messages = run("check", "--config", write(tmp_path / "c.json", content))

    (status,) = [message["connectionStatus"] for message in messages if message["type"] == "CONNECTION_STATUS"]
    assert code == 0
    assert status["status"] == "FAILED"
    assert "onfiguration" in status["message"]
    assert "Traceback" not in spoken(messages)


@pytest.mark.parametrize("content", GARBLED)
def test_read_answers_a_bad_configuration_with_a_trace(
    run: Run, files: dict[str, Path], tmp_path: Path, content: Any
) -> None:
    bad = write(tmp_path / "bad.json", content)

    code, messages = run("read", "--config", bad, "--catalog", files["catalog"])

    (trace,) = [message["trace"]["error"] for message in messages if message["type"] == "TRACE"]
    assert code == 1
    assert trace["failure_type"] == "config_error"
    assert "onfiguration" in trace["message"]
    assert "Traceback" not in spoken(messages)


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("config", None, "The configuration {path} cannot be used: there is no such file."),
        ("catalog", None, "The catalog {path} cannot be used: there is no such file."),
        ("state", None, "The state {path} cannot be used: there is no such file."),
        ("config", "", "The configuration {path} cannot be used: it is empty."),
        ("config", '{\n "a": 1,\n}', "The configuration {path} cannot be used: it is not JSON: line 3, column 1: "),
        ("catalog", '{"streams": [\n{]', "The catalog {path} cannot be used: it is not JSON: line 2, column 2: "),
        ("catalog", [], "it must be a JSON object with a list of `streams`."),
        ("catalog", {"streams": [{}]}, "its stream number 1 must be an object with a `stream` that has a `name`."),
        ("catalog", {"streams": [{"stream": {"name": "x"}}]}, "the stream x has no list of `supported_sync_modes`."),
        ("catalog", one_stream(sync_mode="often"), "`sync_mode` of the stream volumes must be one of full_refresh, "),
        ("catalog", one_stream(destination_sync_mode=None), "`destination_sync_mode` of the stream volumes must be "),
        ("state", "[\n\n1 2]", "The state {path} cannot be used: it is not JSON: line 3, column 3: "),
        (
            "state",
            {"apps": {}},
            "The state {path} cannot be used: it must be a JSON list with a state for each stream.",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    run: Run, files: dict[str, Path], tmp_path: Path, option: str, content: Any, words: str
) -> None:
    path = tmp_path / "odd.json"
    if content is not None:
        write(path, content)
    chosen = {**files, option: path}

    code, messages = run("read", *[part for o, p in chosen.items() for part in (f"--{o}", p)])

    (trace,) = [message["trace"]["error"] for message in messages if message["type"] == "TRACE"]
    assert code == 1
    assert words.format(path=path) in trace["message"]
    assert trace["failure_type"] == "config_error"
    assert "Traceback" not in spoken(messages)


def test_a_directory_is_no_file(run: Run, tmp_path: Path) -> None:
    code, messages = run("check", "--config", tmp_path)

    assert code == 0
    assert messages[-1]["connectionStatus"]["message"].endswith("cannot be used: Is a directory.")


def test_spec_takes_no_files(run: Run) -> None:
    code, messages = run("spec")

    assert code == 0
    assert [message["type"] for message in messages if message["type"] != "LOG"] == ["SPEC"]


def test_a_read_prints_what_the_protocol_wants(run: Run, files: dict[str, Path], api: DigitalOcean) -> None:
    api.lists("/v2/volumes", "volumes", [{"id": "a"}])

    code, messages = run("read", "--config", files["config"], "--catalog", files["catalog"])

    assert code == 0
    assert [message["record"]["data"] for message in messages if message["type"] == "RECORD"] == [{"id": "a"}]
    assert [m["trace"]["stream_status"]["status"] for m in messages if m["type"] == "TRACE"] == [
        status.value for status in COMPLETE
    ]


def test_the_process_ends_with_1_and_prints_no_traceback(tmp_path: Path) -> None:
    config = write(tmp_path / "config.json", {"credentials": {"auth_type": "access_token"}, "teem": TOKEN})
    catalog = write(tmp_path / "catalog.json", CATALOG)
    code = "from source_digitalocean_quolum.run import run; run()"

    process = subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-c", code, "read", "--config", config, "--catalog", catalog],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    messages = [json.loads(line) for line in process.stdout.splitlines()]
    assert process.returncode == 1
    assert process.stderr == ""
    (trace,) = [message["trace"]["error"] for message in messages if message["type"] == "TRACE"]
    assert "`credentials.access_token` is missing" in trace["message"]
    assert "`teem` is not a setting of this connector" in trace["message"]
    assert "Traceback" not in spoken(messages)
    assert TOKEN not in process.stdout + process.stderr


def test_a_stream_that_does_not_exist_is_named_and_the_others_are_read(api: DigitalOcean) -> None:
    api.lists("/v2/volumes", "volumes", [{"id": "a"}])

    output = read("volumes", "dropletz", expect_failure=True)

    assert output.rows("volumes") == [{"id": "a"}]
    assert output.status("volumes") == "COMPLETE"
    kind, message = output.error("dropletz")
    assert kind == FailureType.config_error
    assert "no stream dropletz: refresh the source's schema" in message
    assert output.failed
    assert api.asked("/v2/volumes") == [PAGE]
