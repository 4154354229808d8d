"""Findings about steps in words, with the command that answers each."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from backtest.data.quality.step_findings import move_text, split_finding, step_error, taken_back
from tests.support.scripted_strategy import make_bars

DAYS = [date(2024, 3, day) for day in (11, 12, 13)]
BARS = make_bars("AAA", dict(zip(DAYS, [100.0, 52.0, 53.0], strict=True)), opens=[100.0, 50.0, 52.0])


def test_a_step_names_both_prices_and_its_reason() -> None:
    found = step_error(BARS, 1, "close", "nothing explains it")
    assert found.problem == "close 52 after a close of 100 (-48.0%): nothing explains it"
    assert (found.day, found.price, found.field, found.severity) == (DAYS[1], 52.0, "close", "error")
    assert "jutsu data confirm AAA 2024-03-12 52.00" in found.remedy


@pytest.mark.parametrize(("error", "more"), [(True, ""), (False, ", or a stock after its earnings")])
def test_a_split_gives_both_answers(error: bool, more: str) -> None:
    found = split_finding(BARS, 1, Fraction(2), error)
    assert found.problem == f"closed at 100, opened at 50: looks like a 2:1 split{more}"
    assert (found.kind, found.severity) == ("split", "error" if error else "suspicion")
    assert "jutsu data split AAA 2024-03-12 2:1;" in found.remedy
    assert found.remedy.endswith("jutsu data confirm AAA 2024-03-12 50.00")


@pytest.mark.parametrize(("error", "severity"), [(True, "error"), (False, "suspicion")])
def test_without_a_ratio_it_is_a_bad_bar(error: bool, severity: str) -> None:
    found = split_finding(BARS, 1, None, error)
    assert found.problem == "closed at 100, opened at 50, taken back within a session: a bad bar"
    assert (found.kind, found.severity, found.field, found.price) == ("price", severity, "open", 50.0)


@pytest.mark.parametrize(
    ("closes", "row", "back"),
    [
        ([100.0, 50.0, 99.0], 1, True),  # the next session is back
        ([100.0, 50.0, 99.0], 2, True),  # it is the way back
        ([100.0, 50.0, 51.0], 1, False),
        ([100.0, 50.0, 72.0], 1, True),  # more than half of the way, in logs
        ([100.0, 50.0, 69.0], 1, False),
        ([100.0, 50.0], 1, False),  # nobody knows yet
    ],
)
def test_a_step_that_is_taken_back_at_once(closes: list[float], row: int, back: bool) -> None:
    assert taken_back(np.array(closes), row) is back


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.123, "+12.3%"),
        (-0.5, "-50.0%"),
        (99.0, "+9900.0%"),
        (100.0, "+100 times"),
        (12345.0, "+1.23e+04 times"),
    ],
)
def test_a_move_in_words(fraction: float, text: str) -> None:
    assert move_text(fraction) == text
