"""The look-ahead audit of positions strategies: clean rules pass, a peek of one bar is found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.cli.app import main
from backtest.core.bars import Bars
from backtest.core.decision import Decision, Situation
from backtest.core.errors import DataError, UsageError
from backtest.data.sources.demo import DemoMarket
from backtest.research.audit_positions import audit_positions
from backtest.strategies.base import Evaluation, Strategy
from backtest.strategies.registry import build_strategy
from tests.support.user_world import write_demo_prices


@pytest.fixture(scope="module")
def history() -> dict[str, Bars]:
    market = DemoMarket(7, date(2024, 12, 31), stocks=("AAA", "BBB", "CCC", "DDD"))
    return {s: b.since(date(2023, 6, 1)) for s, b in market.read(("AAA", "BBB", "CCC", "DDD")).items()}


def strategy(**parameters: Any) -> Strategy:
    return build_strategy(
        "earnings_swing", "mine", {"quality_filter": False, "max_positions": 3, **parameters}
    )


@pytest.mark.parametrize("trailing", ["weekly_ema", "weekly_nweek_low"])
def test_the_earnings_rules_look_at_no_later_bar(history: dict[str, Bars], trailing: str) -> None:
    checks = audit_positions(strategy(trailing_stop=trailing), history, samples=4, seed=7)
    assert len(checks) == 12
    assert [check.difference for check in checks] == [None] * 12
    assert max(check.trades for check in checks) > 20, "something was bought and sold"


@dataclass(frozen=True)
class Peek:
    """Rules that judge with the bar after the one they may read."""

    inner: Strategy

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def evaluate(self, history: Mapping[str, Bars]) -> Evaluation:
        inner: Any = self.inner.evaluate(history)

        class Later:
            def decide(self, situation: Situation) -> Decision:
                found: Decision = inner.decide(situation)
                bars = history.get("AAA")
                at = (
                    0
                    if bars is None
                    else int(np.searchsorted(bars.dates, np.datetime64(situation.decided_on)))
                )
                rises = bars is not None and at + 1 < len(bars) and bars.close[at + 1] > bars.close[at]
                return replace(found, entries=found.entries if rises else ())

        return Later()


def test_a_peek_of_one_bar_is_found(history: dict[str, Bars]) -> None:
    peeking: Any = Peek(strategy())
    checks = audit_positions(peeking, history, samples=6, seed=7)
    assert any(check.difference for check in checks)


def test_the_same_seed_is_the_same_audit(history: dict[str, Bars]) -> None:
    first, second = (audit_positions(strategy(), history, samples=2, seed=3) for _ in range(2))
    assert first == second


def test_what_cannot_be_audited(history: dict[str, Bars]) -> None:
    with pytest.raises(UsageError):
        audit_positions(strategy(), history, samples=0, seed=7)
    short = {symbol: bars.until(bars.dates[5].item()) for symbol, bars in history.items()}
    with pytest.raises(DataError, match="too few"):
        audit_positions(strategy(), short, samples=1, seed=7)


def test_the_command_audits_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prices = write_demo_prices(tmp_path / "prices", start=date(2023, 1, 3))
    assert main(["audit", "--strategy", "ema_p10", "--prices", str(prices), "--samples", "2"]) == 0
    assert "no look-ahead found" in capsys.readouterr().out
