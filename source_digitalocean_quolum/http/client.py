"""The one door through which requests leave: paced, signed, counted, tried again, and answered in words."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ErrorResolution, ResponseAction

from source_digitalocean_quolum.http.budget import HOUR, LongWaitError, RateLimitBudget, Wait
from source_digitalocean_quolum.http.errors import ErrorHandler
from source_digitalocean_quolum.http.failures import RequestFailed
from source_digitalocean_quolum.http.oauth import Authorization
from source_digitalocean_quolum.http.session import (
    AnswerTooLargeError,
    AnswerTooSlowError,
    HttpSession,
    Signature,
)
from source_digitalocean_quolum.records.answer import Answer

logger = logging.getLogger("airbyte")

# Tries after the first one, for failures other than a rate limit.
MAX_RETRIES = 5
_LONGEST_BACKOFF = 60.0
_TRIES_OF_A_SLOW_ANSWER = 2
# Seconds of waiting for the rate limit after which a request gives up: an exhausted hour is waited for.
PATIENCE = 2 * HOUR


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request below the API's address.

    `records_key` names the list of the answer whose objects may stay in their bytes (records.body); `form` makes it a
    form, `json` a JSON body.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    accept: str = "application/json"
    records_key: str = ""
    # The places of a list on the pages before the one that is asked for.
    before: int = 0
    # Whoever asks decodes a good answer itself.
    decode: bool = True
    # The first and the last try: a question that is asked in another way goes on where the one before gave up.
    tries: tuple[int, int] = (0, MAX_RETRIES)
    # How long it may wait for the rate limit, in seconds; None: PATIENCE.
    patience: float | None = None

    @property
    def key(self) -> str:
        """What the answer goes by among those that are shared (PageCache)."""
        return f"{self.path}?{sorted(self.params.items())}{self.json}"


@dataclass
class ApiClient:
    """Sends every request to the API: lists, metrics and checks.

    `slots` are the requests that may be under way (`num_workers`); `count` is told the stream of each that is sent, and
    `on_wait` the stream of each that has to wait.
    """

    base_url: str
    session: HttpSession
    budget: RateLimitBudget
    authorization: Authorization
    slots: threading.BoundedSemaphore
    count: Callable[[str], None]
    on_wait: Callable[[str, Wait], None]

    def send(
        self, request: ApiRequest, stream: str, error_handler: ErrorHandler
    ) -> tuple[Answer | None, ErrorResolution]:
        """Send a request until the error handler is done with it.

        Returns the answer (None where there was none and the handler ignores that) with what was decided about it:
        SUCCESS or IGNORE. Raises RequestFailed, an AirbyteTracedException, for everything else.
        """
        tries, last_try = request.tries
        if tries:
            time.sleep(min(2.0 ** (tries - 1), _LONGEST_BACKOFF))
        rate_limits = 0
        waited = 0.0
        renewed = False
        heard = ""
        while True:
            used = self.authorization.header()
            place, paused = self._acquire(request, stream)
            waited += paused if rate_limits else 0.0
            answer, resolution, error = self._exchange(request, stream, error_handler, used, place)
            status = answer.status if answer else None
            match resolution.response_action:
                case ResponseAction.SUCCESS | ResponseAction.IGNORE:
                    if resolution.error_message:
                        logger.info(resolution.error_message)
                    return answer, resolution
                case ResponseAction.RATE_LIMITED:
                    if waited >= _patience_of(request):
                        raise _failed(resolution, status, f"Waiting for {_length(waited)} did not help.")
                    # The budget silences everyone as long as the answer says; one who is refused again and again waits
                    # longer each time.
                    pause = min(2.0**rate_limits, _LONGEST_BACKOFF) if rate_limits else 0.0
                    self._sleep(stream, pause)
                    waited += pause
                    rate_limits += 1
                case ResponseAction.REFRESH_TOKEN_THEN_RETRY:
                    if renewed or not self.authorization.renew(used):
                        raise _failed(resolution, status)
                    renewed = True
                case ResponseAction.RETRY:
                    # Tries of an answer that never ends take the whole deadline each.
                    endless = isinstance(error, AnswerTooSlowError)
                    if tries + (_TRIES_OF_A_SLOW_ANSWER if endless else 0) >= last_try:
                        raise _exhausted(resolution, status, error, tries + 1, heard)
                    heard = resolution.error_message or "" if answer else heard
                    logger.info("%s Trying again in %.0f s.", resolution.error_message, 2.0**tries)
                    time.sleep(min(2.0**tries, _LONGEST_BACKOFF))
                    tries += 1
                case _:
                    raise _failed(resolution, status)

    def _acquire(self, request: ApiRequest, stream: str) -> tuple[int, float]:
        """Wait for a place within the rate limit; the place, and the seconds it took."""
        begun = self.budget.clock()
        try:
            place = self.budget.acquire(
                request.path, lambda wait: self.on_wait(stream, wait), patience=_patience_of(request)
            )
        except LongWaitError as error:
            raise RequestFailed(
                f"{error.wait.reason}: the next request can be answered in {_length(error.wait.seconds)}.",
                FailureType.transient_error,
            ) from None
        return place, self.budget.clock() - begun

    def _exchange(
        self, request: ApiRequest, stream: str, error_handler: ErrorHandler, authorization: Signature, place: int
    ) -> tuple[Answer | None, ErrorResolution, Exception | None]:
        """Send once; the answer, what to do next, and the exception where there was no answer."""
        url = self.base_url + request.path
        answer: Answer | None = None
        begun = time.monotonic()
        try:
            with self.slots:
                self.count(stream)
                raw = self.session.exchange(
                    request.method,
                    url,
                    authorization=authorization,
                    headers={"Accept": request.accept},
                    params=request.params,
                    json=request.json,
                    data=request.form,
                )
            if request.decode or raw.status != 200:
                answer = Answer.from_content(
                    raw.status, request.path, raw.headers, raw.content, request.records_key, request.before
                )
            else:
                answer = Answer(raw.status, request.path, raw.headers, raw.content)
        except (OSError, ValueError) as error:
            logger.debug("%s %s: %s", request.method, request.path, type(error).__name__)
            return None, error_handler.interpret_exception(error, url), error
        finally:
            status, headers = (answer.status, answer.headers) if answer else (0, None)
            self.budget.release(request.path, place, status, headers)
        logger.debug(
            "%s %s: HTTP %d after %.0f ms", request.method, request.path, status, 1000 * (time.monotonic() - begun)
        )
        return answer, error_handler.interpret_answer(answer), None

    def _sleep(self, stream: str, seconds: float) -> None:
        if seconds:
            self.on_wait(stream, Wait(seconds, "DigitalOcean answered 429 (too many requests)"))
            self.budget.sleep(seconds)


def _patience_of(request: ApiRequest) -> float:
    return PATIENCE if request.patience is None else request.patience


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _failed(resolution: ErrorResolution, status: int | None, more: str = "") -> RequestFailed:
    message = f"{resolution.error_message} {more}".strip()
    return RequestFailed(message, resolution.failure_type or FailureType.system_error, status)


def _exhausted(
    resolution: ErrorResolution, status: int | None, error: Exception | None, tries: int, heard: str
) -> RequestFailed:
    """The failure after the last try; a smaller question may be answered where this one took too long."""
    message = f"{resolution.error_message} Tried {tries} times."
    too_much = isinstance(error, requests.Timeout | AnswerTooLargeError)
    too_much = too_much or (status is not None and (status in (408, 413) or status >= 500))
    failure_type = resolution.failure_type or FailureType.system_error
    failure = RequestFailed(message, failure_type, status, may_pass=True, may_be_too_much=too_much)
    failure.add_heard(resolution.error_message or "" if status is not None else heard)
    return failure
