"""One HTTP answer, whole, as the one door hands it to whoever asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from source_digitalocean_quolum.records.body import UnexpectedBody, decode_body


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: read to its end and decoded once.

    - `path`: of the request, without its query: what messages call the answer by.
    - `headers`: by name in any case.
    - `body`: the decoded JSON or CSV (records.body); None where the content is neither.
    - `problem`: in words, what the content is instead; empty where `body` is there.
    - `before`: the places of a list on the pages before this one.
    """

    status: int
    path: str
    headers: Mapping[str, str]
    content: bytes
    body: Any = None
    problem: str = ""
    before: int = 0

    @classmethod
    def from_content(
        cls,
        status: int,
        path: str,
        headers: Mapping[str, str],
        content: bytes,
        records_key: str = "",
        before: int = 0,
    ) -> "Answer":
        """Decode the content; the objects listed under `records_key` stay in their bytes (records.body)."""
        try:
            body = decode_body(content, headers.get("Content-Type", ""), records_key)
        except UnexpectedBody as problem:
            return cls(status, path, headers, content, None, str(problem), before)
        return cls(status, path, headers, content, body, before=before)

    def read_body(self) -> Any:
        """The decoded body. Raises UnexpectedBody: an answer that cannot be read is an error, never an empty page."""
        if self.problem:
            raise UnexpectedBody(self.problem)
        return self.body
