"""Seeded bugs: each a change of the shipped code that would cost money or hide that it did.

`tests/simulation/mutations.py` puts them one by one into a copy of the code and lets the simulation look for
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.simulation.faults import Kind


@dataclass(frozen=True, slots=True)
class Mutation:
    """One bug: in `file`, `old` (which stands there exactly once) becomes `new`.

    Attributes:
        kinds: faults under which it shows; empty: any, or none at all.
        seed: that found it, 0: none yet.
    """

    name: str
    file: str
    old: str
    new: str
    kinds: tuple[Kind, ...] = ()
    seed: int = 0

    def apply(self, root: Path) -> None:
        """Put the bug into the tree below `root`. ValueError: the text is not there exactly once."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} has {text.count(self.old)} times: {self.old!r}")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


MUTATIONS: Final = (
    Mutation(
        "an interrupted order is called absent without a look at the broker",
        "live/orders/submission.py",
        "        return self._search(order, may_repeat=False)\n\n    def _recover_past",
        '        return self._move(order, JournalState.ABSENT, reason="died")\n\n    def _recover_past',
        kinds=("crash",),
        seed=12,
    ),
    Mutation(
        "every order is sent twice",
        "live/orders/submission.py",
        "            order_id = self._broker.submit(request_of(order))\n        except NotSent as error:\n"
        "            self._throttled",
        "            order_id = self._broker.submit(request_of(order))\n"
        "            order_id = self._broker.submit(request_of(order)) or order_id\n"
        "        except NotSent as error:\n            self._throttled",
        seed=1,
    ),
    Mutation(
        "no reply is taken for not sent, and the order is sent again",
        "live/orders/submission.py",
        "            return self._search(self._move(order, JournalState.UNKNOWN, reason=error.problem))\n"
        "        return self._accepted(order, order_id)\n\n    def _announce",
        "            return self._move(order, JournalState.PLANNED, reason=error.problem)\n"
        "        return self._accepted(order, order_id)\n\n    def _announce",
        kinds=("lost_reply",),
        seed=1,
    ),
    Mutation(
        "an order that is not in the list at once never existed",
        "live/orders/submission.py",
        "            patient = reads >= ABSENT_AFTER_READS and second >= ABSENT_AFTER_SECONDS\n"
        "            if self._broker.honours_client_id and patient:",
        "            patient = True\n            if patient:",
        kinds=("lost_reply", "lagging_list"),
        seed=3,
    ),
    Mutation(
        "a cancel is believed without reading back",
        "live/orders/submission.py",
        "            asked = asked or self._ask_to_cancel(order)\n            try:\n"
        "                order = self.refresh(order)",
        "            asked = asked or self._ask_to_cancel(order)\n            try:\n"
        '                order = self._move(order, JournalState.CANCELED, reason="asked")',
        kinds=("slow", "never", "partial", "late_cancel", "cancel_race", "slow_cancel"),
        seed=4,
    ),
    Mutation(
        "a cancel is noted and never sent",
        "live/orders/submission.py",
        "            self._broker.cancel(order.broker_order_id)\n",
        "            pass\n",
        kinds=("slow", "never", "partial"),
        seed=1,
    ),
    Mutation(
        "the stops are not looked after at the end",
        "live/execution/steps.py",
        "    if wait and job.go:\n        stops.protect_all(context)\n",
        "    if wait and job.go:\n",
        kinds=("reject",),
        seed=3,
    ),
    Mutation(
        "a stop protects half of the shares",
        "live/execution/stops.py",
        "None if below is not None else price, quantity=shares, parent=entry)\n",
        "None if below is not None else price, quantity=(shares + 1) // 2, parent=entry)\n",
        seed=3,
    ),
    Mutation(
        "shares are sold while their stop still rests",
        "live/execution/stops.py",
        '    return "free" if _cancel_all(context, _resting(context, position)) else "stuck"',
        '    return "free"',
        seed=1,
    ),
    Mutation(
        "after a failure nobody looks after the stops",
        "live/execution/steps.py",
        "        stops.protect_after_failure(context)\n",
        "",
        kinds=("unreadable", "disk_full", "odd_reply", "lost_reply"),
        seed=22,
    ),
    Mutation(
        "the kill switch is not asked before an order leaves",
        "live/execution/permission.py",
        "        level = self.ledger.state.kill_level()\n",
        '        level = "none"\n',
        kinds=("kill_meanwhile", "kill", "kill_entries"),
        seed=7,
    ),
    Mutation(
        "the window is not asked again before an order leaves",
        "live/execution/permission.py",
        "        if self.keeps_window and not self._inside():",
        "        if False:",
        kinds=("suspend", "slow"),
        seed=2,
    ),
    Mutation(
        "only the clock on the wall tells the window",
        "live/execution/permission.py",
        "        return all(inside(self.job, now, self.phase) for now in (self.clock.now(), by_monotonic))",
        "        return inside(self.job, by_monotonic, self.phase)",
        kinds=("suspend", "clock_jump"),
        seed=2,
    ),
    Mutation(
        "a wrong clock is no reason to stop",
        "live/operations/checks.py",
        "    ok = abs(seconds) <= limit\n",
        "    ok = True\n",
        kinds=("clock_jump",),
        seed=1,
    ),
    Mutation(
        "what earlier tries filled is bought again",
        "live/orders/attempts.py",
        "        return self.target(quantity) - self.filled",
        "        return self.target(quantity)",
        kinds=("partial", "slow", "never"),
        seed=1,
    ),
    Mutation(
        "a sell that has ended is sold again by the next run",
        "live/execution/phases.py",
        "    left = order.quantity - attempts.filled\n",
        "    left = order.quantity - sum(row.filled_quantity for row in attempts.open_attempts)\n",
        kinds=("crash",),
        seed=2,
    ),
    Mutation(
        "buys are not cut to the cash after the sells",
        "live/execution/recount.py",
        "    return {order.client_order_id: left.get((order.symbol, order.intent), 0) for order, _ in wants}",
        "    return {order.client_order_id: quantity for order, quantity in wants if left is not None}",
        kinds=("reject", "never"),
        seed=1,
    ),
    Mutation(
        "entries do not wait for the limit of orders a minute",
        "live/execution/context.py",
        "        self.clock.sleep(seconds_to_wait(sent, now.timestamp(), limit))\n",
        "        seconds_to_wait(sent, now.timestamp(), limit)\n",
        kinds=("missed_day",),
        seed=1,
    ),
    Mutation(
        "bytes that nobody approved are executed",
        "live/handoff/approval.py",
        "    if row is None or row.bytes_sha256 != bytes_sha256:\n        return _unknown_file",
        "    if row is None:\n        return _unknown_file",
        kinds=("edit_unapproved", "edit_after_look"),
        seed=1,
    ),
    Mutation(
        "silence counts as a yes",
        "live/handoff/approval.py",
        '    if where.state in {"approved", "auto"}:\n        return None',
        '    if where.state in {"approved", "auto", "silent"}:\n        return None',
        kinds=("no_answer",),
        seed=2,
    ),
    Mutation(
        "a no is written down as a yes",
        "live/actions/answers.py",
        '        inputs.ledger.signals.answer(row.session, row.variant, "skip")\n',
        '        inputs.ledger.signals.answer(row.session, row.variant, "approve")\n',
        kinds=("skip",),
        seed=1,
    ),
    Mutation(
        "what was bought lands in the book of another variant",
        "live/ledger/ledger.py",
        "            self.positions.buy(\n                order.variant,\n",
        '            self.positions.buy(\n                "fund",\n',
        seed=1,
    ),
    Mutation(
        "the executor ends well although ledger and broker differ",
        "live/execution/steps.py",
        "    if difference is not None:\n        raise difference\n",
        "",
        kinds=("doubled_request", "odd_reply", "cancel_race", "late_cancel"),
        seed=3,
    ),
    Mutation(
        "a difference at the start is not seen",
        "live/reconciliation/compare.py",
        "        if not force or result.overdrawn:\n",
        "        if False:\n",
        kinds=("hand_sell", "bust", "restored_backup"),
        seed=1,
    ),
    Mutation(
        "a failure rings nobody",
        "live/runtime/lifecycle.py",
        '            _record(context, key, f"{stage} stopped with exit code {error.exit_code}", body)\n',
        "",
        kinds=("unreadable", "no_quotes", "feed_down"),
        seed=1,
    ),
    Mutation(
        "alerts are written down and never delivered",
        "live/alerts/outbox.py",
        "    waiting = _present(context, outbox.due(now), urls)\n",
        "    waiting = _present(context, (), urls)\n",
        kinds=("unreadable", "no_quotes", "feed_down"),
        seed=1,
    ),
    Mutation(
        "`jutsu resume` leaves the kill switch on",
        "live/actions/kill_switch.py",
        "        was = ledger.state.clear_kill(by=actor, at=at)\n",
        "        was = ledger.state.kill_switch()\n",
        kinds=("kill", "kill_entries"),
        seed=1,
    ),
    Mutation(
        "reconcile --adopt forgets the shares",
        "live/reconciliation/adopt.py",
        "            ledger.positions.adjust("
        "row.id, quantity=line.broker, entry_price=row.entry_price, at=at)\n",
        "            pass\n",
        kinds=("hand_sell", "bust"),
        seed=1,
    ),
    Mutation(
        "what `jutsu realign` asked for is forgotten",
        "live/generation/steps.py",
        "    decision = decide(situation) if asked is None else realigned(decide, situation, asked.words)\n",
        "    decision = decide(situation)\n",
        kinds=("realign",),
        seed=1,
    ),
)
