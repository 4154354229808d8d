"""The answers are the views of `jutsu`; exports are harmless in a table program."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from live.web.routes.books import _harmless
from tests.support.user_world import FIRST, SECOND, THIRD, User, new_user
from tests.support.web_world import Site, inside, served


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> User:
    """Three sessions that were traded."""
    user = new_user(tmp_path_factory.mktemp("traded") / "jutsu")
    for day in (FIRST, SECOND, THIRD):
        user.trade(day)
    return user


@pytest.fixture(scope="module")
def books(traded: User) -> Iterator[Site]:
    with served(traded, inside(THIRD, "17:00")) as site:
        yield site


def test_today_says_what_waits(shown: Site) -> None:
    found = shown.browser().data("/status")
    assert found["to_do"] == [f"review the file of {FIRST} (golden): 2 order(s), until 15:59 New York"]
    (file,) = found["files"]
    assert (file["variant"], file["standing"], file["orders"]) == ("golden", "silent", 2)


def test_the_envelope_names_account_mode_and_source(shown: Site) -> None:
    body = shown.browser().get("/portfolio").json()
    assert (body["account"], body["mode"], body["data_source"]) == ("paper", "offline_mock", "demo")
    assert datetime.fromisoformat(body["as_of"]) == shown.clock.now()


def test_cli_and_api_say_the_same(books: Site) -> None:
    browser = books.browser()
    ran = books.user.jutsu("trades", "--json", "--limit", "100")
    assert browser.data("/trades?limit=100")["items"] == json.loads(ran.out)
    ran = books.user.jutsu("compare", "--json")
    assert browser.data("/compare") == json.loads(ran.out)
    ran = books.user.jutsu("drift", "--json")
    assert browser.data("/drift") == json.loads(ran.out)
    ran = books.user.jutsu("explain", "QQQ", FIRST, "--json")
    assert browser.data(f"/explain/qqq?session={FIRST}") == json.loads(ran.out)


def test_a_backtest_lies_over_the_book(books: Site) -> None:
    (found,) = books.browser().data("/performance/backtest")
    assert (found["variant"], found["time"][0], found["why"]) == ("golden", FIRST, "")


def test_drift_of_no_primary_is_refused(books: Site) -> None:
    assert books.browser().get("/drift?variant=titan").status_code == 422


def test_portfolio_shows_weights_beside_their_targets(books: Site) -> None:
    found = books.browser().data("/portfolio")
    golden = next(book for book in found["books"] if book["variant"] == "golden")
    held = {p["symbol"]: p["quantity"] for p in golden["positions"]}
    assert {w["symbol"]: w["shares"] for w in golden["weights"] if w["shares"]} == held
    for weight in golden["weights"]:
        assert weight["held"] == pytest.approx(weight["target"], abs=0.05)
    assert found["open_orders"] == []


def test_an_order_tells_its_story(books: Site) -> None:
    browser = books.browser()
    first = browser.data("/orders")["items"][-1]
    story = browser.data(f"/orders/{first['client_order_id']}")
    assert story["order"] == first
    states = [step["state"] for step in story["steps"]]
    assert (states[0], states[-1]) == ("PLANNED", "FILLED")
    assert browser.get("/orders/nobody").status_code == 404


def test_trades_are_found_by_symbol_and_variant(books: Site) -> None:
    browser = books.browser()
    everything = browser.data("/trades")["items"]
    one = browser.data("/trades?symbol=QQQ&variant=golden")["items"]
    assert one == [r for r in everything if r["symbol"] == "QQQ" and r["variant"] == "golden"] != []
    assert browser.data("/trades?symbol=NOPE")["items"] == []


def test_the_export_is_all_trades_oldest_first(books: Site) -> None:
    browser = books.browser()
    found = browser.get("/trades/export")
    assert found.headers["content-disposition"] == 'attachment; filename="trades.csv"'
    rows = list(csv.DictReader(io.StringIO(found.text)))
    shown = [row["symbol"] for row in browser.data("/trades")["items"]]
    assert [row["symbol"] for row in reversed(rows)] == shown


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert _harmless(text) == f"'{text}"
    assert _harmless("plain") == "plain"
    assert _harmless(-1.5) == -1.5


def test_performance_has_figures_for_every_book(books: Site) -> None:
    browser = books.browser()
    found = browser.data("/performance")
    assert [row["variant"] for row in found["figures"]] == ["golden", "titan"]
    curve = browser.data("/performance/series")[0]
    assert curve["time"] == [FIRST, SECOND, THIRD]
    assert found["figures"][0]["total_return"] == pytest.approx(curve["growth"][-1], abs=1e-6)
    rolling = browser.data("/performance/rolling?variant=golden&sessions=20")
    assert rolling["sharpe"] == [None, None, None]


def test_unknown_names_in_a_question_are_refused(books: Site) -> None:
    assert books.browser().get("/trades?limti=5").status_code == 422


def test_the_founding_paths_give_the_same(books: Site) -> None:
    client = books.browser().client
    for path in ("status", "trades", "performance", "config", "trades/export"):
        founding, own = client.get(f"/api/{path}"), client.get(f"/api/v1/{path}")
        assert (founding.status_code, founding.content) == (200, own.content), path


def test_without_a_ledger_there_is_nothing_and_no_error(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    with served(user, inside()) as site:
        browser = site.browser()
        assert browser.data("/trades")["items"] == []
        assert browser.data("/status")["files"] == []
        assert not user.db.exists()
