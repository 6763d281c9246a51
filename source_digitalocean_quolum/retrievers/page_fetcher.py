"""The pages of one slice of a stream, one after the other: asked for ahead, in smaller sizes where need be."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.http.client import MAX_RETRIES
from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.failures import RequestFailed
from source_digitalocean_quolum.http.listed import count_members, list_members
from source_digitalocean_quolum.http.requester import DigitalOceanRequester
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.records.body import UnexpectedBody
from source_digitalocean_quolum.retrievers.extractor import select
from source_digitalocean_quolum.retrievers.page import Page, page_params, read_page
from source_digitalocean_quolum.retrievers.page_prefetcher import PagePrefetcher
from source_digitalocean_quolum.retrievers.pagination import PageNumberPaginator

# The first and the last try of each size of a page: six in all, as for any request.
_TRIES = ((0, 2), (3, 4), (5, MAX_RETRIES))


@dataclass(slots=True)
class FetchedPage:
    """A page, and the answer it came in until somebody takes it: as objects it is ten times its size."""

    page: Page
    _answer: Answer | None

    def take_answer(self) -> Answer:
        """The answer, once."""
        answer, self._answer = self._answer, None
        if answer is None:
            raise LookupError(f"The answer of page {self.page.number} was taken before.")
        return answer


class PageFetcher:
    """Fetches the pages that a paginator names, for one slice."""

    def __init__(
        self, requester: DigitalOceanRequester, endpoint: Endpoint, stream_slice: StreamSlice, run: RunContext
    ) -> None:
        self._requester, self._endpoint, self._slice, self._run = requester, endpoint, stream_slice, run

    def fetch(self, number: int, size: int, *, again: bool, tries: tuple[int, int] = (0, MAX_RETRIES)) -> Answer | None:
        """Ask for one page; None where the stream has nothing here. Raises RequestFailed."""
        params = page_params(self._endpoint.paging, number, size)
        return self._requester.fetch_page(self._slice, number, params, again=again, tries=tries)

    def read(self, answer: Answer, number: int, size: int) -> Page:
        """Where a page stands."""
        endpoint, members = self._endpoint, list_members(answer, self._endpoint)
        count = count_members(answer, endpoint)
        body = answer.body if isinstance(answer.body, dict) else {}
        if endpoint.map:
            # A map is one member, whose members the list counts.
            return read_page(body, number, endpoint.paging, len(members[0]) if members else 0, size)
        if not isinstance(body.get(endpoint.records), dict):
            return read_page(body, number, endpoint.paging, count, size)
        if endpoint.nested:
            # One object, whose list the pages are of.
            return read_page(body, number, endpoint.paging, sum(1 for _ in select(body, members, endpoint)), size)
        # One object beside a list: links and totals are about the list.
        return Page(number, len(members), None, has_next=False, size=size)

    def pages(self, paginator: PageNumberPaginator, *, prefetch: bool) -> Generator[FetchedPage, None, None]:
        """The pages of the list, as the paginator numbers them, for as long as the reader goes on.

        Whoever reads advances the paginator between two pages, and stops reading after the last one.
        """

        def ask(number: int) -> Answer | None:
            return self.fetch(number, paginator.size, again=paginator.restarted, tries=_TRIES[0])

        with self._prefetcher(ask, prefetch=prefetch) as prefetcher:
            while (fetched := self._fetch_next(paginator, prefetcher)) is not None:
                number, size = paginator.number, paginator.size
                if paginator.sees_change(fetched.page):
                    paginator.note_ahead(self._totals(prefetcher))
                prefetcher.prefetch_after(fetched.page)
                yield fetched
                if paginator.number != number + 1 or paginator.size != size:
                    prefetcher.forget()

    def _totals(self, prefetcher: PagePrefetcher) -> list[int | None]:
        """What the pages that were asked for ahead count, which are forgotten; none of them where one has failed."""
        try:
            return [self.read(answer, 0, 0).total for answer in prefetcher.stop()]
        except (RequestFailed, UnexpectedBody):
            prefetcher.forget()
            return []

    def _fetch_next(self, paginator: PageNumberPaginator, prefetcher: PagePrefetcher) -> FetchedPage | None:
        answer = self._fetch_patiently(paginator, prefetcher)
        if answer is None:
            return None
        return FetchedPage(self.read(answer, paginator.number, paginator.size), answer)

    def _fetch_patiently(self, paginator: PageNumberPaginator, prefetcher: PagePrefetcher) -> Answer | None:
        """The page that the paginator is at; smaller ones are tried before a page that cannot be had is given up."""
        try:
            return prefetcher.fetch(paginator.number)
        except RequestFailed as error:
            failure = error
        for tries in _TRIES[1:]:
            if not failure.may_pass:
                break
            if failure.may_be_too_much and self._endpoint.paging != "none" and paginator.shrink():
                prefetcher.forget()
            try:
                return self.fetch(paginator.number, paginator.size, again=paginator.restarted, tries=tries)
            except RequestFailed as error:
                error.add_heard(failure.heard)
                failure = error
        self._requester.note_failure(failure)
        raise failure

    def _prefetcher(self, ask: Callable[[int], Answer | None], *, prefetch: bool) -> PagePrefetcher:
        """For one read of a list: as many pages ahead as requests may be under way beside its own.

        None where DigitalOcean counts an endpoint on its own: its requests would wait there in everyone's way.
        """
        run = self._run
        apart = run.budget.is_special(f"/v2/{self._endpoint.path}")
        most = run.workers - 1 if prefetch and not apart else 0
        return PagePrefetcher(ask, run.prefetch_pool, run.prefetch_slots, most)
