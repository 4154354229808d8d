"""The situations in which the executor is killed, and what must be true afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.fakes.schwab.harness import Remote
from tests.support.http_imitation import DAY, NEXT_DAY
from tests.support.http_world import wanted


@dataclass(frozen=True)
class Scenario:
    """A situation in which the executor is killed."""

    name: str
    broker: str
    fault: str = "none"
    limited: bool = False

    @property
    def key(self) -> str:
        return f"{self.broker}/{self.name}{'/limit' if self.limited else ''}/{self.fault}"

    @property
    def variant(self) -> str:
        return "golden" if self.name == "rotate" else "ema_p10"

    @property
    def day(self) -> date:
        return DAY if self.name == "enter" else NEXT_DAY

    @property
    def entries(self) -> list[dict[str, Any]]:
        if self.name == "rotate":
            return self._typed([wanted("TQQQ", "increase", 900)])
        return self._typed(
            [
                wanted("AAA", "entry", 100, stop=90.0, rank=2.0),
                wanted("BBB", "entry", 100, stop=45.0, rank=1.0),
            ]
        )

    def _typed(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The orders, their buys limited or not."""
        kind = {"order_type": "marketable_limit"} if self.limited else {}
        return [row | (kind if row["side"] == "buy" else {}) for row in rows]

    @property
    def turnover(self) -> list[dict[str, Any]]:
        day = NEXT_DAY
        if self.name == "rotate":
            return self._typed(
                [
                    wanted("TQQQ", "exit", 900, day=day),
                    wanted("PSQ", "increase", 1000, day=day, rank=2.0),
                    wanted("TMF", "increase", 500, day=day, rank=1.0),
                ]
            )
        return self._typed(
            [
                wanted("AAA", "exit", 100, day=day),
                wanted("BBB", "reduce", 40, day=day),
                wanted("CCC", "entry", 200, day=day, stop=18.0, rank=1.0),
            ]
        )

    @property
    def by_stop(self) -> bool:
        """Whether AAA's stop sells it before we can."""
        return self.name == "stopped" or self.fault == "race"

    @property
    def orders(self) -> dict[tuple[str, str], int]:
        """Market orders the broker must have accepted, exactly once each."""
        rows = self.entries if self.name == "enter" else [*self.entries, *self.turnover]
        found = {(o["symbol"], o["side"].upper()): o["quantity"] for o in rows}
        if self.by_stop:
            del found["AAA", "SELL"]
        return found

    @property
    def shares(self) -> dict[str, int]:
        if self.name == "rotate":
            return {"PSQ": 1000, "TMF": 500}
        return {"AAA": 100, "BBB": 100} if self.name == "enter" else {"BBB": 60, "CCC": 200}

    def upset(self, remote: Remote) -> None:
        """Script what goes wrong at the broker in the run that is killed."""
        if self.name == "stopped":
            remote.prices(AAA=89.0)
        rules: dict[str, dict[str, Any]] = {
            "lost_reply": {"method": "POST", "path": "/orders$", "action": "drop"},
            "bad_gateway": {"method": "POST", "path": "/orders$", "action": "status", "status": 502},
            "no_oto": {
                "method": "POST",
                "path": "/orders$",
                "contains": "childOrderStrategies" if self.broker == "schwab" else "oto",
                "action": "status",
                "point": "before",
                "status": 400 if self.broker == "schwab" else 422,
                "body": {"code": 42210000, "message": "stops cannot be attached"},
                "times": None,
            },
            "race": {"method": "DELETE", "action": "cancel_race", "how": "fill_first"},
        }
        rule = rules.get(self.fault)
        if rule is not None:
            remote.fault(**rule)
        if self.fault == "lag":
            remote.call("lag", {"seconds": 5})
        if self.fault == "slow":
            for side in ("BUY", "SELL"):
                steps = [{"quantity": 30, "after": 3}, {"quantity": 970, "after": 9}]
                kind = "LIMIT" if self.limited and side == "BUY" else "MARKET"
                script = {"match": {"side": side, "type": kind}, "fills": steps, "times": None}
                remote.call("scripts", script)


SCENARIOS = (
    *(Scenario(name, "schwab") for name in ("enter", "turn", "stopped", "rotate")),
    *(
        Scenario("turn", "schwab", fault)
        for fault in ("lost_reply", "bad_gateway", "race", "lag", "slow", "no_oto")
    ),
    Scenario("enter", "schwab", "lost_reply"),
    *(Scenario(name, "alpaca") for name in ("enter", "turn", "stopped", "rotate")),
    *(Scenario("turn", "alpaca", fault) for fault in ("lost_reply", "bad_gateway", "no_oto")),
    Scenario("enter", "alpaca", "lost_reply"),
    *(
        Scenario(name, broker, fault, limited=True)
        for broker in ("schwab", "alpaca")
        for name, fault in (("enter", "none"), ("turn", "none"), ("turn", "lost_reply"))
    ),
    Scenario("turn", "schwab", "slow", limited=True),
)
