"""What can be mutated: modules, the tests that concern them, and mutants that change nothing, with the reason."""

from dataclasses import dataclass, field

_ROOM = "source_digitalocean_quolum/utilization"


@dataclass(frozen=True)
class Area:
    """Modules below the repository's root, tests that should notice, and known equivalents by module and change.

    `equivalent` maps "module: the line's text: change" to the reason why no test can notice it.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    equivalent: dict[str, str] = field(default_factory=dict)


AREAS = {
    "utilization": Area(
        modules=tuple(
            f"{_ROOM}/{name}.py"
            for name in (
                *("gaps", "position", "reader", "resources", "run", "sizes", "windows", "records"),
                *("sources/insights", "sources/insights_answer", "sources/monitoring", "sources/monitoring_answer"),
                *("sources/monitoring_questions", "sources/intervals", "sources/parts", "sources/promql"),
                "sources/tally",
            )
        ),
        # The fastest first: the first failure ends a run.
        tests=(
            "unit_tests/mock_server/test_every_utilization.py",
            "unit_tests/utilization/sources",
            "unit_tests/mock_server/test_utilization_resizes.py",
            "unit_tests/utilization",
            "unit_tests/mock_server/test_utilization.py",
            "unit_tests/mock_server/test_utilization_gaps.py",
        ),
        equivalent={
            "records.py: if not capacity or capacity < 0:: Lt is LtE": "zero is left out by the words before it",
            **dict.fromkeys(
                (
                    f"{module}.py: @dataclass(frozen=True, slots=True): True is False"
                    for module in ("intervals", "resources", "windows", "gaps")
                ),
                "nobody changes such an object or gives it another attribute: it is a guard and saves memory",
            ),
        },
    ),
}
