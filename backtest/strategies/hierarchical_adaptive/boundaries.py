"""How far a decision of v3.5b is from the next one: the limits of sections 6 to 10 around its figures.

The volatility crush (section 7) looks back several sessions at figures that diagnostics do not carry, so it
has no limit here; while it lasts it keeps the volatility state Low, and the limit of the z-score is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backtest.strategies.hierarchical_adaptive.parameters import Parameters
from backtest.strategies.hierarchical_adaptive.series import BEAR_BOND, BULL_BOND, cell_weights
from backtest.strategies.terms import Boundary, Direction

_NEEDED: Final = ("z_score", "T_norm", "sma_fast", "sma_slow", "cell", "vol_state", "vol_crush")
CELL: Final = "cell changes"


def next_changes(parameters: Parameters, figures: Mapping[str, Any]) -> tuple[Boundary, ...]:
    """Return the limits that would change cell or bonds if one figure alone moved; none during warm-up."""
    if any(figures.get(name) is None for name in _NEEDED):
        return ()
    return (
        *_volatility(parameters, figures),
        *_trend(parameters, figures),
        *_averages(parameters, figures),
        *_bonds(parameters, figures),
    )


def _volatility(parameters: Parameters, figures: Mapping[str, Any]) -> tuple[Boundary, ...]:
    if figures["vol_crush"]:
        return ()
    z_score = float(figures["z_score"])
    if figures["vol_state"] == "High":
        return (Boundary(CELL, "z", "below", parameters.lower_thresh_z, z_score),)
    return (Boundary(CELL, "z", "above", parameters.upper_thresh_z, z_score),)


def _trend(parameters: Parameters, figures: Mapping[str, Any]) -> tuple[Boundary, ...]:
    """Return the limit of T_norm on this side of the averages; a crush never lets the trend be Bear."""
    t_norm = float(figures["T_norm"])
    if figures["sma_fast"] > figures["sma_slow"]:
        limit = parameters.t_norm_bull_thresh
        inside = t_norm > limit
        return (Boundary(CELL, "T_norm", "below" if inside else "above", limit, t_norm, inclusive=inside),)
    if figures["vol_crush"]:
        return ()
    limit = parameters.t_norm_bear_thresh
    inside = t_norm < limit
    return (Boundary(CELL, "T_norm", "above" if inside else "below", limit, t_norm, inclusive=inside),)


def _averages(parameters: Parameters, figures: Mapping[str, Any]) -> tuple[Boundary, ...]:
    """Return where the averages cross, when that alone would change the trend."""
    fast, slow, t_norm = float(figures["sma_fast"]), float(figures["sma_slow"]), float(figures["T_norm"])
    above = 1 if t_norm > parameters.t_norm_bull_thresh else 0
    below = -1 if t_norm < parameters.t_norm_bear_thresh and not figures["vol_crush"] else 0
    if above == below:
        return ()
    crosses_down = fast > slow
    direction: Direction = "below" if crosses_down else "above"
    return (Boundary(CELL, "fast average", direction, slow, fast, inclusive=crosses_down),)


def _bonds(parameters: Parameters, figures: Mapping[str, Any]) -> tuple[Boundary, ...]:
    """Return where the bond averages cross, when this cell holds bonds."""
    fast, slow = figures.get("bond_sma_fast"), figures.get("bond_sma_slow")
    cell = int(figures["cell"])
    if fast is None or slow is None:
        return ()
    if cell_weights(cell, BULL_BOND, parameters) == cell_weights(cell, BEAR_BOND, parameters):
        return ()
    rising = fast > slow
    direction: Direction = "below" if rising else "above"
    return (
        Boundary("bonds change", "fast bond average", direction, float(slow), float(fast), inclusive=rising),
    )
