"""Answers of the API that the pages are tried with: `python -m tests.support.web_answers` writes them anew.

They come from a project of three traded sessions and a file that waits; a test holds them against the
description of the API.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.support.paths import PROJECT
from tests.support.user_world import FIRST, SECOND, SWITCH, THIRD, User, new_user
from tests.support.web_world import Site, inside, served

FILE: Final = PROJECT / "web/tests/answers.json"
#: what the one job is called in the answers
JOB: Final = "20240105-155600-0badc0de"
#: address without `/api/v1` -> its question
ASKED: Final[dict[str, str]] = {
    "/auth/session": "",
    "/auth/keys": "",
    "/status": "",
    "/portfolio": "",
    "/trades": "?limit=500",
    "/performance": "",
    "/performance/series": "",
    "/performance/backtest": "",
    "/performance/rolling": "?variant=golden&sessions=20",
    "/drift": "",
    "/compare": "",
    "/regime": "",
    "/indicators/history": "?sessions=40",
    "/runs": "",
    "/alerts": "",
    "/audit": "",
    "/reports": "",
    "/logs": "?limit=5",
    "/config": "",
    "/config/history": "",
    "/strategies": "",
    "/parameters/golden": "",
    "/jobs": "",
    "/schedule/jobs": "",
    "/data/symbols": "",
    "/data/QQQ/status": "",
    "/data/QQQ/bars": "?limit=40",
    "/control/mode": "",
    f"/signals/{SWITCH}/golden": "",
}


def project(root: Path) -> User:
    """Trade three sessions and leave a file that waits."""
    user = new_user(root)
    for day in (FIRST, SECOND, THIRD):
        user.trade(day)
    user.set(approval={"policy": "required"})
    assert user.generate(SWITCH).code == 0
    return user


def answers(site: Site) -> dict[str, Any]:
    """Return address -> answer, the project's folder called /project in them."""
    browser = site.browser()
    browser.post("/control/kill", {"level": "entries", "reason": "a look first"})
    browser.post("/control/resume")
    browser.send(
        "PUT", "/config", {"name": "safety.cash_warn_pct", "value": 1, "expected": 0.5, "reason": "noisy"}
    )
    asked = browser.post("/backtest", {"variant": "golden", "start_date": "2023-12-01"}).json()["id"]
    deadline = time.monotonic() + 120
    while browser.data(f"/backtest/{asked}")["state"] != "done":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    browser.post(
        "/schedule/backtest",
        {"name": "nightly", "request": {"variant": "golden"}, "cron_expression": "30 18 * * 1-5"},
    )
    found = {}
    for path, question in {**ASKED, f"/backtest/{asked}/results": ""}.items():
        answer = browser.get(path + question)
        assert answer.status_code == 200, (path, answer.text)
        text = answer.text.replace(str(site.user.root), "/project").replace(asked, JOB)
        found[path.replace(asked, JOB)] = json.loads(text)
    found["/auth/session"]["csrf"] = "text"
    return found


def main() -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        user = project(Path(folder) / "jutsu")
        with served(user, inside(SWITCH, "15:30")) as site:
            FILE.write_text(json.dumps(answers(site), indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
