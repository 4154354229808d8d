"""Numbers as a person reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from live.system.number_text import money, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0.00"),
        (1234567.891, "1,234,567.89"),
        (-0.5, "-0.50"),
        (Decimal("1000000.25"), "1,000,000.25"),
        (float("nan"), "nan"),
    ],
)
def test_money_has_thousands_and_cents(value: float | Decimal | None, text: str) -> None:
    assert money(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(None, 2, ""), (0.0712, 2, "7.12 %"), (-1.0, 2, "-100.00 %"), (0.5, 0, "50 %")],
)
def test_a_fraction_is_shown_as_percent(value: float | None, digits: int, text: str) -> None:
    assert percent(value, digits) == text
