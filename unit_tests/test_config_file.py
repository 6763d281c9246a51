"""The configuration file: never half written, never lost, never in two hands."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from source_digitalocean_quolum.config_file import (
    ConfigFileError,
    LockedError,
    UnwritableError,
    lock_config,
    prove_writable,
    read_config,
    write_config,
)


def test_a_rotated_configuration_replaces_the_file_and_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"refresh_token": "old"}')
    path.chmod(0o644)

    write_config(path, {"refresh_token": "new", "name": "Zürich"})

    assert read_config(path) == {"refresh_token": "new", "name": "Zürich"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "config.json"
    real.write_text("{}")
    link.symlink_to(real)

    write_config(link, {"a": 1})

    assert link.is_symlink()
    assert json.loads(real.read_text()) == {"a": 1}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes another user's file")
def test_root_leaves_the_file_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("{}")
    os.chown(path, 1234, 1234)

    write_config(path, {"a": 1})

    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1234)


def test_the_bytes_and_the_rename_reach_the_disk_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, calls = tmp_path / "config.json", []
    path.write_text("{}")
    fsync, replace = os.fsync, Path.replace

    def traced_fsync(descriptor: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def traced_replace(self: Path, target: Path) -> Path:
        calls.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", traced_fsync)
    monkeypatch.setattr(Path, "replace", traced_replace)
    write_config(path, {"a": 1})

    assert calls == ["file", "rename", "folder"]


def test_a_full_disk_keeps_the_old_file_and_saves_the_new_token_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "folder" / "config.json"
    path.parent.mkdir()
    path.write_text('{"refresh_token": "old"}')
    rescue = tmp_path / "rescue"
    rescue.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(rescue))
    no_room_in(path.parent, monkeypatch)

    with pytest.raises(UnwritableError, match="No space left") as raised:
        write_config(path, {"refresh_token": "new"})

    (kept,) = rescue.iterdir()
    assert str(kept) in str(raised.value)
    assert json.loads(kept.read_text()) == {"refresh_token": "new"}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"refresh_token": "old"}
    assert list(path.parent.iterdir()) == [path]


def no_room_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mkstemp = tempfile.mkstemp

    def failing(*arguments: Any, **options: Any) -> tuple[int, str]:
        if Path(options["dir"]) == folder:
            raise OSError(errno.ENOSPC, "No space left on device")
        return mkstemp(*arguments, **options)

    monkeypatch.setattr(tempfile, "mkstemp", failing)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no configuration file"),
        ("{,}", r"is not JSON: .*\(line 1, column 2\)"),
        ("[]", "one JSON object"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_one_sentence(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigFileError, match=words):
        read_config(path)


def test_a_second_process_is_told_who_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("{}")
    program = (
        "import sys; from pathlib import Path\n"
        "from source_digitalocean_quolum.config_file import lock_config\n"
        "with lock_config(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockedError, match=f"process {holder.pid} on"), lock_config(path):
            pass
        holder.communicate()
    with lock_config(path):
        pass


def test_the_lock_lasts_as_long_as_a_process_that_inherited_it(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("{}")
    with lock_config(path) as descriptors:
        child = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, pass_fds=descriptors)
    with pytest.raises(LockedError), lock_config(path):
        pass
    child.communicate()
    with lock_config(path):
        pass


def test_a_link_and_its_target_share_one_lock(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "config.json"
    real.write_text("{}")
    link.symlink_to(real)
    with lock_config(real), pytest.raises(LockedError), lock_config(link):
        pass


def test_a_folder_that_cannot_be_written_is_refused_before_a_token_is_spent(tmp_path: Path) -> None:
    path = tmp_path / "no-such-folder" / "config.json"
    with pytest.raises(UnwritableError, match="must be writable"), lock_config(path):
        pass


def test_a_lock_does_not_follow_a_link_and_empties_no_other_file(tmp_path: Path) -> None:
    path, other = tmp_path / "config.json", tmp_path / "precious"
    path.write_text("{}")
    other.write_text("kept")
    lock = tmp_path / "config.json.lock"
    for place in (lock.symlink_to, lock.hardlink_to):
        place(other)
        with pytest.raises(UnwritableError, match="remove it"), lock_config(path):
            pass
        assert other.read_text() == "kept"
        lock.unlink()
    os.mkfifo(lock)
    with pytest.raises(UnwritableError, match="remove it"), lock_config(path):
        pass


def test_a_configuration_that_comes_through_a_pipe_is_refused_as_nothing_can_be_written_back(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(ConfigFileError, match="is not a file"):
        read_config(tmp_path / "config.json")


def test_what_is_not_utf_8_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b'{"name": "Z\xfcrich"}')
    with pytest.raises(ConfigFileError, match=r"not UTF-8 \(byte 11\)"):
        read_config(tmp_path / "config.json")


def busy(folder: Path, monkeypatch: pytest.MonkeyPatch, code: int = errno.EBUSY) -> None:
    """Nothing in `folder` can be renamed over, as where a file is mounted."""
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target.parent == folder:
            raise OSError(code, os.strerror(code))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)


@pytest.mark.parametrize("code", [errno.EBUSY, errno.EACCES, errno.EROFS])
def test_a_file_that_cannot_be_renamed_over_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"refresh_token": "old", "note": "' + "x" * 200 + '"}')
    node = path.stat().st_ino
    busy(tmp_path, monkeypatch, code)

    prove_writable(path)
    assert read_config(path)["refresh_token"] == "old"
    size = path.stat().st_size
    write_config(path, {"refresh_token": "new" * 200})

    assert read_config(path) == {"refresh_token": "new" * 200}
    assert path.stat().st_ino == node
    assert path.stat().st_size == size, "no room is needed after the proof"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_can_be_written_nowhere_is_refused_before_a_token_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"refresh_token": "old"}')
    busy(tmp_path, monkeypatch)
    monkeypatch.setattr(os, "pwrite", lambda *_: 3)
    with pytest.raises(UnwritableError, match=r"No space left .*: make room on its disk first\."):
        prove_writable(path)
    monkeypatch.undo()
    assert path.read_text() == '{"refresh_token": "old"}'
    no_room_in(tmp_path, monkeypatch)
    for name in ("config.json", "new.json"):
        with pytest.raises(UnwritableError, match="make room"):
            prove_writable(tmp_path / name)


MOUNTED = """
mount --bind "$1/host.json" "$1/inside/config.json" && exec "$2" -c '
import sys
from pathlib import Path
from source_digitalocean_quolum.config_file import lock_config, prove_writable, write_config
path = Path(sys.argv[1], "inside/config.json")
with lock_config(path):
    prove_writable(path)
    write_config(path, {"refresh_token": "new"})
    print("held", flush=True)
    sys.stdin.read()
