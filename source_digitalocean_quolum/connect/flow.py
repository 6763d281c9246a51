"""Connect, Reconnect and Disconnect: from a configuration file to a configuration file."""

import json
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from source_digitalocean_quolum.config_file import UnwritableError, replace_file, write_config
from source_digitalocean_quolum.connect import pages
from source_digitalocean_quolum.connect.authorization import Application, Attempt, Server, Team, ask_team, team_of
from source_digitalocean_quolum.connect.errors import ConnectError, Exit
from source_digitalocean_quolum.connect.loopback import Callback, Receiver
from source_digitalocean_quolum.http.addresses import DEFAULT_API_BASE_URL, DEFAULT_OAUTH_BASE_URL
from source_digitalocean_quolum.http.token_endpoint import TokenAnswer

_TOKENS = ("access_token", "refresh_token", "token_expiry_date")


@dataclass(frozen=True)
class Person:
    """Whoever sits at the terminal: `say` prints a line, `agrees` asks a question (False where nobody can answer)."""

    say: Callable[[str], None]
    agrees: Callable[[str], bool]


@dataclass(frozen=True)
class Target:
    """The configuration file at `path` (`before`: its content, empty for a new one) and the application to connect."""

    path: Path
    before: Mapping[str, Any]
    application: Application
    addresses: Mapping[str, str]

    @property
    def credentials(self) -> Mapping[str, Any]:
        """The credentials so far; empty when there are none, or nothing that could be."""
        credentials = self.before.get("credentials")
        return credentials if isinstance(credentials, Mapping) else {}

    @property
    def again(self) -> bool:
        """Whether this is a Reconnect."""
        return self.credentials.get("auth_type") == "oauth2.0"

    @property
    def server(self) -> Server:
        """The authorization server to ask."""
        return Server(str(self._setting("oauth_base_url", DEFAULT_OAUTH_BASE_URL)).rstrip("/"))

    @property
    def api_base_url(self) -> str:
        """The API the tokens are for."""
        return str(self._setting("api_base_url", DEFAULT_API_BASE_URL)).rstrip("/")

    def _setting(self, name: str, default: str) -> Any:
        return self.addresses.get(name) or self.before.get(name) or default

    def config(self, answer: TokenAnswer) -> dict[str, Any]:
        """The new content: everything as it was, with the credentials of a token answer."""
        credentials = answer.renew({"auth_type": "oauth2.0", **self.application.form()})
        return {**self.before, **self.addresses, "credentials": credentials}


def connect(
    target: Target, receiver: Receiver, person: Person, *, scope: str, seconds: float, browser: bool, accept_any: bool
) -> None:
    """Send a person to the consent page and write what comes of it; ConnectError says what went wrong.

    `accept_any` accepts another team than before without asking.
    """
    attempt = Attempt(target.application, receiver.redirect_uri, scope)
    receiver.expect(attempt.owns)
    target.server.probe(attempt)
    before = _team_before(target)
    url = target.server.consent_url(attempt)
    opened = browser and webbrowser.open(url)
    if before:
        person.say(f"This file reads the team {before.name}.")
    person.say("DigitalOcean is open in your browser. If you do not see it, open:" if opened else "Open in a browser:")
    person.say(f"\n  {url}\n")
    person.say(f"Waiting up to {seconds:g} seconds for you to authorize. Ctrl-C stops.")
    callback = receiver.wait(seconds)
    if callback is None and receiver.strayed:
        raise ConnectError(
            Exit.WRONG_STATE,
            f"Nobody authorized within {seconds:g} seconds, but an answer came that belongs to another attempt (wrong "
            "state): close older tabs of DigitalOcean and run this command again.",
        )
    if callback is None:
        raise ConnectError(
            Exit.TIMEOUT,
            f"Nobody authorized within {seconds:g} seconds: run this command again and finish in the browser. If "
            "DigitalOcean showed an error about the redirect URI instead, register exactly "
            f"{receiver.redirect_uri} with the OAuth application.",
        )
    try:
        _finish(target, attempt, callback, person, before, accept_any=accept_any)
    except (ConnectError, UnwritableError) as error:
        callback.answer(pages.failed(str(error)))
        raise
    finally:
        callback.answer(pages.failed("The command was interrupted."))


