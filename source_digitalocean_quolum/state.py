"""Incoming state: what this version can go on from, and what it says about the rest.

A state that cannot be gone on from costs its own stream a new beginning, which repeats records and loses none. It never
ends the run: the other streams' states are good.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airbyte_cdk.models import (
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
)

from source_digitalocean_quolum.json_file import UnusableFile, decode

logger = logging.getLogger("airbyte")

# The CDK marks a completed full refresh with such keys (FinalStateCursor): nothing to go on from, nothing wrong.
_FULL_REFRESH_MARK = "__ab_"


def read_states(path: str | None) -> list[AirbyteStateMessage]:
    """The states in a file, one for each stream; a first sync has no file.

    Raises OSError for a file that cannot be read, and UnusableFile for one that holds no JSON or no list.
    """
    content = decode(Path(path).read_bytes()) if path else None
    if not content:
        return []
    if not isinstance(content, list):
        raise UnusableFile("it must be a JSON list with a state for each stream")
    return [one for entry in content for one in _read_entry(entry)]


def _read_entry(entry: Any) -> Iterator[AirbyteStateMessage]:
    if not isinstance(entry, Mapping):
        _warn_of_no_stream()
    elif isinstance(entry.get("global"), Mapping):
        _warn_of_shared_state(entry["global"].get("shared_state"))
        streams = entry["global"].get("stream_states")
        for one in streams if isinstance(streams, list) else ():
            yield from _read_stream(one)
    else:
        yield from _read_stream(entry.get("stream"))


def _read_stream(stream: Any) -> Iterator[AirbyteStateMessage]:
    descriptor = stream.get("stream_descriptor") if isinstance(stream, Mapping) else None
    name = descriptor.get("name") if isinstance(descriptor, Mapping) else None
    if not isinstance(name, str):
        _warn_of_no_stream()
        return
    content = stream.get("stream_state")
    if content is not None and not isinstance(content, Mapping):
        _warn_of_new_beginning(name)
        content = None
    yield _state_of(name, content or {})


def revise_states(
    states: Sequence[AirbyteStateMessage], cursors: Mapping[str, Mapping[str, Any] | None], now: float
) -> list[AirbyteStateMessage]:
    """The states to go on from, each of one stream; what is set aside or changed is logged once a stream.

    `cursors` maps each stream to its `incremental_sync` of the manifest, or None. A cursor that stands after `now`
    (UNIX seconds, by DigitalOcean's clock) is cut to it: from there on nothing new would ever be read.
    """
    revised = []
    for state in _by_stream(states):
        name = state.stream_descriptor.name
        content: Mapping[str, Any] = dict(vars(state.stream_state)) if state.stream_state is not None else {}
        if name not in cursors:
            logger.info("The state of stream %s is ignored: this version has no such stream.", name)
            continue
        if (cursor := cursors[name]) is not None:
            if not _fits(content, cursor):
                _warn_of_new_beginning(name)
                content = {}
            elif ahead := [value for value in _values(content, cursor) if _is_after(value, now, cursor)]:
                cut = datetime.fromtimestamp(now, UTC).strftime(cursor["datetime_format"])
                logger.warning(
                    "The state of stream %s stands at %s, which is yet to come: it is set to %s, so that nothing is "
                    "passed over.",
                    name,
                    max(ahead),
                    cut,
                )
                content = _replace(content, cursor, dict.fromkeys(ahead, cut))
        revised.append(_state_of(name, content))
    return revised


def _by_stream(states: Iterable[AirbyteStateMessage]) -> Iterator[AirbyteStreamState]:
    for message in states:
        if message.stream:
            yield message.stream
        elif message.type is AirbyteStateType.GLOBAL and message.global_:
            _warn_of_shared_state(message.global_.shared_state and vars(message.global_.shared_state))
            yield from message.global_.stream_states or ()
        else:
            _warn_of_no_stream()


def _state_of(name: str, content: Mapping[str, Any]) -> AirbyteStateMessage:
    stream = AirbyteStreamState(stream_descriptor=StreamDescriptor(name=name), stream_state=AirbyteStateBlob(content))
    return AirbyteStateMessage(type=AirbyteStateType.STREAM, stream=stream)


def _warn_of_new_beginning(name: str) -> None:
    logger.warning(
        "The state of stream %s is not one this version can go on from: the stream begins at the start date again. "
        "Nothing is lost; records are repeated.",
        name,
    )


def _warn_of_no_stream() -> None:
    logger.warning("A state that belongs to no stream is ignored (made by another source or version).")


def _warn_of_shared_state(shared: Any) -> None:
    if shared:
        logger.warning("A state that all streams share is ignored: this source has one for each stream.")


def _fits(state: Mapping[str, Any], cursor: Mapping[str, Any]) -> bool:
    if not all(isinstance(key, str) for key in state):
        # A list of pairs reads as a state, too.
        return False
    if not state or _is_mark(state):
        return True
    field, written = cursor["cursor_field"], cursor["datetime_format"]
    if "state" not in state and "states" not in state and "use_global_cursor" not in state:
        return field in state and _parse(state[field], written) is not None
    # Of a stream with parents (airbyte_cdk ConcurrentPerPartitionCursor): a cursor for each, or one for all of them.
    shared, single = state.get("state", {}), state.get("states", [])
    return (
        isinstance(state.get("use_global_cursor", False), bool)
        and isinstance(state.get("lookback_window", 0), int | float)
        and isinstance(state.get("parent_state") or {}, Mapping)
        and isinstance(shared, Mapping)
        and _fits_cursor(shared, field, written)
        and isinstance(single, list)
        and all(_fits_partition(entry, field, written) for entry in single)
    )


def _is_mark(state: Mapping[str, Any]) -> bool:
    return any(key.startswith(_FULL_REFRESH_MARK) for key in state)


def _fits_partition(entry: Any, field: str, written: str) -> bool:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("partition"), Mapping):
        return False
    value = entry.get("cursor")
    return isinstance(value, Mapping) and _fits_cursor(value, field, written)


def _fits_cursor(value: Mapping[str, Any], field: str, written: str) -> bool:
    return not value or (field in value and _parse(value[field], written) is not None)


def _cursors(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Everything in a state that fits which may hold a cursor value."""
    yield state
    yield state.get("state") or {}
    for entry in state.get("states") or ():
        yield entry["cursor"]


def _values(state: Mapping[str, Any], cursor: Mapping[str, Any]) -> set[str]:
    if _is_mark(state):
        return set()
    values = [one.get(cursor["cursor_field"]) for one in _cursors(state)]
    return {value for value in values if isinstance(value, str)}


def _is_after(value: str, now: float, cursor: Mapping[str, Any]) -> bool:
    moment = _parse(value, cursor["datetime_format"])
    return moment is not None and moment > datetime.fromtimestamp(now, UTC)


def _replace(state: Mapping[str, Any], cursor: Mapping[str, Any], instead: Mapping[str, str]) -> dict[str, Any]:
    """The state with other cursor values; what it holds beside them is shared with the one before."""
    field = cursor["cursor_field"]

    def replace(one: Mapping[str, Any]) -> dict[str, Any]:
        return {**one, field: instead[one[field]]} if one.get(field) in instead else dict(one)

    replaced = replace(state)
    if state.get("state"):
        replaced["state"] = replace(state["state"])
    if state.get("states"):
        replaced["states"] = [{**entry, "cursor": replace(entry["cursor"])} for entry in state["states"]]
    return replaced


def _parse(value: Any, written: str) -> datetime | None:
    try:
        moment = datetime.strptime(value, written)  # noqa: DTZ007 (most formats have a Z, which Python does not read)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
