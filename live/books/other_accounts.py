"""What the other accounts of an installation traded, for wash sales across accounts; read, never written.

An account that cannot be read is named and stops nothing. Paper trades count beside paper trades only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backtest.core.errors import JutsuError
from live.books.tax_history import executed
from live.ledger.database import translated
from live.ledger.ledger import Ledger
from live.ledger.system_state import EVERY_ACCOUNT
from live.runtime.account import account_key
from live.settings.load import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from backtest.trading.lots.model import LotTrade
    from live.settings.load import LoadedSettings


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Trades of the other accounts, and why those of some are not known."""

    trades: tuple[LotTrade, ...] = ()
    problems: tuple[str, ...] = ()


def traded_elsewhere(loaded: LoadedSettings, environ: Mapping[str, str], now: datetime) -> Elsewhere:
    """Return what every other account of these settings traded in the same mode; nothing without any."""
    trades: list[LotTrade] = []
    problems: list[str] = []
    for name in loaded.accounts:
        if name == loaded.settings.account:
            continue
        try:
            trades += _of(name, loaded, environ, now)
        except JutsuError as error:
            problems.append(f"the trades of the account {name} are not known: {error.line()}")
    return Elsewhere(tuple(trades), tuple(problems))


def _of(name: str, loaded: LoadedSettings, environ: Mapping[str, str], now: datetime) -> list[LotTrade]:
    def settings(overrides: Mapping[str, object]) -> LoadedSettings:
        return load_settings(
            config=loaded.config_file, environ=environ, account=name, overrides=overrides, now=now
        )

    other = settings({})
    path = other.path(other.settings.paths.state_db)
    if not path.exists():
        return []
    with translated(str(path)), Ledger.open_to_read(path, account=EVERY_ACCOUNT) as ledger:
        other = settings(ledger.config.active(now))
        if other.settings.mode != loaded.settings.mode:
            return []
        own = ledger.for_account(account_key(other.settings, environ))
        found = executed(own, name, retirement=other.settings.tax.retirement)
    return [
        replace(trade, id=f"{name}:{trade.id}", purchase=trade.purchase and f"{name}:{trade.purchase}")
        for trade in found
    ]
