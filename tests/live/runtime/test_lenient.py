"""What a lenient run opens when something is wrong, and what it never does."""

from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backtest.core.errors import AuthenticationFailed, BrokerError, SettingsError
from live.model.run import DAILY, Emergency, Overview, Reading
from live.runtime.lenient import Attempts, diagnostics, settings_of_broker
from live.settings.load import load_settings

WORDS = st.sampled_from(["mode", "broker", "name", "safety", "books", "golden", "-3", "{}", "[]", ".nan"])
DOCUMENTS = st.recursive(WORDS, lambda inner: st.dictionaries(WORDS, inner, max_size=4), max_leaves=12)


def broken() -> NoReturn:
    raise AuthenticationFailed("the login is dead")


@pytest.mark.parametrize("run", [Emergency(), Overview()])
def test_a_lenient_run_goes_on_with_what_stands_in(run: Emergency | Overview) -> None:
    attempts = Attempts(run)
    assert attempts.made("broker", broken, lambda error: error.problem) == "the login is dead"
    assert [str(finding) for finding in attempts.findings] == ["broker: the login is dead"]


@pytest.mark.parametrize("run", [DAILY, Reading()])
def test_every_other_run_ends_with_the_error(run: Reading) -> None:
    with pytest.raises(BrokerError):
        Attempts(run).made("broker", broken, lambda error: error.problem)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.binary(max_size=60), DOCUMENTS.map(lambda document: str(document).encode())))
def test_whatever_the_file_says_the_settings_are_usable_and_nothing_is_hidden(
    tmp_path: Path, text: bytes
) -> None:
    file = tmp_path / "live.yaml"
    file.write_bytes(text)
    loaded = load_settings(config=file, lenient=True)
    try:
        strict = load_settings(config=file)
    except SettingsError:
        assert loaded.findings
        assert diagnostics(loaded)
    else:
        assert loaded.findings == ()
        assert loaded.settings == strict.settings


def test_only_the_wrong_values_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "live.yaml"
    file.write_text(
        "safety: {max_drift_pct: wide, cash_jump_pct: 7}\npolling: {retries: -1}\nbooks: [{primary: titan}]\n"
    )
    loaded = load_settings(config=file, lenient=True)
    assert loaded.settings.safety.cash_jump_pct == 7
    assert loaded.settings.safety.max_drift_pct == 1
    assert loaded.settings.books[0].primary == "titan"
    assert [finding.path for finding in loaded.findings] == ["safety.max_drift_pct", "polling.retries"]
    assert settings_of_broker(loaded, Emergency()) is loaded.settings


def test_an_account_nobody_is_certain_of_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "live.yaml"
    file.write_text("broker: {name: nobody}\n")
    loaded = load_settings(config=file, lenient=True)
    with pytest.raises(SettingsError, match="not certain which account"):
        settings_of_broker(loaded, Emergency())
