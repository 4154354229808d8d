"""The reviewed snapshots of the views: made from a small demo world that went through both real stages.

`python -m tests.support.view_world` writes them anew into `tests/golden/views`; look at the difference before
it is committed. Masked are the folder of the world, digests and the free disk; nothing else depends on the
machine or on today.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from live.actions import answers, kill_switch, settings
from live.model.run import asked_for
from live.operations import checks
from live.operations.health import examine
from live.reconciliation.compare import compare
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.runtime import Runtime
from live.system.json_text import plain
from live.validation.sessions import validate_session
from live.views.compare import read_comparisons
from live.views.explain import read_explanation
from live.views.explain_since import read_sessions
from live.views.health import health_of
from live.views.inputs import ViewInputs
from live.views.performance import read_performance
from live.views.reconcile import reconciliation_of
from live.views.review import read_review
from live.views.review_case import newest_files, only_file, read_case
from live.views.settings import SettingsSource, read_history, read_settings
from live.views.status import read_status
from live.views.taxes import read_taxes
from live.views.trades import read_trades
from live.views.validate import validation_of
from tests.support.paths import PROJECT
from tests.support.user_world import FIRST, SECOND, SWITCH, THIRD, User, new_user, write_demo_prices

GOLDEN = PROJECT / "tests/golden/views"
INSIDE = f"{SWITCH}T15:56:00"  # New York, inside the execution window
EVENING = f"{SWITCH}T17:00:00"
MASKS = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<sha256>"),
    (re.compile(r"[\d,]+ MB free"), "<space> MB free"),
)


def documents(root: Path) -> dict[str, str]:
    """Return snapshot name -> JSON text, from a world that is made below `root`."""
    user = new_user(root / "project", write_demo_prices(root / "prices", end=date.fromisoformat(SWITCH)))
    for day in (FIRST, SECOND, THIRD):
        user.trade(day)
    assert user.generate(SWITCH).code == 0
    found = {
        **_before_execution(user),
        **_after_execution(user),
    }
    return {name: _text(view, root) for name, view in found.items()}


def _before_execution(user: User) -> dict[str, Any]:
    """The file waits: it is read, edited, approved; a broken copy is read too."""
    found: dict[str, Any] = {}
    with _opened(user, INSIDE) as runtime:
        inputs = ViewInputs.of(runtime.context)
        path = only_file(inputs)
        found["review_generated"] = read_review(inputs, read_case(inputs, path))
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        found["review_broken"] = read_review(inputs, read_case(inputs, path))
        data = json.loads(content)
        data["orders"][-1]["enabled"] = False
        path.write_text(json.dumps(data, indent=2))
        found["review_edited"] = read_review(inputs, read_case(inputs, path))
        found["action_approve"] = answers.approve(inputs, path, actor="a reviewer")
        found["review_approved"] = read_review(inputs, read_case(inputs, path))
        found["status_waiting"] = read_status(inputs)
    return found


def _after_execution(user: User) -> dict[str, Any]:
    """The file was executed, the session is over, the kill switch is on, a setting was changed."""
    assert user.execute(SWITCH).code == 0
    found: dict[str, Any] = {}
    with _opened(user, EVENING) as runtime:
        at = runtime.clock.now()
        kill_switch.kill(runtime.ledger, level="entries", reason="a look first", actor="a reviewer", at=at)
        inputs = ViewInputs.of(runtime.context)
        (file,) = newest_files(inputs)
        found["review_executed"] = read_review(inputs, read_case(inputs, file))
        found["status_evening"] = read_status(inputs)
        found["trades"] = read_trades(runtime.ledger, limit=10)
        found["compare"] = read_comparisons(inputs, None)
        found["performance"] = read_performance(runtime.ledger)
        found |= {f"explain_{s}": read_explanation(inputs, s, None) for s in ("QQQ", "TQQQ", "PSQ")}
        found["validate"] = validation_of(
            validate_session(runtime.context, runtime.feed, date.fromisoformat(SWITCH)), ""
        )
        found["explain_since"] = read_sessions(inputs, "QQQ", date.fromisoformat(SECOND))
        found["taxes"] = read_taxes(runtime.context, 2024)
        account = runtime.broker.account()
        found["reconcile"] = reconciliation_of(compare(runtime.ledger, account, {}, cash_jump_pct=10.0))
        with patch.object(checks, "crontab", lambda: None):
            found["health"] = health_of(examine(runtime.context, runtime.broker, runtime.feed))
        source = SettingsSource(user.config, None, {})
        settings.set_value(
            source,
            "safety.max_drift_pct",
            2.5,
            actor="a reviewer",
            at=at,
            reason="wide spreads",
            expected=1.0,
        )
        found["settings"] = read_settings(source, at, "safety.max_drift")
        found["settings_history"] = read_history(source, at)
    return found


@contextmanager
def _opened(user: User, at: str) -> Iterator[Runtime]:
    with open_runtime("jutsu", Options(config=user.config, prices=user.prices), asked_for(at)) as runtime:
        yield runtime


def _text(view: object, root: Path) -> str:
    text = json.dumps(plain(view), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    text = text.replace(str(root), "<root>")
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text


def main() -> None:
    """Write the snapshots; those of views that are gone are removed."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = documents(Path(folder).resolve())
    for path in GOLDEN.glob("*.json"):
        if path.stem not in found:
            path.unlink()
    for name, text in found.items():
        (GOLDEN / f"{name}.json").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(found)} snapshots in {GOLDEN}\n")


if __name__ == "__main__":
    main()
