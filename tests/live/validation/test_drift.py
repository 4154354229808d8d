"""Drift over the real stages and the paper broker: clean sessions are zero, a fault moves its own cause."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import UsageError
from live.ledger.system_state import drift_key
from live.validation.drift import NO_CLOSE, keep_drift, measure_drift
from live.views.drift import BookDrift, drift_of
from tests.support.drift_stages import FIRST, LAST, SECOND, SWITCH, Stages, opened


def drift(stages: Stages, since: date | None = None) -> BookDrift:
    (book,) = drift_of(measure_drift(stages.runtime.context, stages.runtime.feed, "golden"), since).books
    assert book.gap == sum((cause.amount for cause in book.causes), Decimal(0)) + book.unexplained
    assert book.live - book.backtest == book.gap or since is not None
    return book


def causes(book: BookDrift) -> dict[str, Decimal]:
    """Return what is not zero, unexplained among it."""
    found = {cause.name: cause.amount for cause in book.causes} | {"unexplained": book.unexplained}
    return {name: amount for name, amount in found.items() if amount}


def test_clean_sessions_have_no_drift(tmp_path: Path) -> None:
    with opened(tmp_path) as stages:
        stages.trade()
        book = drift(stages)
        assert causes(book) == {}
        assert (book.first, book.last, book.sessions) == (FIRST, LAST, 9)
        assert (book.decisions_equal, book.decisions_compared) == (9, 9)
        assert book.tracking_error == pytest.approx(0.0, abs=1e-12)


def test_an_edit_is_the_persons(tmp_path: Path) -> None:
    def edited(stages: Stages, day: date) -> None:
        stages.generate(day)

        def less(order: dict[str, Any]) -> None:
            if order["symbol"] == "QQQ":
                order["quantity"] -= 10

        stages.edit(day, less)
        stages.execute(day)

    with opened(tmp_path) as stages:
        stages.trade(d20240102=edited, until=SECOND)
        bars = stages.runtime.feed.history(["QQQ"], stages.clock.now())["QQQ"]
        rise = Decimal(str(float(bars.close[-1]))) - Decimal(str(float(bars.close[-2])))
        assert causes(drift(stages)) == {"held/edited": (-10 * rise).quantize(Decimal("0.01"))}


def test_a_missed_session_is_missed_and_nothing_else(tmp_path: Path) -> None:
    with opened(tmp_path) as stages:
        stages.trade(d20240105=lambda *_: None)
        book = drift(stages)
        assert set(causes(book)) == {"missed"}
        assert book.decisions_compared == 8  # the day after it is decided anew, as the final bars say


def test_a_late_quote_is_timing(tmp_path: Path) -> None:
    """Submitted and filled 0.2 % above the close: every purchase pays that, every sale gains it."""

    def late(stages: Stages, day: date) -> None:
        stages.generate(day)
        stages.asked.factor = stages.filled.factor = 1.002
        stages.execute(day)
        stages.asked.factor = stages.filled.factor = 1.0

    with opened(tmp_path) as stages:
        stages.trade(d20240102=late, until=FIRST)
        paid = sum(
            (trade.fill_price - Decimal(str(trade.target_price))) * trade.quantity
            for trade in stages.runtime.ledger.trades.recent()
        )
        found = causes(drift(stages))
        assert paid > 0
        assert found == {"timing": pytest.approx(-paid, abs=Decimal("0.02"))}


def test_a_worse_fill_is_slippage(tmp_path: Path) -> None:
    def worse(stages: Stages, day: date) -> None:
        stages.generate(day)
        stages.filled.factor = 1.002
        stages.execute(day)
        stages.filled.factor = 1.0

    with opened(tmp_path) as stages:
        stages.trade(d20240102=worse, until=FIRST)
        assert set(causes(drift(stages))) == {"slippage"}


def test_an_uncharged_model_leaves_commissions_to_costs(tmp_path: Path) -> None:
    """Two purchases at 1.50 each on the first session."""
    with opened(tmp_path, commission=1.5) as stages:
        stages.trade(until=FIRST)
        assert causes(drift(stages)) == {"costs": Decimal("-3.00")}


def test_a_deposit_comes_from_the_cash_flows(tmp_path: Path) -> None:
    def paid_in(stages: Stages, day: date) -> None:
        stages.at_window(day)
        stages.broker.move_cash(day, "deposit", Decimal(500))
        flows, at = stages.runtime.ledger.cash_flows, stages.clock.now()
        flows.note("1", day=day, kind="deposit", amount=Decimal(500), at=at)
        stages.generate(day)
        stages.execute(day)

    with opened(tmp_path) as stages:
        stages.trade(d20240104=paid_in)
        assert set(causes(drift(stages))) == {"cash flows"}


def test_a_stretch_counts_what_happened_in_it(tmp_path: Path) -> None:
    with opened(tmp_path) as stages:
        stages.trade(d20240105=lambda *_: None)
        measured = measure_drift(stages.runtime.context, stages.runtime.feed, "golden")
        (whole,) = drift_of(measured).books
        (early,) = drift_of(measured, None, date(2024, 1, 4)).books
        (later,) = drift_of(measured, SWITCH).books
        assert causes(early) == {}
        assert causes(later) == causes(whole)
        assert later.first == SWITCH
        assert sum((row.causes["missed"] for row in whole.rows), Decimal(0)) == causes(whole)["missed"]
        with pytest.raises(UsageError, match="no session from 2024-02-01"):
            drift_of(measured, date(2024, 2, 1))


def test_a_book_without_a_close_says_so(tmp_path: Path) -> None:
    with opened(tmp_path) as stages:
        found = {item.variant: item for item in measure_drift(stages.runtime.context, stages.runtime.feed)}
        assert found["ema_p10"].why == found["golden"].why == NO_CLOSE
        with pytest.raises(UsageError, match="titan is no primary"):
            measure_drift(stages.runtime.context, stages.runtime.feed, "titan")


def test_the_newest_causes_are_kept_for_the_figures(tmp_path: Path) -> None:
    """Commissions of 3.00 on an equity near 100,000 are 0.3 bps; a close marked 60 too high is a warning."""
    with opened(tmp_path, commission=1.5) as stages:
        stages.trade(until=FIRST)
        ledger = stages.runtime.ledger
        assert keep_drift(stages.runtime.context, stages.runtime.feed) == ()
        kept = json.loads(ledger.state.get(drift_key("golden")) or "{}")
        assert kept["costs"] == pytest.approx(-0.3, rel=0.05)
        assert {cause for cause, bps in kept.items() if bps} == {"costs"}
        (mark,) = ledger.snapshots.series("golden")
        ledger.snapshots.add(
            "golden", FIRST, at=mark.at, mode=mark.mode, equity=mark.equity + 60, cash=mark.cash
        )
        (warning,) = keep_drift(stages.runtime.context, stages.runtime.feed)
        assert warning == "golden: +60.00 of the gap to the backtest is unexplained: `jutsu drift`"
