"""Issued invoices are read once, the newest once more, and a corrected one again: whatever happens in between."""

from collections.abc import Sequence
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessage  # noqa: TC002 (neighbours import it likewise)
from airbyte_cdk.test.state_builder import StateBuilder
from freezegun import freeze_time

from unit_tests.mock_server.commands import Output, read, token_config
from unit_tests.mock_server.server import DigitalOcean, Reply

INVOICES = "/v2/customers/my/invoices"
STREAMS = {"invoice_items": "", "invoice_summaries": "/summary", "invoice_csv_lines": "/csv"}
CSV = b"product,group_description,description,hours,start,end,USD,project_name,category\nDroplets,,web,1,,,$3,,iaas\n"


class Account:
    """A team's invoices; each answers with one line."""

    def __init__(self, api: DigitalOcean, stream: str, *periods: str) -> None:
        self.api, self.stream = api, stream
        self.invoices = [invoice(period) for period in periods]
        self.state: list[AirbyteStateMessage] | None = None
        self.settings: dict[str, Any] = {}
        self._answer()

    def issue(self, period: str) -> None:
        self.invoices.insert(0, invoice(period))
        self._answer()

    def correct(self, period: str, amount: str) -> None:
        self.invoices = [{**one, "amount": amount} if one["invoice_period"] == period else one for one in self.invoices]
        self._answer()

    def sync(self, *, keep_state: bool = True, expect_failure: bool = False) -> list[str]:
        """The months whose invoices were asked for; the state is kept for the next sync."""
        before = len(self.api.requests)
        output = read(
            self.stream, config=token_config(**self.settings), state=self.state, expect_failure=expect_failure
        )
        if keep_state:
            self.state = [*StateBuilder().with_stream_state(self.stream, output.state_of(self.stream)).build()]
        self.output: Output = output
        addresses = [one.address.removesuffix(STREAMS[self.stream]) for one in self.api.requests[before:]]
        return sorted({address.rsplit("/", 1)[1] for address in addresses} - {"invoices"})

    def fail(self, period: str, *answers: Reply) -> None:
        self.api.on(self._path(period), None, *answers)

    def recover(self) -> None:
        self._answer()

    def _path(self, period: str) -> str:
        return f"{INVOICES}/{period}{STREAMS[self.stream]}"

    def _answer(self) -> None:
        self.api.lists(INVOICES, "invoices", self.invoices)
        for one in self.invoices:
            period = one["invoice_period"]
            bodies: dict[str, Reply] = {
                "invoice_items": Reply({"invoice_items": [{"product": "Droplets", "amount": "3.00"}], "links": {}}),
                "invoice_summaries": Reply({"invoice_uuid": period, "amount": "3.00", "billing_period": period}),
                "invoice_csv_lines": Reply(CSV, headers={"Content-Type": "text/csv"}),
            }
            self.api.on(self._path(period), None, bodies[self.stream])


def invoice(period: str) -> dict[str, Any]:
    return {"invoice_uuid": period, "invoice_id": "1", "invoice_period": period, "amount": "3.00"}


def syncs(account: Account, count: int) -> Sequence[list[str]]:
    return [account.sync() for _ in range(count)]


@pytest.mark.parametrize("stream", STREAMS)
def test_each_invoice_is_read_once_and_the_newest_exactly_once_more(api: DigitalOcean, stream: str) -> None:
    account = Account(api, stream, "2026-03", "2026-02", "2026-01")

    assert syncs(account, 4) == [["2026-01", "2026-02", "2026-03"], ["2026-03"], [], []]

    account.issue("2026-04")
    assert syncs(account, 4) == [["2026-04"], ["2026-04"], [], []]


def test_the_newest_invoice_is_checked_also_when_a_newer_one_has_been_issued_since(api: DigitalOcean) -> None:
    account = Account(api, "invoice_items", "2026-01")
    account.sync()
    account.issue("2026-02")

    assert syncs(account, 3) == [["2026-01", "2026-02"], ["2026-02"], []]


