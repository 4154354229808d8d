"""What a stage puts before the price gate, and what it does with the answer."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.confirmations import ConfirmedPrice
from backtest.data.quality.findings import PriceFinding
from backtest.data.quality.known import Known
from live.generation.market import SessionMarket, require_adjusted
from live.generation.price_check import (
    LISTED,
    JudgedOnce,
    judge,
    judge_quotes,
    newest_only,
    require_believable,
    warnings_of,
    without_splits,
)
from live.model.feed import Quote
from tests.support.price_gate_world import RELATIONS, index_and_funds, multiplied, rows_multiplied

BARS = index_and_funds()
TODAY = BARS["QQQ"].last
SESSION = calendar.sessions(TODAY, TODAY)[0]
CLOSING, OPENING = calendar.window(SESSION, "15min_before_close"), calendar.window(SESSION, "open")
KNOWN = Known(RELATIONS)


def market(
    bars: dict[str, Bars], quotes: dict[str, Quote] | None = None, *, opening: bool = False
) -> SessionMarket:
    window = OPENING if opening else CLOSING
    cut = {symbol: history.until(window.decides_on) for symbol, history in bars.items()}
    return SessionMarket(window.opens_at, window, cut, quotes or {})


def quote(price: float, candle: float | None = None, symbol: str = "QQQ") -> Quote:
    at = CLOSING.opens_at
    return Quote(symbol, price, price, price, at, at, candle=candle)


def test_a_quote_of_590_against_a_candle_of_170_stops() -> None:
    seen = market(BARS, {"QQQ": quote(590.0, candle=170.0)})
    found = judge_quotes(seen, KNOWN, max_difference=0.01)
    with pytest.raises(DataError, match=r"590.*170") as stopped:
        require_believable(found, KNOWN)
    assert stopped.value.exit_code == 5
    assert f"jutsu data confirm QQQ {TODAY} 590.00" in stopped.value.remedy
    person = Known(RELATIONS, (), (ConfirmedPrice("QQQ", TODAY, Decimal("590.00")),))
    assert judge_quotes(seen, person, max_difference=0.01) == ()


def test_a_quote_is_held_against_the_second_source_and_a_doubted_one_is_not_judged_again() -> None:
    seen = replace(market(BARS, {"QQQ": quote(100.0)}), second_source={"QQQ": 103.0})
    assert len(judge_quotes(seen, KNOWN, max_difference=0.01)) == 1
    assert judge_quotes(replace(seen, doubts={"QQQ": "old"}), KNOWN, max_difference=0.01) == ()


def test_an_opening_window_judges_the_opening_of_the_running_session() -> None:
    price = float(BARS["QQQ"].open[-1])
    assert judge(market(BARS, {"QQQ": quote(price)}, opening=True), KNOWN) == ()
    (found,) = judge(market(BARS, {"QQQ": quote(price * 0.5)}, opening=True), KNOWN)
    assert (found.symbol, found.day, found.kind) == ("QQQ", TODAY, "split")


@pytest.mark.parametrize("opening", [True, False])
def test_what_is_judged_once_is_what_a_stage_finds_that_day(opening: bool) -> None:
    for factor in (1.0, 1.3, 0.5):
        bad = {**BARS, "QQQ": multiplied(BARS["QQQ"], -1, "open" if opening else "close", factor)}
        quotes = {"QQQ": quote(float(bad["QQQ"].open[-1]))} if opening else {}
        seen = market(bad, quotes, opening=opening)
        at_once = JudgedOnce(bad)(seen, KNOWN)
        assert {(f.symbol, f.day, f.field) for f in at_once} == {
            (f.symbol, f.day, f.field) for f in judge(seen, KNOWN)
        }
        assert bool(at_once) == (factor != 1.0)


def test_what_lies_after_the_decision_is_not_told() -> None:
    bad = {**BARS, "QQQ": multiplied(BARS["QQQ"], -1, "close", 1.3)}
    assert JudgedOnce(bad)(market(bad, opening=True), KNOWN) == ()


def test_a_recorded_split_does_not_explain_prices_of_the_old_shares() -> None:
    row = len(BARS["QQQ"]) - 5
    old = {"QQQ": rows_multiplied(BARS["QQQ"], slice(row, None), 0.5)}
    day = BARS["QQQ"].dates[row].item()
    recorded = Known((), (CorporateAction("QQQ", day, "split", Fraction(2)),))
    found = judge(market(old), without_splits(recorded))
    with pytest.raises(DataError, match="recorded, but these prices still count the old shares"):
        require_believable(found, recorded)


def test_old_steps_of_single_stocks_and_that_of_their_entry_do_not_stop() -> None:
    def step(symbol: str, day: date) -> PriceFinding:
        return PriceFinding(symbol, day, "price", "error", "", "")

    before = calendar.previous_session(TODAY).day
    found = [step("AAA", before), step("AAA", TODAY), step("BBB", TODAY)]
    assert newest_only(found, TODAY, {"AAA": before, "BBB": TODAY}) == (found[1],)


def test_suspicions_are_told_newest_first_with_the_symbols_judged_alone() -> None:
    odd = [
        PriceFinding("QQQ", BARS["QQQ"].dates[n].item(), "frozen", "suspicion", "odd", "") for n in range(9)
    ]
    warnings = warnings_of(odd, ["QQQ", "AAA"], KNOWN)
    assert warnings[0].startswith(f"QQQ {odd[-1].day}")
    assert len(warnings) == LISTED + 2
    assert warnings[-2:] == (
        "4 older oddities in the histories",
        "AAA: judged by own history and quote alone, no index or fund is named",
    )


def test_raw_prices_are_refused() -> None:
    require_adjusted(market(BARS))
    with pytest.raises(DataError, match=r"TQQQ.*basis raw") as stopped:
        require_adjusted(market({**BARS, "TQQQ": replace(BARS["TQQQ"], basis="raw")}))
    assert stopped.value.exit_code == 5
