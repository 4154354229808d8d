"""`jutsu data sync` as a person uses it: a folder of files, and Alpaca through its real client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from backtest.core.errors import UsageError
from backtest.data.csv_export import write_folder
from backtest.data.store import BarStore
from live.cli import data
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.support.source_world import history, rows_of

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 25)
MADE = history("QQQ", FIRST, LAST)


@pytest.fixture
def jutsu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    data.register(app)

    def run(*words: Path | str) -> Result:
        store = str(tmp_path / "bars")
        return CliRunner().invoke(app, ["data", "sync", *map(str, words), "--store", store])

    return run


@pytest.fixture
def alpaca(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAlpaca]:
    with FakeAlpaca(datetime(2026, 11, 25, 22, tzinfo=UTC)) as fake:
        fake.app.market.load("QQQ", rows_of(MADE))
        for name, value in {**ENVIRON, "JUTSU_BROKER__ALPACA__BASE_URL": fake.url}.items():
            monkeypatch.setenv(name, value)
        yield fake


def test_a_folder_of_files_fills_the_store(jutsu: Callable[..., Result], tmp_path: Path) -> None:
    write_folder(tmp_path / "in", [MADE])
    words = ("--source", "csv", "--folder", tmp_path / "in", "--symbol", "qqq", "--end", str(LAST))
    planned = jutsu(*words, "--dry-run")
    assert planned.exit_code == 0, planned.output
    assert "QQQ: would ask for 1990-01-02 to 2026-11-25" in planned.stdout
    assert not (tmp_path / "bars").exists()
    done = jutsu(*words)
    assert done.exit_code == 0, done.output
    assert "1 of 1 symbols have new sessions" in done.stdout
    assert BarStore(tmp_path / "bars").read(["QQQ"])["QQQ"].sha256() == MADE.sha256()
    again = jutsu(*words)
    assert (again.exit_code, "nothing new" in again.stdout) == (0, True)


def test_alpaca_fills_the_store_by_its_own_clock(
    jutsu: Callable[..., Result], alpaca: FakeAlpaca, tmp_path: Path
) -> None:
    done = jutsu("--source", "alpaca", "--symbol", "QQQ", "--json")
    assert done.exit_code == 0, done.output
    document: Any = json.loads(done.stdout)
    (line,) = document["symbols"]
    assert (line["outcome"], line["added"], line["last"]) == ("stored", len(MADE), str(LAST))
    alpaca.app.log.clear()
    assert jutsu("--source", "alpaca", "--symbol", "QQQ").exit_code == 0
    assert not alpaca.sent("GET", "/stocks/bars")


def test_a_vendor_that_does_not_answer_is_exit_6(jutsu: Callable[..., Result], alpaca: FakeAlpaca) -> None:
    alpaca.fault(method="GET", path="stocks/bars", action="status", status=401, body="{}", times=None)
    done = jutsu("--source", "alpaca", "--symbol", "QQQ", "--json")
    assert done.exit_code == 6
    (line,) = json.loads(done.stdout)["symbols"]
    assert (line["outcome"], "keys are not accepted" in line["problem"]) == ("no answer", True)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "--source alpaca"),
        (("--source", "reuters"), "there is no source"),
        (("--source", "csv", "--symbol", "Q Q"), "is no symbol"),
        (("--source", "csv", "--folder", ".", "--start", "2026-11-02", "--end", "2026-10-02"), "is after"),
        (("--source", "csv", "--start", "yesterday"), "YYYY-MM-DD"),
        (("--source", "csv", "--symbol", "QQQ"), "--folder DIR"),
    ],
)
def test_what_is_wrong_with_the_words_is_told(
    jutsu: Callable[..., Result], words: tuple[str, ...], problem: str
) -> None:
    done = jutsu(*words)
    assert isinstance(done.exception, UsageError)
    assert problem in done.exception.line()
