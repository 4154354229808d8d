"""What a study would be, without running it: sets, what they share, bytes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from backtest.core.decision import Json
from backtest.research.rule_sets import STATISTICS, rule_set
from backtest.research.search import ADAPTIVE, GRID
from backtest.research.study import Study

#: sets whose validity is counted at most; of a larger study a share is told
_COUNTED: Final = 1_000_000
_AT_ONCE: Final = 100_000
#: sets a second and core that a machine of today reaches with nothing shared, from `make bench`
_RATE: Final = 8_000
#: the same of rules in Python
_PYTHON_RATE: Final = 3


@dataclass(frozen=True, slots=True)
class Preview:
    """A study before it runs.

    Attributes:
        sets: asked for, broken ones included.
        counted, broken: of the first sets, how many were looked at and how many the rules exclude.
        unique: different series at most, by kind.
        sessions: that trade.
        database_bytes: added to the study database at most.
        seconds: about how long one core needs at most, on a machine of today.
    """

    sets: int
    counted: int
    broken: int
    unique: dict[str, int]
    sessions: int
    database_bytes: int
    seconds: float

    def document(self) -> Json:
        """Return all as one JSON document."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """Yield what a person reads."""
        sets = f"{self.sets:,} sets over {self.sessions:,} sessions"
        if self.counted:
            some = "" if self.counted == self.sets else f" of the first {self.counted:,}"
            yield f"{sets}; the rules exclude {self.broken:,}{some}"
        else:
            yield f"{sets}, each batch drawn from those before"
        if self.unique:
            parts = ", ".join(f"{count:,} {kind}" for kind, count in self.unique.items())
            yield f"unique series at most: {parts}"
        yield f"{self.database_bytes / 1e6:,.1f} MB in the study database"
        yield f"at most about {self.seconds:,.0f} s on one core; nothing was run"


def preview_of(study: Study, sessions: int) -> Preview:
    """Return what a study would be over some sessions."""
    total = study.total
    counted = 0 if study.method in ADAPTIVE else min(total, _COUNTED)
    broken = 0
    for first in range(0, counted, _AT_ONCE):
        count = min(_AT_ONCE, counted - first)
        columns = study.sets(first, count)
        broken += count - int(np.count_nonzero(study.space.valid(columns, count)))
    return Preview(
        sets=total,
        counted=counted,
        broken=broken,
        unique=_unique(study, total),
        sessions=sessions,
        database_bytes=8 * STATISTICS * total,
        seconds=total / (_RATE if rule_set(study.strategy).compiled else _PYTHON_RATE) * sessions / 4_000,
    )


def _unique(study: Study, total: int) -> dict[str, int]:
    found = {}
    for kind, names in rule_set(study.strategy).series.items():
        axes = [axis for axis in study.space.axes if axis.name in names]
        listed = study.method == GRID or all(axis.values for axis in axes)
        found[kind] = min(total, math.prod(len(axis.values) for axis in axes)) if listed else total
    return found
