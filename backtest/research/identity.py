"""What makes a study the same study: what is computed, from which bars, by which code."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

import backtest
from backtest.core.bars import Bars
from backtest.core.files import read_regular
from backtest.research.study import Study

#: sources that decide the figures of a set, below `backtest/`
_CODE: Final = (
    "indicators",
    "strategies/hierarchical_adaptive",
    "research/hierarchical_adaptive",
    "research/adaptive.py",
    "research/compiling.py",
    "research/expressions.py",
    "research/nsga2.py",
    "research/rule_sets.py",
    "research/search.py",
    "research/sobol.py",
    "research/space.py",
    "research/tpe.py",
    "simulator/windows.py",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Digests (SHA-256, hexadecimal) of what a study is.

    Attributes:
        spec: what is computed: the study file without paths, budget and walk-forward.
        data: every bar array.
        code: sources of kernels, strategy and research.
        versions: of Python's numerical libraries and the machine, as text.
    """

    spec: str
    data: str
    code: str
    versions: str

    @property
    def id(self) -> str:
        """The digest of all four."""
        return digest([self.spec, self.data, self.code, self.versions])

    def changed(self, other: Identity) -> str:
        """Return what differs from another identity, in words."""
        names = {"spec": "study file", "data": "bars", "code": "code", "versions": "library versions"}
        return " and ".join(
            text for name, text in names.items() if getattr(self, name) != getattr(other, name)
        )


def identity_of(study: Study, history: Mapping[str, Bars]) -> Identity:
    """Return the identity of a study over these bars."""
    bars = {symbol: history[symbol].sha256() for symbol in sorted(history)}
    machine = f"numpy {np.__version__}, numba {version('numba')}, {platform.machine()}"
    return Identity(digest(study.spec), digest(bars), _code(), machine)


def digest(value: object) -> str:
    """Return the SHA-256 of a JSON-ready value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _code() -> str:
    found = hashlib.sha256()
    root = Path(str(backtest.__file__)).parent
    for name in _CODE:
        path = root / name
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(source.relative_to(root).as_posix().encode())
            found.update(read_regular(source))
    return found.hexdigest()
