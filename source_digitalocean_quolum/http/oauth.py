"""Single-use refresh tokens: rotate as rarely as possible, announce before first use, never lose one."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.failures import RequestFailed, describe_failure
from source_digitalocean_quolum.http.session import HttpSession, Signature
from source_digitalocean_quolum.http.token_endpoint import (
    ABOUT_TO_EXPIRE,
    APPLICATION_ERRORS,
    TokenAnswer,
    read_expiry,
    refresh_form,
)

logger = logging.getLogger("airbyte")

RECONNECT = "Reconnect: authorize DigitalOcean again in this source's settings"

_RETRY_WAITS = (1.0, 3.0, 9.0)
# Seconds. A refusal that is still one after so long is believed: until then another sync of the same source may have
# renewed access a moment before this one asked.
_REFUSAL_LASTS = 60.0


class Authorization(Protocol):
    """What signs requests."""

    def header(self) -> Signature:
        """The value of the Authorization header, with a token that is valid as far as is known."""

    def renew(self, refused: Signature) -> bool:
        """Get another token in place of the one in the header `refused`; false where there is no way to."""


class PersonalAccessToken:
    """A token that a person made, sent as it is."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def header(self) -> str:
        """See Authorization."""
        return self._header

    def renew(self, refused: Signature) -> bool:
        """See Authorization."""
        return False


class OAuthTokens:
    """OAuth 2.0 with DigitalOcean's rules (API reference, "OAuth").

    A refresh token works exactly once, and using it also ends the access token it was issued with. So:
    - an access token is used until it has expired or is about to; an expiry that is missing, unreadable or a
      bare number of seconds means unknown: the token is used, and renewed when DigitalOcean answers 401;
    - one thread refreshes, the others wait and use what it got;
    - `announce` has written the new pair to stdout before anything else is done with it.
    """

    def __init__(
        self,
        credentials: Mapping[str, Any],
        base_url: str,
        session: HttpSession,
        slots: threading.BoundedSemaphore,
        announce: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._credentials = dict(credentials)
        self._base_url, self._session, self._slots, self._announce = base_url, session, slots, announce
        self._lock = threading.RLock()
        self._refused_since: float | None = None
        self._refusal: RequestFailed | None = None

    def header(self) -> str:
        """See Authorization. Raises what `renew` raises."""
        if self._has_expired():
            with self._lock:
                if self._has_expired():
                    self._refresh()
        return f"Bearer {self._credentials['access_token']}"

    def renew(self, refused: Signature) -> bool:
        """See Authorization.

        Ten threads may see the 401 at once: the first refreshes, the others find another token than the one
        they sent and go on with it. Raises an AirbyteTracedException when access cannot be renewed.
        """
        with self._lock:
            if refused == f"Bearer {self._credentials.get('access_token')}":
                self._refresh()
        return True

    def _has_expired(self) -> bool:
        if not self._credentials.get("access_token"):
            return True
        expiry = read_expiry(self._credentials)
        return expiry is not None and datetime.now(UTC) >= expiry - ABOUT_TO_EXPIRE

    def _refresh(self) -> None:
        if self._refusal and time.monotonic() - (self._refused_since or 0.0) < _REFUSAL_LASTS:
            raise self._refusal
        logger.info("Renewing access to DigitalOcean")
        answer = self._ask()
        if not answer.has_token:
            raise self._refused(answer)
        renewed = answer.renew(self._credentials)
        self._announce(renewed)
        self._credentials = renewed
        self._refusal = None

    def _ask(self) -> TokenAnswer:
        """POST {base_url}/token; trouble on the way is tried again. Raises RequestFailed."""
        form = refresh_form(self._credentials)
        for wait in (*_RETRY_WAITS, None):
            try:
                answer = self._post("token", form)
                if answer.status in (404, 405):
                    # Older documentation knows /refresh; a 404 or 405 has not spent the token.
                    answer = self._post("refresh", form)
                if answer.has_token or (answer.status != 429 and answer.status < 500):
                    return answer
                problem = f"the authorization server answered HTTP {answer.status}"
            except (OSError, ValueError) as error:
                failure_type, problem = describe_failure(error, self._base_url)
                if failure_type is FailureType.config_error:
                    raise RequestFailed(f"Access to DigitalOcean cannot be renewed: {problem}.", failure_type) from None
            if wait is not None:
                time.sleep(wait)
        raise RequestFailed(
            f"DigitalOcean's authorization server could not renew access: {problem}. The next sync tries again.",
            FailureType.transient_error,
        )

    def _post(self, name: str, form: Mapping[str, str]) -> TokenAnswer:
        with self._slots:
            answer = self._session.exchange("POST", f"{self._base_url}/{name}", data=form)
        return TokenAnswer.from_content(answer.status, answer.content)

    def _refused(self, answer: TokenAnswer) -> AirbyteTracedException:
        reason = answer.error
        if 200 <= answer.status < 400:
            what = f"answered HTTP {answer.status} without an access token"
            return RequestFailed(f"DigitalOcean's authorization server {what}. {RECONNECT}.", FailureType.config_error)
        if reason in APPLICATION_ERRORS:
            return RequestFailed(
                f"DigitalOcean does not know this OAuth application ({reason}): check `client_id` and "
                f"`client_secret`, then {RECONNECT[0].lower()}{RECONNECT[1:]}.",
                FailureType.config_error,
            )
        if self._refused_since is not None and time.monotonic() - self._refused_since >= _REFUSAL_LASTS:
            return RequestFailed(
                f"Access to DigitalOcean has ended and could not be renewed ({reason}): it was revoked, or its refresh "
                f"token was used elsewhere. {RECONNECT}.",
                FailureType.config_error,
            )
        self._refused_since = self._refused_since or time.monotonic()
        self._refusal = RequestFailed(
            f"DigitalOcean did not renew access ({reason}). Another sync of this source may have renewed it a moment "
            f"ago; then the next try finds the new access and works. If it is refused again, access was revoked or has "
            f"ended. {RECONNECT}.",
            FailureType.transient_error,
        )
        return self._refusal
