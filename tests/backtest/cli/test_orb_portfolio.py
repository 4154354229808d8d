"""The commands `orb validate` and `orb portfolio`: files, a summary, and wrong numbers."""

import json
from pathlib import Path

import pytest

from backtest.cli.app import main
from backtest.strategies.opening_range_breakout.portfolio_file import read_portfolio
from tests.support.minute_world import bars_file

SMALL = [
    *("--dataset", "some", "--symbol", "MGC", "--labels", "1000,1800", "--confirm-bars", "1"),
    *("--min-trades", "2", "--regime-trades", "1"),
]


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bars_file(tmp_path_factory.mktemp("bars") / "bars.csv", seed=9, days=4)


def test_verdicts_of_every_strategy(bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "validated.csv"
    assert main(["orb", "validate", "--bars", str(bars), "--output", str(output), *SMALL]) == 0
    rows = [line.split(",") for line in output.read_text().splitlines()]
    assert len(rows) == 1 + 2 * 3 * 4
    standings = [row[-2] for row in rows[1:]]
    assert f"{standings.count('rejected')} rejected" in capsys.readouterr().out


def test_a_portfolio_is_written_and_shown(
    bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "portfolio.json"
    assert (
        main(["orb", "portfolio", "--bars", str(bars), "--output", str(output), *SMALL, "--equity", "25000"])
        == 0
    )
    found = read_portfolio(output)
    assert (found.sizing.equity, found.trials) == (25_000, 24)
    assert found.status == json.loads(output.read_text())["status"]
    assert f"orb: {found.status}, {len(found.strategies)} strategies of 24 tried" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flag", "value", "problem"),
    [
        ("--equity", "nan", "'nan' is not a number"),
        ("--equity", "0", "sizing.equity cannot be 0"),
        ("--max-drawdown", "90000", "sizing.max_drawdown"),
        ("--positive-years", "2", "positive_years"),
        ("--max-strategies", "0", "at least 1"),
        ("--corr-unknown", "perhaps", "invalid choice"),
    ],
)
def test_wrong_numbers_are_exit_code_2(
    bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, value: str, problem: str
) -> None:
    words = [
        "orb",
        "portfolio",
        "--bars",
        str(bars),
        "--output",
        str(tmp_path / "x.json"),
        *SMALL,
        flag,
        value,
    ]
    assert main(words) == 2
    assert problem in capsys.readouterr().err
    assert not (tmp_path / "x.json").exists()
