"""Tests against a changed module, in a child of a process that has imported everything: a second instead of ten."""

import builtins
import gc
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

# What the connector and its tests import from elsewhere and takes long.
import airbyte_cdk.sources.declarative.concurrent_declarative_source  # noqa: F401
import hypothesis
import pytest
import requests_mock  # noqa: F401
from hypothesis import Phase

from tools.mutation.mutants import Mutant
from tools.mutation.traces import Recorder, TestRun, limit_tests, tell_lines

# Seconds of one test after which it has noticed: nothing that it waits for comes any more.
_LONGEST_TEST = 60
_OPTIONS = (
    "-qq",
    "-s",
    "--tb=no",
    "--no-header",
    "--no-summary",
    "-p",
    "no:cacheprovider",
    f"--timeout={_LONGEST_TEST}",
)
# What a module that is recorded calls before each statement.
_NOTE = "note_for_mutation"

# A mutant, with the file that it is of and the tests that judge it.
Case = tuple[Path, Mutant, Sequence[TestRun]]


def record(tests: Sequence[str], modules: Mapping[str, Path], output: Path) -> bool:
    """Write which tests run which lines of these modules (name -> file); whether all tests passed."""

    def work() -> int:
        recorder = Recorder(output)
        setattr(builtins, _NOTE, recorder.note)
        sources = {name: tell_lines(path.read_text("utf-8"), str(path), _NOTE) for name, path in modules.items()}
        sys.meta_path.insert(0, _ChangedFinder({name: (path, sources[name]) for name, path in modules.items()}))
        return _run(tests, recorder, "--timeout=300")

    return _in_child(work, 3600) == 0


def judge_anew(path: Path, module: str, mutant: Mutant, tests: Sequence[TestRun]) -> bool:
    """Whether a test notices a change that matters when the module is imported: all is imported and collected anew."""

    def work() -> int:
        sys.meta_path.insert(0, _ChangedFinder({module: (path, mutant.source)}))
        return _run(sorted({one.name.partition("::")[0] for one in tests}), _Selection(tests), "-x")

    return _in_child(work, _find_deadline(tests)) != 0


def is_replaceable(source: str, mutant: Mutant) -> bool:
    """Whether a change can be made in a running program: in a function's body, without another free variable."""
    before, after = (_find_code(text, mutant.function) for text in (source, mutant.source))
    return [one.co_freevars for one in before] == [one.co_freevars for one in after] != []


def judge_all(cases: Sequence[Case], seconds: float) -> Iterator[bool]:
    """Of each change that is replaceable whether a test notices it, in so many seconds of tests.

    The tests are collected once, in a child.
    """
    read_end, write_end = os.pipe()

    def work() -> int:
        os.close(read_end)
        names = {one.name.partition("::")[0] for _, _, tests in cases for one in tests}
        return _run(
            sorted(names), _Judge(cases, seconds, lambda noticed: os.write(write_end, b"1" if noticed else b"0"))
        )

    child = _fork(work)
    os.close(write_end)
    with os.fdopen(read_end, "rb", buffering=0) as verdicts:
        for _ in cases:
            if not (verdict := verdicts.read(1)):
                raise SystemExit("The tests could not be collected.")
            yield verdict == b"1"
    os.waitpid(child, 0)


class _Quickly:
    """Failures are found, not explained: no shrinking of examples, and always the same ones."""

    def pytest_configure(self) -> None:
        hypothesis.settings.register_profile(
            "mutation",
            phases=[Phase.explicit, Phase.generate],
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        hypothesis.settings.load_profile("mutation")


class _Selection:
    """Only these tests, in this order."""

    def __init__(self, tests: Sequence[TestRun]) -> None:
        self._places = {one.name: place for place, one in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = [item for item in items if item.nodeid in self._places]
        items[:] = sorted(found, key=lambda item: self._places[item.nodeid])


class _Judge:
    """In the place of pytest's loop over all tests, a loop over all changes."""

    def __init__(self, cases: Sequence[Case], seconds: float, tell: Callable[[bool], object]) -> None:
        self._cases, self._seconds, self._tell = cases, seconds, tell
        # How many changes of a file a test has noticed: it is likely to notice the next one.
        self._noticed: Counter[tuple[Path, str]] = Counter()
        self._number = RawValue("i", -1)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        functions = _index_functions(str(path) for path, _, _ in self._cases)
        # What is never collected is never copied into a child.
        gc.freeze()
        for path, mutant, tests in self._cases:
            ordered = sorted(tests, key=lambda one: (-self._noticed[path, one.name], one.seconds))
            chosen = limit_tests(ordered, self._seconds)
            code = self._judge(session, functions[str(path), mutant.function], mutant, chosen, items)
            if code and self._number.value >= 0:
                self._noticed[path, chosen[self._number.value].name] += 1
            self._tell(code != 0)
        return True

    def _judge(
        self,
        session: pytest.Session,
        functions: Sequence[FunctionType],
        mutant: Mutant,
        tests: Sequence[TestRun],
        items: Mapping[str, pytest.Item],
    ) -> int | None:
        def work() -> int:
            for code in _find_code(mutant.source, mutant.function):
                for function in functions:
                    function.__code__ = code
            for number, one in enumerate(tests):
                following = items[tests[number + 1].name] if number + 1 < len(tests) else None
                item = items[one.name]
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.testsfailed:
                    self._number.value = number
                    return 1
            return 0

        self._number.value = -1
        return _in_child(work, _find_deadline(tests))


class _ChangedFinder(MetaPathFinder):
    """Finds modules with another source than their files'."""

    def __init__(self, sources: Mapping[str, tuple[Path, str]]) -> None:
        self._sources = sources

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname not in self._sources:
            return None
        file, source = self._sources[fullname]
        loader = _ChangedLoader(fullname, str(file))
        loader.source = source
        return spec_from_file_location(fullname, file, loader=loader)


class _ChangedLoader(SourceFileLoader):
    source = ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec")


def _run(tests: Sequence[str], plugin: object, *options: str) -> int:
    return int(pytest.main([*_OPTIONS, *options, *tests], plugins=[_Quickly(), plugin]))


def _find_deadline(tests: Sequence[TestRun]) -> float:
    return 4 * sum(one.seconds for one in tests) + _LONGEST_TEST


def _in_child(work: Callable[[], int], timeout: float) -> int | None:
    """What some work returns in a fork of this process; None if it takes longer."""
    child = _fork(work)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _fork(work: Callable[[], int]) -> int:
    """A child that does some work in silence and ends with what it returns."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            code = work()
        finally:
            # Whatever was raised: the parent's handlers are not this process's to run.
            os._exit(code)
    return child


def _index_functions(files: Iterable[str]) -> defaultdict[tuple[str, str], list[FunctionType]]:
    """The functions of these files by file and qualified name, decorated ones and methods included."""
    wanted = set(files)
    found: defaultdict[tuple[str, str], list[FunctionType]] = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename in wanted:
            found[one.__code__.co_filename, one.__code__.co_qualname].append(one)
    return found


def _find_code(source: str, name: str) -> list[CodeType]:
    """What a function is compiled to, by its qualified name; several where a property can be read and written."""
    return [code for code in _list_code(compile(source, "<changed>", "exec")) if code.co_qualname == name]


def _list_code(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _list_code(constant)
