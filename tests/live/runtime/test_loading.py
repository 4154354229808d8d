"""Settings of a process: flags over overrides over file, and a ledger that is read but never made."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backtest.core.errors import SettingsError
from live.ledger.errors import LedgerError
from live.ledger.ledger import Ledger
from live.ledger.system_state import EVERY_ACCOUNT
from live.model.run import DAILY, DryRun, Replay, Run
from live.runtime.loading import Sources, settings_in_force
from live.runtime.options import Options

NOW = datetime(2025, 3, 5, 15, 0, tzinfo=UTC)


def sources(folder: Path, run: Run = DAILY, *, level: str | None = None, text: str = "") -> Sources:
    """Return the sources of a process whose file lies in `folder`."""
    config = folder / "live.yaml"
    config.write_text(text or "logging: {level: WARNING}\n")
    options = Options(config=config, state_db=folder / "ledger.db")
    further = None if level is None else {"logging.level": level}
    found = Sources.of(options, run, further)
    return Sources(found.config, found.flags, {}, NOW)


def override(folder: Path, name: str, value: object) -> None:
    """Set one value as `jutsu config set` does."""
    with Ledger.open(folder / "ledger.db", account=EVERY_ACCOUNT, now=NOW) as ledger:
        ledger.config.set(name, value, by="me", at=NOW)


def test_a_missing_ledger_is_not_created(tmp_path: Path) -> None:
    loaded = settings_in_force(sources(tmp_path))
    assert loaded.settings.logging.level == "WARNING"
    assert not (tmp_path / "ledger.db").exists()


def test_an_override_beats_the_file_and_a_flag_beats_the_override(tmp_path: Path) -> None:
    override(tmp_path, "logging.level", "DEBUG")
    assert settings_in_force(sources(tmp_path)).settings.logging.level == "DEBUG"
    assert settings_in_force(sources(tmp_path, level="ERROR")).settings.logging.level == "ERROR"


def test_places_of_flags_are_absolute_wherever_the_process_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = Sources.of(Options(state_db=Path("here.db"), output_dir=Path("out")))
    assert found.flags == {"paths.state_db": tmp_path / "here.db", "paths.signals": tmp_path / "out"}


@pytest.mark.parametrize("run", [Replay(), DryRun(), DAILY])
def test_what_a_kind_of_run_insists_on_is_a_flag_nobody_can_beat(tmp_path: Path, run: Run) -> None:
    given = sources(tmp_path, run)
    assert dict(run.imposes).items() <= given.flags.items()


def test_a_damaged_ledger_or_a_wrong_value_is_never_guessed_around(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no database" * 500)
    with pytest.raises(LedgerError) as damaged:
        settings_in_force(sources(tmp_path))
    assert damaged.value.exit_code == 8
    with pytest.raises(SettingsError) as wrong:
        settings_in_force(sources(tmp_path, text="logging: {level: LOUD}\n"))
    assert wrong.value.exit_code == 2
