"""What an installation knows about prices: a person's confirmations are kept once, privately and readable."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.core.errors import DataError
from backtest.data.actions import ActionStore
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.confirmations import ConfirmedPrice
from backtest.data.quality.relations import PriceRelation
from live.runtime.known_prices import (
    CONFIRMED,
    actions_for,
    confirm_price,
    confirmed_prices,
    known_to,
    recorded_actions,
)

AT = datetime(2026, 11, 20, 21, 5, tzinfo=UTC)
PRICE = ConfirmedPrice("QQQ", date(2026, 11, 20), Decimal("500.25"))
SPLIT = CorporateAction("QQQ", date(2026, 11, 19), "split", Fraction(4))
OTHER = CorporateAction("TQQQ", date(2026, 11, 19), "split", Fraction(2))


def context(folder: Path, *, demo: bool = False) -> Any:
    """Return what the functions take of a run: its bar store and its state folder."""
    return SimpleNamespace(bar_store=None if demo else folder / "bars", state=folder / "state")


def test_a_confirmation_is_kept_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    assert confirmed_prices(tmp_path / "state") == ()
    assert confirm_price(tmp_path / "state", PRICE, by="me", at=AT)
    assert not confirm_price(tmp_path / "state", PRICE, by="somebody else", at=AT)
    other = ConfirmedPrice("QQQ", PRICE.session, Decimal("500.26"))
    assert confirm_price(tmp_path / "state", other, by="me", at=AT)
    assert confirmed_prices(tmp_path / "state") == (PRICE, other)
    path = tmp_path / "state" / CONFIRMED
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text().splitlines()[0]) == {
        "symbol": "QQQ",
        "session": "2026-11-20",
        "price": "500.25",
        "by": "me",
        "at": "2026-11-20T21:05:00+00:00",
    }


def test_a_file_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / CONFIRMED
    path.write_text("")
    path.chmod(0o644)
    confirm_price(tmp_path, PRICE, by="me", at=AT)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_named_with_its_line_and_nothing_is_added(tmp_path: Path) -> None:
    path = tmp_path / CONFIRMED
    path.write_text(PRICE.line() + "\nnonsense\n")
    with pytest.raises(DataError, match="not a confirmed price") as caught:
        confirm_price(tmp_path, PRICE, by="me", at=AT)
    assert caught.value.where == f"{path}:2"
    assert path.read_text() == PRICE.line() + "\nnonsense\n"


def test_a_folder_in_the_place_of_the_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / CONFIRMED).mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        confirmed_prices(tmp_path)


def test_recorded_actions_come_for_the_symbols_asked_for(tmp_path: Path) -> None:
    assert recorded_actions(tmp_path / "bars", ["QQQ"]) == ()
    ActionStore(tmp_path / "bars").add([SPLIT, OTHER], known_from=AT)
    found = recorded_actions(tmp_path / "bars", ["TQQQ", "QQQ", "QQQ", "PSQ"])
    assert [(a.symbol, a.ratio) for a in found] == [("QQQ", 4), ("TQQQ", 2)]
    assert [a.symbol for a in actions_for(context(tmp_path), ["TQQQ"])] == ["TQQQ"]


def test_the_demo_market_knows_no_recorded_actions(tmp_path: Path) -> None:
    ActionStore(tmp_path / "bars").add([SPLIT], known_from=AT)
    assert actions_for(context(tmp_path, demo=True), ["QQQ"]) == ()


def test_a_damaged_record_of_actions_stops_a_stage(tmp_path: Path) -> None:
    store = ActionStore(tmp_path / "bars")
    store.directory.mkdir(parents=True)
    store.path("QQQ").write_bytes(b"no parquet")
    with pytest.raises(DataError, match="damaged or foreign") as caught:
        actions_for(context(tmp_path), ["QQQ"])
    assert caught.value.exit_code == 5


def test_everything_known_comes_as_one_value(tmp_path: Path) -> None:
    ActionStore(tmp_path / "bars").add([SPLIT], known_from=AT)
    confirm_price(tmp_path / "state", PRICE, by="me", at=AT)
    relation = PriceRelation("TQQQ", "QQQ", 3.0)
    known = known_to(context(tmp_path), [relation], ["QQQ", "TQQQ"])
    assert (known.relations, known.confirmed) == ((relation,), (PRICE,))
    assert [a.ratio for a in known.actions] == [4]
