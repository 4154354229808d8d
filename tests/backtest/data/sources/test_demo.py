"""The demo market: reproducible bytes, stable prefixes, sane prices, varied enough to be worth watching."""

import hashlib
from datetime import date

import numpy as np
import pytest

from backtest.core.bars import Bars
from backtest.data import quality
from backtest.data.sources import demo as demo_market
from backtest.data.sources.demo import FUNDS, DemoMarket, demo_stocks
from backtest.data.sources.demo import demo_market as make

UNTIL = date(2026, 11, 20)
STOCKS = ("ACME", "BOLT", "CRUX")


def digest(bars_by_symbol: dict[str, Bars]) -> str:
    joined = "".join(f"{symbol}{bars.sha256()}" for symbol, bars in sorted(bars_by_symbol.items()))
    return hashlib.sha256(joined.encode()).hexdigest()


def test_the_bytes_of_a_seed_never_change() -> None:
    # Pinned: a change here changes every demo that anybody has seen, and must be wanted.
    assert digest(make(7, UNTIL)) == "df150f4dc2200b7b95a1c01c1203adfe499347988d6b5465262aad568a13bc06"
    assert (
        digest(demo_stocks(7, STOCKS, UNTIL))
        == "7ff078303cc29bc1955e6656c99f692da2a3b5b2812a4fce6dd27e322b48f77e"
    )


def test_another_seed_is_another_market() -> None:
    assert digest(make(8, UNTIL)) != digest(make(7, UNTIL))


@pytest.mark.parametrize(
    "earlier", [date(2010, 1, 4), date(2010, 12, 31), date(2018, 6, 1), date(2026, 11, 19)]
)
def test_a_later_end_never_changes_earlier_rows(earlier: date) -> None:
    for build in (make, lambda seed, until: demo_stocks(seed, STOCKS, until)):
        short, long = build(7, earlier), build(7, UNTIL)
        for symbol, bars in short.items():
            assert bars.sha256() == long[symbol].until(earlier).sha256()


def test_a_stock_does_not_depend_on_its_companions() -> None:
    assert demo_stocks(7, ["BOLT"], UNTIL)["BOLT"].sha256() == demo_stocks(7, STOCKS, UNTIL)["BOLT"].sha256()


@pytest.mark.parametrize("seed", [0, 7, 2**63, 12345])
def test_rows_are_plausible_to_the_end_of_the_calendar(seed: int) -> None:
    market = DemoMarket(seed, stocks=STOCKS).read([*FUNDS, *STOCKS, "NONE"])
    assert set(market) == {*FUNDS, *STOCKS}
    for bars in market.values():
        assert quality.check(bars) == ()
        assert bars.low.min() > 0.1
        assert bars.close.max() < 100_000
        assert bars.volume.min() > 0
        assert bars.source == "demo"
        assert np.array_equal(np.round(bars.close, 4), bars.close)


def test_funds_are_daily_multiples_of_their_index() -> None:
    market = make(7, UNTIL)
    moves = {symbol: bars.close[1:] / bars.close[:-1] - 1 for symbol, bars in market.items()}
    for fund, index, leverage in (
        ("TQQQ", "QQQ", 3), ("PSQ", "QQQ", -1), ("TMF", "TLT", 3), ("TMV", "TLT", -3),
    ):  # fmt: skip
        assert np.abs(moves[fund] - leverage * moves[index]).max() < 5e-4
    assert -0.6 < np.corrcoef(moves["QQQ"], moves["TLT"])[0, 1] < -0.1
    yearly = moves["QQQ"].std() * 252**0.5
    assert 0.12 < yearly < 0.30


def test_stocks_jump_on_their_report_days() -> None:
    for bars in demo_stocks(7, STOCKS, UNTIL).values():
        gaps = np.abs(bars.open[1:] / bars.close[:-1] - 1)
        assert 8 < (gaps > 0.06).sum() < 70


def test_the_indexes_are_made_once() -> None:
    # Counted, not timed: one pass over the sessions, whatever the number of funds.
    demo_market._indexes.cache_clear()
    make(7, UNTIL)
    demo_stocks(7, STOCKS, UNTIL)
    assert demo_market._indexes.cache_info().misses == 1
