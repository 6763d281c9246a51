"""What all streams of one connection share: the request budget, what the token may read, the parent pages."""

import json
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, ClassVar, Literal

from airbyte_cdk.sources.streams.http.tcp_keepalive import TcpKeepaliveHTTPAdapter
from requests import Session
from requests.adapters import HTTPAdapter

from source_digitalocean_quolum.http.budget import SPECIAL_LIMITS, DigitalOceanBudget
from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.page_cache import PageCache
from source_digitalocean_quolum.retrievers.page_prefetcher import Answer, PagePrefetcher

logger = logging.getLogger("airbyte")

# Sources built in one process (tests, the Connector Builder) that are remembered at the same time.
_REMEMBERED_CONNECTIONS = 32


# The manifest's default, and the fewest threads the CDK can do with.
DEFAULT_WORKERS, _FEWEST_WORKERS = 10, 2


class RunContext:
    """The run-wide state of one connection.

    The CDK builds every component of every stream on its own and hands each the connector's config. The
    `credentials` object in that config is the one thing they all hold in common (rotated tokens are written
    into it), so it identifies the connection.
    """

    _lock: ClassVar[threading.Lock] = threading.Lock()
    _connections: ClassVar[dict[int, "RunContext"]] = {}

    def __init__(self, credentials: Mapping[str, Any], workers: int = DEFAULT_WORKERS) -> None:
        self.credentials = credentials
        self._workers = workers
        # `num_workers` is how many requests may be under way, whichever threads they come from.
        self.slots = threading.BoundedSemaphore(workers)
        # Pages asked for ahead of their readers that wait for them: not more than can be under way.
        self._room_ahead = threading.BoundedSemaphore(workers)
        self.budget = DigitalOceanBudget()
        self.pages = PageCache()
        self.token_lock = threading.RLock()
        self.requests_by_stream: Counter[str] = Counter()
        self.misfits: defaultdict[str, Counter[str]] = defaultdict(Counter)
        # Billed lines that no feature knows, by product or SKU.
        self.unknown_cost: Counter[str] = Counter()
        # Each stream's state as this run found it, without its partitions'; and the parents whose children had not all
        # ended when read.
        self.incoming_states: Mapping[str, Mapping[str, Any]] = {}
        self.unfinished: defaultdict[str, set[str]] = defaultdict(set)
        self._access: dict[str, bool] = {}
        self._doubted: set[str] = set()
        self._access_lock = threading.Lock()

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "RunContext":
        """The connection that this config belongs to, made on first use."""
        credentials = config.get("credentials") or {}
        with cls._lock:
            connection = cls._connections.get(id(credentials))
            if connection is None or connection.credentials is not credentials:
                while len(cls._connections) >= _REMEMBERED_CONNECTIONS:
                    cls._connections.pop(next(iter(cls._connections)))
                connection = cls._connections[id(credentials)] = cls(credentials, _workers(config))
            return connection

    @cached_property
    def _sockets(self) -> HTTPAdapter:
        # Threads of utilization ask beside those of the lists.
        return TcpKeepaliveHTTPAdapter(pool_connections=1, pool_maxsize=2 * self._workers)

    def use_sockets(self, session: Session) -> None:
        """Let the session of one stream use the sockets of all: as many as requests are under way.

        Each of the CDK's sessions has a pool of its own. A read of all lists left 470 connections open that way, each
        begun with a handshake, and held in memory (at TLS with its buffers) until the end.
        """
        for scheme in ("https://", "http://"):
            session.mount(scheme, self._sockets)

    @cached_property
    def _ahead(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._workers, thread_name_prefix="ahead")

    def look_ahead(self, endpoint: Endpoint, ask: Callable[[int], Answer]) -> PagePrefetcher:
        """For one read of a list: as many pages ahead as requests may be under way beside its own.

        None where DigitalOcean counts an endpoint on its own: its requests would wait there in everyone's way.
        """
        apart = f"/v2/{endpoint.path}".startswith(tuple(SPECIAL_LIMITS))
        return PagePrefetcher(ask, self._ahead, self._room_ahead, most=0 if apart else self._workers - 1)

    def allowed(self, stream: str) -> bool:
        """Note that DigitalOcean answered a request of this stream; false if it had refused one before."""
        with self._access_lock:
            return self._access.setdefault(stream, True)

    def refused(self, stream: str) -> Literal["doubtful", "first", "again", "after an answer"]:
        """Note that DigitalOcean refused a request of this stream, and say what came before it.

        The very first refusal is doubtful and to be tried again: one that passes would end the stream, or be an empty
        one that says COMPLETE, and empty its table.
        """
        with self._access_lock:
            if stream not in self._doubted:
                self._doubted.add(stream)
                return "doubtful"
            if stream not in self._access:
                self._access[stream] = False
                return "first"
            return "after an answer" if self._access[stream] else "again"

    def is_refused(self, stream: str) -> bool:
        """Whether the token may not read this stream, as far as this run knows."""
        return self._access.get(stream) is False

    def warn_of_refused_parents(
        self, selected: Iterable[str], parents: Mapping[str, Sequence[str]], scopes: Mapping[str, str]
    ) -> None:
        """Warn, once each, of the selected streams that stay empty because the token may not read their parents."""
        for name in sorted(selected):
            refused = self._refused_ancestors(name, parents)
            if refused and not self.is_refused(name):
                logger.warning(
                    "Stream %s is skipped: it is read through %s, which the token may not read. Give the token the "
                    "scope %s (or read access to everything), or leave the stream out.",
                    name,
                    " and ".join(refused),
                    " and ".join(sorted({scopes[parent] for parent in refused})),
                )

    def _refused_ancestors(self, name: str, parents: Mapping[str, Sequence[str]]) -> list[str]:
        """The refused streams that all of a stream's records come through; none if there is another way."""
        above = parents.get(name, ())
        refused = [[one] if self.is_refused(one) else self._refused_ancestors(one, parents) for one in above]
        return [one for chain in refused for one in chain] if all(refused) else []

    def report(self) -> None:
        """Log what only the end of a run can tell.

        The number of requests each stream took, as JSON after a fixed prefix (hosts read it), the values that
        did not fit their schema, and the billed lines without a feature.
        """
        for stream, fields in sorted(self.misfits.items()):
            if fields:
                counts = ", ".join(f"{name} ({count})" for name, count in fields.most_common(20))
                logger.warning("Stream %s: values that did not fit the schema became null: %s", stream, counts)
        if self.unknown_cost:
            counts = ", ".join(f"{name} ({count})" for name, count in self.unknown_cost.most_common(20))
            logger.info("Billed lines that no feature is known for became feature other: %s", counts)
        if self.requests_by_stream:
            counts = json.dumps(dict(sorted(self.requests_by_stream.items())))
            logger.info("Requests made: %s", counts)


def _workers(config: Mapping[str, Any]) -> int:
    wanted = config.get("num_workers")
    return max(wanted, _FEWEST_WORKERS) if isinstance(wanted, int) else DEFAULT_WORKERS
