"""Change a module on purpose, run its tests in a copy of the repository, and report who noticed.

python -m tools.mutation utilization                 every mutant; hours on two cores
python -m tools.mutation utilization --sample 40     so many of them, the same ones for the same --seed
python -m tools.mutation utilization --module sources/monitoring.py
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.mutation.areas import AREAS, Area
from tools.mutation.mutants import Mutant, find_places, make_mutant

ROOT = Path(__file__).parent.parent.parent
_COPIED = ("source_digitalocean_quolum", "unit_tests", "pyproject.toml", "docs", "tools")
# Failures are found, not explained: no shrinking of examples, and always the same ones.
_PYTEST = """
import sys, pytest
from hypothesis import Phase, settings
settings.register_profile("mutation", phases=[Phase.explicit, Phase.generate], derandomize=True, database=None)
settings.load_profile("mutation")
sys.exit(pytest.main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant; `reason` is why it is equivalent."""

    module: str
    mutant: Mutant
    text: str
    noticed: bool
    reason: str = ""

    def __str__(self) -> str:
        outcome = "noticed" if self.noticed else f"equivalent: {self.reason}" if self.reason else "NOT NOTICED"
        return f"{self.module}:{self.mutant.line}: {self.mutant.what}: {outcome}    {self.text}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a mutant and the share that was noticed; 1 if that is below --least."""
    options = _parse(arguments)
    area = AREAS[options.area]
    chosen = _choose(area, options.module, options.sample, options.seed)
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        copy = _copy(Path(folder))
        seconds = _time_tests(copy, area)
        print(f"{len(chosen)} mutants; the tests take {seconds:.0f} s", flush=True)
        for module, mutant in chosen:
            verdicts.append(_judge(copy, area, module, mutant, 3 * seconds + 30))
            print(verdicts[-1], flush=True)
    counted = [one for one in verdicts if one.noticed or not one.reason]
    share = 100 * sum(one.noticed for one in counted) / max(1, len(counted))
    print(f"{share:.1f} % of {len(counted)} noticed, {len(verdicts) - len(counted)} equivalent")
    return int(share < options.least)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__.split("\n")[0])
    parser.add_argument("area", choices=sorted(AREAS))
    parser.add_argument("--module", default="", help="only modules whose path ends so")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants at most; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="which ones a sample has")
    parser.add_argument("--least", type=float, default=0.0, help="percent to be noticed")
    return parser.parse_args(arguments)


def _choose(area: Area, ending: str, sample: int, seed: int) -> list[tuple[str, Mutant]]:
    modules = [module for module in area.modules if module.endswith(ending)]
    sources = {module: (ROOT / module).read_text("utf-8") for module in modules}
    places = [(module, place) for module, source in sources.items() for place in find_places(source)]
    if 0 < sample < len(places):
        places = random.Random(seed).sample(places, sample)  # noqa: S311 (a choice, no secret)
    return [(module, make_mutant(sources[module], place)) for module, place in places]


def _copy(folder: Path) -> Path:
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def _time_tests(copy: Path, area: Area) -> float:
    begun = time.monotonic()
    if not _passes(copy, area, 3600):
        raise SystemExit("The tests fail without any change: mend them first.")
    return time.monotonic() - begun


def _judge(copy: Path, area: Area, module: str, mutant: Mutant, timeout: float) -> Verdict:
    text = (ROOT / module).read_text("utf-8").splitlines()[mutant.line - 1].strip()
    path = copy / module
    original = path.read_text("utf-8")
    path.write_text(mutant.source, encoding="utf-8")
    try:
        noticed = not _passes(copy, area, timeout)
    finally:
        path.write_text(original, encoding="utf-8")
    reason = "" if noticed else area.equivalent.get(f"{Path(module).name}: {text}: {mutant.what}", "")
    return Verdict(module, mutant, text, noticed, reason)


def _passes(copy: Path, area: Area, timeout: float) -> bool:
    """Whether the area's tests pass in the copy; a test that never ends has noticed."""
    tests = [test for test in area.tests if (copy / test).exists()]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603 (this interpreter, on a copy of this repository)
            [sys.executable, "-c", _PYTEST, "-x", "-q", "-p", "no:cacheprovider", *tests],
            cwd=copy,
            env=environment,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
