"""Overrides and their time."""

from datetime import timedelta
from typing import Any

from tests.support.ledger_samples import NOW


def test_overrides_hold_for_their_time_and_the_latest_wins(ledger: Any) -> None:
    config = ledger.config
    config.set("paper.fault", "slow", at=NOW, by="ann")
    config.set("paper.fault", "reject", at=NOW, by="ann", effective_until=NOW + timedelta(hours=1))
    config.set("mode", "online_live", at=NOW, by="ann", effective_from=NOW + timedelta(days=1))

    assert config.active(NOW) == {"paper.fault": "reject"}
    assert config.active(NOW + timedelta(hours=1)) == {"paper.fault": "slow"}
    assert config.active(NOW + timedelta(days=2)) == {"paper.fault": "slow", "mode": "online_live"}
    assert config.unset("paper.fault", at=NOW + timedelta(minutes=1)) == 2
    assert config.active(NOW + timedelta(minutes=2)) == {}
    assert len(config.overrides()) == 3
    assert config.remember("a", "{}", by="ann", reason="r", at=NOW) is True
    assert config.remember("a", "{}", by="ann", reason="r", at=NOW) is False
