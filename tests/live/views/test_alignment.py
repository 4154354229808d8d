"""Off target is judged against the newest file that was carried out, and says what brings the book back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from live.books.realign import RealignRequest, keep
from live.ledger.signal_files import Outcome
from live.views.alignment import off_target_problems, read_alignment, realign_notes
from tests.support.review_world import DAY, NOW, generated, inputs, runtime


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """One file with targets, nothing held, a book that was marked."""
    world = runtime(tmp_path)
    generated(world)
    snapshot(world)
    return world


def snapshot(world: Any) -> None:
    world.ledger.snapshots.add("golden", DAY, at=NOW, mode="offline_mock", equity=10_000.0, cash=10_000.0)


def finish(world: Any, outcome: Outcome) -> list[str]:
    world.ledger.signals.finish(DAY, "golden", outcome)
    return list(off_target_problems(inputs(world), ["golden"]))


@pytest.mark.parametrize("outcome", ["pending", "placed", "skipped", "expired", "partial", "failed"])
def test_a_file_that_was_not_carried_out_judges_nothing(made: Any, outcome: Outcome) -> None:
    assert finish(made, outcome) == []


def test_the_line_says_what_brings_the_book_back(made: Any) -> None:
    (line,) = finish(made, "completed")
    assert "golden is off target" in line
    assert "`jutsu realign --variant golden`" in line
    keep(made.ledger, "golden", RealignRequest("me", "2024-03-15T15:50"), at=NOW)
    (line,) = finish(made, "completed")
    assert "asked by me" in line
    assert "jutsu realign" not in line
    (note,) = realign_notes(inputs(made), ["golden", "ema_p10"])
    assert note.startswith("golden: realign is asked by me")
    assert "`jutsu realign --variant golden --cancel` takes it back" in note


def test_before_the_first_file_there_is_no_target(tmp_path: Path) -> None:
    view = read_alignment(inputs(runtime(tmp_path)), "golden")
    assert (view.session, view.legs, view.asked, view.proposes) == (None, (), None, False)
