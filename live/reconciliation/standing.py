"""Whether ledger and broker stand apart now, in words: reads both sides and books nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from backtest.core.errors import JutsuError
from live.reconciliation.compare import compared
from live.reconciliation.settling import under_way

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.model.broker import Account, Broker
    from live.reconciliation.model import SymbolDifference
    from live.runtime.runtime import RunContext


def paper_differences(context: RunContext, broker: Broker) -> tuple[str, ...]:
    """Return what stands between the ledger and the paper account beside it, nothing for other brokers.

    A real broker is asked by `jutsu doctor` and `reconcile`: an overview must not need the network.
    """
    from live.brokers.paper.broker import PaperBroker

    if not isinstance(broker, PaperBroker):
        return ()
    try:
        return differences_now(context, broker.kept())
    except JutsuError as error:
        return (error.line(),)


def differences_now(context: RunContext, account: Account) -> tuple[str, ...]:
    """Return one line per disagreement with what to do; nothing where an order on its way explains it.

    Args:
        context: ledger, limits and recorded splits.
        account: what the broker holds now.

    Raises:
        DataError: 5, a damaged file of recorded actions.
    """
    ledger, result = context.ledger, compared(context, account, {})
    lines = [line for line in result.differences if not under_way(ledger, line)]
    found = [_positions_apart(ledger, account, lines)] if lines else []
    if (result.cash_jumped and not result.differences) or result.overdrawn:
        cash = next(finding for finding in result.findings() if finding.path == "cash")
        found.append(f"{cash}; `jutsu reconcile` shows both sides")
    return tuple(found)


def _positions_apart(ledger: Ledger, account: Account, lines: Iterable[SymbolDifference]) -> str:
    lines = tuple(lines)
    theirs = ", ".join(f"{line.broker} {line.symbol}" for line in lines if line.broker)
    ours = ", ".join(f"{line.ledger} {line.symbol}" for line in lines if line.ledger)
    if _unused(ledger):
        return (
            f"the ledger is empty and the account holds {theirs}: was the ledger deleted? `jutsu recover` "
            "takes the newest backup, `jutsu reconcile --adopt` takes the shares into the books"
        )
    if not account.holdings:
        return (
            f"the account holds nothing and the ledger {ours}: was the account's file deleted, or all of it "
            "sold? put the file back, or `jutsu reconcile --adopt` goes on from the account as it is"
        )
    sides = ", ".join(f"{line.symbol} {line.ledger} in the ledger, {line.broker} there" for line in lines)
    return (
        f"ledger and broker disagree: {sides}: `jutsu reconcile` shows both sides, `jutsu reconcile --adopt` "
        "takes the broker's"
    )


def _unused(ledger: Ledger) -> bool:
    """Whether a ledger looks as if it had just been made."""
    traded = ledger.positions.open_positions() or ledger.positions.closed() or ledger.orders.recent(1)
    return not traded and ledger.runs.last_session() is None
