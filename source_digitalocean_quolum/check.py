"""check: proves the token, names the team, and says which streams it cannot read and what would open them."""

import logging
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airbyte_cdk.models import AirbyteConnectionStatus, Status
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ErrorResolution, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.account import ACCOUNT_PATH
from source_digitalocean_quolum.http.api_errors import api_error_message
from source_digitalocean_quolum.http.client import ApiRequest
from source_digitalocean_quolum.http.errors import ApiErrorHandler
from source_digitalocean_quolum.http.probes import StreamProbes
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.records.body import UnexpectedBody, take
from source_digitalocean_quolum.spaces.access import describe_access

if TYPE_CHECKING:
    from source_digitalocean_quolum.http.endpoint import Endpoint

logger = logging.getLogger("airbyte")

# Tries after the first one; and seconds that it waits for the rate limit: a burst passes in a minute, an hour does not.
_RETRIES = 2
_PATIENCE = 70.0


class CheckFailed(Exception):
    """The connection is not usable; the text is the sentence for the operator."""


def check(run: RunContext, streams: list[StreamProbes]) -> AirbyteConnectionStatus:
    """Check a valid configuration. Every foreseeable problem is a FAILED status with one sentence.

    One request for the account, one for each scope, never one for each stream, and one with the Spaces key.
    """
    client = _Client(run)
    try:
        account = _account(client)
        report = _report(account, streams, _scopes(client, streams), borrowed=run.has_borrowed_token)
        report = f"{report} {describe_access(run, _RETRIES, _PATIENCE)}".strip()
    except (CheckFailed, AirbyteTracedException) as problem:
        message = problem.message if isinstance(problem, AirbyteTracedException) else str(problem)
        return AirbyteConnectionStatus(status=Status.FAILED, message=message)
    logger.info(report)
    return AirbyteConnectionStatus(status=Status.SUCCEEDED, message=report)


@dataclass(frozen=True, slots=True)
class _CheckErrorHandler:
    """Every answer is looked at here; only what may pass in seconds is tried again."""

    every: ApiErrorHandler

    def interpret_answer(self, answer: Answer) -> ErrorResolution:
        if answer.status < 500 and answer.status not in (401, 408, 429):
            return ErrorResolution(ResponseAction.SUCCESS, None, None)
        return self.every.interpret_answer(answer)

    def interpret_exception(self, error: Exception, url: str) -> ErrorResolution:
        return self.every.interpret_exception(error, url)


@dataclass(frozen=True, slots=True)
class _Client:
    """GET through the run's one door, with few tries and little patience: somebody waits for the answer."""

    run: RunContext

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """The answer, whatever its status; raises RequestFailed where there is none."""
        request = ApiRequest(path, params or {}, tries=(0, _RETRIES), patience=_PATIENCE)
        answer, _ = self.run.client.send(request, "check", _CheckErrorHandler(self.run.error_handler))
        if answer is None:
            raise CheckFailed(f"{path} got no answer.")
        return answer


def _account(client: _Client) -> dict[str, Any]:
    """GET /v2/account, whose answer proves the token and names the team."""
    answer, base = client.get(ACCOUNT_PATH), client.run.client.base_url
    words = api_error_message(answer)
    if answer.status == 403:
        raise CheckFailed(
            f"DigitalOcean refuses the account (HTTP 403{words}). If it is locked, DigitalOcean's support unlocks it; "
            "else give the token the scope account:read, which every connection needs."
        )
    if answer.status != 200:
        raise CheckFailed(
            f"{base} answered HTTP {answer.status} for {ACCOUNT_PATH}{words}: is `api_base_url` DigitalOcean's API?"
        )
    try:
        found = take(answer.read_body(), "account")
        if len(found) != 1:
            raise UnexpectedBody(f"{len(found)} accounts instead of one")
    except UnexpectedBody as problem:
        raise CheckFailed(
            f"{base} answered {ACCOUNT_PATH} with {problem}: is `api_base_url` DigitalOcean's API, and does a proxy "
            "stand in between?"
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


def _scopes(client: _Client, streams: list[StreamProbes]) -> dict[str, bool | None]:
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
        except (CheckFailed, AirbyteTracedException) as problem:
            logger.warning("The scope %s could not be tried. %s", scope, problem)
            return None
        return answer.status != 403

    with ThreadPoolExecutor(client.run.workers) as pool:
        return dict(zip(by_scope, pool.map(usable, by_scope), strict=True))


def _verdict(stream: StreamProbes, scopes: Mapping[str, bool | None]) -> bool | None:
    """Whether the stream can be read, one way or another; None if only a sync shows."""
    ways = {scopes[endpoint.scope] for endpoint in stream.ways}
    return True if True in ways else None if None in ways else False


def _report(
    account: Mapping[str, Any], streams: list[StreamProbes], scopes: Mapping[str, bool | None], *, borrowed: bool
) -> str:
    team = account.get("team") or {}
    name = f'team "{team["name"]}"' if team.get("name") else "your personal account"
    lines = [f"Connected to DigitalOcean: {name}, as {account.get('email') or 'an unnamed user'}."]
    if account.get("status") == "warning":
        lines.append(f"DigitalOcean warns: {account.get('status_message') or 'see the control panel'}.")
    if account.get("email_verified") is False:
        lines.append("The account's email address is not verified yet.")
    if borrowed:
        lines.append(
            "This token came from Connect (doo_v1_...) and ends within 30 days: make a personal access token, or "
            "choose OAuth."
        )
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
