"""Where in a body: the one notation for places in an answer, and what is done with the values that stand there."""

from collections.abc import Callable, Iterator
from typing import Any

Parameters = dict[str, Any]
Body = dict[str, Any]
# What stands in a body where raw text will stand in its bytes.
RAW = "raw text of a fault"


def change(body: Body, at: str, into: Callable[[Any], Any]) -> None:
    """Change the values at these places: `apps.*.updated_at`, `data.result`, `databases.0.tags`.

    A star stands for every element of a list or an object, a number for one element of a list. A key that an object
    lacks is added.
    """
    for container, key in list(_places(body, at)):
        container[key] = into(container.get(key) if isinstance(container, dict) else container[key])


def remove(body: Body, at: str) -> None:
    """Remove the keys at these places."""
    for container, key in list(_places(body, at)):
        if isinstance(container, dict):
            container.pop(key, None)


def _places(node: Any, at: str) -> Iterator[tuple[Any, Any]]:
    """The container and the key of each place."""
    step, _, rest = at.partition(".")
    keys: list[Any] = []
    if isinstance(node, dict):
        keys = list(node) if step == "*" else [step]
    elif isinstance(node, list):
        keys = [index for index in range(len(node)) if step in ("*", str(index))]
    for key in keys:
        if not rest:
            yield node, key
        elif isinstance(node, list) or key in node:
            yield from _places(node[key], rest)
