"""The exit criteria of a rehearsal: counted from run log, validations and closes; no data is not met."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from live.ledger.ledger import Ledger
from live.ledger.signal_files import GeneratedSignal
from live.settings.model import Settings
from live.system.json_text import plain
from live.validation.verdict import Figures
from live.views.inputs import ViewInputs
from live.views.readiness import Criterion, ReadinessView, read_readiness
from tests.support.paths import PROJECT

AT = datetime(2024, 6, 28, 21, 0, tzinfo=UTC)
DAYS = tuple(session.day for session in calendar.sessions(date(2024, 5, 1), date(2024, 6, 28)))
GOOD = Figures(DAYS[0], logic_match=True, drift_pct=0.1, ordered=100, filled=100, slippages=(0.1,))
CONTENT = json.dumps({"inputs": {"account": {"equity": 100_000.0}}})


@pytest.fixture
def ledger() -> Ledger:
    return Ledger.open("sqlite://", account="schwab-1234", now=AT)


def rehearse(
    ledger: Ledger, days: Sequence[date], figures: Figures | None = GOOD, *, equity: float = 100_000.0
) -> None:
    """Sessions that went well on paper, with their validations and closes."""
    paper = ledger.for_account("paper")
    for day in days:
        common: dict[str, Any] = {"role": "primary", "mode": "offline_mock"}
        paper.runs.due(day, "golden", due_at=AT, source="demo", past=False, **common)
        paper.runs.generated(day, "golden", at=AT, detail={}, **common)
        paper.runs.executed(day, "golden", at=AT, exit_code=0, outcome="completed", detail={})
        paper.signals.record(
            GeneratedSignal(
                session=day,
                variant="golden",
                role="primary",
                path="x",
                content=CONTENT,
                seal="s",
                bytes_sha256="b",
                generated_at=AT,
                memory={},
            )
        )
        paper.snapshots.add("golden", day, at=AT, mode="offline_mock", equity=equity, cash=0.0)
        if figures is not None:
            kept = {"golden": plain(asdict(replace(figures, session=day)))}
            paper.state.set(f"validation:{day}", json.dumps(kept), at=AT)


def view(ledger: Ledger, backtested: float | None = 0.0) -> ReadinessView:
    books = [{"primary": "golden", "shadows": ["titan"]}, {"primary": "ema_p10", "run": "on_request"}]
    inputs = ViewInputs(
        ledger=ledger,
        settings=Settings.model_validate({"books": books}),
        overrides={},
        strategies=PROJECT / "config" / "strategies",
        signals=PROJECT / "signals",
        account="schwab-1234",
        now=AT,
        today=AT.date(),
    )
    return read_readiness(inputs, {} if backtested is None else {"golden": backtested})


def criterion(shown: ReadinessView, name: str) -> Criterion:
    (book,) = shown.books
    (found,) = [one for one in book.criteria if one.name == name]
    return found


def test_without_a_rehearsal_nothing_is_met(ledger: Ledger) -> None:
    shown = view(ledger, None)
    (book,) = shown.books
    assert not shown.ready
    assert [one.met for one in book.criteria] == [False] * 5
    assert len(shown.missing) == 5


def test_twenty_good_sessions_are_ready(ledger: Ledger) -> None:
    rehearse(ledger, DAYS[-20:])
    shown = view(ledger)
    assert shown.missing == ()
    assert shown.ready
    assert shown.books[0].account == "paper"


def test_nineteen_are_not(ledger: Ledger) -> None:
    rehearse(ledger, DAYS[-19:])
    found = criterion(view(ledger), "sessions without failure")
    assert (found.met, found.value) == (False, 19)


@pytest.mark.parametrize("spoil", ["left out", "failed", "exit", "generator", "missed"])
def test_a_failure_starts_the_count_again(ledger: Ledger, spoil: str) -> None:
    bad = DAYS[-11]
    rehearse(ledger, [day for day in DAYS if spoil != "left out" or day != bad])
    runs = ledger.for_account("paper").runs
    if spoil == "failed":
        runs.executed(bad, "golden", at=AT, exit_code=0, outcome="failed", detail={})
    if spoil == "exit":
        runs.executed(bad, "golden", at=AT, exit_code=7, outcome="completed", detail={})
    if spoil == "generator":
        runs.generated(bad, "golden", role="primary", mode="offline_mock", at=AT, exit_code=5)
    if spoil == "missed":
        runs.missed(bad, "golden", role="primary", mode="offline_mock")
    found = criterion(view(ledger), "sessions without failure")
    assert (found.met, found.value) == (False, 10)
    assert found.why.startswith("10 session(s), before them")


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("logic match", replace(GOOD, logic_match=False)),
        ("logic match", replace(GOOD, logic_match=None)),
        ("fill rate", replace(GOOD, filled=98)),
        ("fill rate", replace(GOOD, ordered=0, filled=0)),
        ("average slippage", replace(GOOD, slippages=(0.3,))),
        ("average slippage", replace(GOOD, slippages=())),
    ],
)
def test_each_measure_must_hold_and_have_data(ledger: Ledger, name: str, figures: Figures) -> None:
    rehearse(ledger, DAYS[-20:], figures)
    shown = view(ledger)
    assert [one.name for one in shown.books[0].criteria if not one.met] == [name]


def test_one_session_in_fifty_may_differ_and_one_in_twenty_may_not(ledger: Ledger) -> None:
    rehearse(ledger, DAYS[-20:])
    rehearse(ledger, DAYS[-5:-4], replace(GOOD, logic_match=False))
    found = criterion(view(ledger), "logic match")
    assert (found.met, found.value) == (False, 95.0)


@pytest.mark.parametrize(
    ("equity", "backtested", "met"),
    [(104_900.0, 0.0, True), (105_000.0, 0.0, True), (105_100.0, 0.0, False), (95_000.0, 0.01, False)],
)
def test_the_book_stays_within_five_points_of_the_backtest(
    ledger: Ledger, equity: float, backtested: float, met: bool
) -> None:
    rehearse(ledger, DAYS[-20:], equity=equity)
    assert criterion(view(ledger, backtested), "distance to the backtest").met is met


def test_closes_after_the_newest_run_do_not_count(ledger: Ledger) -> None:
    rehearse(ledger, DAYS[-25:-5])
    paper = ledger.for_account("paper")
    paper.snapshots.add("golden", DAYS[-1], at=AT, mode="offline_mock", equity=5_000.0, cash=0.0)
    assert criterion(view(ledger), "distance to the backtest").met


def test_a_backtest_that_cannot_be_made_is_no_data(ledger: Ledger) -> None:
    rehearse(ledger, DAYS[-20:])
    found = criterion(view(ledger, None), "distance to the backtest")
    assert (found.met, found.value) == (False, None)


def test_a_file_that_is_not_due_yet_is_no_failure(ledger: Ledger) -> None:
    rehearse(ledger, DAYS[-21:-1])
    paper = ledger.for_account("paper").runs
    paper.due(DAYS[-1], "golden", role="primary", mode="offline_mock", due_at=AT, source="demo", past=False)
    assert criterion(view(ledger), "sessions without failure").met
