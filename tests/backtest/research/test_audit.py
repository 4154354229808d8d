"""The look-ahead audit passes honest strategies and catches those that peek."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.cli.app import main
from backtest.core.bars import Bars
from backtest.core.decision import Decision, ExecutionTime, Json, Situation, Target
from backtest.core.errors import DataError, UsageError
from backtest.data.sources.csv import read_directory
from backtest.research.audit import CHANGES, audit, table
from backtest.strategies.hierarchical_adaptive.strategy import HierarchicalAdaptiveV35b, V35bEvaluation, build
from backtest.strategies.registry import STRATEGIES, find_strategy
from tests.support.market_v35b import bars, random_walk
from tests.support.scripted_strategy import SIGNAL, ScriptedWeights, make_bars

SMALL: dict[str, Any] = {"sma_fast": 3, "sma_slow": 8, "realized_vol_window": 3, "vol_baseline_window": 6}
SMALL |= {"bond_sma_fast": 2, "bond_sma_slow": 5, "osc_smoothness": 4, "strength_smoothness": 4}


@pytest.fixture(scope="module")
def history() -> dict[str, Bars]:
    names = ("QQQ", "TLT", "TQQQ", "TMF", "TMV")
    return {name: random_walk(name, 150, seed) for seed, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Peeking(HierarchicalAdaptiveV35b):
    """Reads prices one session early."""

    def evaluate(self, history: Mapping[str, Bars]) -> V35bEvaluation:
        def shifted(b: Bars) -> Bars:
            return replace(b, close=np.append(b.close[1:], b.close[-1]))

        return HierarchicalAdaptiveV35b.evaluate(self, {s: shifted(b) for s, b in history.items()})


@dataclass(frozen=True, slots=True)
class Normalising(HierarchicalAdaptiveV35b):
    """Divides volume by its mean over the whole history, and clips by it: a subtle look ahead."""

    def evaluate(self, history: Mapping[str, Bars]) -> V35bEvaluation:
        def scaled(b: Bars) -> Bars:
            return replace(b, volume=np.minimum(b.volume, b.volume.mean()))

        return HierarchicalAdaptiveV35b.evaluate(self, {s: scaled(b) for s, b in history.items()})


@dataclass(frozen=True)
class Cheat(ScriptedWeights):
    """Trades AAA by the signal's bars; each kind below reads one bar too many in its own way."""

    history: Mapping[str, Bars] = field(default_factory=dict[str, Bars])

    def evaluate(self, history: Mapping[str, Bars]) -> Self:
        return replace(self, history=history)

    def rises(self, day: date) -> bool:
        bars = self.history[SIGNAL]
        row = bars.row(day)
        return row is not None and bool(bars.close[row] > bars.open[row])

    def following(self, day: date) -> date | None:
        later = self.history[SIGNAL].since(day + timedelta(days=1))
        return later.first if len(later) else None

    def decision(self, situation: Situation, long: bool, memory: Json | None = None) -> Decision:
        targets = (Target("AAA", 0.5),) if long else ()
        return Decision(situation.decided_on, rebalance=True, targets=targets, memory=memory or {})


class Honest(Cheat):
    def decide(self, situation: Situation) -> Decision:
        return self.decision(situation, self.rises(situation.decided_on))


class OwnSession(Cheat):
    """Decides at the open from the bar of the session that opens."""

    def decide(self, situation: Situation) -> Decision:
        return self.decision(situation, self.rises(situation.session))


class OwnSessionOrFail(Cheat):
    """The same, but assumes that the bar is there."""

    def decide(self, situation: Situation) -> Decision:
        row = self.history[SIGNAL].dates.tolist().index(situation.session)
        return self.decision(situation, bool(self.history[SIGNAL].close[row] > 100))


class HolderPeeks(Cheat):
    """Honest as long as it holds nothing; a holder knows the next bar."""

    def decide(self, situation: Situation) -> Decision:
        if not situation.book.positions:
            return self.decision(situation, long=True)
        day = self.following(situation.decided_on)
        return self.decision(situation, day is None or self.rises(day))


class RemembersTomorrow(Cheat):
    """Trades honestly; only what it remembers comes from the next bar, and only once it holds."""

    def decide(self, situation: Situation) -> Decision:
        day = self.following(situation.decided_on) if situation.book.positions else None
        known = self.rises(day) if day else None
        return self.decision(situation, long=True, memory={"tomorrow": known})


@pytest.fixture(scope="module")
def simple_history() -> dict[str, Bars]:
    random = np.random.default_rng(11)
    days = [one.day for one in calendar.sessions(date(2020, 1, 2), date(2020, 6, 30))]
    histories = {}
    for symbol in (SIGNAL, "AAA", "BBB"):
        close = 100 * np.exp(np.cumsum(random.normal(0, 0.02, len(days))))
        opens = close * np.exp(random.normal(0, 0.02, len(days)))
        histories[symbol] = make_bars(symbol, dict(zip(days, close.tolist(), strict=True)), opens.tolist())
    return histories


@pytest.mark.parametrize("execution_time", ["open", "15min_after_open"])
@pytest.mark.parametrize("kind", [OwnSession, OwnSessionOrFail, HolderPeeks, RemembersTomorrow])
def test_a_peek_of_one_bar_in_an_opening_window_is_caught(
    simple_history: dict[str, Bars], kind: type[Cheat], execution_time: ExecutionTime
) -> None:
    checks = audit(kind({}, execution_time), simple_history, samples=8, seed=7)
    caught = [check.difference for check in checks if check.difference]
    assert caught
    assert {difference.moved for difference in caught} == {difference.session for difference in caught}


