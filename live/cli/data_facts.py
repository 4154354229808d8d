"""What the commands of `jutsu data` start from: the store's folder, and what is known about prices."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backtest.data.quality.known import Known
    from backtest.data.quality.relations import PriceRelation


def known_facts(config: Path | None, state_db: Path | None = None) -> Known:
    """Return the relations of every strategy file and the prices a person confirmed.

    A strategy file that cannot be read is `config check`'s matter; here it has no relations.
    """
    from backtest.core.errors import ParameterError, UsageError
    from backtest.data.quality.known import Known
    from backtest.strategies.registry import load_strategy, strategy_files
    from live.runtime.known_prices import confirmed_prices
    from live.runtime.loading import Sources, settings_in_force
    from live.runtime.options import Options

    loaded = settings_in_force(Sources.of(Options(config=config, state_db=state_db)))
    found: dict[PriceRelation, None] = {}
    for file in strategy_files(loaded.path(loaded.settings.paths.strategies)):
        with suppress(ParameterError, UsageError):
            found |= dict.fromkeys(load_strategy(file).price_relations)
    state = loaded.path(loaded.settings.paths.state_db).parent
    return Known(tuple(found), confirmed=confirmed_prices(state))


def store_folder(store: Path | None, config: Path | None) -> Path:
    """Return the folder of the bar store: the option's, else the settings'."""
    if store is not None:
        return store
    from live.runtime.loading import Sources, settings_in_force
    from live.runtime.options import Options

    loaded = settings_in_force(Sources.of(Options(config=config)))
    return loaded.path(loaded.settings.data.store)
