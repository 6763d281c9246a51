"""Where dbt is, for tests: beside this Python, in the environment that `make models` makes, or on the path."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

_PLACES = (
    Path(sys.executable).with_name("dbt"),
    Path(__file__).resolve().parents[2] / ".venv-models" / "bin" / "dbt",
)
DBT = next((str(place) for place in _PLACES if place.exists()), shutil.which("dbt"))
needs_dbt = pytest.mark.skipif(
    DBT is None, reason="dbt is not installed: `make models` makes .venv-models, which has it"
)
