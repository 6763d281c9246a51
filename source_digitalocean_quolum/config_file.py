"""The connector's configuration file: read, replaced as a whole, and held by one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class ConfigFileError(Exception):
    """The file cannot be used; the text is the sentence for the operator."""


class UnwritableError(ConfigFileError):
    """The file, or its folder, cannot be written."""


class LockedError(ConfigFileError):
    """Another process uses the file."""


def read_config(path: Path) -> dict[str, Any]:
    """Return the configuration in `path`; ConfigFileError says what is wrong with the file."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigFileError(f"There is no configuration file {path}: check its path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigFileError(f"The configuration file {path} cannot be read: {error}.") from error
    except json.JSONDecodeError as error:
        raise ConfigFileError(
            f"The configuration file {path} is not JSON: {error.msg} (line {error.lineno})."
        ) from None
    if not isinstance(config, dict):
        raise ConfigFileError(f"The configuration file {path} must hold one JSON object.")
    return config


def write_config(path: Path, config: dict[str, Any]) -> None:
    """Replace `path` by `config` so that any moment's crash leaves the old file or the new one, never half.

    The file is readable by its owner only, and keeps that owner when root writes it. A symbolic link stays
    a link: the file it names is replaced. When the folder cannot be written, the configuration goes to a
    private file in the temporary folder, because the one before may hold a refresh token already
    spent; UnwritableError then names that file.
    """
    target = path.resolve()
    content = json.dumps(config, indent=2, ensure_ascii=False).encode() + b"\n"
    try:
        replace_file(target, content)
    except OSError as error:
        reason = f"The new credentials could not be written to {path} ({error.strerror or error})"
        try:
            kept = _new_file(Path(tempfile.gettempdir()), "digitalocean-config-", content)
        except OSError as second:
            raise UnwritableError(
                f"{reason}, nor to the temporary folder ({second.strerror or second}): the refresh token "
                "is lost. Make room, then reconnect the account."
            ) from error
        raise UnwritableError(
            f"{reason}. They are kept in {kept}: make the folder writable, then move that file over {path}."
        ) from error


def replace_file(target: Path, content: bytes) -> None:
    """Replace `target` whole, for its owner's eyes only; raises OSError and leaves the old file."""
    temporary = _new_file(target.parent, f".{target.name}.", content)
    try:
        if os.geteuid() == 0 and target.exists():
            owner = target.stat()
            os.chown(temporary, owner.st_uid, owner.st_gid)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    # The rename itself must survive a power cut: the token before it is worthless by now.
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _new_file(folder: Path, prefix: str, content: bytes) -> Path:
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=prefix, suffix=".json")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


@contextmanager
def lock_config(path: Path) -> Iterator[int]:
    """Hold `<path>.lock`; yield its file descriptor.

    A refresh token is spent once, so two processes must never start from the same file. The descriptor is
    for the connector to inherit: the lock then lasts until the connector, too, has ended. LockedError says
    who holds it, UnwritableError that the folder does not let us write (write_config could not either).
    """
    target = path.resolve()
    lock_path = target.with_name(f"{target.name}.lock")
    try:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnwritableError(
            f"The folder of {path} must be writable, for rotated tokens and the lock: {error.strerror or error}."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 300, 0).decode(errors="replace").strip() or "an unnamed process"
            raise LockedError(
                f"The configuration {path} is in use by another process ({holder}): wait until it has ended."
            ) from None
        started = datetime.now(UTC).isoformat(timespec="seconds")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()} since {started}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)
