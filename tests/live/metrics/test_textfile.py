"""`jutsu.prom` as the node exporter finds it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime

from prometheus_client.parser import text_string_to_metric_families

from live.metrics.textfile import gathered, write
from live.settings.load import load_settings
from tests.support.user_world import User

NOW = datetime(2026, 11, 27, 21, 30, tzinfo=UTC)


def test_the_official_parser_reads_the_file(traded: User) -> None:
    write(load_settings(config=traded.config), NOW)
    path = traded.root / "prom" / "jutsu.prom"
    found = {family.name: family for family in text_string_to_metric_families(path.read_text())}
    assert {
        "jutsu_equity",
        "jutsu_position_shares",
        "jutsu_missed_sessions",
        "jutsu_build_info",
    } <= found.keys()
    assert found["jutsu_missed_sessions"].type == "counter"
    assert stat.S_IMODE(path.stat().st_mode) & 0o044 == 0o044
    assert [p.name for p in path.parent.iterdir()] == ["jutsu.prom"]


def test_each_account_has_a_file_of_its_own(user: User) -> None:
    user.set(accounts={"ira": {}, "taxable": {}}, metrics={"textfile": "prom"})
    for name in ("ira", "taxable"):
        write(load_settings(config=user.config, account=name), NOW)
    folder = user.root / "prom"
    assert sorted(path.name for path in folder.iterdir()) == ["jutsu_ira.prom", "jutsu_taxable.prom"]
    (family,) = text_string_to_metric_families((folder / "jutsu_ira.prom").read_text())
    assert [sample.labels["account"] for sample in family.samples] == ["ira"]


def test_a_damaged_ledger_leaves_what_is_known_without_it(user: User) -> None:
    user.db.parent.mkdir()
    user.db.write_bytes(b"not a ledger")
    found = {f.name for f in gathered(load_settings(config=user.config), NOW) if f.samples}
    assert found == {"jutsu_build_info"}
