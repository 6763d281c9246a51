"""Kills a sync at a seeded moment, resumes it from the last state it announced, and compares the destination."""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from integration_tests.connector import configured, discover
from integration_tests.faults.host import Table, Warehouse, truth
from integration_tests.faults.warm import Warm
from sandbox import Sandbox

# Lists, children, newest-first, client-side incremental, windows of days, rows without keys.
STREAMS = (
    *("droplets", "volumes", "projects", "project_resources", "actions", "apps", "app_deployments"),
    *("invoices", "invoice_items", "billing_history", "billing_insights", "function_namespaces"),
)
_MOST_KILLS = 3


@dataclass(frozen=True)
class Outcome:
    """What one seed did: how often and how it was killed, and what was wrong at the end (nothing, if all is well)."""

    seed: int
    kills: tuple[str, ...]
    wrong: tuple[str, ...]


class Killing:
    """A small account behind a slow server, and what it holds."""

    def __init__(self, sandbox: Sandbox, warm: Warm) -> None:
        self._warm = warm
        self._config = sandbox.config(start_date="2026-02-01T00:00:00Z")
        self._catalog = configured(discover(self._config), *STREAMS)
        begun = time.monotonic()
        self._whole = self._truth()
        self._length = time.monotonic() - begun

    def run(self, seed: int) -> Outcome:
        """Kill up to three times, each time going on from the last announced state, then let it finish."""
        chance = random.Random(seed)
        warehouse, kills = Warehouse(self._catalog), []
        for _ in range(chance.randint(1, _MOST_KILLS)):
            how = chance.choice([signal.SIGTERM, signal.SIGKILL])
            with self._start(warehouse) as started:
                time.sleep(chance.uniform(0, self._length))
                started.kill(how)
                warehouse.land(started.said())
            kills.append(how.name)
        with self._start(warehouse) as started:
            last = started.finish(90)
            warehouse.land(last)
        wrong = [f"exit code {last.exit_code}"] if last.exit_code else []
        if warehouse.tables != self._whole:
            # The account lives on meanwhile: an action ends, a day begins.
            self._whole = self._truth()
        wrong += [name for name in STREAMS if warehouse.tables[name] != self._whole[name]]
        return Outcome(seed, tuple(kills), tuple(wrong))

    def _truth(self) -> dict[str, Table]:
        return truth(self._warm.run("read", config=self._config, catalog=self._catalog), self._catalog)

    def _start(self, warehouse: Warehouse) -> Any:
        return self._warm.start("read", config=self._config, catalog=self._catalog, state=warehouse.state or None)


@contextmanager
def killing() -> Iterator[Killing]:
    """The account and the warm connector, for the length of a `with` block."""
    now = "2026-03-20T12:00:00Z"
    with (
        Sandbox(droplets=30, days=50, seed=8, now=now, rate_limit=6_000_000, latency_ms=5) as sandbox,
        Warm() as warm,
    ):
        yield Killing(sandbox, warm)
