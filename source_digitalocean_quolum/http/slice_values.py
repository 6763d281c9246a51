"""Values that are the same for all records of a slice: a request's JSON body, and fields that the connector adds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.facts import ValueSource

# The value depends on where a record stood in its answer.
NOT_CONSTANT: Final = object()


def evaluate_constant(source: ValueSource, known: Mapping[str, Any]) -> Any:
    """A value by its facts (Endpoint.derived) and what is known of the slice; else NOT_CONSTANT."""
    if source.slice is not None:
        value = known.get(source.slice)
        return value if source.equals is msgspec.UNSET else value == source.equals
    if source.text is not None:
        return source.text.format_map(known)
    if source.clock is not None:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return NOT_CONSTANT


def build_json_body(endpoint: Endpoint, known: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON body of a request for a slice; empty for a GET."""
    return {name: evaluate_constant(source, known) for name, source in endpoint.post.items()}
