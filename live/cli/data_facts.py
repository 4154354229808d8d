"""What the commands of `jutsu data` start from: the store's folder, and what is known about prices."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from live.cli.common import options_of
from live.system.account_words import ACCOUNT

if TYPE_CHECKING:
    from backtest.data.quality.known import Known
    from backtest.data.quality.relations import PriceRelation
    from live.settings.load import LoadedSettings
    from live.settings.model import Settings


def known_facts(config: Path | None, state_db: Path | None = None) -> Known:
    """Return the relations of every strategy file and the prices a person confirmed for any account.

    A strategy file that cannot be read is `config check`'s matter; here it has no relations.
    """
    from backtest.core.errors import ParameterError, UsageError
    from backtest.data.quality.known import Known
    from backtest.strategies.registry import load_strategy, strategy_files
    from live.runtime.known_prices import confirmed_prices
    from live.settings.load import account_names

    names = (None,) if ACCOUNT[0] is not None else (account_names(config) or (None,))
    each = [_settings(config, state_db, name) for name in names]
    loaded = each[0]
    found: dict[PriceRelation, None] = {}
    for file in strategy_files(loaded.path(loaded.settings.paths.strategies)):
        with suppress(ParameterError, UsageError):
            found |= dict.fromkeys(load_strategy(file).price_relations)
    states = [one.path(one.settings.paths.state_db).parent for one in each]
    confirmed = dict.fromkeys(price for state in states for price in confirmed_prices(state))
    return Known(tuple(found), confirmed=tuple(confirmed))


def strategy_symbols(config: Path | None) -> tuple[str, ...]:
    """Return every symbol that a strategy file reads or trades, sorted; unreadable files have none."""
    from backtest.core.errors import ParameterError, UsageError
    from backtest.strategies.registry import load_strategy, strategy_files

    loaded = _common(config)
    found: set[str] = set()
    for file in strategy_files(loaded.path(loaded.settings.paths.strategies)):
        with suppress(ParameterError, UsageError):
            strategy = load_strategy(file)
            found |= {*strategy.signal_symbols, *strategy.tradable_symbols}
    return tuple(sorted(found))


def paper_accounts(config: Path | None, state_db: Path | None = None) -> tuple[Path, ...]:
    """Return the paper account of every account that trades stored or real prices: the demo has no splits."""
    from live.runtime.factories import paper_path
    from live.runtime.loading import Sources
    from live.settings.accounts import NO_ACCOUNT
    from live.settings.load import account_names

    found: dict[Path, None] = {}
    for name in account_names(config) or (NO_ACCOUNT,):
        loaded = Sources.of(replace(options_of(config, state_db), account=name)).load()
        if loaded.settings.data.source != "demo":
            found[paper_path(loaded.path(loaded.settings.paths.state_db))] = None
    return tuple(found)


def _settings(
    config: Path | None, state_db: Path | None = None, account: str | None = None
) -> LoadedSettings:
    """Return the settings of an account, None: of the one that was named."""
    from live.runtime.loading import Sources, settings_in_force

    options = options_of(config, state_db)
    return settings_in_force(Sources.of(options if account is None else replace(options, account=account)))


def store_folder(store: Path | None, config: Path | None) -> Path:
    """Return the folder of the bar store: the option's, else the settings'."""
    if store is not None:
        return store
    from live.settings.accounts import NO_ACCOUNT

    loaded = _settings(config, account=NO_ACCOUNT if ACCOUNT[0] is None else ACCOUNT[0])
    return loaded.path(loaded.settings.data.store)


def common_settings(config: Path | None) -> Settings:
    """Return the settings of the file that hold for every account; the ledger is not asked."""
    return _common(config).settings


def _common(config: Path | None) -> LoadedSettings:
    from live.runtime.loading import Sources
    from live.settings.accounts import NO_ACCOUNT

    return Sources.of(replace(options_of(config), account=NO_ACCOUNT)).load()
