"""Change modules on purpose, run the tests that concern the change, and report who noticed.

python -m tools.mutation utilization                 every mutant; about an hour on two quiet cores
python -m tools.mutation utilization --sample 150    so many of them, the same ones for the same --seed
python -m tools.mutation utilization --module sources/monitoring.py
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.mutation import sessions
from tools.mutation.areas import AREAS, Area
from tools.mutation.mutants import Mutant, find_places, make_mutant
from tools.mutation.traces import limit_tests, read_traces

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant; `reason` is why it is equivalent: then it was not tried."""

    module: str
    mutant: Mutant
    text: str
    noticed: bool
    reason: str = ""

    def __str__(self) -> str:
        outcome = f"equivalent: {self.reason}" if self.reason else "noticed" if self.noticed else "NOT NOTICED"
        return f"{self.module}:{self.mutant.line}: {self.mutant.what}: {outcome}    {self.text}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a mutant, those that nobody noticed once more, and the share that was; 1 if it is below --least."""
    options = _parse(arguments)
    area = AREAS[options.area]
    chosen = _choose(area, options.module, options.sample, options.seed)
    print(f"{len(chosen)} mutants", flush=True)
    begun = time.monotonic()
    verdicts = _judge(area, chosen, options.seconds)
    print(f"\nNot noticed, in {time.monotonic() - begun:.0f} s:")
    for one in sorted((one for one in verdicts if not one.noticed and not one.reason), key=_place):
        print(one)
    _summarize(verdicts)
    counted = [one for one in verdicts if not one.reason]
    share = 100 * sum(one.noticed for one in counted) / max(1, len(counted))
    print(f"{share:.1f} % of {len(counted)} noticed, {len(verdicts) - len(counted)} equivalent")
    return int(share < options.least)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__.split("\n")[0])
    parser.add_argument("area", choices=sorted(AREAS))
    parser.add_argument("--module", default="", help="only modules whose path ends so")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants at most; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="which ones a sample has")
    parser.add_argument("--seconds", type=float, default=4.0, help="processor time of tests for a mutant")
    parser.add_argument("--least", type=float, default=0.0, help="percent to be noticed")
    return parser.parse_args(arguments)


def _choose(area: Area, ending: str, sample: int, seed: int) -> list[tuple[str, Mutant]]:
    modules = [module for module in area.list_modules(ROOT) if module.endswith(ending)]
    sources = {module: (ROOT / module).read_text("utf-8") for module in modules}
    places = [(module, place) for module, source in sources.items() for place in find_places(source)]
    if 0 < sample < len(places):
        places = random.Random(seed).sample(places, sample)  # noqa: S311 (a choice, no secret)
    return [(module, make_mutant(sources[module], place)) for module, place in places]


def _judge(area: Area, chosen: Sequence[tuple[str, Mutant]], seconds: float) -> list[Verdict]:
    verdicts: list[Verdict] = []

    def tell(module: str, mutant: Mutant, noticed: bool, reason: str = "") -> None:
        verdicts.append(Verdict(module, mutant, _find_text(module, mutant), noticed, reason))
        print(verdicts[-1], flush=True)

    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        written = Path(folder) / "traces.json"
        modules = {_name(module): ROOT / module for module, _ in chosen}
        if not sessions.record(area.tests, modules, written):
            raise SystemExit("The tests fail without any change: mend them first.")
        traces = read_traces(written)
    print(f"{len(traces.tests)} tests take {sum(one.seconds for one in traces.tests):.0f} s", flush=True)

    at_import: list[tuple[str, Mutant]] = []
    in_functions: list[tuple[str, Mutant]] = []
    for module, mutant in chosen:
        if reason := area.find_reason(module, _find_text(module, mutant), mutant.what):
            tell(module, mutant, noticed=False, reason=reason)
        elif sessions.is_replaceable((ROOT / module).read_text("utf-8"), mutant):
            in_functions.append((module, mutant))
        else:
            at_import.append((module, mutant))
    cases = [(ROOT / one, mutant, traces.find_tests(str(ROOT / one), mutant.lines)) for one, mutant in in_functions]
    for (module, mutant), noticed in zip(in_functions, sessions.judge_all(cases, seconds), strict=True):
        # A function that is called while tests are collected may have left there what it made.
        if noticed or not traces.is_early(str(ROOT / module), mutant.lines):
            tell(module, mutant, noticed)
        else:
            at_import.append((module, mutant))
    for module, mutant in at_import:
        path = ROOT / module
        tests = limit_tests(traces.order_tests(str(path)), seconds)
        tell(module, mutant, sessions.judge_anew(path, _name(module), mutant, tests))
    return verdicts


def _name(module: str) -> str:
    return module.removesuffix(".py").replace("/", ".")


def _find_text(module: str, mutant: Mutant) -> str:
    return (ROOT / module).read_text("utf-8").splitlines()[mutant.line - 1].strip()


def _place(one: Verdict) -> tuple[str, int]:
    return one.module, one.mutant.line


def _summarize(verdicts: Sequence[Verdict]) -> None:
    noticed = Counter(one.module for one in verdicts if one.noticed)
    counted = Counter(one.module for one in verdicts if not one.reason)
    for module, number in sorted(counted.items()):
        print(f"{100 * noticed[module] / number:5.1f} % of {number:3}  {module}")


if __name__ == "__main__":
    raise SystemExit(main())
