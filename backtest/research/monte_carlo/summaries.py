"""What many outcomes say together: quantiles, intervals, chances with their standard errors, bands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.core.decision import Json
from backtest.reporting.risk_figures import expected_shortfall
from backtest.research.monte_carlo.resampling import Paths

#: quantiles in percent of every distribution and of the pointwise bands
QUANTILES: Final = (5, 25, 50, 75, 95)
_SESSIONS_PER_YEAR: Final = 252


@dataclass(frozen=True, slots=True)
class Chance:
    """A share of paths with its standard error, sqrt(p (1 - p) / n).

    That is 0 where no path or every path is in the share, which is no certainty: the text then says how many
    there were, and the chance that n paths would have shown with 95 % (1 - 0.05^(1/n); J. Hanley and
    A. Lippman-Hand, 1983).
    """

    probability: float
    error: float
    paths: int

    @classmethod
    def of(cls, hits: FloatArray) -> Chance:
        """Return the chance of flags, shape (paths,)."""
        share = float(np.mean(hits))
        return cls(share, math.sqrt(share * (1.0 - share) / len(hits)), len(hits))

    @property
    def text(self) -> str:
        """As people read it."""
        unseen = 1.0 - 0.05 ** (1.0 / self.paths)
        if self.probability == 0.0:
            return f"none of {self.paths:,} paths (below {unseen:.2%} at 95 %)"
        if self.probability == 1.0:
            return f"all of {self.paths:,} paths (above {1.0 - unseen:.2%} at 95 %)"
        return f"{self.probability:.1%} (standard error {self.error:.1%})"

    def document(self) -> Json:
        """Return it JSON-ready."""
        return {"probability": self.probability, "standard_error": self.error}


@dataclass(frozen=True, slots=True)
class Distribution:
    """Quantiles of a figure, linear: those of `QUANTILES`, and the middle 95 and 99 percent."""

    quantiles: tuple[float, ...]
    middle_95: tuple[float, float]
    middle_99: tuple[float, float]

    @classmethod
    def of(cls, values: FloatArray) -> Distribution:
        """Return that of finite values, shape (n,), n at least 1."""
        wanted = np.quantile(values, [q / 100 for q in QUANTILES] + [0.025, 0.975, 0.005, 0.995])
        found = [float(value) for value in wanted]
        return cls(tuple(found[:5]), (found[5], found[6]), (found[7], found[8]))

    @property
    def median(self) -> float:
        """The one in the middle."""
        return self.quantiles[QUANTILES.index(50)]

    def document(self) -> Json:
        """Return it JSON-ready."""
        named = {f"p{q}": value for q, value in zip(QUANTILES, self.quantiles, strict=True)}
        return {**named, "middle_95": list(self.middle_95), "middle_99": list(self.middle_99)}


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """What resampled paths show; equity is a multiple of what it began with.

    Attributes:
        figures: distribution by name: final_equity, annual_return, sharpe, max_drawdown, under_water
            (most sessions in a row below a peak).
        profit, ruin: chance that equity ends above its beginning, and that a close lies below `ruin_below`.
        ruin_below: multiple of the beginning.
        var_95, cvar_95: loss over the whole path that one path in twenty exceeds, and the mean of these.
        marks: session counts of the bands.
        bands: shape (QUANTILES, marks): quantiles of equity at each mark by itself, so no path follows one.
    """

    figures: dict[str, Distribution]
    profit: Chance
    ruin: Chance
    ruin_below: float
    var_95: float
    cvar_95: float
    marks: tuple[int, ...]
    bands: FloatArray

    def document(self) -> Json:
        """Return it JSON-ready."""
        return {
            **{name: found.document() for name, found in self.figures.items()},
            "profit": self.profit.document(),
            "ruin": {"below": self.ruin_below, **self.ruin.document()},
            "var_95": self.var_95,
            "cvar_95": self.cvar_95,
            "bands": {
                "pointwise": True,
                "sessions": list(self.marks),
                **{f"p{q}": row.tolist() for q, row in zip(QUANTILES, self.bands, strict=True)},
            },
        }


def summary_of(paths: Paths, ruin_below: float) -> Summary:
    """Return what paths show; ruin is a close below `ruin_below` times the beginning."""
    sessions = int(paths.marks[-1])
    with np.errstate(over="ignore"):  # a short path's growth, taken to a year, may be beyond any number
        annual = np.minimum(paths.final ** (_SESSIONS_PER_YEAR / sessions) - 1.0, np.finfo(np.float64).max)
    return Summary(
        figures={
            "final_equity": Distribution.of(paths.final),
            "annual_return": Distribution.of(annual),
            "sharpe": Distribution.of(paths.sharpe),
            "max_drawdown": Distribution.of(paths.drawdown),
            "under_water": Distribution.of(paths.under_water),
        },
        profit=Chance.of(np.asarray(paths.final > 1.0, dtype=np.float64)),
        ruin=Chance.of(np.asarray(paths.lowest < ruin_below, dtype=np.float64)),
        ruin_below=ruin_below,
        var_95=-float(np.quantile(paths.final - 1.0, 0.05)),
        cvar_95=expected_shortfall(paths.final - 1.0),
        marks=tuple(paths.marks.tolist()),
        bands=np.quantile(paths.curves, [q / 100 for q in QUANTILES], axis=0),
    )
