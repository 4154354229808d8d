"""Ctrl-C and SIGTERM: one line while modules load, then an exception that `guarded` turns into one line.

Standard library only while modules load. What a parent chose to ignore (`nohup`) stays ignored.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Final, NoReturn

_NOTHING_BEGUN: Final = b"interrupted: nothing was begun; run the same command again\n"


def end_quietly(*, terminated: bool) -> None:
    """Let Ctrl-C (and SIGTERM, when `terminated`) end the process with one line: nothing was begun yet."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    if terminated and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)


def raise_from_now_on(*, terminated: bool) -> None:
    """Let Ctrl-C raise KeyboardInterrupt again, and SIGTERM Terminated, where `end_quietly` was in force."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if terminated and signal.getsignal(signal.SIGTERM) is _end:
        signal.signal(signal.SIGTERM, _terminate)


def _end(number: int, _: FrameType | None) -> NoReturn:
    os.write(2, _NOTHING_BEGUN)
    os._exit(128 + number)


def _terminate(_: int, __: FrameType | None) -> NoReturn:
    from backtest.core.errors import Terminated

    raise Terminated
