"""Which streams `--streams` means: names, products, and the two sets `recommended` and `all`."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from warehouse.sync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALL, RECOMMENDED = "all", "recommended"


@dataclass(frozen=True)
class KnownStreams:
    """What is known of the connector's streams before it is asked; `make docs` writes it (streams.json).

    `products` has for each product its streams, and for each stream what reading it takes in requests. `recommended`
    are metadata.yaml's suggested streams.
    """

    recommended: Sequence[str]
    products: Mapping[str, Mapping[str, str]]

    def product_of(self, stream: str) -> str:
        """Return a stream's product, `other` for one that is newer than this host."""
        return next((product for product, streams in self.products.items() if stream in streams), "other")

    def requests_of(self, stream: str) -> str:
        """Return in words what reading a stream takes."""
        return self.products.get(self.product_of(stream), {}).get(stream, "not known")


@cache
def known_streams() -> KnownStreams:
    """Read streams.json."""
    content = json.loads(files("warehouse.sync").joinpath("streams.json").read_text(encoding="utf-8"))
    return KnownStreams(content["recommended"], content["products"])


def select(text: str, offered: Sequence[str]) -> list[str]:
    """Return the streams that `--streams` names, of those that the connector offers and in their order.

    ConfigurationError names what is unknown, with the nearest names.
    """
    known = known_streams()
    sets: dict[str, Sequence[str]] = {ALL: offered, RECOMMENDED: known.recommended}
    sets |= {product: list(streams) for product, streams in known.products.items()}
    wanted: set[str] = set()
    unknown = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        if name in offered:
            wanted.add(name)
        elif name in sets:
            wanted.update(sets[name])
        else:
            unknown.append(name)
    if unknown:
        raise ConfigurationError(" ".join(_unknown(name, offered, list(sets)) for name in unknown))
    selected = [name for name in offered if name in wanted]
    if wanted and not selected:
        raise ConfigurationError(
            f"The connector offers none of the streams of --streams {text}: --streams all reads the {len(offered)} "
            "that it offers."
        )
    return selected


def _unknown(name: str, offered: Sequence[str], sets: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, [*offered, *sets], n=3, cutoff=0.5)
    hint = f"the nearest are {', '.join(near)}" if near else f"there are {len(offered)} streams, see --list-streams"
    return f"There is no stream {name!r}: {hint}."
