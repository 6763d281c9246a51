"""Turns the connector's messages into committed rows and states, each stream on its own."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from warehouse.sync.errors import StreamRefusedError
from warehouse.sync.interruption import held
from warehouse.sync.spool import NotANumberError, Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from warehouse.sync.plan import StreamPlan
    from warehouse.sync.tables import Table
    from warehouse.sync.warehouse import Warehouse, Write

BATCH_ROWS = 10_000
COMMIT_SECONDS = 15.0
# How the connector logs its requests: of each stream at the end, and their number now and then.
_REQUESTS_PREFIX = "Requests made: "
_SO_FAR = re.compile(r"Requests so far: (\d+)")
_ENDED = frozenset({"complete", "incomplete"})


@dataclass
class StreamRun:
    """What happened to one stream; `seconds` run from its first message to its last commit."""

    plan: StreamPlan
    table: Table
    spool: Spool
    status: str = "pending"
    rows: int = 0
    commits: int = 0
    error: str | None = None
    refused: bool = False
    spool_failed: bool = False
    requests: int | None = None
    warnings: list[str] = field(default_factory=list)
    state: Mapping[str, Any] | None = None
    started: float | None = None
    ended: float | None = None
    last_commit: float = field(default_factory=time.monotonic)
    # Until when the connector waits for DigitalOcean's rate limit, by the clock.
    waits_until: float = 0.0

    @property
    def seconds(self) -> float:
        """Wall time of the stream, 0 when it never began."""
        return 0.0 if self.started is None else (self.ended or time.monotonic()) - self.started


class Progress(Protocol):
    """Where the engine tells what happens; `say` takes the level of the connector's log, such as WARN."""

    def changed(self, run: StreamRun) -> None:
        """Tell that the status or the rows of a stream changed."""

    def say(self, level: str, text: str) -> None:
        """Pass on a message meant for the operator."""

    def count_requests(self, total: int) -> None:
        """Take the number of requests that the connector has made so far."""


