"""Both real stages as processes in online_live mode: one order per intent, whatever breaks."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.demo import load_demo
from tests.fakes.schwab.harness import FakeSchwab
from tests.fakes.schwab.stages import Online

AT = datetime(2026, 11, 19, 20, 55, 5, tzinfo=UTC)  # 15:55:05 in New York, a Thursday
POST = {"method": "POST", "path": "/orders$"}


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which stage 1 has run and its file is approved; copied for every test."""
    folder = tmp_path_factory.mktemp("approved")
    with FakeSchwab(AT, ticking=True) as fake:
        load_demo(fake.app.market)
        online = Online(folder, fake).prepare()
        online.check(online.generate("--strategy", "golden"))
        (path,) = folder.glob("signals/*_golden.json")
        online.check(online.jutsu("approve", str(path)))
    return folder


@pytest.fixture
def online(tmp_path: Path, approved: Path) -> Iterator[Online]:
    folder = tmp_path / "desk"
    shutil.copytree(approved, folder)
    with FakeSchwab(AT, ticking=True) as fake:
        load_demo(fake.app.market)
        fake.write_token(folder / "state" / "schwab_token.json")
        yield Online(folder, fake)


def secrets_in(folder: Path) -> list[Any]:
    words = ("87654321", "FAKEACCESS", "FAKEREFRESH", "FAKEHASH", "FAKEAPP")
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "schwab_token.json"]
    return [(p.name, word) for p in files for word in words if word.encode() in p.read_bytes()]


@pytest.mark.parametrize("action", ["drop", pytest.param("status", marks=pytest.mark.long)])
def test_a_lost_reply_is_searched_for_and_adopted(online: Online, action: str) -> None:
    online.fake.fault(**POST, action=action, status=502)
    online.check(online.execute())
    state = online.fake.state()
    assert [o["status"] for o in state["orders"]] == ["FILLED"]
    assert len(online.fake.sent()) == 1
    online.check(online.execute())
    assert len(online.fake.sent()) == 1
    assert secrets_in(online.folder) == []


@pytest.mark.parametrize("point", [pytest.param("before", marks=pytest.mark.long), "after"])
def test_killed_with_the_order_in_the_air(online: Online, point: str) -> None:
    online.fake.fault(**POST, action="pause", point=point)
    online.execute_and_kill()
    code, shown = online.execute()
    orders = online.fake.state()["orders"]
    if point == "after":
        assert code == 0, shown
    # "before": the imitation still took the request after the client had died, as a real broker may
    assert len(orders) == 1
    assert len(online.fake.sent()) == 1


def test_a_dead_login_is_exit_code_six_and_sends_nothing(online: Online) -> None:
    online.fake.call("tokens", {"revoke": "access"})
    online.fake.call("tokens", {"revoke": "refresh"})
    code, shown = online.execute()
    assert code == 6, shown
    assert "auth login" in shown
    assert online.fake.sent() == []


def test_a_quote_that_its_candle_denies_buys_nothing(online: Online) -> None:
    """A quote three and a half times the price in the file, while the vendor's candle stays where it was."""
    (path,) = online.folder.glob("signals/*_golden.json")
    buys = [order for order in json.loads(path.read_text())["orders"] if order["side"] == "buy"]
    assert buys
    for order in buys:
        bad = round(order["reference_price"] * 3.5, 2)
        online.fake.prices(**{order["symbol"]: {"lastPrice": bad, "bidPrice": bad, "askPrice": bad}})
    for more in ((), ("--force",)):
        code, shown = online.execute(*more)
        assert code == 5, shown
        assert f"jutsu data confirm {buys[0]['symbol']} 2026-11-19 " in shown
        assert online.fake.sent() == []
    assert online.fake.state()["positions"] == {}
    for order in buys:
        online.fake.prices(**{order["symbol"]: None})
    online.check(online.execute())
    assert len(online.fake.sent()) == len(buys)
