"""The report of a validation: one record, lines of text, two files, the level of its alert."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backtest.strategies.family import Choice
from live.validation.report import _what_to_do, level_of, lines, worst_of, write_report
from live.validation.verdict import WINDOW, Judged, Observed, OrderFate, SessionCheck, Slippage, drift, judge

DAY = date(2024, 3, 15)
CHOICE = Choice(facts={"cell": 1}, targets={"TQQQ": 0.6})


def judged(*checks: SessionCheck, **changes: Any) -> Judged:
    """Return the verdict of a session in which nothing went wrong but the changes."""
    values: dict[str, Any] = {
        "session": DAY,
        "variant": "golden",
        "role": "primary",
        "decided_on": DAY,
        "at_execution": CHOICE,
        "on_final": CHOICE,
    }
    return Judged(judge(Observed(**(values | changes))), tuple(checks))


GREEN, YELLOW, RED = judged(), judged(cautions=("held back",)), judged(problems=("not executed",))


def failing(sessions: int) -> SessionCheck:
    return SessionCheck("fill rate", passed=False, value=80.0, limit=">= 95 %", sessions=sessions)


@pytest.mark.parametrize(
    ("items", "verdict", "level"),
    [
        ((GREEN, GREEN), "GREEN", "info"),
        ((GREEN, YELLOW), "YELLOW", "warning"),
        ((YELLOW, RED, GREEN), "RED", "critical"),
        ((judged(failing(WINDOW)),), "GREEN", "warning"),
        ((judged(failing(WINDOW - 1)),), "GREEN", "info"),
    ],
)
def test_the_worst_book_decides_the_level_and_a_full_window_of_failures_warns(
    items: tuple[Judged, ...], verdict: str, level: str
) -> None:
    assert (worst_of(items), level_of(items)) == (verdict, level)


def test_the_text_says_the_verdict_first_and_then_why() -> None:
    text = lines(judged(failing(3), problems=("not executed",), drifts=(drift("QQQ", 100.0, 101.0),)))
    assert text[0] == "RED  2024-03-15  golden (primary)"
    assert text[1] == "  because     not executed"
    assert "  decision    the same on the final bars (cell 1)" in text
    assert any("QQQ" in line and "+1.000 %" in line for line in text)
    assert "  fills       no orders were sent" in text
    assert text[-1].endswith("fill rate: 80.000 % (>= 95 %, 3 session(s)): FAIL")


def test_a_decision_that_differs_or_could_not_be_made_again_is_said() -> None:
    other = judged(on_final=Choice(facts={"cell": 2}, targets={}))
    assert any("ANOTHER on the final bars" in line for line in lines(other))
    assert any("not recomputed" in line for line in lines(judged(on_final=None)))


def test_a_red_alert_names_the_commands_that_tell_why() -> None:
    slipped = judged(slippages=(Slippage("TQQQ", 0.9, None),), drifts=(drift("QQQ", 100.0, 100.0),))
    text = _what_to_do([GREEN, slipped], "RED")
    assert text.startswith("What to do: `jutsu explain TQQQ 2024-03-15`; `jutsu kill --entries-only`")
    assert "QQQ 2024-03-15`, `jutsu explain TQQQ" in _what_to_do(
        [judged(problems=("no end",), drifts=(drift("QQQ", 100.0, 100.0),))], "RED"
    )
    cash = Choice(facts={}, targets={})
    empty = judged(problems=("not executed",), at_execution=cash, on_final=cash)
    assert "`jutsu report validation 2024-03-15`" in _what_to_do([empty], "RED")
    yellow = _what_to_do([GREEN, judged(cautions=("QQQ held",), drifts=(drift("QQQ", 1.0, 1.0),))], "YELLOW")
    assert yellow == "What to do: `jutsu explain QQQ 2024-03-15`; nothing more when you know why."


def test_both_files_tell_the_same_session(tmp_path: Path) -> None:
    fate = OrderFate("20240315_TQQQ_entry_buy", ordered=10, filled=5, open_states=(), recorded=True)
    items = (judged(orders=(fate,)), YELLOW)
    write_report(tmp_path, DAY, items)
    data = json.loads((tmp_path / "validation_2024-03-15.json").read_text())
    assert (data["session"], data["verdict"]) == ("2024-03-15", worst_of(items))
    assert [item["verdict"] for item in data["validations"]] == [i.validation.verdict for i in items]
    assert data["validations"][0]["fill_rate_pct"] == 50.0
    text = (tmp_path / "validation_2024-03-15.txt").read_text()
    assert text == "\n\n".join("\n".join(lines(item)) for item in items) + "\n"
