"""`jutsu data sync` as a process, killed at any instant: the store stays whole, the next run goes on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from backtest.data.sources.demo import DemoMarket
from backtest.data.store import BarStore
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.support.paths import PROJECT
from tests.support.source_world import rows_of

FIRST, LAST = date(2016, 1, 4), date(2026, 11, 25)
PAGE_ROWS = 150
KILLS = 6


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_a_sync_that_is_killed_again_and_again_ends_with_every_bar(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    market = DemoMarket(7).read(["QQQ", "TLT", "TMF"])
    made = {symbol: bars.since(FIRST).until(LAST) for symbol, bars in market.items()}
    wanted = {symbol: bars.sha256() for symbol, bars in made.items()}
    store = BarStore(tmp_path / "bars")
    with FakeAlpaca(datetime(2026, 11, 25, 22, tzinfo=UTC)) as fake:
        for symbol, bars in made.items():
            fake.app.market.load(symbol, rows_of(bars))
        fake.app.page_rows = PAGE_ROWS
        words = [sys.executable, "-m", "live.cli", "data", "sync", "--source", "alpaca"]
        words += ["--store", str(store.directory), *(w for symbol in made for w in ("--symbol", symbol))]
        added = {"JUTSU_BROKER__ALPACA__BASE_URL": fake.url, "PYTHONPATH": str(PROJECT)}
        environ = {**os.environ, **ENVIRON, **added}
        for _ in range(KILLS):
            with subprocess.Popen(words, env=environ, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
                try:
                    process.wait(timeout=chance.uniform(0.3, 3.0))
                except subprocess.TimeoutExpired:
                    process.kill()
            known = store.read(list(made)) if store.directory.exists() else {}
            assert {symbol: bars.sha256() for symbol, bars in known.items()}.items() <= wanted.items()
        subprocess.run(words, env=environ, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        asked = len(fake.sent("GET", "/stocks/bars"))
    assert {symbol: bars.sha256() for symbol, bars in store.read(list(made)).items()} == wanted
    assert store.verify() == ()
    pages = sum(-(-len(bars) // PAGE_ROWS) for bars in made.values())
    assert asked <= pages + KILLS  # a kill costs the page that was under way
    assert not list((store.directory / ".sync").glob("*.jsonl"))
