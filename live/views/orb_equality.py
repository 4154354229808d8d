"""The equality gate on one day: its bars through the session engine and the table of outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.core.errors import UsageError
from live.handoff.orb_plan_check import instrument_of_plan, plan_of
from live.model.run import ORB_BOOK
from live.runtime.account import orb_day_folder
from live.session.events import SessionFiles
from live.views.orb_plan import orb_ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtest.research.opening_range_breakout.study import Study
    from live.handoff.orb_plan import OrbPlan
    from live.session.events import ActedBar
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class DayEquality:
    """What the gate found: passed when something was compared and nothing differs."""

    trading_day: date
    trades: int
    passed: bool
    differences: tuple[str, ...]


def read_equality(inputs: ViewInputs) -> DayEquality:
    """Return the gate on the newest session that has bars, over the grid of its plan's strategies.

    Limits, sizes and answers play no part: it compares how trades are entered and ended.

    Raises:
        UsageError: 2, no session has a bar yet. DataError: 5, its bars cannot be read.
    """
    from backtest.research.opening_range_breakout.equality import compare

    for row in orb_ledger(inputs.ledger).signals.recent(10, ORB_BOOK):
        plan = plan_of(row.executed_content or row.content)
        acted = SessionFiles(orb_day_folder(Path(inputs.ledger.where).parent, plan.trading_day)).acted()
        if acted:
            found = compare(_study(plan, acted))
            lines = tuple(one.line() for one in found.differences)
            return DayEquality(row.session, found.trades, found.passed, lines)
    raise UsageError("no session has a bar yet", where="orb", remedy="let a session run first")


def _study(plan: OrbPlan, acted: Sequence[ActedBar]) -> Study:
    """Return the study of one day: every range, entry, ratio and confirmation that its plan names."""
    import numpy as np

    from backtest.core.intraday_bars import COLUMNS, IntradayBars
    from backtest.research.opening_range_breakout.study import StudyOptions, study_of
    from backtest.simulator.intraday.grid import Grid
    from backtest.strategies.opening_range_breakout.labels import label_of

    minutes = np.array([one.bar.minute.replace(tzinfo=None) for one in acted], "M8[m]")
    columns: dict[str, Any] = {
        name: np.array([getattr(one.bar, name) for one in acted], dtype=np.float64) for name in COLUMNS
    }
    options = StudyOptions(
        labels=tuple(label_of(name) for name in dict.fromkeys(one.label for one in plan.strategies)),
        minutes=tuple(sorted({one.minutes for one in plan.strategies})),
        grid=Grid(
            models=tuple(sorted({one.model for one in plan.strategies})),
            ratios=tuple(sorted({Fraction(one.ratio) for one in plan.strategies})),
            confirm_bars=tuple(sorted({one.confirm_bars for one in plan.strategies})),
        ),
    )
    bars = IntradayBars(plan.instrument.symbol, minutes, **columns, source="session")
    return study_of(bars, instrument_of_plan(plan.instrument), options)
