"""What a run says: orders in the sequence they leave, counts, and each reason once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from live.execution.context import RunNotes
from live.execution.run_text import counts, detail_lines, dry_run_text
from tests.support.exec_world import ENTRY, context_on_file, order, signal, world


def test_a_dry_run_names_every_order_in_the_sequence_it_would_leave(tmp_path: Path) -> None:
    made = world(tmp_path)
    small = order("BBB", "entry", 10, 50.0, rank=9.0)
    sale = order("CCC", "exit", 5, 20.0)
    made.write(signal([sale, small, ENTRY], positions={"CCC": 5}))
    text = dry_run_text(context_on_file(made).job).splitlines()
    assert text[0].endswith("3 order(s), nothing is sent")
    assert [line.split()[2] for line in text[1:]] == ["CCC", "BBB", "AAA"]
    assert "sell 5 CCC market (exit) about 100.00" in text[1]
    assert "stop 90 gtc" in text[3]


@pytest.mark.parametrize(
    ("go", "notes", "text"),
    [
        (0, RunNotes(), "no orders"),
        (2, RunNotes(), "2 order(s)"),
        (
            1,
            RunNotes(warnings=["a"], critical=["b", "c"], gated={"x": "why"}),
            "1 order(s), 1 held back, 1 warning(s), 2 CRITICAL",
        ),
    ],
)
def test_the_summary_counts(go: int, notes: RunNotes, text: str) -> None:
    job: Any = SimpleNamespace(go=[None] * go)
    assert counts(job, notes) == text


def test_a_reason_that_a_note_names_is_not_repeated() -> None:
    notes = RunNotes(
        warnings=["a wide quote"], critical=["AAA: NOT SOLD"], gated={"AAA": "halted", "x": "halted"}
    )
    assert detail_lines(notes) == ["CRITICAL: AAA: NOT SOLD", "warning: a wide quote", "held back: x: halted"]
