"""check: proves the token, names the team, and says which streams it cannot read and what would open them."""

import logging
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import requests
from airbyte_cdk.models import AirbyteConnectionStatus, Status
from airbyte_cdk.sources.streams.call_rate import LimiterSession
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.access import StreamAccess
from source_digitalocean_quolum.http.addresses import api_base_url
from source_digitalocean_quolum.http.errors import api_error_message
from source_digitalocean_quolum.http.oauth import RECONNECT, DigitalOceanOAuthAuthenticator
from source_digitalocean_quolum.http.requester import USER_AGENT
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.body import UnexpectedBody, decode, take

if TYPE_CHECKING:
    from source_digitalocean_quolum.http.endpoint import Endpoint

logger = logging.getLogger("airbyte")

_TIMEOUT = (10, 30)
_RETRY_WAITS = (1.0, 2.0)
_PARALLEL_PROBES = 8


class CheckFailed(Exception):
    """The connection is not usable; the text is the sentence for the operator."""


def check(config: Mapping[str, Any], streams: list[StreamAccess]) -> AirbyteConnectionStatus:
    """Check a valid configuration. Every foreseeable problem is a FAILED status with one sentence.

    One request for the account and one for each scope, never one for each stream.
    """
    client = _Client(config)
    try:
        account = _account(client)
        report = _report(account, streams, _scopes(client, streams))
    except (CheckFailed, AirbyteTracedException) as problem:
        message = problem.message if isinstance(problem, AirbyteTracedException) else str(problem)
        return AirbyteConnectionStatus(status=Status.FAILED, message=message)
    logger.info(report)
    return AirbyteConnectionStatus(status=Status.SUCCEEDED, message=report)


