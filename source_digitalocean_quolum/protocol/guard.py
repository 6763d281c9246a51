"""The one guard on the way out: what leaves this process is free of secrets, of bodies and of headers."""

import json
import re
from collections.abc import Callable
from typing import Any

import orjson

from source_digitalocean_quolum.protocol.error_trace import clean_error, without_texts
from source_digitalocean_quolum.redaction import (
    holds_look_alikes_only,
    may_hold_secrets,
    own_secrets,
    redact_text,
    redact_value,
)

# How a message begins, as the CDK and we write it: what kind it is need not be parsed.
_KIND = re.compile(rb'\{"type": ?"([A-Z_]+)"')
# SPEC and CATALOG are the package's own; a stream status is made of names. CONTROL is the one message that has to
# carry the configuration.
_PASSED = {"SPEC", "CATALOG"}
_TRACEBACK = "\nTraceback (most recent call last):"
_DATA, _EMITTED_AT = b'"data":', b',"emitted_at":'
# A group, so that splitting keeps the literals.
_LITERAL = re.compile(rb'("(?:[^"\\]|\\.)*")')


def guard_records(lines: bytes) -> bytes:
    """RECORD lines without secrets: those of the run, and shapes of secrets, in values and in keys.

    The records were judged by their schema before (records/). So the bytes of a batch are only scanned, and what looks
    like a secret there is looked for by halves, down to the one text that is redacted: a number keeps its digits.
    Measured on Droplets of 2 KB: 1 to 2 us for each; 250 where each holds a secret.
    """
    return lines if not may_hold_secrets(lines) else b"\n".join(_guard_parts(lines.split(b"\n"), b"\n", _guard_record))


def _guard_parts(parts: list[bytes], between: bytes, guard: Callable[[bytes], bytes]) -> list[bytes]:
    """The parts with those guarded that may hold a secret by themselves."""
    if not may_hold_secrets(between.join(parts)):
        return parts
    if len(parts) == 1:
        return [guard(parts[0])]
    half = len(parts) // 2
    return _guard_parts(parts[:half], between, guard) + _guard_parts(parts[half:], between, guard)


def _guard_record(line: bytes) -> bytes:
    start, end = line.find(_DATA) + len(_DATA), line.rfind(_EMITTED_AT)
    data = line[start:end]
    if holds_look_alikes_only(data):
        return line
    parts = _LITERAL.split(data)
    guarded = _guard_parts(parts, b"", _guard_literal)
    _number_keys(parts, guarded)
    return b"".join([line[:start], *guarded, line[end:]])


def _number_keys(parts: list[bytes], guarded: list[bytes]) -> None:
    """Names that were blanked stay apart, in place: in one object, two equal ones would be one field."""
    renamed = 0
    for at, (part, redacted) in enumerate(zip(parts, guarded, strict=True)):
        if part is not redacted and part != redacted and parts[at + 1].lstrip()[:1] == b":":
            renamed += 1
            if renamed > 1:
                guarded[at] = b'%s %d"' % (redacted[:-1], renamed)


def _guard_literal(part: bytes) -> bytes:
    """A text as JSON has it; or what stands between two, which is no text."""
    if not part.startswith(b'"'):
        return part
    # Python's JSON reads half a surrogate pair, too.
    text = json.loads(part.decode())
    redacted = redact_text(text)
    return part if redacted == text else json.dumps(redacted).encode()


def guard_line(line: bytes) -> bytes:
    """One line of the output, without its end; anything that is no message of Airbyte's is a text."""
    found = _KIND.match(line)
    kind = found[1].decode() if found else ""
    if kind in _PASSED:
        return line
    if kind == "RECORD":
        return guard_records(line)
    if kind == "STATE" and not may_hold_secrets(line):
        # That of a large account is megabytes.
        return line
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        message = None
    if not isinstance(message, dict):
        return guard_text(line)
    if message.get("type") == "CONTROL":
        # Renewed tokens are secrets from the moment they are announced.
        own_secrets.learn(message)
        return line
    return orjson.dumps(_guard_message(message))


def guard_text(line: bytes) -> bytes:
    """A line that is no message: of a library's warning, of a traceback on stderr."""
    text = line.decode("utf-8", "replace")
    redacted = redact_text(text)
    return line if redacted == text else redacted.encode("utf-8", "replace")


def _guard_message(message: dict[str, Any]) -> dict[str, Any]:
    """In place. What is not text of our own making (kinds, names of streams, levels) stays as it is."""
    match message:
        case {"type": "LOG", "log": dict(log)}:
            said, begin, stack = str(log.get("message")).partition(_TRACEBACK)
            log["message"] = said + "\n" + without_texts(begin[1:] + stack) if stack else said
            _redact(log, "message", "stack_trace")
        case {"type": "TRACE", "trace": {"error": dict(error)}}:
            clean_error(error)
            _redact(error, "message", "internal_message", "stack_trace")
        case {"type": "CONNECTION_STATUS", "connectionStatus": dict(status)}:
            _redact(status, "message")
        case {"type": "STATE", "state": {"stream": dict(stream)}}:
            _redact(stream, "stream_state")
        case {"type": "TRACE"}:
            pass
        case _:
            for name in message.keys() - {"type"}:
                _redact(message, name)
    return message


def _redact(holder: dict[str, Any], *names: str) -> None:
    for name in names:
        if holder.get(name) is not None:
            holder[name] = redact_value(holder[name])