@pytest.mark.parametrize("kind", [HolderPeeks, RemembersTomorrow])
def test_a_holder_that_peeks_one_bar_at_the_close_is_caught(
    simple_history: dict[str, Bars], kind: type[Cheat]
) -> None:
    assert any(check.difference for check in audit(kind({}), simple_history, samples=8, seed=7))


def test_a_strategy_that_fails_without_later_bars_is_named(simple_history: dict[str, Bars]) -> None:
    checks = audit(OwnSessionOrFail({}, "open"), simple_history, samples=2, seed=7)
    what = [check.difference.what for check in checks if check.change == "cut"]
    assert all("fails when later bars change: ValueError" in text for text in what)
    assert len(what) == 2


@pytest.mark.parametrize("execution_time", ["open", "15min_after_open", "close"])
def test_an_honest_strategy_is_clean_in_every_window(
    simple_history: dict[str, Bars], execution_time: ExecutionTime
) -> None:
    checks = audit(Honest({}, execution_time), simple_history, samples=8, seed=7)
    assert [check.difference for check in checks if check.difference] == []
    assert checks[-1].trades > 20


@pytest.mark.shared
@pytest.mark.parametrize(
    ("variant", "execution_time"),
    [
        ("golden", "open"),
        ("titan", "close"),
        *(
            pytest.param(*pair, marks=pytest.mark.long)
            for pair in (("golden", "close"), ("titan", "open"), ("gold2026", "open"), ("gold2026", "close"))
        ),
    ],
)
def test_every_shipped_allocation_strategy_is_clean_on_real_bars(
    shared_data: Path, variant: str, execution_time: ExecutionTime
) -> None:
    strategy = find_strategy(variant, STRATEGIES).with_parameters({"execution_time": execution_time})
    symbols = tuple(dict.fromkeys((*strategy.signal_symbols, *strategy.tradable_symbols)))
    history = read_directory(shared_data / "daily", symbols, allow_gaps=symbols[1:])
    recent = {symbol: bars.since(date(2022, 1, 3)) for symbol, bars in history.items()}
    checks = audit(strategy, recent, samples=2, seed=7)
    assert [check.difference for check in checks if check.difference] == []
    assert checks[-1].trades > 0


@pytest.mark.parametrize("execution_time", ["close", "open"])
def test_v35b_is_clean(history: dict[str, Bars], execution_time: ExecutionTime) -> None:
    strategy = build("small", SMALL | {"execution_time": execution_time})
    checks = audit(strategy, history, samples=4, seed=3)
    assert len(checks) == 4 * len(CHANGES)
    assert [check.difference for check in checks] == [None] * 12
    assert checks[-1].session == history["QQQ"].dates[-2].item()
    assert checks[-1].decisions == 149
    assert checks[-1].trades > 10
    assert "no look-ahead found" in next(table(strategy, checks))


@pytest.mark.parametrize("kind", [Peeking, Normalising])
def test_peeking_is_caught_and_named(history: dict[str, Bars], kind: type[HierarchicalAdaptiveV35b]) -> None:
    honest = build("small", SMALL)
    strategy = kind(honest.variant, honest.settings)
    checks = audit(strategy, history, samples=3, seed=3)
    caught = [check.difference for check in checks if check.difference]
    assert {difference.change for difference in caught} >= {"scramble", "distort"}
    assert all(difference.moved <= difference.session for difference in caught)
    lines = list(table(strategy, checks))
    assert "show look-ahead" in lines[0]
    assert "became" in lines[-1]


def test_same_seed_same_sessions(history: dict[str, Bars]) -> None:
    strategy = build("small", SMALL)
    days = [[c.session for c in audit(strategy, history, samples=3, seed=s)] for s in (1, 1, 2)]
    assert days[0] == days[1] != days[2]


def test_what_cannot_be_audited_is_said(history: dict[str, Bars]) -> None:
    strategy = build("small", SMALL)
    with pytest.raises(UsageError, match="at least 1"):
        audit(strategy, history, samples=0, seed=1)
    with pytest.raises(DataError, match="too few"):
        audit(strategy, {"QQQ": bars("QQQ", [1.0] * 19), "TLT": history["TLT"]}, samples=1, seed=1)
    with pytest.raises(DataError, match="QQQ"):
        audit(strategy, {"TLT": history["TLT"]}, samples=1, seed=1)


def test_the_command_prints_a_table_and_exits_0(
    history: dict[str, Bars], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [session.day for session in calendar.sessions(date(2020, 1, 2), date(2020, 12, 31))]
    for symbol, rows in history.items():
        lines = [
            f"{day},{price!r},{price!r},{price!r},{price!r},{volume!r}"
            for day, price, volume in zip(days, rows.close.tolist(), rows.volume.tolist(), strict=False)
        ]
        text = "\n".join(["date,open,high,low,close,volume", *lines, ""])
        (tmp_path / f"{symbol}.csv").write_text(text)
    document = {"strategy": {"name": "hierarchical_adaptive_v3_5b", "variant": "s", "parameters": SMALL}}
    (tmp_path / "s.json").write_text(json.dumps(document))
    command = ["audit", "--strategy", str(tmp_path / "s.json"), "--prices", str(tmp_path)]
    assert main([*command, "--samples", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Hierarchical_Adaptive_v3_5b s (close): no look-ahead found"
    assert [line.split()[1] for line in lines[2:]] == ["cut", "scramble", "distort"] * 2
    assert main([*command, "--samples", "0"]) == 2
