"""The tool that changes modules on purpose: what it changes, and what it says that no test notices."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.mutation.mutants import Mutant, find_places, make_mutant
from tools.mutation.traces import TestRun, Traces, limit_tests, tell_lines

ROOT = Path(__file__).parents[1]

MODULE = '''"""Prices."""

LIMIT = 10


def price(
    number: int, each: float = 2
) -> float:
    """What so many cost."""
    if number > LIMIT:
        return number * each * 0.9
    return number * each


class Cart:
    """What is bought."""

    name = "cart"

    def add(self, one: str) -> None:
        """Put it in."""
        logger.info("%s is added to %s", one, f"the {self.name}")
        self.items.append(one)


def unused() -> bool:
    return 1 == 1
'''
TESTS = """from src.shop import price

def test_a_few():
    assert price(3) == 6

def test_many():
    assert price(20) == 36
"""
EQUIVALENTS = """because:
  - "shop.py: name = \\"cart\\": 'cart' is 'cartx'"
"""


def mutants(source: str) -> list[Mutant]:
    return [make_mutant(source, place) for place in find_places(source)]


def test_what_is_changed_and_what_is_left_alone() -> None:
    assert {(one.line, one.what) for one in mutants(MODULE)} == {
        (3, "10 is 11"),
        (7, "2 is 3"),
        (10, "Gt is GtE"),
        (10, "condition is turned"),
        (11, "returns None"),
        (11, "Mult is Div"),
        (11, "0.9 is 1.9"),
        (12, "returns None"),
        (12, "Mult is Div"),
        (18, "'cart' is 'cartx'"),
        (23, "call is left out"),
        (27, "returns None"),
        (27, "Eq is NotEq"),
        (27, "1 is 2"),
    }


def test_a_change_knows_its_function_and_the_lines_of_its_statement() -> None:
    places = {(one.line, one.what): (one.function, one.lines) for one in mutants(MODULE)}

    assert places[3, "10 is 11"] == ("", range(3, 4))
    assert places[7, "2 is 3"][0] == "", "a default is made when the module is imported"
    assert places[10, "condition is turned"] == ("price", range(10, 11))
    assert places[18, "'cart' is 'cartx'"] == ("", range(18, 19))
    assert places[23, "call is left out"] == ("Cart.add", range(23, 24))


def test_a_module_that_tells_its_lines_does_what_it_did() -> None:
    ran: list[int] = []
    module: dict[str, object] = {"note": lambda _file, line: ran.append(line)}
    exec(tell_lines(MODULE, "shop.py", "note"), module)  # noqa: S102
    ran.clear()

    assert module["price"](3) == 6  # type: ignore[operator]
    assert ran == [10, 12]
    assert module["__doc__"] == "Prices."


def test_the_tests_of_a_line_are_those_that_run_it_the_fastest_first() -> None:
    slow = TestRun("slow", 5, frozenset({("a.py", 1), ("a.py", 2)}))
    fast = TestRun("fast", 1, frozenset({("a.py", 2)}))
    other = TestRun("other", 0.5, frozenset({("b.py", 2)}))
    traces = Traces((slow, other, fast), frozenset({("a.py", 9)}))

    assert traces.find_tests("a.py", [2, 3]) == [fast, slow]
    assert traces.order_tests("a.py") == [fast, slow, other]
    assert limit_tests([fast, slow, other], 6) == [fast, slow]
    assert limit_tests([slow], 1) == [slow]


@pytest.mark.slow
def test_what_no_test_notices_is_reported_and_counted(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "shop.py").write_text(MODULE, "utf-8")
    (tmp_path / "test_shop.py").write_text(TESTS, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (tmp_path / "equivalents.yaml").write_text(EQUIVALENTS, "utf-8")
    script = (
        "import pathlib, tools.mutation.__main__ as tool\n"
        "from tools.mutation.areas import Area\n"
        "tool.ROOT = pathlib.Path.cwd()\n"
        "tool.AREAS = {'shop': Area('src', ('test_shop.py',), str(tool.ROOT / 'equivalents.yaml'))}\n"
        "raise SystemExit(tool.main(['shop', '--least', '95']))\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    verdicts, _, rest = done.stdout.partition("Not noticed")
    assert "shop.py:11: 0.9 is 1.9: noticed" in verdicts
    # A limit that is imported, of which no test tries the edge.
    assert "shop.py:3: 10 is 11: NOT NOTICED" in rest
    assert "shop.py:7: 2 is 3: noticed" in verdicts
    assert "shop.py:10: Gt is GtE: NOT NOTICED" in rest
    # What no test runs.
    assert "shop.py:27: Eq is NotEq: NOT NOTICED" in rest
    assert "'cart' is 'cartx': equivalent: because" in verdicts
    assert rest.rstrip().endswith("1 equivalent")
