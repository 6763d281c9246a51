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
    [(None, "no configuration file"), ("{,}", "is not JSON: .*line 1"), ("[]", "one JSON object")],
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
    with lock_config(path) as descriptor:
        child = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, pass_fds=(descriptor,))
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
