"""Bad days written into bars."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pytest

from backtest.core.bars import Bars, FloatArray
from backtest.data.quality.relations import PriceRelation
from backtest.data.sources.demo import demo_market
from backtest.research.monte_carlo.scenarios import (
    CORRELATION,
    bear_after_bull,
    correlated,
    crash,
    illiquid,
    scenarios,
    wild,
)

RELATIONS = (
    PriceRelation("TQQQ", "QQQ", 3.0),
    PriceRelation("PSQ", "QQQ", -1.0),
    PriceRelation("TMF", "TLT", 3.0),
)
DAYS = (date(2020, 1, 2), date(2024, 12, 31))


@pytest.fixture(scope="module")
def market() -> dict[str, Bars]:
    full = demo_market(7, date(2024, 12, 31))
    return {s: full[s].since(date(2019, 1, 2)) for s in ("QQQ", "TQQQ", "PSQ", "TLT", "TMF")}


def moves(bars: Bars) -> FloatArray:
    found: FloatArray = bars.close[1:] / bars.close[:-1] - 1
    return found


@pytest.mark.parametrize(("sessions", "fund"), [(1, -0.60), (5, -0.504), (20, -0.491)])
def test_a_crash_takes_funds_along_by_their_daily_multiple(
    market: dict[str, Bars], sessions: int, fund: float
) -> None:
    day = market["QQQ"].dates[700].item()
    found = crash(market, RELATIONS, "QQQ", day, sessions)
    assert found is not None
    growth = {s: b.close[699 + sessions] / b.close[699] - 1 for s, b in found.items()}
    assert growth["QQQ"] == pytest.approx(-0.20)
    assert growth["TQQQ"] == pytest.approx(fund, abs=1e-3)
    assert growth["PSQ"] > 0.19
    assert found["TLT"] is market["TLT"]
    after = slice(700 + sessions, None)
    np.testing.assert_allclose(moves(found["TQQQ"])[after], moves(market["TQQQ"])[after], atol=1e-12)


def test_a_crash_that_does_not_fit_is_none(market: dict[str, Bars]) -> None:
    assert crash(market, RELATIONS, "QQQ", market["QQQ"].last, 5) is None
    assert crash(market, RELATIONS, "QQQ", date(2024, 12, 25), 1) is None


def test_a_wild_year_has_three_times_the_deviation_and_its_mean(market: dict[str, Bars]) -> None:
    found = wild(market)
    for symbol in ("QQQ", "TLT"):
        before, after = moves(market[symbol])[-252:], moves(found[symbol])[-252:]
        assert after.std() == pytest.approx(3 * before.std())
        assert after.mean() == pytest.approx(before.mean())
    assert moves(found["TQQQ"]).min() >= -0.95 - 1e-12


def test_little_is_traded_and_bars_are_missing_but_not_those_decisions_read(market: dict[str, Bars]) -> None:
    found = illiquid(market, ("QQQ", "TLT"), 7)
    assert len(found["QQQ"]) == len(market["QQQ"])
    assert len(found["TLT"]) == len(market["TLT"])
    share = 1 - len(found["TQQQ"]) / len(market["TQQQ"])
    assert 0.03 < share < 0.07
    np.testing.assert_allclose(found["QQQ"].volume, market["QQQ"].volume / 10)


def test_the_worst_year_follows_the_best_and_the_other_index_goes_along(market: dict[str, Bars]) -> None:
    found = bear_after_bull(market, RELATIONS, "QQQ", DAYS)
    assert found is not None
    changed = np.flatnonzero(np.abs(moves(found["QQQ"]) - moves(market["QQQ"])) > 1e-9)
    assert changed[-1] - changed[0] < 252
    year = slice(int(changed[0]), int(changed[0]) + 252)
    own = market["QQQ"]
    first = own.row(DAYS[0]) or 0
    growth = [own.close[k + 252] / own.close[k] for k in range(first - 1, len(own) - 252)]
    assert np.prod(1 + moves(found["QQQ"])[year]) == pytest.approx(min(growth), rel=0.02)
    both = np.corrcoef(moves(found["QQQ"])[year], moves(found["TLT"])[year])[0, 1]
    assert both == pytest.approx(CORRELATION, abs=0.02)
    np.testing.assert_allclose(moves(found["TMF"])[year], 3 * moves(found["TLT"])[year], atol=1e-9)
    assert bear_after_bull(market, RELATIONS, "QQQ", (date(2024, 6, 3), DAYS[1])) is None


def test_correlated_keeps_mean_and_deviation() -> None:
    random = np.random.default_rng(1)
    own, other = random.normal(0.001, 0.01, 300), random.normal(0, 0.02, 300)
    found = correlated(own, other)
    assert np.corrcoef(found, other)[0, 1] == pytest.approx(CORRELATION)
    assert (found.mean(), found.std()) == (pytest.approx(own.mean()), pytest.approx(own.std()))
    assert correlated(np.zeros(5), other[:5]).tolist() == [0.0] * 5


def test_all_of_them_are_told_and_named(market: Mapping[str, Bars]) -> None:
    names = [s.name for s in scenarios(market, RELATIONS, ("QQQ", "TLT"), DAYS, date(2022, 3, 1), 7)]
    assert names == [
        "crash in 1",
        "crash in 5",
        "crash in 20",
        "volatility",
        "low liquidity",
        "bear after bull",
    ]
