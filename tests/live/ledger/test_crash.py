"""What the ledger said is on disk is there after SIGKILL, and two processes do not disturb each other."""

import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from live.ledger.ledger import Ledger
from live.model.order_state import JournalState as S

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)

WRITER = """
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from live.model.broker import Execution
from live.model.order_state import JournalState as S
from live.ledger.ledger import Ledger, OrderPlan

path, prefix, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
now = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
ledger = Ledger.open(path, account="paper", now=now)
print("ready", flush=True)
for n in range(count):
    symbol = f"{prefix}{n}"
    name = f"20261120_{symbol}_entry_buy"
    day = date(2026, 11, 20)
    ledger.orders.plan(OrderPlan(name, "golden", day, "offline_mock", symbol, "buy", "entry", 5), at=now)
    print(name, "PLANNED", flush=True)
    ledger.orders.transition(name, S.SENDING, at=now)
    print(name, "SENDING", flush=True)
    ledger.orders.transition(name, S.ACKED, at=now, broker_order_id=symbol)
    print(name, "ACKED", flush=True)
    ledger.book([Execution(symbol, symbol, symbol, "buy", 5, Decimal(3), now)], at=now)
    print(name, "BOOKED", flush=True)
ledger.close()
"""


def start(path: Path, prefix: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), prefix, str(count)], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("lines", [2, 3, 4, 57])
def test_every_step_that_was_reported_survives_sigkill(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "ledger.db"
    writer = start(path, "A", 100_000)
    said = [writer.stdout.readline().split() for _ in range(lines)]
    writer.send_signal(signal.SIGKILL)
    said += [line.split() for line in writer.stdout.read().splitlines() if len(line.split()) == 2]
    writer.wait()
    writer.stdout.close()

    with Ledger.open(path, account="paper", now=NOW) as ledger:
        orders = {order.client_order_id: order for order in ledger.orders.recent(None)}
        reached = dict(said[1:])
        ranks = {"PLANNED": 0, "SENDING": 1, "ACKED": 2, "BOOKED": 3}
        for name, state in reached.items():
            order = orders[name]
            rank = 3 if order.filled_quantity else ranks[order.state]
            assert rank >= ranks[state]
        for order in orders.values():
            events = ledger.orders.events(order.client_order_id)
            assert events[-1].state == order.state
            assert len(events) == ranks[order.state] + 1
        # a fill and its position live or die together
        filled = {o.symbol: o.filled_quantity for o in orders.values() if o.filled_quantity}
        assert ledger.positions.shares() == dict(sorted(filled.items()))
        assert {e.symbol for e in ledger.executions.since(NOW)} == set(filled)


def test_two_processes_create_and_write_one_ledger_together(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    writers = [start(path, prefix, 25) for prefix in ("A", "B")]
    outputs = [writer.communicate(timeout=60)[0] for writer in writers]

    assert [writer.returncode for writer in writers] == [0, 0]
    assert all(output.count("BOOKED") == 25 for output in outputs)
    with Ledger.open(path, account="paper", now=NOW) as ledger:
        orders = ledger.orders.recent(None)
        assert Counter(order.symbol[0] for order in orders) == {"A": 25, "B": 25}
        assert all(S(order.state) is S.ACKED and order.filled_quantity == 5 for order in orders)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ledger.db"]
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()
