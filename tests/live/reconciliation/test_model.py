"""What a comparison concludes from its lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from live.reconciliation.model import Kind, Reconciliation, SymbolDifference


def compared(*kinds: Kind, jump: float | None = None) -> Reconciliation:
    """Return a comparison with one symbol of each kind, and equity that moved by `jump` percent."""
    lines = tuple(SymbolDifference(f"S{n}", 10, 20, kind) for n, kind in enumerate(kinds))
    return Reconciliation(lines, Decimal(100), Decimal(80), jump, 10.0)


@pytest.mark.parametrize(
    ("kinds", "jump", "agrees"),
    [
        ((), None, True),
        (("same", "foreign"), None, True),
        (("differs",), None, False),
        (("split_like",), None, False),
        (("same",), 10.0, True),
        (("same",), 10.1, False),
    ],
)
def test_what_stands_against_trading(kinds: tuple[Kind, ...], jump: float | None, *, agrees: bool) -> None:
    result = compared(*kinds, jump=jump)
    assert result.agrees is agrees
    assert bool(result.findings()) is not agrees


def test_every_difference_is_named_and_a_split_gets_a_hint() -> None:
    texts = [str(finding) for finding in compared("differs", "split_like", "foreign", jump=20.0).findings()]
    assert len(texts) == 3
    assert "S0: ledger 10, broker 20" in texts[0]
    assert "split" not in texts[0]
    assert "looks like a split" in texts[1]
    assert "equity moved 20.0 % without trades" in texts[2]
