"""What both paper accounts rest on: whole writes or none, copies that reach nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from backtest.core.errors import BrokerError
from live.brokers.paper.intraday_store import IntradayStore
from live.brokers.paper.store import PaperStore

STORES = [PaperStore, IntradayStore]
Store = type[PaperStore] | type[IntradayStore]


def set_cash(account: PaperStore | IntradayStore, cash: int) -> None:
    account._db.execute("UPDATE account SET cash = ?", (str(cash),))


@pytest.mark.parametrize("store", STORES)
def test_a_block_that_fails_leaves_nothing(tmp_path: Path, store: Store) -> None:
    account = store(tmp_path / "new" / "account.db", Decimal(100))

    def fails() -> None:
        with account.transaction():
            with account.transaction():  # joins the outer one
                set_cash(account, 5)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert account.cash() == 100
    account.close()


@pytest.mark.parametrize("store", STORES)
def test_a_copy_for_a_dry_run_changes_no_file(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "account.db"
    store(path, Decimal(100)).close()
    before = path.read_bytes()
    account = store(path, Decimal(1), scratch=True)
    assert account.cash() == 100
    set_cash(account, 105)
    account.close()
    assert path.read_bytes() == before
    store(tmp_path / "absent" / "account.db", Decimal(1), scratch=True).close()
    assert [one.name for one in tmp_path.iterdir()] == ["account.db"]


@pytest.mark.parametrize("store", STORES)
def test_a_file_of_something_else_is_a_broker_that_cannot_be_used(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "account.db"
    path.write_text("rubbish" * 100)
    with pytest.raises(BrokerError, match="cannot be opened"):
        store(path, Decimal(100))