class Engine:
    """Lands one read.

    - `replace` streams are spooled and written once, when their status is COMPLETE: until then, and for ever
      when they fail, the table stays as it was.
    - `merge` streams are committed at the first state after BATCH_ROWS records or COMMIT_SECONDS; when no state
      comes, after twice as many records.
    - `append` streams are committed at a state only, and never past it: without a key, a record read again
      after a failure would be there twice.
    - A stream that fails, or whose rows the warehouse refuses, costs only itself.
    """

    def __init__(self, warehouse: Warehouse, plans: Sequence[StreamPlan], work_dir: Path, progress: Progress) -> None:
        self._warehouse = warehouse
        self._progress = progress
        self._error: str | None = None
        self._unselected: set[str] = set()
        self.runs: dict[str, StreamRun] = {}
        for number, plan in enumerate(plans):
            table = warehouse.table(plan.name, plan.stream.get("json_schema") or {}, plan.key)
            spool = Spool(work_dir / f"records-{number}.jsonl", table.columns, table.types)
            self.runs[plan.name] = StreamRun(plan, table, spool)

    def process(self, messages: Iterable[dict[str, Any]]) -> None:
        """Land `messages`; at their end every stream is `complete` or `incomplete`.

        WarehouseError and ConnectorError pass through: no stream can go on after them. The streams are
        closed then, too, and what is committed stays.
        """
        try:
            for message in messages:
                self._handle(message)
            for run in self.runs.values():
                if run.status not in _ENDED:
                    self._end_incomplete(run)
        finally:
            for run in self.runs.values():
                run.spool.close()
                if run.status != "complete":
                    run.status = "incomplete"
                    run.error = run.error or self._error or "The sync ended before this stream was complete."
                run.ended = run.ended or time.monotonic()

    def _handle(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "RECORD":
                self._record(message["record"])
            case "STATE":
                self._state(message["state"])
            case "TRACE":
                self._trace(message["trace"])
            case "LOG":
                self._log(message["log"])

    def _run(self, name: str) -> StreamRun | None:
        run = self.runs.get(name)
        if run is None:
            if name not in self._unselected:
                self._unselected.add(name)
                self._progress.say("WARN", f"The connector sent messages of {name}, which was not selected.")
        elif run.started is None:
            run.started = time.monotonic()
            run.status = "running"
            self._progress.changed(run)
        return run

    def _record(self, record: dict[str, Any]) -> None:
        run = self._run(record["stream"])
        if run is None or run.refused or run.spool_failed:
            return
        try:
            run.spool.add(record["data"], record["emitted_at"])
        except OSError as error:
            self._fail_spool(run, error)
            return
        except NotANumberError as error:
            self._refuse(
                run,
                f"A record of {run.plan.name} holds something else than a number in {error}, which the stream's schema "
                "says is a number: nothing more of this stream is written.",
            )
            return
        run.waits_until = 0.0
        if run.plan.write == "merge" and run.spool.rows >= 2 * BATCH_ROWS:
            # No state came since the batch was full: the next one covers these rows, too.
            self._commit(run)
        elif run.spool.rows % 1000 == 0:
            self._progress.changed(run)

    def _state(self, state: dict[str, Any]) -> None:
        descriptor = (state.get("stream") or {}).get("stream_descriptor")
        if descriptor is None:
            self._progress.say("WARN", "The connector sent a state of no stream, which this host does not keep.")
            return
        run = self._run(descriptor["name"])
        if run is None or run.refused or run.spool_failed or not run.plan.incremental:
            return
        run.state = state
        if run.status == "complete":
            self._guarded(run, lambda: self._warehouse.save_state(run.table, state))
            return
        run.spool.mark_covered()
        due = run.spool.rows >= BATCH_ROWS or time.monotonic() - run.last_commit >= COMMIT_SECONDS
        if run.plan.write != "replace" and due:
            self._commit(run)

    def _trace(self, trace: dict[str, Any]) -> None:
        if trace.get("type") == "ERROR":
            self._trace_error(trace["error"])
        elif trace.get("type") == "STREAM_STATUS":
            status = trace["stream_status"]
            run = self._run(status["stream_descriptor"]["name"])
            if run is None or run.status in _ENDED:
                return
            if status["status"] == "COMPLETE":
                self._end_complete(run)
            elif status["status"] == "INCOMPLETE":
                self._end_incomplete(run)
            elif (until := _waits_until(status)) is not None:
                run.waits_until = until
                self._progress.changed(run)

    def _trace_error(self, error: dict[str, Any]) -> None:
        message, kind = error.get("message") or "An error without a message", error.get("failure_type")
        text = f"{message} ({kind})" if kind else str(message)
        name = (error.get("stream_descriptor") or {}).get("name")
        run = self.runs.get(name) if name else None
        if run is None:
            self._error = text
        else:
            run.error = text
        self._progress.say("ERROR", f"{name}: {text}" if name else text)

    def _log(self, log: dict[str, Any]) -> None:
        text = str(log.get("message") or "")
        if text.startswith(_REQUESTS_PREFIX):
            self._requests(text.removeprefix(_REQUESTS_PREFIX))
        elif so_far := _SO_FAR.fullmatch(text):
            self._progress.count_requests(int(so_far[1]))
        self._progress.say(str(log.get("level") or "INFO"), text)

    def _requests(self, text: str) -> None:
        try:
            counts = json.loads(text)
        except ValueError:
            self._progress.say("WARN", "The connector's count of requests cannot be read.")
            return
        for name, count in counts.items() if isinstance(counts, dict) else ():
            if name in self.runs and isinstance(count, int):
                self.runs[name].requests = count

    def _end_complete(self, run: StreamRun) -> None:
        with held():
            self._commit(run)
            if not run.refused and not run.spool_failed:
                self._warehouse.document(run.table)
                run.status, run.error = "complete", None
            self._ended(run)

    def _end_incomplete(self, run: StreamRun) -> None:
        if not run.refused and not run.spool_failed and run.started is not None:
            if run.plan.write == "append":
                run.spool.drop_uncovered()
            if run.plan.write != "replace" and (run.spool.rows or run.state is not None):
                self._commit(run)
        run.status = "incomplete"
        run.error = run.error or self._error or "The connector ended without completing this stream."
        self._ended(run)

    def _ended(self, run: StreamRun) -> None:
        for (column, loss), count in run.spool.losses.items():
            run.warnings.append(f"{run.plan.name}: {count:,} values of {column} have {loss.value}.")
            self._progress.say("WARN", run.warnings[-1])
        run.spool.clear()
        run.ended = time.monotonic()
        self._progress.changed(run)

    def _commit(self, run: StreamRun) -> None:
        # What is committed is also counted: an interruption waits for both.
        with held():
            self._guarded(run, lambda: self._land(run))
            run.spool.clear()
            run.last_commit = time.monotonic()
            self._progress.changed(run)

    def _land(self, run: StreamRun) -> None:
        write: Write = run.plan.write
        if write == "append" and run.plan.state is None and run.commits == 0:
            # Reading from the beginning again: what an earlier history left would be there twice.
            write = "replace"
        try:
            rows = run.spool.flush()
        except OSError as error:
            self._fail_spool(run, error)
            return
        run.rows += self._warehouse.land(run.table, rows, write, run.state)
        run.commits += 1

    def _fail_spool(self, run: StreamRun, error: OSError) -> None:
        """No room for the records of a stream: it ends, and what it held makes room for the others."""
        run.spool.clear()
        run.spool_failed, run.status, run.ended = True, "incomplete", time.monotonic()
        run.error = (
            f"The records of {run.plan.name} do not fit into the temporary folder {run.spool.path.parent.parent} "
            f"({error.strerror or error}): make room there, or set TMPDIR to a folder on a larger disk."
        )
        self._progress.say("ERROR", run.error)

    def _guarded(self, run: StreamRun, write: Callable[[], None]) -> None:
        try:
            write()
        except StreamRefusedError as error:
            self._refuse(run, str(error))

    def _refuse(self, run: StreamRun, reason: str) -> None:
        run.spool.clear()
        run.refused, run.status, run.error = True, "incomplete", reason
        run.ended = time.monotonic()
        self._progress.say("ERROR", reason)


def _waits_until(status: Mapping[str, Any]) -> float | None:
    """Return when a stream goes on that waits for a rate limit, in seconds since the epoch."""
    for reason in status.get("reasons") or ():
        reset = (reason.get("rate_limited") or {}).get("quota_reset") if isinstance(reason, dict) else None
        if isinstance(reset, int | float):
            return reset / 1000
    return None
