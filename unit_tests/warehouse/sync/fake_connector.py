"""A scripted connector: speaks the Airbyte protocol about the account in `config["account"]`, faults included.

The account is a JSON file: `streams` (name, description, properties, key, cursor, rows, `state_every`, and the faults
`fail_after`, `die_after`, `hang_after`, `ignore_signals`, `no_status`, `state_after_status`, `error`), `check`, and
`refresh_token`, the only one accepted. `rotate_on` names the command that spends it and announces the next one;
`last_lines`, `close_output` and `exit_code` say how a read ends. Imports nothing but the standard library: a test
starts it dozens of times.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def emit(message_type: str, **body: object) -> None:
    print(json.dumps({"type": message_type, **body}), flush=message_type != "RECORD")


def trace(body: dict[str, Any]) -> None:
    emit("TRACE", trace={"emitted_at": time.time() * 1000, **body})


def status(name: str, value: str) -> None:
    descriptor = {"name": name, "namespace": None}
    trace({"type": "STREAM_STATUS", "stream_status": {"stream_descriptor": descriptor, "status": value}})


def error(message: str, name: str | None = None, failure_type: str = "system_error") -> None:
    body: dict[str, Any] = {"message": message, "internal_message": message, "failure_type": failure_type}
    if name:
        body["stream_descriptor"] = {"name": name}
    trace({"type": "ERROR", "error": body})


def spend_token(
    command: str, account: dict[str, Any], account_path: Path, config: dict[str, Any], config_path: Path
) -> bool:
    """Return False when the account does not accept the configuration's refresh token."""
    if "refresh_token" not in account:
        return True
    if config["credentials"]["refresh_token"] != account["refresh_token"]:
        return False
    if account.get("rotate_on") == command:
        account["rotated"] = account.get("rotated", 0) + 1
        account["refresh_token"] = f"rotated-token-{account['rotated']}"
        account_path.write_text(json.dumps(account))
        config["credentials"]["refresh_token"] = account["refresh_token"]
        control = {"type": "CONNECTOR_CONFIG", "emitted_at": 0, "connectorConfig": {"config": config}}
        emit("CONTROL", control=control)
        if account.get("wait_for_config"):
            deadline = time.monotonic() + 10
            while account["refresh_token"] not in config_path.read_text() and time.monotonic() < deadline:
                time.sleep(0.01)
            if account["refresh_token"] not in config_path.read_text():
                error("the rotated token was not written back")
                sys.exit(1)
    return True


def catalog(account: dict[str, Any]) -> dict[str, Any]:
    streams = []
    for stream in account["streams"]:
        modes = ["full_refresh", "incremental"] if stream.get("cursor") else ["full_refresh"]
        streams.append(
            {
                "name": stream["name"],
                "json_schema": {
                    "type": "object",
                    "description": stream.get("description", ""),
                    "properties": stream["properties"],
                },
                "supported_sync_modes": modes,
                "default_cursor_field": [stream["cursor"]] if stream.get("cursor") else [],
                "source_defined_primary_key": [[part] for part in stream.get("key", [])],
            }
        )
    return {"streams": streams}


def read_stream(stream: dict[str, Any], state: dict[str, Any], account_path: Path) -> bool:
    """Emit one stream; return whether it was complete."""
    name, cursor = stream["name"], stream.get("cursor")
    status(name, "STARTED")
    since = state.get(cursor, "") if cursor else ""
    rows = [row for row in stream["rows"] if not since or row[cursor] >= since]
    for number, row in enumerate(rows):
        if stream.get("ignore_signals"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for fault, act in FAULTS.items():
            if stream.get(fault) == number:
                act(name, account_path)
                return False
        emitted_at = 1_700_000_000_000 + number
        if isinstance(row, str):
            # The record's JSON, digit for digit.
            print(f'{{"type":"RECORD","record":{{"stream":"{name}","emitted_at":{emitted_at},"data":{row}}}}}')
        else:
            emit("RECORD", record={"stream": name, "data": row, "emitted_at": emitted_at})
        if cursor and (number + 1) % stream.get("state_every", 100) == 0:
            emit_state(name, {cursor: row[cursor]})
    if cursor and rows and not stream.get("no_last_state"):
        emit_state(name, {cursor: rows[-1][cursor]})
    if stream.get("error"):
        error(stream["error"], name, "config_error")
        status(name, "INCOMPLETE")
        return False
    if not stream.get("no_status"):
        status(name, "COMPLETE")
    if stream.get("state_after_status"):
        emit_state(name, {str(cursor): rows[-1][cursor], "after": True})
    return True


def emit_state(name: str, state: dict[str, Any]) -> None:
    body = {"stream_descriptor": {"name": name}, "stream_state": state}
    emit("STATE", state={"type": "STREAM", "stream": body, "sourceStats": {"recordCount": 1.0}})


def fail(name: str, account_path: Path) -> None:
    error(f"{name} broke", name)
    status(name, "INCOMPLETE")


def die(name: str, account_path: Path) -> None:
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def hang(name: str, account_path: Path) -> None:
    sys.stdout.flush()
    account_path.with_suffix(".hanging").write_text(str(os.getpid()))
    time.sleep(120)


FAULTS = {"fail_after": fail, "die_after": die, "hang_after": hang}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    for option in ("--config", "--catalog", "--state"):
        parser.add_argument(option, type=Path)
    arguments = parser.parse_args()
    config = json.loads(arguments.config.read_text())
    account_path = Path(config["account"])
    account = json.loads(account_path.read_text())
    for line in account.get("noise", []):
        print(line)
    accepted = spend_token(arguments.command, account, account_path, config, arguments.config)
    match arguments.command:
        case "check":
            answer = account.get("check", {"status": "SUCCEEDED"})
            answer["message"] = answer.get("message", "").replace("TOKEN", account.get("refresh_token", ""))
            if not accepted:
                answer = {"status": "FAILED", "message": "invalid_grant: reconnect the account"}
            emit("CONNECTION_STATUS", connectionStatus=answer)
        case "discover":
            emit("CATALOG", catalog=catalog(account))
        case "read":
            if not accepted:
                error("invalid_grant: reconnect the account", failure_type="config_error")
                sys.exit(1)
            states = {
                entry["stream"]["stream_descriptor"]["name"]: entry["stream"]["stream_state"]
                for entry in json.loads(arguments.state.read_text())
            }
            account_path.with_suffix(".state.json").write_text(json.dumps(states))
            wanted = [entry["stream"]["name"] for entry in json.loads(arguments.catalog.read_text())["streams"]]
            streams = [stream for stream in account["streams"] if stream["name"] in wanted]
            done = [read_stream(stream, states.get(stream["name"], {}), account_path) for stream in streams]
            if "requests" in account:
                text = "Requests made: " + json.dumps(account["requests"])
                emit("LOG", log={"level": "INFO", "message": text})
            for line in account.get("last_lines", []):
                print(line, flush=True)
            if account.get("close_output"):
                sys.stdout.flush()
                os.close(1)
                time.sleep(120)
            sys.exit(account.get("exit_code", 0 if all(done) else 1))


if __name__ == "__main__":
    main()
