"""Errors in DigitalOcean's shape: an HTTP status with `{id, message}`."""

from collections.abc import Mapping


class Problem(Exception):
    """Raised while answering; becomes the response."""

    def __init__(self, status: int, id_: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"id": id_, "message": message}
        self.headers = dict(headers or {})


def unauthorized() -> Problem:
    """The token is missing, unknown, expired or revoked."""
    return Problem(401, "unauthorized", "Unable to authenticate you.")


def forbidden() -> Problem:
    """The token lacks the scope of the endpoint."""
    return Problem(403, "forbidden", "You do not have access for the attempted action.")


def not_found() -> Problem:
    """No such path, or no such parent resource."""
    return Problem(404, "not_found", "The resource you requested could not be found.")


def bad_request(message: str) -> Problem:
    """A parameter is out of range."""
    return Problem(400, "bad_request", message)


def too_many_requests(retry_after: int | None = None) -> Problem:
    """A rate limit was hit; `retry-after` (seconds) only for the burst limits."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Problem(429, "too_many_requests", "API Rate limit exceeded.", headers)


def server_error() -> Problem:
    """Anything unexpected."""
    return Problem(500, "server_error", "Unexpected server-side error")
