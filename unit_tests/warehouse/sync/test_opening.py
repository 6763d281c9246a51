"""What opening a warehouse leaves behind in the process."""

import gc
from pathlib import Path

import pytest

from warehouse.sync.warehouse import prepare_pyairbyte


@pytest.mark.parametrize("collecting", [True, False])
def test_garbage_is_collected_again_once_pyairbyte_is_imported(
    collecting: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AIRBYTE_OFFLINE_MODE", "DO_NOT_TRACK", "AIRBYTE_CACHE_ROOT", "AIRBYTE_LOGGING_ROOT"):
        monkeypatch.setenv(name, "")
    try:
        gc.enable() if collecting else gc.disable()
        prepare_pyairbyte(tmp_path)
        assert gc.isenabled() == collecting
    finally:
        gc.enable()
