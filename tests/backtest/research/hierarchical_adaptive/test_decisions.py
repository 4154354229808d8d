"""`python -m backtest decisions`: range, blanks, digits, needed files, exit codes."""

import csv
from pathlib import Path

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.cli.app import main
from backtest.research.hierarchical_adaptive.decisions import COLUMNS
from tests.support.market_v35b import market

STRATEGY = """
strategy:
  name: hierarchical_adaptive_v3_5b
  variant: small
  parameters: {sma_fast: 3, sma_slow: 8, realized_vol_window: 3, vol_baseline_window: 6, bond_sma_fast: 2,
               bond_sma_slow: 5}
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, list[str]]:
    """Strategy and price files of 120 real sessions, and their dates."""
    days = [
        str(s.day)
        for s in calendar.sessions(*map(np.datetime64.item, np.array(["2020-01-02", "2020-12-31"], "M8[D]")))
    ]
    for symbol, bars in market(120, seed=4).items():
        rows = zip(days, bars.close.tolist(), bars.volume.tolist(), strict=False)
        lines = [f"{d},{c!r},{c!r},{c!r},{c!r},{v!r}" for d, c, v in rows]
        (tmp_path / f"{symbol}.csv").write_text("date,open,high,low,close,volume\n" + "\n".join(lines) + "\n")
    (tmp_path / "small.yaml").write_text(STRATEGY)
    return tmp_path, days[:120]


def run(folder: Path, *more: str) -> tuple[int, list[dict[str, str]]]:
    output = folder / "out.csv"
    code = main(
        [
            "decisions",
            "--strategy",
            str(folder / "small.yaml"),
            "--prices",
            str(folder),
            "--output",
            str(output),
            *more,
        ]
    )
    with output.open() as file:
        return code, list(csv.DictReader(file))


def test_every_session_with_blanks_before_the_first_decision(files: tuple[Path, list[str]]) -> None:
    folder, days = files
    code, rows = run(folder)
    assert code == 0
    assert [row["date"] for row in rows] == days
    assert tuple(rows[0]) == COLUMNS
    assert [row["cell"] == "" for row in rows] == [True] * 8 + [False] * 112
    assert {row["T_norm"] for row in rows[:29]} == {"0.0"}
    assert {row["vol_crush"] for row in rows[8:]} == {"0", "1"}
    assert {row["needs_rebalance"] for row in rows[8:]} == {"0", "1"}
    assert len(rows[50]["sma_slow"].replace(".", "")) >= 15


def test_start_zeroes_held_weights_and_keeps_the_history(files: tuple[Path, list[str]]) -> None:
    folder, days = files
    _, whole = run(folder)
    quiet = next(
        i for i in range(20, 100) if whole[i]["needs_rebalance"] == "0" and whole[i]["cell"] not in "46"
    )
    _, rows = run(folder, "--start", days[quiet], "--end", days[quiet + 9])
    assert [row["date"] for row in rows] == days[quiet : quiet + 10]
    assert rows[0]["needs_rebalance"] == "1"
    for row, same in zip(rows, whole[quiet:], strict=False):
        assert {k: v for k, v in row.items() if k != "needs_rebalance"} == {
            k: v for k, v in same.items() if k != "needs_rebalance"
        }


def test_the_treasury_file_may_lack_sessions_the_signal_file_may_not(
    files: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, days = files
    for symbol, expected in (("TLT", 0), ("QQQ", 5)):
        path = folder / f"{symbol}.csv"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith(days[40])))
        assert run(folder)[0] == expected
    assert days[40] in capsys.readouterr().err


def test_a_missing_price_file_is_exit_5(
    files: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = files
    run(folder)
    (folder / "TLT.csv").unlink()
    assert run(folder)[0] == 5
    assert "TLT.csv not found" in capsys.readouterr().err


def test_bad_usage_is_exit_2(files: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    folder, days = files
    run(folder)
    assert run(folder, "--start", days[9], "--end", days[8])[0] == 2
    (folder / "small.yaml").write_text(STRATEGY.replace("sma_fast: 3", "sma_fst: 3"))
    assert run(folder)[0] == 2
    assert "did you mean sma_fast?" in capsys.readouterr().err
    assert run(folder, "--start", "2020-13-01")[0] == 2
    assert "'2020-13-01' is not a date" in capsys.readouterr().err


def test_a_range_without_sessions_is_exit_5_and_keeps_the_old_file(files: tuple[Path, list[str]]) -> None:
    folder, _ = files
    _, before = run(folder)
    code, after = run(folder, "--start", "2031-01-01")
    assert code == 5
    assert before == after
