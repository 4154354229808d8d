"""The secrets file: where a value comes from, and what is refused without ever showing a value."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import SettingsError
from live.settings.secrets import (
    KNOWN,
    Whose,
    of_account,
    read_secrets,
    secret,
    secrets_path,
    with_secrets,
    without_secrets,
)
from live.system.redaction import redact

VALUE = "s3cr3t-value-0815"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(text: str, mode: int = 0o600, name: str = "state/secrets.env") -> Any:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


def test_cron_finds_what_the_login_shell_would_have_had(write: Callable[..., Path], tmp_path: Path) -> None:
    write(f"# broker\nAPCA_API_KEY_ID={VALUE}\n\nexport APCA_API_SECRET_KEY='{VALUE}=2'\n")
    found = with_secrets(tmp_path, {"HOME": "/h"})
    assert found["APCA_API_KEY_ID"] == VALUE
    assert found["APCA_API_SECRET_KEY"] == f"{VALUE}=2"
    assert found["HOME"] == "/h"
    assert VALUE not in redact(f"keys are {VALUE}")


def test_environment_then_key_file_then_secrets_file(write: Callable[..., Path], tmp_path: Path) -> None:
    write("SCHWAB_API_KEY=from-file\n")
    named = write("from-key-file\n", name="key")
    environ = {"SCHWAB_API_KEY_FILE": str(named)}
    assert with_secrets(tmp_path, {})["SCHWAB_API_KEY"] == "from-file"
    assert with_secrets(tmp_path, environ)["SCHWAB_API_KEY"] == "from-key-file"
    both = {**environ, "SCHWAB_API_KEY": "from-environment"}
    assert with_secrets(tmp_path, both)["SCHWAB_API_KEY"] == "from-environment"
    assert with_secrets(tmp_path, {"SCHWAB_API_KEY": ""})["SCHWAB_API_KEY"] == "from-file"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_readable_by_others_is_refused(write: Callable[..., Path], tmp_path: Path, mode: int) -> None:
    write(f"SCHWAB_API_KEY={VALUE}\n", mode)
    with pytest.raises(SettingsError, match="others can read it") as refused:
        with_secrets(tmp_path, {})
    assert VALUE not in str(refused.value)


def test_unknown_keys_are_refused_with_a_suggestion_never_a_value(
    write: Callable[..., Path],
) -> None:
    path = write(f"APCA_API_KEYID={VALUE}\nnothing\nSCHWAB_API_KEY=a\nSCHWAB_API_KEY=b\n")
    with pytest.raises(SettingsError) as refused:
        read_secrets(path)
    listed = [str(finding) for finding in refused.value.findings]
    assert len(listed) == 3
    assert "did you mean APCA_API_KEY_ID?" in listed[0]
    assert VALUE not in " ".join([str(refused.value), *listed])


def test_channels_by_name_and_the_variable_of_the_settings_are_known(write: Callable[..., Path]) -> None:
    path = write("JUTSU_ALERT_PHONE=json://h/a\nMY_URLS=json://h/b\n")
    assert set(read_secrets(path, ("MY_URLS",))) == {"JUTSU_ALERT_PHONE", "MY_URLS"}
    with pytest.raises(SettingsError, match="MY_URLS"):
        read_secrets(path)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    environ = {"JUTSU_SECRETS_FILE": str(tmp_path / "nowhere")}
    assert secrets_path(tmp_path, environ) == tmp_path / "nowhere"
    with pytest.raises(SettingsError, match="no such file"):
        with_secrets(tmp_path, environ)


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    assert with_secrets(tmp_path, {"A": "b"}) == {"A": "b"}


values = st.text(
    st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters="'\""), min_size=1
)


@given(st.dictionaries(st.sampled_from(KNOWN), values.map(str.strip).filter(bool)))
def test_every_value_comes_back_as_it_stands(tmp_path_factory: pytest.TempPathFactory, wanted: Any) -> None:
    path = tmp_path_factory.mktemp("secrets") / "secrets.env"
    path.write_text("".join(f"{key} = {value}\n" for key, value in wanted.items()))
    path.chmod(0o600)
    assert read_secrets(path) == wanted


def test_a_program_that_needs_no_secret_gets_none() -> None:
    given = {"PATH": "/bin", "JUTSU_MODE": "x", "SCHWAB_APP_SECRET": "s", "JUTSU_ALERT_SMS": "s"}
    given |= {"APCA_API_KEY_ID_FILE": "f", "JUTSU_SECRETS_FILE": "f", "JUTSU_ALERT_SMS_FILE": "f"}
    given |= {"APCA_API_SECRET_KEY_IRA": "s", "SCHWAB_APP_SECRET_IRA_FILE": "f"}
    assert without_secrets(given) == {"PATH": "/bin", "JUTSU_MODE": "x"}


NAMES = ("taxable", "ira")


def test_an_account_has_keys_of_its_own(write: Callable[..., Path], tmp_path: Path) -> None:
    write("APCA_API_KEY_ID=common\nAPCA_API_KEY_ID_IRA=own-key-of-ira\nJUTSU_ALERT_SMS=tgram://x/y\n")
    found = {name: with_secrets(tmp_path, {}, whose=Whose(name, NAMES)) for name in NAMES}
    assert found["taxable"]["APCA_API_KEY_ID"] == "common"
    assert found["ira"]["APCA_API_KEY_ID"] == "own-key-of-ira"
    assert found["ira"]["JUTSU_ALERT_SMS"] == found["taxable"]["JUTSU_ALERT_SMS"]
    assert "own-key-of-ira" not in redact("own-key-of-ira")
    assert [secret(tmp_path, {}, "APCA_API_KEY_ID", name) for name in ("", *NAMES)] == [
        "common",
        "common",
        "own-key-of-ira",
    ]


def test_a_key_of_no_account_is_refused(write: Callable[..., Path], tmp_path: Path) -> None:
    """A slip in the name would leave the common key in force."""
    write("APCA_API_KEY_ID_IAR=x\n")
    with pytest.raises(SettingsError, match="APCA_API_KEY_ID_IAR is a key nobody reads"):
        with_secrets(tmp_path, {}, whose=Whose("ira", NAMES))


def test_the_account_at_interactive_brokers_is_named_for_each() -> None:
    common = {"IBKR_ACCOUNT": "DU1", "IBKR_PORT": "7497"}
    assert of_account(common, Whose()) == common
    assert of_account(common, Whose("ira", NAMES)) == {"IBKR_PORT": "7497"}
    own = {**common, "IBKR_ACCOUNT_IRA": "DU2"}
    assert of_account(own, Whose("ira", NAMES))["IBKR_ACCOUNT"] == "DU2"
    with pytest.raises(SettingsError, match="ira and taxable mean the same account"):
        of_account({**own, "IBKR_ACCOUNT_TAXABLE": "DU2"}, Whose("ira", NAMES))
