"""What a Monte Carlo leaves for people: lines of the screen, `monte_carlo.json`, `monte_carlo.html`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from backtest.core.decision import Json
from backtest.core.files import write_atomic
from backtest.reporting import charts
from backtest.research.monte_carlo.histories import Histories
from backtest.research.monte_carlo.parameter_draws import Around
from backtest.research.monte_carlo.resampling import Resampling
from backtest.research.monte_carlo.stress import Stressed
from backtest.research.monte_carlo.summaries import QUANTILES, Distribution, Summary
from backtest.research.report_page import Table, page

_LABELS: Final = {
    "final_equity": "final equity, times the beginning",
    "annual_return": "annual return",
    "sharpe": "Sharpe",
    "max_drawdown": "largest drawdown",
    "under_water": "sessions below a peak, the most",
}
_PERCENT: Final = frozenset({"annual_return", "max_drawdown", "volatility"})
_SHOWN: Final = ("annual_return", "sharpe", "max_drawdown")
_HEAD: Final = ("", *(f"{q} %" for q in QUANTILES), "middle 95 %", "middle 99 %")


@dataclass(frozen=True, slots=True, eq=False)
class MonteCarlo:
    """Everything one command computed; a part that was not is None, `skipped` says why.

    Attributes:
        name: what was resampled.
        days: first and last session of its returns.
        plan, summary: resampled returns.
        around: sets drawn around the chosen one.
        noise: with noise on the prices. orders: with their sessions in another order.
        stressed: bad days.
        skipped: reason by part.
        tried: sets tried on these sessions, it among them (N); 0 where that is not known.
    """

    name: str
    days: tuple[date, date]
    plan: Resampling
    summary: Summary
    around: Around | None
    noise: Histories | None
    orders: Histories | None
    stressed: tuple[Stressed, ...]
    skipped: Mapping[str, str]
    tried: int = 0

    def document(self) -> Json:
        """Return all as one JSON document, as in `monte_carlo.json`."""
        return {
            "name": self.name,
            "first_session": self.days[0].isoformat(),
            "last_session": self.days[1].isoformat(),
            "tried": self.tried or None,
            "returns": {**asdict(self.plan), **self.summary.document()},
            "parameters": None if self.around is None else self.around.document(),
            "noise": None if self.noise is None else self.noise.document(),
            "orders": None if self.orders is None else self.orders.document(),
            "stress": [item.document() for item in self.stressed],
            "skipped": dict(self.skipped),
        }

    def lines(self) -> Iterator[str]:
        """Yield what a person reads on the screen."""
        plan, found = self.plan, self.summary
        yield (
            f"{self.name}, {self.days[0]} to {self.days[1]}: {plan.paths:,} paths of {plan.sessions:,}"
            f" sessions, {plan.kind} blocks of {plan.block:.1f}, seed {plan.seed}"
        )
        if self.tried > 1:
            yield (
                f"  one of N = {self.tried:,} sets tried on these sessions: the best of many is partly luck,"
                " and nothing below allows for that"
            )
        for name, values in found.figures.items():
            quantiles = "  ".join(
                f"{q} %: {_text(name, value)}" for q, value in zip(QUANTILES, values.quantiles, strict=True)
            )
            yield f"  {_LABELS[name]:<34} {quantiles}"
        yield f"  {'ends above its beginning':<34} {found.profit.text}"
        yield f"  {f'ruin, a close below {found.ruin_below:g} of it':<34} {found.ruin.text}"
        yield f"  {'19 of 20 paths end (VaR)':<34} with {_at_worst(found.var_95)}"
        yield f"  {'the worst of 20 end (CVaR)':<34} on average with {_outcome(found.cvar_95)}"
        yield from self._other_parts()
        for part, reason in self.skipped.items():
            yield f"{part}: not computed: {reason}"

    def _other_parts(self) -> Iterator[str]:
        if self.around is not None:
            near = "" if self.around.near is None else f", {self.around.near:.0%} of them reach 0.9 of"
            yield f"{self.around.sets:,} sets around it{near} {self.around.objective} {self.around.own:.4g}:"
            yield from _quantile_lines(self.around.figures)
            moved = ", ".join(f"{n} {_rank(v)}" for n, v in self.around.sensitivity.items())
            yield f"  rank correlation with it: {moved}"
        for text, part in (("noise on the prices", self.noise), ("sessions in other orders", self.orders)):
            if part is not None:
                yield f"{part.count:,} histories, {text}:"
                yield from _quantile_lines(part.figures)
        if self.stressed:
            yield "stress, in whole shares:"
        for item in self.stressed:
            yield f"  {item.name:<16} {_stress_text(item)}"


def write_report(found: MonteCarlo, folder: Path) -> None:
    """Write both files, each whole or not at all. OSError: the folder cannot be written to."""
    text = json.dumps(found.document(), indent=2) + "\n"
    write_atomic(folder / "monte_carlo.json", text.encode())
    write_atomic(folder / "monte_carlo.html", page_of(found).encode())


def page_of(found: MonteCarlo) -> str:
    """Return the page: lines, bands, tables."""
    tables = [_table("Resampled returns", found.summary.figures)]
    if found.around is not None:
        tables.append(_table(f"{found.around.sets:,} sets around it", found.around.figures))
        rows = [(name, _rank(value)) for name, value in found.around.sensitivity.items()]
        tables.append(Table(f"Rank correlation with {found.around.objective}", ("parameter", "rho"), rows))
    for title, part in (("Noise on the prices", found.noise), ("Sessions in other orders", found.orders)):
        if part is not None:
            tables.append(_table(f"{title}, {part.count:,} histories", part.figures))
    if found.stressed:
        head = ("scenario", "total return", "largest drawdown", "worst session", "trades", "what")
        tables.append(Table("Stress, in whole shares", head, [_stress_row(item) for item in found.stressed]))
    return page(f"Monte Carlo of {found.name}", found.lines(), tables, (), charts=(_bands(found.summary),))


def _at_worst(loss: float) -> str:
    return f"a gain of {-loss:.1%} or more" if loss < 0 else f"a loss of {loss:.1%} or less, or a gain"


def _outcome(loss: float) -> str:
    return f"a gain of {-loss:.1%}" if loss < 0 else f"a loss of {loss:.1%}"


def _bands(summary: Summary) -> str:
    series = [charts.Series(f"{q} %", row) for q, row in zip(QUANTILES, summary.bands, strict=True)]
    low, high = float(np.min(summary.bands)), float(np.max(summary.bands))
    ticks = charts.money_ticks(low, high, logarithmic=True)
    title = "Equity, times the beginning: quantiles at each session by itself, no path follows one"
    labels = [f"session {mark:,}" for mark in summary.marks]
    return charts.line_chart(title, labels, series, ticks, logarithmic=True)


def _table(title: str, figures: Mapping[str, Distribution]) -> Table:
    rows = [
        (
            _LABELS.get(name, name),
            *(_text(name, value) for value in found.quantiles),
            _interval(name, found.middle_95),
            _interval(name, found.middle_99),
        )
        for name, found in figures.items()
    ]
    return Table(title, _HEAD, rows)


def _quantile_lines(figures: Mapping[str, Distribution]) -> Iterator[str]:
    for name in _SHOWN:
        values = zip(QUANTILES, figures[name].quantiles, strict=True)
        yield f"  {_LABELS[name]:<34} " + "  ".join(f"{q} %: {_text(name, value)}" for q, value in values)


def _stress_text(item: Stressed) -> str:
    if item.reason or item.total_return is None:
        return item.reason
    total, depth, worst, trades = _stress_row(item)[1:5]
    return f"{total} in all, drawdown {depth}, worst session {worst}, {trades} trades"


def _stress_row(item: Stressed) -> tuple[str, ...]:
    if item.total_return is None or item.max_drawdown is None or item.worst_session is None:
        return (item.name, item.reason, "", "", "", item.what)
    percents = (f"{item.total_return:.1%}", f"{item.max_drawdown:.1%}", f"{item.worst_session:.1%}")
    return (item.name, *percents, str(item.trades), item.what)


def _text(name: str, value: float) -> str:
    return f"{value:.1%}" if name in _PERCENT and abs(value) < 100 else f"{value:.4g}"


def _interval(name: str, ends: tuple[float, float]) -> str:
    return f"{_text(name, ends[0])} to {_text(name, ends[1])}"


def _rank(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}"
