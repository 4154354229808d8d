"""The look-ahead audit passes honest strategies and catches those that peek."""

import json
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.cli.app import main
from backtest.core.errors import DataError, UsageError
from backtest.research.audit import CHANGES, audit, table
from backtest.strategies.hierarchical_adaptive.strategy import HierarchicalAdaptiveV35b, build
from tests.support.market_v35b import bars, random_walk

SMALL = {"sma_fast": 3, "sma_slow": 8, "realized_vol_window": 3, "vol_baseline_window": 6}
SMALL |= {"bond_sma_fast": 2, "bond_sma_slow": 5, "osc_smoothness": 4, "strength_smoothness": 4}


@pytest.fixture(scope="module")
def history():
    names = ("QQQ", "TLT", "TQQQ", "TMF", "TMV")
    return {name: random_walk(name, 150, seed) for seed, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Peeking(HierarchicalAdaptiveV35b):
    """Reads prices one session early."""

    def evaluate(self, history):
        def shifted(b):
            return replace(b, close=np.append(b.close[1:], b.close[-1]))

        return HierarchicalAdaptiveV35b.evaluate(self, {s: shifted(b) for s, b in history.items()})


@dataclass(frozen=True, slots=True)
class Normalising(HierarchicalAdaptiveV35b):
    """Divides volume by its mean over the whole history, and clips by it: a subtle look ahead."""

    def evaluate(self, history):
        def scaled(b):
            return replace(b, volume=np.minimum(b.volume, b.volume.mean()))

        return HierarchicalAdaptiveV35b.evaluate(self, {s: scaled(b) for s, b in history.items()})


@pytest.mark.parametrize("execution_time", ["close", "open"])
def test_v35b_is_clean(history, execution_time):
    strategy = build("small", SMALL | {"execution_time": execution_time})
    checks = audit(strategy, history, samples=4, seed=3)
    assert len(checks) == 4 * len(CHANGES)
    assert [check.difference for check in checks] == [None] * 12
    assert checks[-1].session == history["QQQ"].dates[-2].item()
    assert checks[-1].decisions == 149
    assert checks[-1].trades > 10
    assert "no look-ahead found" in next(table(strategy, checks))


@pytest.mark.parametrize("kind", [Peeking, Normalising])
def test_peeking_is_caught_and_named(history, kind):
    honest = build("small", SMALL)
    strategy = kind(honest.variant, honest.settings)
    checks = audit(strategy, history, samples=3, seed=3)
    caught = [check.difference for check in checks if check.difference]
    assert {difference.change for difference in caught} >= {"scramble", "distort"}
    assert all(difference.moved <= difference.session for difference in caught)
    lines = list(table(strategy, checks))
    assert "show look-ahead" in lines[0]
    assert "became" in lines[-1]


def test_same_seed_same_sessions(history):
    strategy = build("small", SMALL)
    days = [[c.session for c in audit(strategy, history, samples=3, seed=s)] for s in (1, 1, 2)]
    assert days[0] == days[1] != days[2]


def test_what_cannot_be_audited_is_said(history):
    strategy = build("small", SMALL)
    with pytest.raises(UsageError, match="at least 1"):
        audit(strategy, history, samples=0, seed=1)
    with pytest.raises(DataError, match="too few"):
        audit(strategy, {"QQQ": bars("QQQ", [1.0] * 19), "TLT": history["TLT"]}, samples=1, seed=1)
    with pytest.raises(DataError, match="QQQ"):
        audit(strategy, {"TLT": history["TLT"]}, samples=1, seed=1)


def test_the_command_prints_a_table_and_exits_0(history, tmp_path, capsys):
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
