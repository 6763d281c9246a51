"""Lines of an invoice's CSV file become records like invoice items."""

import tracemalloc

import pytest

from source_digitalocean_quolum.cost.csv_lines import as_item, money
from source_digitalocean_quolum.http.facts import SurrogateKey
from source_digitalocean_quolum.records.body import CsvLines
from source_digitalocean_quolum.retrievers.surrogate_keys import SurrogateKeyedList
from unit_tests.mock_server.commands import read
from unit_tests.mock_server.server import DigitalOcean, Reply

INVOICES = "/v2/customers/my/invoices"
HEADER = "product,group_description,description,hours,start,end,USD,project_name,category\n"
FILE = (
    HEADER
    + "Floating IPs,,Unused Floating IP - 1.1.1.1,100,2020-07-01 00:00:00 +0000,2020-07-22 18:14:39 +0000,$3.11,,iaas\n"
    + 'Droplets,,"web, the ""first""",672,2020-07-01 00:00:00 +0000,2020-08-01 00:00:00 +0000,"$1,203.50",shop,iaas\n'
    + "Taxes,,STATE SALES TAX (6.25%),,2020-07-01 00:00:00 +0000,2020-07-31 23:59:59 +0000,$0.16,,iaas\n"
    + "Credits,,Goodwill,,2020-07-01 00:00:00 +0000,2020-07-31 23:59:59 +0000,-$5.00,,iaas\n"
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$3.11", "3.11"),
        ("3.11", "3.11"),
        ("-$3.11", "-3.11"),
        ("$-3.11", "-3.11"),
        ("($3.11)", "-3.11"),
        (" $1,234,567.1234567 ", "1234567.1234567"),
        ("$0", "0"),
        ("free", "free"),
        ("$", "$"),
        ("€3.11", "€3.11"),
    ],
)
def test_money_loses_its_sign_and_separators_and_nothing_else(text: str, number: str) -> None:
    assert money(text) == number


def test_a_time_of_another_form_stays_as_it_is() -> None:
    row = {"start": "July 2020", "end": "2020-07-22 18:14:39 +0530"}
    as_item(row)
    assert row == {"start_time": "July 2020", "end_time": "2020-07-22T18:14:39+05:30"}


def csv_file(content: str) -> Reply:
    return Reply(content.encode(), headers={"Content-Type": "text/csv; charset=utf-8"})


def test_a_file_is_read_in_one_request_and_each_line_is_a_record(api: DigitalOcean) -> None:
    api.lists(INVOICES, "invoices", [{"invoice_uuid": "inv-1", "invoice_period": "2026-02", "amount": "1201.77"}])
    api.on(f"{INVOICES}/inv-1/csv", {}, csv_file(FILE))

    output = read("invoice_csv_lines")

    rows = output.rows("invoice_csv_lines")
    assert [(row["product"], row["feature"], row["amount"], row.get("duration")) for row in rows] == [
        ("Floating IPs", "reserved_ips", 3.11, 100),
        ("Droplets", "droplets", 1203.5, 672),
        ("Taxes", "other", 0.16, None),
        ("Credits", "other", -5.0, None),
    ]
    assert rows[1]["description"] == 'web, the "first"'
    assert (rows[0]["start_time"], rows[0]["end_time"]) == ("2020-07-01T00:00:00Z", "2020-07-22T18:14:39Z")
    assert {(row["invoice_uuid"], row["invoice_period"]) for row in rows} == {("inv-1", "2026-02")}
    assert len({row["row_hash"] for row in rows}) == 4
    assert "USD" not in rows[0]
    (request,) = [one for one in api.requests if one.address.endswith("/csv")]
    assert request.headers["Accept"] == "text/csv"
    assert output.warnings() == []


def test_a_file_without_lines_is_an_invoice_without_lines(api: DigitalOcean) -> None:
    api.lists(INVOICES, "invoices", [{"invoice_uuid": "inv-1", "invoice_period": "2026-02", "amount": "0.00"}])
    api.on(f"{INVOICES}/inv-1/csv", {}, csv_file(HEADER))

    output = read("invoice_csv_lines")

    assert output.rows("invoice_csv_lines") == []
    assert output.status("invoice_csv_lines") == "COMPLETE"


@pytest.mark.parametrize(
    "body",
    [
        csv_file(FILE[:-40]),
        csv_file(""),
        csv_file("product,hours\nDroplets,672\n"),
        Reply(b"<html>maintenance</html>", headers={"Content-Type": "text/html"}),
    ],
    ids=["cut off", "empty", "other columns", "a web page"],
)
def test_what_is_no_whole_file_is_asked_for_again_and_then_fails_the_stream(api: DigitalOcean, body: Reply) -> None:
    api.lists(INVOICES, "invoices", [{"invoice_uuid": "inv-1", "invoice_period": "2026-02", "amount": "3.11"}])
    api.on(f"{INVOICES}/inv-1/csv", {}, body)

    output = read("invoice_csv_lines", expect_failure=True)

    assert output.rows("invoice_csv_lines") == []
    assert output.status("invoice_csv_lines") == "INCOMPLETE"
    assert api.counts()[f"{INVOICES}/inv-1/csv"] > 1


def test_a_long_file_is_never_whole_in_memory_but_as_text() -> None:
    line = b"Droplets,,web-%d,672,2020-07-01 00:00:00 +0000,2020-08-01 00:00:00 +0000,$%d.50,shop,iaas\n"
    content = HEADER.encode() + b"".join(line % (number, number) for number in range(20_000))
    key = SurrogateKey(field="row_hash", of=("product", "description"))
    tracemalloc.start()
    lines, whole = CsvLines(content), SurrogateKeyedList(key)
    whole.add(lines, whole.identities(lines))
    rows = sum(map(len, whole.pages()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (len(lines), rows) == (20_000, 20_000)
    assert lines[0]["description"] == "web-0"
    # As dicts they take 20 MB.
    assert peak < 4_000_000
