"""A sandbox, a catalog of the suite's streams, and what the server holds: what a sync under a fault is held against."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from integration_tests.connector import Run, configured
from integration_tests.faults.cases import OBJECTS, PARENTS, PATHS, Case, Moment
from integration_tests.faults.host import Table, Warehouse, truth
from integration_tests.faults.warm import Warm
from sandbox import Sandbox

# Waits are this much shorter: the rest of an hour takes some seconds.
SPEED = 1200
NOW = "2026-03-20T12:00:00Z"
START = "2026-02-20T00:00:00Z"
# In MB, under any answer: twice what is promised for a sync of any size.
MOST_MEMORY = 300


class Account:
    """The account at one moment: before anything was synced, or two days after a sync."""

    def __init__(self, sandbox: Sandbox, warm: Warm, streams: list[dict[str, Any]], moment: Moment) -> None:
        self.sandbox, self.warm = sandbox, warm
        self.moment: Moment = moment
        self.config = sandbox.config(start_date=START)
        self.names: Collection[str] = tuple(PATHS)
        self.catalog = configured(streams, *self.names, full_refresh=False)
        self.schemas = {stream["name"]: stream["json_schema"] for stream in streams}
        self._state: list[dict[str, Any]] = []
        self._tables: dict[str, Table] = {name: {} for name in PATHS}
        if moment == "incremental":
            before = self._warehouse()
            before.land(self.read())
            sandbox.advance(days=2)
            self._state, self._tables = before.state, before.tables
        self.whole = truth(self.read(), self.catalog)

    def read(self, state: list[dict[str, Any]] | None = None) -> Run:
        """One sync."""
        return self.warm.run("read", config=self.config, catalog=self.catalog, state=state or None)

    def sync(self) -> tuple[Run, Warehouse]:
        """One sync from the moment's state into the tables of before."""
        warehouse = self._warehouse()
        done = self.read(self._state)
        warehouse.land(done)
        return done, warehouse

    def resume(self, warehouse: Warehouse) -> None:
        """The sync after that one."""
        warehouse.land(self.read(warehouse.state))

    def _warehouse(self) -> Warehouse:
        return Warehouse(self.catalog, self._tables, self._state)

    def hit(self, case: Case) -> "Hit":
        """Switch a fault on."""
        stream = case.hits(self.moment)
        if stream is None:
            raise ValueError(f"{case.name} does not hit the moment {self.moment}")
        one = self._some_object(stream) if case.one else ""
        path = "/v2" if case.everywhere else PATHS[stream].replace("*", one) if one else PATHS[stream]
        self.sandbox.fault(case.fault, path, **case.selection(), **case.parameters)
        if case.then is not None:
            name, times, parameters = case.then
            self.sandbox.fault(name, path, times=times, **parameters)
        return Hit(case, stream, path, one)

    def _some_object(self, stream: str) -> str:
        """One of the objects that have records in this stream."""
        named = sorted({str(json.loads(row)[OBJECTS[stream]]) for row in self.whole[stream].values()})
        if len(named) < 2:
            raise ValueError(f"{stream} has records of {len(named)} objects: one of several is needed")
        return named[0]

    def asked(self, path: str) -> int:
        """How many requests went to a path."""
        return sum(request["path"] == path.removesuffix("$") for request in self.sandbox.requests("/v2"))


@dataclass(frozen=True)
class Hit:
    """A fault that is switched on: on which stream, where, and on which one object (empty: on all)."""

    case: Case
    stream: str
    path: str
    object: str

    def spared(self, whole: Table) -> Table:
        """What a stream holds besides the records of the object that is hit."""
        if not self.object:
            return whole
        field = OBJECTS[self.stream]
        return {key: row for key, row in whole.items() if str(json.loads(row)[field]) != self.object}


