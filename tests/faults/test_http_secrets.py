"""Both stages in `online_live` with DEBUG logs and planted secrets: none may be in anything they leave."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes.demo import load_demo
from tests.fakes.schwab import tokens
from tests.fakes.schwab.harness import FakeSchwab
from tests.fakes.schwab.stages import Online

AT = datetime(2026, 11, 19, 20, 55, 5, tzinfo=UTC)  # 15:55:05 in New York, a Thursday
ACCOUNT = "87654321"
PASSWORD = "alertPassword-7731"
SECRETS = (
    tokens.KEY,
    tokens.SECRET,
    "FAKEACCESS",
    "FAKEREFRESH",
    "FAKEID0",
    ACCOUNT,
    "FAKEHASH0123456789ABCDEF",
    PASSWORD,
)


class Verbose(Online):
    """Every process logs at DEBUG and alerts go to a channel with a password that refuses them."""

    @property
    def environ(self) -> dict[Any, Any]:
        more = {
            "JUTSU_LOGGING__LEVEL": "DEBUG",
            "JUTSU_ALERTS__MINIMUM_LEVEL": "info",
            "JUTSU_ALERT_URLS": f"json://user:{PASSWORD}@127.0.0.1:9/hook",
        }
        return {**super().environ, **more}


def whole_day(folder: Path) -> tuple[Path, list[tuple[int, str]], int, dict[str, Any]]:
    """A whole day with everything that can be said going wrong once; returns the folder and all output."""
    said = []
    with FakeSchwab(AT, ticking=True) as fake:
        load_demo(fake.app.market)
        online = Verbose(folder, fake).prepare()
        said += [online.generate("-v", "--strategy", "golden")]
        (path,) = folder.glob("signals/*_golden.json")
        said += [online.jutsu("approve", str(path))]
        fake.fault(method="GET", path="FAKEHASH[^/]*$", action="status", status=503, times=1)
        fake.fault(method="POST", path="/orders$", action="drop")
        both = [online.start("live.signal_generator", "-v"), online.start("live.executor", "-v")]
        texts = [process.communicate(timeout=100)[0] for process in both]
        said += [(process.returncode, text) for process, text in zip(both, texts, strict=True)]
        said += [online.execute("-v"), online.jutsu("status"), online.jutsu("reconcile")]
        sent = len(fake.sent())
        said += [online.jutsu("panic", "--yes"), online.jutsu("resume")]
        fake.call("tokens", {"revoke": "access"})
        fake.call("tokens", {"revoke": "refresh"})
        fake.clock(at="2026-11-20T20:55:05+00:00")
        said += [online.generate("-v", "--strategy", "golden"), online.jutsu("auth", "status")]
        state = fake.state()
    return folder, said, sent, state


def both_stages_at_once_send_every_order_once(
    day: tuple[Path, list[tuple[int, str]], int, dict[str, Any]],
) -> None:
    _, said, sent, state = day
    generated, approved, again, executed, repeated = said[:5]
    assert (generated[0], approved[0], repeated[0]) == (0, 0, 0), said
    # whoever finds the login in use waits a few seconds and then says so
    assert {again[0], executed[0]} <= {0, 6}, said
    assert sent == 1
    assert state["orders"][0]["filled"] > 0


def panic_closed_everything(day: tuple[Path, list[tuple[int, str]], int, dict[str, Any]]) -> None:
    _, said, _, state = day
    assert said[7][0] in {0, 6}, said[7]  # 6: a fault on the way was said; everything is sold all the same
    assert state["positions"] == {}


def a_login_that_died_is_6(day: tuple[Path, list[tuple[int, str]], int, dict[str, Any]]) -> None:
    assert day[1][9][0] == 6, day[1][9]


def no_secret_was_printed(day: tuple[Path, list[tuple[int, str]], int, dict[str, Any]]) -> None:
    text = "\n".join(shown for _, shown in day[1])
    assert "1 order(s)" in text
    assert [word for word in SECRETS if word in text] == []


def no_secret_is_in_any_file(day: tuple[Path, list[tuple[int, str]], int, dict[str, Any]]) -> None:
    folder = day[0]
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "schwab_token.json"]
    names = {p.name for p in files}
    assert {"ledger.db", "state.json"} <= names
    assert any(p.suffix == ".log" and p.stat().st_size for p in files)
    found = [(p.name, word) for p in files for word in SECRETS if word.encode() in p.read_bytes()]
    assert found == []


def the_alerts_kept_for_later_name_no_secret(
    day: tuple[Path, list[tuple[int, str]], int, dict[str, Any]],
) -> None:
    import sqlite3

    with sqlite3.connect(day[0] / "state" / "ledger.db") as db:
        rows = [repr(row) for row in db.execute("select * from alerts")]
    db.close()
    assert len(rows) >= 2
    assert [(word, row) for word in SECRETS for row in rows if word in row] == []


def the_token_file_stays_private(day: tuple[Path, list[tuple[int, str]], int, dict[str, Any]]) -> None:
    assert (day[0] / "state" / "schwab_token.json").stat().st_mode & 0o077 == 0


def test_nothing_secret_leaves_although_everything_goes_wrong_once(tmp_path: Path) -> None:
    day = whole_day(tmp_path)
    both_stages_at_once_send_every_order_once(day)
    panic_closed_everything(day)
    a_login_that_died_is_6(day)
    no_secret_was_printed(day)
    no_secret_is_in_any_file(day)
    the_alerts_kept_for_later_name_no_secret(day)
    the_token_file_stays_private(day)
