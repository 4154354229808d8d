"""What a run says: orders in the sequence they leave, counts, and each reason once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.core.decision import Side
from live.execution.context import RunNotes
from live.execution.run_text import counts, detail_lines, dry_run_text, found
from live.ledger.ledger import Ledger
from tests.support.exec_world import ENTRY, context_on_file, order, signal, world
from tests.support.ledger_samples import NOW, acked, changed


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
    ("side", "intent", "changes", "text"),
    [
        (
            "sell",
            "stop",
            {"state": "FILLED", "filled_quantity": 100, "average_price": Decimal(9)},
            "AAA: its protective stop was reached: 100 of 100 shares sold at 9.00",
        ),
        (
            "sell",
            "stop",
            {"state": "CANCELED"},
            "AAA: its protective stop rests no more: canceled at the broker",
        ),
        ("sell", "stop", {"state": "WORKING"}, "20261120_AAA_exit_sell_r1: found WORKING with 0 filled"),
        ("buy", "entry", {"state": "CANCELED"}, "20261120_AAA_entry_buy_r1: found CANCELED with 0 filled"),
    ],
)
def test_what_an_order_was_found_as_is_told(side: Side, intent: str, changes: Any, text: str) -> None:
    ledger = Ledger.open("sqlite://", account="paper", now=NOW)
    assert found(changed(acked(ledger, 1, "AAA", side), intent=intent, **changes)) == text


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
