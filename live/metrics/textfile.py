"""The text of the metrics of an account, and the file of it that Prometheus' node exporter reads."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest import __version__
from backtest.core.errors import JutsuError
from backtest.core.files import write_atomic
from live.metrics.catalogue import families
from live.metrics.exposition import Family, render
from live.metrics.gather import Subject, joined, of_ledger, of_programs

if TYPE_CHECKING:
    from live.settings.load import LoadedSettings

LOG = logging.getLogger("jutsu.metrics")
FILE: Final = "jutsu.prom"


def file_name(account: str = "") -> str:
    """Return the name of the file: `jutsu.prom`, of one of several accounts `jutsu_<account>.prom`."""
    return f"{Path(FILE).stem}_{account}.prom" if account else FILE


def gathered(loaded: LoadedSettings, now: datetime) -> tuple[Family, ...]:
    """Return the metrics of an account; without a ledger that can be read, what is known without it.

    SettingsError: which account it is cannot be told.
    """
    from live.ledger.ledger import Ledger
    from live.runtime.account import account_key

    path = loaded.path(loaded.settings.paths.state_db)
    key = account_key(loaded.settings)
    subject = Subject(loaded.settings.account or key, loaded, path.parent, now, __version__)
    found = of_programs(subject)
    if path.exists():
        try:
            with Ledger.open(path, account=key, now=now, create=False) as ledger:
                found = joined(found, of_ledger(subject, ledger))
        except JutsuError as error:
            LOG.warning("metrics without the ledger: %s", error)
    return families(found)


def write(loaded: LoadedSettings, now: datetime) -> None:
    """Write the file into the folder `metrics.textfile`, readable by everybody, in one step.

    Raises:
        OSError: it could not be written. SettingsError: which account it is cannot be told.
    """
    folder = loaded.settings.metrics.textfile
    assert folder is not None
    target = loaded.path(folder) / file_name(loaded.settings.account)
    write_atomic(target, render(gathered(loaded, now)).encode(), 0o644, durable=False)
