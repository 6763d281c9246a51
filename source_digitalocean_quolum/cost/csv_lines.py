"""A line of an invoice's CSV file in the words of an invoice item.

The columns are those of the API reference's example: product, group_description, description, hours, start, end,
USD, project_name, category; times as `2020-07-01 00:00:00 +0000`, money as `$3.11`.
"""

import re
from datetime import datetime
from typing import Any

_NAMES = {"hours": "duration", "start": "start_time", "end": "end_time", "USD": "amount"}
_MONEY = re.compile(r"(?P<minus>-|\()?\s*\$?\s*(?P<minus_after>-)?\s*(?P<digits>[\d,]+(\.\d+)?)\)?")


def as_item(row: dict[str, Any]) -> None:
    """Rename the columns, and write money and times as the API's JSON does; a value of another form stays as it is."""
    for column, name in _NAMES.items():
        if column in row:
            row[name] = row.pop(column)
    if isinstance(amount := row.get("amount"), str):
        row["amount"] = money(amount)
    for name in ("start_time", "end_time"):
        if isinstance(text := row.get(name), str):
            row[name] = _moment(text)


def money(text: str) -> str:
    """`$3.11`, `-$3.11`, `$-3.11`, `($3.11)` and `$1,234.50` as a decimal number; anything else unchanged."""
    found = _MONEY.fullmatch(text.strip())
    if not found:
        return text
    sign = "-" if found["minus"] or found["minus_after"] else ""
    return sign + found["digits"].replace(",", "")


def _moment(text: str) -> str:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z").isoformat().replace("+00:00", "Z")
    except ValueError:
        return text
