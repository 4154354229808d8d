"""A runtime of real parts (ledger, settings, strategies, clock) for the commands around a signal file."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from typer.testing import Result

from live.handoff.canonical import bytes_sha256, render
from live.handoff.model import SignalFile
from live.handoff.write import write_signal
from live.ledger.ledger import GeneratedSignal, Ledger
from live.model.run import Daily
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from live.views.inputs import ViewInputs
from tests.support.handoff_samples import sample
from tests.support.paths import PROJECT

DAY = date(2024, 3, 15)
NOW = datetime(2024, 3, 15, 19, 50, tzinfo=UTC)  # 15:50 in New York, inside the window


def runtime(tmp_path: Path, *, now: datetime = NOW, **settings: Any) -> SimpleNamespace:
    ledger = Ledger.open("sqlite://", account="paper", now=now)
    made = SimpleNamespace(
        ledger=ledger,
        broker=None,
        feed=None,
        settings=Settings(**settings),
        clock=SimulatedClock(now),
        strategies=PROJECT / "config/strategies",
        manifest=tmp_path / "manifest.json",
        loaded=SimpleNamespace(parameter_overrides={}),
        parameter_overrides={},
        release_login=lambda: None,  # nobody holds one here
        signals=tmp_path / "signals",
        run=Daily(),
        account="paper",
        account_name="paper",
        environ={},
        state=tmp_path / "state",
        today=lambda: DAY,
    )
    made.context = made  # a namespace has every part
    return made


def inputs(world: Any) -> Any:
    """What the read models of a world are made from, as of now."""
    return ViewInputs.of(world)


def generated(
    world: Any, signal: SignalFile | None = None, session: date = DAY, role: str = "primary"
) -> Path:
    """Write a file as the generator does and record it."""
    signal = signal or sample()
    content = render(signal)
    path = write_signal(world.signals, signal, content)
    world.ledger.signals.record(
        GeneratedSignal(
            session=session,
            variant=signal.strategy.variant,
            role=role,
            path=str(path),
            content=content.decode(),
            seal=signal.seal.digest,
            bytes_sha256=bytes_sha256(content),
            generated_at=NOW,
            memory={},
        )
    )
    return path


def holding(world: Any, symbol: str = "QQQ", quantity: int = 700, price: str = "90") -> None:
    world.ledger.positions.buy("golden", symbol, quantity, Decimal(price), session=date(2024, 1, 3))


def invoke(monkeypatch: pytest.MonkeyPatch, world: Any, module: ModuleType, *arguments: Any) -> Result:
    """Run one command of a topic against the world; return click's result."""
    import typer
    from typer.testing import CliRunner

    @contextmanager
    def opened(**_options: Any) -> Iterator[SimpleNamespace]:
        yield world

    @contextmanager
    def opened_ledger(**_options: Any) -> Iterator[tuple[Any, SimpleNamespace]]:
        yield world.ledger, SimpleNamespace(findings=())

    monkeypatch.setattr(module, "open_command", opened)
    monkeypatch.setattr(module, "open_emergency", opened_ledger, raising=False)
    app = typer.Typer()
    module.register(app)
    if len(app.registered_commands) == 1:
        app.callback()(lambda: None)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])
