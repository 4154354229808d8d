"""Costs and results in R: the figures of the specification, and what costs do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import ParameterError
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS, Instrument, instrument_of

MGC = INSTRUMENTS["MGC"]
POINTS = st.floats(0.0001, 1000.0)


@pytest.mark.parametrize(("symbol", "friction"), [("MGC", 8.40), ("MNQ", 2.74), ("MES", 3.74), ("M6E", 3.74)])
def test_friction_of_a_round_trip(symbol: str, friction: float) -> None:
    assert instrument_of(symbol).friction == friction


def test_the_example_of_the_specification() -> None:
    risk = 2701.0 - 2690.0
    assert MGC.risk_dollars(risk) == pytest.approx(118.40)
    assert round(MGC.result_r(risk * 2, risk), 4) == 1.7872
    assert round(MGC.result_r(1.0, risk), 4) == 0.0135
    assert MGC.realised_rr(risk, 2.0) == MGC.result_r(risk * 2, risk)


@given(st.sampled_from(sorted(INSTRUMENTS)), POINTS, st.floats(0.1, 10.0))
def test_a_full_loss_is_minus_one_and_costs_take_from_every_win(
    symbol: str, risk: float, ratio: float
) -> None:
    one = INSTRUMENTS[symbol]
    assert one.result_r(-risk, risk) == pytest.approx(-1.0)
    assert one.realised_rr(risk, ratio) < ratio
    assert one.stressed(1.5).realised_rr(risk, ratio) < one.realised_rr(risk, ratio)
    assert 0 <= one.excursion_r(risk, risk) < 1
    assert 0 < one.cost_share(risk) <= 1


def test_arrays_are_calculated_like_numbers() -> None:
    points, risks = np.array([22.0, 1.0]), np.array([11.0, 11.0])
    assert MGC.result_r(points, risks).tolist() == [MGC.result_r(22.0, 11.0), MGC.result_r(1.0, 11.0)]


def test_costs_are_never_guessed() -> None:
    with pytest.raises(ParameterError, match="no costs are known for 'MGX' → did you mean MGC"):
        instrument_of("MGX")
    assert isinstance(MGC.stressed(2.0), Instrument)
    assert MGC.stressed(2.0).friction == 16.80
