"""Whether `backtest` and `live` are ours. Standard library only: it must work when `backtest` is not.

Both names are free for anybody on the package index. Where another distribution owns one, its files may
stand in place of ours, so no program of ours goes on.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_FOREIGN: Final = re.compile(r"(backtest|live)-[^-]+\.(dist|egg)-info", re.IGNORECASE)
_REMEDY: Final = "install jutsu-labs by itself: pipx install jutsu-labs, or a new virtual environment"


def foreign_package(search_path: Iterable[str] | None = None) -> str | None:
    """Return one line about a package that is not ours and what to do, None when all is well.

    Args:
        search_path: folders that installed distributions are looked for in; None: `sys.path`.
    """
    for folder in sys.path if search_path is None else search_path:
        for name in _listing(folder or "."):
            if _FOREIGN.fullmatch(name):
                return (
                    f"another distribution owns the name of one of our packages: {folder}/{name}; {_REMEDY}"
                )
    ours, theirs = Path(__file__).parents[2], find_spec("backtest")
    if theirs is None or theirs.origin is None or Path(theirs.origin).parents[1] != ours:
        where = "missing" if theirs is None else theirs.origin
        return f"`backtest` does not belong to this `live`: {where}; {_REMEDY}"
    return None


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - three times as fast as pathlib, and every start pays it
    except OSError:
        return []
