"""A dry run holds up nobody: an executor at work must be able to write while one waits for a vendor."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from live.ledger.ledger import Ledger
from live.model.run import DryRun
from live.runtime.open import _open_ledger
from live.settings.load import LoadedSettings
from live.settings.model import Settings

NOW = datetime(2025, 3, 5, 20, 46, tzinfo=UTC)


def test_a_rehearsal_neither_locks_nor_changes_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    loaded = LoadedSettings(Settings.model_validate({"paths": {"state_db": str(path)}}), {}, tmp_path, None)
    with Ledger.open(path, account="paper", now=NOW) as real:
        real.state.set("known", "before", at=NOW)
        dry = _open_ledger(loaded, DryRun(), now=NOW, named=False)
        with dry, dry.rehearsal():
            assert dry.state.get("known") == "before"
            dry.state.set("known", "rehearsed", at=NOW)
            real.state.set("other", "written meanwhile", at=NOW)  # waited ten seconds, then gave up
        assert real.state.get("known") == "before"
        assert real.state.get("other") == "written meanwhile"
