"""Imported first by both stages: makes a process that lives for half a second start in less of it.

Only when a stage is the program that runs; imported by anything else (replay, tests), nothing changes.

- Loading modules makes a great many objects that live as long as the process. The cyclic collector would look
  at them again and again, a quarter of the whole start; `settled` switches it on when the imports are over
  and tells it to leave them alone.
- numpy's linear algebra starts one thread per core. No stage multiplies matrices.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Final

STAGES: Final = frozenset({"live.signal_generator", "live.executor"})


def is_stage() -> bool:
    """Tell whether this process is one of the stages (``python -m live.executor``)."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name in STAGES


def begin() -> None:
    """Put the collector off while modules load, and keep numpy from starting threads."""
    gc.disable()
    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def settled() -> None:
    """Collect normally from here on, but never look at what exists now: it stays until the end."""
    if is_stage():
        gc.freeze()
        gc.enable()


if is_stage():
    begin()
