"""Channels: where their URLs come from, who may read them, and what of them may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtest.core.errors import SettingsError
from live.alerts.channels import URLS_FILE, channels, label
from live.alerts.delivery import deliver
from live.alerts.message import Message
from live.settings.model import Settings
from live.system.redaction import MASK, redact

# The library looks for a module that Python is about to drop; that is not ours to fix.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NAME = "JUTSU_ALERT_URLS"
ONE, TWO = "json://host.example/first-of-the-channels-test", "json://host.example/other9876543210"


def private(path: Path, text: str, mode: int = 0o600) -> Path:
    """Write a file with these permissions."""
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_environment_comes_first_then_the_named_file_then_the_one_beside_the_ledger(
    tmp_path: Path,
) -> None:
    named = private(tmp_path / "named", TWO)
    private(tmp_path / URLS_FILE, "json://third.example")
    both = {NAME: ONE, f"{NAME}_FILE": str(named)}
    assert list(channels(Settings(), tmp_path, both).values()) == [ONE]
    assert channels(Settings(), tmp_path, {f"{NAME}_FILE": str(named)}) == {"default": TWO}
    assert channels(Settings(), tmp_path, {}) == {"default": "json://third.example"}
    assert channels(Settings(), None, {}) == {}
    assert channels(Settings(), tmp_path / "nowhere", {}) == {}


def test_an_account_without_addresses_of_its_own_has_those_of_all(tmp_path: Path) -> None:
    ira = Settings.model_validate({"account": "ira"})
    private(tmp_path / URLS_FILE, ONE)
    assert channels(ira, tmp_path / "ira", {}) == {"default": ONE}
    (tmp_path / "ira").mkdir()
    private(tmp_path / "ira" / URLS_FILE, TWO)
    assert channels(ira, tmp_path / "ira", {}) == {"default": TWO}


@pytest.mark.parametrize("text", [f"{ONE} {TWO}", f"{ONE},\n\n{TWO}\n", f"# mine\n {ONE}\n  # yours\n{TWO}"])
def test_urls_stand_one_per_line_or_separated_by_blanks(text: str) -> None:
    assert channels(Settings(), None, {NAME: text}) == {"default": ONE, "default_2": TWO}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    path = private(tmp_path / URLS_FILE, ONE, mode)
    with pytest.raises(SettingsError, match="others can read") as refused:
        channels(Settings(), tmp_path, {})
    assert f"chmod 600 {path}" in refused.value.line()


def test_a_file_that_was_named_must_be_there_and_be_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        channels(Settings(), tmp_path, {f"{NAME}_FILE": str(tmp_path / "absent")})
    path = tmp_path / "binary"
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="cannot be read"):
        channels(Settings(), tmp_path, {f"{NAME}_FILE": str(path)})


def test_urls_are_secrets_from_the_moment_they_are_known() -> None:
    channels(Settings(), None, {NAME: TWO})
    assert "other9876543210" not in redact(f"posting to {TWO}: other9876543210 refused")
    assert label("phone", TWO) == f"phone json://{MASK}"


def test_nothing_that_cannot_be_a_channel_ends_the_run() -> None:
    results = deliver({"a": "nonsense", "b": "unknown://x"}, Message("t", "b", "info"))
    assert {one.error for one in results.values()} == {"is not a URL that apprise understands"}
    assert deliver({}, Message("t", "b", "info")) == {}
