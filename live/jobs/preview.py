"""Preview jobs: a variant as it is beside the same variant with other parameters, over the same bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from live.jobs.backtest import (
    BacktestRequest,
    BacktestResults,
    Progress,
    results_of,
    simulated,
    write_result,
)

if TYPE_CHECKING:
    from backtest.simulator.allocation.result import Result
    from live.settings.load import LoadedSettings

_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class DecisionChange:
    """A session whose target weights differ: symbol -> weight, cash left out."""

    session: date
    before: Mapping[str, float]
    after: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PreviewResults:
    """What other parameters would have made.

    Attributes:
        values: what was tried. parameters: every parameter of the variant as it was then.
        before, after: the variant as it is, and with `values`.
        sessions: decisions of both. different: how many of them differ.
        newest: the newest of those, newest first.
    """

    variant: str
    values: Mapping[str, Any]
    parameters: Mapping[str, Any]
    before: BacktestResults
    after: BacktestResults
    sessions: int
    different: int
    newest: tuple[DecisionChange, ...]


def run(
    loaded: LoadedSettings, document: Mapping[str, Any], at: datetime, folder: Path, progress: Progress
) -> None:
    """Simulate both and write `result.json` into `folder`. JutsuError: see `live.jobs.backtest.simulated`."""
    from backtest.reporting.metrics import summarise

    variant, values = str(document["variant"]), document["values"]
    strategy, before = simulated(loaded, BacktestRequest(variant), at, lambda done: progress(done / 2))
    asked = BacktestRequest(variant, parameters=values)
    after = simulated(loaded, asked, at, lambda done: progress(0.5 + done / 2))[1]
    changes = list(_changes(before, after))
    found = PreviewResults(
        variant=variant,
        values=values,
        parameters=strategy.parameters,
        before=results_of(before, summarise(before)),
        after=results_of(after, summarise(after)),
        sessions=len(before.decisions),
        different=len(changes),
        newest=tuple(reversed(changes[-_SHOWN:])),
    )
    write_result(folder, found)


def _changes(before: Result, after: Result) -> Iterator[DecisionChange]:
    for one, other in zip(before.decisions, after.decisions, strict=True):
        if one.targets != other.targets:
            yield DecisionChange(
                one.decided_on,
                {target.symbol: round(target.weight, 6) for target in one.targets},
                {target.symbol: round(target.weight, 6) for target in other.targets},
            )
