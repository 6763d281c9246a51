"""Local syncs over one configuration file, started together: a refresh token is spent once, and no grant is lost."""

import json
import subprocess
from pathlib import Path

import pytest

from sandbox import Sandbox
from unit_tests.warehouse import HOST

# A minute or more, of what other tests try in part.
pytestmark = pytest.mark.full

# Exit code of a sync that found the configuration in use (sync/errors.py).
IN_USE = 3
PAST = "2020-01-01T00:00:00Z"


def start(folder: Path, number: int) -> subprocess.Popen[str]:
    """A sync with the shared configuration and a warehouse of its own."""
    options = ["--duckdb", str(folder / f"warehouse_{number}.duckdb"), "--streams", "account,tags,volumes", "--quiet"]
    return subprocess.Popen(
        [str(HOST), "--config", str(folder / "config.json"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_syncs_started_together_one_renews_the_token_and_the_others_are_told_to_wait(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with Sandbox(droplets=10, days=10, seed=3, rate_limit=600_000) as sandbox:
        path.write_text(json.dumps(sandbox.config(auth="oauth2.0")), encoding="utf-8")
        sandbox.reset_requests()
        tokens, ended = set(), []
        for _ in range(2):
            config = json.loads(path.read_text(encoding="utf-8"))
            config["credentials"]["token_expiry_date"] = PAST
            tokens.add(config["credentials"]["refresh_token"])
            path.write_text(json.dumps(config), encoding="utf-8")
            together = [start(tmp_path, number) for number in range(3)]
            said = [process.communicate(timeout=120)[1] for process in together]
            ended.append(sorted(process.returncode for process in together))
            assert all("in use by another process" in words for words in said if words)
        refreshes = [request["status"] for request in sandbox.requests("/v1/oauth/token")]
        grant = json.loads(path.read_text(encoding="utf-8"))["credentials"]

    assert all(codes[0] == 0 and set(codes) <= {0, IN_USE} for codes in ended), ended
    assert IN_USE in {code for codes in ended for code in codes}, "no two of them ever met"
    # One renewal for each sync that ran behind an expired token: none was refused, none spent twice.
    assert set(refreshes) == {200}
    assert len(refreshes) == len(ended)
    assert len(tokens | {grant["refresh_token"]}) == len(ended) + 1
