"""No `--dry-run` of any command writes a file, whatever state the project is in, nor speaks as if it had."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.support.paths import PROJECT
from tests.support.user_world import SWITCH, User, unchanged

MONDAY, FUTURE = "2024-01-08", "2027-01-05"
#: module with a `--dry-run` -> the calls that are tried
CALLS: dict[str, tuple[tuple[str, ...], ...]] = {
    "live/signal_generator.py": (
        ("generate", SWITCH, "--force"),
        ("generate", MONDAY),
        ("generate", MONDAY, "--strategy", "titan"),
        ("generate", FUTURE),
    ),
    "live/executor.py": (
        ("execute", SWITCH),
        ("execute", SWITCH, "--accept-edits"),
        ("execute", SWITCH, "--force", "--skip-time-check"),
        ("execute", SWITCH, "--phase", "poll"),
    ),
    "live/cli/data.py": (("jutsu", "data", "import", "PRICES"),),
    "live/cli/data_sync.py": (("jutsu", "data", "sync", "--source", "csv", "--folder", "PRICES"),),
    "live/cli/panic.py": (("jutsu", "panic", "--dry-run"), ("jutsu", "panic", "--dry-run", "--everything")),
    "backtest/cli/optimize.py": (("jutsu", "optimize", str(PROJECT / "config/studies/v35b_core.yaml")),),
    "backtest/cli/monte_carlo.py": (("jutsu", "monte-carlo", "v35b-core:17"),),
}


def unsettled(user: User) -> None:
    """A stop is missing, an order's fate is unknown, the account holds less than the books say."""
    for statement in (
        "UPDATE positions SET needs_stop = 1, stop_price = 1.0, stop_broker_order_id = NULL",
        "UPDATE orders SET state = 'UNKNOWN' WHERE id = 1",
    ):
        user.change(statement)
    user.change("UPDATE positions SET quantity = quantity - 1", user.paper)


def switched_off(user: User) -> None:
    assert user.jutsu("kill", "--reason", "a look first").code == 0


def switch_only_beside_the_ledger(user: User) -> None:
    """The ledger was restored from before the switch was turned."""
    text = json.dumps({"level": "entries", "reason": "a look first", "by": "me", "at": ""})
    user.db.with_name(f"{user.db.name}.kill").write_text(text)


def gone(user: User) -> None:
    """Ledger and paper account were deleted."""
    for path in (user.root / "state").glob("ledger*"):
        path.unlink()


def test_every_dry_run_is_tried_here() -> None:
    have = {
        str(path.relative_to(PROJECT))
        for folder in ("live", "backtest")
        for path in (PROJECT / folder).rglob("*.py")
        if re.search(r"(Option|add_argument|\badd)\(\s*\"--dry-run\"", path.read_text(encoding="utf-8"))
    }
    assert have == set(CALLS)


@pytest.mark.parametrize(
    "state",
    [None, unsettled, switched_off, switch_only_beside_the_ledger, gone],
    ids=lambda s: s and s.__name__,
)
def test_no_dry_run_writes_anything(invested: User, state: Callable[[User], None] | None) -> None:
    if state is not None:
        state(invested)
    for call in (call for calls in CALLS.values() for call in calls):
        run, *words = (str(invested.prices) if word == "PRICES" else word for word in call)
        with unchanged(invested.root):
            ran = getattr(invested, run)(*words, "--dry-run")
        assert ran.code in {0, 2, 3, 4, 5, 7, 8}, (call, ran.text)
        assert "Traceback" not in ran.text


def test_a_dry_run_does_not_say_that_it_closed_the_ledger(invested: User) -> None:
    text = invested.generate(FUTURE, "--dry-run").text
    assert "a run with --force closes this ledger to earlier sessions" in text
    assert "is now closed" not in text


def test_a_dry_run_of_an_edited_file_shows_the_new_value(invested: User) -> None:
    path = invested.file(SWITCH)
    data = json.loads(path.read_text())
    (order,) = [one for one in data["orders"] if one["symbol"] == "TQQQ"]
    order["quantity"] = 3
    path.write_text(json.dumps(data))
    text = invested.execute(SWITCH, "--accept-edits", "--dry-run").text
    assert f"buy 3 TQQQ market (entry) about {3 * order['reference_price']:,.2f}" in text
    assert f"{order['estimated_value']:,.2f}" not in text
