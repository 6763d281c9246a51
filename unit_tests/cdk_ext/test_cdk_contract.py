"""What cdk_ext/ takes for granted about the installed airbyte-cdk. For a new version, read this list, run this file.

A test that fails names the CDK's member and our place that builds on it. Read what changed there, bring our place in
line, and then write the new digest or signature here.
"""

import ast
import hashlib
import inspect
import re
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from airbyte_cdk import logger
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.sources.concurrent_source.concurrent_read_processor import ConcurrentReadProcessor
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.concurrent_source.thread_pool_manager import ThreadPoolManager
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.sources.declarative.incremental.concurrent_partition_cursor import ConcurrentPerPartitionCursor
from airbyte_cdk.sources.declarative.parsers import manifest_component_transformer
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import ManifestReferenceResolver
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter
from airbyte_cdk.sources.declarative.stream_slicers.declarative_partition_generator import DeclarativePartition
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partition_reader import PartitionReader
from airbyte_cdk.utils import memory_monitor
from airbyte_cdk.utils.memory_monitor import MemoryMonitor

from source_digitalocean_quolum import manifest
from source_digitalocean_quolum.cdk_ext.declarative_source import DeclarativeSource
from source_digitalocean_quolum.source import SourceDigitaloceanQuolum
from unit_tests.cdk_ext.private_reaches import members

# Methods whose bodies we wrote anew or reach into, by a digest of their code (without comments and docstrings).
PINNED: list[tuple[Callable[..., Any], str, str]] = [
    (
        ConcurrentDeclarativeSource.__init__,
        "c05295a2cc3a",
        "declarative_source.py: what it sets, and that it validates the manifest",
    ),
    (ConcurrentDeclarativeSource.read, "c9b73496cbed", "declarative_source.py: it reads with `_concurrent_source`"),
    (
        ConcurrentDeclarativeSource._create_streams,
        "a7e6ef2cacb9",
        "declarative_source.py: it copies the declarations that it is given",
    ),
    (ConcurrentSource.create, "0414315cd62c", "concurrent_read.py: which threads it makes"),
    (ConcurrentSource.read, "385a6d560d77", "concurrent_read.py: BatchSource.read is a copy with two parts replaced"),
    (ConcurrentSource._handle_item, "bfabebe3b689", "concurrent_read.py: BatchSource adds one kind of item"),
    (
        ConcurrentReadProcessor.on_record,
        "9167beb43a73",
        "concurrent_read.py: BatchProcessor.on_batch is the same for many",
    ),
    (
        PartitionReader.process_partition,
        "c289f0488494",
        "concurrent_read.py: BatchReader.process_partition is the same for batches",
    ),
    (DeclarativePartition.read, "662fb933a630", "declarative_partition.py: line_reader.py reads in its place"),
    (
        ConcurrentPerPartitionCursor.close_partition,
        "7db74dc26217",
        "partition_states.py: what it looks at, under which lock",
    ),
    (
        ConcurrentPerPartitionCursor._generate_slices_from_partition,
        "2c9599c7c65b",
        "partition_states.py: it asks a known cursor for slices",
    ),
    (
        ConcurrentPerPartitionCursor._cleanup_if_done,
        "6f3904a9c568",
        "partition_states.py: when a partition has no index any more",
    ),
    (ConcurrentPerPartitionCursor._create_cursor, "0dffac73e2e5", "partition_states.py: makes a cursor of a state"),
    (
        ConcurrentPerPartitionCursor._set_initial_state,
        "81f7a94890d9",
        "partition_states.py: which cursors it makes before a read",
    ),
    (AirbyteEntrypoint.read, "bd3954932f17", "entrypoint.py: counts a message, yields it, looks at the memory"),
    (AirbyteEntrypoint.handle_record_counts, "c44346967a30", "entrypoint.py: counts a batch in its place"),
    (AirbyteEntrypoint.run, "8dfaf8d2a510", "protocol/entrypoint.py: Entrypoint._messages stands in its place"),
    (
        AirbyteEntrypoint.check,
        "a121f739df63",
        "protocol/entrypoint.py and run.py stand in its place",
    ),
    (AirbyteEntrypoint.discover, "867f1a8f225a", "protocol/entrypoint.py: so they do here"),
    (MemoryMonitor.check_memory_usage, "82c1328ddb7a", "entrypoint.py: RecordMemoryMonitor counts ahead"),
    (
        SubstreamPartitionRouter._extract_extra_fields,
        "5ba21c6f4a64",
        "parent_fields.py: what it has for a field that is absent, and by which name",
    ),
    (DefaultStream.as_airbyte_stream, "fdfee93b0e8f", "discovery.py: described is a copy"),
]

# What objects carry that their classes set on themselves.
CARRIED: list[tuple[type, str]] = [
    (ConcurrentDeclarativeSource, "_config _config_for_validation _connector_state_manager _message_repository"),
    (ConcurrentDeclarativeSource, "_concurrent_source _validate_source"),
    (ConcurrentSource, "_initial_number_partitions_to_generate _logger _message_repository _queue _slice_logger"),
    (ConcurrentSource, "_consume_from_queue _submit_initial_partition_generators _threadpool"),
    (ThreadPoolManager, "_threadpool"),
    (ThreadPoolExecutor, "_max_workers"),
    (ConcurrentReadProcessor, "_logger _message_repository _record_counter _stream_name_to_instance"),
    (PartitionReader, "_IS_SUCCESSFUL _partition_logger _queue"),
    (DeclarativePartition, "_retriever _schema_loader _stream_slice"),
    (ConcurrentPerPartitionCursor, "_cursor_per_partition _lock _partition_key_to_index _to_partition_key"),
    (AirbyteEntrypoint, "_memory_monitor"),
    (MemoryMonitor, "_check_interval _high_pressure_mode _message_count"),
]

