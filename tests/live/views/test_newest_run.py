"""What the newest run left undone: a day that was not well is never shown as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from live.ledger.ledger import GeneratedSignal
from live.validation.sessions import verdict_key
from live.views.newest_run import newest_run, troubles
from tests.support.review_world import DAY, NOW, generated, inputs, runtime


@pytest.fixture
def made(tmp_path: Path) -> Any:
    return runtime(tmp_path)


def ran(made: Any, outcome: str, *, exit_code: int = 0, day: Any = DAY, **detail: Any) -> None:
    made.ledger.runs.executed(
        day, "golden", at=NOW, exit_code=exit_code, outcome=outcome, detail=detail or None
    )


def found(made: Any, named: tuple[str, ...] = ()) -> list[str]:
    return list(troubles(inputs(made), ["golden"], named))


def test_before_the_first_run_and_after_a_good_one_nothing_is_wrong(made: Any) -> None:
    assert newest_run(inputs(made), "golden") is None
    assert found(made) == []
    ran(made, "completed", warnings=["a wide quote"])
    assert found(made) == []


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("partial", "only a part was done"),
        ("gated", "every order was held back"),
        ("skipped", "no order was sent"),
        ("failed", "no order was filled"),
        ("expired", "the file expired unexecuted"),
    ],
)
def test_an_unfinished_run_says_so_when_nothing_else_does(made: Any, outcome: str, words: str) -> None:
    ran(made, outcome)
    assert found(made) == [f"golden {DAY}: {words}; see `jutsu explain SYMBOL`"]


def test_its_own_words_come_before_ours(made: Any) -> None:
    ran(made, "gated", warnings=["AAA: not sent: the price moved"])
    assert found(made) == [f"golden {DAY}: AAA: not sent: the price moved; see `jutsu explain SYMBOL`"]
    ran(made, "partial", warnings=["a warning"], critical=["AAA: NOT SOLD"])
    assert found(made) == [f"golden {DAY}: AAA: NOT SOLD; see `jutsu explain SYMBOL`"]


def test_an_exit_code_comes_first_unless_it_is_named_already(made: Any) -> None:
    ran(made, "failed", exit_code=6, error="the login is dead", critical=["nothing was sent"])
    first, second = found(made)
    assert first == (
        f"golden {DAY}: the executor stopped with exit code 6: the login is dead; see `jutsu explain SYMBOL`"
    )
    assert "nothing was sent" in second
    assert found(made, ("golden",)) == [second]


def test_an_error_is_not_told_a_second_time_as_orders_without_a_fill(made: Any) -> None:
    ran(made, "failed", exit_code=4, error="ledger and broker disagree: QQQ")
    (line,) = found(made)
    assert "ledger and broker disagree: QQQ" in line
    assert found(made, ("golden",)) == []


def test_only_the_newest_run_counts(made: Any) -> None:
    ran(made, "failed", day=DAY.replace(day=14))
    ran(made, "completed")
    assert found(made) == []


def signal(made: Any, family: str, candidates: Any, warnings: tuple[str, ...] = ()) -> None:
    content = {
        "strategy": {"family": family},
        "inputs": {"candidates": candidates},
        "warnings": list(warnings),
    }
    made.ledger.signals.record(
        GeneratedSignal(
            session=DAY, variant="golden", role="primary", path="x", content=json.dumps(content),
            seal="0" * 64, bytes_sha256="0" * 64, generated_at=NOW, memory={},
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("family", "candidates", "words"),
    [
        ("positions", None, "no report was given"),
        ("positions", {"accepted": False}, "the report was rejected: report of 2024-03-12 is old"),
        ("positions", {"accepted": True}, None),
        ("allocation", None, None),
        ("a family of a later version", None, None),
    ],
)
def test_a_report_that_was_missing_or_refused_entered_nothing(
    made: Any, family: str, candidates: Any, words: str | None
) -> None:
    signal(made, family, candidates, ("report of 2024-03-12 is old", "paper account"))
    text = found(made)
    assert text == [] if words is None else [words in line for line in text] == [True]


def test_a_folder_without_a_report_is_told_as_the_file_tells_it(made: Any) -> None:
    blocked = f"entries and rotation are blocked: there is no report for {DAY} in the folder of reports"
    signal(made, "positions", None, ("paper account", blocked))
    assert found(made) == [f"golden {DAY}: {blocked}"]


def test_a_rejection_without_words_points_at_the_file(made: Any) -> None:
    signal(made, "positions", {"accepted": False})
    assert found(made) == [f"golden {DAY}: the report was rejected: see the file"]


@pytest.mark.parametrize(("verdict", "lines"), [("RED", 1), ("YELLOW", 0), ("GREEN", 0)])
def test_a_red_validation_stands_until_a_later_one(made: Any, verdict: str, lines: int) -> None:
    signal(made, "allocation", None)
    made.ledger.state.set(verdict_key(DAY), json.dumps({"golden": verdict}), at=NOW)
    text = found(made)
    assert len(text) == lines
    assert all(f"`jutsu validate --date {DAY}`" in line for line in text)


def test_a_persons_own_skip_is_no_problem_and_a_known_symbol_is_named(made: Any) -> None:
    generated(made)
    skip = "20240315_TQQQ_entry_buy: not sent: a person said skip"
    ran(made, "skipped", warnings=[skip])
    assert found(made) == []
    ran(made, "skipped", warnings=[skip, "20240315_TQQQ_entry_buy: not sent: the price moved"])
    (text,) = found(made)
    assert text.endswith("the price moved; see `jutsu explain TQQQ`")
