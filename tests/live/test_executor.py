"""The page of stage 2: which files are due, what a dry run shows, what a person is told and what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import KillSwitchOn, UsageError
from live import executor
from live.books.variants import BookVariant
from live.execution.context import RunNotes
from live.handoff.write import file_name
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    StubStrategy,
    World,
    bought,
    signal,
    world,
)


@pytest.fixture
def made(tmp_path: Path) -> World:
    return world(tmp_path)


def line_of(variant: str) -> BookVariant:
    strategy: Any = StubStrategy(variant=variant)
    return BookVariant(strategy, "primary", variant)


def test_a_day_without_a_session_does_nothing(made: World) -> None:
    made.write(signal([ENTRY]))
    made.clock.set(AT.replace(day=8))  # a Saturday
    assert made.executor() == 0
    assert bought(made) == {}


def test_the_kill_switch_comes_before_everything(made: World) -> None:
    made.write(signal([ENTRY]))
    made.open().ledger.state.set_kill("all", reason="test", by="me", at=AT)
    with pytest.raises(KillSwitchOn) as caught:
        made.executor()
    assert caught.value.exit_code == 3
    assert bought(made) == {}


def test_too_early_is_no_error_and_sends_nothing(made: World) -> None:
    made.write(signal([ENTRY]))
    made.clock.set(AT.replace(hour=15, minute=44))
    assert made.executor() == 0
    assert bought(made) == {}
    made.clock.set(AT)
    assert made.executor() == 0
    assert bought(made) == {"AAA_entry_buy": 100}


def test_a_finished_file_is_not_executed_twice(made: World) -> None:
    made.write(signal([ENTRY]))
    for _ in range(3):
        assert made.executor() == 0
    assert bought(made) == {"AAA_entry_buy": 100}
    assert made.holdings() == {"AAA": 100}


def test_files_are_those_of_daily_books_and_of_others_that_have_one(made: World) -> None:
    made.overrides["books"] = [{"primary": "golden"}, {"primary": "ema_p10", "run": "on_request"}]
    runtime = made.open()
    known = (line_of("golden"), line_of("ema_p10"))
    found = executor._paths(runtime, executor.ExecutorRequest(), known)
    assert [path.name for path in found] == [file_name(f"{DAY}", "golden")]
    runtime.signals.mkdir()
    (runtime.signals / file_name(f"{DAY}", "ema_p10")).touch()
    assert len(executor._paths(runtime, executor.ExecutorRequest(), known)) == 2
    assert executor._paths(runtime, executor.ExecutorRequest(variant="golden"), known) == found
    named = Path("mine.json")
    assert executor._paths(runtime, executor.ExecutorRequest(signals_file=named), known) == [named]
    with pytest.raises(UsageError, match="no configured primary"):
        executor._paths(runtime, executor.ExecutorRequest(variant="titan"), known)


def test_details_are_printed_unless_it_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    notes = RunNotes(warnings=["a wide quote"], critical=["AAA: NOT SOLD"], gated={"x": "halted"})
    executor._print_details(executor.ExecutorRequest(quiet=True), notes)
    assert capsys.readouterr().err == ""
    executor._print_details(executor.ExecutorRequest(), notes)
    assert capsys.readouterr().err.splitlines() == [
        "CRITICAL: AAA: NOT SOLD",
        "warning: a wide quote",
        "held back: x: halted",
    ]


def test_the_command_line_refuses_what_it_does_not_know() -> None:
    with pytest.raises(UsageError, match="invalid choice") as caught:
        executor.parser().parse_args(["--phase", "later"])
    assert caught.value.exit_code == 2
    args = executor.parser().parse_args([])
    assert (args.phase, args.force, args.accept_edits, args.skip_time_check) == ("all", False, False, False)
