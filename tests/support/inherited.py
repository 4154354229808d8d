"""Forked children, and the modules that one had to load: those that are forked later inherit them."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any


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


def in_child(body: Callable[[], Any], answer: Path) -> tuple[int, Any]:
    """Run `body` in a forked process; return its wait status and what it returned."""
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        code = 70
        try:
            answer.write_text(json.dumps(body()))
            code = 0
        except BaseException:  # noqa: BLE001 - the child must never return into the harness
            answer.with_suffix(".error").write_text(traceback.format_exc())
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return status, json.loads(answer.read_text()) if answer.exists() else None
