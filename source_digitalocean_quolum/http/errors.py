"""DigitalOcean's answers as Airbyte failure types, and as words an operator can act on."""

import logging
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import BackoffStrategy, ErrorHandler
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ErrorResolution, ResponseAction

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.oauth import RECONNECT
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.body import UnexpectedBody, decode
from source_digitalocean_quolum.records.secrets import scrub
from source_digitalocean_quolum.retrievers.extractor import listed

logger = logging.getLogger("airbyte")

_FATAL_REQUEST_PROBLEMS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.SSLError,
)


@dataclass
class DigitalOceanBackoff(BackoffStrategy):
    """How long to wait before the same request goes out again, in seconds (None: the CDK's 1, 2, 4, 8 ...).

    Only a 429 says: `retry-after` (burst limit), else `ratelimit-reset`. DigitalOcean sends the reset on
    every answer, so for a 502 it means nothing. The budget has stopped the other streams meanwhile. A refusal
    is doubted for a second.
    """

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._budget = RunContext.of(self.config).budget

    def backoff_time(
        self,
        response_or_exception: requests.Response | requests.RequestException | None,
        attempt_count: int,
    ) -> float | None:
        """See the class."""
        if not isinstance(response_or_exception, requests.Response):
            return None
        if response_or_exception.status_code == 429:
            return self._budget.pause(response_or_exception)
        return 1.0 if response_or_exception.status_code == 403 else None


