"""For the fork server of warm_host.py: importing this imports PyAirbyte as a sync does."""

import atexit
import shutil
from pathlib import Path
from tempfile import mkdtemp

import warehouse.sync.run  # noqa: F401
from warehouse.sync.warehouse import prepare_pyairbyte

_FOLDER = Path(mkdtemp(prefix="pyairbyte-imported-"))
# When the server ends; its forks end otherwise.
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
prepare_pyairbyte(_FOLDER)
