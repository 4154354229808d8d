"""What `jutsu data` starts from: the settings' own folder, and what strategies and persons know of prices."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from backtest.data.quality.confirmations import ConfirmedPrice
from live.cli.data_facts import known_facts, paper_accounts, store_folder, strategy_symbols
from live.runtime.known_prices import confirm_price
from tests.support.paths import PROJECT


@pytest.fixture
def config(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "config", tmp_path / "config")
    return tmp_path / "config" / "live.yaml"


def test_relations_of_every_strategy_come_once(config: Path) -> None:
    relations = known_facts(config).relations
    assert {r.symbol: r.multiple for r in relations if r.index == "QQQ"}["TQQQ"] == 3
    assert len(set(relations)) == len(relations)


def test_a_broken_strategy_file_costs_its_own_relations_only(config: Path) -> None:
    before = known_facts(config).relations
    (config.parent / "strategies" / "zz_broken.yaml").write_text("strategy: nothing\n")
    assert known_facts(config).relations == before


def test_confirmed_prices_lie_beside_the_ledger_that_was_named(config: Path, tmp_path: Path) -> None:
    price = ConfirmedPrice("QQQ", date(2025, 11, 24), Decimal("100.25"))
    confirm_price(tmp_path / "other", price, by="me", at=datetime(2025, 11, 25, tzinfo=UTC))
    assert known_facts(config).confirmed == ()
    assert known_facts(config, tmp_path / "other" / "ledger.db").confirmed == (price,)


def test_the_store_is_the_options_or_else_the_settings(config: Path, tmp_path: Path) -> None:
    assert store_folder(tmp_path / "mine", config) == tmp_path / "mine"
    config.write_text("mode: offline_mock\ndata: {store: data/elsewhere}\n")
    assert store_folder(None, config).parts[-2:] == ("data", "elsewhere")


def test_every_symbol_of_every_strategy_is_needed_once(config: Path) -> None:
    found = strategy_symbols(config)
    assert {"QQQ", "TQQQ", "TLT"} <= set(found)
    assert list(found) == sorted(set(found))
    (config.parent / "strategies" / "broken.yaml").write_text("strategy: [")
    assert strategy_symbols(config) == found


def test_every_account_has_its_paper_account_and_the_demo_market_none(config: Path, tmp_path: Path) -> None:
    config.write_text("data: {source: demo}\n")
    assert paper_accounts(config) == ()
    config.write_text("data: {source: store}\n")
    assert paper_accounts(config) == (tmp_path / "state" / "ledger.paper.db",)
    config.write_text("data: {source: store}\naccounts: {one: {}, two: {}}\n")
    names = [path.relative_to(tmp_path).as_posix() for path in paper_accounts(config)]
    assert names == ["state/one/ledger.paper.db", "state/two/ledger.paper.db"]
