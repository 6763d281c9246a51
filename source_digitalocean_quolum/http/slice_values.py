"""Values that are the same for all records of a slice: a request's JSON body, and fields that the connector adds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from source_digitalocean_quolum.http.endpoint import Endpoint, Source

# The value depends on where a record stood in its answer.
NOT_CONSTANT: Final = object()


def evaluate_constant(source: Source, known: Mapping[str, Any]) -> Any:
    """A value by its facts (Endpoint.derived) and what is known of the slice; else NOT_CONSTANT."""
    if "slice" in source:
        value = known.get(source["slice"])
        return value == source["equals"] if "equals" in source else value
    if "text" in source:
        return source["text"].format_map(known)
    if "clock" in source:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return NOT_CONSTANT


def build_json_body(endpoint: Endpoint, known: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON body of a request for a slice; empty for a GET."""
    return {name: evaluate_constant(source, known) for name, source in endpoint.post.items()}
