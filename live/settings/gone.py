"""A project whose settings file is gone: on defaults it would trade without the limits of its owner."""

from __future__ import annotations

from backtest.core.errors import Finding
from live.settings.load import DEFAULT, DEFAULT_CONFIG, LoadedSettings


def settings_gone(loaded: LoadedSettings) -> tuple[Finding, ...]:
    """Return the finding of a folder that has a ledger where it always is, and no settings file any more."""
    if loaded.config_file is not None or loaded.sources["paths.state_db"] != DEFAULT:
        return ()
    ledger = loaded.path(loaded.settings.paths.state_db)
    if not ledger.exists() and not any(ledger.parent.glob(f"*/{ledger.name}")):  # of several accounts
        return ()
    problem = f"no {DEFAULT_CONFIG} here, and this project has a ledger"
    return (Finding(str(loaded.root), problem, "put it back, or `jutsu init`"),)
