"""Commands as children: what they print as they do, and their exit code; they outlive who listens."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from live.views.settings import SettingsSource
from live.web.children import asked, start
from live.web.world import World
from tests.support.user_world import User
from tests.support.web_world import inside

Result = TypeVar("Result")


def ran(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a loop of its own.

    `asyncio.run` would also drop the loop of this thread, which a vendor's library made and never closes.
    """
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def world_of(user: User, state_db: Path | None = None) -> World:
    return World(SettingsSource(user.config, state_db, {}), inside())


def test_the_output_ends_with_the_exit_code(waiting: User, tmp_path: Path) -> None:
    async def said() -> str:
        child = start(world_of(waiting, tmp_path / "none.db"), "explain", "NOTHING")
        return "".join([line async for line in child.lines()])

    text = ran(said())
    assert text.endswith("exit 2\n")
    assert str(tmp_path) in text


def test_a_child_goes_on_when_nobody_listens(waiting: User, tmp_path: Path) -> None:
    user = waiting.copy(tmp_path / "jutsu")

    async def leave() -> int:
        child = start(world_of(user), "kill", "--reason", "left alone")
        lines = child.lines()
        task = asyncio.ensure_future(anext(lines))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await lines.aclose()
        return await asyncio.to_thread(child.process.wait)

    assert ran(leave()) == 0
    assert user.rows("audit_log", "action, after") == [("kill", "all: left alone")]


def test_the_child_is_of_the_account_of_the_page(waiting: User, tmp_path: Path) -> None:
    user = waiting.copy(tmp_path / "two")
    user.set(accounts={"ira": {}, "taxable": {}})
    world = World(SettingsSource(user.config, None, {}, "ira"), inside())
    (row,) = json.loads(asked(world, "config", "show", "mode", "--json"))
    assert row["name"] == "mode"
