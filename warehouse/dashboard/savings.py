"""Savings: every finding with its evidence and what to do, and what each rule comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.dashboard.budget import within
from warehouse.dashboard.figures import cents

if TYPE_CHECKING:
    from warehouse.dashboard.marts import Marts

# Bytes of the file that findings may take.
_BUDGET = 1_500_000
_RULES = """
SELECT
    rule, max(title) AS title, max(reason) AS reason, max(what_to_do) AS what_to_do, max(source_name) AS source,
    count(*) AS findings, sum(additive_saving_monthly) AS saving, count(saving_monthly) AS priced
FROM {marts}.waste_findings
GROUP BY rule
ORDER BY sum(additive_saving_monthly) DESC, count(*) DESC, rule
"""
_FINDINGS = """
SELECT
    rule, name, feature, project_name, owner, region_slug, evidence, saving_monthly, additive_saving_monthly, confidence
FROM {marts}.waste_findings
ORDER BY coalesce(saving_monthly, 0) DESC, rule, name, finding_key
"""


def read_savings(marts: Marts) -> dict[str, Any]:
    """Return the findings, the dearest first, and the sum of each rule; money in cents."""
    found = marts.rows(_FINDINGS)
    findings = within(
        _BUDGET,
        (
            [
                row["rule"],
                row["name"],
                row["feature"],
                row["project_name"],
                row["owner"],
                row["region_slug"],
                row["evidence"],
                cents(row["saving_monthly"]),
                cents(row["additive_saving_monthly"]),
                row["confidence"],
            ]
            for row in found
        ),
    )
    rules = marts.rows(_RULES)
    return {
        "rules": [{**row, "saving": cents(row["saving"])} for row in rules],
        "sum": cents(sum(row["saving"] for row in rules)),
        "findings": findings,
        "left_out": len(found) - len(findings),
        "left_out_saving": cents(sum(row["additive_saving_monthly"] for row in found[len(findings) :])),
    }
