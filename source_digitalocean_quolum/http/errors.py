"""DigitalOcean's answers as Airbyte failure types, and as words an operator can act on."""

from dataclasses import dataclass
from typing import Protocol

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ErrorResolution, ResponseAction

from source_digitalocean_quolum.http.api_errors import api_error_message
from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.failures import describe_failure
from source_digitalocean_quolum.http.listed import find_problem
from source_digitalocean_quolum.http.oauth import RECONNECT
from source_digitalocean_quolum.http.stream_access import StreamAccess
from source_digitalocean_quolum.records.answer import Answer

# Of one object of several: its children cannot be had, and those of the others can.
_REFUSED_OBJECT = (400, 404, 409, 410, 412, 422)


class ErrorHandler(Protocol):
    """What to do with an answer, or with an exception in its place."""

    def interpret_answer(self, answer: Answer) -> ErrorResolution:
        """Decide about an answer; RATE_LIMITED and REFRESH_TOKEN_THEN_RETRY are carried out by the client."""

    def interpret_exception(self, error: Exception, url: str) -> ErrorResolution:
        """Decide about a request that got no answer."""


@dataclass(frozen=True, slots=True)
class ApiErrorHandler:
    """What is the same for every request (API reference, "HTTP statuses"; body {id, message, request_id}).

    - 401: a personal access token ends the sync as a config_error; OAuth renews once.
    - 408, 429, 5xx, and no answer are tried again. Redirects are not followed.
    """

    uses_oauth: bool
    came_from_connect: bool = False

    def interpret_answer(self, answer: Answer) -> ErrorResolution:
        """See the class."""
        status = answer.status
        if status == 401:
            return self._unauthorized()
        if status == 429:
            return ErrorResolution(
                ResponseAction.RATE_LIMITED,
                FailureType.transient_error,
                "DigitalOcean's rate limit is reached, by this sync or by another client with the same token.",
            )
        if status == 408 or status >= 500:
            return retry(f"DigitalOcean answered HTTP {status} for {answer.path}{api_error_message(answer)}.")
        if 300 <= status < 400:
            return fail(
                FailureType.config_error,
                f"{answer.path} redirects to another place (HTTP {status}), where the token is not sent: "
                "`api_base_url` must be the API's own address.",
            )
        if status < 300:
            return fail(FailureType.system_error, f"DigitalOcean answered HTTP {status} for {answer.path}, not 200.")
        return fail(
            FailureType.system_error,
            f"DigitalOcean refused {answer.path} with HTTP {status}{api_error_message(answer)}.",
        )

    def interpret_exception(self, error: Exception, url: str) -> ErrorResolution:
        """See the class."""
        failure_type, problem = describe_failure(error, url)
        sentence = f"No answer: {problem}."
        return retry(sentence) if failure_type is FailureType.transient_error else fail(failure_type, sentence)

    def _unauthorized(self) -> ErrorResolution:
        if self.uses_oauth:
            return ErrorResolution(
                ResponseAction.REFRESH_TOKEN_THEN_RETRY,
                FailureType.config_error,
                f"DigitalOcean refuses even a freshly renewed access token. {RECONNECT}.",
            )
        if self.came_from_connect:
            return fail(
                FailureType.config_error,
                "DigitalOcean no longer accepts the access token (HTTP 401). It came from Connect (doo_v1_...) and "
                "ended with it: make a personal access token in the control panel under API, Tokens, or choose OAuth.",
            )
        return fail(
            FailureType.config_error,
            "DigitalOcean does not accept the personal access token (HTTP 401): it was revoked, has expired or "
            "was not copied whole. Make a new one in the control panel under API, Tokens.",
        )


