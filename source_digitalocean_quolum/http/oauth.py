"""Single-use refresh tokens: rotate as rarely as possible, announce before first use, never lose one."""

import logging
import threading
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import InitVar, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from airbyte_cdk.config_observation import emit_configuration_as_airbyte_control_message
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.streams.http.requests_native_auth import TokenAuthenticator
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.addresses import oauth_base_url
from source_digitalocean_quolum.http.run_context import RunContext

logger = logging.getLogger("airbyte")

# A token this close to its end is renewed before the request rather than after a 401. Well below the 30 days
# a token lives, and above what a request takes.
_ABOUT_TO_EXPIRE = timedelta(minutes=5)
_TIMEOUT = (10, 30)
_RETRY_WAITS = (1.0, 3.0, 9.0)
RECONNECT = "Reconnect: authorize DigitalOcean again in this source's settings"


@dataclass
class DigitalOceanOAuthAuthenticator(DeclarativeAuthenticator):
    """OAuth 2.0 with DigitalOcean's rules (API reference, "OAuth").

    A refresh token works exactly once, and using it also ends the access token it was issued with. So:
    - an access token is used until it has expired or is about to; an expiry that is missing, unreadable or a
      bare number of seconds means unknown: the token is used, and renewed when DigitalOcean answers 401;
    - one thread refreshes, the others wait and use what it got;
    - the new pair is on stdout, flushed, as a CONTROL message before the first request that uses it.
    The tokens live in `config.credentials`, which all streams share.
    """

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._connection = RunContext.of(self.config)
        self._sent = threading.local()

    @property
    def auth_header(self) -> str:
        """The header that carries the token."""
        return "Authorization"

    @property
    def token(self) -> str:
        """The header's value, with a token that is valid as far as its expiry tells."""
        if self._has_expired():
            with self._connection.token_lock:
                if self._has_expired():
                    self._refresh()
        return f"Bearer {self._credentials['access_token']}"

    def __call__(self, request: Any) -> Any:
        """Sign a request, remembering with what: see refresh_and_set_access_token."""
        token = self._sent.token = self.token
        request.headers[self.auth_header] = token
        return request

    def refresh_and_set_access_token(self) -> None:
        """Renew the token after a 401. The CDK calls this in the thread whose request was refused.

        Ten threads may see the 401 at once: the first refreshes, the others find another token than the one
        they sent and go on with it.
        """
        with self._connection.token_lock:
            if self._sent.__dict__.get("token") in (None, f"Bearer {self._credentials.get('access_token')}"):
                self._refresh()

    @property
    def _credentials(self) -> MutableMapping[str, Any]:
        credentials: MutableMapping[str, Any] = self.config["credentials"]
        return credentials

    def _has_expired(self) -> bool:
        if not self._credentials.get("access_token"):
            return True
        expiry = expiry_of(self._credentials)
        return expiry is not None and datetime.now(UTC) >= expiry - _ABOUT_TO_EXPIRE

    def _refresh(self) -> None:
        logger.info("Renewing access to DigitalOcean")
        answer = self._ask_for_tokens()
        renewed = with_tokens(self._credentials, answer)
        for secret in ("access_token", "refresh_token"):
            add_to_secrets(renewed[secret])
        emit_configuration_as_airbyte_control_message({**self.config, "credentials": renewed})
        self._credentials.update(renewed)
        if "token_expiry_date" not in renewed:
            self._credentials.pop("token_expiry_date", None)

    def _ask_for_tokens(self) -> Mapping[str, Any]:
        """POST {oauth_base_url}/token, RFC 6749 section 6, in a form body: nothing secret in a URL."""
        base = oauth_base_url(self.config)
        form = {"grant_type": "refresh_token"}
        for name in ("refresh_token", "client_id", "client_secret"):
            if value := self._credentials.get(name):
                form[name] = value
        for wait in (*_RETRY_WAITS, None):
            problem = ""
            try:
                response = _post(f"{base}/token", form)
                if response.status_code in (404, 405):
                    # Older documentation knows /refresh; a 404 or 405 has not spent the token.
                    response = _post(f"{base}/refresh", form)
            except requests.RequestException as error:
                problem = f"no answer ({type(error).__name__})"
            else:
                if response.status_code == 200:
                    return _tokens(response)
                if response.status_code != 429 and response.status_code < 500:
                    raise _refused(response)
                problem = f"HTTP {response.status_code}"
            if wait is not None:
                time.sleep(wait)
        raise AirbyteTracedException(
            message=f"DigitalOcean's authorization server could not renew access: {problem}. "
            "The next sync tries again.",
            failure_type=FailureType.transient_error,
        )


