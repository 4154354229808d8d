"""What became of settings between releases is about settings that are there today."""

from __future__ import annotations

import pytest

from live.settings import releases
from live.settings.migrate_file import default_of
from live.settings.names import leaves
from live.settings.releases import CHANGED_DEFAULTS, MOVED, ChangedDefault, moved_to


@pytest.mark.parametrize("default", CHANGED_DEFAULTS, ids=lambda one: one.name)
def test_a_changed_default_is_a_setting_with_another_default_today(default: ChangedDefault) -> None:
    assert default.name in leaves()
    assert default_of(default.name) != default.was


def test_moved_names_are_not_settings_and_new_ones_are() -> None:
    assert not MOVED.keys() & set(leaves())
    assert {new for new in MOVED.values() if new is not None} <= set(leaves())
    assert all(new is None or new.rpartition(".")[0] == old.rpartition(".")[0] for old, new in MOVED.items())


def test_a_name_moved_or_went(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "MOVED", {"a.b": "a.c", "a.d": None})
    assert moved_to("a.b") == "is called a.c now"
    assert moved_to("a.d") == "is gone"
