"""The HTTP side: a bearer token, pages with links, and the specification's answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integration_tests.openapi_server.moments import Window
from integration_tests.openapi_server.specification import Operation, Specification
from integration_tests.openapi_server.synthesis import Request, Synthesiser

_HOURLY_LIMIT = 500_000
_PAGING = {"page", "per_page", "limit", "page_token"}
_WINDOW = {"start", "end"}
# Parameters that name a resource: an answer repeats them where it has a property of the same name.
_ECHOED = ("_id", "_uuid", "_name")


@dataclass
class Answers:
    """Answers requests from the specification; `records` is how many a list holds."""

    specification: Specification
    token: str
    records: int
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    served: int = 0

    def __post_init__(self) -> None:
        self._synthesiser = Synthesiser(self.specification, self.now)
        self._whole = lru_cache(maxsize=512)(self._synthesise)

    async def answer(self, request: HttpRequest) -> Response:
        """One request: 401 without the token, 404 for a path, 405 for a method the document does not have."""
        self.served += 1
        response = self._answer(request)
        response.headers["ratelimit-limit"] = str(_HOURLY_LIMIT)
        response.headers["ratelimit-remaining"] = str(max(0, _HOURLY_LIMIT - self.served))
        response.headers["ratelimit-reset"] = str(int(self.now.timestamp()) + 3600)
        return response

    def _answer(self, request: HttpRequest) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _error(401, "unauthorized", "Unable to authenticate you.")
        path = unquote(request.scope["raw_path"].partition(b"?")[0].decode())
        found = self.specification.find(path)
        if found is None:
            return _error(404, "not_found", "The resource you requested could not be found.")
        operation, parameters = found
        if request.method != operation.method:
            return _error(405, "method_not_allowed", "Only reading is offered here.")
        query = dict(parse_qsl(request.url.query))
        try:
            paging = _Paging.of(operation, query)
            window = Window.of(parameters, query)
        except ValueError as error:
            return _error(422, "unprocessable_entity", str(error))
        if operation.media_type != "application/json":
            text = operation.example if isinstance(operation.example, str) else ""
            return Response(text, media_type=operation.media_type)
        asked = {name: value for name, value in query.items() if name not in _PAGING}
        scope = path + "?" + urlencode(sorted((k, v) for k, v in asked.items() if k not in _WINDOW))
        named = {**asked, **parameters}
        echoes = tuple(sorted((name, value) for name, value in named.items() if name.endswith(_ECHOED)))
        whole = self._whole(operation.path, scope, echoes, window)
        return JSONResponse(paging.page_of(json.loads(whole), str(request.base_url), path, query))

    def _synthesise(self, template: str, scope: str, echoes: tuple[tuple[str, str], ...], window: Window) -> str:
        operation = next(each for each in self.specification.operations if each.path == template)
        asked = Request(scope=scope, echoes=dict(echoes), window=window, records=self.records)
        return json.dumps(self._synthesiser.body(operation.schema, asked))


@dataclass(frozen=True)
class _Paging:
    """The page a request asks for; `size` 0 means that the operation has no pages."""

    page: int
    size: int
    size_name: str

    @classmethod
    def of(cls, operation: Operation, query: Mapping[str, str]) -> "_Paging":
        size_name = "limit" if "limit" in operation.query and "page" in operation.query else "per_page"
        if size_name not in operation.query:
            return cls(1, 0, size_name)
        size = int(query.get(size_name, 20))
        schema = operation.query[size_name]
        if not schema.get("minimum", 1) <= size <= schema.get("maximum", 200):
            raise ValueError(f"{size_name} is out of range.")
        return cls(max(1, int(query.get("page", 1))), size, size_name)

    def page_of(self, body: Any, base_url: str, path: str, query: Mapping[str, str]) -> Any:
        """Cut the lists of a body to the page and set the totals and links the body has a place for."""
        if not isinstance(body, dict):
            return body
        lists = [name for name, value in body.items() if isinstance(value, list)]
        total = max((len(body[name]) for name in lists), default=0)
        pages = max(1, -(-total // self.size)) if self.size else 1
        if self.size:
            for name in lists:
                body[name] = body[name][(self.page - 1) * self.size : self.page * self.size]
        counts = {"total": total, "pages": pages, "page": self.page}
        if isinstance(body.get("meta"), dict):
            body["meta"] |= {name: counts[name] for name in body["meta"].keys() & counts.keys()}
        tops = {"total": total, "total_items": total, "total_pages": pages, "current_page": self.page}
        body |= {name: value for name, value in tops.items() if isinstance(body.get(name), int)}
        if isinstance(body.get("has_more"), bool):
            body["has_more"] = False
        if "links" in body:
            body["links"] = {"pages": self._links(pages, base_url, path, query)} if pages > 1 else {}
        return body

    def _links(self, pages: int, base_url: str, path: str, query: Mapping[str, str]) -> dict[str, str]:
        def link(page: int) -> str:
            asked = urlencode({**query, "page": page, self.size_name: self.size})
            return f"{base_url.rstrip('/')}{path}?{asked}"

        links: dict[str, str] = {}
        if self.page > 1:
            links |= {"first": link(1), "prev": link(self.page - 1)}
        if self.page < pages:
            links |= {"next": link(self.page + 1), "last": link(pages)}
        return links


def _error(status: int, name: str, message: str) -> JSONResponse:
    return JSONResponse({"id": name, "message": message}, status_code=status)


def application(answers: Answers) -> Starlette:
    """The ASGI application: every path goes to the specification."""
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(routes=[Route("/{path:path}", answers.answer, methods=methods)])