' "$1"
"""


def test_a_mounted_file_keeps_its_new_token_on_the_host_and_is_locked_there(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    for name in ("host.json", "inside/config.json"):
        (tmp_path / name).write_text('{"refresh_token": "old"}')
    with subprocess.Popen(  # noqa: S603
        ["unshare", "--mount", "sh", "-c", MOUNTED, "sh", str(tmp_path), sys.executable],  # noqa: S607
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        text=True,
    ) as container:
        assert container.stdout is not None
        assert container.stderr is not None
        if container.stdout.readline() != "held\n":
            reason = container.stderr.read()
            if "unshare" in reason or "mount:" in reason:
                pytest.skip(f"no mount namespace here: {reason.strip()}")
            pytest.fail(reason)
        assert read_config(tmp_path / "host.json") == {"refresh_token": "new"}
        with pytest.raises(LockedError), lock_config(tmp_path / "host.json"):
            pass
        container.communicate()


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's rights are tried as root")
def test_a_file_in_a_closed_folder_is_locked_and_written_itself(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"refresh_token": "old"}')
    program = (
        "import os, sys; from pathlib import Path\n"
        "from source_digitalocean_quolum.config_file import *\n"
        "os.setgid(1234); os.setuid(1234); path = Path(sys.argv[1])\n"
        "with lock_config(path) as held:\n"
        "    prove_writable(path); write_config(path, {'refresh_token': 'new'}); print(len(held))\n"
    )
    os.chown(path, 1234, 1234)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == 0 and folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program, str(path)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert read_config(path) == {"refresh_token": "new"}
