"""Two distributions and one image: what each holds, what it needs, and which versions it gets."""

import re
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CONNECTOR, WAREHOUSE = ROOT, ROOT / "warehouse"


@cache
def project(folder: Path) -> dict[str, Any]:
    return dict(tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def locked(path: str) -> dict[str, Requirement]:
    """A lock's requirements by name; each must be pinned and have hashes."""
    text = (ROOT / path).read_text(encoding="utf-8")
    entries = re.findall(r"^(\S.*?) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    requirements = [Requirement(requirement) for requirement, _ in entries]
    assert len(entries) == len(re.findall(r"^\S", text, re.MULTILINE)), f"{path} has a line without a hash"
    assert all(str(requirement.specifier).startswith("==") for requirement in requirements)
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def wheel(folder: Path, into: Path) -> zipfile.ZipFile:
    """Build the wheel of the project in `folder` with the locked backend."""
    program = "import sys; from poetry.core.masonry import api; print(api.build_wheel(sys.argv[1]))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program, str(into)], cwd=folder, capture_output=True, text=True, check=True
    )
    return zipfile.ZipFile(into / done.stdout.split()[-1])


@pytest.mark.parametrize(
    ("folder", "package", "scripts"),
    [
        (CONNECTOR, "source_digitalocean_quolum", ["", "-connect"]),
        (WAREHOUSE, "warehouse", ["-dashboard", "-models", "-sync"]),
    ],
    ids=["connector", "warehouse"],
)
def test_a_wheel_holds_its_own_package_and_commands_and_nothing_of_the_other(
    tmp_path: Path, folder: Path, package: str, scripts: list[str]
) -> None:
    with wheel(folder, tmp_path) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        (entry_points,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        commands = re.findall(r"^(\S+)=", archive.read(entry_points).decode(), re.MULTILINE)
    assert {name.split("/")[0] for name in names} == {package}
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py")}
    assert ours == {name for name in names if name.endswith(".py")}
    # The dashboard's page is made of files that are no modules.
    data = [path for ending in ("json", "js", "css", "html") for path in (ROOT / package).rglob(f"*.{ending}")]
    assert {str(path.relative_to(ROOT)) for path in data} <= set(names)
    assert not [name for name in names if name.endswith("pyproject.toml")]
    assert sorted(commands) == [f"source-digitalocean-quolum{script}" for script in scripts]


@pytest.mark.parametrize(
    ("lock", "declared"),
    [
        ("requirements.lock", project(CONNECTOR)["dependencies"]),
        (
            "requirements-dev.lock",
            [
                *project(CONNECTOR)["dependencies"],
                *project(CONNECTOR)["optional-dependencies"]["dev"],
                *project(WAREHOUSE)["dependencies"],
            ],
        ),
        ("requirements-models.lock", project(WAREHOUSE)["optional-dependencies"]["models"]),
    ],
    ids=["image", "development", "models"],
)
def test_a_lock_satisfies_what_is_declared(lock: str, declared: list[str]) -> None:
    pins = locked(lock)
    for wanted in map(Requirement, declared):
        if wanted.name == project(CONNECTOR)["name"]:
            assert wanted.specifier.contains(project(CONNECTOR)["version"])
            continue
        pin = pins.get(canonicalize_name(wanted.name))
        assert pin, f"{lock} lacks {wanted.name}: make lock"
        assert wanted.specifier.contains(str(pin.specifier)[2:]), f"{lock} has {pin}, not {wanted}: make lock"


def test_the_image_gets_the_versions_that_are_tested_and_no_tools() -> None:
    runtime, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: str(pin.specifier) for name, pin in runtime.items()}.items() <= {
        name: str(pin.specifier) for name, pin in development.items()
    }.items()
    assert not {"airbyte", "duckdb", "sqlalchemy", "pytest", "mypy", "ruff", "poetry-core"} & set(runtime)


def test_what_dbt_builds_is_read_with_the_same_duckdb() -> None:
    assert locked("requirements-models.lock")["duckdb"].specifier == locked("requirements-dev.lock")["duckdb"].specifier


def test_the_warehouse_alone_needs_an_older_python() -> None:
    assert [version for version in ("3.11", "3.12", "3.13", "3.14") if version in _pythons(CONNECTOR)] == [
        "3.11",
        "3.12",
        "3.13",
    ]
    assert [version for version in ("3.11", "3.12", "3.13") if version in _pythons(WAREHOUSE)] == ["3.11", "3.12"]
    pins = locked("requirements-dev.lock")
    for name, on_3_13 in (("airbyte", False), ("sqlalchemy", False), ("airbyte-cdk", True), ("pytest", True)):
        marker = pins[name].marker
        environment = {"python_version": "3.13", "python_full_version": "3.13.0", "platform_machine": "x86_64"}
        assert (marker is None or marker.evaluate(environment)) is on_3_13, name


def _pythons(folder: Path) -> SpecifierSet:
    return SpecifierSet(project(folder)["requires-python"])


def test_nothing_but_the_connector_comes_into_the_image() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    folders = {name for name in allowed if (ROOT / name).is_dir()}
    assert folders == {"source_digitalocean_quolum"}
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[0] == "*"


def test_the_image_is_built_on_the_declared_base_and_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.removeprefix("ARG BASE=") for line in lines if line.startswith("ARG BASE=")]
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))["data"]
    assert bases == [metadata["connectorBuildOptions"]["baseImage"]]
    assert {line.split()[1] for line in lines if line.startswith("FROM ")} == {"${BASE}"}
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER airbyte"
