"""Drift as a person is shown it: stretches, differences in words, what was not measured."""

from datetime import date
from decimal import Decimal

import pytest

from backtest.core.decision import Decision, Target
from backtest.core.errors import UsageError
from backtest.reporting.drift.attribution import Attribution, Disagreement, SessionDrift
from live.validation.drift import Measured
from live.views.drift import drift_of

DAYS = [date(2024, 1, day) for day in (2, 3, 4, 5)]
NOTHING = [Decimal(0)] * 8


def row(day: date, live: str | None, backtest: str, missed: str) -> SessionDrift:
    causes = (*NOTHING[:2], Decimal(missed), *NOTHING[3:])
    return SessionDrift(day, None if live is None else Decimal(live), Decimal(backtest), causes)


OF_FILE = Decision(
    DAYS[2], rebalance=False, targets=(Target("QQQ", 0.5),), diagnostics={"cell": 3, "z": 0.998}
)
FINAL = Decision(DAYS[2], rebalance=True, targets=(), diagnostics={"cell": 4, "z": 1.003})
FOUND = Attribution(
    variant="golden",
    rows=(
        row(DAYS[0], "1000.00", "1000.00", "0.00"),
        row(DAYS[1], "990.00", "1000.00", "-10.00"),
        row(DAYS[2], None, "1010.00", "-12.00"),
        row(DAYS[3], "1008.00", "1020.00", "-13.00"),
    ),
    compared=tuple(DAYS),
    disagreements=(Disagreement(DAYS[2], OF_FILE, FINAL),),
    flows={},
)


def test_the_whole_and_a_stretch() -> None:
    (whole,) = drift_of([Measured("golden", FOUND)]).books
    assert (whole.first, whole.last, whole.sessions) == (DAYS[0], DAYS[3], 4)
    assert (whole.gap, whole.gap_bps) == (Decimal("-12.00"), -117.65)
    named = {cause.name: cause.amount for cause in whole.causes if cause.amount}
    assert named == {"missed": Decimal("-13.00")}
    assert (whole.unexplained, whole.unexplained_is_large) == (Decimal("1.00"), True)
    (later,) = drift_of([Measured("golden", FOUND)], DAYS[2]).books
    assert (later.first, later.sessions, later.gap) == (DAYS[2], 2, Decimal("-2.00"))
    assert [row.causes["missed"] for row in later.rows] == [Decimal("-2.00"), Decimal("-1.00")]
    (early,) = drift_of([Measured("golden", FOUND)], None, DAYS[2]).books
    assert (early.last, early.gap) == (DAYS[1], Decimal("-10.00"))  # the third was not marked


def test_a_difference_names_the_figures() -> None:
    (book,) = drift_of([Measured("golden", FOUND)]).books
    assert (book.decisions_equal, book.decisions_compared) == (3, 4)
    assert [(d.session, d.text) for d in book.differences] == [(DAYS[2], "cell 3 vs 4, z 0.998 vs 1.003")]


def test_a_difference_without_figures_names_the_targets() -> None:
    same = Disagreement(
        DAYS[2], Decision(DAYS[2], targets=(Target("QQQ", 0.5),)), Decision(DAYS[2], rebalance=True)
    )
    found = Attribution("golden", FOUND.rows, FOUND.compared, (same,), {})
    (book,) = drift_of([Measured("golden", found)]).books
    assert book.differences[0].text == "targets QQQ 50.0% (kept) vs cash"


def test_what_was_not_measured_says_why() -> None:
    view = drift_of([Measured("ema_p10", None, "not walked")], DAYS[0])
    assert [(m.variant, m.why) for m in view.not_measured] == [("ema_p10", "not walked")]
    with pytest.raises(UsageError, match="no session from 2025-01-01 on"):
        drift_of([Measured("golden", FOUND)], date(2025, 1, 1))
