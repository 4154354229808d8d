"""A person's folder in `online_live` mode, and the product's commands run in it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from backtest.core.decision import ExecutionTime
from live.ledger.ledger import Ledger
from live.system.clock import Clock, SystemClock
from tests.fakes.alpaca.harness import ENVIRON as ALPACA_KEYS
from tests.fakes.schwab.app import SchwabApp
from tests.fakes.schwab.harness import ENVIRON as SCHWAB_KEYS
from tests.fakes.schwab.harness import write_private
from tests.fakes.web import App
from tests.support.http_imitation import DAY, PRICES, MovedClock, at
from tests.support.paths import PROJECT

RULES = {"ema_p10": "earnings_swing", "golden": "Hierarchical_Adaptive_v3_5b"}
ACCOUNTS = {"schwab": "schwab-4321", "alpaca": "alpaca-paper"}


@dataclass
class Project:
    """The folder; every process started here sees the same files and the same imitation."""

    folder: Path
    broker: str
    variant: str = "ema_p10"

    @property
    def account(self) -> str:
        return ACCOUNTS[self.broker]

    def settings(self) -> dict[str, Any]:
        return {
            "mode": "online_live",
            "books": [{"primary": self.variant}],
            "data": {"source": self.broker},
            "approval": {"policy": "auto"},
            "broker": {"name": self.broker, "schwab": {"account_last4": "4321"}},
            "safety": {"min_free_disk_mb": 0},
        }

    def prepare(self, app: App) -> Project:
        """Write the configuration, log in, confirm live trading."""
        shutil.copytree(PROJECT / "config", self.folder / "config")
        (self.folder / "config" / "live.yaml").write_text(json.dumps(self.settings()))
        if self.broker == "schwab":
            assert isinstance(app, SchwabApp)
            write_private(self.folder / "state" / "schwab_token.json", app.tokens.login())
        with self.ledger(at(DAY)) as ledger:
            ledger.state.confirm_online("trade real money", by="test", at=at(DAY))
        return self

    @contextmanager
    def ledger(self, now: datetime | None = None) -> Iterator[Ledger]:
        """The ledger, opened as a process of its own would."""
        from live.ledger.ledger import Ledger

        (self.folder / "state").mkdir(exist_ok=True)
        made = Ledger.open(self.folder / "state" / "ledger.db", account=self.account, now=now or at(DAY))
        try:
            yield made
        finally:
            made.close()

    def environ(self, url: str) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("JUTSU_")},
            **SCHWAB_KEYS,
            **ALPACA_KEYS,
            f"JUTSU_BROKER__{self.broker.upper()}__BASE_URL": url,
            "PYTHONPATH": str(PROJECT),
        }

    def write(
        self,
        orders: list[dict[str, Any]],
        *,
        day: date = DAY,
        held: dict[str, int] | None = None,
        cash: float = 100_000.0,
        window: ExecutionTime = "15min_before_close",
        generated_at: datetime | None = None,
    ) -> Path:
        """Write a signal file and record it, as stage 1 does."""
        from live.handoff.canonical import bytes_sha256, render
        from live.handoff.write import write_signal
        from live.ledger.signal_files import GeneratedSignal

        made = sealed_file(self.variant, orders, day=day, held=held or {}, cash=cash, window=window)
        content = render(made)
        path = write_signal(self.folder / "signals", made, content)
        with self.ledger(generated_at or at(day)) as ledger:
            ledger.signals.record(
                GeneratedSignal(
                    session=day,
                    variant=self.variant,
                    role="primary",
                    path=str(path),
                    content=content.decode(),
                    seal=made.seal.digest,
                    bytes_sha256=bytes_sha256(content),
                    generated_at=generated_at or at(day),
                )
            )
        return path


def wanted(
    symbol: str, intent: str, quantity: int, *, day: date = DAY, stop: float | None = None, rank: float = 0.0
) -> dict[str, Any]:
    """One order of a signal file at the scripted price."""
    side = "sell" if intent in {"exit", "reduce"} else "buy"
    price = PRICES.get(symbol, 10.0)
    return {
        "client_order_id": f"{day:%Y%m%d}_{symbol}_{intent}_{side}",
        "symbol": symbol,
        "side": side,
        "intent": intent,
        "quantity": quantity,
        "order_type": "market",
        "reference_price": price,
        "estimated_value": round(quantity * price, 2),
        "rank": rank,
        "reason": "test",
        "stop": None if stop is None else {"price": stop, "time_in_force": "gtc"},
        "details": {},
        "enabled": True,
        "note": "",
    }


def sealed_file(
    variant: str,
    orders: list[dict[str, Any]],
    *,
    day: date,
    held: dict[str, int],
    cash: float,
    window: ExecutionTime,
) -> Any:
    """Return the signal file stage 1 would have written for these orders."""
    from backtest.calendar import sessions as calendar
    from live.generation.proposal import instant
    from live.handoff.canonical import sealed

    session = calendar.session(day)
    assert session is not None
    times = calendar.window(session, window)
    worth = cash + sum(PRICES.get(s, 10.0) * n for s, n in held.items())
    return sealed(
        {
            "$schema": "schema/trade_signals.schema.json",
            "schema_version": "1.0.0",
            "trade_date": day.isoformat(),
            "as_of": instant(times.opens_at),
            "session": {
                "open": instant(session.open),
                "close": instant(session.close),
                "early_close": session.early_close,
            },
            "execution_window": {
                "name": times.name,
                "opens_at": instant(times.opens_at),
                "closes_at": instant(times.closes_at),
            },
            "strategy": {
                "name": RULES[variant],
                "variant": variant,
                "role": "primary",
                "family": "positions" if variant == "ema_p10" else "allocation",
                "parameters": {},
                "sources": {},
            },
            "mode": "online_live",
            "inputs": {
                "bars": (),
                "quotes": (),
                "account": {"reference": "test", "equity": worth, "cash": cash, "positions": held},
                "candidates": {"tickers": sorted({o["symbol"] for o in orders})},
                "settings_sha256": "0" * 64,
                "package_version": "0",
            },
            "decision": {
                "decided_on": times.decides_on.isoformat(),
                "rebalance": True,
                "diagnostics": {},
                "memory": {},
            },
            "targets": (),
            "orders": tuple(orders),
            "skipped": (),
            "warnings": (),
            "residual_cash": 0.0,
        }
    )


# running ------------------------------------------------------------------------------------------------


def in_folder(project: Project, url: str, body: Callable[[], int]) -> int:
    """Run a command's `main` in this (forked) process as if it had been started in the folder."""
    from live.brokers import rehearsal

    os.environ.clear()
    os.environ.update(project.environ(url))
    os.chdir(project.folder)
    (project.folder / "pid").write_text(str(os.getpid()))
    plain = rehearsal.rehearsal_clock

    def moved(url: str, base: Clock | None = None) -> Clock:
        own = base or SystemClock()
        return MovedClock(url, own, plain(url, own).now())

    setattr(rehearsal, "rehearsal_clock", moved)  # noqa: B010 - mypy
    with (project.folder / "out").open("a") as out, redirect_stdout(out), redirect_stderr(out):
        return body()


def command(project: Project, url: str, *arguments: str) -> int:
    """Run `jutsu …` in this (forked) process."""
    from live.cli import app as cli

    def body() -> int:
        sys.argv = ["jutsu", *arguments]
        try:
            cli.main()
        except SystemExit as stop:
            return int(stop.code or 0)
        return 0

    return in_folder(project, url, body)


def executor(project: Project, url: str, *arguments: str) -> int:
    """Run stage 2 in this (forked) process, from its command line on."""
    from live import executor as stage

    return in_folder(project, url, lambda: stage.main(list(arguments)))
