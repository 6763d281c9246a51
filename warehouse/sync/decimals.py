"""Numbers on their way from JSON to a DECIMAL column: as text, so that no digit passes through a float."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import Enum

# DigitalOcean sends amounts of up to eleven decimals. Twelve leave 26 digits before the point, and a product of two
# such columns still fits into a DECIMAL of 38.
PRECISION, SCALE = 38, 12
SQL_TYPE = f"DECIMAL({PRECISION}, {SCALE})"

_FITS = re.compile(rb"-?(?:0|[1-9][0-9]{0,%d})(?:\.[0-9]{1,%d})?" % (PRECISION - SCALE - 1, SCALE))
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,17})?")
# As PostgreSQL and DuckDB round.
_CONTEXT = Context(prec=PRECISION + SCALE, rounding=ROUND_HALF_UP)
_STEP, _LIMIT = Decimal(1).scaleb(-SCALE), Decimal(1).scaleb(PRECISION - SCALE)
# The digits of what was computed as a double, such as an average; its last ones were not measured.
_OF_A_DOUBLE = range(13, 18)


class Loss(Enum):
    """What a column could not hold of a number."""

    ROUNDED = f"more than {SCALE} decimals and are rounded"
    TOO_LARGE = f"more than {PRECISION - SCALE} digits before the point and are NULL"


def to_column(number: bytes) -> tuple[str | None, Loss | None]:
    """Return the text that the column is read from (None for NULL), and what the column cannot hold of `number`.

    `number` is JSON: a number, or a string that holds one; ValueError for anything else. (Databases would take `1_000`
    and `NaN`.) That a double of 13 to 17 digits is rounded is no loss.
    """
    if _FITS.fullmatch(number):
        return number.decode(), None
    text = number.decode().strip('"').strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    value = Decimal(text)
    if value and value.adjusted() >= PRECISION - SCALE:
        return None, Loss.TOO_LARGE
    rounded = value.quantize(_STEP, context=_CONTEXT)
    # abs() would round to 28 digits.
    if rounded.copy_abs() >= _LIMIT:
        return None, Loss.TOO_LARGE
    is_exact = rounded == value or len(value.as_tuple().digits) in _OF_A_DOUBLE
    return format(rounded, "f"), None if is_exact else Loss.ROUNDED
