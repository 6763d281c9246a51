"""Any number that DigitalOcean may send arrives in its column digit for digit, or is counted."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.sync.decimals import PRECISION, SCALE, Loss, to_column

held = st.integers(-(10**PRECISION) + 1, 10**PRECISION - 1).map(lambda number: Decimal(f"{number}E-{SCALE}"))
digits = st.text("0123456789", min_size=1, max_size=45)
numbers = st.builds(
    lambda sign, whole, part, power: f"{sign}{whole.lstrip('0') or '0'}{part}{power}",
    st.sampled_from(["", "-"]),
    digits,
    st.one_of(st.just(""), digits.map(lambda text: f".{text}")),
    st.one_of(st.just(""), st.integers(-60, 60).map(lambda power: f"E{power}")),
)


@given(held, st.booleans(), st.booleans())
def test_what_the_column_can_hold_loses_no_digit(number: Decimal, is_text: bool, is_scientific: bool) -> None:
    text = f"{number:E}" if is_scientific else f"{number:f}"
    column, loss = to_column((f'"{text}"' if is_text else text).encode())
    assert column is not None
    assert Decimal(column) == number
    assert loss is None


@given(numbers)
def test_what_it_cannot_hold_is_rounded_or_empty_and_told(text: str) -> None:
    column, loss = to_column(text.encode())
    with localcontext(prec=400, rounding=ROUND_HALF_UP):
        exact = Decimal(text)
        rounded = exact.quantize(Decimal(1).scaleb(-SCALE))
        if abs(rounded) >= 10 ** (PRECISION - SCALE):
            assert (column, loss) == (None, Loss.TOO_LARGE)
            return
        assert column is not None
        assert Decimal(column) == rounded
        of_a_double = len(exact.as_tuple().digits) in range(13, 18)
        assert (loss is Loss.ROUNDED) == (rounded != exact and not of_a_double)


@given(st.floats(0.001, 1e6))
def test_an_average_is_rounded_at_the_twelfth_decimal(average: float) -> None:
    column, loss = to_column(repr(average).encode())
    assert column is not None
    assert loss is None or average < 0.1
    assert abs(Decimal(column) - Decimal(repr(average))) <= Decimal("5e-13")


def test_the_smallest_price_of_a_second_keeps_its_eleven_decimals() -> None:
    assert to_column(b"0.00000001232") == ("0.00000001232", None)
    assert to_column(b'"0.00000001232"') == ("0.000000012320", None)
    assert to_column(b"1.232E-8") == ("0.000000012320", None)


@pytest.mark.parametrize(
    "text", ['"1_000"', '"NaN"', '"Infinity"', '"n/a"', '""', "true", "[1]", "{}", '"0x1"', '"\u0661"']
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        to_column(text.encode())
