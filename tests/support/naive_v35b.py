"""The rules of v3.5b once more, slowly and straight from the specification, sharing no code with the product.

Everything is recomputed from scratch for every session: matrices for the filter, numpy's own mean and
deviation for the rest. Only for tests.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEGS = ("TQQQ", "QQQ", "PSQ", "TMF", "TMV", "cash")


def wma(values: list[Any]) -> float:
    weights = np.arange(1, len(values) + 1)
    return float(np.dot(weights, values) / weights.sum())


def t_norm_series(p: dict[str, Any], close: NDArray[np.float64], volume: NDArray[np.float64]) -> list[float]:
    """Section 3."""
    move = np.array([[1.0, 1.0], [0.0, 1.0]])
    noise = np.diag([p["process_noise_1"], p["process_noise_2"]])
    see = np.array([[1.0, 0.0]])
    state = np.array([[close[0]], [0.0]])
    cov = np.eye(2)
    magnitudes: list[float] = []
    oscillators: list[float] = []
    smoothed: list[float] = []
    needed = min(p["strength_smoothness"], 500)
    length = min(p["osc_smoothness"], 20)
    out = [0.0]
    for t in range(1, len(close)):
        state = move @ state
        cov = move @ cov @ move.T + noise
        if volume[t] <= 0:
            ratio = 1.0
        elif p["symmetric_volume_adjustment"]:
            ratio = volume[t - 1] / volume[t]
        else:
            ratio = volume[t - 1] / max(volume[t - 1], volume[t])
        y = close[t] - (see @ state).item()
        s = (see @ cov @ see.T).item() + p["measurement_noise"] * ratio
        gain = cov @ see.T / s
        state = state + gain * y
        cov = (np.eye(2) - gain @ see) @ cov
        magnitudes = [*magnitudes, abs(y)][-500:]
        trend = 0.0
        if len(magnitudes) >= needed:
            largest = max(magnitudes)
            oscillators = [*oscillators, 100 * y / largest if largest else 0.0][-20:]
            if len(oscillators) >= length:
                trend = wma(oscillators[-length:])
                if p["double_smoothing"]:
                    smoothed = [*smoothed, trend][-20:]
                    if len(smoothed) >= needed:
                        trend = wma(smoothed[-needed:])
        out.append(min(1.0, max(-1.0, trend / p["T_max"])))
    return out


def table(p: dict[str, Any], cell: int, bond: str | None) -> dict[str, float]:
    """Sections 9 and 10; bond is None, "TMF" or "TMV"."""
    w = dict.fromkeys(LEGS, 0.0)
    defensive = 0.0
    if cell == 1:
        w["TQQQ"], w["QQQ"] = 0.6, 0.4
    elif cell == 2:
        w["QQQ"] = 1.0
    elif cell == 3:
        w["TQQQ"], w["QQQ"] = 0.2, 0.8
    elif cell == 4:
        w["cash"] = defensive = 1.0
    elif cell == 5:
        w["QQQ"] = 0.5
        w["cash"] = defensive = 0.5
    elif p["use_inverse_hedge"]:
        w["PSQ"] = min(0.5, p["w_PSQ_max"])
        w["cash"] = 1 - w["PSQ"]
    else:
        w["cash"] = defensive = 1.0
    if p["allow_treasury"] and defensive and bond:
        w[bond] = min(0.4 * defensive, p["max_bond_weight"])
        w["cash"] = defensive - w[bond]
    for leg in ("TQQQ", "QQQ", "PSQ"):
        w[leg] *= p["leverage_scalar"]
    total = sum(w.values())
    return {leg: value / total for leg, value in w.items()}


def decisions(
    p: dict[str, Any],
    dates: list[str],
    close: NDArray[np.float64],
    volume: NDArray[np.float64],
    bond_dates: NDArray[np.str_],
    bond_close: NDArray[np.float64],
) -> list[dict[str, Any]]:
    """All sections; one dictionary per session, only date and T_norm before the first decision."""
    n = len(close)
    rv, bw, lookback = p["realized_vol_window"], p["vol_baseline_window"], p["vol_crush_lookback"]
    returns = np.log(close[1:] / close[:-1])  # returns[i - 1] belongs to bar i
    sigma = {i: np.sqrt(252) * np.std(returns[i - rv : i], ddof=1) for i in range(rv, n)}
    first = max(p["sma_slow"], bw + rv) - 1
    state, held, rows = "Low", dict.fromkeys(LEGS[:5], 0.0), []
    for t, t_norm in enumerate(t_norm_series(p, close, volume)):
        row = {"date": dates[t], "T_norm": t_norm}
        rows.append(row)
        if t < first:
            continue
        fast, slow = (
            np.mean(close[t + 1 - p["sma_fast"] : t + 1]),
            np.mean(close[t + 1 - p["sma_slow"] : t + 1]),
        )
        baseline = [sigma[i] for i in range(t - bw + 1, t + 1)]
        sd = np.std(baseline, ddof=1)
        z = (sigma[t] - np.mean(baseline)) / sd if sd else 0.0
        state = "High" if z > p["upper_thresh_z"] else "Low" if z < p["lower_thresh_z"] else state
        trend = "Sideways"
        if t_norm > p["t_norm_bull_thresh"] and fast > slow:
            trend = "BullStrong"
        elif t_norm < p["t_norm_bear_thresh"] and not fast > slow:
            trend = "BearStrong"
        before = sigma[t - lookback]
        crush = bool(before) and (sigma[t] - before) / before < p["vol_crush_threshold"]
        if crush:
            state = "Low"
            trend = "Sideways" if trend == "BearStrong" else trend
        cell = {"BullStrong": 1, "Sideways": 3, "BearStrong": 5}[trend] + (state == "High")
        known = bond_close[bond_dates <= dates[t]]
        bond_fast = bond_slow = bond = None
        if p["allow_treasury"] and len(known) >= p["bond_sma_slow"]:
            bond_fast, bond_slow = (
                np.mean(known[-p["bond_sma_fast"] :]),
                np.mean(known[-p["bond_sma_slow"] :]),
            )
            bond = "TMF" if bond_fast > bond_slow else "TMV"
        target = table(p, cell, bond)
        rebalance = sum(abs(held[leg] - target[leg]) for leg in held) > p["rebalance_threshold"]
        if rebalance:
            held = {leg: target[leg] for leg in held}
        row.update(
            z_score=z,
            sma_fast=fast,
            sma_slow=slow,
            vol_crush=crush,
            vol_state=state,
            trend_state=trend,
            cell=cell,
            bond_sma_fast=bond_fast,
            bond_sma_slow=bond_slow,
            needs_rebalance=rebalance,
            **{f"w_{leg}": target[leg] for leg in LEGS},
        )
    return rows
