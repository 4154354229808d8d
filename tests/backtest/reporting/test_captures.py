"""Capture ratios and the worth of a trade."""

import math

import numpy as np
import pytest

from backtest.reporting.captures import captures, recovery_factor, trade_quality

#: the fixture of the figures: returns of a strategy and of its benchmark
OWN = np.array([0.01, -0.02, 0.03, -0.01, 0.02, 0, -0.03, 0.015, 0.005, -0.005])
OTHER = np.array([0.008, -0.015, 0.02, -0.012, 0.018, 0.001, -0.02, 0.01, 0.002, -0.001])


def test_captures_of_the_fixture() -> None:
    found = captures(OWN, OTHER)
    assert found.up == pytest.approx(0.08 / 0.059)
    assert found.down == pytest.approx(0.065 / 0.048)


def test_the_benchmark_captures_all_of_itself_and_a_half_of_it_half() -> None:
    whole, half = captures(OTHER, OTHER), captures(OTHER / 2, OTHER)
    assert (whole.up, whole.down) == (pytest.approx(1.0), pytest.approx(1.0))
    assert (half.up, half.down) == (pytest.approx(0.5), pytest.approx(0.5))


def test_a_benchmark_that_never_fell_has_no_down_capture() -> None:
    found = captures(OWN[:2], np.array([0.01, 0.0]))
    assert found.up == pytest.approx(1.0)
    assert found.down is None


def test_expectancy_and_system_quality() -> None:
    found = trade_quality([100.0, -50.0, 30.0, 40.0])
    assert found.expectancy == 30.0
    assert found.system_quality == pytest.approx(2 * 30.0 / np.std([100, -50, 30, 40], ddof=1))
    assert trade_quality([]).expectancy is None
    assert trade_quality([5.0]).system_quality is None
    assert trade_quality([5.0, 5.0]).system_quality is None


def test_recovery_factor() -> None:
    assert recovery_factor(0.5, -0.25) == 2.0
    assert recovery_factor(0.5, 0.0) is None
    assert math.copysign(1, recovery_factor(-0.1, -0.2) or 0) == -1
