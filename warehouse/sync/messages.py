"""The lines a connector writes, as messages of the Airbyte protocol."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import orjson

from warehouse.sync.errors import ConnectorError

Message = dict[str, Any]
_YEAR_10000 = 253_402_300_800_000


class _Record(msgspec.Struct):
    stream: str
    data: msgspec.Raw
    emitted_at: int | float


class _RecordMessage(msgspec.Struct, tag_field="type", tag="RECORD"):
    record: _Record


_decode_record = msgspec.json.Decoder(_RecordMessage).decode
# An escape of one half of a surrogate pair without the other; whole pairs and other escapes are passed over.
_ESCAPES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def parse_message(line: bytes) -> Message:
    """Return the Airbyte message in `line`; any other text becomes a LOG message.

    The `data` of a RECORD stays the JSON it came as, in bytes: parsed, its numbers would lose digits. Raises
    ConnectorError for a complete line that begins like a message and is not JSON: it may have been a record, and a
    record must not vanish. A last line without its end is a process cut off while writing.
    """
    if line.startswith(b'{"type":"RECORD"') and (record := _parse_record(line)):
        return record
    message = parse_json(line)
    if message is not None:
        _check_body(message)
        return (_parse_record(line) or _parse_odd_record(line, message)) if message["type"] == "RECORD" else message
    text = line.decode(errors="replace").strip()
    if line.endswith(b"\n") and text.startswith('{"type"'):
        raise ConnectorError(f"The connector wrote a message that is not JSON: {text[:120]}…")
    return log_message("INFO", text)


def _parse_record(line: bytes) -> Message | None:
    """Return the RECORD in a line of good JSON, None for any other line."""
    try:
        if not line.isascii():
            # msgspec does not look at the bytes of a text that it passes on.
            line.decode()
        record = _decode_record(line).record
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    data = bytes(record.data)
    if not data.startswith(b"{"):
        return None
    _check_time(record.stream, record.emitted_at)
    return {"type": "RECORD", "record": {"stream": record.stream, "data": data, "emitted_at": record.emitted_at}}


def _parse_odd_record(line: bytes, parsed: Message) -> Message:
    """Return a RECORD that only Python's own parser takes: NaN is null, half a surrogate pair a question mark."""
    mended = _ESCAPES.sub(lambda found: b"?" if found[1] else found[0], line)
    try:
        message = json.loads(mended, parse_float=_verbatim, parse_int=_verbatim, parse_constant=lambda _: None)
        data = orjson.dumps(message["record"]["data"])
    except (RecursionError, orjson.JSONEncodeError):
        raise ConnectorError(
            f"The connector wrote a record of {parsed['record']['stream']} that is nested too deeply."
        ) from None
    _check_time(parsed["record"]["stream"], parsed["record"]["emitted_at"])
    return {"type": "RECORD", "record": {**parsed["record"], "data": data}}


def _check_time(stream: str, emitted_at: float) -> None:
    if not 0 <= emitted_at < _YEAR_10000:
        raise ConnectorError(f"The connector wrote a record of {stream} whose `emitted_at` is no time in milliseconds.")


def _verbatim(number: str) -> orjson.Fragment:
    return orjson.Fragment(number.encode())


def parse_json(line: bytes) -> Message | None:
    """Return whatever has a `type` in a line of JSON, unchecked; None for any other text."""
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            # Half a surrogate pair or NaN: Python's own parser takes them, and a record is not lost for one.
            relaxed = json.loads(line)
            message = json.loads(json.dumps(relaxed, ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
    return message if isinstance(message, dict) and "type" in message else None


def rotated_config(message: Message) -> dict[str, Any] | None:
    """Return the configuration that a CONTROL message announces, None for any other message."""
    if message.get("type") != "CONTROL":
        return None
    control = message.get("control")
    if not isinstance(control, dict) or control.get("type") != "CONNECTOR_CONFIG":
        return None
    held_config = control.get("connectorConfig")
    config = held_config.get("config") if isinstance(held_config, dict) else None
    return config if isinstance(config, dict) else None


def log_message(level: str, text: str) -> Message:
    """Return a LOG message of this host's own."""
    return {"type": "LOG", "log": {"level": level, "message": text}}


# Where each type of message has its body, and what the host reads from it without a default.
_BODIES: dict[str, tuple[str, dict[str, type | tuple[type, ...]]]] = {
    "RECORD": ("record", {"stream": str, "data": dict, "emitted_at": (int, float)}),
    "STATE": ("state", {}),
    "LOG": ("log", {}),
    "TRACE": ("trace", {"type": str}),
    "CATALOG": ("catalog", {"streams": list}),
    "CONNECTION_STATUS": ("connectionStatus", {}),
    "CONTROL": ("control", {}),
}
_TRACES = {"ERROR": "error", "STREAM_STATUS": "stream_status"}


def _check_body(message: Message) -> None:
    """Raise ConnectorError for a message that lacks what its type promises: a record must not vanish."""
    name, required = _BODIES.get(str(message["type"]), ("", {}))
    if not name:
        return
    body = message.get(name)
    if not isinstance(body, dict):
        raise ConnectorError(f"The connector wrote a {message['type']} without its `{name}`.")
    for field_name, kind in required.items():
        if not isinstance(body.get(field_name), kind):
            raise ConnectorError(f"The connector wrote a {message['type']} without `{name}.{field_name}`.")
    if name == "trace" and (part := _TRACES.get(body["type"])):
        inner = body.get(part)
        if not isinstance(inner, dict):
            raise ConnectorError(f"The connector wrote a TRACE without `trace.{part}`.")
        descriptor = inner.get("stream_descriptor")
        if part == "stream_status" and not (
            isinstance(inner.get("status"), str) and isinstance(descriptor, dict) and "name" in descriptor
        ):
            raise ConnectorError("The connector wrote a stream status without its stream or its status.")
    if name == "control" and body.get("type") == "CONNECTOR_CONFIG":
        held = body.get("connectorConfig")
        if not isinstance(held, dict) or not isinstance(held.get("config"), dict):
            raise ConnectorError("The connector wrote a CONTROL without its configuration.")
