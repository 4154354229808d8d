"""Loops compiled from plain functions."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from backtest.core import distribution
from backtest.core.errors import SettingsError
from backtest.indicators import kernels
from backtest.research.compiling import compile_loop


def _doubling(digest: str) -> Callable[..., None]:
    def run(values: Any) -> None:
        if len(digest) != 64:
            return
        for k in range(len(values)):
            values[k] *= 2.0

    return run


def test_a_loop_is_compiled_with_the_digest_of_its_sources() -> None:
    values = np.array([1.0, -3.0])
    compile_loop(_doubling, (), (kernels,))(values)
    assert values.tolist() == [2.0, -6.0]


def test_without_a_compiler_the_message_names_what_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(module: str) -> bool:
        return module != "numba"

    monkeypatch.setattr(distribution, "_importable", absent)
    modules: tuple[ModuleType, ...] = (kernels,)
    with pytest.raises(SettingsError, match=r"a resampling.*jutsu-labs\[research\]"):
        compile_loop(_doubling, (), modules, "a resampling")
