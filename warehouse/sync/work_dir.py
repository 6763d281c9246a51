"""The temporary folder of one sync, and the end of those an earlier sync was killed in."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

from warehouse.sync.errors import ConfigurationError


@contextmanager
def work_dir(config_path: Path) -> Iterator[Path]:
    """Yield a private folder under TMPDIR, removed at the end.

    Its name carries the configuration file's: whoever holds that file's lock knows that folders of the same
    name are a killed sync's, and removes them. They can be as large as the largest stream.
    """
    name = hashlib.sha256(str(config_path.resolve()).encode()).hexdigest()[:12]
    prefix = f"digitalocean-sync-{os.getuid()}-{name}-"
    for left in _temporary_folder().glob(f"{prefix}*"):
        if left.lstat().st_uid == os.getuid() and not left.is_symlink():
            shutil.rmtree(left)
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as error:
        raise ConfigurationError(
            f"The temporary folder cannot be written ({error.strerror or error}): set TMPDIR to one that can."
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _temporary_folder() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:
        raise ConfigurationError("There is no temporary folder that can be written: set TMPDIR to one.") from None
