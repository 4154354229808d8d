"""Modules that a forked child had to load, loaded here: children that are forked later inherit them."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterable
from contextlib import suppress


def loaded() -> list[str]:
    """Return the names of all modules that this process has loaded, in the order of loading."""
    return list(sys.modules)


def inherit(names: Iterable[str]) -> None:
    """Load modules; those that exist only under another name (aliases made by a package) are left out."""
    for name in names:
        if name not in sys.modules:
            with suppress(ImportError):
                importlib.import_module(name)
    gc.freeze()  # a child does not copy the pages of what is loaded
