from __future__ import annotations

from pathlib import Path

import pytest

from backtest.core.errors import SettingsError
from live.model.run import asked_for
from live.runtime.options import Options
from live.runtime.orb import is_set_up, open_orb
from tests.support.orb_live import SHORT, OrbWorld


def options(world: OrbWorld) -> Options:
    return Options(config=world.root / "config" / "live.yaml")


def test_the_book_has_an_account_of_its_own_and_is_on_paper_in_every_mode(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path)
    world.set_up(settings=SHORT + "mode: online_live\nbroker: {name: alpaca}\n")
    run = asked_for("2024-01-04T17:30")
    with open_orb("executor", options(world), run) as orb:
        assert orb.context.settings.mode == "offline_mock"
        assert orb.context.ledger.account == orb.context.account == "paper-orb"
        assert orb.context.clock.now().isoformat() == "2024-01-04T22:30:00+00:00"
        assert orb.portfolio == world.root / "portfolio.json"
        assert orb.bars == world.root / "minutes.csv"
        assert orb.instruments is None
        assert orb.paper_file == world.root / "state" / "ledger.orb.db"
        assert orb.folder("2024-01-05") == world.root / "state" / "orb" / "2024-01-05"
    assert is_set_up(options(world), run)


def test_without_a_portfolio_there_is_no_book(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path)
    world.set_up(settings="mode: offline_mock\n")
    assert not is_set_up(options(world), asked_for(None))
    with pytest.raises(SettingsError, match="no book of breakouts") as caught:
        open_orb("executor", options(world), asked_for(None)).__enter__()
    assert caught.value.where == "orb.portfolio"
