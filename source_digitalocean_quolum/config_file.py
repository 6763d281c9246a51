"""The connector's configuration file: read, replaced as a whole, and held by one process at a time."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import stat
import tempfile
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Why a file cannot be renamed over: it is a mount point (`docker run -v $PWD/config.json:/config.json`), or its folder
# is closed to us. The file itself may still be open to us.
_CLOSED_FOLDER = frozenset({errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
# A file that is written in place is filled up with blanks to whole blocks: a longer token then needs no room.
_BLOCK, _SPARE = 4096, 1024


class ConfigFileError(Exception):
    """The file cannot be used; the text is the sentence for the operator."""


class UnwritableError(ConfigFileError):
    """The file, or its folder, cannot be written."""


class LockedError(ConfigFileError):
    """Another process uses the file."""


def read_config(path: Path) -> dict[str, Any]:
    """Return the configuration in `path`; ConfigFileError says what is wrong with the file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigFileError(f"{path} is not a file: rotated tokens are written back, so save it as one first.")
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigFileError(f"There is no configuration file {path}: check its path.") from None
    except UnicodeDecodeError as error:
        raise ConfigFileError(f"The configuration file {path} is not UTF-8 (byte {error.start}).") from None
    except OSError as error:
        raise ConfigFileError(f"The configuration file {path} cannot be read: {error.strerror or error}.") from error
    except json.JSONDecodeError as error:
        raise ConfigFileError(
            f"The configuration file {path} is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise ConfigFileError(f"The configuration file {path} is nested too deeply.") from None
    if not isinstance(config, dict):
        raise ConfigFileError(f"The configuration file {path} must hold one JSON object.")
    return config


def has_rotating_token(config: dict[str, Any]) -> bool:
    """Whether a sync may spend what the file holds and must write back what came for it."""
    credentials = config.get("credentials")
    return isinstance(credentials, dict) and credentials.get("auth_type") == "oauth2.0"


def write_config(path: Path, config: dict[str, Any]) -> None:
    """Replace `path` by `config` so that any moment's crash leaves the old file or the new one, never half.

    The file is readable by its owner only, and keeps that owner when root writes it. A symbolic link stays a link: the
    file it names is replaced. A file that cannot be replaced, because it is a mount point or its folder is closed, is
    written in place, and keeps its owner and its mode. When neither can be, the configuration goes to a private file
    in the temporary folder, because the one before may hold a refresh token already spent; UnwritableError then names
    that file.
    """
    content = json.dumps(config, indent=2, ensure_ascii=False).encode() + b"\n"
    try:
        _write(path.resolve(), content)
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
            f"{reason}. They are kept in {kept}: {_remedy(error)}, then copy that file over {path}."
        ) from error


def prove_writable(path: Path) -> None:
    """Write the file's own content back to it, as write_config would; for the moment before a token is spent.

    Raises UnwritableError. A file that does not exist yet is proved by one beside it.
    """
    target = path.resolve()
    try:
        if target.exists():
            _write(target, target.read_bytes())
        else:
            _new_file(target.parent, f".{target.name}.", b"").unlink()
    except OSError as error:
        raise UnwritableError(
            f"Rotated tokens could not be written to {path} ({error.strerror or error}): {_remedy(error)} first."
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


def _write(target: Path, content: bytes) -> None:
    try:
        replace_file(target, content)
    except OSError as error:
        if error.errno not in _CLOSED_FOLDER or not target.exists():
            raise
        _overwrite(target, content)


def _overwrite(target: Path, content: bytes) -> None:
    """Write in place, in one call that never makes the file shorter.

    A kill leaves the old or the new content: the kernel takes a page whole, and no configuration is longer than one.
    """
    descriptor = os.open(target, os.O_RDWR | os.O_CLOEXEC)
    try:
        before = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        text = content.rstrip()
        size = max(len(before), -(-(len(text) + _SPARE) // _BLOCK) * _BLOCK)
        if os.pwrite(descriptor, text + b" " * (size - len(text) - 1) + b"\n", 0) != size:
            os.pwrite(descriptor, before, 0)
            os.ftruncate(descriptor, len(before))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remedy(error: OSError) -> str:
    if error.errno in _NO_ROOM:
        return "make room on its disk"
    if error.errno == errno.EROFS:
        return "mount it so that it can be written"
    return "make the file, or its folder, writable"


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
def lock_config(path: Path) -> Iterator[tuple[int, ...]]:
    """Hold `<path>.lock`, and the file itself; yield the file descriptors.

    A refresh token is spent once, so two processes must never start from the same file. The descriptors are
    for the connector to inherit: the lock then lasts until the connector, too, has ended. Two containers with the
    same file mounted have no folder in common, and meet at the file. LockedError says who holds it, UnwritableError
    that neither can be held.
    """
    target = path.resolve()
    lock_path = target.with_name(f"{target.name}.lock")
    with ExitStack() as stack:
        held: list[int] = []
        try:
            held.append(_hold(lock_path, os.O_RDWR | os.O_CREAT, path, stack))
            _sign(held[0], lock_path)
        except OSError as error:
            if error.errno not in _CLOSED_FOLDER or not target.exists():
                raise UnwritableError(
                    f"The folder of {path} must be writable, for rotated tokens and the lock: "
                    f"{error.strerror or error}."
                ) from error
        if target.exists():
            try:
                # Locks on a network's file system want a file that is open for writing, where that is possible.
                writable = os.access(target, os.W_OK)
                held.append(_hold(target, os.O_RDWR if writable else os.O_RDONLY, path, stack))
            except OSError as error:
                raise UnwritableError(f"{path} cannot be locked: {error.strerror or error}.") from error
        yield tuple(held)


def _hold(file: Path, flags: int, path: Path, stack: ExitStack) -> int:
    try:
        descriptor = os.open(file, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnwritableError(f"{file} is a symbolic link, which a lock is not: remove it.") from None
        raise
    stack.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 300, 0).decode(errors="replace").strip() if flags & os.O_CREAT else ""
        raise LockedError(
            f"The configuration {path} is in use by another process ({holder or 'unnamed'}): wait until it has ended."
        ) from None
    return descriptor


def _sign(descriptor: int, lock_path: Path) -> None:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
        raise UnwritableError(f"{lock_path} is not a lock file, or has a second name: remove it.")
    started = datetime.now(UTC).isoformat(timespec="seconds")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()} since {started}\n".encode(), 0)
