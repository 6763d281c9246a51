"""A list in memory in the place of a stream's endpoint, read by a retriever as a sync reads it."""

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import pytest
from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.http.client import MAX_RETRIES
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.retrievers import pagination
from source_digitalocean_quolum.retrievers.buffered_list import BufferedListRetriever
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever

if TYPE_CHECKING:
    from source_digitalocean_quolum.http.requester import DigitalOceanRequester

SIZE = 3
LISTING = {"path": "things", "records": "things"}

Row = dict[str, Any]


def small_pages() -> Iterator[None]:
    """A fixture: the largest page holds SIZE records, and a smaller one holds one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pagination, "PAGE_SIZES", (SIZE, 1))
        yield


class Server:
    """A requester that answers from `rows`, paged by offset; after each answer the next change happens."""

    most_requests = 2_000

    def __init__(self, rows: list[Row], changes: list[Any]) -> None:
        self.rows, self.changes = list(rows), list(changes)
        self.requests = 0
        self.asked: list[int] = []
        self._lock = threading.Lock()

    def fetch_page(
        self,
        stream_slice: StreamSlice,
        number: int,
        params: Mapping[str, str],
        *,
        again: bool = False,
        tries: tuple[int, int] = (0, MAX_RETRIES),
    ) -> Answer | None:
        """See DigitalOceanRequester. Pages are asked for side by side; each answer is of one moment."""
        with self._lock:
            self.requests += 1
            self.asked.append(number)
            assert self.requests < self.most_requests, "the reader never comes to an end"
            body = self.answer(int(params["page"]), int(params["per_page"]))
            if self.changes:
                self.change(self.changes.pop(0))
        return Answer.from_content(200, "/v2/things", {}, json.dumps(body).encode(), "things")

    def answer(self, number: int, size: int) -> Row:
        """One page as it is written."""
        return {
            "things": self.rows[(number - 1) * size : number * size],
            "links": {"pages": {"next": f"https://x/?page={number + 1}"} if number * size < len(self.rows) else {}},
            "meta": {"total": len(self.rows)},
        }

    def change(self, change: Any) -> None:
        """Delete the rows at these places (counted from 0, modulo the list's length)."""
        for place in change:
            if self.rows:
                del self.rows[place % len(self.rows)]


def emitted(server: Server, api: dict[str, Any], key: list[str]) -> list[Row]:
    """The records that a read of the list emits."""
    kind = BufferedListRetriever if "key" in api else DigitalOceanRetriever
    run = RunContext({"credentials": {"auth_type": "access_token", "access_token": "none"}})
    reader = kind(
        requester=cast("DigitalOceanRequester", server),
        config=run.config,
        parameters={},
        name="things",
        api=api,
        primary_key=key,
    )
    return [dict(record.data) for record in reader.read_records({})]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What an operator was warned of."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
