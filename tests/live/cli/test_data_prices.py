"""`jutsu data confirm | split`: what a person says about a price is checked before it is believed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from backtest.core.errors import UsageError
from backtest.data.actions import ActionStore
from backtest.data.store import BarStore
from live.cli import data
from live.runtime.known_prices import confirmed_prices

ROWS = """date,open,high,low,close,volume
2025-11-24,100.5,101.25,99.75,100.25,1000
2025-11-25,100.2,102,100.1,101.9,1200
2025-11-26,51.0,51.5,50.5,51.25,2400
"""


@pytest.fixture
def jutsu(tmp_path: Path) -> Callable[..., str]:
    config = tmp_path / "live.yaml"
    config.write_text("mode: offline_mock\n")
    (tmp_path / "QQQ.csv").write_text(ROWS)
    app = typer.Typer()
    data.register(app)

    def run(*words: str, store: bool = False) -> str:
        more = ("--store", str(tmp_path / "bars")) if store else ()
        settings = ("--config", str(config), "--state-db", str(tmp_path / "state" / "ledger.db"))
        done = CliRunner().invoke(app, ["data", *words, *more, *(() if words[0] == "import" else settings)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    return run


def test_a_price_is_confirmed_once_beside_the_ledger(jutsu: Callable[..., str], tmp_path: Path) -> None:
    assert jutsu("confirm", "qqq", "2025-11-24", "100.25").startswith("confirmed: QQQ 2025-11-24 100.25")
    assert jutsu("confirm", "QQQ", "2025-11-24", "100.250").startswith("already confirmed")
    (price,) = confirmed_prices(tmp_path / "state")
    assert (price.symbol, price.price) == ("QQQ", Decimal("100.25"))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("QQQ", "2025-11-24", "ten"), "not a price"),
        (("QQQ", "2025-11-24", "100.255"), "not a price to the cent"),
        (("QQQ", "2025-11-24", "0"), "not a price to the cent"),
        (("QQQ", "2025-11-24", "NaN"), "not a price to the cent"),
        (("QQQ", "2025-11-24", "1e40"), "not a price to the cent"),
        (("QQQ", "2025-11-24", "1e12"), "not a price to the cent"),
        (("QQQ", "2025-11-27", "100.25"), "not a trading day"),  # Thanksgiving
        (("QQQ", "yesterday", "100.25"), "is not a date"),
        (("Q Q", "2025-11-24", "100.25"), "not a ticker"),
        (("../x", "2025-11-24", "100.25"), "not a ticker"),
    ],
)
def test_what_is_no_price_of_a_session_is_refused(
    jutsu: Callable[..., str], tmp_path: Path, words: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        jutsu("confirm", *words)
    assert confirmed_prices(tmp_path / "state") == ()


def test_a_split_is_recorded_and_stored_prices_follow(jutsu: Callable[..., str], tmp_path: Path) -> None:
    rows = ROWS.replace("2025-11-26,51.0,51.5,50.5,51.25,2400\n", "")
    (tmp_path / "QQQ.csv").write_text(rows)
    jutsu("import", str(tmp_path / "QQQ.csv"), store=True)
    text = jutsu("split", "qqq", "2025-11-26", "2:1", store=True)
    assert "QQQ: split 2:1 on 2025-11-26 recorded" in text
    assert "jutsu reconcile --adopt" in text
    assert BarStore(tmp_path / "bars").read(["QQQ"])["QQQ"].close.tolist() == [50.125, 50.95]
    (action,) = ActionStore(tmp_path / "bars").read("QQQ")
    assert action.source.startswith("person ")
    assert "was recorded already" in jutsu("split", "QQQ", "2025-11-26", "2:1", store=True)
    assert BarStore(tmp_path / "bars").read(["QQQ"])["QQQ"].close.tolist() == [50.125, 50.95]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("QQQ", "2046-01-05", "2:1"), UsageError),  # has not come yet
        (("QQQ", "2025-11-27", "2:1"), UsageError),
        (("QQQ", "2025-11-26", "1:1"), UsageError),
        (("QQQ", "2025-11-26", "two"), UsageError),
    ],
)
def test_what_is_no_split_is_refused(
    jutsu: Callable[..., str], tmp_path: Path, words: tuple[str, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        jutsu("split", *words, store=True)
    assert ActionStore(tmp_path / "bars").read("QQQ") == ()
