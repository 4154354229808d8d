"""Two processes, a kill, Ctrl-C: nothing doubled, nothing lost, nothing half-written."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from filelock import FileLock

from backtest.core.errors import JutsuError
from live import executor
from live.brokers.paper.broker import PaperBroker
from live.generation import hand_off
from live.model.broker import OrderRequest
from tests.support.paths import PROJECT
from tests.support.user_world import SWITCH, User, called

EXPECTED = ["20240105_TMF_exit_sell", "20240105_QQQ_increase_buy", "20240105_TQQQ_entry_buy"]


def start(user: User, module: str, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *user.flags(SWITCH), *more],
        cwd=user.root,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_executors_at_once_send_every_order_once(invested: User) -> None:
    runs = [start(invested, "live.executor") for _ in range(2)]
    ended = [(run.communicate(timeout=60), run.returncode) for run in runs]
    assert {code for _, code in ended} <= {0, 7}, ended
    assert 0 in {code for _, code in ended}
    assert [row[0] for row in invested.orders()[2:]] == EXPECTED
    assert len(invested.rows("orders", "id", database=invested.paper)) == 5


def test_the_second_is_told_who_holds_the_lock(invested: User) -> None:
    with FileLock(invested.root / "state" / "executor-paper.lock"):
        ran = invested.execute(SWITCH)
    assert ran.code == 7
    assert "another run is at work" in ran.err
    assert len(invested.orders()) == 2
    assert invested.execute(SWITCH).code == 0


def test_two_generators_at_once_write_the_same_file(invested: User) -> None:
    before = invested.file(SWITCH).read_bytes()
    invested.file(SWITCH).unlink()
    runs = [start(invested, "live.signal_generator", "--force") for _ in range(2)]
    ended = [(run.communicate(timeout=60), run.returncode) for run in runs]
    assert [code for _, code in ended] == [0, 0], ended
    assert invested.file(SWITCH).read_bytes() == before
    assert len(invested.rows("signal_files")) == 8
    assert [p.name for p in invested.signals.iterdir() if p.name.startswith(".")] == []


def interrupt_at(
    monkeypatch: pytest.MonkeyPatch, call: int, error: type[BaseException] = KeyboardInterrupt
) -> None:
    """Raise at the n-th order that the broker has just accepted."""
    real, seen = PaperBroker.submit, []

    def submit(self: PaperBroker, request: OrderRequest) -> str | None:
        answer = real(self, request)
        seen.append(request)
        if len(seen) == call:
            raise error
        return answer

    monkeypatch.setattr(PaperBroker, "submit", submit)


@pytest.mark.parametrize("call", [1, 2, 3])
def test_ctrl_c_at_the_worst_moment_loses_and_doubles_nothing(
    invested: User, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    with monkeypatch.context() as patched:
        interrupt_at(patched, call)
        ran = invested.execute(SWITCH)
    assert ran.code == 130
    assert f"an order is still under way ({EXPECTED[call - 1]}): run the same command again" in ran.err
    again = invested.execute(SWITCH)
    assert again.code == 0, again.text
    assert [(row[0], row[3]) for row in invested.orders()[2:]] == [(name, "FILLED") for name in EXPECTED]
    assert len(invested.rows("orders", "id", database=invested.paper)) == 5
    assert "already done" in invested.execute(SWITCH).out


def test_an_order_left_unknown_is_looked_up_by_the_next_generator(
    invested: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed right after sending, and nobody ran the executor again that day."""
    with monkeypatch.context() as patched:
        interrupt_at(patched, 3)
        assert invested.execute(SWITCH).code == 130
    assert invested.orders()[-1][3] == "SENDING"
    ran = invested.generate("2024-01-08")
    assert ran.code == 0, ran.text
    assert invested.orders()[-1][3:] == ("FILLED", 46)
    assert invested.execute("2024-01-08").code == 0


def test_a_real_interrupt_leaves_nothing_half_written(invested: User) -> None:
    invested.set(paper={"fault": "none"})
    run = start(invested, "live.executor")
    time.sleep(0.25)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode in {0, 130, -signal.SIGINT}, err
    again = invested.execute(SWITCH)
    assert again.code == 0, again.text
    assert [(row[0], row[3]) for row in invested.orders()[2:]] == [(name, "FILLED") for name in EXPECTED]


def test_a_generator_that_cannot_write_leaves_the_old_file(
    invested: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = invested.file(SWITCH).read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(hand_off, "write_signal", full)
        ran = invested.generate(SWITCH, "--force")
    assert ran.code == 2
    assert "No space left" in ran.err
    assert invested.file(SWITCH).read_bytes() == before


def test_unexpected_errors_end_with_1_one_line_and_a_traceback_in_the_log(
    invested: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(executor, "_carry_out", broken)
        ran = invested.execute(SWITCH)
    assert ran.code == 1
    assert len(ran.err.strip().splitlines()) == 1
    logs = "".join(path.read_text() for path in (invested.root / "logs").glob("executor_*.log"))
    assert "Traceback" in logs
    assert "ZeroDivisionError" in logs
    assert not issubclass(ZeroDivisionError, JutsuError)
    assert called(lambda: 0).code == 0
