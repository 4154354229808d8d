"""A connection to Schwab as the settings describe it: token file, credentials, patience."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from live.settings.model import SchwabSettings
from live.system.clock import Clock

if TYPE_CHECKING:
    from live.brokers.schwab.connection import SchwabConnection


def open_connection(
    own: SchwabSettings, *, root: Path | None, environ: Mapping[str, str], clock: Clock
) -> SchwabConnection:
    """Open the login that the settings name.

    Raises:
        LoginNeeded: no usable token. SettingsError: loose file mode, missing keys or extra, an address that
            is not loopback.
    """
    from live.brokers.schwab.connection import SchwabConnection
    from live.brokers.schwab.token import TokenStore, load_credentials

    path = token_path(own, root)
    return SchwabConnection.open(
        TokenStore(path),
        load_credentials(environ, path.parent),
        clock,
        timeout=own.timeout_seconds,
        base_url=own.base_url,
    )


def token_path(own: SchwabSettings, root: Path | None) -> Path:
    """Return the absolute path of the token file; a relative one starts from `root`, None: from here."""
    return own.token_file if own.token_file.is_absolute() else (root or Path.cwd()) / own.token_file
