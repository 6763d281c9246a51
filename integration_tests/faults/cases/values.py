"""Faults of records: values, fields and texts of another shape."""

from integration_tests.faults.cases.case import Case

CASES = [
    Case("a record of 10 MB", "huge_record", "fits", times=1, full="snapshots", incremental="actions"),
    Case(
        "a field that changes type",
        "changed_type",
        "fits",
        full="firewalls",
        incremental="apps",
        parameters={"field": "created_at"},
    ),
    Case(
        "numbers as text, empty text for dates",
        "odd_types",
        "fits",
        full="volumes",
        incremental="billing_history",
    ),
    Case(
        "ten thousand unknown fields", "many_fields", "fits", times=1, full="domains", incremental="genai_indexing_jobs"
    ),
    Case(
        "400 levels of nesting",
        "deep",
        "fits",
        times=1,
        full="certificates",
        incremental="security_scans",
        parameters={"levels": 400},
    ),
    Case(
        "1,000 levels of nesting",
        "deep",
        "fits",
        times=1,
        full="reserved_ips",
        incremental="vector_databases",
        parameters={"levels": 1000},
    ),
    Case(
        "100,000 levels of nesting",
        "deep",
        "fails",
        "no complete JSON",
        full="load_balancers",
        incremental="apps",
    ),
    Case(
        "invalid UTF-8",
        "invalid_utf8",
        "fits",
        times=1,
        full="uptime_checks",
        incremental="actions",
    ),
    Case("an integer of 40 digits", "long_integer", "fits", times=1, full="droplets", incremental="invoice_items"),
    Case(
        "an integer of 40 digits in a declared field",
        "long_integer",
        "fits",
        full="volumes",
        incremental="genai_indexing_jobs",
        parameters={"field": "tokens"},
    ),
]
