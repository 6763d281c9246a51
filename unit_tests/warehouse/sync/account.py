"""The files of a scripted account: what a test arranges, and what the scripted connector saw."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

CONNECTOR = shlex.join([sys.executable, str(Path(__file__).with_name("fake_connector.py"))])

DROPLET = {
    "id": {"type": ["null", "integer"]},
    "name": {"type": ["null", "string"]},
    "price": {"type": ["null", "number"]},
    "created_at": {"type": ["null", "string"], "format": "date-time"},
    "locked": {"type": ["null", "boolean"]},
    "tags": {"type": ["null", "array"]},
    "region": {"type": ["null", "object"]},
}
ACTION = {
    "id": {"type": ["null", "integer"]},
    "status": {"type": ["null", "string"]},
    "started_at": {"type": ["null", "string"], "format": "date-time"},
}


def droplets(count: int) -> dict[str, Any]:
    """A full-refresh stream with a key."""
    rows = [{"id": number, "name": f"web-{number}", "price": 0.1} for number in range(count)]
    return {"name": "droplets", "properties": dict(DROPLET), "key": ["id"], "rows": rows}


def actions(count: int, **faults: Any) -> dict[str, Any]:
    """An incremental stream with a key; one row a second."""
    return {
        "name": "actions",
        "properties": dict(ACTION),
        "key": ["id"],
        "cursor": "started_at",
        "rows": action_rows(count),
        **faults,
    }


def events(count: int, **faults: Any) -> dict[str, Any]:
    """An incremental stream without a key."""
    return {**actions(count, **faults), "name": "events", "key": []}


def action_rows(count: int) -> list[dict[str, Any]]:
    return [
        {"id": number, "status": "completed", "started_at": f"2026-01-{1 + number // 86400:02d}T{clock(number)}Z"}
        for number in range(count)
    ]


def clock(second: int) -> str:
    return f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


class Account:
    """Writes the account and its configuration into `folder`."""

    def __init__(self, folder: Path, *streams: dict[str, Any], **account: Any) -> None:
        self.folder = folder
        self.path = folder / "account.json"
        self.config_path = folder / "config.json"
        self.write(*streams, **account)
        self.write_config(account.get("refresh_token", "unused-token"))

    def write(self, *streams: dict[str, Any], **account: Any) -> None:
        self.path.write_text(json.dumps({"streams": streams, **account}))

    def write_config(self, refresh_token: str) -> None:
        credentials = {"auth_type": "oauth2.0", "client_secret": "s3cr3t-of-the-app", "refresh_token": refresh_token}
        self.config_path.write_text(json.dumps({"credentials": credentials, "account": str(self.path)}))

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.path.read_text())
        return content

    @property
    def config(self) -> dict[str, Any]:
        config: dict[str, Any] = json.loads(self.config_path.read_text())
        return config

    @property
    def states_received(self) -> dict[str, Any]:
        states: dict[str, Any] = json.loads(self.path.with_suffix(".state.json").read_text())
        return states

    @property
    def hanging(self) -> Path:
        return self.path.with_suffix(".hanging")
