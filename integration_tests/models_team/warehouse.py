"""A DuckDB file with raw tables, and the models built of them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import duckdb

from integration_tests.models_team.dbt import DBT
from warehouse.build_models import PROJECT, Built, DuckDB, build_models

if TYPE_CHECKING:
    from pathlib import Path


class Warehouse:
    """A DuckDB file with raw tables, and the marts that were built of them."""

    def __init__(self, path: Path, artifacts: Path) -> None:
        self.path = path
        self.artifacts = artifacts
        self.said: list[str] = []

    def build(self, *schemas: str, **more: Any) -> Built:
        # dbt reads the package once for all builds that share a folder.
        asked = schemas or ("digitalocean",)
        return build_models(DuckDB(self.path), asked, artifacts=self.artifacts, dbt=DBT, say=self.said.append, **more)

    def build_anew(self, model: str) -> int:
        """Build one incremental model from the beginning, as --full-refresh does with all; dbt's exit code."""
        profile, _ = DuckDB(self.path).profile()
        outputs = {"warehouse": {**profile, "schema": "digitalocean"}}
        (self.path.parent / "profiles.yml").write_text(
            json.dumps({"digitalocean_quolum": {"target": "warehouse", "outputs": outputs}}), encoding="utf-8"
        )
        assert DBT is not None
        folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(self.path.parent)]
        kept = ["--target-path", str(self.artifacts), "--log-path", str(self.artifacts)]
        return subprocess.run(
            [DBT, "--no-send-anonymous-usage-stats", "run", "--full-refresh", "--select", model, *folders, *kept],
            capture_output=True,
            check=False,
        ).returncode

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(statement).fetchall()
