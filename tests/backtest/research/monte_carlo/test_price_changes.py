"""Bars with noise and in other orders: a fund stays with its index, and a bar stays a bar."""

from datetime import date

import numpy as np
import pytest

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import DataError
from backtest.data.quality.relations import PriceRelation
from backtest.data.sources.demo import demo_market
from backtest.research.monte_carlo.price_changes import noisy, promised, reordered, with_returns

FUND = PriceRelation("TQQQ", "QQQ", 3.0)
DAYS = (date(2023, 1, 3), date(2024, 12, 30))


@pytest.fixture(scope="module")
def market() -> dict[str, Bars]:
    full = demo_market(7, date(2024, 12, 31))
    return {symbol: full[symbol].since(date(2022, 1, 3)) for symbol in ("QQQ", "TQQQ", "TLT")}


def moves(bars: Bars) -> FloatArray:
    found: FloatArray = bars.close[1:] / bars.close[:-1] - 1
    return found


def require_bars(bars: Bars) -> None:
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.low > 0).all()


def test_a_fund_takes_its_multiple_of_the_noise_of_its_index(market: dict[str, Bars]) -> None:
    found = noisy(market, [FUND], 0.5, 7, 0)
    noise = {s: np.log(found[s].close / market[s].close) for s in market}
    np.testing.assert_allclose(noise["TQQQ"], 3 * noise["QQQ"], atol=1e-12)
    assert abs(np.corrcoef(noise["TLT"], noise["QQQ"])[0, 1]) < 0.2
    deviation = np.std(np.diff(np.log(market["QQQ"].close)), ddof=1)
    assert noise["QQQ"].std() == pytest.approx(0.5 * deviation, rel=0.2)
    for bars in found.values():
        require_bars(bars)


def test_histories_differ_by_number_and_are_the_same_again(market: dict[str, Bars]) -> None:
    one, two, again = (noisy(market, [FUND], 0.5, 7, k)["QQQ"].close for k in (0, 1, 0))
    assert one.tobytes() == again.tobytes() != two.tobytes()


def test_an_index_without_bars_of_its_own_leaves_each_fund_its_own_noise(market: dict[str, Bars]) -> None:
    alone = {"TQQQ": market["TQQQ"]}
    np.testing.assert_allclose(noisy(alone, [FUND], 0.5, 7, 0)["TQQQ"].close, alone["TQQQ"].close)


def test_another_order_has_days_that_were_all_symbols_together(market: dict[str, Bars]) -> None:
    found = reordered(market, DAYS, 10.0, 7, 0)
    first = market["QQQ"].row(DAYS[0])
    assert first is not None
    assert found["QQQ"].last == DAYS[1]
    seen = {s: moves(market[s].until(DAYS[1]))[first - 1 :] for s in market}
    drawn = {s: moves(found[s])[first - 1 :] for s in market}
    rows = [int(np.argmin(np.abs(seen["QQQ"] - move))) for move in drawn["QQQ"]]
    for symbol in market:
        np.testing.assert_allclose(drawn[symbol], seen[symbol][rows], atol=1e-9)
        assert found[symbol].close[:first].tobytes() == market[symbol].close[:first].tobytes()
        require_bars(found[symbol])
    together = np.diff(rows) == 1
    assert 0.8 < together.mean() < 0.97  # blocks of ten
    assert found["QQQ"].dates.tobytes() == market["QQQ"].until(DAYS[1]).dates.tobytes()


def test_a_symbol_that_begins_late_shortens_what_is_reordered(market: dict[str, Bars]) -> None:
    late = market | {"TLT": market["TLT"].since(date(2024, 1, 2))}
    found = reordered(late, DAYS, 10.0, 7, 0)
    assert found["TLT"].first == date(2024, 1, 2)
    with pytest.raises(DataError, match="every symbol"):
        reordered(market | {"TLT": market["TLT"].until(date(2022, 6, 1))}, DAYS, 10.0, 7, 0)


def test_returns_at_some_rows_leave_all_others(market: dict[str, Bars]) -> None:
    rows = np.array([5, 9])
    found = with_returns(market["QQQ"], rows, np.array([-0.2, 0.1]))
    expected = moves(market["QQQ"])
    expected[rows - 1] = [-0.2, 0.1]
    np.testing.assert_allclose(moves(found), expected, atol=1e-12)
    require_bars(found)


def test_what_no_relation_names_follows_itself() -> None:
    assert promised([FUND], "TQQQ") == ("QQQ", 3.0)
    assert promised([FUND], "TLT") == ("TLT", 1.0)
