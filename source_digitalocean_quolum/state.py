"""Incoming state: what this version can go on from, and what it says about the rest."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airbyte_cdk.models import AirbyteStateMessage

logger = logging.getLogger("airbyte")

# The CDK marks a completed full refresh with such keys (FinalStateCursor): nothing to go on from, nothing wrong.
_FULL_REFRESH_MARK = "__ab_"


def unusable(state: list[AirbyteStateMessage], cursors: Mapping[str, Mapping[str, Any] | None]) -> list[str]:
    """The streams whose incoming state this version cannot go on from; each is logged once.

    `cursors` maps each stream to its `incremental_sync` of the manifest, or None. A state of another shape or
    version makes its stream begin at the start date again, which repeats records but loses none.
    """
    names = []
    for message in state:
        if not message.stream:
            logger.warning("A state that belongs to no stream is ignored (made by another source or version).")
            continue
        name = message.stream.stream_descriptor.name
        blob = message.stream.stream_state
        content = dict(vars(blob)) if blob is not None else {}
        if name not in cursors:
            logger.info("The state of stream %s is ignored: this version has no such stream.", name)
        elif (cursor := cursors[name]) is not None and not _fits(content, cursor):
            logger.warning(
                "The state of stream %s is not one this version can go on from: the stream begins at the "
                "start date again. Nothing is lost; records are repeated.",
                name,
            )
            names.append(name)
    return names


def _fits(state: Mapping[str, Any], cursor: Mapping[str, Any]) -> bool:
    if not all(isinstance(key, str) for key in state):
        # A list of pairs reads as a state, too.
        return False
    if not state or any(key.startswith(_FULL_REFRESH_MARK) for key in state):
        return True
    field, written = cursor["cursor_field"], cursor["datetime_format"]
    if state.get("use_global_cursor"):
        # More partitions than the CDK remembers one by one: one cursor for all of them.
        shared = state.get("state") or {}
        return isinstance(shared, Mapping) and _fits(shared, cursor)
    if "states" in state:
        states = state["states"]
        return isinstance(states, list) and all(_fits_partition(entry, field, written) for entry in states)
    return field in state and _reads(state[field], written)


def _fits_partition(entry: Any, field: str, written: str) -> bool:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("partition"), Mapping):
        return False
    value = entry.get("cursor")
    return isinstance(value, Mapping) and (not value or (field in value and _reads(value[field], written)))


def _reads(value: Any, written: str) -> bool:
    try:
        datetime.strptime(value, written)  # noqa: DTZ007 (only whether it reads)
    except (TypeError, ValueError):
        return False
    return True
