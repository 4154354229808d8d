"""Several accounts run one after the other: none shares anything with another, none keeps another waiting."""

from pathlib import Path

import pytest

from live.handoff.read import read
from live.runtime.each_account import options_of_each
from live.runtime.options import Options
from live.settings.accounts import AccountNeeded
from tests.fakes.ping_service import serving
from tests.support.user_world import FIRST, SECOND, THIRD, User, new_user, tree

BOOK = {"primary": "golden", "shadows": []}
ACCOUNTS = {"taxable": {"paper": {"initial_cash": 50_000}}, "ira": {}}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two paper accounts that both traded the first session."""
    user = new_user(tmp_path_factory.mktemp("accounts") / "two")
    user.set(books=[BOOK], accounts=ACCOUNTS)
    user.trade(FIRST)
    return user.root


@pytest.fixture
def two(project: Path, tmp_path: Path) -> User:
    """The same, for a test that changes it."""
    return User(project).copy(tmp_path / "two")


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without `accounts:` that traded the same session."""
    user = new_user(tmp_path_factory.mktemp("accounts") / "one")
    user.set(books=[BOOK])
    user.trade(FIRST)
    return user.root


def ledger(root: Path, account: str) -> Path:
    return root / "state" / account / "ledger.db"


def sent(user: User, account: str) -> set[str]:
    return {row[0] for row in user.rows("orders", "client_order_id", ledger(user.root, account))}


def days(user: User, account: str) -> list[str]:
    return [str(row[0]) for row in user.rows("run_log", "session", ledger(user.root, account))]


def test_without_accounts_everything_is_named_as_before(one: Path) -> None:
    names = {name for name in tree(one) if not name.startswith("config/")}
    logs = {name for name in names if name.startswith("logs/")}
    assert {name.rpartition("/")[2][:-15] for name in logs} == {"signal_generator", "executor"}
    assert names - logs == {
        "signals/schema/trade_signals.schema.json",
        f"signals/trade_signals_{FIRST}_golden.json",
        "state/ledger.db",
        "state/ledger.db.generation",
        "state/ledger.paper.db",
        f"state/backups/ledger-{FIRST}.db",
        "state/executor-paper.lock",
        "state/executor-paper.owner.json",
        *(f"state/reports/execution_{FIRST}_golden.{ending}" for ending in ("html", "json", "txt")),
        "state/state.json",
    }
    ids = {row[0] for row in User(one).rows("orders", "client_order_id")}
    assert ids
    assert all(name.startswith("20240102_") for name in ids)
    assert {row[0] for row in User(one).rows("orders", "account")} == {"paper"}
    assert User(one).rows("system_state", "key")
    assert not [row for row in User(one).rows("system_state", "key") if row[0] == "account_name"]


def test_the_account_changes_names_and_nothing_else(project: Path, one: Path) -> None:
    """The file of an account without settings of its own is that of the only account, but for its names."""
    plain = (one / f"signals/trade_signals_{FIRST}_golden.json").read_text()
    named = (project / f"signals/trade_signals_{FIRST}_golden_ira.json").read_text()
    renamed = named.replace("ira-golden_", "").replace('"ira/paper"', '"paper"')
    changed = [(a, b) for a, b in zip(plain.splitlines(), renamed.splitlines(), strict=True) if a != b]
    assert ["digest" in a for a, _ in changed] == [True]


def test_nothing_is_shared_by_two_accounts(project: Path) -> None:
    user = User(project)
    files = {name for name in tree(project) if not name.startswith(("config/", "signals/schema/"))}
    mine = {name: {f for f in files if name in f} for name in ACCOUNTS}
    assert files == mine["taxable"] | mine["ira"]
    assert not mine["taxable"] & mine["ira"]
    assert f"state/ira/reports/execution_{FIRST}_golden_ira.txt" in files
    assert not (project / "state" / "ledger.db").exists()
    taxable, ira = sent(user, "taxable"), sent(user, "ira")
    assert taxable
    assert ira
    assert not taxable & ira
    assert all(name.startswith("ira-golden_20240102_") for name in ira)
    shares = {n: user.rows("orders", "quantity", ledger(project, n))[0][0] for n in ACCOUNTS}
    assert shares["taxable"] < shares["ira"]


def test_one_account_alone_has_its_turn_alone(two: User) -> None:
    other = ledger(two.root, "taxable").read_bytes()
    for ran in (two.generate(SECOND, "--account", "ira"), two.execute(SECOND, "--account", "ira")):
        assert ran.code == 0, ran.text
    assert SECOND in days(two, "ira")
    assert ledger(two.root, "taxable").read_bytes() == other


@pytest.mark.parametrize("stage", ["generate", "execute"])
def test_an_unknown_account_is_exit_two_and_names_the_known_ones(two: User, stage: str) -> None:
    before = tree(two.root)
    ran = getattr(two, stage)(SECOND, "--account", "irra")
    assert (ran.code, ran.out) == (2, "")
    assert "known are ira, taxable → did you mean ira?" in ran.err
    assert tree(two.root) == before


