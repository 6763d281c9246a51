"""The connector as a process: run one command, have its messages."""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAIN = Path(__file__).parents[1] / "main.py"


@dataclass(frozen=True)
class Run:
    """What one command printed, sorted by what a host would look at."""

    exit_code: int
    stdout: str
    stderr: str
    messages: list[dict[str, Any]] = field(repr=False)
    # Of resident memory, in MB; 0 where nobody has measured it.
    peak: float = 0.0

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of all messages of one type, e.g. CONTROL."""
        keys = {"CONNECTION_STATUS": "connectionStatus"}
        return [m[keys.get(kind, kind.lower())] for m in self.messages if m["type"] == kind]

    @property
    def records(self) -> dict[str, list[dict[str, Any]]]:
        """Records by stream, in order."""
        records = defaultdict(list)
        for record in self.of("RECORD"):
            records[record["stream"]].append(record["data"])
        return dict(records)

    @property
    def statuses(self) -> dict[str, str]:
        """Each stream's last status."""
        traces = [trace["stream_status"] for trace in self.of("TRACE") if trace["type"] == "STREAM_STATUS"]
        return {trace["stream_descriptor"]["name"]: trace["status"] for trace in traces}

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Error traces: message, failure_type, stream_descriptor."""
        return [trace["error"] for trace in self.of("TRACE") if trace["type"] == "ERROR"]

    @property
    def state(self) -> list[dict[str, Any]]:
        """Each stream's last state, as a host would hand it to the next run."""
        states = {state["stream"]["stream_descriptor"]["name"]: state for state in self.of("STATE")}
        return [{"type": "STREAM", "stream": state["stream"]} for state in states.values()]

    def logs(self, level: str) -> list[str]:
        """Messages logged at one level."""
        return [log["message"] for log in self.of("LOG") if log["level"] == level]

    @property
    def requests(self) -> dict[str, int]:
        """Requests by stream, from the log line at the end of a read."""
        prefix = "Requests made: "
        (line,) = [text for text in self.logs("INFO") if text.startswith(prefix)]
        return dict(json.loads(line.removeprefix(prefix)))


def run(command: str, *, timeout: float = 120, **files: Any) -> Run:
    """Run `main.py command`, each keyword written to a file and passed as its option (config=, catalog=, state=)."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for option, content in files.items():
            if content is None:
                continue
            path = Path(folder) / f"{option}.json"
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
            arguments += [f"--{option}", str(path)]
        done = subprocess.run(
            [sys.executable, str(MAIN), command, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
    lines = [line for line in done.stdout.splitlines() if line]
    return Run(done.returncode, done.stdout, done.stderr, [json.loads(line) for line in lines])


def discover(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The streams of the catalog."""
    (catalog,) = run("discover", config=config).of("CATALOG")
    streams: list[dict[str, Any]] = catalog["streams"]
    return streams


def configured(streams: Iterable[Mapping[str, Any]], *names: str, full_refresh: bool = False) -> dict[str, Any]:
    """A configured catalog of these streams (those named, or all): incremental where a stream can.

    All means all but utilization, whose two months of history would take most of the time; it is read by name.
    """
    chosen = [
        stream
        for stream in streams
        if (stream["name"] in names if names else not stream["name"].endswith("_utilization"))
    ]
    return {"streams": [_configured(stream, full_refresh=full_refresh) for stream in chosen]}


def _configured(stream: Mapping[str, Any], *, full_refresh: bool) -> dict[str, Any]:
    if "incremental" in stream["supported_sync_modes"] and not full_refresh:
        return {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
    return {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
