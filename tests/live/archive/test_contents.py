"""What is in an archive, and what never is."""

from __future__ import annotations

from pathlib import Path

from live.archive.contents import LEDGER, documents_of, is_document, ledger_of
from live.settings.load import load_settings
from tests.support.user_world import User, new_user


def names(user: User) -> set[str]:
    return {source.name for source in documents_of(load_settings(config=user.config))}


def test_settings_strategies_manifest_and_signal_files_are_in(traded: User) -> None:
    found = names(traded)
    assert {"config/live.yaml", "config/manifest.json", "config/strategies/golden.yaml"} <= found
    assert sum(name.startswith("signals/trade_signals_") for name in found) == 4
    assert "signals/schema/trade_signals.schema.json" in found


def test_secrets_links_hidden_files_and_programs_are_not(traded: User) -> None:
    (traded.signals / "notes.py").write_text("")
    (traded.signals / ".hidden.json").write_text("{}")
    (traded.signals / "link.json").symlink_to(traded.root / "state" / "secrets.env")
    (traded.root / "state" / "schwab_token.json").write_text("{}")
    found = names(traded)
    assert not [name for name in found if "secret" in name or "token" in name or "notes" in name]
    assert not {"signals/.hidden.json", "signals/link.json"} & found
    assert all(map(is_document, found))


def test_places_outside_of_the_project_get_their_usual_names(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "trade_signals_x.json").write_text("{}")
    user.set(paths={"state_db": str(outside / "l.db"), "signals": str(outside)})
    loaded = load_settings(config=user.config)
    assert ledger_of(loaded).name == LEDGER
    assert "signals/trade_signals_x.json" in {source.name for source in documents_of(loaded)}


def test_of_the_bar_store_all_but_the_bars_is_in(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    store = user.root / "data" / "bars"
    kept = {"actions/QQQ.parquet", "revisions/QQQ-1d.parquet", "imports.jsonl", "syncs.jsonl"}
    for name in (*kept, "QQQ.parquet"):
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_bytes(b"")
    found = {name for name in names(user) if name.startswith("data/")}
    assert found == {f"data/bars/{name}" for name in kept}
