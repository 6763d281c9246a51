"""The faults, what stays correct under each, and the streams that are hit: one table for tests and docs."""

from dataclasses import dataclass, field
from typing import Any, Literal

# All that the server holds arrives; or the stream fails, says why and keeps its last good state; or all records
# arrive and single values that cannot be are null.
Promise = Literal["lands", "fails", "fits"]


@dataclass(frozen=True)
class Case:
    """One fault.

    `full` and `incremental` are the streams that it hits in a sync from nothing and in a later one; None where the
    fault needs what such a sync does not do.
    """

    name: str
    fault: str
    promise: Promise
    says: str = ""
    type: str = "transient_error"
    times: int | None = None
    after: int = 0
    page: str = ""
    full: str | None = "volumes"
    incremental: str | None = "actions"
    parameters: dict[str, Any] = field(default_factory=dict)
    # It hits all streams, whichever one's request sets it off.
    alone: bool = False

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the requests that are hit."""
        return {"page": self.page} if self.page else {}


# Where each stream of the suite asks.
PATHS = {
    "droplets": "/v2/droplets$",
    "volumes": "/v2/volumes$",
    "tags": "/v2/tags$",
    "images": "/v2/images$",
    "snapshots": "/v2/snapshots$",
    "firewalls": "/v2/firewalls$",
    "domains": "/v2/domains$",
    "certificates": "/v2/certificates$",
    "reserved_ips": "/v2/reserved_ips$",
    "load_balancers": "/v2/load_balancers$",
    "uptime_checks": "/v2/uptime/checks$",
    "alert_policies": "/v2/monitoring/alerts$",
    "vpc_members": "/v2/vpcs/",
    "project_resources": "/v2/projects/",
    "projects": "/v2/projects$",
    "apps": "/v2/apps$",
    "actions": "/v2/actions$",
    "billing_history": "/v2/customers/my/billing_history$",
    "invoices": "/v2/customers/my/invoices$",
    "invoice_items": "/v2/customers/my/invoices/",
    "app_bandwidth_daily": "/v2/apps/metrics/bandwidth_daily$",
    "genai_indexing_jobs": "/v2/gen-ai/indexing_jobs$",
    "security_scans": "/v2/security/scans$",
    "vector_databases": "/v2/vector-databases$",
}

# The streams whose records are asked for by those of another stream of the suite.
PARENTS = {"app_bandwidth_daily": "apps", "invoice_items": "invoices", "project_resources": "projects"}

CASES = [
    Case("429 with retry-after, twice", "rate_limited", "lands", times=2, parameters={"retry_after": 2}),
    Case("429 without retry-after, twice", "rate_limited", "lands", times=2, full="tags", incremental="apps"),
    Case(
        "429 without end",
        "rate_limited",
        "fails",
        "rate limit",
        full="images",
        incremental="billing_history",
        parameters={"retry_after": 1},
    ),
    Case(
        "500, three times",
        "status",
        "lands",
        times=3,
        full="snapshots",
        parameters={"status": 500},
        incremental="genai_indexing_jobs",
    ),
    Case(
        "502, twice",
        "status",
        "lands",
        times=2,
        full="firewalls",
        parameters={"status": 502},
        incremental="security_scans",
    ),
    Case(
        "503 with retry-after, twice",
        "status",
        "lands",
        times=2,
        full="domains",
        parameters={"status": 503, "retry_after": 1},
        incremental="vector_databases",
    ),
    Case(
        "504, twice",
        "status",
        "lands",
        times=2,
        full="certificates",
        parameters={"status": 504},
        incremental="invoices",
    ),
    Case(
        "408, once",
        "status",
        "lands",
        times=1,
        full="reserved_ips",
        parameters={"status": 408},
        incremental="invoice_items",
    ),
    Case(
        "503 without end",
        "status",
        "fails",
        "HTTP 503",
        full="load_balancers",
        incremental="app_bandwidth_daily",
        parameters={"status": 503},
    ),
    Case("reset in mid-body, once", "reset", "lands", times=1, full="droplets", incremental="actions"),
    Case(
        "reset in mid-body, without end",
        "reset",
        "fails",
        "DigitalOcean could not be reached",
        full="uptime_checks",
        incremental="billing_history",
    ),
    # Everybody's connections. The suite's clock runs 600 times as fast: this is half a minute.
    Case(
        "connections refused for half a minute",
        "refuse",
        "lands",
        times=1,
        full="alert_policies",
        incremental="invoices",
        parameters={"seconds": 0.05},
        alone=True,
    ),
    Case("connection closed in mid-body, twice", "cut", "lands", times=2, full="vpc_members", incremental="apps"),
    Case(
        "a slow body",
        "drip",
        "lands",
        times=3,
        full="project_resources",
        incremental="invoice_items",
        parameters={"pieces": 20, "seconds": 0.05},
    ),
    Case("no answer at all, once", "hang", "lands", times=1, full="alert_policies", incremental="genai_indexing_jobs"),
    Case("truncated JSON, twice", "truncated_json", "lands", times=2, full="volumes", incremental="security_scans"),
    Case(
        "truncated JSON, without end",
        "truncated_json",
        "fails",
        "no complete JSON",
        full="tags",
        incremental="vector_databases",
    ),
    Case(
        "a web page from a proxy",
        "html",
        "fails",
        "web page instead of JSON",
        full="images",
        incremental="app_bandwidth_daily",
    ),
    Case("an empty body", "empty_body", "fails", "empty body", full="snapshots", incremental="actions"),
    Case(
        "an error object with status 200", "error_object", "fails", "error object", full="firewalls", incremental="apps"
    ),
    Case(
        "content-length too long, once",
        "wrong_length",
        "lands",
        times=1,
        full="domains",
        incremental="billing_history",
        parameters={"off": 100},
    ),
    Case(
        "content-length too long, without end",
        "wrong_length",
        "fails",
        "could not be reached",
        full="certificates",
        incremental="genai_indexing_jobs",
        parameters={"off": 100},
    ),
    Case(
        "content-length too short, once",
        "wrong_length",
        "lands",
        times=1,
        full="reserved_ips",
        incremental="security_scans",
        parameters={"off": -20},
    ),
    Case(
        "gzip that is none, once", "bad_gzip", "lands", times=1, full="load_balancers", incremental="vector_databases"
    ),
    Case(
        "gzip that is none, without end",
        "bad_gzip",
        "fails",
        "could not be",
        full="uptime_checks",
        incremental="app_bandwidth_daily",
    ),
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
    Case("a page without its next link", "no_next", "lands", page="1", full="droplets", incremental="invoice_items"),
    Case(
        "a page that links to itself",
        "self_link",
        "fails",
        "names page 1 as the next one",
        full="droplets",
        incremental="actions",
    ),
    Case("a next link to another host", "wrong_host_next", "lands", full="droplets", incremental="invoice_items"),
    Case(
        "a parent deleted under its children", "gone", "fits", times=1, full="vpc_members", incremental="invoice_items"
    ),
    Case(
        "401 in mid-sync, a personal token",
        "status",
        "fails",
        "does not accept the personal access token",
        "config_error",
        parameters={"status": 401},
        full="volumes",
        after=0,
        incremental="app_bandwidth_daily",
    ),
    Case(
        "401 between two pages, a personal token",
        "status",
        "fails",
        "does not accept the personal access token",
        "config_error",
        parameters={"status": 401},
        after=1,
        full="droplets",
        incremental="invoice_items",
    ),
    Case("403, once", "forbid", "lands", times=1, full="tags", incremental="apps"),
    Case(
        "403 between two pages",
        "forbid",
        "fails",
        "refused",
        after=1,
        full="images",
        incremental="app_bandwidth_daily",
    ),
    Case(
        "403 between two pages, once", "forbid", "lands", after=1, times=1, full="droplets", incremental="invoice_items"
    ),
    Case("a record of 10 MB", "huge_record", "fits", times=1, full="snapshots", incremental="actions"),
    Case(
        "a field that changes type",
        "changed_type",
        "fits",
        full="firewalls",
        incremental="apps",
        parameters={"field": "created_at"},
    ),
    Case("numbers as text, empty text for dates", "odd_types", "fits", full="volumes", incremental="billing_history"),
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
    Case("100,000 levels of nesting", "deep", "fails", "no complete JSON", full="load_balancers", incremental="apps"),
    Case("invalid UTF-8", "invalid_utf8", "fits", times=1, full="uptime_checks", incremental="actions"),
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


def rounds(moment: Literal["full", "incremental"]) -> list[list[Case]]:
    """The cases in as few runs as it takes for no stream to be hit twice in one, or together with its parent."""
    grouped: list[dict[str, Case]] = []
    for case in CASES:
        stream = getattr(case, moment)
        if stream is None:
            continue
        family = {stream, PARENTS.get(stream), *(child for child, parent in PARENTS.items() if parent == stream)}
        free = (group for group in grouped if family.isdisjoint(group) and not _alone(group, case))
        if (group := next(free, None)) is None:
            grouped.append(group := {})
        group[stream] = case
    return [list(group.values()) for group in grouped]


def _alone(group: dict[str, Case], case: Case) -> bool:
    return case.alone or any(one.alone for one in group.values())
