"""Which variants run, under which ids (no two books may ever make the same one), and what a primary owns."""

from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import BrokerError
from live.books.variants import BookVariant, groups, id_prefix, primary_book
from live.model.broker import Account
from live.model.order_ids import OrderName
from live.settings.model import Settings
from tests.support.paths import PROJECT
from tests.support.review_world import DAY

STRATEGIES = PROJECT / "config/strategies"


def books(**run: str) -> Settings:
    rows = [{"primary": name, "run": kind, "budget_pct": 30} for name, kind in run.items()]
    return Settings.model_validate({"books": rows})


def primaries(settings: Settings) -> dict[str, BookVariant]:
    found = groups(settings, STRATEGIES, everything=True)
    return {group.primary.name: group.primary for group in found if group.primary is not None}


CONFIGURATIONS = {
    "shipped": books(golden="daily", ema_p10="on_request"),
    "two daily": books(golden="daily", ema_p10="daily"),
    "two stock books on request": books(golden="daily", ema_p10="on_request", nwl_p4="on_request"),
    "two allocations": books(golden="daily", titan="on_request"),
    "only on request": books(ema_p10="on_request", nwl_p4="on_request"),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_two_books_that_may_trade_one_symbol_never_make_one_id(name: str) -> None:
    for one, other in combinations(primaries(CONFIGURATIONS[name]).values(), 2):
        first, second = (set(variant.strategy.tradable_symbols) for variant in (one, other))
        anything = not first and not second
        for symbol in (first & second) | ({"AAPL"} if anything else set()):
            made = {
                str(OrderName(DAY, symbol, "entry", "buy", variant=variant.id_prefix))
                for variant in (one, other)
            }
            assert len(made) == 2


def test_the_shipped_books_have_bare_ids() -> None:
    assert {variant.id_prefix for variant in primaries(CONFIGURATIONS["shipped"]).values()} == {""}


def test_only_the_books_that_may_meet_carry_their_variant() -> None:
    variants = primaries(CONFIGURATIONS["two stock books on request"])
    assert {name: variant.id_prefix for name, variant in variants.items()} == {
        "golden": "",
        "ema_p10": "ema_p10",
        "nwl_p4": "nwl_p4",
    }


def test_several_daily_books_and_their_shadows_carry_their_variant() -> None:
    rows = [
        {"primary": "golden", "shadows": ["titan"], "budget_pct": 50},
        {"primary": "ema_p10", "budget_pct": 50},
    ]
    settings = Settings.model_validate({"books": rows})
    found = groups(settings, STRATEGIES)
    assert [variant.id_prefix for group in found for variant in group.variants] == [
        "golden",
        "titan",
        "ema_p10",
    ]


def test_a_single_book_needs_no_strategy_file_for_its_ids(tmp_path: Path) -> None:
    assert id_prefix(books(golden="daily"), tmp_path, "golden") == ""


def test_an_unlisted_file_is_a_shadow_without_a_primary() -> None:
    (group,) = groups(books(golden="daily"), STRATEGIES, ["titan"])
    assert group.primary is None
    assert [(variant.name, variant.role) for variant in group.variants] == [("titan", "shadow")]


def account(**figures: Any) -> Account:
    known = {
        "cash": Decimal(5000),
        "settled_cash": Decimal(5000),
        "buying_power": Decimal(5000),
        "equity": Decimal(9000),
    }
    return Account(reference="***1", kind="cash", holdings=(), **{**known, **figures})


@pytest.mark.parametrize(("figures", "budget"), [({"cash": None}, 100.0), ({"equity": None}, 40.0)])
def test_a_figure_the_broker_did_not_give_is_never_zero(figures: dict[str, None], budget: float) -> None:
    with pytest.raises(BrokerError, match="gave no"):
        primary_book([], account(**figures), budget, {})


def test_figures_that_are_not_needed_may_be_missing() -> None:
    assert primary_book([], account(equity=None), 100.0, {}).cash == 5000.0