def test_a_damaged_ledger_of_one_keeps_no_other_waiting(two: User) -> None:
    ledger(two.root, "taxable").write_bytes(b"no database" * 500)
    generated, executed = two.generate(SECOND), two.execute(SECOND)
    assert (generated.code, executed.code) == (8, 8)
    assert "account ira:" in executed.out
    assert "golden 2024-01-03" in executed.out
    assert SECOND in days(two, "ira")


def test_an_account_that_cannot_log_in_keeps_no_other_waiting(two: User) -> None:
    vendor = {"mode": "online_live", "broker": {"name": "alpaca", "alpaca": {"account_last4": "1234"}}}
    two.set(accounts={"broken": vendor, **ACCOUNTS})
    generated, executed = two.generate(SECOND), two.execute(SECOND)
    assert (generated.code, executed.code) == (2, 2)
    assert SECOND in days(two, "ira")
    assert SECOND in days(two, "taxable")


def test_a_kill_switch_of_one_stops_that_one(two: User) -> None:
    killed = two.jutsu("kill", "--account", "taxable")
    assert killed.code == 0, killed.text
    ran = two.generate(SECOND)
    assert ran.code == 3
    assert SECOND in days(two, "ira")
    assert SECOND not in days(two, "taxable")


def test_a_file_of_one_account_is_never_executed_for_another(two: User) -> None:
    assert two.generate(SECOND).code == 0
    file = two.signals / f"trade_signals_{SECOND}_golden_ira.json"
    none = two.execute(SECOND, "--signals-file", str(file))
    assert none.code == 2
    assert "there are several accounts: ira, taxable" in none.err
    wrong = two.execute(SECOND, "--signals-file", str(file), "--account", "taxable", "--accept-edits")
    assert wrong.code == 2
    assert "is for the account taxable" in wrong.err
    assert "the account is taxable" in wrong.err or not read(file)[1]["orders"]
    assert SECOND not in {row[0] for row in two.rows("orders", "session", ledger(two.root, "taxable"))}


def test_a_ledger_belongs_to_its_account(two: User) -> None:
    named = ("--state-db", str(ledger(two.root, "taxable")))
    assert two.execute(SECOND, *named).code == 2  # none named
    ran = two.generate(SECOND, *named, "--account", "ira")
    assert ran.code == 2
    assert "the ledger of the account taxable, not of ira" in ran.err
    assert two.generate(SECOND, *named, "--account", "taxable").code == 0


def test_a_ledger_without_a_name_is_taken_into_an_account(one: Path, tmp_path: Path) -> None:
    """A person whose only account gets a name moves its state folder, and trades on."""
    user = User(one).copy(tmp_path / "moved")
    (user.root / "state").rename(user.root / "ira")
    (user.root / "state").mkdir()
    (user.root / "ira").rename(user.root / "state" / "ira")
    user.set(accounts=ACCOUNTS)
    for day in (SECOND, THIRD):
        for ran in (user.generate(day, "--account", "ira"), user.execute(day, "--account", "ira")):
            assert ran.code == 0, ran.text
    assert {FIRST, SECOND, THIRD} <= set(days(user, "ira"))


def test_whose_turn_it_is(tmp_path: Path) -> None:
    path = tmp_path / "live.yaml"
    path.write_text("accounts: {a: {}, b: {}}\n")
    assert [o.account for o in options_of_each(Options(config=path))] == ["a", "b"]
    assert [o.account for o in options_of_each(Options(config=path, account="all"))] == ["a", "b"]
    assert options_of_each(Options(config=path, account="b")) == (Options(config=path, account="b"),)
    for asked in (Options(config=path, state_db=path), Options(config=path, account="all", state_db=path)):
        with pytest.raises(AccountNeeded):
            options_of_each(asked)
    named = tmp_path / "signals.json"
    named.write_text('{"inputs": {"account": {"reference": "b/paper"}}}')
    with pytest.raises(AccountNeeded, match="as in --account b"):
        options_of_each(Options(config=path), alone=True, file=named)
    path.write_text("mode: offline_mock\n")
    assert options_of_each(Options(config=path)) == (Options(config=path),)


def test_one_address_is_told_once_of_all_accounts(tmp_path: Path) -> None:
    """The last account that ends well must not hide that another failed."""
    user = new_user(tmp_path / "two")
    user.set(accounts=ACCOUNTS)
    (user.root / "state" / "ira").mkdir(parents=True)
    ledger(user.root, "ira").write_bytes(b"no database" * 500)
    secrets = user.root / "state" / "secrets.env"
    with serving() as service:
        secrets.write_text(
            f"JUTSU_PING_URL={service.url}\nJUTSU_PING_EXECUTOR_URL_TAXABLE={service.url}/own\n"
        )
        secrets.chmod(0o600)
        assert user.execute(None).code == 8
    assert [path.rpartition("abc-secret")[2] for path in service.asked] == [
        "/start",
        "/own/start",
        "/own/0",
        "/8",
    ]
