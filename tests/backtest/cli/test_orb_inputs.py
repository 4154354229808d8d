"""What `orb` is told: one line and exit code 2 for whatever is wrong with its words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backtest.cli.app import main
from backtest.data.minute_store import MinuteStore
from backtest.data.sources.minute_csv import read_minutes
from tests.support.minute_world import bars_file


@pytest.fixture(scope="module", name="bars_file")
def written_bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bars_file(tmp_path_factory.mktemp("bars") / "bars.csv", seed=9, days=3)


def words(bars: Path, output: Path, *more: str, table: str = "features") -> list[str]:
    given = {"--bars": str(bars), "--dataset": "some", "--symbol": "MGC", "--output": str(output)}
    flags = dict(zip(more[::2], more[1::2], strict=False))
    return ["orb", table, *(word for pair in (given | flags).items() for word in pair)]


@pytest.mark.parametrize(
    ("flag", "value", "problem"),
    [
        ("--symbol", "GC", "no costs are known for 'GC'"),
        ("--labels", "0930", "unknown label '0930'"),
        ("--labels", "0900,0900", "names a value twice"),
        ("--labels", "", "unknown label ''"),
        ("--rr", "1,0", "'0' is no ratio"),
        ("--rr", "1;2", "'1;2' is no ratio"),
        ("--rr", "nan", "'nan' is no ratio"),
        ("--rr", "1,1.0", "names a value twice"),
        ("--confirm-bars", "0", "'0' is no number of bars"),
        ("--confirm-bars", "11", "'11' is no number of bars"),
        ("--entry-models", "E4", "unknown entry model 'E4'"),
        ("--filters", "ORB_G", "unknown filter 'ORB_G'"),
        ("--orb-minutes", "7", "'7' is no length of a range"),
        ("--dataset", "a,b", "'a,b' is no name"),
        ("--start", "2024-13-01", "is not a date"),
        ("--end", "2020-01-01", "is after --end"),
        ("--bars", "nowhere.csv", "No such file"),
        ("--time-zone", "Mars/Olympus", "unknown time zone 'Mars/Olympus'"),
        ("--stamp", "middle", "invalid choice"),
    ],
)
def test_wrong_words_are_one_line_and_exit_code_2(
    bars_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, value: str, problem: str
) -> None:
    more = (flag, value) if flag != "--end" else ("--start", "2024-01-02", flag, value)
    assert main(words(bars_file, tmp_path / "table.csv", *more)) == 2
    shown = capsys.readouterr().err.splitlines()
    assert len(shown) == 1
    assert problem in shown[0]
    assert not (tmp_path / "table.csv").exists()


def test_an_output_that_cannot_be_written(
    bars_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(bars_file, tmp_path)) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_no_bars_in_the_days_wanted(bars_file: Path, tmp_path: Path) -> None:
    assert main(words(bars_file, tmp_path / "table.csv", "--start", "2030-01-01")) == 5


def test_stored_bars_give_the_same_table(bars_file: Path, tmp_path: Path) -> None:
    store, output = tmp_path / "bars", tmp_path / "table.csv"
    bars = read_minutes(bars_file, "GOLD")
    MinuteStore(store).add(bars, imported_at=datetime(2024, 1, 8, tzinfo=UTC))
    tables = []
    for more in ((), ("--bars", str(store), "--stored", "gold")):
        assert main(words(bars_file, output, *more)) == 0
        tables.append(output.read_text())
    assert tables[0] == tables[1]
    assert main(words(bars_file, output, "--stored", "GOLD")) == 2  # a file is no store
    assert main(words(bars_file, output, "--bars", str(store), "--stored", "SILVER")) == 5
