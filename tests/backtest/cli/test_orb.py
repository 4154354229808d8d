"""The command `orb`: what it writes, and one line with exit code 2 for whatever is wrong with its words."""

from pathlib import Path

import pytest

from backtest.cli.app import main
from tests.support.minute_world import bars_file


@pytest.fixture(scope="module", name="bars_file")
def written_bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bars_file(tmp_path_factory.mktemp("bars") / "bars.csv", seed=9, days=3)


def words(bars: Path, output: Path, *more: str, table: str = "features") -> list[str]:
    given = {"--bars": str(bars), "--dataset": "some", "--symbol": "MGC", "--output": str(output)}
    flags = dict(zip(more[::2], more[1::2], strict=False))
    return ["orb", table, *(word for pair in (given | flags).items() for word in pair)]


def test_tables_are_written(bars_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "new" / "table.csv"
    counts = {}
    for table in ("features", "outcomes", "metrics"):
        assert (
            main(
                words(bars_file, output, "--labels", "1800", "--rr", "2", "--confirm-bars", "1", table=table)
            )
            == 0
        )
        counts[table] = len(output.read_text().splitlines()) - 1
    assert counts == {"features": 3, "outcomes": 9, "metrics": 3}
    shown = capsys.readouterr()
    assert "9 rows written" in shown.out
    assert "3 days" in shown.err


def test_a_label_that_never_has_bars_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.csv").write_text("ts_utc,open,high,low,close,volume\n2024-01-05T00:00:00Z,1,1,1,1,1\n")
    output = tmp_path / "table.csv"
    for labels, said in (
        ("0030,1000", "no bar at 0030 on any of 1 days"),
        ("0030", "no bar at 0030 on"),
        ("1000", ""),
    ):
        assert main(words(tmp_path / "one.csv", output, "--labels", labels)) == 0
        shown = capsys.readouterr().err
        assert said in shown
        assert ("no bar at" in shown) == bool(said)


def test_bars_without_a_break_give_tables_without_a_row(tmp_path: Path) -> None:
    (tmp_path / "flat.csv").write_text("ts_utc,open,high,low,close,volume\n2024-01-05T00:00:00Z,1,1,1,1,1\n")
    for table, rows in (("features", 1), ("outcomes", 0), ("metrics", 0)):
        assert main(words(tmp_path / "flat.csv", tmp_path / "table.csv", table=table)) == 0
        assert len((tmp_path / "table.csv").read_text().splitlines()) == 1 + rows
