"""Faults of lists: pages, links and totals that do not tell the truth."""

from integration_tests.faults.cases.case import Case

CASES = [
    Case(
        "a page served again as the next one",
        "old_page",
        "fails",
        "a page before it",
        full="images",
        incremental="invoice_items",
    ),
    Case(
        "a page that is empty although records stand there",
        "vanished_page",
        "fails",
        "is empty",
        page="2",
        full="droplets",
        incremental="invoice_items",
    ),
    Case(
        "a page without its next link",
        "no_next",
        "lands",
        page="1",
        full="droplets",
        incremental="invoice_items",
    ),
    Case(
        "a page that links to itself",
        "self_link",
        "lands",
        full="droplets",
        incremental="actions",
    ),
    Case("a next link to another host", "wrong_host_next", "lands", full="droplets", incremental="invoice_items"),
]
