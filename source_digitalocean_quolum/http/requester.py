"""Asks the endpoint of one stream for a page of a slice."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

from airbyte_cdk.sources.declarative.types import StreamSlice
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ResponseAction

from source_digitalocean_quolum.http.client import MAX_RETRIES, ApiRequest
from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.errors import ListErrorHandler
from source_digitalocean_quolum.http.failures import RequestFailed
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.http.slice_values import build_json_body
from source_digitalocean_quolum.records.answer import Answer


@dataclass
class DigitalOceanRequester:
    """The manifest's requester: one stream's endpoint (`$parameters.api`), asked through the run's one door.

    Pages that several streams need (`use_cache`, which the CDK sets on parents) are asked for once.
    """

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    name: str = ""
    api: Mapping[str, Any] = field(default_factory=dict)
    use_cache: bool = False

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._run = RunContext.from_config(self.config)
        self._endpoint = Endpoint.from_manifest(self.api)

    def fetch_page(
        self,
        stream_slice: StreamSlice,
        number: int,
        params: Mapping[str, str],
        *,
        again: bool = False,
        tries: tuple[int, int] = (0, MAX_RETRIES),
    ) -> Answer | None:
        """Ask for one page of a slice; `params` are those of the page, and `again` does without the shared copy.

        Returns None where the stream has nothing here (see the error handler). Raises RequestFailed for everything
        else, at once where the stream has failed alike several times.
        """
        self._run.account.raise_refusal()
        if not self._run.access.may_ask(self.name):
            return None
        if failure := self._run.access.failure_of(self.name):
            raise failure
        endpoint = self._endpoint
        known = {**(stream_slice.extra_fields or {}), **stream_slice}
        body = build_json_body(endpoint, known)
        request = ApiRequest(
            path=endpoint.path_for(known),
            params={**endpoint.params_for(known), **params},
            method="POST" if body else "GET",
            json=body or None,
            accept="text/csv" if endpoint.csv else "application/json",
            records_key=endpoint.unparsed_list,
            before=(number - 1) * int(params.get("per_page", 0)),
            tries=tries,
        )
        if not self.use_cache:
            return self._send(request, stream_slice, number)
        return self._run.pages.get(
            request.key, endpoint.unparsed_list, lambda: self._send(request, stream_slice, number), again=again
        )

    def note_failure(self, failure: RequestFailed) -> None:
        """Note that a page could not be had: after several alike failures the stream stops asking."""
        self._run.access.note_failure(self.name, (failure.status, self._endpoint.path), failure)

    def _send(self, request: ApiRequest, stream_slice: StreamSlice, page: int) -> Answer | None:
        access = self._run.access
        handler = ListErrorHandler(self._run.error_handler, access, self.name, self._endpoint, page)
        answer, resolution = self._run.client.send(request, self.name, handler)
        if resolution.response_action is ResponseAction.SUCCESS:
            return answer
        if answer is not None and answer.status == 403:
            self._run.account.ensure_not_refused()
        if self._endpoint.has_parent and answer is not None and answer.status not in (404, 410):
            # What was refused today may be allowed tomorrow, though the parent has not changed.
            self._run.note_unfinished(self.name, stream_slice.partition.values())
        return None
