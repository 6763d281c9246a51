"""What can go wrong between this machine and a server, in words that an operator can act on."""

import os
from urllib.parse import urlsplit

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.session import (
    LARGEST_ANSWER,
    LONGEST_ANSWER,
    AnswerTooLargeError,
    AnswerTooSlowError,
)


class RequestFailed(AirbyteTracedException):
    """A request that got no usable answer; `status` is that of the last answer, None where there was none.

    `may_pass` tells that all tries were used up, and `may_be_too_much` that a smaller question may be answered. `heard`
    is what the last answer to one of the tries came to.
    """

    def __init__(
        self,
        message: str,
        failure_type: FailureType,
        status: int | None = None,
        *,
        may_pass: bool = False,
        may_be_too_much: bool = False,
    ) -> None:
        super().__init__(message=message, internal_message=message, failure_type=failure_type)
        self.status = status
        self.may_pass, self.may_be_too_much = may_pass, may_be_too_much
        self.heard = ""

    def add_heard(self, heard: str) -> None:
        """Note what a try was answered; where the last one had no answer, the message tells of an earlier one."""
        if not heard or self.heard:
            return
        self.heard = heard
        if self.status is None:
            self.message = self.internal_message = f"{self.message} An earlier try was answered: {heard}"


def list_incomplete(what: str) -> AirbyteTracedException:
    """A list that could not be read whole, in a sentence: another time it may be."""
    message = f"{what} The next sync tries again."
    return AirbyteTracedException(message, message, FailureType.transient_error)


def describe_failure(error: Exception, url: str) -> tuple[FailureType, str]:
    """The failure type and the sentence for an exception of HttpSession.exchange.

    A config_error is one that no further try will mend: an address, a certificate, a token that cannot be sent.
    """
    host = _host_of(url)
    # Timeouts and connection trouble first: requests' SSLError and ProxyError are kinds of ConnectionError.
    if isinstance(error, AnswerTooLargeError):
        return FailureType.transient_error, f"{host} answered with more than {LARGEST_ANSWER >> 20} MB"
    if isinstance(error, AnswerTooSlowError):
        return FailureType.transient_error, f"{host} had not finished its answer after {LONGEST_ANSWER:.0f} s"
    if isinstance(error, requests.exceptions.SSLError):
        problem = f"no secure connection to {host}: its certificate is not trusted on this machine. A proxy that opens "
        return FailureType.config_error, problem + "TLS needs its certificate installed here (REQUESTS_CA_BUNDLE)"
    if isinstance(error, requests.exceptions.ProxyError):
        return FailureType.transient_error, f"{host} could not be reached through the proxy (HTTPS_PROXY)"
    if isinstance(error, requests.Timeout):
        return FailureType.transient_error, f"{host} did not answer in time"
    if isinstance(error, requests.exceptions.InvalidHeader | UnicodeEncodeError):
        return (
            FailureType.config_error,
            "the access token holds characters that cannot be sent: paste the token alone, or reconnect",
        )
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return FailureType.transient_error, f"{host} broke off its answer"
    if isinstance(error, requests.ConnectionError):
        problem = f"{host} could not be reached: no network, or a firewall or proxy in between"
        return FailureType.transient_error, f"{problem} ({type(error).__name__})"
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | ValueError):
        return FailureType.config_error, f"{host} is no address that can be asked: check `api_base_url`"
    if isinstance(error, requests.RequestException):
        return FailureType.transient_error, f"{host} could not be read ({type(error).__name__})"
    if isinstance(error, OSError) and (error.errno is None or isinstance(error, FileNotFoundError | PermissionError)):
        # As requests says that the certificates it was told of are not there.
        return FailureType.config_error, _describe_certificates()
    return FailureType.transient_error, f"{host} could not be reached ({type(error).__name__})"


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "the server"
    except ValueError:
        return "the server"


def _describe_certificates() -> str:
    """In words, which file or folder of certificates cannot be used."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if path := os.environ.get(variable):
            return f"{variable} names {path}, which cannot be read: correct it, or unset it"
    return "this machine's certificates cannot be read"
