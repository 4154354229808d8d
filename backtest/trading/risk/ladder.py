"""A ladder: parts of a position are sold as its gain reaches multiples of the risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from backtest.core.errors import JutsuError
from backtest.trading.risk.position_size import whole_shares

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Rung:
    """One step.

    Attributes:
        gain: reached when the price gained so many times the risk of a share.
        share: of the shares bought, decimal fraction.
    """

    gain: float
    share: float


def rung_shares(rungs: Sequence[Rung], bought: int) -> tuple[int, ...]:
    """Return the shares each rung sells, whole ones; together never more than were bought.

    When the rungs sell everything (shares that add up to 1) the last one takes the rest.

    Raises:
        JutsuError: gains do not rise, or the shares add up to more than 1.
    """
    if any(one.gain >= two.gain for one, two in pairwise(rungs)):
        raise JutsuError("the gains of a ladder must rise", where="risk.ladder")
    total = sum(rung.share for rung in rungs)
    if total > 1 + _TOLERANCE or any(rung.share <= 0 for rung in rungs):
        raise JutsuError(
            f"the shares of a ladder are above 0 and at most 1, they add up to {total:g}", where="risk.ladder"
        )
    sold = [whole_shares(rung.share * bought) for rung in rungs]
    if rungs and total >= 1 - _TOLERANCE:
        sold[-1] = bought - sum(sold[:-1])
    return tuple(sold)


def due_shares(
    rungs: Sequence[Rung], *, bought: int, held: int, entry: float, risk: float, best: float
) -> int:
    """Return how many shares are to be sold now.

    Args:
        rungs: rising gains.
        bought: whole shares.
        held: what is left of them.
        entry: fill price per share.
        risk: distance of the first stop from it, currency per share.
        best: best price since the entry.
    """
    if risk <= 0:
        return 0
    sold = tuple(accumulate(rung_shares(rungs, bought)))
    reached = sum(best - entry >= rung.gain * risk for rung in rungs)
    wanted = sold[reached - 1] if reached else 0
    return max(0, min(held, wanted - (bought - held)))
