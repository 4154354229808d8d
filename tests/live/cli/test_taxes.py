"""`jutsu taxes` on a user's own ledger: the year, the CSV, lots named, trades brought; notes in the file."""

import csv
import json
from pathlib import Path

import pytest

from tests.support.user_world import FIRST, SECOND, SWITCH, THIRD, User, new_user, write_demo_prices


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> User:
    """A user whose fourth session sold a fund."""
    root = tmp_path_factory.mktemp("taxes")
    user = new_user(root / "project", write_demo_prices(root / "prices"))
    for day in (FIRST, SECOND, THIRD, SWITCH):
        user.trade(day)
    return user


@pytest.fixture
def user(traded: User, tmp_path: Path) -> User:
    return traded.copy(tmp_path / "copy")


def test_the_year_shows_sales_totals_and_lots(user: User) -> None:
    ran = user.jutsu("taxes", "2024")
    assert ran.code == 0, ran.text
    assert ran.out.startswith("2024, lots fifo, account ")
    assert "not tax advice" in ran.out
    assert "paper account" in ran.out
    assert "short-term: gain" in ran.out
    view = json.loads(user.jutsu("taxes", "2024", "--json").out)
    assert len(view["sales"]) == 1
    executions = {row[0]: row[1:] for row in user.rows("executions", "execution_id, side, quantity, price")}
    (sale,) = view["sales"]
    assert executions[sale["sale"]][0] == "sell"
    assert executions[sale["lot"]][0] == "buy"


def test_a_year_shows_the_lots_held_at_its_end(user: User) -> None:
    """What was bought later is none of them."""
    before, bought = user.jutsu("taxes", "2023"), user.jutsu("taxes", "2024")
    assert "nothing was sold in this year" in before.out
    assert "lots held" not in before.out
    assert "lots still held" not in before.out
    assert "lots held at the end of 2024" in bought.out


def test_without_a_year_it_is_the_running_one(user: User) -> None:
    assert user.jutsu("taxes").code == 0
    assert user.jutsu("taxes", "--method", "hifo").out.split("\n")[0].split(", ")[1] == "lots hifo"


@pytest.mark.parametrize("words", [("next",), ("20244",), ("2024", "--method", "lifo")])
def test_what_is_no_year_or_method(user: User, words: tuple[str, ...]) -> None:
    ran = user.jutsu("taxes", *words)
    assert ran.code == 2
    assert "is no" in ran.text


def test_a_year_as_an_option_is_told_how_it_is_given(user: User) -> None:
    ran = user.jutsu("taxes", "--year", "2024")
    assert (ran.code, ran.err) == (
        2,
        "error 2: jutsu taxes: the year is given without an option → e.g. jutsu taxes 2025\n",
    )


def test_the_csv_holds_every_sale(user: User, tmp_path: Path) -> None:
    path = tmp_path / "out" / "sales.csv"
    assert user.jutsu("taxes", "2024", "--csv", str(path)).code == 0
    with path.open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    view = json.loads(user.jutsu("taxes", "2024", "--json").out)
    assert float(row["proceeds"]) == view["sales"][0]["proceeds"]
    assert float(row["gain_or_loss"]) == view["sales"][0]["adjusted"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_lots_are_named_until_settlement_only(user: User) -> None:
    view = json.loads(user.jutsu("taxes", "2024", "--json").out)
    (sale,) = view["sales"]
    ran = user.jutsu("taxes", "assign", sale["sale"], f"{sale['lot']}=1")
    assert ran.code == 2
    assert "settled on 2024-01-09" in ran.text
    assert user.jutsu("taxes", "assign", "nothing", "1=1").code == 2


def test_an_imported_purchase_defers_a_loss(user: User, tmp_path: Path) -> None:
    """Shares of another account, bought dear and sold cheap while this one bought: the loss moves here."""
    view = json.loads(user.jutsu("taxes", "2024", "--json").out)
    symbol = view["lots"][0]["symbol"]
    path = tmp_path / "other.csv"
    head = "account,date,symbol,side,quantity,price\n"
    path.write_text(f"{head}other,2023-05-01,{symbol},buy,2,5000\nother,2024-01-10,{symbol},sell,2,10\n")
    ran = user.jutsu("taxes", "import", str(path))
    assert (ran.code, ran.out) == (0, "2 of 2 trade(s) are new\n")
    assert user.jutsu("taxes", "import", str(path)).out == "0 of 2 trade(s) are new\n"
    view = json.loads(user.jutsu("taxes", "2024", "--json").out)
    (wash,) = view["wash_sales"]
    assert (wash["amount"], wash["shares"], wash["lost"]) == (9980.0, "2", False)
    assert view["deferred"] == 9980.0
    assert "wash sale: " in user.jutsu("taxes", "2024").out


def test_the_next_file_warns_of_a_loss_sale_before_its_purchase(
    tmp_path: Path,
) -> None:
    """Another account sold this fund at a loss days before: the file says so, sealed, and trades the same."""
    user = new_user(tmp_path / "project", write_demo_prices(tmp_path / "prices"))
    plain = new_user(tmp_path / "plain", user.prices)
    for one in (user, plain):
        assert one.generate(FIRST).code == 0
    symbol = json.loads(user.file(FIRST).read_text())["orders"][0]["symbol"]
    path = tmp_path / "other.csv"
    head = "account,date,symbol,side,quantity,price\n"
    path.write_text(f"{head}other,2023-05-01,{symbol},buy,2,5000\nother,2023-12-20,{symbol},sell,2,10\n")
    assert user.jutsu("taxes", "import", str(path)).code == 0
    assert user.generate(FIRST, "--force").code == 0
    noted, before = (json.loads(one.file(FIRST).read_text()) for one in (user, plain))
    note = f"tax: {symbol} buys 13 days after a loss sale of 2023-12-20: loss of 9,980.00 deferred"
    assert noted["warnings"] == [*before["warnings"], note]
    assert noted["orders"] == before["orders"]
    shown = " ".join(user.jutsu("review", str(user.file(FIRST))).text.split())
    assert note in shown
