"""Naming the lots of a sale, and bringing the trades of other accounts."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import DataError, UsageError
from live.actions import taxes
from live.books.tax_history import TaxHistory, assigned, imported, read_history
from live.ledger.ledger import Ledger
from live.settings.model import Settings
from tests.support.ledger_samples import NOW, acked, execution

HEAD = "account,date,symbol,side,quantity,price,commission,retirement\n"


@pytest.fixture
def ledger() -> Iterator[Any]:
    with Ledger.open("sqlite://", account="paper", now=NOW) as opened:
        yield opened


@pytest.fixture
def history(ledger: Any) -> TaxHistory:
    """Two purchases of 100 and a sale of 50."""
    acked(ledger, 1)
    acked(ledger, 2)
    acked(ledger, 3, side="sell")
    ledger.book([execution(1, 1, 100, "10"), execution(2, 2, 100, "12")], at=NOW)
    ledger.book([execution(3, 3, 50, "15", "sell")], at=NOW)
    return again(ledger)


def again(ledger: Any) -> TaxHistory:
    return read_history(ledger, "paper", Settings())


def name(ledger: Any, history: TaxHistory, sale: str, lots: dict[str, Fraction], **at: Any) -> taxes.Assigned:
    return taxes.assign(ledger, history, sale, lots, actor="anna", at=at.get("at", NOW))


def test_named_lots_are_sold_and_recorded(ledger: Any, history: TaxHistory) -> None:
    done = name(ledger, history, "3", {"2": Fraction(30)})
    assert (done.lots, done.until) == ({"2": "30"}, date(2026, 11, 23))
    sold = [(row.lot, row.quantity) for row in again(ledger).lots().sold]
    assert sold == [("2", 30), ("1", 20)]
    (row,) = ledger.audit.newest(5)
    assert (row.action, row.subject, row.after) == ("taxes assign", "3", "2=30")
    name(ledger, again(ledger), "3", {})
    assert [(row.lot, row.quantity) for row in again(ledger).lots().sold] == [("1", 50)]


@pytest.mark.parametrize(
    ("sale", "lots", "problem"),
    [
        ("9", {"1": 5}, "no sale '9'"),
        ("1", {"1": 5}, "no sale '1'"),
        ("3", {"9": 5}, "no purchase '9'"),
        ("3", {"1": 30, "2": 21}, "the sale has 50 shares"),
        ("3", {"2": 101}, "2 has 100 shares, not 101"),
    ],
)
def test_what_cannot_be_named(
    ledger: Any, history: TaxHistory, sale: str, lots: dict[str, int], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        name(ledger, history, sale, {lot: Fraction(count) for lot, count in lots.items()})
    assert assigned(ledger) == {}


def test_after_settlement_nothing_is_named(ledger: Any, history: TaxHistory) -> None:
    """Sold on Friday 20 November 2026, settled on Monday."""
    name(ledger, history, "3", {"2": Fraction(1)}, at=NOW + timedelta(days=3))
    with pytest.raises(UsageError, match="settled on 2026-11-23"):
        name(ledger, history, "3", {"2": Fraction(2)}, at=NOW + timedelta(days=4))


@pytest.mark.parametrize(
    ("day", "settled"),
    [("2024-05-24", "2024-05-29"), ("2024-05-28", "2024-05-29"), ("2026-11-25", "2026-11-27")],
)
def test_settlement_follows_the_rule_of_its_time(day: str, settled: str) -> None:
    assert taxes.settles(date.fromisoformat(day)) == date.fromisoformat(settled)


def test_pairs_are_read() -> None:
    assert taxes.parse_lots(["a=b=2.5", "7=3"]) == {"a=b": Fraction(5, 2), "7": Fraction(3)}


@pytest.mark.parametrize(
    "texts", [["7"], ["7="], ["=5"], ["7=0"], ["7=-1"], ["7=x"], ["7=1/0"], ["7=1", "7=2"]]
)
def test_a_pair_that_names_nothing(texts: list[str]) -> None:
    with pytest.raises(UsageError, match="names no shares of a lot"):
        taxes.parse_lots(texts)


def test_trades_of_another_account_are_brought_once(ledger: Any, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    rows = "ira,2026-11-02,tqqq,Buy,2.5,9.50,1.25,yes\nira,2026-11-02,TQQQ,buy,1,9.50,,\n"
    path.write_text(HEAD + rows + "ira,2026-11-02,TQQQ,buy,1,9.50,,\n")
    first = taxes.bring(ledger, path, actor="anna", at=NOW)
    assert (first.trades, first.new) == (3, 3)  # two equal rows are two trades
    assert taxes.bring(ledger, path, actor="anna", at=NOW).new == 0
    one, two, _ = imported(ledger)
    assert (one.symbol, one.quantity, one.price, one.commission, one.retirement) == (
        "TQQQ",
        Fraction(5, 2),
        Decimal("9.50"),
        Decimal("1.25"),
        True,
    )
    assert (two.retirement, two.day) == (False, date(2026, 11, 2))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a,2026-11-02,TQQQ,hold,1,9,,", "neither buy nor sell"),
        ("a,2026-13-02,TQQQ,buy,1,9,,", "month must be"),
        ("a,2026-11-02,TQQQ,buy,-1,9,,", "cannot be"),
        ("a,2026-11-02,TQQQ,buy,NaN,9,,", "cannot be"),
        ("a,2026-11-02,TQQQ,buy,x,9,,", "Invalid|ConversionSyntax|number"),
        ("a,2026-11-02,TQQQ,buy,1,9,-3,", "commission"),
        ("a,2026-11-02,TQQQ,buy,1,9,,maybe", "neither yes nor no"),
        (",2026-11-02,TQQQ,buy,1,9,,", "account and symbol"),
    ],
)
def test_a_row_that_cannot_be_adds_nothing(ledger: Any, tmp_path: Path, row: str, problem: str) -> None:
    path = tmp_path / "old.csv"
    path.write_text(HEAD + "a,2026-11-02,TQQQ,buy,1,9,,\n" + row + "\n")
    with pytest.raises(DataError) as error:
        taxes.bring(ledger, path, actor="anna", at=NOW)
    (finding,) = error.value.findings
    assert finding.path == "line 3"
    assert any(word in finding.problem for word in problem.split("|"))
    assert imported(ledger) == ()


@pytest.mark.parametrize("content", [b"", b"symbol,side\nA,buy\n", b"\xff\xfe"])
def test_a_file_that_is_no_table_of_trades(content: bytes) -> None:
    with pytest.raises(DataError):
        taxes.read_trades(content, "old.csv")


def test_a_missing_file_is_named(ledger: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        taxes.bring(ledger, tmp_path / "none.csv", actor="anna", at=NOW)
