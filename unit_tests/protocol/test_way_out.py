"""What a process writes: UTF-8 whatever the locale, one final word for one cause, an operator's words, no traceback."""

import gc
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from source_digitalocean_quolum import run as command_line
from source_digitalocean_quolum.cdk_ext.log_words import translate_log
from source_digitalocean_quolum.http.client import ApiClient
from source_digitalocean_quolum.source import SourceDigitaloceanQuolum
from unit_tests.mock_server.commands import TOKEN, token_config
from unit_tests.mock_server.server import PAGE, DigitalOcean, error

Messages = list[dict[str, Any]]
Run = Callable[..., tuple[int, Messages]]
# Not said to an operator, by nobody.
CDK_WORDS = (
    *("MemoryMonitor", "Marking stream", "Exception while syncing", "AirbyteTracedException", "During the sync"),
    *(
        "Something went wrong",
        "Could not find cursor field",
        "Skipping cursor update",
        "Check failed",
        "Concurrent read",
    ),
)


@pytest.fixture(autouse=True)
def filters() -> Iterator[None]:
    """The log's filter is the process's: other tests look at the log, too."""
    yield
    for handler in logging.getLogger().handlers:
        handler.removeFilter(translate_log)


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in this process: its exit code and its messages."""
    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def run(*args: str | Path) -> tuple[int, Messages]:
        code = 0
        try:
            command_line.run([str(arg) for arg in args])
        except SystemExit as end:
            code = int(end.code or 0)
        return code, [json.loads(line) for line in capsysbinary.readouterr().out.decode("utf-8").splitlines()]

    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(token_config()), encoding="utf-8")
    return path


def catalog(folder: Path, *streams: str) -> Path:
    """A catalog file of these streams."""
    configured = [
        {
            "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
            "sync_mode": "full_refresh",
            "destination_sync_mode": "overwrite",
        }
        for name in streams
    ]
    path = folder / "catalog.json"
    path.write_text(json.dumps({"streams": configured}), encoding="utf-8")
    return path


def errors(messages: Messages) -> list[tuple[str | None, str, str]]:
    """Stream, kind and words of each error trace."""
    found = [one["trace"]["error"] for one in messages if one["type"] == "TRACE" and "error" in one["trace"]]
    return [((one.get("stream_descriptor") or {}).get("name"), one["failure_type"], one["message"]) for one in found]


def test_one_final_word_for_each_stream_and_one_for_the_sync(
    run: Run, config: Path, tmp_path: Path, api: DigitalOcean
) -> None:
    api.on("/v2/volumes", PAGE, requests.ConnectionError("refused"))
    api.on("/v2/tags", PAGE, requests.ConnectionError("refused"))
    api.lists("/v2/regions", "regions", [])

    code, messages = run("read", "--config", config, "--catalog", catalog(tmp_path, "volumes", "tags", "regions"))

    assert code == 1
    assert {(stream, kind) for stream, kind, _ in errors(messages)} == {
        *((stream, "transient_error") for stream in ("tags", "volumes", None)),
    }
    assert len(errors(messages)) == 3
    assert (
        errors(messages)[-1][2] == "These streams are incomplete: tags, volumes. The message of each of them says why."
    )
    said = [
        one["log"]["message"] for one in messages if one["type"] == "LOG" and one["log"]["level"] in ("ERROR", "FATAL")
    ]
    assert said == []
    assert [word for word in CDK_WORDS if word in json.dumps(messages)] == []


def test_what_repeats_the_token_is_said_without_it(run: Run, config: Path, tmp_path: Path, api: DigitalOcean) -> None:
    api.on("/v2/volumes", PAGE, error(422, "odd", f"the token {TOKEN} is odd"))
    api.lists("/v2/tags", "tags", [{"name": f"see {TOKEN}"}])

    code, messages = run("read", "--config", config, "--catalog", catalog(tmp_path, "volumes", "tags"))

    assert code == 1
    assert [one["record"]["data"]["name"] for one in messages if one["type"] == "RECORD"] == ["see [removed]"]
    assert TOKEN not in json.dumps(messages)


def fail(problem: BaseException) -> Callable[..., Any]:
    def failing(*_: Any, **__: Any) -> Any:
        raise problem

    return failing


PROBLEMS = [
    MemoryError(),
    KeyError("links"),
    OSError(28, "No space left on device"),
    RecursionError("deep"),
    SystemError(),
]


@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
def test_check_always_ends_in_a_status(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    monkeypatch.setattr(ApiClient, "send", fail(problem))

    code, messages = run("check", "--config", config)

    (status,) = [one["connectionStatus"] for one in messages if one["type"] == "CONNECTION_STATUS"]
    assert code == 0
    assert status["status"] == "FAILED"
    assert errors(messages) == []
    assert ("memory" if isinstance(problem, MemoryError) else "defect of the connector") in status["message"]


def test_a_defect_is_a_sentence_with_its_place_and_without_its_text(
    run: Run, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SourceDigitaloceanQuolum, "streams", fail(ValueError("a body")))

    code, messages = run("read", "--config", config, "--catalog", catalog(tmp_path, "volumes"))

    assert code == 1
    ((stream, kind, words),) = errors(messages)
    assert (stream, kind) == (None, "system_error")
    assert words.startswith("This is a defect of the connector (ValueError): please report it")
    (trace,) = [one["trace"]["error"] for one in messages if one["type"] == "TRACE"]
    assert 'test_way_out.py", line' in trace["stack_trace"]
    assert "a body" not in json.dumps(messages).replace('fail(ValueError(\\"a body\\"))', "")


def test_no_temporary_folder_is_needed(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "_get_default_tempdir", fail(FileNotFoundError("No usable temporary directory")))
    monkeypatch.setattr(tempfile, "tempdir", None)

    for command in (["spec"], ["discover", "--config", config]):
        code, messages = run(*command)
        assert code == 0
        assert messages[-1]["type"] in ("SPEC", "CATALOG")


def test_a_configuration_may_come_through_a_pipe(run: Run) -> None:
    reading, writing = os.pipe()
    os.write(writing, json.dumps(token_config()).encode())
    os.close(writing)

    code, messages = run("discover", "--config", f"/dev/fd/{reading}")

    assert code == 0
    assert messages[-1]["type"] == "CATALOG"


def test_no_command_is_told_which_there_are(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(SystemExit) as end:
        command_line.run([])

    assert end.value.code == 2
    assert b"COMMAND" in capsysbinary.readouterr().out


def start(code: str, *args: str, **environment: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, "-c", code, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-16"])
def test_stdout_is_utf8_whatever_the_locale(encoding: str) -> None:
    code = "from source_digitalocean_quolum.run import run; run()"
    process = start(code, "check", "--config", "/nowhere/Zoë €.json", PYTHONIOENCODING=encoding, LC_ALL="C.UTF-8")

    out, err = process.communicate(timeout=60)

    (line,) = out.decode("utf-8").splitlines()
    assert "Zoë €.json" in json.loads(line)["connectionStatus"]["message"]
    assert (process.returncode, err) == (0, b"")


def test_the_first_process_of_a_container_ends_on_sigterm() -> None:
    code = (
        "import os, time; os.getpid = lambda: 1\n"
        "from source_digitalocean_quolum import run\n"
        "run._run = lambda *_: (os.write(1, b'reading'), time.sleep(60))\n"
        "run.run([])\n"
    )
    process = start(code)
    assert process.stdout
    assert process.stdout.read(7) == b"reading"

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=5) == 128 + signal.SIGTERM