class _Client:
    """GET with the connection's token and budget; transient failures are tried again twice."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.base = api_base_url(config)
        self.oauth = config["credentials"]["auth_type"] == "oauth2.0"
        self._session = LimiterSession(api_budget=RunContext.of(config).budget)
        self._session.headers["User-Agent"] = USER_AGENT
        if self.oauth:
            self._authenticator = DigitalOceanOAuthAuthenticator(config=config, parameters={})
            self._session.auth = self._authenticator
        else:
            token = config["credentials"]["access_token"]
            self._session.headers["Authorization"] = f"Bearer {token}"
            # Without this, requests would look for credentials in ~/.netrc and prefer those.
            self._session.trust_env = True
            self._session.auth = _keep_header

    def get(self, path: str, params: Mapping[str, str] | None = None) -> requests.Response:
        for wait in (*_RETRY_WAITS, None):
            try:
                response = self._get(path, params)
            except requests.RequestException as error:
                problem = self._unreachable(error)
            else:
                if response.status_code == 401 and self.oauth:
                    self._authenticator.refresh_and_set_access_token()
                    response = self._get(path, params)
                if response.status_code < 500 and response.status_code != 429:
                    return response
                problem = CheckFailed(
                    f"DigitalOcean answered HTTP {response.status_code} for {path}{api_error_message(response)}: "
                    "try again in a few minutes."
                )
            if wait is None:
                raise problem
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _get(self, path: str, params: Mapping[str, str] | None) -> requests.Response:
        return self._session.get(self.base + path, params=params, timeout=_TIMEOUT, allow_redirects=False)

    def _unreachable(self, error: requests.RequestException) -> CheckFailed:
        if isinstance(error, requests.exceptions.SSLError):
            return CheckFailed(
                f"No secure connection to {self.base}: its certificate is not trusted on this machine. A proxy "
                "that opens TLS needs its certificate installed here."
            )
        if isinstance(error, requests.Timeout):
            return CheckFailed(f"{self.base} did not answer in time: check the network, proxy or firewall.")
        return CheckFailed(
            f"{self.base} cannot be reached: no network, or a firewall or proxy that does not let this machine through."
        )


def _keep_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _account(client: _Client) -> dict[str, Any]:
    """GET /v2/account, whose answer proves the token and names the team."""
    response = client.get("/v2/account")
    if response.status_code == 401:
        if client.oauth:
            raise CheckFailed(f"DigitalOcean does not accept the access it granted. {RECONNECT}.")
        raise CheckFailed(
            "DigitalOcean does not accept this personal access token: it was revoked, has expired or was not "
            "copied whole. Make a new one in the control panel under API, Tokens."
        )
    if response.status_code == 403:
        raise CheckFailed(
            f"The token may not read the account{api_error_message(response)}. Give it the scope account:read, which "
            "every connection needs."
        )
    if response.status_code != 200:
        raise CheckFailed(
            f"{client.base} answered HTTP {response.status_code} for /v2/account: is `api_base_url` DigitalOcean's API?"
        )
    try:
        found = take(decode(response), "account")
        if len(found) != 1:
            raise UnexpectedBody(f"{len(found)} accounts instead of one")
    except UnexpectedBody as problem:
        raise CheckFailed(
            f"{client.base} answered /v2/account with {problem}: is `api_base_url` DigitalOcean's API, and does "
            "a proxy stand in between?"
        ) from None
    account = found[0]
    if account.get("status") == "locked":
        reason = account.get("status_message") or "no reason given"
        raise CheckFailed(
            f"The DigitalOcean account is locked ({reason}): nothing can be read until DigitalOcean's support "
            "unlocks it."
        )
    if account.get("status") not in (None, "", "active", "warning"):
        raise CheckFailed(
            f"The DigitalOcean account is not active (status: {account['status']}): sign in at "
            "cloud.digitalocean.com to see what it needs."
        )
    return account


def _scopes(client: _Client, streams: list[StreamAccess]) -> dict[str, bool | None]:
    """Whether the token may use each scope; None where that could not be tried.

    A scope is probed once, with one record of the first list it guards. A scope that guards only children is
    not probed: there may be no parent to ask about. The sync names such a stream if it is refused. A product
    that does not answer now is no reason to refuse the connection.
    """
    by_scope: defaultdict[str, list[Endpoint]] = defaultdict(list)
    for stream in streams:
        for endpoint in stream.ways:
            by_scope[endpoint.scope].append(endpoint)

    def usable(scope: str) -> bool | None:
        # The account has answered already.
        if scope in ("", "account:read"):
            return True
        lists = [endpoint for endpoint in by_scope[scope] if not endpoint.has_parent]
        if not lists:
            return None
        try:
            answer = client.get(lists[0].path_for({}), lists[0].check_params)
        except CheckFailed as problem:
            logger.warning("The scope %s could not be tried. %s", scope, problem)
            return None
        return answer.status_code != 403

    with ThreadPoolExecutor(_PARALLEL_PROBES) as pool:
        return dict(zip(by_scope, pool.map(usable, by_scope), strict=True))


def _verdict(stream: StreamAccess, scopes: Mapping[str, bool | None]) -> bool | None:
    """Whether the stream can be read, one way or another; None if only a sync shows."""
    ways = {scopes[endpoint.scope] for endpoint in stream.ways}
    return True if True in ways else None if None in ways else False


def _report(account: Mapping[str, Any], streams: list[StreamAccess], scopes: Mapping[str, bool | None]) -> str:
    team = account.get("team") or {}
    name = f'team "{team["name"]}"' if team.get("name") else "your personal account"
    lines = [f"Connected to DigitalOcean: {name}, as {account.get('email') or 'an unnamed user'}."]
    if account.get("status") == "warning":
        lines.append(f"DigitalOcean warns: {account.get('status_message') or 'see the control panel'}.")
    if account.get("email_verified") is False:
        lines.append("The account's email address is not verified yet.")
    closed: defaultdict[str, list[str]] = defaultdict(list)
    untried = []
    for stream in streams:
        verdict = _verdict(stream, scopes)
        if verdict is False:
            closed[" or ".join(endpoint.scope for endpoint in stream.ways)].append(stream.name)
        elif verdict is None:
            untried.append(stream.name)
    lines += _streams(len(streams), closed, untried)
    return " ".join(lines)


def _streams(count: int, closed: Mapping[str, list[str]], untried: list[str]) -> list[str]:
    """What the token can read. Nothing is claimed that was not tried."""
    unknown = f"nly a sync shows whether these can: {', '.join(untried)}."
    if not closed:
        if not untried:
            return [f"All {count} streams can be read."]
        return [f"All {count - len(untried)} streams that could be tried can be read; o{unknown}"]
    gaps = "; ".join(f"{', '.join(names)} (scope {scope})" for scope, names in closed.items())
    missing = sum(len(names) for names in closed.values())
    sentence = (
        f"{missing} of {count} streams cannot be read with this token and will stay empty: {gaps}. "
        "Give the token these scopes, or leave the streams out."
    )
    return [sentence, f"O{unknown}"] if untried else [sentence]
