"""One set of the small study."""

import pytest

from backtest.research.monte_carlo.histories import Rules
from backtest.research.session import OpenStudy

PICK = {"measurement_noise": 2000.0, "osc_smoothness": 10, "sma_fast": 8, "sma_slow": 40}


@pytest.fixture(scope="session")
def rules(opened: OpenStudy) -> Rules:
    """A set over the sessions of the search."""
    strategy = opened.study.strategy.with_parameters(PICK)
    return Rules(strategy, opened.history, opened.days, opened.study.data.cost_pct)