SIGNATURES: list[tuple[Callable[..., Any], str]] = [
    (ConcurrentDeclarativeSource._create_streams, "self selected_configs all_configs"),
    (ConcurrentDeclarativeSource._validate_source, "self"),
    (
        ConcurrentSource.__init__,
        (
            "self threadpool logger slice_logger queue message_repository initial_number_partitions_to_generate "
            "timeout_seconds"
        ),
    ),
    (ConcurrentSource._submit_initial_partition_generators, "self concurrent_stream_processor"),
    (ConcurrentSource._consume_from_queue, "self queue concurrent_stream_processor"),
    (ConcurrentSource._handle_item, "self queue_item concurrent_stream_processor"),
    (PartitionReader.__init__, "self queue partition_logger"),
    (PartitionReader.process_partition, "self partition cursor"),
    (ThreadPoolManager.__init__, "self threadpool logger max_concurrent_tasks"),
    (ConcurrentPerPartitionCursor._create_cursor, "self cursor_state runtime_lookback_window"),
    (ConcurrentPerPartitionCursor._to_partition_key, "self partition"),
    (MemoryMonitor.__init__, "self check_interval"),
]


def digest(member: Callable[..., Any]) -> str:
    """A short hash of a function's lines without docstring, lines of comment and indents: the same on any Python."""
    source = textwrap.dedent(inspect.getsource(member))
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    lines = source.splitlines()
    if ast.get_docstring(function) is not None:
        lines[function.body[0].lineno - 1 : function.body[0].end_lineno] = []
    code = [line for line in map(str.strip, lines) if line and not line.startswith("#")]
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:12]


@pytest.mark.parametrize(("member", "known", "why"), PINNED, ids=[one.__qualname__ for one, _, _ in PINNED])
def test_the_code_is_the_one_that_was_read(member: Callable[..., Any], known: str, why: str) -> None:
    assert digest(member) == known, f"{member.__qualname__} has changed: read it beside cdk_ext/{why}"


@pytest.mark.parametrize(("class_", "names"), CARRIED, ids=[f"{one.__name__} {names}" for one, names in CARRIED])
def test_the_members_are_there(class_: type, names: str) -> None:
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(class_))).body
    assert isinstance(node, ast.ClassDef)

    assert set(names.split()) - members(node) == set()


@pytest.mark.parametrize(("member", "names"), SIGNATURES, ids=[one.__qualname__ for one, _ in SIGNATURES])
def test_the_parameters_are_those_that_are_given(member: Callable[..., Any], names: str) -> None:
    assert list(inspect.signature(member).parameters) == names.split()


def test_the_memory_is_looked_at_every_5000_messages_and_every_100_when_it_is_short() -> None:
    assert memory_monitor._DEFAULT_CHECK_INTERVAL == 5_000
    assert memory_monitor._HIGH_PRESSURE_CHECK_INTERVAL == 100


def test_the_log_goes_to_the_print_buffer() -> None:
    assert logger.LOGGING_CONFIG["handlers"] == {
        "console": {"class": "logging.StreamHandler", "stream": logger.PRINT_BUFFER, "formatter": "airbyte"}
    }


# Members of the CDK's source that ours replaces on purpose.
REPLACED = {
    *("__init__", "_validate_source", "check", "configure", "discover"),
    *("read", "read_catalog", "read_state", "streams"),
}


def test_no_name_of_our_source_is_one_of_the_cdks_by_chance() -> None:
    base: set[str] = set()
    for one in ConcurrentDeclarativeSource.__mro__[:-1]:
        if one.__module__.startswith("airbyte_cdk"):
            (node,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
            assert isinstance(node, ast.ClassDef)
            base |= members(node)
    ours: set[str] = set()
    for one in (DeclarativeSource, SourceDigitaloceanQuolum):
        ours |= {name for name in vars(one) if not name.startswith("__") or name == "__init__"} - {"_abc_impl"}

    assert (ours & base) - REPLACED == set()


def test_the_schema_of_manifests_is_for_what_this_connector_leaves_out() -> None:
    """declarative_source.py does not load it: `_validate_source` is replaced, and normalizing is for the builder."""
    members = vars(ConcurrentDeclarativeSource).items()
    sources = {name: inspect.getsource(one) for name, one in members if callable(one)}
    uses = [name for name, source in sources.items() if "_declarative_component_schema" in source]

    assert sorted(uses) == ["__init__", "_normalize_manifest", "_validate_source"]
    assert "if self._should_normalize" in inspect.getsource(ConcurrentDeclarativeSource._normalize_manifest)


def test_the_manifest_is_the_same_whoever_copies_it() -> None:
    """declarative_source.py replaces `copy.deepcopy` in the transformer, which takes it for nothing else."""
    transformer = manifest_component_transformer.ManifestComponentTransformer()
    resolved = ManifestReferenceResolver().preprocess_manifest(manifest.load())

    assert SourceDigitaloceanQuolum().resolved_manifest == transformer.propagate_types_and_parameters("", resolved, {})
    assert set(re.findall(r"\bcopy\.\w+", inspect.getsource(manifest_component_transformer))) == {"copy.deepcopy"}
