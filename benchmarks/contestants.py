"""Who takes part: commands that read the server's Droplets to the end, and what they need beforehand."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from integration_tests.connector import discover

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "benchmarks"
_PEERS = HERE / ".cache" / "peers"
FLOOR = "floor (requests, orjson)"
CONNECTOR = "this connector"
TEN = "async client, ten connections"


@dataclass(frozen=True)
class Contestant:
    """A name, and the command for a base URL and a folder of its own."""

    name: str
    command: Callable[[str, Path], list[str]]


def contestants() -> list[Contestant]:
    """All of them; the peers' environment is made at the first use."""
    peers = _peers()
    return [
        Contestant(FLOOR, lambda base, _: [sys.executable, "-m", "benchmarks.peers.floor", base]),
        Contestant(TEN, lambda base, _: [sys.executable, "-m", "benchmarks.peers.ten_connections", base]),
        Contestant(CONNECTOR, connector),
        Contestant(
            "dlt rest_api, extract", lambda base, folder: [peers, f"{HERE}/peers/dlt_rest.py", base, str(folder)]
        ),
        Contestant("Singer SDK tap", lambda base, folder: [peers, f"{HERE}/peers/singer_tap.py", base, str(folder)]),
        Contestant(
            "plain CDK manifest",
            lambda base, folder: [sys.executable, "-m", "benchmarks.peers.plain_cdk", base, str(folder)],
        ),
    ]


def connector(base: str, folder: Path) -> list[str]:
    """The read command, its inputs written."""
    token = "dop_v1_" + "a" * 64
    config = {"credentials": {"auth_type": "access_token", "access_token": token}, "api_base_url": base}
    return [sys.executable, str(ROOT / "main.py"), "read", *written(folder, config, ["droplets"])]


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
    return discover({"credentials": {"auth_type": "access_token", "access_token": "dop_v1_" + "a" * 64}})


def _peers() -> str:
    python = _PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(_PEERS)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(HERE / "peers" / "requirements.txt")], check=True)
    return str(python)
