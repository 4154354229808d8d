"""`jutsu realign` as an action of the person, and what must become of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.programs import WEIGHTS

if TYPE_CHECKING:
    from tests.simulation.programs import Ran
    from tests.simulation.world import World

#: shares, and share of the target, that a leg may be off: whole shares, the commission
_SHARES: Final = 2.0
_PART: Final = 0.02


@dataclass
class Realigning:
    """What was asked for the book of weights.

    Attributes:
        asked: the next file has to carry it. carried: session of the newest file that does.
        sure: False once an older ledger was restored, or a command failed: nothing is judged any more.
    """

    asked: bool = False
    carried: date | None = None
    sure: bool = True

    def act(self, world: World, moment: int) -> None:
        """Ask for it, or take it back, if the plan has it for this moment of the day."""
        if WEIGHTS not in world.books:
            return
        for fault in world.due("realign", "realign_cancel"):
            if fault.n != moment:
                continue
            world.happened.append(fault)
            cancel = fault.kind == "realign_cancel"
            self._typed(world, *(("--cancel",) if cancel else ()))

    def follow(self, world: World, *words: str) -> Ran:
        """Do what a message says; return the run."""
        return self._typed(world, *words)

    def _typed(self, world: World, *words: str) -> Ran:
        used = self._used(world)
        ran = world.start("realign", "--variant", WEIGHTS, *words, counted=False)
        if ran.code != 0:
            self.sure = False
        elif "--cancel" in words:
            self.asked, self.carried = False, None
        elif used or not self.asked:
            self.asked, self.carried = True, None
        return ran

    def _used(self, world: World) -> bool:
        """Whether a file that carried it was carried out."""
        if self.carried is None:
            return False
        query = "SELECT outcome FROM signal_files WHERE session = ? AND variant = ?"
        rows = world.folder.rows(world.folder.ledger, query, self.carried.isoformat(), WEIGHTS)
        return bool(rows) and rows[0][0] == "completed"

    def judge(self, world: World, content: bytes) -> None:
        """Look at a file that stage 1 has just written: it carries what was asked, once, and gets there."""
        if not self.sure or any(fault.kind == "restored_backup" for fault in world.happened):
            return
        if self._used(world):
            self.asked, self.carried = False, None
        file = json.loads(content)
        carries = "realign" in file["decision"]["diagnostics"]
        if carries != self.asked:
            said = "carries a realign that nobody asked for" if carries else "does not carry what was asked"
            world.judge.blame("realign", f"the file of {file['trade_date']} {said}")
        if carries:
            self.carried = date.fromisoformat(file["trade_date"])
            for text in _off(file):
                world.judge.blame("realign", text)


def _off(file: dict[str, Any]) -> list[str]:
    """Return the legs that the orders of a file do not bring to their targets."""
    prices = {quote["symbol"]: quote["last"] for quote in file["inputs"]["quotes"]}
    account, found = file["inputs"]["account"], []
    for target in file["targets"]:
        symbol = target["symbol"]
        if symbol not in prices:
            continue
        moved = sum(
            order["quantity"] * (1 if order["side"] == "buy" else -1)
            for order in file["orders"]
            if order["symbol"] == symbol
        )
        after = account["positions"].get(symbol, 0) + moved
        wanted = target["weight"] * account["equity"] / prices[symbol]
        if abs(after - wanted) > _SHARES + _PART * wanted:
            found.append(f"{symbol}: {after} shares after its orders, the target is {wanted:.1f}")
    return found
