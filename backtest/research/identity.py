"""What makes a study the same study: what is computed, from which bars, by which code."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

import backtest
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.files import read_regular
from backtest.research.study import Study

#: sources that decide which sets there are and what their figures are, below `backtest/`
_CODE: Final = (
    "indicators",
    "research/adaptive.py",
    "research/compiling.py",
    "research/expressions.py",
    "research/figures.py",
    "research/memory.py",
    "research/nsga2.py",
    "research/rule_sets.py",
    "research/search.py",
    "research/sobol.py",
    "research/space.py",
    "research/tpe.py",
    "simulator/windows.py",
)
#: the same, of rules that hold weights, and of rules that hold positions
_WEIGHTS: Final = ("strategies/hierarchical_adaptive", "research/hierarchical_adaptive")
_POSITIONS: Final = (
    "calendar",
    "candidates/model.py",
    "candidates/schedule.py",
    "core/candidate.py",
    "research/earnings_swing",
    "research/hierarchical_adaptive/trial.py",
    "simulator/positions",
    "strategies/earnings_swing",
    "trading",
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


def identity_of(study: Study, history: Mapping[str, Bars], candidates: Sequence[Candidate] = ()) -> Identity:
    """Return the identity of a study over these bars and candidates."""
    bars = {symbol: history[symbol].sha256() for symbol in sorted(history)}
    if candidates:
        bars["candidates"] = digest([item.as_json() for item in candidates])
    machine = f"numpy {np.__version__}, numba {version('numba')}, {platform.machine()}"
    return Identity(digest(study.spec), digest(bars), _code(study), machine)


def digest(value: object) -> str:
    """Return the SHA-256 of a JSON-ready value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _code(study: Study) -> str:
    found = hashlib.sha256()
    root = Path(str(backtest.__file__)).parent
    own = _WEIGHTS if study.strategy.family.holds_weights else _POSITIONS
    for name in sorted((*_CODE, *own)):
        path = root / name
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(source.relative_to(root).as_posix().encode())
            found.update(read_regular(source))
    return found.hexdigest()
