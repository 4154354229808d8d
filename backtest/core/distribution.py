"""The installed distribution: its name on the package index, and what its extras add."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Final

from backtest.core.errors import SettingsError

NAME: Final = "jutsu-labs"


def require(extra: str, *modules: str, where: str = "this installation") -> None:
    """Do nothing when all `modules` can be imported.

    Args:
        extra: name of the optional group of dependencies that brings them.
        modules: top-level packages; none of them is imported.
        where: what asked for them, for the message.

    Raises:
        SettingsError: 2, naming the first missing one and the line that installs it.
    """
    for module in modules:
        if not _importable(module):
            raise SettingsError(f"{module} is not installed", where=where, remedy=install_line(extra))


def install_line(extra: str) -> str:
    """Return what installs an extra: in a checkout everything at once, elsewhere it alone."""
    return f"in a checkout `make setup`, elsewhere pip install '{NAME}[{extra}]'"


def _importable(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None  # None: its import is forbidden here
    return find_spec(module) is not None
