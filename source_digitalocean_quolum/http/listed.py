"""What stands in an answer's list, and what is wrong with an answer that does not hold it."""

from collections.abc import Sequence
from typing import Any

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.records.body import UnexpectedBody, take


def list_members(answer: Answer, endpoint: Endpoint) -> Sequence[Any]:
    """The members of an answer's list, in their bytes where they may be; none for 204. Raises UnexpectedBody."""
    if answer.status == 204:
        return []
    body = answer.read_body()
    if (endpoint.optional or endpoint.bare) and isinstance(body, dict) and endpoint.records not in body:
        whole = take(body, "")
        return whole if endpoint.bare and body else []
    return take(body, endpoint.records, values=bool(endpoint.values), before=answer.before)


def count_members(answer: Answer, endpoint: Endpoint) -> int:
    """How many places of its list an answer fills; a null fills one (a Droplet's kernels). Raises UnexpectedBody."""
    members = list_members(answer, endpoint)
    found = answer.body.get(endpoint.records) if isinstance(answer.body, dict) else None
    return len(found) if isinstance(found, list) else len(members)


def find_problem(answer: Answer, endpoint: Endpoint) -> str:
    """In words, what an answer is instead of what the endpoint promises; empty for a good one."""
    try:
        members = list_members(answer, endpoint)
    except UnexpectedBody as problem:
        return str(problem)
    if endpoint.single and len(members) != 1:
        return f"{len(members)} objects in `{endpoint.records}` instead of one"
    if endpoint.csv and members and not members[0].keys() >= set(endpoint.csv):
        return f"CSV without the columns {', '.join(endpoint.csv)}"
    return ""