@dataclass(frozen=True, slots=True)
class ListErrorHandler:
    """What to do with one page of a stream's list.

    `parent` tells whether the list is that of one object of several, and `page` its number in the list.
    - 403: asked once more. Of a whole stream it is then a matter of scope, and the stream is skipped and named once
      with the scope that opens it; of one parent it is, if no other parent answers either (StreamAccess).
    - 400, 404, 409, 410, 412 and 422 for one parent cost that parent, by name; statuses in the endpoint's `absent`
      mean a product never used.
    - Half a list must not look whole: what was answered at first and is refused on a later page is an error.
    - A 200 that is not the promised JSON is tried again.
    """

    every: ApiErrorHandler
    access: StreamAccess
    stream: str
    endpoint: Endpoint
    page: int = 1

    def interpret_answer(self, answer: Answer) -> ErrorResolution:
        """See the class."""
        status = answer.status
        if status in (200, 204):
            return self._answered(answer)
        if status == 403:
            return self._forbidden(answer)
        if status in self.endpoint.absent:
            return _ignore(f"{self.stream}: not used by this team (HTTP {status})")
        if status in _REFUSED_OBJECT and self._is_about_one_object:
            return self._refused_object(answer)
        if status in (404, 410):
            return self._not_found(answer)
        return self.every.interpret_answer(answer)

    def interpret_exception(self, error: Exception, url: str) -> ErrorResolution:
        """See the class."""
        return self.every.interpret_exception(error, url)

    @property
    def _is_about_one_object(self) -> bool:
        """Whether a refusal can be one parent's: not that of a page after others, or of a window of time of several."""
        return self.endpoint.has_parent and self.page == 1 and not self.endpoint.is_windowed

    def _answered(self, answer: Answer) -> ErrorResolution:
        if answer.status == 200 and (problem := find_problem(answer, self.endpoint)):
            return retry(f"DigitalOcean answered HTTP 200 for {answer.path} with {problem}.")
        if not self.access.note_answer(self.stream):
            return fail(
                FailureType.transient_error,
                _access_changed(self.stream),
            )
        return ErrorResolution(ResponseAction.SUCCESS, None, None)

    def _forbidden(self, answer: Answer) -> ErrorResolution:
        words = api_error_message(answer)
        if not self._is_about_one_object:
            refusal = self.access.note_refusal(self.stream)
        else:
            refusal = self.access.note_refused_parent(self.stream, answer.path, f"DigitalOcean refuses it{words}")
        if refusal == "doubtful":
            return retry(f"DigitalOcean refused {answer.path} with HTTP 403{words}.")
        if refusal == "after an answer" and not self._is_about_one_object:
            return fail(
                FailureType.transient_error,
                _access_changed(self.stream),
            )
        if refusal == "believed" and not self.access.may_ask(self.stream):
            self.access.tell_once(self.stream, missing_scope(self.stream, self.endpoint.scope, words))
        return _ignore()

    def _refused_object(self, answer: Answer) -> ErrorResolution:
        status, words = answer.status, api_error_message(answer)
        if status in (404, 410):
            return self._deleted(answer)
        self.access.name_parent(self.stream, answer.path, f"DigitalOcean refuses it with HTTP {status}{words}")
        return _ignore()

    def _deleted(self, answer: Answer) -> ErrorResolution:
        return _ignore(
            f"{self.stream}: nothing of {answer.path}, DigitalOcean does not find it (HTTP {answer.status}"
            f"{api_error_message(answer)}): most likely it was deleted during the sync."
        )

    def _not_found(self, answer: Answer) -> ErrorResolution:
        status, words = answer.status, api_error_message(answer)
        if self.endpoint.post and self.access.is_answered(self.stream):
            return fail(
                FailureType.transient_error,
                f"{answer.path} was asked about something that was deleted during the sync (HTTP {status}). "
                "The next sync tries again.",
            )
        if self.endpoint.has_parent and not self.endpoint.post:
            return self._deleted(answer)
        if self.page > 1:
            return fail(
                FailureType.transient_error,
                f"DigitalOcean did not find page {self.page} of {answer.path} (HTTP {status}{words}), although a page "
                "before it led there: the list is not read whole. The next sync tries again.",
            )
        if self.access.has_answers:
            return fail(
                FailureType.system_error,
                f"DigitalOcean no longer has {answer.path} (HTTP {status}{words}), or not for this team: leave the "
                "stream out until a newer version of this connector knows better.",
            )
        return fail(
            FailureType.config_error,
            f"{answer.path} does not exist at this address (HTTP {status}{words}): is `api_base_url` DigitalOcean's "
            "API?",
        )


def _access_changed(stream: str) -> str:
    return (
        f"DigitalOcean answered some requests of {stream} and refused others (HTTP 403): access changed during the "
        "sync, and the stream is incomplete. The next sync tries again."
    )


def missing_scope(stream: str, scope: str, words: str) -> str:
    """The sentence about a stream that the token may not read; `words` are DigitalOcean's, as a clause."""
    return (
        f"Stream {stream} is skipped: the token may not read it{words}. Give the token the scope "
        f"{scope} (or read access to everything), or leave the stream out."
    )


def retry(message: str) -> ErrorResolution:
    """Try again, and in the end fail with this message as something that may pass."""
    return ErrorResolution(ResponseAction.RETRY, FailureType.transient_error, message)


def fail(failure_type: FailureType, message: str) -> ErrorResolution:
    """Fail at once."""
    return ErrorResolution(ResponseAction.FAIL, failure_type, message)


def _ignore(message: str | None = None) -> ErrorResolution:
    return ErrorResolution(ResponseAction.IGNORE, None, message)
