"""What all streams of one run share: the client with its budget, what the token may read, the parent pages."""

import itertools
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from airbyte_cdk.config_observation import emit_configuration_as_airbyte_control_message
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets

from source_digitalocean_quolum.http.account import AccountGuard
from source_digitalocean_quolum.http.addresses import api_base_url, oauth_base_url
from source_digitalocean_quolum.http.budget import RateLimitBudget
from source_digitalocean_quolum.http.client import ApiClient
from source_digitalocean_quolum.http.errors import ApiErrorHandler
from source_digitalocean_quolum.http.oauth import Authorization, OAuthTokens, PersonalAccessToken
from source_digitalocean_quolum.http.page_cache import PageCache
from source_digitalocean_quolum.http.session import HttpSession
from source_digitalocean_quolum.http.stream_access import StreamAccess
from source_digitalocean_quolum.http.waiting import WaitNotices
from source_digitalocean_quolum.redaction import own_secrets

logger = logging.getLogger("airbyte")

# The manifest's default, and the fewest threads the CDK can do with.
DEFAULT_WORKERS, _FEWEST_WORKERS = 10, 2

# DigitalOcean's documentation, "Spaces limits": 1,500 requests a second from one address. This is far below, and nobody
# has so many buckets that it would be waited for.
_SPACES_REQUESTS_PER_HOUR = 360_000

# The member of the connector's config that tells its components which run they belong to. Airbyte's own flags begin
# with two underscores as well: it is no setting, and no configuration that leaves the process holds it.
RUN_ID = "__run_id"


class RunContext:
    """The run-wide state of one source.

    The CDK builds every component of every stream on its own and hands each the connector's config; a number in it
    (RUN_ID) says which run they belong to.
    """

    _numbers: ClassVar["itertools.count[int]"] = itertools.count(1)
    _runs: ClassVar[WeakValueDictionary[int, "RunContext"]] = WeakValueDictionary()

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Begin a run with a valid configuration."""
        own_secrets.learn(config)
        run_id = next(self._numbers)
        # What components are built with.
        self.config: dict[str, Any] = {**config, RUN_ID: run_id}
        self.workers = _workers(config)
        # `num_workers` is how many requests may be under way, whoever sends them.
        self.slots = threading.BoundedSemaphore(self.workers)
        # Pages asked for ahead of their readers that wait for them: not more than can be under way.
        self.prefetch_slots = threading.BoundedSemaphore(self.workers)
        self.budget = RateLimitBudget()
        self.spaces_budget = RateLimitBudget(requests_per_hour=_SPACES_REQUESTS_PER_HOUR)
        self._started = self.budget.epoch()
        self.pages = PageCache()
        self.access = StreamAccess()
        self.waiting = WaitNotices(self.budget.epoch)
        self.session = HttpSession(connections=self.workers)
        self.incremental_streams: frozenset[str] = frozenset()
        # Each stream's state as this run found it, without its partitions'.
        self.incoming_states: Mapping[str, Mapping[str, Any]] = {}
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._unfinished: defaultdict[str, set[str]] = defaultdict(set)
        # By stream: fields whose values did not fit the schema, fields that no schema declares; and billed lines that
        # no feature knows, by product or SKU.
        self.conversion_errors: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.undeclared_fields: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.unknown_cost: Counter[str] = Counter()
        self._runs[run_id] = self

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "RunContext":
        """The run that a component's config belongs to."""
        run = cls._runs.get(config.get(RUN_ID, 0))
        if run is None:
            raise LookupError("This configuration belongs to no run: components are built by a source (source.py).")
        return run

    @property
    def started_at(self) -> float:
        """When the run began, in UNIX seconds by DigitalOcean's clock as far as it is known."""
        return self.budget.server_clock.translate(self._started)

    @property
    def uses_oauth(self) -> bool:
        """Whether access can be renewed."""
        return (self.config.get("credentials") or {}).get("auth_type") == "oauth2.0"

    @property
    def has_borrowed_token(self) -> bool:
        """Whether the personal access token is none: Airbyte's form keeps what OAuth left in the field."""
        token = str((self.config.get("credentials") or {}).get("access_token") or "")
        # Prefixes: DigitalOcean API reference, "Token prefixes".
        return not self.uses_oauth and token.startswith("doo_v1_")

    @cached_property
    def authorization(self) -> Authorization:
        """What signs the requests of this run."""
        credentials = self.config["credentials"]
        if not self.uses_oauth:
            return PersonalAccessToken(credentials["access_token"])
        base_url = oauth_base_url(self.config)
        return OAuthTokens(credentials, base_url, self.session, self.slots, self._announce)

    @cached_property
    def client(self) -> ApiClient:
        """The one door to the API."""
        return ApiClient(
            api_base_url(self.config),
            self.session,
            self.budget,
            self.authorization,
            self.slots,
            self.count_request,
            self.waiting.tell,
        )

    @cached_property
    def error_handler(self) -> ApiErrorHandler:
        """What is decided about answers, whatever they are about."""
        return ApiErrorHandler(self.uses_oauth, self.has_borrowed_token)

    @cached_property
    def account(self) -> AccountGuard:
        """Whether the account itself is refused."""
        return AccountGuard(self.client, self.error_handler, self.access)

    @cached_property
    def prefetch_pool(self) -> ThreadPoolExecutor:
        """Threads that ask for pages ahead of their readers."""
        return ThreadPoolExecutor(self.workers, thread_name_prefix="prefetch")

    def count_request(self, stream: str) -> None:
        """Count a request that a stream sends; every hundredth is told, for hosts that show how far a run is."""
        with self._lock:
            self._requests[stream] += 1
            total = self._requests.total()
        if total % 100 == 0:
            logger.info("Requests so far: %s", total)

    @property
    def requests_by_stream(self) -> dict[str, int]:
        """The requests that each stream has sent so far."""
        with self._lock:
            return dict(sorted(self._requests.items()))

    def count_unknown_cost(self, name: str) -> None:
        """Count a billed line whose product no feature knows."""
        with self._lock:
            self.unknown_cost[name] += 1

    def note_unfinished(self, stream: str, parents: Iterable[object]) -> None:
        """Note parents whose children have not all ended, or could not be read: the next sync asks for them again."""
        with self._lock:
            self._unfinished[stream].update(map(str, parents))

    def unfinished_parents(self, stream: str) -> Collection[str]:
        """The parents of a stream that were noted as unfinished."""
        with self._lock:
            return frozenset(self._unfinished[stream])

    def _announce(self, credentials: Mapping[str, Any]) -> None:
        """Write the renewed credentials to stdout as a CONTROL message."""
        config = {name: value for name, value in self.config.items() if name != RUN_ID}
        emit_configuration_as_airbyte_control_message({**config, "credentials": dict(credentials)})
        own_secrets.learn(credentials)
        for name in ("access_token", "refresh_token"):
            add_to_secrets(credentials[name])


def _workers(config: Mapping[str, Any]) -> int:
    wanted = config.get("num_workers")
    return max(wanted, _FEWEST_WORKERS) if isinstance(wanted, int) else DEFAULT_WORKERS