def _finish(
    target: Target, attempt: Attempt, callback: Callback, person: Person, before: Team | None, *, accept_any: bool
) -> None:
    answer = target.server.exchange(attempt, attempt.code(callback.parameters))
    if before is None:
        # Kept first: from here on nothing that fails can lose it.
        write_config(target.path, target.config(answer))
    team = team_of(answer) or ask_team(target.api_base_url, answer.fields["access_token"])
    if before and team and before.uuid != team.uuid and not accept_any:
        callback.answer(pages.other_team(before.name, team.name))
        person.say(
            f"This file reads the team {before.name} so far; you have authorized the team {team.name}. Tables that "
            "were filled from one team would go on with the other."
        )
        if not person.agrees(f"Use {team.name} from now on?"):
            target.server.revoke(answer.fields["access_token"])
            raise ConnectError(
                Exit.OTHER_TEAM,
                f"Nothing was changed: you authorized the team {team.name} instead of {before.name}. Run this "
                f"command again and choose {before.name}, or accept the other team with --yes.",
            )
    if before is not None:
        write_config(target.path, target.config(answer))
    callback.answer(pages.connected(team.name if team else None, target.path.name, again=target.again))
    done = "Reconnected" if target.again else "Connected"
    person.say(f"{done} to DigitalOcean{f': team {team.name}' if team else ''}. The access is kept in {target.path}.")
    person.say(f"Try it: source-digitalocean-quolum check --config {target.path}")
    if team:
        _remember(target.path, team, person)


def disconnect(target: Target, person: Person) -> None:
    """Revoke the grant in the file and remove its tokens, keeping everything else.

    An access token that has expired cannot be revoked, though its refresh token may live: then the pair is
    renewed once more, to end it for good.
    """
    credentials = target.credentials
    if not target.again:
        raise ConnectError(
            Exit.USAGE,
            f"{target.path} holds no access from Connect. A personal access token is deleted in DigitalOcean's "
            "control panel, under API, Tokens.",
        )
    access, refresh = (str(credentials.get(name) or "") for name in ("access_token", "refresh_token"))
    if not access and not refresh:
        raise ConnectError(Exit.USAGE, f"{target.path} is not connected: there is nothing to revoke.")
    ended = access != "" and target.server.revoke(access)
    if not ended and refresh:
        renewed = target.server.refresh(target.application, refresh)
        if renewed is not None:
            # Kept first: if it cannot be revoked now, it can the next time.
            write_config(target.path, {**target.before, "credentials": renewed.renew(credentials)})
            ended = target.server.revoke(renewed.fields["access_token"])
    kept = {name: value for name, value in credentials.items() if name not in _TOKENS}
    write_config(target.path, {**target.before, "credentials": kept})
    how = "Disconnected" if ended else "The access had already ended"
    person.say(f"{how}: the tokens are gone from {target.path}. Run this command without --revoke to reconnect.")


def _team_path(path: Path) -> Path:
    target = path.resolve()
    return target.with_name(f"{target.name}.team")


def _remember(path: Path, team: Team, person: Person) -> None:
    """Note the team beside the file: a Reconnect happens when the old token can no longer be asked."""
    note = json.dumps({"team_uuid": team.uuid, "team_name": team.name}, ensure_ascii=False).encode() + b"\n"
    try:
        replace_file(_team_path(path), note)
    except OSError as error:
        person.say(
            f"The team could not be noted in {_team_path(path)} ({error.strerror or error}): the next Reconnect "
            "may not notice a change of team."
        )


def _team_before(target: Target) -> Team | None:
    """The team this file has read so far: asked with the token in it, else as noted when it was connected."""
    if not target.credentials:
        return None
    token = target.credentials.get("access_token")
    if token and (team := ask_team(target.api_base_url, str(token))):
        return team
    try:
        note = json.loads(_team_path(target.path).read_text(encoding="utf-8"))
        return Team.from_names(note["team_uuid"], note["team_name"])
    except (OSError, ValueError, KeyError, TypeError):
        # No note, or one somebody edited: then nothing is known, and nothing is claimed.
        return None
