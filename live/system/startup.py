"""Imported first by both stages and `jutsu`: makes a process of half a second start in less of it.

Only when one of them is the program that runs; imported by anything else (tests), nothing changes.

- Loading modules makes a great many objects that live as long as the process. The cyclic collector would look
  at them again and again, a quarter of the whole start; `finished` switches it on when the imports are over
  and tells it to leave them alone. A command imports as it goes: there the collector looks seldom.
- numpy's linear algebra starts one thread per core. No stage multiplies matrices.
- Ctrl-C while modules load is one line, and no traceback.
- Nothing else of ours is imported before `backtest` and `live` are known to be ours.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Final

from live.system import interrupts
from live.system.own_packages import foreign_package

STAGES: Final = frozenset({"live.signal_generator", "live.executor"})
COMMANDS: Final = frozenset({"live.cli.app", "live.cli.__main__"})
_SELDOM: Final = 100_000
"""New objects before the collector looks at a command's."""


def is_stage() -> bool:
    """Tell whether this process is one of the stages (``python -m live.executor``)."""
    return _program() in STAGES


def is_command() -> bool:
    """Tell whether this process is `jutsu` (the console script, or ``python -m live.cli``)."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return _program() in COMMANDS or (script is not None and Path(script).stem == "jutsu")


def _program() -> str:
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return "" if spec is None else str(spec.name)


def begin() -> None:
    """Put the collector off while modules load, and keep numpy from starting threads."""
    gc.disable()
    _one_thread()


def _one_thread() -> None:
    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def finished() -> None:
    """Collect normally from here on, but never look at what exists now: it stays until the end.

    Signals raise from here on; SIGTERM does in a stage only.
    """
    if is_stage():
        gc.freeze()
        gc.enable()
    if is_stage() or is_command():
        interrupts.raise_from_now_on(terminated=is_stage())


def _require_own_packages() -> None:
    problem = foreign_package()
    if problem is not None:
        sys.stderr.write(f"{problem}\n")
        raise SystemExit(2)


if is_stage() or is_command():
    interrupts.end_quietly(terminated=is_stage())
    _require_own_packages()
if is_stage():
    begin()
elif is_command():
    gc.set_threshold(_SELDOM)
    _one_thread()
