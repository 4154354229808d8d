"""Findings about prices: errors stop with everything at once, suspicions only warn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from backtest.core.errors import DataError, Finding
from backtest.data.quality.findings import (
    IMPOSSIBLE,
    DatedFinding,
    errors,
    price_error,
    refuse,
    require_believable,
    suspicions,
)

DAY = date(2024, 3, 15)
ERROR = price_error("QQQ", DAY, 101.239, "close 101.24 is far away", "close")
SUSPICION = replace(ERROR, severity="suspicion", symbol="TLT")


def test_an_error_says_how_a_person_confirms_exactly_this_price() -> None:
    assert "jutsu data confirm QQQ 2024-03-15 101.24" in ERROR.remedy
    assert "1e+13" in price_error("QQQ", DAY, IMPOSSIBLE * 10, "absurd").remedy
    assert str(ERROR).startswith("QQQ 2024-03-15: close 101.24 is far away (")


def test_errors_stop_with_all_of_them_and_suspicions_are_handed_on() -> None:
    assert (errors([ERROR, SUSPICION]), suspicions([ERROR, SUSPICION])) == ((ERROR,), (SUSPICION,))
    assert require_believable(iter([SUSPICION]), "data") == (SUSPICION,)
    with pytest.raises(DataError, match="2 defects, the first: QQQ") as caught:
        require_believable([ERROR, SUSPICION, replace(ERROR, symbol="TMF")], "data")
    assert (caught.value.exit_code, caught.value.where) == (5, "data")
    assert [finding.path for finding in caught.value.findings] == ["QQQ 2024-03-15", "TMF 2024-03-15"]


def test_one_defect_is_not_counted() -> None:
    refuse([], "data")
    with pytest.raises(DataError) as caught:
        refuse([Finding("QQQ", "is wrong")], "data")
    assert caught.value.problem == "QQQ: is wrong"


@pytest.mark.parametrize(("days", "minds"), [(-1, False), (0, True), (1, True)])
def test_a_run_about_a_day_minds_nothing_later(days: int, *, minds: bool) -> None:
    until = DAY + timedelta(days=days)
    assert ERROR.concerns(until) is minds
    assert DatedFinding(DAY, Finding("a", "b")).concerns(until) is minds
    assert DatedFinding(None, Finding("a", "b")).concerns(until)
