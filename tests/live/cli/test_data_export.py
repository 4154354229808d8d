"""`jutsu data export` as a person uses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from backtest.core.errors import UsageError
from backtest.data.importing import import_bars
from backtest.data.sources.csv import read_directory
from backtest.data.store import BarStore
from live.cli import data
from tests.support.source_world import evening, history

ROWS = "date,open,high,low,close,volume\n2026-11-24,100.5,101.25,99.75,100.25,1000\n"


@pytest.fixture
def jutsu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    data.register(app)

    def run(*words: Path | str) -> Result:
        return CliRunner().invoke(app, ["data", *map(str, words), "--store", str(tmp_path / "bars")])

    return run


def test_the_demo_market_can_be_read_again(jutsu: Callable[..., Result], tmp_path: Path) -> None:
    done = jutsu("export", tmp_path / "out", "--symbol", "qqq", "--symbol", "TLT")
    assert done.exit_code == 0, done.output
    assert "2 file(s) written" in done.stdout
    assert sorted(read_directory(tmp_path / "out")) == ["QQQ", "TLT"]
    again = jutsu("export", tmp_path / "out", "--symbol", "QQQ").exception
    assert isinstance(again, UsageError)
    assert "name an empty folder" in again.line()


def test_the_store_gives_back_what_was_imported(jutsu: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "QQQ.csv").write_text(ROWS)
    empty = jutsu("export", tmp_path / "out", "--source", "store").exception
    assert isinstance(empty, UsageError)
    assert "jutsu data import" in empty.line()
    assert jutsu("import", tmp_path / "csv").exit_code == 0
    assert jutsu("export", tmp_path / "out", "--source", "store").exit_code == 0
    assert (tmp_path / "out" / "QQQ.csv").read_text() == ROWS


def test_an_unknown_symbol_names_those_there_are(jutsu: Callable[..., Result], tmp_path: Path) -> None:
    refused = jutsu("export", tmp_path / "out", "--symbol", "ZZZ").exception
    assert isinstance(refused, UsageError)
    assert "there is no ZZZ" in refused.line()
    assert "QQQ" in refused.line()
    assert not (tmp_path / "out").exists()


def test_bars_as_they_were_known_then(jutsu: Callable[..., Result], tmp_path: Path) -> None:
    made = history("QQQ", date(2026, 11, 2), date(2026, 11, 20))
    close = made.close.copy()
    close[2] *= 1.0004
    store, first, second = BarStore(tmp_path / "bars"), evening(date(2026, 11, 13)), evening(made.last)
    import_bars(store, {"QQQ": made.until(date(2026, 11, 13))}, imported_at=first)
    import_bars(store, {"QQQ": replace(made, close=close)}, imported_at=second)
    for n, (words, wanted) in enumerate(
        {
            "2026-11-13": made.until(date(2026, 11, 13)),
            "2026-11-20T10:00": made.until(date(2026, 11, 13)),
            "2026-11-21T12:00+00:00": replace(made, close=close),
        }.items()
    ):
        done = jutsu("export", tmp_path / f"out{n}", "--known-at", words)
        assert done.exit_code == 0, done.output
        assert read_directory(tmp_path / f"out{n}")["QQQ"].sha256() == wanted.sha256()
    for wrong in (("--known-at", "yesterday"), ("--known-at", "2026-11-13", "--source", "demo")):
        assert isinstance(jutsu("export", tmp_path / "no", *wrong).exception, UsageError)
    assert "the bar store is empty" in str(
        jutsu("export", tmp_path / "no", "--known-at", "2020-01-02").exception
    )
