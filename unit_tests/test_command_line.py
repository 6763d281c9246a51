"""What a developer has at the command line: configured catalogs, help, version, and a check that a script can read."""

import gc
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from airbyte_cdk.entrypoint import AirbyteEntrypoint

from source_digitalocean_quolum import command_line, configured_catalog
from source_digitalocean_quolum import run as connector
from unit_tests.mock_server.commands import token_config
from unit_tests.mock_server.server import DigitalOcean

ROOT = Path(__file__).parents[1]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, in which commands run."""
    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(token_config()), encoding="utf-8")
    return tmp_path


def run(*args: str) -> int:
    try:
        connector.run(list(args))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def discover(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert run("discover", "--config", "config.json", *options) == 0
    return capsys.readouterr().out


def messages(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_configured_catalog_reads_each_stream_in_the_mode_that_keeps_most(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = json.loads(discover(capsys, "--configured", "--streams", "volumes, projects,droplet_utilization"))

    modes = {one["stream"]["name"]: (one["sync_mode"], one["destination_sync_mode"]) for one in catalog["streams"]}
    assert modes == {
        "projects": ("incremental", "append_dedup"),
        "volumes": ("full_refresh", "overwrite"),
        "droplet_utilization": ("incremental", "append_dedup"),
    }
    projects = next(one for one in catalog["streams"] if one["stream"]["name"] == "projects")
    assert (projects["cursor_field"], projects["primary_key"]) == (["updated_at"], [["id"]])


def test_it_has_all_streams_and_their_schemas_as_discover_prints_them(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (discovered,) = messages(discover(capsys))
    configured = json.loads(discover(capsys, "--configured", "--debug"))
    assert [one["stream"] for one in configured["streams"]] == discovered["catalog"]["streams"]


def test_read_takes_it(place: Path, capsys: pytest.CaptureFixture[str], api: DigitalOcean) -> None:
    api.lists("/v2/volumes", "volumes", [{"id": "a"}])
    (place / "catalog.json").write_text(discover(capsys, "--configured", "--streams", "volumes"), encoding="utf-8")

    assert run("read", "--config", "config.json", "--catalog", "catalog.json") == 0

    found = messages(capsys.readouterr().out)
    assert [one["record"]["data"] for one in found if one["type"] == "RECORD"] == [{"id": "a"}]


def test_read_takes_it_as_powershell_writes_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = discover(capsys, "--configured", "--streams", "volumes")
    (place / "catalog.json").write_text(text, encoding="utf-16")

    (stream,) = configured_catalog.read_configured("catalog.json").streams

    assert stream.stream.name == "volumes"


def test_recommended_are_the_suggested_streams_and_products_are_names_too(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (discovered,) = messages(discover(capsys))
    offered = [stream["name"] for stream in discovered["catalog"]["streams"]]
    suggested = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))["data"]["suggestedStreams"]

    assert configured_catalog.select("recommended", offered) == set(suggested["streams"])
    assert configured_catalog.select("all", offered) == set(offered)
    assert {"balance", "invoices"} < configured_catalog.select("billing", offered)


@pytest.mark.parametrize(
    ("names", "words"),
    [("droplet", "There is no stream 'droplet'; the nearest are droplets, "), (",", "--streams names no stream.")],
)
def test_a_name_that_is_no_stream_is_told_and_nothing_is_printed(
    place: Path, capsys: pytest.CaptureFixture[str], names: str, words: str
) -> None:
    assert run("discover", "--config", "config.json", "--configured", "--streams", names) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(words)


def test_a_bad_configuration_is_one_sentence_beside_the_catalog(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "config.json").write_text('{"credentials": {"auth_type": "access_token"}}', encoding="utf-8")

    assert run("discover", "--config", "config.json", "--configured") == 1

    assert capsys.readouterr() == (
        "",
        "The configuration is not usable: `credentials.access_token` is missing.\n",
    )


def test_streams_without_configured_is_a_mistake_that_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("discover", "--config", "config.json", "--streams", "volumes") == 2
    assert "--streams goes with --configured" in capsys.readouterr().err


@pytest.mark.parametrize("wrapping", ["message", "log and message", "catalog alone"])
def test_read_says_that_a_catalog_is_a_discovered_one(
    place: Path, capsys: pytest.CaptureFixture[str], wrapping: str
) -> None:
    message = discover(capsys)
    log = '{"type":"LOG","log":{"level":"INFO","message":"m"}}\n'
    content = {
        "message": message,
        "log and message": log + message,
        "catalog alone": json.dumps(json.loads(message)["catalog"]),
    }
    (place / "catalog.json").write_text(content[wrapping], encoding="utf-8")

    assert run("read", "--config", "config.json", "--catalog", "catalog.json") == 1

    (trace,) = [one["trace"]["error"] for one in messages(capsys.readouterr().out) if one["type"] == "TRACE"]
    assert trace["message"] == (
        "The catalog catalog.json cannot be used: it is a discovered catalog, which does not say how its streams are "
        "read; make a configured one: source-digitalocean-quolum discover --config config.json --configured > "
        "catalog.json."
    )


def test_the_version_is_that_of_the_connector(capsys: pytest.CaptureFixture[str]) -> None:
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))["data"]
    assert run("--version") == 0
    assert capsys.readouterr().out == f"source-digitalocean-quolum {metadata['dockerImageTag']}\n"


def test_no_command_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    out = capsys.readouterr().out
    assert all(word in out for word in ("spec", "check", "discover", "read", "--version", "--configured"))


@pytest.mark.parametrize(
    "text",
    [
        "spec",
        "spec --debug",
        "check --config c",
        "check --config=c --debug --manifest-path m --components-path p",
        "discover --config c --manifest-path m",
        "discover --debug --config c --components-path p",
        "read --config c --catalog k",
        "read --catalog k --state s --config c --debug --manifest-path m --components-path p",
    ],
)
def test_every_option_of_airbytes_own_parser_means_the_same(text: str) -> None:
    ours, airbytes = vars(command_line.parse(text.split())), vars(AirbyteEntrypoint.parse_args(text.split()))
    assert airbytes.items() <= ours.items()


def test_debug_shows_each_request_and_no_body(
    place: Path, capsys: pytest.CaptureFixture[str], api: DigitalOcean
) -> None:
    api.lists("/v2/volumes", "volumes", [{"id": "a", "name": "in the body"}])
    (place / "catalog.json").write_text(discover(capsys, "--configured", "--streams", "volumes"), encoding="utf-8")

    assert run("read", "--config", "config.json", "--catalog", "catalog.json", "--debug") == 0

    logged = [one["message"] for one in messages(capsys.readouterr().out) if one["type"] == "DEBUG"]
    assert any(re.fullmatch(r"GET /v2/volumes: HTTP 200 after \d+ ms", message) for message in logged)
    assert "in the body" not in json.dumps(logged)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [({"status": "SUCCEEDED", "message": "Connected."}, 0, ""), ({"status": "FAILED", "message": "No."}, 1, "No.\n")],
)
def test_the_check_of_the_readme_fails_when_the_check_does(
    tmp_path: Path, status: dict[str, str], code: int, said: str
) -> None:
    script = next(
        block
        for block in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
        if "CONNECTION_STATUS" in block
    )
    bash = shutil.which("bash")
    assert bash
    lines = [
        json.dumps({"type": "LOG", "log": {"level": "INFO", "message": "m"}}),
        json.dumps({"type": "CONNECTION_STATUS", "connectionStatus": status}),
    ]
    (tmp_path / "answer").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = tmp_path / "source-digitalocean-quolum"
    command.write_text(f'#!/bin/sh\ncat "{tmp_path}/answer"\n', encoding="utf-8")
    command.chmod(0o700)

    done = subprocess.run(  # noqa: S603 (our own page's command)
        [bash, "-c", script],
        env={"PATH": f"{tmp_path}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (code, said)
