"""An older ledger is put back while an order of ours rests at a broker without client ids: never a second."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.demo import load_demo
from tests.fakes.schwab.harness import FakeSchwab
from tests.fakes.schwab.stages import Online

AT = datetime(2026, 11, 19, 20, 55, 5, tzinfo=UTC)  # 15:55:05 in New York, a Thursday
POST = {"method": "POST", "path": "/orders$"}


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Online]:
    """An order rests at the broker, its executor was killed, and the ledger of before was put back."""
    with FakeSchwab(AT, ticking=True) as fake:
        load_demo(fake.app.market)
        online = Online(tmp_path, fake).prepare()
        online.check(online.generate("--strategy", "golden"))
        (path,) = tmp_path.glob("signals/*_golden.json")
        online.check(online.jutsu("approve", str(path)))
        online.check(online.jutsu("backup"))
        (copy,) = tmp_path.glob("state/backups/*.db")
        fake.call("scripts", {"fills": [{"quantity": 1_000_000, "after": 40}]})
        fake.fault(**POST, action="pause", point="after")
        online.execute_and_kill()
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
            (tmp_path / "state" / name).unlink(missing_ok=True)
        shutil.copy(copy, tmp_path / "state" / "ledger.db")
        yield online


def orders(online: Online) -> list[str]:
    return [o["symbol"] for o in online.fake.state()["orders"]]


@pytest.mark.long
def test_the_generation_stops_every_run_until_a_person_took_the_order_back(lost: Online) -> None:
    code, shown = lost.execute()
    assert (code, len(orders(lost))) == (8, 1), shown
    assert "reconcile" in shown

    code, shown = lost.jutsu("reconcile")
    assert code in {4, 8}, shown
    order = lost.fake.state()["orders"][0]["id"]
    lost.check(lost.jutsu("resolve", "--broker-order", order, "--adopt", "--variant", "golden"))
    lost.check(lost.jutsu("reconcile"))
    lost.check(lost.execute())
    assert len(orders(lost)) == 1


@pytest.mark.long
def test_without_the_generation_file_the_unknown_order_itself_stops_the_run(lost: Online) -> None:
    (lost.folder / "state" / "ledger.db.generation").unlink()

    for _ in range(2):
        code, shown = lost.execute()
        assert (code, len(orders(lost))) == (8, 1), shown
    order = lost.fake.state()["orders"][0]["id"]
    assert f"jutsu resolve --broker-order {order}" in shown


@pytest.mark.long
def test_a_deleted_ledger_is_no_new_beginning(lost: Online) -> None:
    (lost.folder / "state" / "ledger.db").unlink()
    lost.jutsu("online", answer="trade real money\n")

    code, shown = lost.generate("--strategy", "golden")

    assert (code, len(orders(lost))) == (8, 1), shown


@pytest.mark.long
def test_a_foreign_order_of_another_symbol_stops_nothing(lost: Online) -> None:
    order = lost.fake.state()["orders"][0]["id"]
    lost.check(lost.jutsu("resolve", "--broker-order", order, "--adopt", "--variant", "golden"))
    leg = {"instruction": "BUY", "quantity": 1, "instrument": {"symbol": "SPY", "assetType": "EQUITY"}}
    lost.fake.prices(SPY=600.0)
    body = {
        "orderType": "LIMIT", "price": "1.00", "session": "NORMAL", "duration": "DAY",
        "orderStrategyType": "SINGLE", "orderLegCollection": [leg],
    }  # fmt: skip
    lost.fake.call("orders", {"body": body})
    lost.check(lost.jutsu("reconcile"))
    lost.check(lost.execute())
