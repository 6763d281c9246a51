"""The command line: help, questions, which application, the browser, and files that cannot be written."""

import errno
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from source_digitalocean_quolum.connect import authorization, cli, flow, loopback, pages
from source_digitalocean_quolum.connect.authorization import Application, Server, Team
from source_digitalocean_quolum.connect.errors import ConnectError, Exit
from source_digitalocean_quolum.http.token_endpoint import TokenAnswer

DOCS = Path(__file__).parents[1] / "docs" / "connecting.md"
ACCESS, REFRESH = "doo_v1_" + "a" * 64, "dor_v1_" + "b" * 64
ANSWER = {
    "access_token": ACCESS,
    "refresh_token": REFRESH,
    "expires_in": 2_592_000,
    "info": {"team_uuid": "uuid-1", "team_name": "Blue & <b>"},
}


@pytest.fixture
def applications(monkeypatch: pytest.MonkeyPatch) -> list[Application]:
    """A DigitalOcean that authorizes at once; the applications that asked it, in order."""
    asked: list[Application] = []

    def exchange(_: Server, attempt: authorization.Attempt, code: str) -> TokenAnswer:
        asked.append(attempt.application)
        return TokenAnswer(200, ANSWER)

    def consent(self: Server, attempt: authorization.Attempt) -> str:
        address = f"{attempt.redirect_uri}?code=a-code&state={attempt.state}"
        threading.Thread(target=lambda: asked_pages.append(requests.get(address, timeout=10).text)).start()
        return "https://cloud.digitalocean.com/v1/oauth/authorize"

    asked_pages: list[str] = []
    monkeypatch.setattr(Server, "exchange", exchange)
    monkeypatch.setattr(Server, "consent_url", consent)
    monkeypatch.setattr(Server, "probe", lambda *_: None)
    monkeypatch.setattr(flow, "ask_team", lambda *_: None)
    for name in ("DIGITALOCEAN_CLIENT_ID", "DIGITALOCEAN_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return asked


def terminal(monkeypatch: pytest.MonkeyPatch, *answers: str, secret: str = "") -> list[str]:
    """Somebody who types these answers; the questions they were asked."""
    questions: list[str] = []
    waiting = list(answers)

    def answer(question: str) -> str:
        questions.append(question)
        return waiting.pop(0)

    def hidden(question: str) -> str:
        questions.append(question)
        return secret

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("getpass.getpass", hidden)
    return questions


def connect(path: Path, *options: str) -> int:
    return cli.main([str(path), "--no-browser", "--port", "0", *options])


def test_every_exit_code_is_in_the_help_and_in_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    # As wide as the terminal is.
    text, docs = " ".join(capsys.readouterr().out.split()), DOCS.read_text(encoding="utf-8")
    for code in Exit:
        assert f" {code.value} {code.meaning}" in text
        assert f"| {code.value} | {code.meaning} |" in docs
    assert "http://127.0.0.1:8765/callback" in text
    assert "http://127.0.0.1:8765/callback" in docs
    assert "oauth-base-url" not in text


def test_client_id_and_secret_are_asked_for_and_the_secret_is_not_shown(
    tmp_path: Path, applications: list[Application], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = terminal(monkeypatch, " typed-client ", secret="typed-secret")
    assert connect(tmp_path / "config.json") == 0
    assert applications == [Application("typed-client", "typed-secret")]
    assert len(questions) == 2
    said = capsys.readouterr()
    assert "typed-secret" not in said.out + said.err


def test_nothing_is_asked_that_the_file_knows(
    tmp_path: Path, applications: list[Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.json"
    questions = terminal(monkeypatch)
    known = {"auth_type": "oauth2.0", "client_id": "known", "client_secret": "known-secret"}
    path.write_text(json.dumps({"credentials": known}), encoding="utf-8")
    assert connect(path) == 0
    path.write_text(json.dumps({"credentials": {**known, "client_secret": ""}}), encoding="utf-8")
    assert connect(path) == 0
    assert applications == [Application("known", "known-secret"), Application("known")]
    assert questions == []


def test_the_secret_of_one_application_is_not_sent_with_the_id_of_another(
    tmp_path: Path, applications: list[Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.json"
    known = {"auth_type": "oauth2.0", "client_id": "known", "client_secret": "known-secret"}
    path.write_text(json.dumps({"credentials": known}), encoding="utf-8")
    monkeypatch.setenv("DIGITALOCEAN_CLIENT_ID", "from-the-environment")
    assert connect(path) == 0
    monkeypatch.setenv("DIGITALOCEAN_CLIENT_SECRET", "secret-of-the-environment")
    assert connect(path, "--client-id", "from-the-command-line") == 0
    assert applications == [
        Application("from-the-environment"),
        Application("from-the-command-line", "secret-of-the-environment"),
    ]


@pytest.mark.parametrize(("typed", "code"), [("y", 0), ("YES", 0), ("", 13), ("no", 13)])
def test_another_team_is_taken_only_when_the_person_agrees(
    tmp_path: Path, applications: list[Application], monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    path, revoked = tmp_path / "config.json", []
    monkeypatch.setattr(Server, "revoke", lambda _, token: revoked.append(token))
    credentials = {"auth_type": "oauth2.0", "client_id": "known", "access_token": "old", "refresh_token": "old"}
    path.write_text(json.dumps({"credentials": credentials}), encoding="utf-8")
    monkeypatch.setattr(flow, "ask_team", lambda *_: Team("uuid-0", "Red"))
    questions = terminal(monkeypatch, typed)

    assert connect(path) == code

    assert questions == ["Use Blue & <b> from now on? [y/N] "]
    assert (json.loads(path.read_text())["credentials"]["access_token"] == ACCESS) is (code == 0)
    assert revoked == ([] if code == 0 else [ACCESS])


def test_the_browser_is_opened_and_the_link_printed_in_case_it_is_not_seen(
    tmp_path: Path, applications: list[Application], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def open_browser(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", open_browser)
    assert cli.main([str(tmp_path / "config.json"), "--port", "0", "--client-id", "x", "--client-secret", ""]) == 0
    assert opened == ["https://cloud.digitalocean.com/v1/oauth/authorize"]
    assert opened[0] in capsys.readouterr().out


def test_a_disk_that_is_full_at_the_last_moment_keeps_the_tokens_elsewhere_and_says_where(
    tmp_path: Path, applications: list[Application], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, rescue = tmp_path / "folder", tmp_path / "rescue"
    folder.mkdir()
    rescue.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(rescue))
    mkstemp = tempfile.mkstemp

    def failing(*arguments: Any, **options: Any) -> tuple[int, str]:
        if Path(options["dir"]) == folder and applications:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return mkstemp(*arguments, **options)

    monkeypatch.setattr(tempfile, "mkstemp", failing)
    assert connect(folder / "config.json", "--client-id", "x") == 4
    (kept,) = rescue.iterdir()
    said = capsys.readouterr()
    assert str(kept) in said.err
    assert json.loads(kept.read_text())["credentials"]["refresh_token"] == REFRESH
    assert ACCESS not in said.out + said.err


def test_tokens_are_in_the_file_before_anyone_asks_for_the_teams_name(
    tmp_path: Path, applications: list[Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "config.json", []

    def interrupted(*_: object) -> None:
        seen.append(json.loads(path.read_text())["credentials"]["refresh_token"])
        raise KeyboardInterrupt

    monkeypatch.setattr(flow, "team_of", lambda _: None)
    monkeypatch.setattr(flow, "ask_team", interrupted)
    assert connect(path, "--client-id", "x") == 130
    assert seen == [REFRESH]
    assert json.loads(path.read_text())["credentials"]["access_token"] == ACCESS


def test_a_disconnect_that_breaks_after_the_renewal_keeps_what_ends_the_grant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sent = tmp_path / "config.json", []

    def revoke(_: Server, token: str) -> bool:
        sent.append(token)
        if token == ACCESS:
            raise ConnectError(Exit.NO_NETWORK, "cut off")
        return False

    monkeypatch.setattr(Server, "revoke", revoke)
    monkeypatch.setattr(Server, "refresh", lambda *_: TokenAnswer(200, ANSWER))
    credentials = {"auth_type": "oauth2.0", "client_id": "x", "access_token": "expired", "refresh_token": "spent"}
    path.write_text(json.dumps({"credentials": credentials}), encoding="utf-8")
    assert cli.main([str(path), "--revoke"]) == 12
    assert sent == ["expired", ACCESS]
    kept = json.loads(path.read_text())["credentials"]
    assert (kept["access_token"], kept["refresh_token"]) == (ACCESS, REFRESH)


def test_a_team_that_cannot_be_noted_does_not_undo_the_connection(
    tmp_path: Path, applications: list[Application], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json.team").mkdir()
    assert connect(tmp_path / "config.json", "--client-id", "x") == 0
    assert "may not notice a change of team" in capsys.readouterr().out
    assert json.loads((tmp_path / "config.json").read_text())["credentials"]["access_token"] == ACCESS


def test_names_are_text_on_the_page() -> None:
    with loopback.listen(0) as receiver:
        receiver.expect(lambda _: True)
        shown: list[str] = []
        address = f"{receiver.redirect_uri}?error=x"
        thread = threading.Thread(target=lambda: shown.append(requests.get(address, timeout=10).text))
        thread.start()
        callback = receiver.wait(10)
        assert callback
        callback.answer(pages.connected("Blue & <b>", "<i>.json", again=False))
        callback.answer("a second page is too late")
        thread.join()
    assert "Blue &amp; &lt;b&gt;" in shown[0]
    assert "<i>" not in shown[0]
    assert "too late" not in shown[0]


def test_a_second_redirect_is_told_that_the_first_one_counts() -> None:
    with loopback.listen(0) as receiver:
        receiver.expect(lambda _: True)
        address = f"{receiver.redirect_uri}?code=1"
        first = threading.Thread(target=lambda: requests.get(address, timeout=10))
        first.start()
        callback = receiver.wait(10)
        assert callback
        second = requests.get(address.replace("code=1", "code=2"), timeout=10)
        assert (second.status_code, callback.parameters["code"]) == (409, "1")
        assert second.headers["Cache-Control"] == "no-store"
        callback.answer("done")
        first.join()


def test_a_browser_that_went_away_does_not_hold_anyone_up() -> None:
    with loopback.listen(0) as receiver:
        receiver.expect(lambda _: True)
        with pytest.raises(requests.Timeout):
            requests.get(f"{receiver.redirect_uri}?code=1", timeout=0.2)
        callback = receiver.wait(10)
        assert callback
        begun = time.monotonic()
        callback.answer("x" * 1_000_000)
        assert time.monotonic() - begun < loopback._SENDING_SECONDS
