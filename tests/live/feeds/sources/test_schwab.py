"""Schwab's price history as a source; what every source does is in test_contract."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from live.brokers.schwab.token import LoginNeeded
from live.feeds.sources.model import BarRequest, Opening
from live.feeds.sources.schwab import SchwabSource, open_schwab
from live.settings.model import Settings
from tests.fakes.schwab.harness import ENVIRON, FakeSchwab, LinkedClock
from tests.fakes.schwab.rig import rig
from tests.support.source_world import history, rows_of

NIGHT = datetime(2024, 3, 12, 22, tzinfo=UTC)
RUNNING = datetime(2024, 3, 12, 18, tzinfo=UTC)


def test_a_symbol_is_spelled_as_schwab_does(tmp_path: Path) -> None:
    made = history("BRK.B", date(2024, 3, 4), date(2024, 3, 12))
    with rig(tmp_path, NIGHT) as found:
        found.fake.app.market.load("BRK/B", rows_of(made))
        page = SchwabSource(found.connection).page(BarRequest("BRK.B", "1d", made.first, made.last, "split"))
    assert page.stamps.tolist() == made.dates.tolist()


def test_a_login_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with FakeSchwab(NIGHT) as fake:
        settings = Settings.model_validate(
            {"broker": {"schwab": {"base_url": fake.url, "token_file": str(tmp_path / "token.json")}}}
        )
        opening = Opening(settings, tmp_path, ENVIRON, LinkedClock(fake))
        with pytest.raises(LoginNeeded, match="no Schwab token"):
            open_schwab(opening)
        fake.write_token(tmp_path / "token.json")
        source = open_schwab(opening)
        assert source.actions("QQQ", date(2024, 1, 2), date(2024, 3, 1)) == ()
        source.close()