def broken(
    stream: str, hit: Hit | None, failing: Collection[str], done: Run, warehouse: Warehouse, whole: Table
) -> str:
    """What is wrong with a stream after a sync; empty if all is as promised."""
    status, table = done.statuses.get(stream), warehouse.tables[stream]
    errors = [error for error in done.errors if (error.get("stream_descriptor") or {}).get("name") == stream]
    promise = hit.case.promise if hit else "lands"
    if promise == "lands or fails":
        promise = "fails" if status == "INCOMPLETE" else "lands"
    if hit is not None and promise == "fails":
        return _not_failed(hit, status, errors, done, warehouse, whole)
    if status == "INCOMPLETE" and PARENTS.get(stream) in failing:
        # Without its parents' list a stream has nobody to ask about: it fails with it.
        return ""
    if status != "COMPLETE" or errors:
        return f"is {status}: {[error['message'] for error in errors]}"
    if hit is None or promise == "lands":
        return _difference(table, whole)
    if promise == "nothing":
        return ""
    if promise == "spares":
        told = [log for log in _logs(done) if all(text in log for text in (hit.object, *hit.case.sentences()))]
        return _difference(table, hit.spared(whole)) or ("" if told else f"names nobody: {_about(stream, done)}")
    if promise == "tells":
        said = hit.case.sentences(records=len(whole))
        told = [log for log in done.logs("WARN") if all(text in log for text in said)]
        return _difference(table, whole) or ("" if told else f"does not tell {said}: {_about(stream, done)}")
    missing = [key for key in whole if key not in table]
    # A fault in a value may change it; a parent that is gone takes its own children along.
    return f"lost {len(missing)} of {len(whole)}" if missing and hit.case.fault != "gone" else ""


def _not_failed(
    hit: Hit, status: str | None, errors: list[dict[str, Any]], done: Run, warehouse: Warehouse, whole: Table
) -> str:
    case = hit.case
    if status != "INCOMPLETE":
        return f"is {status}"
    # A stream of two lists may fail in both, in the same words.
    messages = sorted({error["message"] for error in errors})
    # A connection that is spoiled may be refused next: that is another cause.
    if not messages or (len(messages) > 1 and not all(text.startswith("No answer: ") for text in messages)):
        return f"has {len(messages)} traces: {messages}"
    unsaid = [text for text in case.sentences(object=hit.object, records=len(whole)) if text not in messages[0]]
    if unsaid or (case.never_says and case.never_says in messages[0]):
        return f"says {messages}, and not {unsaid}"
    if case.type and errors[0]["failure_type"] != case.type:
        return f"is a {errors[0]['failure_type']}: {messages}"
    if hit.object:
        # What it failed for is not what the others hold.
        landed = {**warehouse.tables[hit.stream], **warehouse.keyed(done, hit.stream)}
        return _difference(landed, hit.spared(whole))
    return ""


def _difference(table: Table, whole: Table) -> str:
    missing = [key for key in whole if key not in table]
    wrong = [key for key in whole if key in table and json.loads(table[key]) != json.loads(whole[key])]
    return f"lost {len(missing)}, changed {len(wrong)} of {len(whole)}" if missing or wrong else ""


def _logs(done: Run) -> list[str]:
    return [*done.logs("WARN"), *done.logs("INFO")]


def _about(stream: str, done: Run) -> list[str]:
    return [log for log in _logs(done) if stream in log and not log.startswith("Requests made")]


def not_ended(hits: Iterable[Hit], done: Run) -> str:
    """What is wrong with a sync that has to end: no stream may say COMPLETE, and one sentence says why."""
    (case,) = [hit.case for hit in hits if hit.case.promise == "ends"]
    complete = sorted(name for name, status in done.statuses.items() if status == "COMPLETE")
    if complete or done.exit_code == 0:
        return f"exit code {done.exit_code}, complete: {complete}"
    kinds = {error["failure_type"] for error in done.errors}
    unsaid = [text for text in case.sentences() if all(text not in error["message"] for error in done.errors)]
    return f"says {[error['message'] for error in done.errors][:3]} ({kinds})" if unsaid or kinds != {case.type} else ""


# RFC 3339 with a zone, and no more digits than warehouses take.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FORMATS = {"date-time": _MOMENT, "date": _DAY}


def odd_times(value: Any, schema: Any, at: str = "") -> Iterator[str]:
    """The places of times and dates that a warehouse does not read."""
    if not isinstance(schema, dict):
        return
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            yield from odd_times(value.get(name), part, f"{at}.{name}")
    elif isinstance(value, list):
        for one in value:
            yield from odd_times(one, schema.get("items"), at)
    elif isinstance(value, str) and (shape := _FORMATS.get(schema.get("format", ""))) and not shape.fullmatch(value):
        yield f"{at} {value}"
