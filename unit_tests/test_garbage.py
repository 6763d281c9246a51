"""Garbage is not looked for while a command starts, and soon while it reads."""

import json
import subprocess
import sys
from pathlib import Path

from unit_tests.mock_server.commands import token_config

# In processes of their own: what is set aside stays so until their end.
_ROOM = """
import gc, json
from source_digitalocean_quolum import garbage
garbage.collect_later()
starting = gc.isenabled()
garbage.collect_soon()
print(json.dumps([starting, gc.isenabled(), gc.get_threshold()[0], gc.get_freeze_count()]))
"""
_COMMAND = """
import atexit, gc, sys
from source_digitalocean_quolum.run import run
atexit.register(lambda: print("collecting:", gc.isenabled(), gc.get_freeze_count() > 0, file=sys.stderr))
run(sys.argv[1:])
"""


def test_a_command_starts_without_collections_and_reads_with_them() -> None:
    done = subprocess.run([sys.executable, "-c", _ROOM], capture_output=True, text=True, check=True)  # noqa: S603
    starting, reading, waiting, set_aside = json.loads(done.stdout)

    assert (starting, reading) == (False, True)
    assert waiting <= 10_000
    assert set_aside > 1_000


def test_a_command_that_has_built_its_source_collects_garbage_again(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(token_config()), encoding="utf-8")
    command = [sys.executable, "-c", _COMMAND, "discover", "--config", str(tmp_path / "config.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603

    assert "collecting: True True" in done.stderr
