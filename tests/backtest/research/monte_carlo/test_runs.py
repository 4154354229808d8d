"""Finished backtests read from their files."""

import json
from datetime import date
from pathlib import Path

import pytest

from backtest.core.errors import DataError, UsageError
from backtest.research.monte_carlo.runs import read_run

ROWS = "date,equity\n2024-01-02,101000.00\n2024-01-03,99990.00\n"


def test_a_folder_counts_its_first_session_from_the_initial_cash(tmp_path: Path) -> None:
    (tmp_path / "equity.csv").write_text(ROWS)
    (tmp_path / "metrics.json").write_text(json.dumps({"variant": "golden", "initial_cash": 100_000}))
    found = read_run(tmp_path)
    assert found.returns.tolist() == pytest.approx([0.01, -0.01])
    assert (found.name, found.days) == ("golden", (date(2024, 1, 2), date(2024, 1, 3)))


def test_a_csv_begins_with_its_first_row_or_holds_returns(tmp_path: Path) -> None:
    equity, returns = tmp_path / "book.csv", tmp_path / "walk_forward.csv"
    equity.write_text(ROWS)
    returns.write_text("date,return\n2024-01-02,0.02\n2024-01-03,-0.5\n")
    assert read_run(equity).returns.tolist() == pytest.approx([-0.01])
    assert read_run(equity).days == (date(2024, 1, 3), date(2024, 1, 3))
    assert read_run(returns).returns.tolist() == [0.02, -0.5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no columns"),
        ("day,value\n", "no columns"),
        ("date,equity\n", "no rows"),
        ("date,equity\n2024-01-02,100\n", "fewer than two"),
        ("date,equity\n2024-01-02,many\n", "line 2"),
        ("date,equity\n2024-01-02\n", "line 2"),
        ("date,equity\n2024-01-02,nan\n", "line 2"),
        ("date,equity\n2024-01-02,0\n", "line 2"),
        ("date,equity\n2024-01-03,5\n2024-01-02,5\n", "line 3"),
    ],
)
def test_a_damaged_file_is_refused_by_its_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "e.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=words):
        read_run(file)


@pytest.mark.parametrize("metrics", ["[]", "{}", '{"variant": "x", "initial_cash": 0}', "not"])
def test_damaged_metrics_are_refused(tmp_path: Path, metrics: str) -> None:
    (tmp_path / "equity.csv").write_text(ROWS)
    (tmp_path / "metrics.json").write_text(metrics)
    with pytest.raises(DataError, match=r"metrics\.json"):
        read_run(tmp_path)


def test_no_file_is_a_wrong_word(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="STUDY:TRIAL"):
        read_run(tmp_path / "none")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="not text"):
        read_run(tmp_path / "b.csv")
