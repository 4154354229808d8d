"""An older settings file in today's words, comments and all."""

from __future__ import annotations

import pytest
import yaml

from live.settings.load import load_settings
from live.settings.migrate_file import migrate, stale_defaults, written
from live.settings.releases import CHANGED_DEFAULTS
from tests.support.paths import PROJECT

OLD = (PROJECT / "tests/golden/release_0001/funds/config/live.yaml").read_text()
TODAY = (PROJECT / "config/live.yaml").read_text()


def test_the_file_of_an_earlier_release_loses_its_old_defaults_and_no_comment() -> None:
    found = migrate(OLD)
    assert len(found.changes) == len(CHANGED_DEFAULTS)
    assert found.by_hand == ()
    before, after = OLD.splitlines(), found.text.splitlines()
    assert len(before) == len(after)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [new.split("#")[0].strip() for _, new in changed] == [
        "max_order_value: null",
        "max_orders_per_minute: 10",
    ]
    assert all(old.partition("#")[2] == new.partition("#")[2] for old, new in changed)
    assert migrate(found.text).changes == ()


def test_todays_file_stays_byte_for_byte() -> None:
    assert migrate(TODAY) == migrate(TODAY).__class__(TODAY, (), ())


def test_a_value_that_a_person_chose_is_theirs() -> None:
    text = "execution:\n  limits:\n    max_orders_per_minute: 61\n"
    assert stale_defaults(text) == ()
    assert migrate(text).text == text


def test_a_moved_and_a_gone_name() -> None:
    text = "safety:\n  drift: 1.0   # percent\n  old: [1, 2]\nmode: offline_mock\n"
    found = migrate(text, (), {"safety.drift": "safety.max_drift_pct", "safety.old": None})
    assert yaml.safe_load(found.text) == {"safety": {"max_drift_pct": 1.0}, "mode": "offline_mock"}
    assert "# percent" in found.text
    assert "old: [1, 2]" in found.text
    assert len(found.changes) == 2


def test_what_does_not_stand_on_a_line_of_its_own_is_for_a_person() -> None:
    text = "safety: {drift: 1.0}\n"
    found = migrate(text, (), {"safety.drift": None})
    assert found.text == text
    assert found.by_hand == ("safety.drift is gone: its line is a comment now",)


@pytest.mark.parametrize("text", ["a: [", "- 1\n", "mode"])
def test_what_is_no_settings_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        migrate(text)


def test_names_are_dotted() -> None:
    assert written("a:\n  b: 1\n") == {"a": {"b": 1}, "a.b": 1}
    assert written("") == {}
    assert load_settings(environ={}).settings.mode == "offline_mock"
