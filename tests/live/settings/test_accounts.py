"""Several accounts in one settings file: what each may say, which one is meant, that none is another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import SettingsError, UsageError
from live.settings.accounts import AccountNeeded, account_of, own_path, read_accounts
from live.settings.load import LoadedSettings, account_names, load_settings

TWO = """
safety: {daily_loss_pct: 4}
accounts:
  taxable:
    books: [{primary: golden, shadows: []}]
    safety: {drawdown_pct: 8}
  ira:
    books: [{primary: titan, shadows: []}]
    approval: {policy: required}
    channels: {critical: [sms]}
"""
SCHWAB = """
mode: online_live
broker: {name: schwab}
accounts:
  taxable: {broker: {schwab: {account_last4: "1234"}}}
  ira: {broker: {schwab: {account_last4: "5678"}}}
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., LoadedSettings]:
    """Loads a settings file; call it with its text, the account, and what else `load_settings` takes."""

    def loaded(text: str, account: str | None = None, **more: Any) -> LoadedSettings:
        path = tmp_path / "config" / "live.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return load_settings(config=path, account=account, **more)

    return loaded


def test_what_an_account_says_holds_for_it_alone(load: Callable[..., LoadedSettings]) -> None:
    taxable, ira = load(TWO, "taxable"), load(TWO, "ira")
    assert (taxable.settings.account, ira.settings.account) == ("taxable", "ira")
    assert taxable.accounts == ira.accounts == ("taxable", "ira")
    assert [book.primary for book in ira.settings.books] == ["titan"]
    assert (taxable.settings.approval.policy, ira.settings.approval.policy) == (None, "required")
    assert ira.settings.alerts.channels.critical == ("sms",)
    assert taxable.settings.alerts.channels.critical is None
    for loaded in (taxable, ira):
        assert loaded.settings.safety.daily_loss_pct == 4
    assert (taxable.settings.safety.drawdown_pct, ira.settings.safety.drawdown_pct) == (8, 10)
    assert taxable.sources["safety.drawdown_pct"].endswith("live.yaml accounts.taxable")


def test_each_account_has_a_ledger_in_a_folder_of_its_own(
    load: Callable[..., LoadedSettings], tmp_path: Path
) -> None:
    ledgers = {load(TWO, name).settings.paths.state_db for name in ("taxable", "ira")}
    assert ledgers == {Path("state/taxable/ledger.db"), Path("state/ira/ledger.db")}
    elsewhere = load(TWO, "ira", environ={"JUTSU_PATHS__STATE_DB": "/var/x/l.db"})
    assert elsewhere.settings.paths.state_db == Path("/var/x/ira/l.db")
    named = load(TWO, "ira", flags={"paths.state_db": tmp_path / "copy.db"})
    assert named.settings.paths.state_db == tmp_path / "copy.db"


def test_without_the_section_nothing_has_a_name(load: Callable[..., LoadedSettings]) -> None:
    loaded = load("mode: offline_mock\n")
    assert (loaded.settings.account, loaded.accounts) == ("", ())
    assert loaded.settings.paths.state_db == Path("state/ledger.db")
    assert own_path(Path("state/ledger.db"), "") == Path("state/ledger.db")
    with pytest.raises(UsageError, match="no section `accounts:`"):
        load("mode: offline_mock\n", "ira")


@pytest.mark.parametrize("named", [None, "all"])
@pytest.mark.parametrize("lenient", [False, True])
def test_none_of_several_is_exit_two_with_their_names(
    load: Callable[..., LoadedSettings], named: str | None, lenient: bool
) -> None:
    with pytest.raises(AccountNeeded, match="taxable, ira") as refused:
        load(TWO, named, lenient=lenient)
    assert (refused.value.exit_code, refused.value.names) == (2, ("taxable", "ira"))


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(("typed", "hint"), [("irra", "did you mean ira"), ("x", "name one of them")])
def test_a_typo_never_means_another_account(
    load: Callable[..., LoadedSettings], typed: str, hint: str, lenient: bool
) -> None:
    with pytest.raises(UsageError, match=f"known are taxable, ira.*{hint}") as refused:
        load(TWO, typed, lenient=lenient)
    assert refused.value.exit_code == 2


