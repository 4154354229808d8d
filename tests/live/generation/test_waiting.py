"""A file that waits for an answer is pushed: orders, values, deadline, what silence means, how to answer."""

from __future__ import annotations

import hashlib
import shlex
from datetime import datetime
from pathlib import Path

import pytest

from backtest.calendar.sessions import NEW_YORK
from live.handoff.read import parse
from live.model.run import DAILY
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.signal_generator import GeneratorRequest, run
from live.system.clock import SimulatedClock
from tests.support.user_world import FIRST, User, new_user


@pytest.fixture
def user(tmp_path: Path) -> User:
    return new_user(tmp_path / "jutsu")


def generated(user: User, hour: int = 15, minute: int = 56) -> list[tuple[str, str, str]]:
    """Run stage 1 in the window of the first session; the alerts it kept."""
    at = datetime.fromisoformat(f"{FIRST}T{hour:02}:{minute:02}:00").replace(tzinfo=NEW_YORK)
    with open_runtime("signal_generator", Options(config=user.config), DAILY, SimulatedClock(at)) as runtime:
        run(runtime, GeneratorRequest(quiet=True))
        return [(a.level, a.title, a.body) for a in runtime.ledger.alerts.recent() if "waiting" in a.key]


def test_it_names_orders_values_deadline_silence_and_the_line_that_approves(user: User) -> None:
    user.set(approval={"policy": "required"})
    ((level, title, body),) = generated(user)
    assert level == "warning"
    assert "wait until 15:59" in title
    orders = parse(user.file(FIRST).read_bytes()).data["orders"]
    assert orders
    for order in orders:
        named = f"{order['side']} {order['quantity']} {order['symbol']} about {order['estimated_value']:,.2f}"
        (line,) = [text for text in body.splitlines() if text.startswith(named)]
        assert line.endswith("stays without an answer")
    digest = hashlib.sha256(user.file(FIRST).read_bytes()).hexdigest()
    assert f"jutsu approve {user.file(FIRST)} --sha256 {digest}" in body


def test_silence_is_what_the_settings_say(user: User) -> None:
    silence = {"policy": "required", "on_no_answer": {"entry": "trade", "increase": "trade"}}
    user.set(approval=silence)
    ((_, _, body),) = generated(user)
    assert "goes without an answer" in body
    assert "stays without an answer" not in body


def test_the_page_is_named_where_there_is_one_and_without_a_secret(user: User) -> None:
    user.set(approval={"policy": "required"}, dashboard={"url": "https://box.lan:8000"})
    ((_, _, body),) = generated(user)
    assert "answer on the page: https://box.lan:8000/" in body.splitlines()


def test_nobody_is_asked_when_nobody_must_answer(user: User) -> None:
    user.set(approval={"policy": "auto"})
    assert generated(user) == []


def test_the_line_it_gives_works(user: User) -> None:
    user.set(approval={"policy": "required"})
    assert user.generate(FIRST).code == 0
    ((body,),) = [row for row in user.rows("alerts", "body") if "jutsu approve" in row[0]]
    line = next(text for text in body.splitlines() if text.startswith("jutsu approve"))
    done = user.jutsu(*shlex.split(line)[1:], "--as-of", f"{FIRST}T15:56:00")
    assert done.code == 0, done.text
