"""The answers of Spaces as Airbyte failure types, and as words an operator can act on."""

from dataclasses import dataclass

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ErrorResolution, ResponseAction

from source_digitalocean_quolum.http.errors import fail, retry
from source_digitalocean_quolum.http.failures import describe_failure
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.spaces.documents import read_error

KEYS_PAGE = "the control panel under Spaces Object Storage, Access Keys"

# Codes of the S3 API, "Error responses".
NO_BUCKET = "NoSuchBucket"
_KEY_UNKNOWN = frozenset({"InvalidAccessKeyId"})
_SECRET_WRONG = frozenset({"SignatureDoesNotMatch"})
_CLOCK_WRONG = frozenset({"RequestTimeTooSkewed", "RequestExpired"})


@dataclass(frozen=True, slots=True)
class SpacesErrorHandler:
    """What to do with an answer of one region's server.

    `key` is the identifier of the Spaces key. About a `bucket`, "not found" and "forbidden" are answers, too: what they
    mean depends on the question, and whoever asked looks at the status.
    """

    key: str
    region: str
    bucket: str = ""

    def interpret_answer(self, answer: Answer) -> ErrorResolution:
        """See ErrorHandler in http/errors.py."""
        status = answer.status
        if status == 200:
            return ErrorResolution(ResponseAction.SUCCESS, None, None)
        code, message = read_error(answer.content)
        words = f"HTTP {status}" + (f", {code}" if code else "") + (f": {message}" if message else "")
        if problem := self._problem_of_the_key(code):
            return fail(FailureType.config_error, f"{problem} ({words}).")
        if status in (401, 403):
            return self._refused(words)
        if status == 404 and self.bucket:
            return ErrorResolution(ResponseAction.IGNORE, None, None)
        if status == 429:
            sentence = f"Spaces in {self.region} answers too many requests of this machine ({words})."
            return ErrorResolution(ResponseAction.RATE_LIMITED, FailureType.transient_error, sentence)
        if status == 408 or status >= 500:
            return retry(f"Spaces in {self.region} could not answer about {self._subject} ({words}).")
        return fail(
            FailureType.system_error, f"Spaces in {self.region} refuses the question about {self._subject} ({words})."
        )

    def interpret_exception(self, error: Exception, url: str) -> ErrorResolution:
        """See ErrorHandler in http/errors.py."""
        failure_type, problem = describe_failure(error, url)
        sentence = f"No answer from Spaces in {self.region}: {problem}. Is it among the regions of `spaces.regions`?"
        return retry(sentence) if failure_type is FailureType.transient_error else fail(failure_type, sentence)

    @property
    def _subject(self) -> str:
        return f"the bucket {self.bucket}" if self.bucket else "the list of buckets"

    def _problem_of_the_key(self, code: str) -> str:
        if code in _KEY_UNKNOWN:
            return (
                f"Spaces in {self.region} does not know the key {self.key} (`spaces.access_key`): it was deleted, or "
                f"not copied whole. Make a new one in {KEYS_PAGE}"
            )
        if code in _SECRET_WRONG:
            return (
                f"Spaces in {self.region} does not accept the secret of the key {self.key} (`spaces.secret_key`): "
                f"paste the one that was shown with this key, or make a new key in {KEYS_PAGE}"
            )
        if code in _CLOCK_WRONG:
            return f"Spaces in {self.region} finds this machine's clock wrong by minutes: set it right"
        return ""

    def _refused(self, words: str) -> ErrorResolution:
        if self.bucket:
            return ErrorResolution(ResponseAction.IGNORE, None, None)
        return fail(
            FailureType.config_error,
            f"The Spaces key {self.key} may not list the buckets in {self.region} ({words}). A key with limited access "
            f"may not: make one with full access in {KEYS_PAGE}, or leave the stream out.",
        )
