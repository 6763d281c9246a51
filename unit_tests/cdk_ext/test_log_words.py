"""What the CDK says reaches an operator in our words or not at all; what other libraries say, not at all."""

import ast
import importlib
import inspect
import logging
from collections.abc import Iterator

import airbyte_cdk
import pytest
import urllib3

from source_digitalocean_quolum import state
from source_digitalocean_quolum.cdk_ext import log_words
from source_digitalocean_quolum.cdk_ext.log_words import translate_log

# The CDK's modules whose code a sync runs. What they warn of has to stand in the table.
MODULES = (
    "entrypoint",
    "sources.concurrent_source.concurrent_read_processor",
    "sources.concurrent_source.concurrent_source",
    "sources.concurrent_source.thread_pool_manager",
    "sources.connector_state_manager",
    "sources.declarative.incremental.concurrent_partition_cursor",
    "sources.declarative.partition_routers.substream_partition_router",
    "sources.declarative.stream_slicers.declarative_partition_generator",
    "sources.message.concurrent_repository",
    "sources.streams.concurrent.cursor",
    "sources.streams.concurrent.default_stream",
    "sources.streams.concurrent.partition_enqueuer",
    "sources.streams.concurrent.partition_reader",
    "utils.memory_monitor",
)
LEVELS = {"warning", "error", "exception", "fatal", "critical"}
# Beginnings of what a sync of ours cannot come to, and why.
NEVER = {
    "Check failed": "check.py and protocol/entrypoint.py are the check",
    "Attempting to reduce slice": "no stream has a pagination reset",
}


def warnings() -> Iterator[tuple[str, str]]:
    """Module and text of each warning and error in them, with `x` for what is not known before."""
    for name in MODULES:
        tree = ast.parse(inspect.getsource(importlib.import_module(f"airbyte_cdk.{name}")))
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) and node.args else None
            if isinstance(node, ast.Call) and isinstance(called, ast.Attribute) and called.attr in LEVELS:
                yield name, text(node.args[0])


def text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    if not isinstance(node, ast.Constant):
        return "x"
    return str(node.value).replace("%s", "x").replace("%r", "x").replace("%d%%", "9%")


@pytest.fixture(autouse=True)
def _without_debug() -> Iterator[None]:
    """As a command begins, whatever was tested before."""
    logger = logging.getLogger("airbyte")
    level = logger.level
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(level)


def said(message: str, path: str, name: str = "airbyte", level: int = logging.WARNING) -> str | None:
    """What a handler writes of a record; None if nothing."""
    record = logging.LogRecord(name, level, path, 1, message, None, None)
    return record.getMessage() if translate_log(record) else None


@pytest.mark.parametrize(("module", "words"), sorted(set(warnings())))
def test_each_warning_of_the_cdk_is_known(module: str, words: str) -> None:
    known = any(pattern.match(words) for pattern, _ in log_words._compiled(log_words._LOG_WORDS))

    assert known or words.startswith(tuple(NEVER)), f"airbyte_cdk.{module} warns of something new"


CDK, OURS, THEIRS = airbyte_cdk.__file__, state.__file__, urllib3.__file__


@pytest.mark.parametrize(
    ("message", "instead"),
    [
        ("Syncing stream: apps", "Syncing stream: apps"),
        ("Read 7 records from apps stream", "Read 7 records from apps stream"),
        ("Marking stream apps as RUNNING", None),
        ("Exception while syncing stream apps", None),
        (
            "Could not find cursor field `updated_at` in record for stream apps. The incremental sync will assume it",
            "Stream apps: a record without `updated_at` is there and does not move the state.",
        ),
        (
            "Skipping cursor update for stream 'apps': failed to parse cursor field 'updated_at' value 'x': x",
            "Stream apps: a record whose `updated_at` is no date is there and does not move the state.",
        ),
        ("Something that a later version says", None),
    ],
)
def test_the_cdk_speaks_in_our_words(message: str, instead: str | None) -> None:
    assert said(message, CDK) == instead


def test_what_the_cdk_says_to_developers_is_there_with_debug() -> None:
    logging.getLogger("airbyte").setLevel(logging.DEBUG)
    try:
        assert said("Something that a later version says", CDK) == "Something that a later version says"
    finally:
        logging.getLogger("airbyte").setLevel(logging.INFO)


def test_we_are_heard_and_other_libraries_are_not() -> None:
    assert said("ours", OURS, "source_digitalocean_quolum.state") == "ours"
    assert said("Failed to parse headers (Set-Cookie: a=b)", THEIRS, "urllib3.connectionpool") is None
