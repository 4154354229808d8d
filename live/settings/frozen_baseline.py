"""What the backtest of a frozen variant did, in its entry of the manifest: monitoring compares with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from backtest.core.errors import Finding

if TYPE_CHECKING:
    from backtest.reporting.baseline import Baseline

KEY: Final = "baseline"
#: there and true: the baseline is of the made-up market, and judges no other
MADE_UP: Final = "baseline_made_up"
#: what a baseline belongs to: with another of these it says nothing
_MADE_OF: Final = ("strategy", "parameters", "execution", "code_sha256")


def set_baseline(
    variant: str,
    known: Mapping[str, Any] | None,
    entry: dict[str, Any],
    baseline: Baseline | None,
    *,
    source: str = "",
) -> Iterator[Finding]:
    """Put a baseline into an entry and yield what is different.

    Args:
        variant: whose entry it is.
        known: the entry before, None for a new one.
        entry: the entry now, without a baseline.
        baseline: of a backtest made just now; None: the known one stays where nothing else changed.
        source: value of `data.source` it was made on.
    """
    before = known or {}
    made_up = baseline is not None and source == "demo"
    if baseline is not None:
        entry[KEY] = asdict(baseline)
    elif before.get(KEY) is not None and all(before.get(k) == entry.get(k) for k in _MADE_OF):
        entry[KEY], made_up = before[KEY], bool(before.get(MADE_UP))
    if made_up:
        entry[MADE_UP] = True
    if all(before.get(k) == entry.get(k) for k in (KEY, MADE_UP)):
        return
    if baseline is None:
        yield Finding(variant, "its baseline is gone: it was that of other rules")
        return
    yield Finding(
        variant, f"baseline of {baseline.first} to {baseline.last}, {baseline.trades:,} closing trades"
    )
