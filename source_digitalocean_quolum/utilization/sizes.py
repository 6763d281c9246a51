"""Since when resources have their size: the team's actions tell every resize, which their own list does not."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import inf
from typing import Any

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ErrorResolution, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.api_errors import api_error_message
from source_digitalocean_quolum.http.client import ApiRequest
from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.errors import ApiErrorHandler, fail, retry
from source_digitalocean_quolum.http.failures import list_incomplete
from source_digitalocean_quolum.http.listed import find_problem, list_members
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.records.body import is_unread, parse_record
from source_digitalocean_quolum.records.times import parse_time
from source_digitalocean_quolum.retrievers.cursor_order import NewestFirst
from source_digitalocean_quolum.retrievers.page import PAGE_SIZE, page_params, read_page
from source_digitalocean_quolum.utilization.gap_messages import name_some
from source_digitalocean_quolum.utilization.resources import ACTIONS, Resource
from source_digitalocean_quolum.utilization.table import Feature, Metric
from source_digitalocean_quolum.utilization.times import format_time

logger = logging.getLogger("airbyte")

# As the stream of actions has it, so that both share their pages.
ENDPOINT = Endpoint(path="actions", records="actions", scope="actions:read")
# A resize that ends within the time that is read began at most so many seconds before: a large disk takes hours.
_LONGEST_RESIZE = 86_400


class SizeDates:
    """Finds out since when sizes hold, where a capacity depends on it."""

    def __init__(self, run: RunContext) -> None:
        self._run = run

    def apply(
        self, feature: Feature, metrics: Iterable[Metric], resources: Sequence[Resource], since: float
    ) -> Sequence[Resource]:
        """The resources with since when each has its size, for intervals that begin at `since` (UNIX seconds) or later.

        It takes requests only where one of the metrics has no other capacity. What cannot be learned is said, costs
        these metrics their capacity and is no error.
        """
        kind = next((source.resized for source in feature.resources if source.resized), "")
        names = sorted({one.name for one in metrics if _depends_on_size(one)})
        if not (kind and names and resources):
            return resources
        try:
            ends = self._read_ends(kind, since)
        except AirbyteTracedException as failure:
            logger.warning(
                "%s: no capacity and no percentage for %s, because it is not known when something was resized: %s",
                feature.stream,
                ", ".join(names),
                failure.message,
            )
            return resources
        if under_way := [one.urn for one in resources if ends.get(one.id) == inf]:
            logger.info(
                "%s: no capacity for %s of %s, since a resize is under way",
                feature.stream,
                ", ".join(names),
                name_some(under_way),
            )
        return [replace(one, unchanged_since=max(since, ends.get(one.id, since))) for one in resources]

    def _read_ends(self, kind: str, since: float) -> Mapping[str, float]:
        """When the last resize since then ended, by the resource's identifier; inf where that is not known.

        One that failed counts like any other: what was true before it is not known. Raises AirbyteTracedException.
        """
        order = NewestFirst("started_at", format_time(since - _LONGEST_RESIZE))
        ends: dict[str, float] = {}
        received = 0
        for number in count(1):
            answer = self._fetch(number)
            actions = _read_actions(answer)
            for action in actions:
                if action.get("type") == "resize" and action.get("resource_type") == kind:
                    id_ = str(action.get("resource_id"))
                    ends[id_] = max(ends.get(id_, 0.0), _read_end(action))
            if order.is_past(actions):
                break
            received += len(actions)
            body = answer.body if isinstance(answer.body, dict) else {}
            page = read_page(body, number, ENDPOINT.paging, len(actions))
            if not actions or not (page.has_next or received < (page.total or 0)):
                if received < (page.total or 0):
                    raise list_incomplete(f"DigitalOcean counts {page.total} actions and sends {received} of them.")
                break
        return ends

    def _fetch(self, number: int) -> Answer:
        """A page, always asked for anew: one from before the resources were listed may lack a resize that shows there.

        It is shared with the stream of actions all the same.
        """
        request = ApiRequest(
            path=ENDPOINT.path_for({}),
            params=page_params(ENDPOINT.paging, number),
            records_key=ENDPOINT.unparsed_list,
            before=(number - 1) * PAGE_SIZE,
        )

        def fetch() -> Answer | None:
            handler = _ActionsErrorHandler(self._run.error_handler)
            return self._run.client.send(request, ACTIONS, handler)[0]

        answer = self._run.pages.get(request.key, request.records_key, fetch, again=True)
        if answer is None:
            raise list_incomplete(f"There was no answer for {request.path}.")
        return answer


@dataclass(slots=True)
class _ActionsErrorHandler:
    """As for lists, but that a refusal (403), also asked once more, concerns some capacities and no stream."""

    every: ApiErrorHandler
    was_refused: bool = False

    def interpret_answer(self, answer: Answer) -> ErrorResolution:
        """See the class."""
        if answer.status == 200:
            if problem := find_problem(answer, ENDPOINT):
                return retry(f"DigitalOcean answered HTTP 200 for {answer.path} with {problem}.")
            return ErrorResolution(ResponseAction.SUCCESS, None, None)
        if answer.status != 403:
            return self.every.interpret_answer(answer)
        words = f"the token may not read {answer.path}{api_error_message(answer)}"
        if self.was_refused:
            return fail(FailureType.config_error, f"{words}. Give it the scope {ENDPOINT.scope}.")
        self.was_refused = True
        return retry(f"{words[0].upper()}{words[1:]}.")

    def interpret_exception(self, error: Exception, url: str) -> ErrorResolution:
        """See the class."""
        return self.every.interpret_exception(error, url)


def _depends_on_size(metric: Metric) -> bool:
    """Whether a field of the resource's record is all that a metric can be measured against."""
    capacity = metric.measured_against
    return bool(capacity and capacity.path and not capacity.metric)


def _read_actions(answer: Answer) -> list[Mapping[str, Any]]:
    members = list_members(answer, ENDPOINT)
    read = [parse_record(bytes(member)) for member in members] if is_unread(members) else members
    return [one for one in read if isinstance(one, Mapping)]


def _read_end(action: Mapping[str, Any]) -> float:
    ended = parse_time(action.get("completed_at")) if action.get("status") in ("completed", "errored") else None
    return inf if ended is None else ended.timestamp()
