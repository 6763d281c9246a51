"""Streams on their way, for the tests of what an operator sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.sync.engine import StreamRun
from warehouse.sync.plan import plan_streams
from warehouse.sync.spool import Spool
from warehouse.sync.tables import Table

if TYPE_CHECKING:
    from pathlib import Path


def run_of(folder: Path, name: str = "droplets", **state: Any) -> StreamRun:
    (plan,) = plan_streams([{"name": name}], None, {}, full_refresh=False)
    run = StreamRun(plan, Table(name, name, {}, {}, []), Spool(folder / f"{name}.jsonl", {}))
    for attribute, value in state.items():
        setattr(run, attribute, value)
    return run
