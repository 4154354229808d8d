"""The log of syncs only grows, masks secrets, and survives a torn line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from live.feeds.sync.log import Asked, SyncLog
from live.feeds.sync.plan import Days
from live.system.redaction import register_secret

AT = datetime(2024, 3, 12, 22, tzinfo=UTC)
ASKED = Asked("alpaca", "QQQ", "1d", "split", (Days(date(2016, 1, 4), date(2024, 3, 12)),), "stored", 9)


def test_a_line_says_who_was_asked_for_what(tmp_path: Path) -> None:
    log = SyncLog(tmp_path)
    log.add(ASKED, AT)
    assert json.loads(log.path.read_text()) == {
        "at": "2024-03-12T22:00:00+00:00",
        "source": "alpaca",
        "symbol": "QQQ",
        "timeframe": "1d",
        "basis": "split",
        "asked": [["2016-01-04", "2024-03-12"]],
        "outcome": "stored",
        "added": 9,
        "problem": "",
    }


def test_lines_are_added_and_a_torn_one_is_left_alone(tmp_path: Path) -> None:
    log = SyncLog(tmp_path)
    log.add(ASKED, AT)
    before = log.path.read_bytes()
    log.path.write_bytes(before + b'{"at": "20')
    log.add(replace(ASKED, symbol="TLT"), AT)
    after = log.path.read_bytes()
    assert after.startswith(before)
    assert [json.loads(line)["symbol"] for line in after.splitlines() if line.endswith(b"}")] == [
        "QQQ",
        "TLT",
    ]
    assert SyncLog(tmp_path).oldest_asked("alpaca", "1d") == dict.fromkeys(("QQQ", "TLT"), date(2016, 1, 4))


def test_only_success_tells_how_far_back_was_asked(tmp_path: Path) -> None:
    log = SyncLog(tmp_path)
    assert log.oldest_asked("alpaca", "1d") == {}
    log.add(replace(ASKED, outcome="no answer", problem="503"), AT)
    assert log.oldest_asked("alpaca", "1d") == {}
    log.add(ASKED, AT)
    log.add(replace(ASKED, days=(Days(date(2020, 1, 2), date(2024, 3, 12)),)), AT)
    assert log.oldest_asked("alpaca", "1d") == {"QQQ": date(2016, 1, 4)}
    assert log.oldest_asked("schwab", "1d") == {}
    assert log.oldest_asked("alpaca", "1m") == {}


def test_secrets_never_reach_it(tmp_path: Path) -> None:
    register_secret("hunter2-hunter2")
    log = SyncLog(tmp_path)
    log.add(replace(ASKED, problem="GET /x?apikey=hunter2-hunter2: 500"), AT)
    assert "hunter2" not in log.path.read_text()
