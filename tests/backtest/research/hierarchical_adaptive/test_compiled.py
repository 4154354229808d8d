"""The compiled loop gives, to the last bit, what the interpreter makes of the same source."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.indicators import kernels
from backtest.research.hierarchical_adaptive import compiled
from backtest.research.hierarchical_adaptive.parameter_sets import matrices, prepare, run_piece
from backtest.strategies.hierarchical_adaptive import kernels as rules
from backtest.strategies.hierarchical_adaptive.parameters import parse
from tests.support.market_v35b import random_walk

SMALL: dict[str, Any] = {"sma_fast": 3, "sma_slow": 8, "realized_vol_window": 3, "vol_baseline_window": 6}
SMALL |= {"bond_sma_fast": 2, "bond_sma_slow": 5, "osc_smoothness": 4, "strength_smoothness": 4}


def test_machine_code_is_never_reused_for_changed_kernels() -> None:
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in (kernels, rules))
    digest = hashlib.sha256(sources).hexdigest()
    loop = getattr(compiled.backtest_sets(), "py_func")  # noqa: B009 - what numba adds, its types do not say
    cells = [cell.cell_contents for cell in loop.__closure__]
    assert digest in cells


def test_a_read_only_installation_still_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    real = numba.njit

    def refuses_a_cache(*args: Any, cache: bool = False, **options: Any) -> Callable[..., Any]:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        compiled: Callable[..., Any] = real(*args, **options)
        return compiled

    monkeypatch.setattr(numba, "njit", refuses_a_cache)
    uncached = compiled.backtest_sets.__wrapped__()
    assert callable(uncached)
    assert compiled.STATISTICS[0] == "final"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"double_smoothing": True, "execution_time": "open"},
        {"allow_treasury": False, "use_inverse_hedge": True},
    ],
)
def test_compiled_and_interpreted_agree_to_the_last_bit(changes: dict[str, Any]) -> None:
    names = ("QQQ", "TLT", "TQQQ", "TMF", "TMV", "PSQ")
    history = {name: random_walk(name, 120, seed) for seed, name in enumerate(names)}
    history["TQQQ"] = history["TQQQ"].since(history["QQQ"].dates[40].item())
    sets = [parse(SMALL | changes), parse(SMALL | changes | {"rebalance_threshold": 0.5})]
    market = prepare(history, sets)
    settings, weights = matrices(sets)
    found = []
    for loop in (compiled.backtest_sets(), compiled._loop("interpreted")):
        statistics = np.zeros((2, len(compiled.STATISTICS)))
        equity = run_piece(loop, market, settings, weights, 0.1, statistics)
        found.append((statistics.tobytes(), equity.tobytes()))
        assert statistics[0, compiled.STATISTICS.index("rebalances")] > 1
    assert found[0] == found[1]


def test_the_columns_of_the_settings_are_where_the_loop_reads_them() -> None:
    sets = [parse(SMALL)]
    row = dict(zip(compiled.FIELDS, matrices(sets)[0][0].tolist(), strict=True))
    for name in set(compiled.FIELDS) & set(type(sets[0]).model_fields):
        assert row[name] == float(getattr(sets[0], name)), name