def with_tokens(credentials: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The credentials with the tokens of a token answer, and their expiry by this machine's clock.

    Without a refresh token in the answer the one before stays (RFC 6749 section 6).
    """
    renewed = dict(credentials)
    renewed["access_token"] = answer["access_token"]
    renewed["refresh_token"] = answer.get("refresh_token") or renewed["refresh_token"]
    renewed.pop("token_expiry_date", None)
    lifetime = answer.get("expires_in")
    if isinstance(lifetime, int | float) and lifetime > 2 * _ABOUT_TO_EXPIRE.total_seconds():
        # A shorter life would count as "about to expire" at once: then only a 401 tells.
        expiry = datetime.now(UTC) + timedelta(seconds=lifetime)
        renewed["token_expiry_date"] = expiry.strftime("%Y-%m-%dT%H:%M:%SZ")
    return renewed


class AccessTokenAuthenticator(TokenAuthenticator, DeclarativeAuthenticator):
    """A personal access token, sent as it is."""


def authenticator_of(config: Mapping[str, Any]) -> DeclarativeAuthenticator:
    """What signs requests, by the configured way in."""
    credentials = config["credentials"]
    if credentials["auth_type"] == "oauth2.0":
        return DigitalOceanOAuthAuthenticator(config=config, parameters={})
    return AccessTokenAuthenticator(token=credentials["access_token"])


def expiry_of(credentials: Mapping[str, Any]) -> datetime | None:
    """When the access token expires; None where that is not known for sure."""
    written = credentials.get("token_expiry_date")
    if not isinstance(written, str) or written.strip().isdigit():
        return None
    try:
        expiry = datetime.fromisoformat(written)
    except ValueError:
        return None
    return expiry if expiry.tzinfo else expiry.replace(tzinfo=UTC)


def _post(url: str, form: Mapping[str, str]) -> requests.Response:
    return requests.post(url, data=form, timeout=_TIMEOUT, allow_redirects=False)


def _tokens(response: requests.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        answer = None
    # `token_type` is not asked for: confidential clients get DigitalOcean's older `bearer` field instead.
    if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
        raise AirbyteTracedException(
            message=f"DigitalOcean's authorization server answered without an access token. {RECONNECT}.",
            internal_message=f"token endpoint: 200, {response.headers.get('content-type')}, no access_token",
            failure_type=FailureType.config_error,
        )
    return answer


def _refused(response: requests.Response) -> AirbyteTracedException:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        answer = {}
    answer = answer if isinstance(answer, dict) else {}
    reason = answer.get("error") or answer.get("id") or f"HTTP {response.status_code}"
    if reason in ("invalid_client", "unauthorized_client"):
        message = (
            f"DigitalOcean does not know this OAuth application ({reason}): "
            f"check `client_id` and `client_secret`, then {RECONNECT[0].lower()}{RECONNECT[1:]}."
        )
    else:
        message = (
            f"Access to DigitalOcean has ended and could not be renewed ({reason}): it was revoked, or the "
            f"refresh token was used by another sync. {RECONNECT}."
        )
    return AirbyteTracedException(
        message=message,
        internal_message=f"token endpoint answered {response.status_code}: {reason}",
        failure_type=FailureType.config_error,
    )
