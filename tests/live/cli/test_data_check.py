"""`jutsu data check` as a person uses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from backtest.core.errors import UsageError
from backtest.data.csv_export import write_folder
from backtest.data.importing import import_bars
from backtest.data.store import BarStore
from live.cli import data
from tests.support.source_world import evening, history

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 25)
MADE = history("QQQ", FIRST, LAST)


@pytest.fixture
def jutsu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    import_bars(BarStore(tmp_path / "bars"), {"QQQ": MADE}, imported_at=evening(LAST))
    app = typer.Typer()
    data.register(app)

    def run(*words: Path | str) -> Result:
        given = ["--against", "csv", "--folder", str(tmp_path / "in"), "--store", str(tmp_path / "bars")]
        return CliRunner().invoke(app, ["data", "check", *given, *map(str, words)])

    return run


@pytest.mark.parametrize(("factor", "code"), [(1.0, 0), (1.004, 0), (1.2, 5)])
def test_another_folder_agrees_or_not(
    jutsu: Callable[..., Result], tmp_path: Path, factor: float, code: int
) -> None:
    close, high = MADE.close.copy(), MADE.high.copy()
    close[4] *= factor
    high[4] = max(high[4], close[4])
    write_folder(tmp_path / "in", [replace(MADE, close=close, high=high)])
    done = jutsu("--start", FIRST)
    assert done.exit_code == code, done.output
    assert ("agrees" if code == 0 else "differs") in done.stdout
    assert (str(MADE.dates[4]) in done.stdout) is (factor != 1.0)
    document = json.loads(jutsu("--start", FIRST, "--json").stdout)
    assert document["symbols"][0]["sessions"] == len(MADE)


def test_a_missing_file_is_exit_6(jutsu: Callable[..., Result], tmp_path: Path) -> None:
    write_folder(tmp_path / "in", [replace(MADE, symbol="TLT")])
    done = jutsu("--start", FIRST)
    assert (done.exit_code, "no file of QQQ" in done.stdout) == (6, True)


def test_the_days_must_be_in_order(jutsu: Callable[..., Result]) -> None:
    done = jutsu("--start", LAST, "--end", FIRST)
    assert isinstance(done.exception, UsageError)
