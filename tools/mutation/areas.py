"""What can be mutated: modules, the tests that concern them, and mutants that change nothing, with the reason."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Area:
    """A folder of modules, tests that should notice a change in one of them, and known equivalents.

    The file `equivalents` beside this one holds them: reason -> "module: the line's text: change"; `*` is any module.
    """

    folder: str
    tests: tuple[str, ...]
    equivalents: str

    def list_modules(self, root: Path) -> list[str]:
        """The modules' paths below the repository's root."""
        return sorted(path.relative_to(root).as_posix() for path in (root / self.folder).rglob("*.py"))

    def find_reason(self, module: str, text: str, what: str) -> str:
        """Why no test can notice a change of a line with this text; empty if one should."""
        change = f"{text}: {what}"
        return self._reasons.get(f"{Path(module).name}: {change}") or self._reasons.get(f"*: {change}", "")

    @cached_property
    def _reasons(self) -> dict[str, str]:
        written = yaml.safe_load((Path(__file__).parent / self.equivalents).read_text("utf-8"))
        return {change: reason for reason, changes in written.items() for change in changes}


AREAS = {
    "utilization": Area(
        folder="source_digitalocean_quolum/utilization",
        tests=(
            "unit_tests/utilization",
            "unit_tests/test_check.py",
            "unit_tests/mock_server/test_every_utilization.py",
            "unit_tests/mock_server/test_monitoring_windows.py",
            "unit_tests/mock_server/test_utilization.py",
            "unit_tests/mock_server/test_utilization_gaps.py",
            "unit_tests/mock_server/test_utilization_resizes.py",
        ),
        equivalents="utilization_equivalents.yaml",
    ),
}
