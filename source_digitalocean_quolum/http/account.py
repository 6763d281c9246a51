"""Whether the account itself is refused: then nothing of it can be read, and no empty stream may say COMPLETE."""

import threading
from dataclasses import dataclass, field

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ErrorResolution, ResponseAction

from source_digitalocean_quolum.http.api_errors import api_error_message
from source_digitalocean_quolum.http.client import ApiClient, ApiRequest
from source_digitalocean_quolum.http.errors import ApiErrorHandler
from source_digitalocean_quolum.http.failures import RequestFailed
from source_digitalocean_quolum.http.stream_access import StreamAccess
from source_digitalocean_quolum.records.answer import Answer

ACCOUNT_PATH = "/v2/account"


@dataclass(frozen=True, slots=True)
class _AccountErrorHandler:
    every: ApiErrorHandler

    def interpret_answer(self, answer: Answer) -> ErrorResolution:
        if answer.status < 500 and answer.status not in (401, 408, 429):
            return ErrorResolution(ResponseAction.SUCCESS, None, None)
        return self.every.interpret_answer(answer)

    def interpret_exception(self, error: Exception, url: str) -> ErrorResolution:
        return self.every.interpret_exception(error, url)


@dataclass
class AccountGuard:
    """Asks once a run, when a stream is refused and nothing has been answered yet, whether it is the account.

    A locked account answers 403 to everything, and so does a token without a single scope.
    """

    client: ApiClient
    error_handler: ApiErrorHandler
    access: StreamAccess
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _refusal: RequestFailed | None = None
    _asked: bool = False

    def raise_refusal(self) -> None:
        """Raise RequestFailed (config_error) if the account is known to be refused."""
        if self._refusal is not None:
            raise self._refusal

    def ensure_not_refused(self) -> None:
        """Raise RequestFailed (config_error) if the account is refused."""
        if self.access.has_answers:
            return
        with self._lock:
            if not self._asked:
                self._refusal = self._ask()
                self._asked = True
        if self._refusal is not None:
            raise self._refusal

    def _ask(self) -> RequestFailed | None:
        answer, _ = self.client.send(ApiRequest(ACCOUNT_PATH), "account", _AccountErrorHandler(self.error_handler))
        if answer is None or answer.status != 403 or self.access.has_answers:
            return None
        return RequestFailed(
            f"DigitalOcean refuses the account itself (HTTP 403{api_error_message(answer)}): nothing can be read. If "
            "the account is locked, DigitalOcean's support unlocks it; else give the token the scope account:read and "
            "those of the streams.",
            FailureType.config_error,
            403,
        )
