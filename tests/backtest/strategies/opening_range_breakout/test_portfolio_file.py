"""`portfolio.json`: the same after a round trip, and one line for whatever a hand did to it."""

import json
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import UsageError
from backtest.research.opening_range_breakout.selection import SelectionLimits, select
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio_file import (
    portfolio_text,
    read_portfolio,
    write_portfolio,
)
from backtest.strategies.opening_range_breakout.sizing import Sizing
from tests.support.orb_world import discovery, key

LIMITS = SelectionLimits(min_strategies=1)
PORTFOLIO = select(
    discovery({key("1000"): [0.5, 0.1], key("0030", "E3", 3): [0.4, -0.1]}),
    LIMITS,
    Sizing(max_drawdown=2_000),
    RiskLimits(halt_dollars=-900.5),
)


def test_a_round_trip_changes_nothing(tmp_path: Path) -> None:
    write_portfolio(PORTFOLIO, tmp_path / "portfolio.json")
    assert read_portfolio(tmp_path / "portfolio.json") == PORTFOLIO
    assert len(PORTFOLIO.strategies) == 2
    assert portfolio_text(PORTFOLIO) == (tmp_path / "portfolio.json").read_text()


def test_the_older_name_of_the_halt_is_read(tmp_path: Path) -> None:
    document = json.loads(portfolio_text(PORTFOLIO))
    document["limits"]["max_daily_loss_r"] = document["limits"].pop("drawdown_halt_r")
    (tmp_path / "portfolio.json").write_text(json.dumps(document))
    assert read_portfolio(tmp_path / "portfolio.json") == PORTFOLIO


def changed(path: str, value: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(portfolio_text(PORTFOLIO))
    *parents, last = path.split(".")
    place: Any = document
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("portfolio_version", 2, "version 2 is not known"),
        ("symbol", "GC", "no costs are known for 'GC'"),
        ("strategies", {}, "is no list"),
        ("strategies.0.label", "0931", "unknown label"),
        ("strategies.0.filter", "ORB_X", "unknown filter"),
        ("strategies.0.model", "E9", "unknown entry model"),
        ("strategies.0.ratio", "1/0", "is no ratio"),
        ("strategies.0.confirm_bars", 2, "its parts say 'MGC_1000_E1_RR2.0_CB2_NO_FILTER'"),
        ("limits.drawdown_halt_r", 5.0, "is a loss and cannot be 5.0"),
        ("sizing.risk_pct", 0, "cannot be 0"),
        ("sizing.equity", "much", "not readable"),
        ("sizing", None, "is missing or no mapping"),
        ("extra", 1, "unknown entry 'extra'"),
    ],
)
def test_what_a_hand_did_is_one_line(tmp_path: Path, path: str, value: Any, problem: str) -> None:
    (tmp_path / "portfolio.json").write_text(json.dumps(changed(path, value)))
    with pytest.raises(UsageError, match=problem) as caught:
        read_portfolio(tmp_path / "portfolio.json")
    assert "portfolio.json" in caught.value.line()
