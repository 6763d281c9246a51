"""The one door through which requests leave: one host, one budget, one place that counts them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import requests
from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.streams.http.exceptions import BaseBackoffException
from airbyte_cdk.sources.types import StreamSlice, StreamState
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.addresses import api_base_url
from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.errors import DigitalOceanErrorHandler
from source_digitalocean_quolum.http.oauth import RECONNECT, authenticator_of
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.secrets import scrub
from source_digitalocean_quolum.retrievers.extractor import posted

AGAIN: Mapping[str, Any] = {"again": True}

_PIECE = 1 << 20

USER_AGENT = f"airbyte-source-digitalocean-quolum/{version('source-digitalocean-quolum')}"

# At DEBUG the CDK's client logs every answer's body, and bodies of DigitalOcean hold credentials.
logging.getLogger("airbyte.HttpRequester").setLevel(logging.INFO)


@dataclass
class DigitalOceanRequester(HttpRequester):
    """The CDK's HttpRequester for one stream's endpoint.

    It adds to it: the address comes from the manifest's `api` facts and always begins with the configured
    host; redirects are not followed, so the token goes nowhere else; the budget is the connection's; pages
    that several streams need (`use_cache`, which the CDK sets on parents) are asked for once.
    """

    api: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._connection = RunContext.of(self.config)
        self._endpoint = Endpoint.from_manifest(self.api)
        self._accept = "text/csv" if self._endpoint.csv else "application/json"
        self._share_pages, self.use_cache = self.use_cache, False
        self.api_budget = self._connection.budget
        # Declared in the manifest, these two would take half of all that the CDK checks before the first request: for
        # each place where they stand it tries every kind of authenticator and error handler that it knows.
        self.authenticator = authenticator_of(self.config)
        self.error_handler = DigitalOceanErrorHandler(self.config, parameters, name=self.name, api=self.api)
        super().__post_init__(parameters)
        session = self._http_client._session  # noqa: SLF001 (the CDK makes the session)
        session.hooks["response"].append(_read_body)
        self._connection.use_sockets(session)

    def send_request(
        self,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
        path: str | None = None,
        request_headers: Mapping[str, Any] | None = None,
        request_params: Mapping[str, Any] | None = None,
        request_body_data: Mapping[str, Any] | str | None = None,
        request_body_json: Mapping[str, Any] | None = None,
        log_formatter: Any = None,
    ) -> requests.Response | None:
        """Ask the endpoint for one slice; `request_params` are those of the page.

        `next_page_token` is AGAIN for a page that has changed since it was read: the shared copy is stale.

        Returns the answer, or one that is not `ok` where the stream has nothing here (see the error
        handler). Raises an AirbyteTracedException for everything else.
        """
        if self._connection.is_refused(self.name):
            return None
        known = {**(stream_slice.extra_fields or {}), **stream_slice} if stream_slice else {}
        base = api_base_url(self.config)
        url = base + self._endpoint.path_for(known)
        params = {**self._endpoint.params_for(known), **(request_params or {})}
        body = posted(self._endpoint, known)

        def fetch() -> requests.Response | None:
            with self._connection.slots:
                self._connection.requests_by_stream[self.name] += 1
                return self._send(url, params, body, log_formatter)

        if self._share_pages:
            key = f"{url}?{sorted(params.items())}{body}"
            return self._connection.pages.get(key, fetch, again=next_page_token == AGAIN)
        return fetch()

    def _send(
        self, url: str, params: Mapping[str, Any], body: Mapping[str, Any], log_formatter: Any
    ) -> requests.Response:
        try:
            _, response = self._http_client.send_request(
                http_method="POST" if body else "GET",
                url=url,
                request_kwargs={"stream": False, "allow_redirects": False},
                headers={"User-Agent": USER_AGENT, "Accept": self._accept},
                params=params,
                json=body,
                log_formatter=log_formatter,
            )
        except AirbyteTracedException as error:
            raise with_operator_message(error) from error
        return response


def _read_body(response: requests.Response, **_: Any) -> None:
    """Read an answer's body in few large pieces, as a hook of the session.

    requests reads 10 KB at a time, and a thread that reads a page of 440 KB must get the interpreter back 43 times
    from those that parse: beside one of them a page took 200 ms.
    """
    response._content = b"".join(response.iter_content(_PIECE))  # noqa: SLF001 (what `content` does, with 10 KB)


def with_operator_message(error: AirbyteTracedException) -> AirbyteTracedException:
    """The CDK's exceptions with a sentence for the operator where the CDK speaks of itself."""
    error.internal_message = scrub(error.internal_message)
    # The CDK's client names the stream whose list it is. It is the stream being read that fails, maybe a child of it.
    error._stream_descriptor = None  # noqa: SLF001
    cause = error.__cause__ or error.__context__
    if isinstance(cause, BaseBackoffException):
        error.message = f"{cause} Tried again several times without success."
    elif error.message == "Refreshed OAuth access token is rejected by the API.":
        error.message = f"DigitalOcean refuses even a freshly renewed access token. {RECONNECT}."
    return error
