"""What may stand in streams/<product>.yaml: every word and every value is known, or the connector does not start."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.facts import Facts, Name, Path, Scalar

_Reference = Annotated[str, msgspec.Meta(pattern=r"^#/definitions/\w+(/\w+)*$")]
_Component = Annotated[str, msgspec.Meta(pattern=r"^source_digitalocean_quolum\.components\.\w+$")]
_Duration = Annotated[str, msgspec.Meta(pattern=r"^P(\d+D|T\d+S)$")]


class _Definition(Facts, frozen=True, rename={"ref": "$ref", "parameters": "$parameters"}):
    """A part of a definition; with `$ref` it is added to what stands there."""

    ref: _Reference | None = None


class _Moment(_Definition, frozen=True):
    type: Literal["MinMaxDatetime"] | None = None
    datetime: str | _Definition | None = None
    datetime_format: str | None = None


class _Clamping(Facts, frozen=True):
    target: Literal["DAY"]


class _Cursor(_Definition, frozen=True):
    type: Literal["DatetimeBasedCursor"] | None = None
    cursor_field: Name | None = None
    is_client_side_incremental: bool | None = None
    datetime_format: str | None = None
    cursor_datetime_formats: list[str] | None = None
    cursor_granularity: _Duration | None = None
    step: _Duration | None = None
    clamping: _Clamping | None = None
    lookback_window: _Duration | None = None
    global_substream_cursor: bool | None = None
    start_datetime: _Moment | None = None
    end_datetime: _Moment | None = None


class _Parent(Facts, frozen=True):
    type: Literal["ParentStreamConfig"]
    stream: _Definition
    parent_key: Annotated[str, msgspec.Meta(pattern=r"^\w+(/\w+)*$")]
    partition_field: Name
    extra_fields: list[list[Name]] | None = None


class _RouterParameters(Facts, frozen=True):
    stream_name: Name


class _Router(_Definition, frozen=True):
    type: (
        Literal["SubstreamPartitionRouter", "ListPartitionRouter", "GroupingPartitionRouter", "CustomPartitionRouter"]
        | None
    ) = None
    class_name: _Component | None = None
    parent_stream_configs: list[_Parent] | None = None
    always: list[Name] | None = None
    known: list[Path] | None = None
    times: list[Path] | None = None
    only: dict[Name, list[Scalar]] | None = None
    since: _Definition | None = None
    cursor_field: Name | None = None
    values: list[Scalar] | None = None
    group_size: Annotated[int, msgspec.Meta(ge=1)] | None = None
    underlying_partition_router: "_Router | None" = None
    parameters: _RouterParameters | None = None


class _Requester(_Definition, frozen=True):
    use_cache: bool | None = None


class _Retriever(_Definition, frozen=True):
    class_name: _Component | None = None
    requester: _Requester | None = None
    partition_router: _Router | None = None
    labels: list[Literal["feature", "resource_urn"]] | None = None
    since: _Definition | None = None


class _Parameters(Facts, frozen=True):
    name: Name
    api: dict[str, Any]


class _Stream(_Definition, frozen=True, kw_only=True):
    parameters: _Parameters
    primary_key: Annotated[list[Name], msgspec.Meta(min_length=1)] | None = None
    incremental_sync: _Cursor | None = None
    retriever: _Retriever | None = None


def verify(name: str, definition: Mapping[str, Any]) -> None:
    """Raise a ValueError for the first word or value of a stream's definition that nobody reads.

    The CDK passes over an option that a component does not know, and the stream would be read wrongly without a word.
    """
    stream = msgspec.convert(definition, _Stream)
    if stream.parameters.name != name:
        raise ValueError(f"`$parameters.name` is {stream.parameters.name}")
    Endpoint.from_manifest(stream.parameters.api)
