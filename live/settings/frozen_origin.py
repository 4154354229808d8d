"""What tested rules are made of and what they were tested on: the strategy's code and the history it saw.

Code that is not the frozen one stops a run in online_live (exit 2) and warns offline. The history counts only
for a run on the same source: another first bar or fewer bars stop online (exit 5) and warn offline. An entry
of an older manifest says neither; a person is told to freeze it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backtest.core.bars import Bars
from backtest.core.errors import Finding
from backtest.strategies.base import Strategy
from backtest.strategies.code_hash import code_sha256, strategy_files_sha256

FREEZE: Final = "backtest it, then `jutsu config freeze`"


@dataclass(frozen=True, slots=True)
class FrozenData:
    """The history of the first signal symbol when it was frozen.

    Attributes:
        source: value of `data.source`.
        symbol: whose bars are counted.
        first: date of the oldest bar, ISO. bars: how many there were.
    """

    source: str
    symbol: str
    first: str
    bars: int

    @classmethod
    def of(cls, source: str, strategy: Strategy, history: Mapping[str, Bars]) -> FrozenData | None:
        """Return what a history says, None where the strategy has no signal symbol or it has no bars."""
        bars = history.get(strategy.signal_symbols[0]) if strategy.signal_symbols else None
        if bars is None or not len(bars):
            return None
        return cls(source, bars.symbol, bars.first.isoformat(), len(bars))


def code_findings(entries: Mapping[str, Mapping[str, Any]], strategies: Sequence[Strategy]) -> list[Finding]:
    """Return the variants whose code is not the frozen one; entries without a digest are no finding."""
    return [
        Finding(strategy.variant, "the code of its rules is not what was frozen", FREEZE)
        for strategy in strategies
        if not _same_code(entries.get(strategy.variant, {}), strategy)
    ]


def _same_code(entry: Mapping[str, Any], strategy: Strategy) -> bool:
    """Whether no rule differs, or none was frozen; the trees are compared only where any byte differs."""
    known = entry.get("code_sha256")
    return (
        known is None
        or entry.get("files_sha256") == strategy_files_sha256(strategy)
        or known == code_sha256(strategy)
    )


def without_code(entries: Mapping[str, Mapping[str, Any]], variants: Sequence[str]) -> list[Finding]:
    """Return one finding when any of the variants was frozen by a version that did not freeze code."""
    old = [name for name in variants if name in entries and "code_sha256" not in entries[name]]
    if not old:
        return []
    problem = "frozen without the code of the rules, which can change unnoticed"
    return [Finding(", ".join(old), problem, "`jutsu config freeze` once")]


def data_finding(entry: Mapping[str, Any], now: FrozenData | None, *, complete: bool) -> Finding | None:
    """Return how a history differs from the frozen one, None when it does not or cannot be compared.

    Args:
        entry: of the manifest.
        now: the history of the run.
        complete: it reaches to the present; a past session has fewer bars of necessity.
    """
    frozen = entry.get("data")
    if not isinstance(frozen, Mapping) or now is None or frozen.get("source") != now.source:
        return None
    if frozen.get("symbol") != now.symbol:
        return None
    if frozen.get("first") != now.first:
        problem = f"the history begins on {now.first}, it was tested from {frozen.get('first')} on"
    elif complete and now.bars < int(frozen.get("bars", 0)):
        problem = f"the history has {now.bars:,} bars, it was tested on {frozen.get('bars'):,}"
    else:
        return None
    return Finding(now.symbol, problem, f"import the missing bars, or {FREEZE}")


def origin_changes(variant: str, known: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what a new entry says of sets and code that the known one did not."""
    before = set(known.get("tested_sha256", ()))
    if before and before != set(now["tested_sha256"]):
        yield Finding(variant, f"{len(now['tested_sha256'])} tested set(s), {len(before)} before")
    if known.get("code_sha256") != now["code_sha256"]:
        yield Finding(variant, "the code of its rules is frozen as it is now")