@dataclass
class DigitalOceanErrorHandler(ErrorHandler):
    """What to do with an answer (API reference, "HTTP statuses"; body {id, message, request_id}).

    - 401: a personal access token ends the sync as a config_error; OAuth renews once.
    - 403: asked once more; then the stream is skipped and named once with the scope that opens it. A refusal
      after the same stream had been allowed is an error: half a stream must not look complete.
    - 404 and 410 end a child whose parent vanished; statuses in `absent` mean a product never used.
    - 408, 429, 5xx, no connection, and a 200 that is not the promised JSON are tried again.
    """

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    name: str = ""
    api: Mapping[str, Any] = field(default_factory=dict)
    required: bool = False
    backoff_strategies: list[BackoffStrategy] = field(default_factory=list)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._connection = RunContext.of(self.config)
        self._endpoint = Endpoint.from_manifest(self.api)
        self.backoff_strategies = [DigitalOceanBackoff(config=self.config, parameters=parameters)]

    @property
    def max_retries(self) -> int | None:
        """Attempts after the first one."""
        return 5

    @property
    def max_time(self) -> int | None:
        """Seconds that waiting may add up to: an exhausted hour of quota is waited for."""
        return 2 * 3600

    def interpret_response(self, response_or_exception: requests.Response | Exception | None) -> ErrorResolution:
        """See the class."""
        if not isinstance(response_or_exception, requests.Response):
            return self._no_answer(response_or_exception)
        response = response_or_exception
        status = response.status_code
        if status == 200:
            return self._answered(response)
        if status == 401:
            return self._unauthorized()
        if status == 403:
            return self._forbidden(response)
        if status in self._endpoint.absent:
            return _ignore(f"{self.name}: not used by this team (HTTP {status})")
        if status in (404, 410) and self._endpoint.has_parent:
            return _ignore(f"{self.name}: what it belongs to was deleted during the sync (HTTP {status})")
        if status == 429:
            return ErrorResolution(
                ResponseAction.RATE_LIMITED,
                FailureType.transient_error,
                "DigitalOcean's rate limit is reached, by this sync or by another client with the same token.",
            )
        if status == 408 or status >= 500:
            return _retry(f"DigitalOcean answered HTTP {status} for {_path(response)}{api_error_message(response)}.")
        if 300 <= status < 400:
            return _fail(
                FailureType.config_error,
                f"{_path(response)} redirects to another place (HTTP {status}), where the token is not sent: "
                "`api_base_url` must be the API's own address.",
            )
        if status in (404, 410) and self._endpoint.post:
            return _fail(
                FailureType.transient_error,
                f"{_path(response)} was asked about something that was deleted during the sync (HTTP {status}). "
                "The next sync tries again.",
            )
        if status in (404, 410):
            return _fail(
                FailureType.config_error,
                f"{_path(response)} does not exist at this address (HTTP {status}{api_error_message(response)}): "
                "is `api_base_url` DigitalOcean's API?",
            )
        return _fail(
            FailureType.system_error,
            f"DigitalOcean refused {_path(response)} with HTTP {status}{api_error_message(response)}.",
        )

    def _answered(self, response: requests.Response) -> ErrorResolution:
        try:
            found = listed(response, self._endpoint)
            if self._endpoint.single and len(found) != 1:
                raise UnexpectedBody(f"{len(found)} objects in `{self._endpoint.records}` instead of one")
            if self._endpoint.csv and found and not found[0].keys() >= set(self._endpoint.csv):
                raise UnexpectedBody(f"CSV without the columns {', '.join(self._endpoint.csv)}")
        except UnexpectedBody as problem:
            return _retry(unreadable(response, problem))
        if not self._connection.allowed(self.name):
            return _fail(
                FailureType.transient_error,
                f"DigitalOcean first refused {self.name} and now allows it: access changed during the sync. "
                "The next sync reads it whole.",
            )
        return ErrorResolution(ResponseAction.SUCCESS, None, None)

    def _unauthorized(self) -> ErrorResolution:
        if (self.config.get("credentials") or {}).get("auth_type") == "oauth2.0":
            return ErrorResolution(
                ResponseAction.REFRESH_TOKEN_THEN_RETRY,
                FailureType.config_error,
                f"DigitalOcean no longer accepts the access token. {RECONNECT}.",
            )
        return _fail(
            FailureType.config_error,
            "DigitalOcean does not accept the personal access token (HTTP 401): it was revoked, has expired or "
            "was not copied whole. Make a new one in the control panel under API, Tokens.",
        )

    def _forbidden(self, response: requests.Response) -> ErrorResolution:
        if self.required:
            return _fail(FailureType.config_error, missing_scope(self.name, self._endpoint.scope, response))
        refusal = self._connection.refused(self.name)
        if refusal == "doubtful":
            return _retry(missing_scope(self.name, self._endpoint.scope, response))
        if refusal == "after an answer":
            return _fail(
                FailureType.transient_error,
                f"DigitalOcean allowed {self.name} at first and then refused it (HTTP 403"
                f"{api_error_message(response)}): the stream is incomplete. The next sync tries again.",
            )
        if refusal == "first":
            logger.warning(missing_scope(self.name, self._endpoint.scope, response))
        return _ignore(f"{self.name}: no access, no records")

    def _no_answer(self, error: Exception | None) -> ErrorResolution:
        kind = type(error).__name__
        if isinstance(error, _FATAL_REQUEST_PROBLEMS):
            return _fail(
                FailureType.config_error,
                f"{self.name} cannot be requested ({kind}): check `api_base_url` and this machine's certificates.",
            )
        return _retry(f"DigitalOcean could not be reached for {self.name} ({kind}).")


def missing_scope(stream: str, scope: str, response: requests.Response) -> str:
    """The sentence about a stream that the token may not read."""
    return (
        f"Stream {stream} is skipped: the token may not read it{api_error_message(response)}. Give the token the scope "
        f"{scope} (or read access to everything), or leave the stream out."
    )


def unreadable(response: requests.Response, problem: UnexpectedBody) -> str:
    """The sentence about an answer that is not what the API promises."""
    return f"DigitalOcean answered HTTP 200 for {_path(response)} with {problem}."


def api_error_message(response: requests.Response) -> str:
    """DigitalOcean's own words about an error, as a clause; empty when there are none."""
    try:
        body = decode(response)
    except UnexpectedBody:
        return ""
    message = body.get("message") if isinstance(body, dict) else None
    return f' (DigitalOcean: "{scrub(message)}")' if isinstance(message, str) else ""


def _path(response: requests.Response) -> str:
    return response.request.path_url.split("?")[0] if response.request is not None else response.url


def _ignore(message: str) -> ErrorResolution:
    return ErrorResolution(ResponseAction.IGNORE, None, message)


def _retry(message: str) -> ErrorResolution:
    return ErrorResolution(ResponseAction.RETRY, FailureType.transient_error, message)


def _fail(failure_type: FailureType, message: str) -> ErrorResolution:
    return ErrorResolution(ResponseAction.FAIL, failure_type, message)
