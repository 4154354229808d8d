"""The walks over minute bars compiled to machine code, from the very rules that the session engine runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from backtest.simulator.intraday import loops
from backtest.strategies.opening_range_breakout import rules

_CALLED: Final = (
    rules.break_side,
    rules.confirm_count,
    rules.edge_of,
    rules.stop_of,
    rules.risk_of,
    rules.target_of,
    rules.limit_answer,
    rules.exit_answer,
    rules.watches_entry_bar,
    rules.adverse,
    rules.favourable,
    loops.confirm_row,
    loops.limit_row,
    loops.entry_of,
    loops.exit_rows,
    loops.outcomes,
)


@cache
def compiled_outcomes() -> Callable[..., None]:
    """Return `loops.outcomes` compiled, its columns in groups; as it is where no compiler is installed.

    Machine code is kept beside the source where that folder is writable; its key holds a digest of rules and
    loops, so that changed rules never meet old code.
    """
    try:
        import numba  # a third of a second that only this pays
        from numba.extending import register_jitable
    except ImportError:
        return outcomes_as_they_are

    for function in _CALLED:
        register_jitable(function)
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in (rules, loops))
    caller = _caller(hashlib.sha256(sources).hexdigest())
    try:
        compiled: Callable[..., None] = numba.njit(cache=True, nogil=True)(caller)
    except RuntimeError:  # no folder that a cache may be written to
        compiled = numba.njit(nogil=True)(caller)
    return compiled


def outcomes_as_they_are(
    prices: Any, breaks: Any, edges: Any, grid: Any, ratios: Any, entries: Any, exits: Any
) -> None:
    """Run `loops.outcomes` without the compiler, which takes seconds: for few outcomes the faster way."""
    columns = [column.tolist() for column in prices]  # floats are read twice as fast as array cells
    loops.outcomes(columns, *breaks, *edges, *grid, *ratios, *entries, *exits)


def _caller(digest: str) -> Callable[..., None]:
    def run(prices: Any, breaks: Any, edges: Any, grid: Any, ratios: Any, entries: Any, exits: Any) -> None:
        """Hand the columns on, in the order of `loops.outcomes`."""
        if len(digest) > 0:  # part of the key of the kept code only because it is used
            loops.outcomes(prices, *breaks, *edges, *grid, *ratios, *entries, *exits)

    return run
