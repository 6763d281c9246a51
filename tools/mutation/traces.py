"""Which lines of some modules each test runs, and how long it takes: what a change there has to be judged by."""

import ast
import json
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

# File and line.
Line = tuple[str, int]


@dataclass(frozen=True)
class TestRun:
    """One test: its seconds of the processor, and the lines that it or a fixture of its runs."""

    __test__ = False

    name: str
    seconds: float
    lines: frozenset[Line]


@dataclass(frozen=True)
class Traces:
    """All tests, and the lines that ran while they were imported and collected."""

    tests: tuple[TestRun, ...]
    early: frozenset[Line]

    def find_tests(self, file: str, lines: Iterable[int]) -> list[TestRun]:
        """The tests that run one of these lines, the fastest first."""
        wanted = {(file, line) for line in lines}
        return sorted((one for one in self.tests if one.lines & wanted), key=lambda one: one.seconds)

    def is_early(self, file: str, lines: Iterable[int]) -> bool:
        """Whether one of these lines ran before the tests did."""
        return any((file, line) in self.early for line in lines)

    def order_tests(self, file: str) -> list[TestRun]:
        """Every test: first those that run anything of the file, the fastest first."""
        near = {one.name for one in self.tests if any(where == file for where, _ in one.lines)}
        return sorted(self.tests, key=lambda one: (one.name not in near, one.seconds))


class Recorder:
    """A plugin of pytest that writes the traces to a file when the tests are through."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._early: set[Line] = set()
        self._current = self._early
        self._seconds: dict[str, float] = {}
        self._fixtures: dict[str, list[str]] = {}
        self._by_test: defaultdict[str, set[Line]] = defaultdict(set)
        self._by_fixture: defaultdict[str, set[Line]] = defaultdict(set)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Attribute what runs meanwhile to the test."""
        begun = time.process_time()
        with self._attribute(self._by_test[item.nodeid]):
            outcome = yield
        self._seconds[item.nodeid] = time.process_time() - begun
        self._fixtures[item.nodeid] = list(getattr(item, "fixturenames", ()))
        return outcome

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """What a fixture runs is run for all tests that use it, not only for the first one."""
        with self._attribute(self._by_fixture[fixturedef.argname]):
            return (yield)

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        tests = []
        for name, seconds in self._seconds.items():
            lines = self._by_test[name].union(*(self._by_fixture[one] for one in self._fixtures[name]))
            tests.append({"name": name, "seconds": seconds, "lines": sorted(lines)})
        self._output.write_text(json.dumps({"tests": tests, "early": sorted(self._early)}), "utf-8")

    @contextmanager
    def _attribute(self, lines: set[Line]) -> Generator[None]:
        before, self._current = self._current, lines
        try:
            yield
        finally:
            self._current = before

    def note(self, file: str, line: int) -> None:
        """A statement there is about to run, in any thread."""
        self._current.add((file, line))


def tell_lines(source: str, file: str, function: str) -> str:
    """A module that calls a function of this name with the file and the line before each of its statements.

    Python's own tracing would slow down every call in every package, this only the module.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list):
                setattr(node, name, [one for told in statements for one in _tell(told, file, function)])
    return ast.unparse(ast.fix_missing_locations(tree))


def _tell(statement: ast.stmt, file: str, function: str) -> list[ast.stmt]:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        # A docstring has to stay the first one.
        return [statement]
    call = ast.Call(ast.Name(function, ast.Load()), [ast.Constant(file), ast.Constant(statement.lineno)], [])
    return [ast.Expr(call), statement]


def limit_tests(tests: Sequence[TestRun], seconds: float) -> list[TestRun]:
    """The first of these tests, as many as take no longer together; one at least."""
    ends = accumulate(one.seconds for one in tests)
    return [one for number, (one, end) in enumerate(zip(tests, ends, strict=True)) if number == 0 or end <= seconds]


def read_traces(written: Path) -> Traces:
    """What a Recorder has written."""
    found = json.loads(written.read_text("utf-8"))
    tests = tuple(TestRun(one["name"], one["seconds"], _as_lines(one["lines"])) for one in found["tests"])
    return Traces(tests, _as_lines(found["early"]))


def _as_lines(pairs: Iterable[list[Any]]) -> frozenset[Line]:
    return frozenset((file, line) for file, line in pairs)