@pytest.mark.parametrize("stream", STREAMS)
def test_a_corrected_invoice_is_read_again_however_old_it_is(api: DigitalOcean, stream: str) -> None:
    account = Account(api, stream, "2026-03", "2026-02", "2026-01")
    syncs(account, 3)
    account.correct("2026-01", "2.75")

    assert syncs(account, 3) == [["2026-01"], [], []]


@pytest.mark.parametrize("number", [0, 1], ids=["while it is first read", "while it is checked"])
def test_a_sync_that_is_killed_is_repeated_and_the_check_is_not_lost(api: DigitalOcean, number: int) -> None:
    account = Account(api, "invoice_items", "2026-02", "2026-01")
    expected = [["2026-01", "2026-02"], ["2026-02"], [], []]

    for done in range(number):
        assert account.sync() == expected[done]
    assert account.sync(keep_state=False) == expected[number]
    assert syncs(account, 3 - number) == expected[number:3]


def test_an_invoice_that_is_refused_is_named_and_read_again_by_the_next_sync(api: DigitalOcean) -> None:
    account = Account(api, "invoice_items", "2026-02", "2026-01")
    account.fail("2026-01", Reply({"id": "server_error", "message": "broken"}, 400))

    assert "2026-01" in account.sync()
    assert account.output.status("invoice_items") == "COMPLETE"
    (warning,) = account.output.warnings()
    assert 'refuses it with HTTP 400 (DigitalOcean: "broken")' in warning
    account.recover()

    assert account.sync() == ["2026-01", "2026-02"]
    assert account.output.warnings() == []
    assert account.sync() == []


def test_a_token_that_may_read_the_list_only_leaves_everything_to_the_next_one(api: DigitalOcean) -> None:
    account = Account(api, "invoice_items", "2026-02", "2026-01")
    for period in ("2026-01", "2026-02"):
        account.fail(period, Reply({"id": "forbidden", "message": "not authorized"}, 403))
    account.sync()
    assert [text for text in account.output.warnings() if "billing:read" in text]
    account.recover()

    assert account.sync() == ["2026-01", "2026-02"]


def test_invoices_before_the_start_date_are_not_read_until_it_is_set_back(api: DigitalOcean) -> None:
    account = Account(api, "invoice_items", "2026-03", "2026-02", "2026-01")
    account.settings = {"start_date": "2026-02-15T00:00:00Z"}
    assert syncs(account, 3) == [["2026-02", "2026-03"], ["2026-03"], []]

    account.settings = {"start_date": "2026-01-01T00:00:00Z"}
    assert syncs(account, 2) == [["2026-01"], []]


def test_months_that_passed_between_two_syncs_are_read_although_the_default_start_has_moved_on(
    api: DigitalOcean,
) -> None:
    account = Account(api, "invoice_items", "2026-02")
    account.settings = {"start_date": None}
    with freeze_time("2026-03-10T12:00:00Z"):
        assert account.sync() == ["2026-02"]
    for period in ("2026-03", "2026-04", "2026-05", "2026-06"):
        account.issue(period)

    with freeze_time("2026-07-10T12:00:00Z"):
        # The default is June by now.
        assert account.sync() == ["2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]
        assert syncs(account, 2) == [["2026-06"], []]


@pytest.mark.parametrize(
    "parent_state",
    [{}, {"invoices": None}, {"invoices": {"read": ["2026-01"], "to_check": "2026-01", "since": 7}}, None, "x"],
)
def test_a_state_of_another_shape_reads_the_invoices_again(api: DigitalOcean, parent_state: Any) -> None:
    account = Account(api, "invoice_items", "2026-02", "2026-01")
    blob = {
        "use_global_cursor": False,
        "states": [{"partition": {"invoice_uuid": "2026-01", "parent_slice": {}}, "cursor": {}}],
        "parent_state": parent_state,
    }
    account.state = [*StateBuilder().with_stream_state("invoice_items", blob).build()]

    assert account.sync() == ["2026-01", "2026-02"]
