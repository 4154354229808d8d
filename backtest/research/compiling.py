"""Compiling loops that plain Python can run too. numba is imported when the first one is needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from backtest.core.distribution import require


def compile_loop(
    loop: Callable[[str], Callable[..., None]],
    functions: Iterable[Callable[..., Any]],
    modules: Iterable[ModuleType],
    where: str = "a backtest over many sets",
) -> Callable[..., None]:
    """Compile the function that `loop` returns for a digest of `modules`.

    Args:
        loop: gives the function for a digest, which it must use.
        functions: what it calls, compiled with it.
        modules: where they come from; their sources are digested.
        where: what is compiled, for the message when the compiler is missing.

    Raises:
        SettingsError: numba is not installed.
    """
    require("research", "numba", where=where)
    import numba  # a third of a second that only research pays
    from numba.extending import register_jitable

    for function in functions:
        register_jitable(error_model="numpy")(function)
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in modules)
    source = loop(hashlib.sha256(sources).hexdigest())
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        compiled: Callable[..., None] = numba.njit(cache=True, **options)(source)
    except RuntimeError:  # numba found no folder it may write its cache to
        compiled = numba.njit(**options)(source)
    return compiled