@given(st.text(max_size=20))
def test_only_a_name_that_stands_there_means_an_account(typed: str) -> None:
    known = read_accounts({"taxable": {}, "ira": None}, "live.yaml")
    if typed in {"taxable", "ira"}:
        assert known.require(typed, None) == typed == account_of(typed)
    else:
        with pytest.raises(UsageError):
            known.require(typed, None)


@pytest.mark.parametrize(
    ("section", "finding"),
    [
        ("accounts: 5", "accounts: is a section"),
        ("accounts: {IRA: {}}", "accounts.IRA: is no name"),
        ("accounts: {my_ira: {}}", "accounts.my_ira: is no name"),
        ("accounts: {all: {}}", "accounts.all: is no name"),
        ("accounts: {file: {}}", "accounts.file: is no name"),  # APCA_API_KEY_ID_FILE is no key
        ("accounts: {ira: 3}", "accounts.ira: is a section"),
        ("accounts: {ira: {boks: []}}", "accounts.ira.boks: .*did you mean books"),
        ("accounts: {ira: {paths: {}}}", "accounts.ira.paths: .*an account may say"),
    ],
)
def test_a_section_that_is_not_understood_stops_every_account(
    load: Callable[..., LoadedSettings], section: str, finding: str
) -> None:
    with pytest.raises(SettingsError, match=finding):
        load(section, "ira")
    emergency = load(section, "ira", lenient=True)  # the kill switch of an account is found by its name
    assert emergency.settings.paths.state_db == Path("state/ira/ledger.db")
    assert emergency.account_doubtful  # and no broker is opened


def test_a_wrong_value_of_one_account_stops_that_one(load: Callable[..., LoadedSettings]) -> None:
    text = TWO.replace("drawdown_pct: 8", "drawdown_pct: much")
    with pytest.raises(SettingsError, match="drawdown_pct"):
        load(text, "taxable")
    assert load(text, "ira").settings.account == "ira"


def test_two_names_never_mean_one_brokerage_account(load: Callable[..., LoadedSettings]) -> None:
    assert load(SCHWAB, "ira").settings.broker.schwab.account_last4 == "5678"
    for name in ("taxable", "ira"):
        with pytest.raises(SettingsError, match="means the same account as"):
            load(SCHWAB.replace("5678", "1234"), name)
        with pytest.raises(SettingsError, match=r"account_last4.*is needed"):
            load(SCHWAB.replace('{schwab: {account_last4: "1234"}}', "{}").replace('"5678"', "null"), name)


def test_paper_and_live_at_one_vendor_are_two_accounts(load: Callable[..., LoadedSettings]) -> None:
    alpaca = "{name: alpaca, alpaca: {paper: PAPER, account_last4: '1234'}}"
    text = "mode: online_live\naccounts:\n" + "".join(
        f"  {name}: {{broker: {alpaca.replace('PAPER', paper)}}}\n"
        for name, paper in (("a", "true"), ("b", "false"))
    )
    assert load(text, "a").settings.broker.alpaca.paper
    with pytest.raises(SettingsError, match="means the same account as b"):
        load(text.replace("false", "true"), "a")


@pytest.mark.parametrize(
    "more",
    [
        {"environ": {"JUTSU_BROKER__SCHWAB__ACCOUNT_LAST4": "9999"}},
        {"environ": {"JUTSU_BROKER__NAME": "alpaca"}},
        {"overrides": {"broker.alpaca.paper": False}},
        {"flags": {"broker.schwab.account_last4": "9999"}},
    ],
)
def test_which_account_is_meant_stands_in_the_file_alone(
    load: Callable[..., LoadedSettings], more: dict[str, Any]
) -> None:
    """A variable of the shell would move every account to one broker account."""
    with pytest.raises(SettingsError) as refused:
        load(SCHWAB, "ira", **more)
    assert any("would change which account is traded" in str(found) for found in refused.value.findings)
    assert load(SCHWAB, "ira", lenient=True, **more).account_doubtful


def test_names_are_known_without_judging_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "live.yaml"
    assert account_names(path) == ()
    for text, names in (
        (TWO, ("taxable", "ira")),
        ("# accounts: {a: {}}\nmode: nonsense\n", ()),
        ("mode: nonsense\naccounts: {a: {}}\n", ("a",)),
        ("accounts: [unclosed", ()),
        ('{"mode": "offline_mock", "accounts": {"a": {}}}', ("a",)),
        ("data: {demo_seed: 7}  # several accounts: none here\n", ()),
    ):
        path.write_text(text)
        assert account_names(path) == names
