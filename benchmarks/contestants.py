"""Who takes part: commands that read an account to its end, and what they need beforehand."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.recording import asked
from benchmarks.scenarios import Scenario
from integration_tests.connector import discover

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "benchmarks"
_PEERS = HERE / ".cache" / "peers"
FLOOR = "floor (requests, orjson)"
CONNECTOR = "this connector"
TEN = "async client, ten connections"
_TOKEN = "dop_v1_" + "a" * 64


@dataclass(frozen=True)
class Contestant:
    """A name, and the command for a base URL and a folder of its own."""

    name: str
    command: Callable[[str, Path], list[str]]


def of_lists(scenario: Scenario) -> list[Contestant]:
    """All of them; the peers' environment is made at the first use."""
    names = [one.name for one in scenario.lists]

    def peer(python: str, *program: str) -> Callable[[str, Path], list[str]]:
        def command(base: str, folder: Path) -> list[str]:
            lists = folder / "lists.json"
            lists.write_text(scenario.described(), encoding="utf-8")
            return [python, *program, base, str(lists)]

        return command

    return [
        Contestant(FLOOR, peer(sys.executable, "-m", "benchmarks.peers.floor")),
        Contestant(TEN, peer(sys.executable, "-m", "benchmarks.peers.ten_connections")),
        Contestant(CONNECTOR, lambda base, folder: connector(base, folder, names)),
        Contestant("dlt rest_api, extract", peer(_peers(), f"{HERE}/peers/dlt_rest.py")),
        Contestant("Singer SDK tap", peer(_peers(), f"{HERE}/peers/singer_tap.py")),
        Contestant("plain CDK manifest", peer(sys.executable, "-m", "benchmarks.peers.plain_cdk")),
    ]


def of_utilization(source: str, start: str, recording: Path) -> list[Contestant]:
    """The floor and the connector: nobody else reads it. A server of an empty recording makes both read nothing."""
    extra = {"start_date": start, "utilization": {"source": source, "interval": "PT1H"}}

    def floor(base: str, folder: Path) -> list[str]:
        requests = folder / "asked.json"
        requests.write_text(json.dumps([] if folder.name == "nothing" else list(asked(recording))), encoding="utf-8")
        return [sys.executable, "-m", "benchmarks.peers.utilization_floor", base, str(requests)]

    return [
        Contestant(FLOOR, floor),
        Contestant(CONNECTOR, lambda base, folder: connector(base, folder, ["droplet_utilization"], extra)),
    ]


def connector(base: str, folder: Path, names: list[str], extra: dict[str, Any] | None = None) -> list[str]:
    """The read command, its inputs written."""
    credentials = {"auth_type": "access_token", "access_token": _TOKEN}
    config = {"api_base_url": base, "credentials": credentials, **(extra or {})}
    return [sys.executable, str(ROOT / "main.py"), "read", *written(folder, config, names)]


def written(folder: Path, config: object, names: list[str] | None) -> list[str]:
    """`--config` and `--catalog` for these streams (None: all), as main.py takes them."""
    streams = [
        {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
        for stream in _catalog()
        if names is None or stream["name"] in names
    ]
    for name, content in (("config", config), ("catalog", {"streams": streams})):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return ["--config", str(folder / "config.json"), "--catalog", str(folder / "catalog.json")]


@cache
def _catalog() -> list[dict[str, Any]]:
    return discover({"credentials": {"auth_type": "access_token", "access_token": _TOKEN}})


def _peers() -> str:
    python = _PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(_PEERS)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(HERE / "peers" / "requirements.txt")], check=True)
    return str(python)
