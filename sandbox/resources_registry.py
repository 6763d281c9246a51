"""Which paths the sandbox serves for container registries."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import replace
from json import dumps, loads
from urllib.parse import urlencode

from sandbox.endpoints import Endpoint, collection, found, once_used, whole
from sandbox.paging import Ask, bounds, envelope
from sandbox.problems import bad_request, not_found
from sandbox.world import World, registry
from sandbox.world.plan import Record


def _registries(world: World, _: Ask) -> Sequence[Record]:
    return [] if "registry" in world.unused else world.tables["registries"]


def _subscription(world: World, _: Ask) -> Record:
    return {"subscription": world.tables["registries"][0]["subscription"]}


def _registry(world: World, ask: Ask) -> Record:
    return found(world, ask, "registries", "registry_name", "name")


def _repositories(world: World, ask: Ask) -> Record:
    """Pages by number or by the token of `links.pages.next`; with a token `page` is ignored."""
    name = _registry(world, ask)["name"]
    token = ask.query.get("page_token")
    _, per_page = ask.page()
    if token is not None:
        query = {**ask.query, "page": str(_offset(token) // per_page + 1)}
        ask = replace(ask, query={key: value for key, value in query.items() if key != "page_token"})
    first, last = bounds(ask)
    bare = [one for one in world.tables["repositories"] if one["registry_name"] == name]
    page = [registry.repository_record(world.plan, one, ask.now) for one in bare[first:last]]
    body = envelope(ask, "repositories", page, len(bare))
    pages = body["links"].get("pages", {})
    if "next" in pages:
        number = first // per_page + 2
        others = {key: value for key, value in ask.query.items() if key not in {"page", "per_page"}}
        pages["next"] = f"{ask.url}?" + urlencode(
            {"page": number, "page_token": _token(last), "per_page": per_page, **others}
        )
    return body


def _token(offset: int) -> str:
    return urlsafe_b64encode(dumps({"offset": offset}).encode()).decode()


def _offset(token: str) -> int:
    try:
        return int(loads(urlsafe_b64decode(token))["offset"])
    except (KeyError, TypeError, ValueError) as error:
        raise bad_request("page_token is not one of links.pages.next") from error


def _repository(world: World, ask: Ask) -> Record:
    _registry(world, ask)
    for repository in world.tables["repositories"]:
        if (repository["registry_name"], repository["name"]) == (
            ask.path["registry_name"],
            ask.path["repository_name"],
        ):
            return repository
    raise not_found()


def _manifests(world: World, ask: Ask) -> Sequence[Record]:
    return registry.manifests(world.plan, _repository(world, ask), ask.now)


def _tags(world: World, ask: Ask) -> Sequence[Record]:
    return registry.tags(world.plan, _repository(world, ask), ask.now)


def _garbage_collections(world: World, ask: Ask) -> Record:
    """Takes `page` and `per_page`, but answers without links and total."""
    first, last = bounds(ask)
    collections = registry.garbage_collections(world.plan, _registry(world, ask), ask.now)
    return {"garbage_collections": collections[first:last]}


_REGISTRY = "/v2/registries/{registry_name}"
# The name of a repository may have slashes, which a client sends as %2F and the server sees as slashes.
_REPOSITORY = _REGISTRY + "/repositories/{repository_name:path}"
_SCOPE = "registry:read"

ENDPOINTS = [
    whole("/v2/registries", _SCOPE, _registries),
    once_used("registry", Endpoint("/v2/registries/subscription", (_SCOPE,), _subscription, "subscription")),
    Endpoint(_REGISTRY + "/repositoriesV2", (_SCOPE,), _repositories, "repositories"),
    collection(_REPOSITORY + "/digests", _SCOPE, _manifests, "manifests"),
    collection(_REPOSITORY + "/tags", _SCOPE, _tags),
    Endpoint(_REGISTRY + "/garbage-collections", (_SCOPE,), _garbage_collections, "garbage_collections"),
]
