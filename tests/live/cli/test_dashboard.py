"""`jutsu dashboard` as a process: the link it prints opens the page, Ctrl-C ends it, wrong words are told."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from live.web.serve import bound
from tests.support.paths import PROJECT
from tests.support.user_world import User, new_user
from tests.support.web_world import waiting_user


def free_port() -> int:
    with bound("127.0.0.1", 0) as found:
        return int(found.getsockname()[1])


@contextmanager
def started(user: User, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "live.cli", "dashboard", "--config", str(user.config), *flags]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process, process.stdout.readline().strip()
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_link_opens_the_page_and_a_signal_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    user = waiting_user(tmp_path / "jutsu")
    with started(user, "--port", str(free_port())) as (process, link):
        url, _, key = link.partition("/#k=")
        with httpx.Client(base_url=url) as client:
            body = client.post("/api/v1/auth/login", json={"link": key}, headers={"origin": url})
            assert body.status_code == 200
            assert client.get("/api/v1/status").json()["account"] == "paper"
            refused = client.get("/api/v1/orders/nobody").json()
        (log,) = (user.root / "logs").glob("dashboard_*.log")
        assert refused["run"] in log.read_text()
        process.send_signal(number)
        assert process.wait(20) == 0


def test_a_taken_port_is_exit_2(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    with bound("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        ran = user.jutsu("dashboard", "--port", str(port))
    assert ran.code == 2
    assert f"127.0.0.1:{port}: cannot listen: Address already in use" in ran.err


def test_beyond_this_machine_it_needs_password_and_tls(tmp_path: Path) -> None:
    ran = new_user(tmp_path / "jutsu").jutsu("dashboard", "--host", "0.0.0.0", "--port", "8123")
    assert ran.code == 2
    assert "it needs a password (`jutsu dashboard password`) and TLS" in ran.err


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    ran = new_user(tmp_path / "jutsu").jutsu("dashboard", "--tls-cert", "x.pem")
    assert ran.code == 2
    assert "certificate and key belong together" in ran.err


def test_the_demo_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = new_user(tmp_path / "jutsu")
    monkeypatch.chdir(tmp_path)
    ran = user.jutsu("dashboard", "--demo")
    assert ran.code == 2
    assert "run `jutsu demo` first" in ran.err


def test_one_ledger_is_not_that_of_several_accounts(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    user.set(accounts={"ira": {}, "taxable": {}})
    ran = user.jutsu("dashboard", "link", "--state-db", str(tmp_path / "ledger.db"))
    assert (ran.code, "there are several accounts: ira, taxable" in ran.err) == (2, True), ran.err
    ran = user.jutsu("dashboard", "link", "--state-db", str(tmp_path / "ledger.db"), "--account", "ira")
    assert ran.code == 0, ran.err


def test_another_link(tmp_path: Path) -> None:
    user = waiting_user(tmp_path / "jutsu")
    links = {user.jutsu("dashboard", "link", "--port", "8123").out.strip() for _ in range(2)}
    assert len(links) == 2
    assert all(re.fullmatch(r"http://127\.0\.0\.1:8123/#k=[\w-]{43}", link) for link in links)


def test_without_its_packages_it_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    known = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "segno" else known(name))
    ran = new_user(tmp_path / "jutsu").jutsu("dashboard")
    assert ran.code == 2
    assert "pip install 'jutsu-labs[web]'" in ran.err
