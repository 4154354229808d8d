"""`jutsu data sync` as a person uses it: a folder of files, and Alpaca through its real client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from backtest.core.errors import UsageError
from backtest.data.csv_export import write_folder
from backtest.data.minute_store import MinuteStore
from backtest.data.store import BarStore
from live.brokers.paper.store import PaperStore
from live.cli import data
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.support.source_world import history, minute_rows, minutes_of, rows_of

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


def held(state: Path) -> None:
    """Make a paper account that holds 7 QQQ."""
    state.mkdir(parents=True)
    account = PaperStore(state / "ledger.paper.db", Decimal(1000))
    with account.transaction():
        account.set_position("QQQ", 7, Decimal(100))
    account.close()


def test_a_split_after_the_fact_reaches_the_readers_and_the_raw_prices_stay(
    jutsu: Callable[..., Result], alpaca: FakeAlpaca, tmp_path: Path
) -> None:
    market = alpaca.app.market
    market.load("QQQ", rows_of(MADE.until(date(2026, 11, 20))))
    alpaca.clock(at="2026-11-20T22:00:00+00:00")
    assert jutsu("--source", "alpaca", "--symbol", "QQQ").exit_code == 0
    store = BarStore(tmp_path / "bars")
    before = store.read(["QQQ"], as_stored=True)["QQQ"]
    assert before.basis == "raw"
    halved = replace(
        MADE, **{name: np.round(getattr(MADE, name) / 2, 2) for name in ("open", "high", "low", "close")}
    )
    whole = [*rows_of(MADE.until(date(2026, 11, 20))), *rows_of(halved.since(date(2026, 11, 23)))]
    market.load("QQQ", whole)
    market.split("QQQ", 2, date(2026, 11, 23))
    alpaca.clock(at="2026-11-25T22:00:00+00:00")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "live.yaml").write_text("data: {source: store}\naccounts: {one: {}, two: {}}\n")
    held(tmp_path / "state" / "one")
    done = jutsu("--source", "alpaca", "--symbol", "QQQ")
    assert done.exit_code == 0, done.output
    assert "split 2:1 on 2026-11-23 recorded" in done.stdout
    held(tmp_path / "state" / "two")  # as one that a kill left without its booking
    again = jutsu("--source", "alpaca", "--symbol", "QQQ")
    for said, account in ((done, "one"), (again, "two")):
        assert said.stdout.count("booked it: QQQ 7 -> 14 shares") == 1
        assert f"state/{account}/" in said.stdout
    kept = store.read(["QQQ"], as_stored=True)["QQQ"]
    assert kept.until(before.last).sha256() == before.sha256()
    read = store.read(["QQQ"])["QQQ"]
    assert read.basis == "split"
    assert np.array_equal(read.close[: len(before)], before.close / 2)
    assert np.array_equal(read.close[len(before) :], halved.close[len(before) :])


def test_minutes_come_too(jutsu: Callable[..., Result], alpaca: FakeAlpaca, tmp_path: Path) -> None:
    made = minutes_of("QQQ", date(2026, 11, 23), LAST)
    alpaca.app.market.minutes["QQQ"] = minute_rows(made)
    words = ("--source", "alpaca", "--timeframe", "1m", "--symbol", "QQQ", "--start", "2026-11-23")
    assert "would ask for 2026-11-23 to 2026-11-25" in jutsu(*words, "--dry-run").stdout
    done = jutsu(*words)
    assert done.exit_code == 0, done.output
    assert MinuteStore(tmp_path / "bars").read("QQQ").sha256() == made.sha256()
    assert MinuteStore(tmp_path / "bars").basis("QQQ") == "raw"
    again = jutsu("--source", "alpaca", "--timeframe", "1m")  # of what is stored
    assert (again.exit_code, "nothing new" in again.stdout) == (0, True)
